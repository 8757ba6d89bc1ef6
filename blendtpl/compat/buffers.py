"""Buffers: who prints where, for each thread, task, generator and process by itself.

Enters: levels as they are opened: captures, requests, and templates while they render. Leaves: the levels that the
code which runs now has open. What is open is a tuple in a context variable, so that what a thread or a task opens, no
other sees. A new task, or whoever takes from a generator, finds levels in its context that are not its own: so a
level remembers the generator or coroutine that opened it, by the `id` of its frame, and whoever does not run inside of
that does not see it. No frame is ever kept.
"""

import sys
from collections.abc import Callable
from contextvars import ContextVar
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from threading import get_ident
from types import FrameType, TracebackType
from typing import Any, Self

from blendtpl.errors import CaptureError

Once = set[tuple[object, str]]
Place = tuple[str, str]

NOWHERE: Place = ("", "")

_NOBODY = 0  # owns what no generator or coroutine has opened
_SUSPENDED = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR
_OUTERMOST = sys.maxsize


class Level:
    """Something that is open: `pieces` is what was printed there, `None` where nothing is printed; `once` what has been
    included in it; `place` the template that renders, and its folder. `owner` is the `id` of the frame it belongs to.
    """

    __slots__ = ("loose", "once", "owner", "pieces", "place", "thread")

    def __init__(self, owner: int, pieces: list[str] | None, once: Once | None, place: Place, *, loose: bool) -> None:
        self.owner, self.pieces, self.once, self.place = owner, pieces, once, place
        self.loose = loose  # whether it, or one before it, may be left and come back to
        self.thread = get_ident()


# Context variables have to belong to modules: one that is made by a call is never collected.
_levels: ContextVar[tuple[Level, ...]] = ContextVar("blendtpl.compat", default=())


def opened() -> tuple[Level, ...]:
    """Return what the code that runs now has open, the outermost first."""
    levels = _levels.get()
    if not levels or (not levels[-1].loose and levels[-1].thread == get_ident()):
        return levels
    return _of_this_stack(levels)


def _of_this_stack(levels: tuple[Level, ...]) -> tuple[Level, ...]:
    """Return the levels whose owners run now in this thread, those of the outermost first."""
    depths = {_NOBODY: _OUTERMOST}
    frame: FrameType | None = sys._getframe(1)
    depth = 0
    while frame is not None:
        depths[id(frame)] = depth
        frame, depth = frame.f_back, depth + 1
    thread = get_ident()
    own = [level for level in levels if level.thread == thread and level.owner in depths]
    return tuple(sorted(own, key=lambda level: -depths[level.owner]))


def _owner(frame: FrameType | None) -> int:
    """Return the innermost generator or coroutine around a frame.

    Those that `contextlib` makes context managers of are none: what they open is for whoever enters them.
    """
    while frame is not None:
        if frame.f_code.co_flags & _SUSPENDED and frame.f_globals.get("__name__") != "contextlib":
            above = frame.f_back
            if above is None or above.f_globals.get("__name__") != "contextlib":
                return id(frame)
        frame = frame.f_back
    return _NOBODY


def enter(owner: int, pieces: list[str] | None, once: Once | None, place: Place, *, loose: bool = False) -> Level:
    """Open a level within all others."""
    levels = _levels.get()
    level = Level(owner, pieces, once, place, loose=loose or (bool(levels) and levels[-1].loose))
    _levels.set((*levels, level))
    return level


def leave(*gone: Level) -> None:
    """Close levels."""
    levels = _levels.get()
    _levels.set(levels[:-1] if gone == levels[-1:] else tuple(level for level in levels if level not in gone))


def within(level: Level) -> tuple[Level, ...]:
    """Return what has been opened within a level and is open. Raises `ValueError` when that is not open here."""
    levels = opened()
    return levels[levels.index(level) + 1 :]


def write(text: str, stream: Callable[[], Any]) -> None:
    """Print to the innermost buffer, or else to the stream."""
    for level in reversed(opened()):
        if level.pieces is not None:
            level.pieces.append(text)
            return
    stream().write(text)


class _Opened:
    """What a call opens, and the end of a `with` closes."""

    __slots__ = ("_level",)

    _level: Level | None

    def _open(self, frame: FrameType, pieces: list[str] | None, once: Once | None) -> None:
        levels = opened()
        around = levels[-1] if levels else None
        if once is None and around is not None:
            once = around.once
        owner = _owner(frame)
        self._level = enter(owner, pieces, once, around.place if around else NOWHERE, loose=owner != _NOBODY)

    def __enter__(self) -> Self:
        return self

    def _take(self, called: str) -> tuple[Level, tuple[Level, ...]]:
        """Return the level, which is about to be closed, and what is open within it."""
        level = self._level
        if level is None:
            raise CaptureError(
                f"this {called} is closed already: each is closed once, by `close` or the end of its `with`"
            )
        try:
            return level, within(level)
        except ValueError:
            raise CaptureError(
                f"this {called} is not open here: another thread, task or generator opened it, or an error dropped it"
            ) from None


class Capture(_Opened):
    """A buffer: what is printed while it is open, no one else gets. Get one from `IncludeShim.capture`."""

    __slots__ = ("_text",)

    def __init__(self, frame: FrameType) -> None:
        self._text = ""
        self._open(frame, [], None)

    @property
    def text(self) -> str:
        """What has been printed: so far, or while it was open."""
        return self._text if self._level is None else "".join(self._level.pieces or ())

    def __str__(self) -> str:
        return self.text

    def close(self) -> str:
        """Close it, and return what was printed.

        Raises `CaptureError` when it is closed already, or one that was opened later is still open.
        """
        level, inner = self._take("capture")
        if any(found.pieces is not None for found in inner):
            raise CaptureError("a capture that was opened later is still open: the innermost is closed first")
        self._text, self._level = "".join(level.pieces or ()), None
        leave(level)
        return self._text

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        elif self._level is not None:  # it, and whatever is open in it, is dropped
            level, self._level = self._level, None
            if level in opened():
                leave(level, *within(level))


class Request(_Opened):
    """What is included once, is once in it. Get one from `IncludeShim.request`.

    At its end, buffers that were opened in it and are still open are printed, as at the end of a PHP script; they are
    dropped when it ends by an error.
    """

    __slots__ = ("_stream",)

    def __init__(self, frame: FrameType, stream: Callable[[], Any]) -> None:
        self._stream = stream
        self._open(frame, None, set())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        level, inner = self._take("request")
        self._level = None
        leave(level, *inner)
        if kind is None:
            left = "".join(piece for found in inner for piece in found.pieces or ())
            if left:
                write(left, self._stream)
