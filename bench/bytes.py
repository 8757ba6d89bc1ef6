"""Rendering to bytes beside encoding what is rendered to a text: ``python -m bench.bytes``.

Each page of `bench.languages` is rendered by ``render(…).encode()`` and by ``render_bytes(…)`` in turn, round after
round. What is printed is the ratio of the two, by the best rounds and as the median of the rounds' own ratios, and what
it would be if encoding cost nothing. The collector is off. ``--rounds`` says how many there are; on a busy machine more
of them help.
"""

import argparse
import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import blendtpl
from bench.languages import Page, pages

_SECONDS = 0.002  # that a turn takes at least, so that reading the clock is no part of it


@dataclass(frozen=True, slots=True)
class Ratios:
    """What one page gives."""

    page: Page
    characters: int
    microseconds: float  # of a text that is encoded, in the best round
    best: float
    median: float
    without: float  # what the ratio would be if encoding took no time


def compare(page: Page, rounds: int) -> Ratios:
    """Return how long bytes take beside a text that is encoded."""
    template = blendtpl.load(blendtpl.compile(page.sources))[page.entry]
    context, render, render_bytes = page.context, template.render, template.render_bytes
    text = render(context)
    if render_bytes(context) != text.encode():
        raise SystemExit(f"the bytes of the {page.shape} in {page.language} are not those of its text")
    turns = (lambda: render(context).encode(), lambda: render_bytes(context), text.encode)
    count = max(1, int(_SECONDS / seconds(turns[0], 1)))
    found = [[seconds(turn, count) for turn in turns] for _ in range(rounds)]
    encoded, as_bytes, encoding = (min(column) for column in zip(*found, strict=True))
    median = statistics.median(row[1] / row[0] for row in found)
    return Ratios(page, len(text), encoded * 1e6, as_bytes / encoded, median, 1 - encoding / encoded)


def seconds(turn: Callable[[], object], count: int) -> float:
    """Return how long one of so many calls takes, in processor time."""
    started = time.process_time()
    for _ in range(count):
        turn()
    return (time.process_time() - started) / count


def table(ratios: Sequence[Ratios]) -> list[str]:
    """Return the lines of a table in Markdown, with the geometric mean of each language."""
    lines = [
        "| language | page | characters | `render().encode()`, µs | `render_bytes()` | median | encoding for free |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for language in dict.fromkeys(found.page.language for found in ratios):
        own = [found for found in ratios if found.page.language == language]
        lines += [
            f"| {language} | {found.page.shape} | {found.characters:,} | {found.microseconds:.1f} | {found.best:.2f} |"
            f" {found.median:.2f} | {found.without:.2f} |"
            for found in own
        ]
        best, median, without = (
            statistics.geometric_mean(getattr(found, field) for found in own) for field in ("best", "median", "without")
        )
        lines.append(f"| {language} | geometric mean | | | {best:.2f} | {median:.2f} | {without:.2f} |")
    return lines


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print the table."""
    asked = argparse.ArgumentParser(prog="python -m bench.bytes", description=__doc__)
    asked.add_argument("--rounds", type=int, default=60, help="how often each takes its turn")
    asked.add_argument("words", nargs="*", help="languages and pages; all when left out")
    given = asked.parse_args(arguments)
    chosen = [
        page for page in pages() if all(word.lower() in f"{page.language} {page.shape}".lower() for word in given.words)
    ]
    if not chosen:
        raise SystemExit(f"no page is called {' '.join(given.words)!r}")
    gc.disable()
    print("\n".join(table([compare(page, given.rounds) for page in chosen])))


if __name__ == "__main__":
    main()
