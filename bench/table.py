"""The README's table, blendtpl beside Jinja2: ``python -m bench.table`` measures and prints it, in Markdown.

``--peers`` has the twelve workloads by every peer in place of it, or some of them, by parts of their names.

Enters: the workloads, Feedwhip's own templates and 1,000 generated ones. Leaves: lines of Markdown. Times are of the
processor, the best of rounds in which both take turns, with the collector off; what waits for the collector is counted.
"""

import argparse
import gc
import math
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import jinja2

import blendtpl
from bench import peer_table, ratio_table
from bench.measure import COUNT, best_rounds, jinja2_compile, jinja2_environment, processor_time
from bench.workloads import WORKLOADS, Workload
from blendtpl.compiler.frontend.examples import read_examples
from testkit.generated import generate

TEMPLATES = Path(__file__).parent.parent / "templates"
TITLES = {  # what the table calls the workloads that it shows; the mean is that of all twelve kinds
    "alert, 10 changes, dicts": "an alert e-mail: a layout, includes, a macro, ten changes",
    "inheritance": "a page of three layouts, with `super()`",
    "table": "a table of 1,000 rows",
    "form": "a form made of macros",
    "filters": "filters and tests in loops",
}
START = f"nothing yet: the start of a process with {COUNT:,} templates"
_ROUNDS, _KEPT = 60, 50

Render = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of one thing: how many times as fast, and the objects that a render leaves, by each."""

    title: str
    faster: float
    left: tuple[int, int] | None = None


def titles() -> list[str]:
    """Return what the rows of the table are called, from the first to the last."""
    folders = [f"the {len(names)} {title} in `templates/`, their mean" for title, names in _feedwhip().items()]
    more = len({workload.kind for workload in WORKLOADS}) - len(TITLES)
    return [*folders, *TITLES.values(), f"these and {more} more kinds: geometric mean", START]


def rows() -> Iterator[Row]:
    """Measure; yield the rows of the table."""
    called = iter(titles())
    sources = {name: Path(TEMPLATES, name).read_text(encoding="utf-8") for name in _names()}
    for names in _feedwhip().values():
        yield _row(next(called), sources, [(name, read_examples(TEMPLATES, name)["ordinary"]) for name in names])
    faster = []
    for workload in _one_of_each_kind():
        row = _row(TITLES.get(workload.name, ""), workload.jinja2, [(workload.entry, workload.context)])
        faster.append(row.faster)
        if row.title:
            yield Row(next(called), row.faster, row.left)
    yield Row(next(called), math.exp(fmean(map(math.log, faster))))
    yield Row(next(called), _start())


def _names() -> list[str]:
    """Return the names of the templates of `templates/`."""
    files = [path for path in TEMPLATES.rglob("*") if path.is_file() and path.suffix != ".json"]
    return sorted(path.relative_to(TEMPLATES).as_posix() for path in files)


def _feedwhip() -> dict[str, list[str]]:
    """Return the names of Feedwhip's e-mails and of its pages."""
    ends = {"e-mails": ("emails/", "body.html"), "pages": ("pages/", ".html")}
    return {
        title: [name for name in _names() if name.startswith(start) and name.endswith(end)]
        for title, (start, end) in ends.items()
    }


def _one_of_each_kind() -> list[Workload]:
    firsts = {workload.kind: workload for workload in reversed(WORKLOADS)}
    shown = {workload.kind: workload for workload in WORKLOADS if workload.name in TITLES}
    return sorted((firsts | shown).values(), key=lambda workload: [*TITLES, workload.name].index(workload.name))


def _start() -> float:
    """Return how many times as fast a process is ready to render, from a bundle as from sources in memory."""
    templates = generate(COUNT)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "generated.blend")
        blendtpl.compile(templates).write(file)
        fast = min(processor_time(lambda: blendtpl.load(file)) for _ in range(7))
    return min(processor_time(lambda: jinja2_compile(templates)) for _ in range(2)) / fast


def table(measured: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of the table."""
    yield "| rendered | times as fast as Jinja2 | garbage of a render: Jinja2 | blendtpl |"
    yield "| --- | ---: | ---: | ---: |"
    for row in measured:
        theirs, ours = row.left or ("", "")
        yield f"| {row.title} | {_short(row.faster)} | {theirs} | {ours} |"


def _row(title: str, sources: Mapping[str, str], examples: Sequence[tuple[str, Mapping[str, Any]]]) -> Row:
    environment = jinja2_environment(sources)
    registry = blendtpl.load(blendtpl.compile(sources))
    templates: list[tuple[jinja2.Template, Mapping[str, Any]]]
    templates = [(environment.get_template(name), context) for name, context in examples]

    def theirs() -> list[str]:
        return [template.render(context) for template, context in templates]

    def ours() -> list[str]:
        return [registry.render(name, context) for name, context in examples]

    if ours() != theirs():
        raise SystemExit(f"{title}: the texts differ")
    best = best_rounds({"theirs": theirs, "ours": ours}, _ROUNDS)
    return Row(
        title, best["theirs"] / best["ours"], (_garbage(theirs) // len(examples), _garbage(ours) // len(examples))
    )


def _garbage(render: Render) -> int:
    """Return how many objects a call leaves that only the garbage collector gets rid of."""
    gc.collect()
    for _ in range(_KEPT):
        render()
    return gc.collect() // _KEPT


def _short(ratio: float) -> str:
    return f"{ratio:.1f}" if ratio < 10 else f"{ratio:.0f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.table", description=__doc__)
    parser.add_argument("--peers", nargs="*", metavar="WORD", help="how many times as long each peer takes as blendtpl")
    parser.add_argument("--rounds", type=int, default=_ROUNDS, help="of each peer, for `--peers` [%(default)s]")
    options = parser.parse_args(arguments)
    gc.disable()
    if options.peers is None:
        print("\n".join(table(rows())))
        return
    chosen = [found for found in WORKLOADS if not options.peers or any(word in found.name for word in options.peers)]
    if not chosen:
        parser.error(f"no workload has `{'` or `'.join(options.peers)}` in its name")
    print("\n".join(ratio_table.lines(list(peer_table.rows(chosen, options.rounds)), peer_table.COLUMNS)))


if __name__ == "__main__":
    main()
