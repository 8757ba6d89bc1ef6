"""Pictures: memory and throughput over time, the styles side by side on the same axes, each as SVG and as PNG.

Enters: runs. Leaves: three pictures: of all walkers together, of each of them, and of no more than the memory of each;
and of backlog and memory where e-mails become due at a rate.
The ground is the picture's own, light one, so that it reads the same on a light page and on a dark one.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from textwrap import wrap
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from bench.walkers.checks import WARM_UP, efforts, figures, rates
from bench.walkers.run import Run
from bench.walkers.styles import STYLES
from blendtpl.metrics.graph import ENDINGS
from blendtpl.metrics.looks import GREY, LOOKS, save, set_times

_MIB = 1024.0
_SMOOTHED = 7  # samples whose mean is the line through the dots
_COLOURS = {"old": "#c2410c", "jinja2": "#1d4ed8", "blendtpl": "#047857"}
_Panel = Callable[[Axes, Run], object]


def draw(runs: Sequence[Run], folder: Path) -> list[Path]:
    """Write the pictures of runs that have samples; return the files."""
    walkers = len(runs[0].samples[0].memory)
    with mpl.rc_context(LOOKS):
        panels = (_memory_together, _throughput_together, _effort_together)
        together = _picture(runs, panels, f"{walkers} walkers together")
        separate = _picture(runs, (_memory_of_each, _throughput_of_each), f"Each of {walkers} walkers")
        memory = _summary(runs, f"Private memory of each of {walkers} processes that send e-mails, MiB")
        pictures = {"together": together, "each": separate, "memory": memory}
        if rate := runs[0].rate:
            pictures["load"] = _beside(runs, f"{walkers} processes, {rate:g} e-mails to send each second")
        return [file for stem, figure in pictures.items() for file in _save(figure, folder / stem)]


def _save(figure: Figure, stem: Path) -> Iterator[Path]:
    for suffix in ENDINGS:
        save(figure, stem.with_suffix(suffix))
        yield stem.with_suffix(suffix)


def _picture(runs: Sequence[Run], panels: Sequence[_Panel], title: str) -> Figure:
    figure = Figure(
        figsize=(3.9 * len(runs) + 0.6, 0.9 + 2.8 * len(panels)),
        layout=ConstrainedLayoutEngine(hspace=0.06, wspace=0.04),
    )
    figure.suptitle(title, fontsize=13)
    rows = figure.subplots(len(panels), len(runs), sharex=True, sharey="row", squeeze=False)
    for row, panel in zip(rows, panels, strict=True):
        for place, run in zip(row, runs, strict=True):
            panel(place, run)
            if run.ended:
                place.axvline(run.samples[-1].at, color=GREY, linewidth=1, linestyle="-.", label="ended early")
            place.legend(loc="upper left", ncols=2 if panel in _WITH_DOTS else 1)
        row[0].set_ylim(0, row[0].get_ylim()[1] * 1.2)  # with room for the legend
    for place, run in zip(rows[0], runs, strict=True):
        style = STYLES[run.style]
        place.text(
            0.5,
            1.22,
            style.title,
            transform=place.transAxes,
            ha="center",
            fontsize=12,
            fontweight="bold",
            color=_COLOURS[run.style],
        )
        place.text(0.5, 1.13, style.explanation, transform=place.transAxes, ha="center", fontsize=8, color=GREY)
    _set_times(rows.flat, max(run.samples[-1].at for run in runs))
    return figure


def _summary(runs: Sequence[Run], title: str) -> Figure:
    """Return the picture of memory alone, narrow enough for its text to be read where a page is 800 pixels wide."""
    figure = Figure(figsize=(8.4, 3.5), layout=ConstrainedLayoutEngine(wspace=0.04))
    figure.suptitle(title, fontsize=12, fontweight="bold")
    (row,) = figure.subplots(1, len(runs), sharex=True, sharey="row", squeeze=False)
    for place, run in zip(row, runs, strict=True):
        _memory_of_each(place, run)
        style = STYLES[run.style]
        place.set_ylabel("")
        place.set_title(style.title, color=_COLOURS[run.style], fontsize=12, fontweight="bold", pad=40)
        explanation = "\n".join(wrap(style.explanation, 34))
        place.text(0.5, 1.03, explanation, transform=place.transAxes, ha="center", fontsize=9, color=GREY)
    row[0].set_ylim(0, None)
    row[-1].legend(loc="center")
    _set_times(row, max(run.samples[-1].at for run in runs))
    return figure


def _beside(runs: Sequence[Run], title: str) -> Figure:
    """Return the picture of what comes of a load: e-mails that wait, over memory."""
    figure = Figure(figsize=(8.4, 5.4), layout=ConstrainedLayoutEngine(hspace=0.06, wspace=0.04))
    figure.suptitle(title, fontsize=12, fontweight="bold")
    waiting, memory = figure.subplots(2, len(runs), sharex=True, sharey="row", squeeze=False)
    for above, below, run in zip(waiting, memory, runs, strict=True):
        style, times = STYLES[run.style], _times(run)
        above.set_title(style.title, color=_COLOURS[run.style], fontsize=12, fontweight="bold", pad=22)
        above.text(0.5, 1.03, style.explanation, transform=above.transAxes, ha="center", fontsize=8.5, color=GREY)
        backlog = [run.backlog(sample) for sample in run.samples]
        pss = [sum(each.pss for each in sample.memory) / _MIB for sample in run.samples]
        for place, found, unit in ((above, backlog, ""), (below, pss, " MiB")):
            place.plot(times, found, color=_COLOURS[run.style], linewidth=2.2)
            place.fill_between(times, found, color=_COLOURS[run.style], alpha=0.1, linewidth=0)
            place.annotate(
                f"{found[-1]:,.0f}{unit}", (times[-1], found[-1]), (-6, 6), textcoords="offset points", ha="right"
            )
            place.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    waiting[0].set_ylabel("e-mails that wait")
    memory[0].set_ylabel("memory (PSS), MiB")
    for first in (waiting[0], memory[0]):
        first.set_ylim(0, first.get_ylim()[1] * 1.08)
    _set_times([*waiting, *memory], max(run.samples[-1].at for run in runs))
    return figure


def _set_times(places: Iterable[Axes], seconds: float) -> None:
    for place in places:
        set_times(place, seconds, "the walkers began")
        if not place.get_subplotspec().is_last_row():  # type: ignore[union-attr]  # all of them are of a grid
            place.set_xlabel("")


def _memory_together(place: Axes, run: Run) -> None:
    times, colour = _times(run), _COLOURS[run.style]
    lines: Sequence[tuple[str, str, dict[str, Any]]] = (
        ("resident (shared pages counted in each)", "rss", {"color": GREY, "linewidth": 1.0, "linestyle": ":"}),
        ("proportional (PSS)", "pss", {"color": colour, "linewidth": 2.2}),
        ("private dirty", "private_dirty", {"color": colour, "linewidth": 1.2, "linestyle": "--"}),
    )
    for label, attribute, look in lines:
        sums = [sum(getattr(memory, attribute) for memory in sample.memory) / _MIB for sample in run.samples]
        place.plot(times, sums, label=label, **look)
    place.set_ylabel("memory, MiB")
    if (measured := figures(run)) is not None:
        since = min(WARM_UP, times[-1] / 2)
        _say(
            place, f"PSS {measured.pss_end / _MIB:,.0f} MiB at the end, {measured.pss_growth:+.1%} since {since:.0f} s"
        )


def _throughput_together(place: Axes, run: Run) -> None:
    _dots(place, run, rates(run.samples))
    place.set_ylabel("e-mails per second")
    if (measured := figures(run)) is not None:
        _say(place, _from_to(measured.throughput_start, measured.throughput_end, measured.throughput_change))


def _effort_together(place: Axes, run: Run) -> None:
    _dots(place, run, efforts(run.samples))
    place.set_ylabel("e-mails per second of processor time")
    if (measured := figures(run)) is not None:
        _say(place, _from_to(measured.effort_start, measured.effort_end, measured.effort_change))


_WITH_DOTS = (_throughput_together, _effort_together)


def _dots(place: Axes, run: Run, values: Sequence[float]) -> None:
    colour, times = _COLOURS[run.style], _times(run)[1:]
    place.plot(times, values, ".", color=colour, alpha=0.35, markersize=4, label="sample to sample")
    place.plot(*_smooth(times, values), color=colour, linewidth=2.2, label=f"mean of {_SMOOTHED}")


def _from_to(start: float, end: float, change: float) -> str:
    return f"{start:,.0f} at the start, {end:,.0f} at the end: {change:+.1%}"


def _memory_of_each(place: Axes, run: Run) -> None:
    for number in range(len(run.samples[0].memory)):
        mebibytes = [sample.memory[number].private_dirty / _MIB for sample in run.samples]
        place.plot(_times(run), mebibytes, color=_COLOURS[run.style], linewidth=0.9, alpha=0.6, label=_once(number))
    bare = run.bare.private_dirty / _MIB
    place.axhline(bare, color=GREY, linewidth=1, linestyle="--", label="an interpreter that does nothing")
    place.set_ylabel("private dirty memory, MiB")


def _throughput_of_each(place: Axes, run: Run) -> None:
    for number in range(len(run.samples[0].sent)):
        values = [(two.sent[number] - one.sent[number]) / (two.at - one.at) for one, two in pairwise(run.samples)]
        line = _smooth(_times(run)[1:], values)
        place.plot(*line, color=_COLOURS[run.style], linewidth=0.9, alpha=0.6, label=_once(number))
    place.set_ylabel(f"e-mails per second, mean of {_SMOOTHED}")


def _once(number: int) -> str:
    return "a walker" if number == 0 else "_"  # what begins so is not in the legend


def _say(place: Axes, text: str) -> None:
    place.set_title(text, loc="left", fontsize=9)


def _times(run: Run) -> list[float]:
    return [sample.at for sample in run.samples]


def _smooth(times: Sequence[float], values: Sequence[float]) -> tuple[list[float], list[float]]:
    """Return running means, at the time of the middle one of each."""
    count = min(_SMOOTHED, len(values))
    means = [fmean(values[at : at + count]) for at in range(len(values) - count + 1)]
    return list(times[count // 2 : count // 2 + len(means)]), means
