"""Bokeh: a page with a plot."""

from contextlib import ExitStack
from pathlib import Path

from bench.real.package import Package
from bench.real.projects import COUNT


def _run(folder: Path, stack: ExitStack) -> None:
    from bokeh.embed import file_html
    from bokeh.plotting import figure
    from bokeh.resources import CDN

    plot = figure(title="Sold & left")
    plot.line(list(range(COUNT)), [at * at for at in range(COUNT)])
    file_html(plot, CDN, "A plot")


PACKAGES = (Package("bokeh", "a page with a plot", {"bokeh page": "file.html.jinja"}, _run, ("bokeh",)),)
