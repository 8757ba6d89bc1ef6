"""Runners: how a render runs where that is more than a call: where it may wait, or is in the language of a locale.

Enters: what a render is given, and the function that renders. Leaves: what that returns. A language is set for as long
as the function runs, or each step of it: between two pieces of a stream it is nobody's.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator, Mapping
from contextlib import aclosing, closing, suppress
from contextvars import Token
from types import ModuleType
from typing import Any, Protocol

import jinja2

from blendtpl.runtime.languages import Translations, installed, language

Given = tuple[tuple[Any, ...], Mapping[str, Any]]  # mappings in order, and variables
NOTHING: Given = (), {}
Pieces = Generator[str, None, None]
Set = Token[str | None]


class Runner(Protocol):
    """What renders the templates of an environment that awaits, or has translations."""

    def complete(self, given: Given, function: Callable[..., Any], /, *arguments: Any) -> Any:
        """Return what a function returns, for whoever is no coroutine."""

    def run(self, given: Given, function: Callable[..., Any], /, *arguments: Any) -> Awaitable[Any]:
        """Return what gives what a function returns, and awaits whatever it waits for meanwhile."""

    def complete_each(self, given: Given) -> Callable[[Pieces], Iterator[str]]:
        """Return what yields what a generator yields, for whoever is no coroutine."""

    def run_each(self, given: Given) -> Callable[[Pieces], AsyncGenerator[str, None]]:
        """Return what yields what a generator yields, and awaits what each waits for."""


class Translating:
    """The runner of an environment that has translations, and may await (`blendtpl.runtime.awaiting`)."""

    __slots__ = ("_awaiting", "_translations")

    def __init__(self, awaiting: ModuleType | None, translations: Translations) -> None:
        self._awaiting, self._translations = awaiting, translations

    def complete(self, given: Given, function: Callable[..., Any], /, *arguments: Any) -> Any:
        """Return what a function returns, in the language that the render is given."""
        token = self._enter(given)
        try:
            if self._awaiting is None:
                return function(*arguments)
            return self._awaiting.complete(function, *arguments)
        finally:
            _leave(token)

    async def run(self, given: Given, function: Callable[..., Any], /, *arguments: Any) -> Any:
        """Return the same, and await whatever it waits for meanwhile."""
        token = self._enter(given)
        try:
            if self._awaiting is None:
                return function(*arguments)
            return await self._awaiting.run(function, *arguments)
        finally:
            _leave(token)

    def complete_each(self, given: Given) -> Callable[[Pieces], Iterator[str]]:
        """Return what yields what a generator yields, each of it in that language."""
        tag = self._translations.tag_in(*given)
        steps = _same if self._awaiting is None else self._awaiting.complete_each
        return steps if tag is None else lambda pieces: _each(tag, steps(pieces))

    def run_each(self, given: Given) -> Callable[[Pieces], AsyncGenerator[str, None]]:
        """Return the same, which awaits what each waits for."""
        tag = self._translations.tag_in(*given)
        steps = awaitable if self._awaiting is None else self._awaiting.run_each
        return steps if tag is None else lambda pieces: _each_async(tag, steps(pieces))

    def _enter(self, given: Given) -> Set | None:
        tag = self._translations.tag_in(*given)
        return None if tag is None else language.set(tag)


def runner_of(environment: jinja2.Environment, awaiting: ModuleType | None) -> Runner | None:
    """Return what renders the templates of an environment; `None` where that is no more than a call."""
    translations = installed(environment)
    if translations is not None:
        return Translating(awaiting, translations)
    return None if awaiting is None else awaiting.Waiting()


def _leave(token: Set | None) -> None:
    if token is not None:
        with suppress(ValueError):  # a coroutine that was dropped may be closed in the context of another
            language.reset(token)


def _same(pieces: Pieces) -> Pieces:
    return pieces


def _each(tag: str, steps: Pieces) -> Iterator[str]:
    with closing(steps):
        while True:
            token = language.set(tag)
            try:
                piece = next(steps, None)
            finally:
                language.reset(token)
            if piece is None:
                return
            yield piece


async def _each_async(tag: str, steps: Any) -> AsyncGenerator[str, None]:
    async with aclosing(steps):
        while True:
            token = language.set(tag)
            try:
                piece = await anext(steps, None)
            finally:
                _leave(token)
            if piece is None:
                return
            yield piece


async def awaitable(pieces: Pieces) -> AsyncGenerator[str, None]:
    """Yield what a generator yields, for whoever awaits it."""
    with closing(pieces):
        for piece in pieces:
            yield piece
