"""Frames: the variables of functions that run, which no object refers to that the collector knows of.

Enters: frames. Leaves: their variables; and, of each thread, what a variable is called that holds an object directly.
"""

import signal
import sys
import sysconfig
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import CO_OPTIMIZED
from types import FrameType
from typing import Any

# Frames of another thread stand still while this one runs, which the lock of the interpreter sees to.
_STAND_STILL = not sysconfig.get_config_var("Py_GIL_DISABLED")


@dataclass(frozen=True, slots=True)
class Root:
    """Where a way to an object begins that begins at no object: a variable, if it is one, and what that is of."""

    variable: str
    where: str


def variables(frame: FrameType) -> dict[str, Any]:
    """Return the variables of a frame, and leave nothing behind: up to Python 3.12 a frame of a function keeps the dict
    that it was asked for, with all that is in it.
    """
    snapshot = frame.f_locals
    found = dict(snapshot)
    if sys.version_info < (3, 13) and frame.f_code.co_flags & CO_OPTIMIZED and sys.getrefcount(snapshot) <= _UNSHARED:
        snapshot.clear()  # but for one that the function itself got from `locals()`
    return found


_UNSHARED = 3  # the frame, the variable, and the argument of `getrefcount`


def stack(frame: FrameType | None) -> Iterator[FrameType]:
    """Yield a frame and what called it."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def running() -> Iterator[tuple[int, Root]]:
    """Yield, by `id`, what variables of functions hold that other threads run, and what handles signals."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    if _STAND_STILL:
        for ident, top in sys._current_frames().items():
            if ident != threading.get_ident():
                thread = f", which runs in thread `{names.get(ident, ident)}`"
                for frame in stack(top):
                    yield from named(frame, thread)
    for number in signal.valid_signals():
        handler = signal.getsignal(number)
        if callable(handler):
            yield id(handler), Root("", f"the handler of signal {signal.Signals(number).name}")


def named(frame: FrameType, state: str) -> Iterator[tuple[int, Root]]:
    """Yield, by `id`, what the variables of a frame hold, and what they are called."""
    code = frame.f_code
    if code.co_flags & CO_OPTIMIZED:  # those of a module or a class have a dict, which is found as any other
        where = f"function {frame.f_globals.get('__name__', '?')}.{code.co_qualname}{state}"
        for name, value in variables(frame).items():
            yield id(value), Root(name, where)
