"""Streams: what hands out a render in pieces.

Enters: a function that begins to render, given how large a piece is to be. Leaves: iterators over the pieces, of which
one at a time is in memory; whoever has enough closes them, and the render ends there.
"""

import os
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator
from contextlib import aclosing, closing
from typing import IO, Any, Generic, TypeVar

PIECE = 8192  # characters, or bytes, that a piece has at least, but for the last and for what is flushed

FLUSH = object()  # what code of a template yields when what it has printed is not to wait

# What loops go through without waiting for anything. Code of a template yields what it goes through before it begins.
_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()))
_AT_HAND = frozenset((type(None), list, tuple, dict, str, range, set, frozenset, *_VIEWS))

T = TypeVar("T", str, bytes)
Other = TypeVar("Other", str, bytes)


def may_wait(step: object) -> bool:
    """Return whether what has been printed is to be handed out, as what comes next may take its time: a loop over what
    is made while it is gone through, or what a template says.
    """
    return type(step) not in _AT_HAND


class _Sized:
    """What is common to both kinds: how large a piece is, which may be changed until the first has been taken."""

    __slots__ = ("_begin", "_pieces", "_size")

    def __init__(self, begin: Callable[[int], Any]) -> None:
        self._begin: Callable[[int], Any] | None = begin
        self._pieces: Any = None
        self._size = PIECE

    @property
    def size(self) -> int:
        """The characters, or bytes, that a piece has at least, but for the last and for what is flushed; from 1."""
        return self._size

    @size.setter
    def size(self, size: int) -> None:
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise ValueError(f"the size of a piece is a whole number from 1 on, not {size!r}")
        if self._begin is None:
            raise ValueError("the size of a piece can be set before the first one is taken, and not later")
        self._size = size

    def _begun(self) -> Any:
        if self._begin is not None:
            begin, self._begin = self._begin, None  # which has the variables of the render
            self._pieces = begin(self._size)
        return self._pieces

    def _unbegun(self) -> Callable[[int], Any]:
        if self._begin is None:
            raise ValueError("the first piece of this stream has been taken")
        return self._begin


class Stream(_Sized, Generator[T, None, None], Generic[T]):
    """An iterator over the pieces of a render. Nothing runs before the first is taken; closed, it ends the render.

    What has been printed is handed out once it is of the `size` that is set, and before a loop goes through what is
    neither a list nor any other container of Python's, which may take its time, and at ``{% flush %}``.
    """

    __slots__ = ()

    def __next__(self) -> T:
        piece: T = next(self._begun())
        return piece

    def send(self, value: None) -> T:
        """Return the next piece, as any generator does that is sent nothing."""
        piece: T = self._begun().send(value)
        return piece

    def throw(self, *error: Any) -> T:
        """Raise an exception in the render, which ends it unless a template's function goes on."""
        try:
            piece: T = self._begun().throw(*error)
            return piece
        finally:
            del error  # whose traceback has this frame

    def close(self) -> None:
        """End the render, if it has begun and not ended."""
        self._begun().close()

    def through(self, wrap: Callable[[Generator[T, None, None]], Generator[Other, None, None]]) -> "Stream[Other]":
        """Return this as a stream of what a function makes of the pieces, which closes what it is given."""
        begin = self._unbegun()
        stream: Stream[Other] = Stream(lambda size: wrap(begin(size)))
        return stream

    def dump(self, file: str | os.PathLike[str] | IO[Any], encoding: str | None = None, errors: str = "strict") -> None:
        """Write all of it into a file, or the file of a name, as `jinja2.environment.TemplateStream.dump` does.

        A file of a name is written in UTF-8 unless `encoding` says otherwise. A file that is open is given texts, or
        bytes where there is an encoding.
        """
        with closing(self):
            if isinstance(file, (str, os.PathLike)):
                with open(file, "wb") as opened:
                    opened.writelines(_encoded(self, encoding or "utf-8", errors))
            elif encoding is None:
                file.writelines(self)
            else:
                file.writelines(_encoded(self, encoding, errors))


class AsyncStream(_Sized, AsyncGenerator[T, None], Generic[T]):
    """An asynchronous iterator over the pieces of a render, as `Stream` is one; `aclose` ends the render."""

    __slots__ = ()

    async def __anext__(self) -> T:
        piece: T = await anext(self._begun())
        return piece

    async def asend(self, value: None) -> T:
        """Return the next piece, as any asynchronous generator does that is sent nothing."""
        piece: T = await self._begun().asend(value)
        return piece

    async def athrow(self, *error: Any) -> T:
        """Raise an exception in the render, as `Stream.throw` does."""
        try:
            piece: T = await self._begun().athrow(*error)
            return piece
        finally:
            del error  # as above

    async def aclose(self) -> None:
        """End the render, if it has begun and not ended."""
        await self._begun().aclose()

    def through(self, wrap: Callable[[AsyncGenerator[T, None]], AsyncGenerator[Other, None]]) -> "AsyncStream[Other]":
        """Return this as a stream of what a function makes of the pieces, which closes what it is given."""
        begin = self._unbegun()
        stream: AsyncStream[Other] = AsyncStream(lambda size: wrap(begin(size)))
        return stream


def _encoded(pieces: Iterable[str | bytes], encoding: str, errors: str) -> Iterator[bytes]:
    return (piece if isinstance(piece, bytes) else piece.encode(encoding, errors) for piece in pieces)


def in_utf8(pieces: Generator[str, None, None]) -> Generator[bytes, None, None]:
    """Yield the pieces of a stream in UTF-8."""
    with closing(pieces):
        for piece in pieces:
            yield piece.encode()


async def in_utf8_async(pieces: AsyncGenerator[str, None]) -> AsyncGenerator[bytes, None]:
    """Yield the pieces of an asynchronous stream in UTF-8."""
    async with aclosing(pieces):
        async for piece in pieces:
            yield piece.encode()
