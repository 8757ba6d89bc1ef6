"""Tasks, each in a process of its own: prepare, warm up, render and take samples at even steps.

Enters: lines of JSON on standard input, each with a `Task`. Leaves: lines of JSON on standard output, each an object
with one key: `facts` when it is warm, `sample` for each sample, `waiting`, `kept` and `end`; or at last `unsupported`
or `failed`, with the reason; and `over` with the exit status of the process that did the task.

That process is a fork of this one, which only imports: an interpreter that starts and imports takes as long as most
tasks do. Where processes cannot be forked, this one does a single task and ends. A reader that goes away ends it.
"""

import gc
import json
import os
import sys
import time
from array import array
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from importlib import import_module
from itertools import count, repeat
from pathlib import Path
from typing import Any

from bench.memory.registered import Desk, Kind, Part, Unsupported
from bench.memory.sample import Take, census, new_row, sampler
from bench.memory.subjects import SUBJECTS
from bench.memory.tasks import Task
from bench.memory.turns import Call, in_turn
from bench.memory.workloads import WORKLOADS
from blendtpl.tools.soak.growth import attempt

_USUAL = ("blendtpl.compiler.build", "blendtpl.live", "jinja2.debug")  # what most tasks import

_LEAST_WARM_UP = 200  # as in `testkit.memory`
_MOST_GROWTH = 2**30  # bytes: what has shown by then that it grows need not fill the machine
_SOON = 20  # renders, after which the warm-up collects garbage
_GROWERS = 8  # types that are told

Tell = Callable[[Mapping[str, Any]], None]


def main() -> None:
    """Do the tasks that standard input has, for a parent that reads standard output."""
    pipe = os.dup(1)
    os.dup2(2, 1)  # what a subject prints is no message

    def tell(message: Mapping[str, Any]) -> None:
        os.write(pipe, json.dumps(message).encode() + b"\n")

    for name in _USUAL:
        import_module(name)
    for line in sys.stdin:
        if not hasattr(os, "fork"):
            _do(json.loads(line), tell)
            return
        if not (process := os.fork()):
            try:
                _do(json.loads(line), tell)
            finally:
                os._exit(0)
        _, status = os.waitpid(process, 0)
        tell({"over": os.waitstatus_to_exitcode(status)})


def _do(order: Mapping[str, Any], tell: Tell) -> None:
    with ExitStack() as stack:
        try:
            perform(Task(**order["task"]), Path(order["folder"]), stack, tell)
        except Unsupported as reason:
            tell({"unsupported": str(reason)})
        except WrongError as reason:
            tell({"failed": str(reason)})
        except Exception as error:
            tell({"failed": in_a_line(error)})


def perform(task: Task, folder: Path, stack: ExitStack, tell: Tell) -> None:
    """Do a task. Raises `Unsupported`, and whatever a subject raises that is no error of a template."""
    watched: list[tuple[int, Callable[[], int]]] = []
    numbers = count()

    def at_end(end: Callable[[], object]) -> None:
        stack.callback(end)

    def prepare(part: Part) -> Call:
        own = folder / str(next(numbers))
        own.mkdir()
        desk = Desk(own, at_end, lambda process, usage: watched.append((process, usage)))
        render = SUBJECTS[task.subject].prepare(part, desk)
        return lambda: render(part.variables())

    work = WORKLOADS[task.workload]
    parts = work.parts()
    render = in_turn(prepare, parts)
    _try(render, work.kind)
    process, usage = watched[0] if watched else (os.getpid(), None)
    (gc.enable if task.collector else gc.disable)()
    facts = _warm_up(render, task, len(parts))
    renders = task.renders
    if task.seconds:
        renders = min(renders, max(task.samples, int(task.seconds / facts["pace"])))
    step = -(-renders // task.samples)  # rounded up: not more samples than were asked for
    tell({"facts": {"parts": len(parts), "step": step, **facts}})
    _measure(render, step, renders, sampler(process, usage), tell)


class WrongError(Exception):
    """A render did not do what its workload is for, so that nothing would be said by what it leaves."""


def _try(render: Call, kind: Kind) -> None:
    """Render once. Mails and pages must come, errors must be raised; some constructs print, and others raise."""
    try:
        render()
    except Exception as error:
        if kind in (Kind.ALERT, Kind.PAGES):
            raise WrongError(f"it does not render: {in_a_line(error)}") from error
    else:
        if kind is Kind.ERRORS:
            raise WrongError("it renders what should fail")


def in_a_line(error: Exception) -> str:
    """Return an exception's class and the first line of what it says."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _warm_up(render: Call, task: Task, parts: int) -> dict[str, float]:
    """Render for a while; return how often that was, the seconds that one took, and the part of them that failed.

    Python specialises code in its first calls, and Jinja2 compiles in the very first. What garbage there is is
    collected soon, lest it leaves gaps in memory that would have to be filled before anything shows; frozen objects
    cost a collection nothing.
    """
    enough = max(_LEAST_WARM_UP, task.renders // 10, 10 * parts)
    for _ in range(parts):
        attempt(render)
    gc.collect()
    gc.freeze()
    done = failed = 0
    begin = time.perf_counter()
    while done < enough and (not task.seconds or time.perf_counter() - begin < task.seconds / 4):
        for _ in range(_SOON):
            try:
                render()
            except Exception as error:
                str(error)
                failed += 1
        done += _SOON
        gc.collect()
    seconds = time.perf_counter() - begin
    gc.unfreeze()
    return {"warm_up": done + parts, "pace": seconds / done, "failed": failed / done}


def _measure(render: Call, step: int, renders: int, take: Take, tell: Tell) -> None:
    """Render, and tell a sample after each step; then what is waiting for the collector, and what stays."""
    row, before, after = new_row(), new_row(), new_row()
    done, garbage, begun = array("q", [0]), array("q", [0]), array("d", [0.0])  # numbers in them are no objects
    gc.collect()
    objects = census()
    _growers(objects, 1)  # what is done for the first time leaves something
    take(row)
    json.dumps({"sample": [0, 0.0, *row]})
    gc.collect()
    take(before)
    tell({"sample": [0, 0.0, *before]})
    begun[0] = time.perf_counter()
    while done[0] < renders and row[0] - before[0] < _MOST_GROWTH:
        times = min(step, renders - done[0])  # not longer for the last
        for _ in repeat(None, times):
            attempt(render)
        done[0] += times
        take(row)
        tell({"sample": [done[0], round(time.perf_counter() - begun[0], 6), *row]})
    tell({"waiting": _growers(objects, done[0])})
    garbage[0] = gc.collect()
    take(after)  # before anything else that leaves free memory at hand, as that before
    tell({"kept": _growers(objects, done[0])})
    for _ in repeat(None, done[0] // 2):  # what has grown by now may have done so once
        attempt(render)
    gc.collect()
    take(row)
    tell({"end": {"garbage": garbage[0], "before": list(before), "after": list(after), "later": list(row)}})


def _growers(before: Mapping[str, int], renders: int) -> list[tuple[str, int]]:
    """Return by how much the number of objects of each type has grown, where that is more than one in 1,000 renders."""
    now = census()
    grown = {name: count - before.get(name, 0) for name, count in now.items()}
    most = sorted(grown.items(), key=lambda grower: -grower[1])[:_GROWERS]
    return [(name, count) for name, count in most if count > renders / 1000]


if __name__ == "__main__":
    main()
