"""Buffers: who prints where, for each thread, task, generator and process by itself.

Enters: levels as they are opened: captures, requests, and templates while they render. Leaves: the levels that the
code which runs now has open. What is open is a tuple in a context variable, so that what a thread or a task opens, no
other sees. A new task, or whoever takes from a generator, finds levels in its context that are not its own: so a
level remembers the generator or coroutine that opened it, by the `id` of its frame, and whoever does not run inside of
that does not see it. No frame is ever kept.
"""

import sys
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from threading import get_ident
from types import FrameType, TracebackType
from typing import Any, Protocol, Self, cast

from blendtpl.errors import CaptureError


class Stream(Protocol):
    """What text can be written to."""

    def write(self, text: str, /) -> object:
        """Write a text."""


# A level is a list, which takes a fifth of the time that an object takes to make. Where things are in it:
OWNER = 0  # the `id` of the frame that it belongs to
PIECES = 1  # what was printed there; `None` where nothing is printed
ONCE = 2  # the templates that were included in it, as far as anybody has asked
PLACE = 3  # the template that renders, and its folder; `None` when none does
LOOSE = 4  # whether it, or one before it, may be left and come back to
THREAD = 5

Level = list[Any]
Once = set[object]

_NOBODY = 0  # owns what no generator or coroutine has opened
_SUSPENDED = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR
_CLOSED = -1
_OUTERMOST = sys.maxsize

# Context variables have to belong to modules: one that is made by a call is never collected.
_levels: ContextVar[tuple[Level, ...]] = ContextVar("blendtpl.compat", default=())


def opened() -> tuple[Level, ...]:
    """Return what the code that runs now has open, the outermost first."""
    levels = _levels.get()
    if not levels or (not levels[-1][LOOSE] and levels[-1][THREAD] == get_ident()):
        return levels
    depths = {_NOBODY: _OUTERMOST}
    frame: FrameType | None = sys._getframe(1)
    depth = 0
    while frame is not None:
        depths[id(frame)] = depth
        frame, depth = frame.f_back, depth + 1
    return tuple(_ordered(levels, depths))


def _ordered(levels: tuple[Level, ...], depths: Mapping[int, int]) -> Iterable[Level]:
    """Return the levels that whoever runs in this thread now has open, the outermost first."""
    thread, around = get_ident(), _OUTERMOST
    ordered: list[tuple[int, Level]] = []
    for level in levels:
        if level[THREAD] != thread or level[OWNER] not in depths:
            continue
        depth = depths[level[OWNER]]
        if level[PLACE] is not None:
            around = min(around, depth)
        # while a template renders, nothing runs that it has not called: what was opened since then is within it
        ordered.append((min(depth, around), level))
    ordered.sort(key=lambda item: -item[0])
    return (level for _, level in ordered)


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


def enter(owner: int, pieces: list[str] | None, place: Any, *, loose: bool = False) -> Level:
    """Open a level within all others."""
    levels = _levels.get()
    if levels and levels[-1][LOOSE]:
        levels = tuple(other for other in levels if other[OWNER] != _CLOSED)
    level = [owner, pieces, None, place, loose or (bool(levels) and levels[-1][LOOSE]), get_ident()]
    _levels.set((*levels, level))
    return level


def leave(*gone: Level) -> None:
    """Close levels, for whichever contexts they are in."""
    for level in gone:
        level[OWNER] = _CLOSED
    levels = _levels.get()
    if len(gone) == 1 and levels and levels[-1] is gone[0]:
        _levels.set(levels[:-1])
    else:
        _levels.set(tuple(level for level in levels if not any(level is other for other in gone)))


def within(level: Level) -> tuple[Level, ...]:
    """Return a level and what has been opened within it; nothing when it is not open here."""
    levels = opened()
    return next((levels[at:] for at, candidate in enumerate(levels) if candidate is level), ())


def once_of(levels: tuple[Level, ...]) -> Once:
    """Return what was included before: in the innermost request, or else in the outermost include."""
    for level in reversed(levels):
        if level[ONCE] is not None:
            return cast(Once, level[ONCE])
    for level in levels:
        if level[PLACE] is not None:
            level[ONCE] = once = {level[PLACE].template}
            return once
    return set()


def write(text: str, levels: tuple[Level, ...], stream: Stream | None) -> None:
    """Print to the innermost buffer, or else to the stream, which is standard output when there is none."""
    for level in reversed(levels):
        if level[PIECES] is not None:
            level[PIECES].append(text)
            return
    (sys.stdout if stream is None else stream).write(text)


class _Opened:
    """What a call opens, and the end of a `with` closes."""

    __slots__ = ("_level",)

    _level: Level | None

    def _open(self, frame: FrameType, pieces: list[str] | None) -> Level:
        owner = _owner(frame)
        self._level = level = enter(owner, pieces, None, loose=owner != _NOBODY)
        return level

    def __enter__(self) -> Self:
        return self

    def _take(self, called: str) -> tuple[Level, tuple[Level, ...]]:
        """Return the level, which is about to be closed, and what is open within it."""
        level = self._level
        if level is None:
            raise CaptureError(
                f"this {called} is closed already: each is closed once, by `close` or the end of its `with`"
            )
        levels = within(level)
        if not levels:
            raise CaptureError(
                f"this {called} is not open here: another thread, task or generator opened it, or an error dropped it"
            )
        return level, levels[1:]


class Capture(_Opened):
    """A buffer: what is printed while it is open, no one else gets. Get one from `IncludeShim.capture`."""

    __slots__ = ("_text",)

    def __init__(self, frame: FrameType) -> None:
        self._text = ""
        self._open(frame, [])

    @property
    def text(self) -> str:
        """What has been printed: so far, or while it was open."""
        return self._text if self._level is None else "".join(self._level[PIECES])

    def __str__(self) -> str:
        return self.text

    def close(self) -> str:
        """Close it, and return what was printed.

        Raises `CaptureError` when it is closed already, or one that was opened later is still open.
        """
        level, inner = self._take("capture")
        if any(later[PIECES] is not None for later in inner):
            raise CaptureError("a capture that was opened later is still open: the innermost is closed first")
        self._text, self._level = "".join(level[PIECES]), None
        leave(level)
        return self._text

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        elif self._level is not None:  # it, and whatever is open in it, is dropped
            level, self._level = self._level, None
            leave(*(within(level) or (level,)))


class Request(_Opened):
    """What is included once, is once in it. Get one from `IncludeShim.request`.

    At its end, buffers that were opened in it and are still open are printed, as at the end of a PHP script; they are
    dropped when it ends by an error.
    """

    __slots__ = ("_stream",)

    def __init__(self, frame: FrameType, stream: Stream | None) -> None:
        self._stream = stream
        self._open(frame, None)[ONCE] = set()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        level, inner = self._take("request")
        self._level = None
        leave(level, *inner)
        if kind is None:
            rest = "".join(piece for later in inner for piece in later[PIECES] or ())
            if rest:
                write(rest, opened(), self._stream)
