"""dask: how a notebook shows an array, and a graph of tasks."""

from contextlib import ExitStack
from pathlib import Path

from bench.real.package import Package


def _run(folder: Path, stack: ExitStack) -> None:
    import dask.array

    array = dask.array.ones((400, 300), chunks=(100, 50)) + 1
    array._repr_html_()
    array.dask._repr_html_()


PACKAGES = (
    Package(
        "dask",
        "an array of 24 blocks, and its graph",
        {"dask array": "array.html.j2", "dask graph": "highlevelgraph.html.j2"},
        _run,
        ("dask",),
    ),
)
