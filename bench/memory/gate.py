"""The gate: fails when a render leaves anything, be it one object in 1,000 renders: ``python -m bench.memory.gate``.

Every construct and every error of `testkit.growth` is rendered in each way that there is for it, and then all of them
with the alert e-mail in turn, with the collector off. It counts renders, not seconds: enough for a leak of one object
in 1,000 renders to show twice. What seems to grow is measured again, up to five times, because a cache of the
interpreter may fill up at any time, but a leak grows each time. Parts of titles choose cases.

`--self-test` plants leaks of one object and one cycle in 1,000 renders, each of which must be found, and nothing else;
and then has the real code pass, 20 times of 20.
"""

import argparse
import signal
import sys
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from multiprocessing import active_children, get_context

from bench.memory.arguments import chosen
from bench.memory.arguments import count as count_of
from bench.memory.interpreters import DiedError
from bench.memory.interrupts import held_back
from bench.memory.registered import Part
from bench.memory.turns import in_turn
from bench.memory.workloads import MIXED, WORKLOADS
from blendtpl import Registry
from blendtpl.tools.soak.growth import SPARE_BYTES, Growth
from testkit.cases import Case
from testkit.growth import EVERY, Way, ways
from testkit.memory import measure, survivors
from testkit.oracle import load

RARE = 1000  # renders, in which one object is a leak
RENDERS = 2 * (2 * RARE + 100)  # the second half of which is measured
TRIES = 5
TURNS = 20  # of everything in turn
SELF_TESTS = 20

_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Plant:
    """A leak that is planted into a case: `object` or `cycle`, once in 1,000 renders."""

    title: str
    kind: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a case left, by way; and in how many ways it was rendered."""

    title: str
    ways: int
    renders: int
    grown: dict[str, Growth]


_Task = tuple[str, int, Plant | None]


def check(
    titles: Sequence[str], renders: int = RENDERS, jobs: int = 2, plant: Plant | None = None
) -> Generator[Result, None, None]:
    """Yield what each case left; `mixed` is the title of all in turn.

    When it is closed, or interrupted, its processes end. Raises `DiedError` when one of them dies.
    """
    others = active_children()

    def end() -> None:
        for process in active_children():
            if process not in others:
                process.terminate()

    with (
        held_back(end) as interrupted,
        ProcessPoolExecutor(jobs, get_context("spawn"), _leave_interrupts_to_the_parent) as pool,
    ):
        doing: dict[Future[Result], str] = {}
        try:
            for title in sorted(titles, key=lambda title: title != MIXED):
                doing[pool.submit(_judge, (title, renders, plant))] = title
            for done in as_completed(doing) if not interrupted() else ():  # it may have come before there were any
                result = done.result()
                del doing[done]
                yield result
        except BrokenProcessPool as error:
            begun = " or ".join(f"`{title}`" for title in list(doing.values())[:jobs])  # they begin in their order
            raise DiedError(f"a process died that rendered {begun}") from error
        finally:  # the pool waits for its own thread when it is left, which must not meet the end of Python
            for future in doing:
                future.cancel()
            if doing:
                end()


def all_titles(parts: Sequence[str] = ()) -> list[str]:
    """Return the titles of the cases that have one of the parts in them; raises `LookupError` as `chosen` does."""
    return chosen("case", (*EVERY, MIXED), parts)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _judge(task: _Task) -> Result:
    title, renders, plant = task
    planted = plant.kind if plant and plant.title == title else ""
    if title == MIXED:
        return _judge_mixed(renders, planted)
    case = EVERY[title]
    registry = load(case.templates, case.make)
    choice = ways(case, registry)
    growths = {name: _growth_of(case, registry, way, renders, planted) for name, way in choice.items()}
    grown = {name: growth for name, growth in growths.items() if growth is not None}
    return Result(title, len(choice), renders * len(choice), grown)


def _growth_of(case: Case, registry: Registry, way: Way, renders: int, planted: str) -> Growth | None:
    """Return what a way to render a case leaves."""
    render = with_leak(lambda: way(registry, case.variables()), planted)

    def once() -> Growth:
        growth = measure(render, renders, registry)
        return replace(growth, survivors=survivors(partial(way, registry), case.variables))

    return lasting(once)


def _judge_mixed(renders: int, planted: str) -> Result:
    parts = WORKLOADS[MIXED].parts()
    render = with_leak(in_turn(_prepare, parts), planted)
    times = max(renders, TURNS * len(parts))
    growth = lasting(lambda: measure(render, times))
    return Result(MIXED, 1, times, {} if growth is None else {"in turn": growth})


def _prepare(part: Part) -> Callable[[], object]:
    registry = load(part.sources, part.make)
    return lambda: registry.render(part.entry, part.variables())


def lasting(once: Callable[[], Growth]) -> Growth | None:
    """Return what is left each time, or nothing when it was not left each time."""
    growth = None
    for _ in range(TRIES):
        growth = once()
        if not _anything(growth):
            return None
    return growth


def _anything(growth: Growth) -> bool:
    others = growth.collected or growth.survivors or growth.events or growth.changes
    return growth.blocks > 0 or growth.bytes > SPARE_BYTES or bool(others)


def with_leak(render: Callable[[], object], kind: str) -> Callable[[], object]:
    """Return the function itself, or one that leaks once in 1,000 calls as well."""
    if not kind:
        return render
    numbers = count(1)
    kept: list[object] = []

    def leaking() -> object:
        if next(numbers) % RARE == 0:
            leak: list[object] = []
            (leak if kind == "cycle" else kept).append(leak)
        return render()

    return leaking


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the gate, or its self-test."""
    try:
        return _command(arguments)
    except DiedError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED


