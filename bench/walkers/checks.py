"""What blendtpl promises of its walkers, and whether it was so.

Enters: runs. Leaves: figures and checks. A figure at a moment is the median of the samples around it; throughput at the
start and at the end is the median of that from each sample to the next, over long windows. It is taken by the clock and
by the processor time of the walkers, of which the same work may need more when the machine's pace changes: that is
measured, and taken out. The clock's is judged only where the machine had next to no other work, and kept its pace.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from bench.walkers.run import Run
from bench.walkers.sampling import CLOCK_TICK, PROCESSORS, Sample

WARM_UP = 60.0  # seconds after which memory is to be what it is at the end
SHORTEST = 90.0  # seconds of a run that says something of how it ends
START, END = (0.1, 0.4), (0.7, 1.0)  # the windows of throughput, in parts of a run

PSS_MAY_DIFFER = 0.01
THROUGHPUT_MAY_DIFFER = 0.05
PACE_MAY_DIFFER = 0.02  # for throughput by the clock to be judged
OTHERS_MAY_TAKE = 0.05  # of the processors' time, for throughput by the clock to be judged
DIRTY_MAY_BE = 25 * 1024  # KiB in a walker, over an interpreter with the same imports

_AROUND = 5  # samples that make up a moment


@dataclass(frozen=True, slots=True)
class Figures:
    """What a style came to. Memory is in KiB, of all walkers together, but `dirty` of the largest over a bare process.

    Throughput is in e-mails per second, of all walkers; `effort` in e-mails per second of the walkers' processor time;
    `others` the part of the time in which the machine's processors were busy with something else, in either window;
    `pace_start` and `pace_end` the processor time of a fixed piece of work.
    """

    pss_warm: float
    pss_end: float
    rss_end: float
    dirty: float
    throughput_start: float
    throughput_end: float
    effort_start: float
    effort_end: float
    others: float
    pace_start: float
    pace_end: float

    @property
    def pss_growth(self) -> float:
        """How much larger the sum of PSS is at the end."""
        return self.pss_end / self.pss_warm - 1

    @property
    def throughput_change(self) -> float:
        """How much larger throughput is at the end."""
        return self.throughput_end / self.throughput_start - 1 if self.throughput_start else math.inf

    @property
    def effort_at_one_pace(self) -> float:
        """The e-mails per second of processor time at the end, if the machine had kept the pace of the start."""
        return self.effort_end * (1 + self.pace_change)

    @property
    def effort_change(self) -> float:
        """How many more e-mails a second of processor time makes at the end, at one pace of the machine."""
        return self.effort_at_one_pace / self.effort_start - 1 if self.effort_start else math.inf

    @property
    def pace_change(self) -> float:
        """How much longer the machine takes for the same work at the end."""
        return self.pace_end / self.pace_start - 1


@dataclass(frozen=True, slots=True)
class Check:
    """A promise, what was found, and whether it was kept; `None` when the run is none to judge by, as `found` says."""

    style: str
    promise: str
    found: str
    kept: bool | None


def figures(run: Run) -> Figures | None:
    """Return the figures of a run, or `None` when it ended before there were any."""
    if len(run.samples) < 2 * _AROUND or not run.samples[-1].sent:
        return None
    seconds = run.samples[-1].at
    dirty = [
        max(sample.memory[number].private_dirty for sample in run.samples[-_AROUND:]) - run.bare.private_dirty
        for number in range(len(run.samples[0].memory))
    ]
    start, end = (_window(run, *part) for part in (START, END))
    return Figures(
        pss_warm=_around(run, min(WARM_UP, seconds / 2), pss),
        pss_end=_around(run, seconds, pss),
        rss_end=_around(run, seconds, lambda sample: sum(memory.rss for memory in sample.memory)),
        dirty=max(dirty),
        throughput_start=median(rates(start)),
        throughput_end=median(rates(end)),
        effort_start=median(efforts(start)),
        effort_end=median(efforts(end)),
        others=max(_others(start), _others(end)),
        pace_start=median(sample.pace for sample in start),
        pace_end=median(sample.pace for sample in end),
    )


def checks(run: Run) -> list[Check]:
    """Return the promises of a run: for each style that nothing is lost, and for blendtpl that nothing changes."""
    results = [_nothing_lost(run)]
    measured = figures(run)
    if run.style != "blendtpl" or measured is None:
        return results
    return [_memory_stays(run, measured), _memory_is_small(run, measured), *_throughput_stays(run, measured), *results]


def pss(sample: Sample) -> float:
    """Return the sum of all walkers' PSS."""
    return sum(memory.pss for memory in sample.memory)


