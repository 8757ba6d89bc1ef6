"""What came of a task: samples, and what they say: growth per 1,000 renders, and a verdict.

Enters: the messages of a process. Leaves: a `Run`, which is written as a line of JSON and read back.

The slope is that of Theil and Sen: the median of the slopes between all pairs of samples, which a step or a few odd
samples cannot bend, with a 95 % confidence interval from the same pairs (`scipy.stats.theilslopes`).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from scipy.stats import theilslopes

from bench.memory.loaded import Held
from bench.memory.registered import Family, Kind
from bench.memory.sample import COLUMNS, UNKNOWN
from bench.memory.subjects import SUBJECTS
from bench.memory.tasks import Task
from bench.memory.workloads import WORKLOADS
from blendtpl.tools.soak.growth import SPARE_BLOCKS, SPARE_BYTES

CONFIDENCE = 0.95
PER = 1000  # renders

_RUNS, _ABOUT = "runs.jsonl", "about.json"

_FEWEST = 4  # samples that a slope is made of
PILES = ("modules", "lines", "files", "threads")  # what no render may add to


class Verdict(StrEnum):
    """What a run shows."""

    FLAT = "flat"
    GARBAGE = "garbage"  # what only the collector takes away
    GROWS = "grows"
    UNKNOWN = "?"  # too few samples


@dataclass(frozen=True, slots=True)
class Slope:
    """Growth per 1,000 renders: the median, and its confidence interval."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Run:
    """What a process told of its task. `reason` says why there is nothing, or not all."""

    task: Task
    facts: Mapping[str, Any] = field(default_factory=dict)
    samples: Sequence[Sequence[float]] = ()
    waiting: Sequence[tuple[str, int]] = ()  # types of objects that are more than before, at the last sample
    kept: Sequence[tuple[str, int]] = ()  # types of those that are more when all is collected
    end: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    failed: bool = False  # for another reason than that it was not to be

    @property
    def family(self) -> Family:
        """The family of its subject."""
        return SUBJECTS[self.task.subject].family

    @property
    def kind(self) -> Kind:
        """The kind of its workload."""
        return WORKLOADS[self.task.workload].kind

    @property
    def renders(self) -> int:
        """How many renders were measured."""
        return int(self.samples[-1][0]) if self.samples else 0

    def series(self, column: str) -> list[tuple[float, float]]:
        """Return (renders, value) of a column, for the samples that know it."""
        at = 2 + COLUMNS.index(column)
        return [(sample[0], sample[at]) for sample in self.samples if sample[at] != UNKNOWN]

    def slope(self, column: str) -> Slope | None:
        """Return by how much a column grows per 1,000 renders, where there are samples enough."""
        points = self.series(column)
        if len(points) < _FEWEST:
            return None
        renders, values = zip(*points, strict=True)
        slope, _, low, high = theilslopes(values, renders, alpha=CONFIDENCE)
        return Slope(float(slope) * PER, float(low) * PER, float(high) * PER)

    def left(self, column: str, begin: str = "before", end: str = "after") -> int:
        """Return by how much a column has grown, all garbage collected before and after."""
        if not self.end:
            return 0
        at = COLUMNS.index(column)
        before, after = self.end[begin][at], self.end[end][at]
        return 0 if UNKNOWN in (before, after) else int(after - before)

    def goes_on(self, column: str) -> int:
        """Return by how much a column has grown and went on to, half as many renders later: the lesser of the two."""
        return max(0, min(self.left(column), self.left(column, "after", "later")))

    def per_thousand(self, count: float) -> float:
        """Return a count of the whole run as one of 1,000 renders."""
        return count * PER / self.renders if self.renders else 0.0

    @property
    def garbage(self) -> int:
        """How many objects the collector found when it was asked to at the end."""
        return int(self.end.get("garbage", 0))

    @property
    def verdict(self) -> Verdict:
        """What the run shows.

        It grows when something stays that no collection takes away, and when half as many renders more leave something
        again: what happens once is no growth. Memory that neither Python nor `malloc` gave out shows in the resident
        memory alone, where a byte per render counts.
        """
        resident = self.slope("rss")
        if not self.end or resident is None:
            return Verdict.UNKNOWN
        spare = {**dict.fromkeys(PILES, 0), "blocks": SPARE_BLOCKS, "bytes": SPARE_BYTES}
        if any(self.goes_on(column) > most for column, most in spare.items()):
            return Verdict.GROWS
        if self.garbage > self.renders / PER:
            return Verdict.GARBAGE
        return Verdict.GROWS if resident.low > PER else Verdict.FLAT


def in_order(run: Run) -> tuple[int, ...]:
    """Return what sorts runs: by workload, with blendtpl first, and the collector off before it is on."""
    families, subjects, workloads = list(Family), list(SUBJECTS), list(WORKLOADS)
    task = run.task
    at = families.index(run.family), subjects.index(task.subject), workloads.index(task.workload)
    return (*at, int(task.collector))


def write(folder: Path, runs: Iterable[Run], held: Held | None, facts: Mapping[str, str]) -> None:
    """Write all that was found into a folder."""
    lines = "".join(json.dumps(asdict(run)) + "\n" for run in runs)
    (folder / _RUNS).write_text(lines, encoding="utf-8")
    about = {"facts": facts, "held": held and asdict(held)}
    (folder / _ABOUT).write_text(json.dumps(about, indent=1), encoding="utf-8")


def read(folder: Path) -> tuple[list[Run], Held | None, dict[str, str]]:
    """Return what was found, but runs whose subject or workload is not there any more.

    Raises `OSError`, and `ValueError` for files that `write` did not write as they are.
    """
    lines = (folder / _RUNS).read_text(encoding="utf-8").splitlines()
    text = (folder / _ABOUT).read_text(encoding="utf-8")
    try:
        stored = [_run_of(json.loads(line)) for line in lines]
        about = json.loads(text)
        held, facts = Held(**about["held"]) if about["held"] else None, dict(about["facts"])
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"`{folder}` does not have what this version writes") from error
    there = [run for run in stored if run.task.subject in SUBJECTS and run.task.workload in WORKLOADS]
    return there, held, facts


def _run_of(row: dict[str, Any]) -> Run:
    return Run(Task(**row.pop("task")), **row)
