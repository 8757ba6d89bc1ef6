"""Workloads that nothing was made for: ``python -m bench.foreign`` measures them, and prints the ratios in Markdown.

A bundle and `blendtpl.Environment` are measured beside Jinja2, minijinja and wheezy, in one process, round after round
in turn, in processor time with the collector off. Of each, the best round counts.
"""

import argparse
import gc
import sys
from collections.abc import Iterable, Iterator, Sequence

from bench.foreign import WORKLOADS
from bench.foreign.ways import EXACT, WAYS
from bench.foreign.workload import Workload
from bench.measure import best_rounds
from bench.peer_table import same_text
from bench.peers import Render, Unsupported
from bench.ratio_table import Column, Row, lines

COLUMNS = (
    *(Column(f"bundle: {peer}", "bundle", peer) for peer in ("jinja2", "minijinja", "wheezy")),
    Column("portable: jinja2", "portable", "jinja2"),
    *(Column(f"live: {peer}", "live", peer) for peer in ("jinja2", "minijinja", "wheezy")),
)


def prepared(workload: Workload) -> dict[str, Render]:
    """Return what renders a workload, by who it is. Ends the run where a text is not Jinja2's."""
    renders = {}
    for name, prepare in WAYS.items():
        try:
            renders[name] = prepare(workload)
        except Unsupported:
            continue
    reference = renders["jinja2"]()
    for name, render in renders.items():
        same_text(f"{workload.name}, {name}", render(), reference, exact=name in EXACT)
    return renders


def rows(workloads: Iterable[Workload], rounds: int) -> Iterator[Row]:
    """Measure; yield a row for each workload."""
    for workload in workloads:
        yield Row(workload.name, workload.name, best_rounds(prepared(workload), rounds))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.foreign", description=__doc__)
    parser.add_argument("words", nargs="*", help="parts of names; all when left out")
    parser.add_argument("--rounds", type=int, default=80, help="[%(default)s]")
    options = parser.parse_args(arguments)
    chosen = [found for found in WORKLOADS if not options.words or any(word in found.name for word in options.words)]
    if not chosen:
        parser.error(f"no workload has `{'` or `'.join(options.words)}` in its name")
    gc.disable()
    print("How many times as long as a bundle, and as `blendtpl.Environment` (live), each takes:\n")
    print("\n".join(lines(list(rows(chosen, options.rounds)), COLUMNS)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
