"""The graph: work done over time above memory over time, of a recording, as SVG or PNG.

Enters: a file that a `Recorder` wrote, which may still be written to. Leaves: a picture. It needs matplotlib, and no
server of anything.
"""

import os
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from blendtpl.errors import ConfigError
from blendtpl.extras import not_installed
from blendtpl.metrics.looks import FAINT, GREY, INK, LOOKS, save, set_times
from blendtpl.metrics.recording import Sample, read

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ENDINGS = (".svg", ".png")
_MIB = 2.0**20
_WORK, _BACKLOG, _PSS, _RSS, _EACH, _LEFT = "#047857", "#c2410c", "#1d4ed8", GREY, "#0891b2", "#7c3aed"
_MOST_REASONS = 4
_NAN = float("nan")


def draw(file: str | os.PathLike[str], out: str | os.PathLike[str]) -> Path:
    """Draw the recording `file` into `out`, which ends in ``.svg`` or ``.png``; return that.

    Raises `ConfigError` for what is no recording or has no samples, and for a picture that cannot be written, and
    `NotInstalledError` without matplotlib.
    """
    path = Path(out)
    if path.suffix not in ENDINGS:
        raise ConfigError(f"{path}: a graph is drawn as {' or '.join(ENDINGS)}: give a name that ends so")
    samples = read(file)
    try:
        import matplotlib as mpl
    except ImportError as error:
        raise not_installed("the graph", error) from None
    with mpl.rc_context(LOOKS):
        figure = picture(samples)
        try:
            save(figure, path)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise ConfigError(f"{path}: the graph cannot be written: {reason}") from error
    return path


def picture(samples: Sequence[Sample]) -> "Figure":
    """Return the figure."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(figsize=(8.4, 6.0), layout=ConstrainedLayoutEngine(hspace=0.05))
    work, memory = figure.subplots(2, 1, sharex=True)
    for draw_panel, place in ((_draw_work, work), (_draw_memory, memory)):
        beside = _right_axis(place)
        draw_panel(place, beside, samples)
        _finish(place, beside)
    set_times(memory, max(samples[-1].at - samples[0].at, 1.0), "the recording began")
    work.tick_params(length=0)
    return figure


def _right_axis(place: "Axes") -> "Axes":
    """Return an axis of its own for what is much smaller than the rest."""
    beside = place.twinx()
    beside.grid(visible=False)
    beside.spines["right"].set_visible(True)
    beside.tick_params(length=0)
    return beside


def _finish(place: "Axes", beside: "Axes") -> None:
    """Have both axes begin at 0, with room for the legend, which is one; an axis that nothing is drawn by goes."""
    for axis in (place, beside):
        axis.set_ylim(0, (axis.get_ylim()[1] if axis.lines else 0) * 1.15 or 1)
        axis.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    if not beside.lines:
        beside.set_axis_off()
    (drawn, labels), (more, others) = place.get_legend_handles_labels(), beside.get_legend_handles_labels()
    place.legend([*drawn, *more], [*labels, *others], loc="lower left", bbox_to_anchor=(-0.01, 0.985), ncols=5)


def _times(samples: Sequence[Sample]) -> list[float]:
    return [sample.at - samples[0].at for sample in samples]


def _draw_work(place: "Axes", beside: "Axes", samples: Sequence[Sample]) -> None:
    """Draw what there is most to say of: mails where any were sent, else renders, else cycles."""
    name = next((name for name in ("mails", "renders") if getattr(samples[-1], name)), "cycles")
    times = _times(samples)
    done = [getattr(sample, name) - getattr(samples[0], name) for sample in samples]
    place.plot(times, done, color=_WORK, linewidth=2.2, label=f"{name}, all workers")
    place.fill_between(times, done, color=_WORK, alpha=0.08, linewidth=0)
    backlog = [_NAN if sample.backlog is None else sample.backlog for sample in samples]
    if any(sample.backlog is not None for sample in samples):
        beside.plot(times, backlog, color=_BACKLOG, linewidth=1.0, alpha=0.8, label="backlog (right)")
        beside.set_ylabel("backlog")
    rate = f", {done[-1] / times[-1]:,.1f} per second" if times[-1] else ""
    _title(place, "Work done", f"{done[-1]:,.0f} {name}{rate}")
    place.set_ylabel(name)


def _draw_memory(place: "Axes", beside: "Axes", samples: Sequence[Sample]) -> None:
    times = _times(samples)
    lines: dict[tuple[int, int], tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for at, sample in zip(times, samples, strict=True):
        for worker in sample.workers:
            line = lines[worker.slot, worker.pid]
            line[0].append(at)
            line[1].append(worker.rss / _MIB)
    for number, (moments, sizes) in enumerate(lines.values()):
        label = "each, resident (right)" if not number else "_"  # what begins so is not in the legend
        beside.plot(moments, sizes, color=_EACH, linewidth=0.8, alpha=0.5, label=label)
        beside.set_ylabel("MiB of each worker")
    rss = [sum(worker.rss for worker in sample.workers) / _MIB for sample in samples]
    place.plot(times, rss, color=_RSS, linewidth=1.6, linestyle="--", label="all, resident")
    # nothing where it is not known of one, as of a worker that was just gone
    pss = [sum(_NAN if worker.pss is None else worker.pss for worker in sample.workers) / _MIB for sample in samples]
    known = [size for size in pss if size == size]
    if any(known):
        place.plot(times, pss, color=_PSS, linewidth=2.2, label="all, proportional")
    _draw_rotations(place, samples, times)
    told = [f"{known[-1]:,.0f} MiB proportional"] if any(known) else []
    _title(place, "Memory", ", ".join([*told, f"{rss[-1]:,.0f} MiB resident"]))
    place.set_ylabel("MiB of all workers")


def _draw_rotations(place: "Axes", samples: Sequence[Sample], times: Sequence[float]) -> None:
    """Put a tick where a worker left."""
    counts = [sum(sample.rotations.values()) for sample in samples]
    left = [at for at, (before, after) in zip(times[1:], pairwise(counts), strict=True) if after > before]
    if not left:
        return
    reasons = {
        reason: count - samples[0].rotations.get(reason, 0) for reason, count in samples[-1].rotations.items() if count
    }
    most = sorted(((reason, count) for reason, count in reasons.items() if count), key=lambda found: -found[1])
    told = ", ".join(f"{reason} {count:,.0f}" for reason, count in most[:_MOST_REASONS])
    rest = ", …" if len(most) > _MOST_REASONS else ""
    ticks = place.plot(left, [0.03] * len(left), "|", color=_LEFT, markersize=9, label=f"left: {told}{rest}")
    ticks[0].set_transform(place.get_xaxis_transform())  # at the foot, whatever the memory


def _title(place: "Axes", name: str, told: str) -> None:
    place.set_title(name, loc="left", fontsize=11, fontweight="bold", color=INK, pad=24)
    place.set_title(told, loc="right", fontsize=9, color=INK, pad=24)
    place.spines["bottom"].set_color(FAINT)
