"""Report: rows of workloads as lines of text: each, the means, the lowest, and what the templates contain.

Of each workload there are two figures: as the application renders it, and with the application's own functions and
objects taken out. For the second, functions of the application answer at once (`bench.real.apart`), and of what that
takes, the share of its objects, as sampled, is taken off.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import geometric_mean
from typing import Any

from bench.real.constructs import CONSTRUCTS

Row = Mapping[str, Any]

_HEAD = (
    f"{'workload':<30} {'Jinja2 µs':>10} {'bundle':>7} {'live':>6} | {'apart: µs':>9} {'bundle':>7} {'live':>6}  theirs"
)


def faster(row: Row, way: str) -> float | None:
    """Return how many times as fast as Jinja2 a way is; of a refused bundle, what the live environment gives."""
    seconds = row.get("seconds", {})
    chosen = seconds.get(way, seconds.get("live"))
    return seconds["jinja2"] / chosen if "jinja2" in seconds and chosen else None


def faster_apart(row: Row, way: str) -> float | None:
    """Return the same without the time of the application's functions and objects."""
    apart = row.get("apart", {})
    if "seconds" not in apart:
        return None
    way = way if way in apart["seconds"] else "live"
    own = {name: seconds * (1 - _share(apart, name)) for name, seconds in apart["seconds"].items()}
    return own["jinja2"] / own[way] if own.get(way) else None


def _share(measured: Row, way: str) -> float:
    return float(measured.get("shares", {}).get(way, {}).get("application", 0.0))


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of the report."""
    yield _HEAD
    for row in rows:
        yield _line(row)
    yield ""
    yield from _means(rows)
    yield from _by_construct(rows)
    yield from _troubles(rows)


def _line(row: Row) -> str:
    if "seconds" not in row:
        return f"{row['workload']:<30} not measured: {_first(row.get('skipped') or row.get('wrong', {}))}"
    apart = row.get("apart", {}).get("seconds", {})
    cells = [
        f"{row['workload']:<30} {row['seconds']['jinja2'] * 1e6:>10,.0f}",
        f"{_number(faster(row, 'bundle'))}{' ' if 'bundle' in row['seconds'] else '*'}",
        f"{_number(faster(row, 'live'))[1:]} |",
        f"{apart.get('jinja2', 0) * 1e6:>9,.0f}",
        f"{_number(faster_apart(row, 'bundle'))} {_number(faster_apart(row, 'live'))[1:]}",
        f" {_share(row, 'bundle'):4.0%}" if row.get("shares") else "",
    ]
    return " ".join(cells)


def _number(value: float | None) -> str:
    return "      -" if value is None else f"{value:>7.2f}"


def _first(wrong: Any) -> str:
    if isinstance(wrong, str):
        return wrong
    return next((f"{way}: {told.strip().splitlines()[-1]}" for way, told in wrong.items()), "")[:160]


def _means(rows: Sequence[Row]) -> Iterator[str]:
    for title, figure in (("as it is", faster), ("apart", faster_apart)):
        for way in ("bundle", "live"):
            found = [(value, row) for row in rows if (value := figure(row, way)) is not None]
            if found:
                lowest, row = min(found, key=lambda pair: pair[0])
                mean = geometric_mean(value for value, _ in found)
                told = f"geometric mean {mean:.2f} of {len(found)}, lowest {lowest:.2f} ({row['workload']})"
                yield f"{title}, {way}: {told}"


def _by_construct(rows: Sequence[Row]) -> Iterator[str]:
    yield f"\n{'what the templates contain':<40} {'how many':>8}  bundle    live | apart: bundle    live"
    for construct in CONSTRUCTS:
        those = [row for row in rows if construct in row.get("constructs", ()) and "seconds" in row]
        if those:
            bundle, live, bundle_apart, live_apart = (
                _number(_mean(figure(row, way) for row in those))
                for figure in (faster, faster_apart)
                for way in ("bundle", "live")
            )
            yield f"{construct:<40} {len(those):>8} {bundle} {live} | {bundle_apart:>13} {live_apart}"


def _mean(values: Iterable[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return geometric_mean(found) if found else None


def _troubles(rows: Sequence[Row]) -> Iterator[str]:
    """Yield what differs, and why the bundle has not all of the package's templates, or is not there."""
    for row in rows:
        for way, told in row.get("wrong", {}).items():
            yield f"\n{row['workload']}: {way} differs: {told.strip()}"
        refused = row.get("refused", "")
        if "seconds" in row and "bundle" not in row["seconds"] and "bundle" not in row["wrong"]:
            told = f"no bundle, so the live environment's figure stands in its place: {refused[:400]}"
            yield f"\n* {row['workload']}: {told}"


def where(row: Row) -> Iterator[str]:
    """Yield the functions that a workload spends its time in, for each way, and whose they are."""
    yield f"{row['package']}: {row['workload']} ({row['template']}, {row.get('environment')})"
    for title, measured in (("as it is", row), ("apart", row.get("apart", {}))):
        for way, sampled in measured.get("shares", {}).items():
            if not sampled:
                yield f"\n{title}, {way}: no samples, as py-spy is not there"
                continue
            seconds = measured["seconds"][way]
            yield f"\n{title}, {way}: {seconds * 1e6:,.0f} µs, {sampled['application']:.0%} in the application"
            for name, share in sampled["functions"].items():
                yield f"  {share:6.1%} {seconds * share * 1e6:>9,.1f} µs  {name}"