def _command(arguments: Sequence[str] | None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.memory.gate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("titles", nargs="*", help="parts of the titles of cases; all when left out")
    parser.add_argument("--renders", type=count_of, default=RENDERS, help=f"of each case in each way [{RENDERS:,}]")
    parser.add_argument("--jobs", type=count_of, default=2, help="processes that share the cases [2]")
    parser.add_argument(
        "--self-test", type=count_of, nargs="?", const=SELF_TESTS, metavar="TIMES", help=f"[{SELF_TESTS}]"
    )
    options = parser.parse_args(arguments)
    try:
        titles = all_titles(options.titles)
    except LookupError as error:
        parser.error(f"{error}; they are those of `python -m bench.memory --list`")
    if options.renders < 2 * (RARE + 1):
        parser.error(f"a leak of one object in {RARE:,} renders shows in {2 * (RARE + 1):,} renders at least")
    if options.self_test is not None:
        return self_test(titles, options.renders, options.jobs, options.self_test)
    return 0 if run(titles, options.renders, options.jobs) else 1


def run(titles: Sequence[str], renders: int, jobs: int, plant: Plant | None = None) -> bool:
    """Check all, print what was left, and return whether nothing was."""
    done = in_ways = times = 0
    grown = []
    for result in check(titles, renders, jobs, plant):
        done, in_ways, times = done + 1, in_ways + result.ways, times + result.renders
        for way, growth in result.grown.items():
            grown.append((result.title, way))
            print(f"{result.title}: {way}: {growth}", flush=True)
    verdict = f"{len(grown)} ways leave something" if grown else "nothing grows"
    print(f"{done} cases in {in_ways} ways, {times:,} renders, collector off: {verdict}", flush=True)
    return not grown


def self_test(titles: Sequence[str], renders: int, jobs: int, times: int) -> int:
    """Plant leaks, each of which must be found alone; then pass so many times. Return the exit status."""
    failures = 0
    for plant in _plants(titles):
        reported = {result.title for result in check(titles, renders, jobs, plant) if result.grown}
        failures += reported != {plant.title}
        verdict = "found" if reported == {plant.title} else f"not found alone, but {sorted(reported) or 'nothing'}"
        print(f"one {plant.kind} in {RARE:,} renders of `{plant.title}`: {verdict}", flush=True)
    passed = 0
    for number in range(times):
        passed += run(titles, renders, jobs)
        print(f"the real code passed {passed} times of {number + 1}", flush=True)
    return 0 if passed == times and not failures else 1


def _plants(titles: Sequence[str]) -> list[Plant]:
    """Return leaks in a construct, in an error, and in all in turn, as far as there are such."""
    fine = [title for title in titles if title != MIXED and not title.startswith("failing")]
    failing = [title for title in titles if title.startswith("failing")]
    chosen = [
        *fine[len(fine) // 2 :][:1],
        *failing[len(failing) // 2 :][:1],
        *(title for title in titles if title == MIXED),
    ]
    return [Plant(title, kind) for title, kind in zip(chosen, ("object", "cycle", "object"), strict=False)]


if __name__ == "__main__":
    sys.exit(main())
