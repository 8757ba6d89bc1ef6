"""What is claimed of memory, and whether a run bears it out.

Enters: runs, and what many templates take. Leaves: rows of a claim, what is asked, what was measured, and `yes`, `no`,
or `seen` where nothing is asked.
"""

from collections.abc import Iterator, Sequence

from bench.memory.loaded import MEASURES, MOMENTS, Held
from bench.memory.registered import Family, Kind
from bench.memory.runs import PER, PILES, Run, Verdict

MOST_RATIO = 0.5  # of what a registry holds to what Jinja2 does
MOST_BYTES = 1.0  # of RSS per render


def claims(runs: Sequence[Run], held: Held | None) -> list[list[str]]:
    """Return a row for each claim that there is something for."""
    return [*_mixed(runs), *_one_by_one(runs), *_on_the_alert(runs), *_templates(held)]


def _mixed(runs: Sequence[Run]) -> Iterator[list[str]]:
    for run in runs:
        slope = run.slope("rss")
        if (
            run.kind is not Kind.MIXED
            or run.family is not Family.OURS
            or run.task.collector
            or not slope
            or not run.end
        ):
            continue
        title = f"{run.task.subject}, mixed workload, collector off, {run.renders:,} renders"
        piles = sum(map(run.goes_on, PILES))
        blocks = run.goes_on("blocks")
        result = f"{blocks} blocks, {run.garbage} objects for the collector, {piles} modules, files and threads"
        met = _met(run.verdict is Verdict.FLAT and blocks == run.garbage == piles == 0)
        yield [title, "nothing that stays, and goes on to", result, met]
        low, middle, high = (value / PER for value in (slope.low, slope.middle, slope.high))
        result = f"{middle:.3g} bytes [{low:.3g}, {high:.3g}]"
        target = "RSS under 1 byte per render, and the interval holds 0"
        yield [title, target, result, _met(low <= 0 <= high < MOST_BYTES)]


def _one_by_one(runs: Sequence[Run]) -> Iterator[list[str]]:
    chosen = [run for run in runs if run.kind in (Kind.CONSTRUCTS, Kind.ERRORS) and run.end and not run.task.collector]
    for subject in dict.fromkeys(run.task.subject for run in chosen):
        own = [run for run in chosen if run.task.subject == subject]
        flat = sum(run.verdict is Verdict.FLAT for run in own)
        renders = sum(run.renders for run in own)
        title = f"{subject}, every construct and error, collector off, {renders:,} renders"
        ours = own[0].family is Family.OURS
        result = f"{flat} of {len(own)} are flat"
        yield [title, "all flat" if ours else "", result, _met(flat == len(own)) if ours else "seen"]


def _on_the_alert(runs: Sequence[Run]) -> Iterator[list[str]]:
    """Yield what the others do with the alert e-mail: nothing is asked of them."""
    for run in runs:
        slope = run.slope("rss")
        if run.kind is Kind.ALERT and run.family is not Family.OURS and not run.task.collector and slope and run.end:
            low, middle, high = (f"{value / PER:,.0f}" for value in (slope.low, slope.middle, slope.high))
            result = f"{run.verdict}: {middle} bytes of RSS per render [{low}, {high}]"
            yield [f"{run.task.subject}, alert e-mail, collector off", "", result, "seen"]


def _templates(held: Held | None) -> Iterator[list[str]]:
    if held:
        for measure in MEASURES:
            ratio, least, most = held.ratio(MOMENTS[0], measure)
            title = f"{held.count:,} templates in a loaded registry, {measure.replace('_', ' ')}"
            result = f"{ratio:.2f} times as much [{least:.2f}, {most:.2f}]"
            yield [title, "at most half of Jinja2's", result, _met(ratio <= MOST_RATIO)]


def _met(holds: bool) -> str:
    return "yes" if holds else "no"