def rates(samples: Sequence[Sample]) -> list[float]:
    """Return the e-mails per second of all walkers from each sample to the next."""
    return [(sum(two.sent) - sum(one.sent)) / (two.at - one.at) for one, two in pairwise(samples)]


def efforts(samples: Sequence[Sample]) -> list[float]:
    """Return the e-mails per second of the walkers' processor time from each sample to the next."""
    return [
        (sum(two.sent) - sum(one.sent)) / max(sum(two.cpu) - sum(one.cpu), CLOCK_TICK) for one, two in pairwise(samples)
    ]


def _memory_stays(run: Run, measured: Figures) -> Check:
    growth = measured.pss_growth
    return Check(
        run.style,
        f"the sums of PSS after {WARM_UP:.0f} s and at the end differ by less than {PSS_MAY_DIFFER:.0%}",
        f"{measured.pss_warm / 1024:.1f} and {measured.pss_end / 1024:.1f} MiB: {growth:+.2%}{_too_short(run)}",
        None if _too_short(run) else abs(growth) < PSS_MAY_DIFFER,
    )


def _memory_is_small(run: Run, measured: Figures) -> Check:
    return Check(
        run.style,
        f"each walker has at most {DIRTY_MAY_BE / 1024:.0f} MiB of private dirty memory over a bare interpreter",
        f"the largest {measured.dirty / 1024:+.1f} MiB over {run.bare.private_dirty / 1024:.1f}",
        measured.dirty <= DIRTY_MAY_BE,
    )


def _throughput_stays(run: Run, measured: Figures) -> Iterator[Check]:
    slower = measured.pace_change
    others = f", but {measured.others:.0%} other work" if measured.others > OTHERS_MAY_TAKE else ""
    unsteady = (
        f", but the machine took {slower:+.1%} of time for the same work" if abs(slower) > PACE_MAY_DIFFER else ""
    )
    for what, start, end, change, excuse in (
        ("second", measured.throughput_start, measured.throughput_end, measured.throughput_change, others or unsteady),
        (
            "second of processor time, at one pace,",
            measured.effort_start,
            measured.effort_at_one_pace,
            measured.effort_change,
            "",
        ),
    ):
        reason = _too_short(run) or excuse
        yield Check(
            run.style,
            f"the e-mails per {what} at the start and at the end differ by at most {THROUGHPUT_MAY_DIFFER:.0%}",
            f"{start:,.0f} and {end:,.0f}: {change:+.1%}{reason}",
            None if reason else abs(change) <= THROUGHPUT_MAY_DIFFER,
        )


def _too_short(run: Run) -> str:
    return f", but in {run.samples[-1].at:.0f} s only" if run.samples[-1].at < SHORTEST else ""


def _nothing_lost(run: Run) -> Check:
    return Check(
        run.style,
        "every e-mail that was sent arrived, and as it should be",
        f"{run.sent:,} sent, {run.received:,} arrived right, {run.wrong:,} wrong",
        run.sent == run.received and not run.wrong,
    )


def _around(run: Run, at: float, figure: Callable[[Sample], float]) -> float:
    nearest = sorted(run.samples, key=lambda sample: abs(sample.at - at))[:_AROUND]
    return median(figure(sample) for sample in nearest)


def _window(run: Run, begin: float, end: float) -> list[Sample]:
    seconds = run.samples[-1].at
    return [sample for sample in run.samples if begin * seconds <= sample.at <= end * seconds]


def _others(samples: Sequence[Sample]) -> float:
    first, last = samples[0], samples[-1]
    own = sum(last.cpu) + last.serving - sum(first.cpu) - first.serving
    return max(0.0, last.busy - first.busy - own) / ((last.at - first.at) * PROCESSORS)
