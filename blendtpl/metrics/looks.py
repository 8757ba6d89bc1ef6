"""Looks of pictures: light ones, with a ground of their own, so that they read the same on a dark page.

Enters: figures of matplotlib. Leaves: files, which are the same for the same data.
"""

from math import floor, log10
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, GREY, FAINT, GRID = "#1f2328", "#6e7781", "#d0d7de", "#eaeef2"
LOOKS: Any = {
    "font.size": 10,
    "axes.edgecolor": FAINT,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "figure.facecolor": "#ffffff",
    "grid.color": GRID,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "svg.hashsalt": "walkers",  # the same samples give the same file
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
_UNITS = ((2 * 86400, 86400, "days"), (7200, 3600, "hours"), (100, 60, "minutes"), (0, 1, "seconds"))


def save(figure: "Figure", file: Path) -> None:
    """Write a picture, whose kind the ending of its name says."""
    figure.savefig(file, dpi=150, metadata={"Date": None} if file.suffix == ".svg" else {})


def set_times(place: "Axes", seconds: float, since: str) -> None:
    """Have the axis of a picture go from 0 to so many seconds, in steps that are round in a unit that suits them."""
    from matplotlib.ticker import MultipleLocator

    size, name = next((size, name) for least, size, name in _UNITS if seconds >= least)
    place.set_xlim(0, seconds)
    place.xaxis.set_major_locator(MultipleLocator(_step(seconds / size) * size))
    place.xaxis.set_major_formatter(lambda at, _: f"{at / size:g}")
    place.tick_params(length=0, labelleft=True, labelbottom=True)
    place.set_xlabel(f"{name} since {since}")


def _step(length: float) -> float:
    """Return a round number that goes into a length four to eight times."""
    magnitude = 10.0 ** floor(log10(length / 4))
    return max(step * magnitude for step in (1, 2, 2.5, 5) if step * magnitude <= length / 4)
