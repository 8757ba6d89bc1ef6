"""Passes: the compiler without some of them, whose code has to render the same."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from unittest import mock

from blendtpl.compiler.passes import pipeline

PASSES = tuple(pipeline.PASSES)


@contextmanager
def left_out(names: Collection[str]) -> Iterator[None]:
    """Have whatever this process compiles meanwhile go without some passes."""
    rest = {name: run for name, run in pipeline.PASSES.items() if name not in names}
    with mock.patch.object(pipeline, "PASSES", rest):
        yield
