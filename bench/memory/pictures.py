"""The pictures, by matplotlib: without a background, and in colours that can be read on light and on dark.

Enters: what was found. Leaves: figures by name. Axes for growth are linear near zero and logarithmic beyond, so that
what is flat stands beside what grows a thousand times faster than what grows.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, cycle, repeat
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from bench.memory.loaded import MEASURES, MOMENTS, OURS, THEIRS, Held
from bench.memory.registered import Family, Kind
from bench.memory.runs import PER, Run, Verdict

INK = "#777c82"  # as far from white as from black; no colour is nearer to one of them than 3 to 1 in contrast
_COLOURS = {
    Family.OURS: ("#2f8fe0", "#17a2a2", "#7f7fe8"),
    Family.OLD: ("#d9341e", "#cf7a10", "#a98a1c", "#a5561d", "#e0609e", "#8c6d6d", "#b23a8f", "#7b8a2a"),
    Family.PEERS: ("#2ca25f", "#78971a", "#3a9e8b", "#9a7fd1", "#c774b2"),
    Family.PHP: ("#8d4fd1", "#7d7f9c"),
}
_DASHES = {Family.OURS: "-", Family.OLD: "-", Family.PEERS: "--", Family.PHP: "-."}
_STYLE = {
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlesize": 11,
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "grid.alpha": 0.25,
    "grid.color": INK,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "savefig.transparent": True,
    "svg.fonttype": "none",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
_MEASURES = dict(zip(MEASURES, ("RSS", "PSS", "private dirty"), strict=True))
_MEGABYTE = 1e6
_WIDTHS = (7, 3.2)  # of lines that may lie on each other, and all others are
_THIN = 1.6


def draw(runs: Sequence[Run], held: Held | None) -> dict[str, Figure]:
    """Return the figures that there is something for."""
    figures = {}
    with mpl.rc_context(_STYLE):
        for name, kind in (("alert", Kind.ALERT), ("mixed", Kind.MIXED)):
            if chosen := [run for run in runs if run.kind is kind and run.renders]:
                figures[name] = _curves(chosen)
        if chosen := [run for run in runs if run.kind is Kind.ALERT and run.verdict is not Verdict.UNKNOWN]:
            figures["rates"] = _rates(chosen)
        by_itself = [run for run in runs if run.kind in (Kind.CONSTRUCTS, Kind.ERRORS) and not run.task.collector]
        if chosen := [run for run in by_itself if run.end]:
            figures["constructs"] = _constructs(chosen)
        if held:
            figures["templates"] = _templates(held)
    return figures


def save(figures: Mapping[str, Figure], folder: Path) -> None:
    """Write each figure as SVG, which is the same for the same figure, and as PNG."""
    for name, figure in figures.items():
        with mpl.rc_context({**_STYLE, "svg.hashsalt": name}):
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
            figure.savefig(folder / f"{name}.png", dpi=150)


def colours(subjects: Mapping[str, Family]) -> dict[str, str]:
    """Return the colour of each subject: those of a family are akin."""
    shades_of = {family: cycle(shades) for family, shades in _COLOURS.items()}
    return {subject: next(shades_of[family]) for subject, family in subjects.items()}


def _curves(runs: Sequence[Run]) -> Figure:
    """Draw resident memory against renders, with the collector off and on side by side."""
    figure = Figure(figsize=(11.5, 5))
    shade = colours({run.task.subject: run.family for run in runs})
    sides = [on for on in (False, True) if any(run.task.collector is on for run in runs)]
    axes = figure.subplots(1, len(sides), sharex=True, sharey=True, squeeze=False)[0]
    for side, on in zip(axes, sides, strict=True):
        side.set_title(f"collector {'on' if on else 'off'}")
        for run in runs:
            if run.task.collector is on:
                renders, values = zip(*run.series("rss"), strict=True)
                megabytes = [(value - values[0]) / _MEGABYTE for value in values]
                side.plot(renders[1:], megabytes[1:], color=shade[run.task.subject], **_line(run.family))
        side.set_xlabel("renders")
        side.grid(visible=True)
    axes[0].set_xscale("log")
    axes[0].set_xlim(left=10)
    _growth_axis(axes[0], "y", 0.1, _megabytes)
    axes[0].set_ylim(bottom=-0.03)
    axes[0].set_ylabel("resident memory, over that after the warm-up")
    figure.legend(
        handles=list(_handles_by_growth(runs, shade)),
        loc="outside right center",
        title="growth per render\n(collector off)",
        alignment="left",
    )
    return figure


def _handles_by_growth(runs: Sequence[Run], shade: Mapping[str, str]) -> Iterator[Line2D]:
    """Yield what stands in the legend, from what grows most to what is flat, each with its growth."""
    chosen = [(slope.middle / PER, run) for run in runs if not run.task.collector and (slope := run.slope("rss"))]
    for growth, run in sorted(chosen, key=lambda row: -row[0]):
        rate = _bytes(float(f"{growth:.2g}")) if growth >= 1 else "flat"
        label = f"{rate}  {_plain(run.task.subject)}"
        yield Line2D([], [], color=shade[run.task.subject], label=label, **_line(run.family))


def _line(family: Family) -> dict[str, Any]:
    ours = family is Family.OURS
    return {"linewidth": 3 if ours else _THIN, "zorder": 3 if ours else 2, "linestyle": _DASHES[family]}


def _rates(runs: Sequence[Run]) -> Figure:
    """Draw by how much the resident memory grows per render, with the interval, for each subject."""
    subjects = list(dict.fromkeys(run.task.subject for run in runs))[::-1]
    figure = Figure(figsize=(11, 1.6 + 0.32 * len(subjects)))
    axes = figure.subplots()
    shade = colours({run.task.subject: run.family for run in runs})
    for run in runs:
        slope = run.slope("rss")
        if slope is None:
            continue
        middle, low, high = (value / PER for value in (slope.middle, slope.low, slope.high))
        height = subjects.index(run.task.subject) + (-0.16 if run.task.collector else 0.16)
        colour = shade[run.task.subject]
        axes.plot([low, high], [height, height], color=colour, linewidth=2)
        face = "none" if run.task.collector else colour
        axes.plot([middle], [height], marker="o", markersize=7, color=colour, markerfacecolor=face)
    axes.set_yticks(range(len(subjects)), list(map(_plain, subjects)))
    axes.set_ylim(-0.6, len(subjects) - 0.4)
    _growth_axis(axes, "x", 1, _bytes)
    lowest = min((slope.low / PER for run in runs if (slope := run.slope("rss"))), default=0.0)
    axes.set_xlim(min(-0.3, 2 * lowest))
    axes.margins(x=0.05)
    axes.set_xlabel("growth of resident memory per render: Theil and Sen's slope and its 95 % interval")
    axes.grid(visible=True, axis="x")
    plain: dict[str, Any] = {"color": INK, "marker": "o", "linestyle": "none"}
    off = Line2D([], [], **plain, label="collector off")
    on = Line2D([], [], **plain, markerfacecolor="none", label="collector on")
    figure.legend(handles=[off, on], loc="outside upper right", ncols=2)
    return figure


def _constructs(runs: Sequence[Run]) -> Figure:
    """Draw what each construct and each error leaves per render, from the most to the least."""
    figure = Figure(figsize=(11, 4.6))
    shade = colours({run.task.subject: run.family for run in runs})
    kinds = [kind for kind in (Kind.CONSTRUCTS, Kind.ERRORS) if any(run.kind is kind for run in runs)]
    axes = figure.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
    for side, kind in zip(axes, kinds, strict=True):
        for subject, width in zip(shade, chain(_WIDTHS, repeat(_THIN)), strict=False):
            values = [_left_per_render(run) for run in runs if run.kind is kind and run.task.subject == subject]
            side.plot(sorted(values, reverse=True), color=shade[subject], linewidth=width)
        side.set_xlabel(f"{kind}, from the one that leaves most")
        side.grid(visible=True)
    _growth_axis(axes[0], "y", 0.1, lambda value: f"{value:g}")
    axes[0].set_ylabel("objects that a render leaves to the collector,\nwhich is off")
    figure.legend(
        handles=[Line2D([], [], color=colour, linewidth=3, label=_plain(subject)) for subject, colour in shade.items()],
        loc="outside right center",
    )
    return figure


def _left_per_render(run: Run) -> float:
    return run.garbage / run.renders if run.renders else 0.0


def _templates(held: Held) -> Figure:
    """Draw what many templates take, beside half of what they take in Jinja2."""
    figure = Figure(figsize=(11, 3.8))
    axes = figure.subplots()
    bars = [(OURS, _COLOURS[Family.OURS][0]), (THEIRS, _COLOURS[Family.PEERS][0])]
    width = 0.36
    for shift, (holder, colour) in zip((-width / 2, width / 2), bars, strict=True):
        for at, measure in enumerate(MEASURES):
            middle, low, high = (value / _MEGABYTE for value in held.over(holder, MOMENTS[0], measure))
            spread = [[middle - low], [high - middle]]
            label = holder if at == 0 else None
            axes.bar(at + shift, middle, width * 0.94, color=colour, label=label, yerr=spread, ecolor=INK, capsize=3)
            axes.annotate(f"{middle:.1f}", (at + shift, middle), (0, 5), textcoords="offset points", ha="center")
    for at, measure in enumerate(MEASURES):
        half = held.over(THEIRS, MOMENTS[0], measure)[0] / 2 / _MEGABYTE
        label = "half of Jinja2's" if at == 0 else None
        axes.plot([at - width, at + width], [half, half], color=INK, linestyle="--", linewidth=1.4, label=label)
    axes.set_xticks(range(len(MEASURES)), list(_MEASURES.values()))
    axes.set_ylabel(f"MB for {held.count:,} templates,\nover the imports alone")
    axes.margins(y=0.16)
    axes.grid(visible=True, axis="y")
    axes.set_axisbelow(True)
    figure.legend(loc="outside right center")
    return figure


def _growth_axis(axes: Axes, which: str, threshold: float, tell: Callable[[float], str]) -> None:
    """Have an axis be linear up to a threshold on both sides of zero, and logarithmic beyond."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xscale if which == "x" else axes.set_yscale)("symlog", linthresh=threshold, linscale=0.6)
    axis.set_major_formatter(FuncFormatter(lambda value, _: tell(value)))


def _plain(text: str) -> str:
    """Return a text for matplotlib, to which dollars would be formulas."""
    return text.replace("$", r"\$")


def _megabytes(value: float) -> str:
    return f"{value:g} MB"


def _bytes(value: float) -> str:
    for unit, size in (("MB", 1e6), ("kB", 1e3)):
        if abs(value) >= size:
            return f"{value / size:g} {unit}"
    return f"{value:g} B"
