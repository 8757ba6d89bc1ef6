"""Call sites: which of the old ones still run, and how often.

Enters: calls, each by file, line, method and template. Leaves: whether a site is new, and a report. Memory is bounded:
what comes from more sites than there may be rows is counted in one.
"""

import itertools
import json
import logging
import os
import threading
from dataclasses import asdict, dataclass
from types import CodeType, FrameType

from blendtpl.reprs import counted

_HEAD = ("calls", "call", "template", "site")


@dataclass(frozen=True, slots=True)
class Row:
    """How often one line of code called for one template. `call` is the method; `site` is ``file:line``."""

    calls: int
    call: str
    template: str
    site: str


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """What call sites a shim has served: `rows`, the busiest first; `others` counts calls from sites beyond those."""

    rows: tuple[Row, ...]
    others: int

    @property
    def calls(self) -> int:
        """All calls."""
        return self.others + sum(row.calls for row in self.rows)

    def __repr__(self) -> str:
        return f"<Report of {counted(self.calls, 'call')} at {counted(len(self.rows), 'site')}>"

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


class _Counted:
    """Calls of one site for one template: a counter that threads cannot make lose a call, and how often it was read."""

    __slots__ = ("code", "counter", "read")

    def __init__(self, code: CodeType) -> None:
        self.code = code  # kept, so that no other has its `id`
        self.counter = itertools.count()
        self.read = 0


class Sites:
    """Counts of calls by site, method and template."""

    __slots__ = ("_by_instruction", "_counted", "_limit", "_others")

    def __init__(self, limit: int) -> None:
        self._counted: dict[tuple[str, int, str, str], _Counted] = {}  # by file, line, method and template
        # the same by what takes less time to find out: the code, by its `id`, the place in it, method and template
        self._by_instruction: dict[tuple[int, int, str, str], _Counted] = {}
        self._others = _Counted(Sites.count.__code__)
        self._limit = limit

    def count(self, frame: FrameType, call: str, template: str) -> bool:
        """Count a call by a frame; return whether it is the first of a site that there is a row for."""
        site = self._by_instruction.get((id(frame.f_code), frame.f_lasti, call, template))
        if site is None:
            return self._count_new(frame, call, template)
        next(site.counter)
        return False

    def _count_new(self, frame: FrameType, call: str, template: str) -> bool:
        code = frame.f_code
        key = (code.co_filename, frame.f_lineno, call, template)
        with _lock:
            site = self._counted.get(key)
            new = site is None and len(self._counted) < self._limit
            if new:
                # code that is made anew for each call is kept once
                site = self._counted[key] = self._by_instruction[id(code), frame.f_lasti, call, template] = _Counted(
                    code
                )
            next((self._others if site is None else site).counter)
        return new

    def report(self) -> Report:
        """Return what has been counted so far."""
        with _lock:
            rows = [
                Row(_read(counted), call, template, f"{file}:{line}")
                for (file, line, call, template), counted in self._counted.items()
            ]
            others = _read(self._others)
        return Report(tuple(sorted(rows, key=lambda row: (-row.calls, row.site, row.template))), others)

    def log(self, logger: logging.Logger) -> None:
        """Log the report, which the record has as `report`."""
        report = self.report()
        message = "%d include-style calls from %d sites\n%s"
        logger.info(message, report.calls, len(report.rows), report, extra={"report": report})


def _read(counted: _Counted) -> int:
    """Return what has been counted: a counter tells by counting, which is taken off."""
    counted.read += 1
    return next(counted.counter) - counted.read + 1


_lock = threading.Lock()


def _renew_lock() -> None:
    global _lock
    _lock = threading.Lock()  # another thread may have held the old one while the process forked


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)
