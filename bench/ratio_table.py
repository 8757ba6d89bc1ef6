"""Times beside each other, as a table in Markdown.

Enters: for each row the seconds that each subject took. Leaves: how many times as long one took as another, row by row,
and the geometric mean, in which each kind of row counts once.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import geometric_mean


@dataclass(frozen=True, slots=True)
class Column:
    """How many times as long `peer` took as `subject`."""

    title: str
    subject: str
    peer: str


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of one thing, which counts as one of its kind; who could not do it is not in `seconds`."""

    title: str
    kind: str
    seconds: Mapping[str, float]

    def ratio(self, column: Column) -> float | None:
        """Return what a column has in this row."""
        if column.peer not in self.seconds or column.subject not in self.seconds:
            return None
        return self.seconds[column.peer] / self.seconds[column.subject]


def lines(rows: Sequence[Row], columns: Sequence[Column]) -> Iterator[str]:
    """Yield the lines of a table, whose columns are those that any row has something for."""
    shown = [column for column in columns if any(row.ratio(column) is not None for row in rows)]
    yield _line("", [column.title for column in shown])
    yield _line("---", ["---:"] * len(shown))
    for row in rows:
        yield _line(row.title, [_cell(row.ratio(column)) for column in shown])
    yield _line("geometric mean", [_cell(mean(rows, column)) for column in shown])
    yield _line("lowest", [_cell(min(_ratios(rows, column))) for column in shown])


def mean(rows: Sequence[Row], column: Column) -> float:
    """Return the geometric mean over kinds of the mean of each kind."""
    kinds: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        ratio = row.ratio(column)
        if ratio is not None:
            kinds[row.kind].append(ratio)
    return geometric_mean(geometric_mean(ratios) for ratios in kinds.values())


def _ratios(rows: Sequence[Row], column: Column) -> list[float]:
    return [ratio for row in rows if (ratio := row.ratio(column)) is not None]


def _line(title: str, cells: Sequence[str]) -> str:
    return f"| {' | '.join([title, *cells])} |"


def _cell(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.2f}"
