"""A hundred thousand renders of every construct and every error: ``python -m tests.growth [-n 100000] [title…]``.

Each case is rendered that often in every way that there is for it, with the collector off, and must leave nothing: see
`testkit.memory`. A title stands for the cases in whose titles it occurs. Prints a line for each case that leaves
something, and one with counts at the end; exits 1 when anything was left, or when no case has such a title.
"""

import argparse
import sys
from dataclasses import replace
from functools import partial
from multiprocessing import get_context

from testkit.growth import EVERY, Way, ways
from testkit.memory import Growth, measure, survivors
from testkit.oracle import load


def grown(title: str, renders: int) -> dict[str, Growth]:
    """Return what each way of rendering a case leaves."""
    case = EVERY[title]
    registry = load(case.templates, case.make)
    found = {}
    for name, way in ways(case, registry).items():

        def render(way: Way = way) -> object:
            return way(registry, case.variables())

        growth = measure(render, renders, registry)
        if growth:  # what leaks does so again; what `malloc` once kept back for later it has
            growth = measure(render, renders, registry)
        alive = survivors(partial(way, registry), case.variables)
        found[name] = replace(growth, survivors=alive)
    return found


def _task(task: tuple[str, int]) -> tuple[str, dict[str, Growth]]:
    return task[0], grown(*task)


def main(arguments: list[str] | None = None) -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.growth", description=__doc__)
    asked.add_argument("-n", type=int, default=100_000, dest="renders", help="how often each case is rendered")
    asked.add_argument("--jobs", type=int, default=2, help="processes that share the cases")
    asked.add_argument("titles", nargs="*", help="parts of the titles of the cases; all when left out")
    given = asked.parse_args(arguments)
    titles = [title for title in EVERY if not given.titles or any(part in title for part in given.titles)]
    count = most = failed = 0
    with get_context("spawn").Pool(given.jobs) as pool:
        for title, found in pool.imap_unordered(_task, [(title, given.renders) for title in titles]):
            for way, growth in found.items():
                count += 1
                most = max(most, growth.blocks)
                if growth:
                    failed += 1
                    print(f"{title}: {way}: {growth}", flush=True)
    print(
        f"{len(titles)} cases in {count} ways, {count * given.renders:,} renders: {failed} ways leave something;"
        f" growth of {most} blocks at most"
    )
    return 1 if failed or not titles else 0


if __name__ == "__main__":
    sys.exit(main())
