"""The README's table, blendtpl beside Jinja2: ``python -m bench.table`` measures and prints it, in Markdown.

Enters: the workloads, Feedwhip's own templates and 1,000 generated ones. Leaves: lines of Markdown. Times are of the
processor, the best of rounds in which both take turns, with the collector off; what waits for the collector is counted.
"""

import gc
import math
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

import blendtpl
from bench.measure import COUNT, jinja2_compile, jinja2_environment
from bench.workloads import WORKLOADS
from blendtpl.compiler.frontend.examples import read_examples
from testkit.generated import generate

TEMPLATES = Path("templates")
TITLES = {  # what the README calls the workloads that it has
    "alert, 10 changes, dicts": "an alert e-mail: a layout, includes, a macro, ten changes",
    "digest": "a digest: loops in loops",
    "inheritance": "a page of four layouts",
    "includes": "includes in a loop",
    "table": "a table of 1,000 cells",
    "macros": "macros that call macros",
    "form": "a form",
    "filters": "filters",
    "i18n": "translations",
    "plain text": "plain text",
    "tree": "a recursive loop",
    "static page": "a page without variables",
}
_SECONDS, _KEPT = 0.25, 50

Render = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of one thing: how many times as fast, and the objects that a render leaves, by each."""

    title: str
    faster: float
    left: tuple[int, int] | None = None


def workload_rows() -> Iterator[Row]:
    """Yield a row for each workload that has a title."""
    for workload in WORKLOADS:
        if workload.name in TITLES:
            yield _row(TITLES[workload.name], workload.jinja2, [(workload.entry, workload.context)])


def feedwhip_rows() -> Iterator[Row]:
    """Yield a row for Feedwhip's e-mails, and one for its pages, each with its ordinary variables."""
    files = {path.relative_to(TEMPLATES).as_posix(): path for path in TEMPLATES.rglob("*") if path.is_file()}
    sources = {name: path.read_text(encoding="utf-8") for name, path in files.items() if path.suffix != ".json"}
    for title, folder, end in (("e-mails", "emails/", "body.html"), ("pages", "pages/", ".html")):
        names = sorted(name for name in sources if name.startswith(folder) and name.endswith(end))
        examples = [(name, read_examples(TEMPLATES, name)["ordinary"]) for name in names]
        yield _row(f"the {len(names)} {title} of `templates/`", sources, examples)


def start_row() -> Row:
    """Return the row for what a process does before its first render."""
    templates = generate(COUNT)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "generated.blend")
        blendtpl.compile(templates).write(file)
        fast = min(_timed(lambda: blendtpl.load(file)) for _ in range(7))
    slow = min(_timed(lambda: jinja2_compile(templates)) for _ in range(2))
    return Row(f"start-up with {COUNT:,} templates", slow / fast)


def table(rows: list[Row], mean: float) -> Iterator[str]:
    """Yield the lines of the table."""
    yield "| | times as fast as Jinja2 | objects Jinja2 leaves per render | blendtpl |"
    yield "| --- | ---: | ---: | ---: |"
    for row in rows:
        left = [f"{number:,}" for number in row.left] if row.left else ["", ""]
        yield f"| {row.title} | {_short(row.faster)} | {' | '.join(left)} |"
    yield f"| **geometric mean of the twelve workloads** | **{_short(mean)}** | | |"


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
    slow, fast = _best(theirs, ours)
    return Row(title, slow / fast, (_left(theirs) // len(examples), _left(ours) // len(examples)))


def _best(*renders: Render) -> list[float]:
    """Return the seconds of the best call of each."""
    once = [max(_timed(render), 1e-6) for render in renders]
    calls = [max(1, round(0.002 / seconds)) for seconds in once]  # two milliseconds are long for the clock, else short
    rounds = max(10, round(_SECONDS / max(seconds * count for seconds, count in zip(once, calls, strict=True))))
    found = [math.inf] * len(renders)
    for _ in range(rounds):
        for at, render in enumerate(renders):
            found[at] = min(found[at], _timed(render, calls[at]))
        gc.collect()
    return found


def _timed(render: Render, calls: int = 1) -> float:
    started = time.process_time()
    for _ in range(calls):
        render()
    return (time.process_time() - started) / calls


def _left(render: Render) -> int:
    """Return how many objects a call leaves that only the garbage collector gets rid of."""
    gc.collect()
    for _ in range(_KEPT):
        render()
    return gc.collect() // _KEPT


def _short(ratio: float) -> str:
    return f"{ratio:.1f}" if ratio < 10 else f"{ratio:.0f}"


def main() -> None:
    """Measure, and print the table."""
    gc.disable()
    workloads = list(workload_rows())
    mean = math.exp(sum(math.log(row.faster) for row in workloads) / len(workloads))
    print("\n".join(table([*feedwhip_rows(), *workloads, start_row()], mean)))


if __name__ == "__main__":
    main()
