"""Call sites: which of the old ones still run, and how often.

Enters: calls, each by file, line, method and template. Leaves: whether a site is new, and a report. Memory is bounded:
what comes from more sites than there may be rows is counted in one.
"""

import json
import logging
import os
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass

_HEAD = ("calls", "call", "template", "site")


@dataclass(frozen=True, slots=True)
class Row:
    """How often one line of code called for one template. `call` is the method; `site` is ``file:line``."""

    calls: int
    call: str
    template: str
    site: str


@dataclass(frozen=True, slots=True)
class Report:
    """What call sites a shim has served: `rows`, the busiest first; `others` counts calls from sites beyond those."""

    rows: tuple[Row, ...]
    others: int

    @property
    def calls(self) -> int:
        """All calls."""
        return self.others + sum(row.calls for row in self.rows)

    def __str__(self) -> str:
        cells = [_HEAD, *((f"{row.calls:,}", row.call, row.template, row.site) for row in self.rows)]
        widths = [max(len(row[column]) for row in cells) for column in range(len(_HEAD) - 1)]
        lines = [f"{row[0]:>{widths[0]}}  {row[1]:{widths[1]}}  {row[2]:{widths[2]}}  {row[3]}" for row in cells]
        if self.others:
            lines.append(f"{self.others:>{widths[0]},}  calls from further sites")
        return "\n".join(lines)

    def to_json(self) -> str:
        """Return the report as JSON: `calls`, `others`, and `rows` with the fields of `Row`."""
        return json.dumps(
            {"calls": self.calls, "others": self.others, "rows": [asdict(row) for row in self.rows]}, indent=2
        )


Key = tuple[str, int, str, str]  # file, line, method, template


class Sites:
    """Counts of calls by site, method and template."""

    __slots__ = ("_counts", "_limit", "_others")

    def __init__(self, limit: int) -> None:
        self._counts: dict[Key, int] = {}
        self._others = 0
        self._limit = limit

    def count(self, key: Key) -> bool:
        """Count a call; return whether it is the first of a site that there is a row for."""
        counts = self._counts
        with _lock:
            known = counts.get(key)
            if known is not None:
                counts[key] = known + 1
                return False
            if len(counts) >= self._limit:
                self._others += 1
                return False
            counts[key] = 1
            return True

    def report(self) -> Report:
        """Return what has been counted so far."""
        with _lock:
            counts, others = list(self._counts.items()), self._others
        return Report(tuple(_rows(counts)), others)

    def log(self, logger: logging.Logger) -> None:
        """Log the report, with it as `report` of the record."""
        report = self.report()
        logger.info(
            "%d include-style calls from %d sites\n%s", report.calls, len(report.rows), report, extra={"report": report}
        )


def _rows(counts: Iterable[tuple[Key, int]]) -> Iterable[Row]:
    ordered = sorted(counts, key=lambda item: (-item[1], item[0]))
    return (Row(calls, call, template, f"{file}:{line}") for (file, line, call, template), calls in ordered)


_lock = threading.Lock()


def _renew_lock() -> None:
    global _lock
    _lock = threading.Lock()  # another thread may have held the old one while the process forked


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)
