"""Runs that are made up, and what templates take."""

from collections.abc import Callable, Mapping
from typing import Any

from bench.memory.loaded import HOLDERS, MEASURES, MOMENTS, NEITHER, OURS, THEIRS, Held
from bench.memory.runs import Run
from bench.memory.sample import COLUMNS, UNKNOWN
from bench.memory.tasks import Task
from bench.memory.workloads import ALERT

Course = Callable[[float], float]  # what something is after so many renders

RENDERS, SAMPLES, MEGABYTE = 1000, 50, 10**6


def _nothing(renders: float) -> float:
    return 0


def made_up(
    subject: str = "blendtpl bundle",
    workload: str = ALERT,
    *,
    collector: bool = False,
    samples: int = SAMPLES,
    ended: bool = True,
    garbage: int = 0,
    left: Mapping[str, tuple[int, int]] | None = None,
    reason: str = "",
    unknown: str = "",
    **courses: Course,
) -> Run:
    """Return a run whose columns take their course from 50 MB on, but one that is unknown.

    `left` is what stays when it is over, and half as many renders later. Without samples there is not even the first.
    """
    step = RENDERS // SAMPLES
    rows = [
        [at * step, at / 10, *(50 * MEGABYTE + int(courses.get(name, _nothing)(at * step)) for name in COLUMNS)]
        for at in range(samples and samples + 1)
    ]
    for row in rows if unknown else ():
        row[2 + COLUMNS.index(unknown)] = UNKNOWN
    before = [50 * MEGABYTE] * len(COLUMNS)
    after = [value + (left or {}).get(name, (0, 0))[0] for name, value in zip(COLUMNS, before, strict=True)]
    later = [value + (left or {}).get(name, (0, 0))[1] for name, value in zip(COLUMNS, after, strict=True)]
    end: dict[str, Any] = {"garbage": garbage, "before": before, "after": after, "later": later}
    task = Task(subject, workload, collector, RENDERS, SAMPLES, seconds=0)
    types = (("builtins.list", garbage),) if garbage else ()
    return Run(task, {"step": step}, rows, types, types, end if ended else {}, reason)


def held() -> Held:
    """Return what 2,000 templates take: 40 MB here and 100 MB there, more or less, over 30 MB of imports."""
    sizes = {NEITHER: 30, OURS: 70, THEIRS: 130}
    found = {
        holder: {
            at: {measure: [(sizes[holder] + more) * MEGABYTE for more in (0, -1, 2)] for measure in MEASURES}
            for at in MOMENTS
        }
        for holder in HOLDERS
    }
    return Held(2000, 7 * MEGABYTE, 3 * MEGABYTE, found)
