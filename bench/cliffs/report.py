"""The report: a table of what each edit costs, and the verdict.

Enters: costs of both sides of each pair, and the exceptions. Leaves: lines of text, data for JSON, and whether the gate
is passed.
"""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.cliffs.exceptions import Excused

LIMIT = 1.25
NEAR = 0.95  # of the limit: what is dearer than that may be over it where Python was built in another way


@dataclass(frozen=True, slots=True)
class Row:
    """What a render takes before an edit and after it, by engine; `excused` when the pair is an exception."""

    name: str
    differs: str
    before: Mapping[str, float]
    after: Mapping[str, float]
    excused: Excused | None = None

    @property
    def ratio(self) -> float:
        """How many times as much blendtpl takes after the edit."""
        return self.after["blendtpl"] / self.before["blendtpl"]

    def faster(self, side: Mapping[str, float]) -> float | None:
        """How many times as much Jinja2 takes, where it was counted."""
        return side["jinja2"] / side["blendtpl"] if "jinja2" in side else None


def table(rows: Sequence[Row], limit: float) -> Iterator[str]:
    """Yield the lines of the table, the dearest edit first."""
    yield f"{'after/before':>12}{'before':>12}{'after':>12}{'Jinja2/before':>15}{'/after':>8}  edit"
    for row in ordered(rows):
        mark = "" if row.ratio <= limit else "  (named)" if row.excused else "  (NOT NAMED)"
        faster = [_times(row.faster(side)) for side in (row.before, row.after)]
        costs = [f"{side['blendtpl']:,.0f}" for side in (row.before, row.after)]
        yield f"{row.ratio:12.2f}{costs[0]:>12}{costs[1]:>12}{faster[0]:>15}{faster[1]:>8}  {row.name}{mark}"


def verdict(rows: Sequence[Row], limit: float, *, figures: bool = True) -> Iterator[str]:
    """Yield what there is to say about all, and about what the list of exceptions lacks or no longer needs.

    What it no longer needs is told only where its `figures` are those of what was counted.
    """
    dear = [row for row in ordered(rows) if row.ratio > limit]
    named = sum(row.excused is not None for row in dear)
    mean = statistics.geometric_mean(row.ratio for row in rows)
    yield (
        f"{len(rows)} edits, {len(dear)} over {limit} times, {named} of them named;"
        f" geometric mean {mean:.2f}, the dearest {ordered(rows)[0].ratio:.2f}"
    )
    for row in missing(rows, limit):
        yield f"not named: `{row.name}` costs {row.ratio:.2f} times as much: {row.differs}"
    for row in ordered(rows):
        if figures and row.excused and row.ratio <= limit * NEAR:
            costs = f"costs {row.ratio:.2f} times as much, {row.excused.ratio:.2f} when it was named"
            yield f"no longer needed: `{row.name}` {costs}; take it out of exceptions.toml"


def missing(rows: Sequence[Row], limit: float) -> list[Row]:
    """Return what is over the limit and no exception: the gate is passed when there is nothing."""
    return [row for row in ordered(rows) if row.ratio > limit and row.excused is None]


def ordered(rows: Sequence[Row]) -> list[Row]:
    """Return the rows, the dearest edit first."""
    return sorted(rows, key=lambda row: row.ratio, reverse=True)


def as_data(rows: Sequence[Row], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return all of it as data for JSON."""
    return {
        **facts,
        "edits": [
            {
                "name": row.name,
                "differs": row.differs,
                "ratio": round(row.ratio, 4),
                "before": dict(row.before),
                "after": dict(row.after),
                "reason": row.excused.reason if row.excused else None,
            }
            for row in ordered(rows)
        ],
    }


def _times(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.1f}"
