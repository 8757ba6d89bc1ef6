"""Collector: the garbage collector, while a build runs."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Switch the garbage collector off for a while: it would look through all trees time and again, for a quarter of
    the time of a build, and find next to nothing, as no stage makes cycles.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
