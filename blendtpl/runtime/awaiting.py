"""Awaiting: how the code of templates, which is no coroutine, waits for what it is given.

Enters: a function that renders. Leaves: a coroutine that does so. The function runs in a greenlet of its own. Where it
meets something to wait for, it hands that to the coroutine, which awaits it in whatever loop it runs in, and goes on
with what came of it. So there is one code for templates, in Python and in C, whether or not anything in it waits; what
does not costs no more than being asked. Imported for environments with `enable_async` alone.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Generator, Iterator
from inspect import CO_ITERABLE_COROUTINE
from types import CoroutineType, GeneratorType
from typing import Any

from greenlet import getcurrent, greenlet
from jinja2.runtime import LoopContext, Macro
from markupsafe import Markup

_MOST_IDLE = 16  # of these a thread keeps


class Rendering(greenlet):
    """What runs functions that render, one after the other, and waits where they do."""

    finished = False  # whether the last has returned


class _Threads(threading.local):
    """What has nothing to run, of each thread: to begin anew takes ten times as long, for a stack of Python's own."""

    def __init__(self) -> None:
        self.idle: list[Rendering] = []


_threads = _Threads()


def _serve(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    rendering: Any = getcurrent()
    while True:
        result = [function(*arguments)]  # which whoever takes it leaves empty: what is idle holds nothing
        del function, arguments
        rendering.finished = True
        function, arguments = rendering.parent.switch(result)


def _begun(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[Rendering, Any]:
    """Begin to run a function; return what runs it, and what it waits for, or, once that has finished, its result."""
    idle = _threads.idle
    rendering = idle.pop() if idle else Rendering(_serve)
    current = getcurrent()
    rendering.parent, rendering.finished = current, False
    # what is set in a context variable around, or by it, is the same for both
    rendering.gr_context = current.gr_context
    return rendering, rendering.switch(function, arguments)


def _result(rendering: Rendering, result: list[Any]) -> Any:
    """Return the result of a function that has finished."""
    rendering.gr_context = None
    if len(_threads.idle) < _MOST_IDLE:
        _threads.idle.append(rendering)
    return result.pop()


async def run(function: Callable[..., Any], /, *arguments: Any) -> Any:
    """Return what a function returns, and await whatever it waits for meanwhile."""
    return await run_render(None, function, *arguments)


async def run_render(given: object, function: Callable[..., Any], /, *arguments: Any) -> Any:
    """Do so for a function that renders what it is given, which is nothing to this."""
    rendering, request = _begun(function, arguments)
    if rendering.finished:
        return _result(rendering, request)
    return await _driven(rendering, request)


def complete(function: Callable[..., Any], /, *arguments: Any) -> Any:
    """Return what a function returns, for whoever is no coroutine: there is a loop for it once it waits.

    Raises `RuntimeError` when it does so where one is running already, as `asyncio.run` does.
    """
    return complete_render(None, function, *arguments)


def complete_render(given: object, function: Callable[..., Any], /, *arguments: Any) -> Any:
    """Do so for a function that renders what it is given, which is nothing to this."""
    if isinstance(getcurrent(), Rendering):  # which waits for what this waits for
        return function(*arguments)
    rendering, request = _begun(function, arguments)
    if rendering.finished:
        return _result(rendering, request)
    coroutine = _driven(rendering, request)
    try:
        return asyncio.run(coroutine)
    finally:
        coroutine.close()  # which has not begun where a loop is running
        if not rendering.dead and not rendering.finished:
            rendering.throw()


async def _driven(rendering: Rendering, request: Any) -> Any:
    """Await what a function that has begun waits for; return what it returns."""
    while not rendering.finished:
        try:
            came: Any = await request
        except BaseException as error:
            rendering.parent = getcurrent()  # a loop may go on in another
            request = rendering.throw(type(error), error, error.__traceback__)
        else:
            rendering.parent = getcurrent()
            request = rendering.switch(came)
    return _result(rendering, request)


def complete_each(pieces: Generator[str, None, None]) -> Iterator[str]:
    """Yield what a generator yields, for whoever is no coroutine; but for a render that may wait, all at once."""
    if isinstance(getcurrent(), Rendering):
        yield from pieces
    else:
        yield from complete(list, pieces)


async def run_each(pieces: Generator[str, None, None]) -> AsyncGenerator[str, None]:
    """Yield what a generator yields, which may wait for each. However that ends, the generator is closed."""
    try:
        while (piece := await run(next, pieces, None)) is not None:
            yield piece
    finally:
        await run(pieces.close)


class Waiting:
    """The runner of an environment that awaits and translates nothing (`blendtpl.runtime.runner.Runner`)."""

    __slots__ = ()

    complete = staticmethod(complete_render)
    run = staticmethod(run_render)

    def complete_each(self, given: object) -> Callable[[Generator[str, None, None]], Iterator[str]]:
        """Return what yields what a generator yields, for whoever is no coroutine."""
        return complete_each

    def run_each(self, given: object) -> Callable[[Generator[str, None, None]], AsyncGenerator[str, None]]:
        """Return what yields what a generator yields, and awaits what each waits for."""
        return run_each


# -- what code of templates asks for -----------------------------------------------------------------------------------


def awaited(value: Any) -> Any:
    """Return what comes of a value that is to be awaited, any other as it is: `jinja2.async_utils.auto_await`."""
    kind = type(value)
    if kind is CoroutineType and value.cr_code in _OURS:
        return _finished(value)
    if hasattr(kind, "__await__") or (kind is GeneratorType and value.gi_code.co_flags & CO_ITERABLE_COROUTINE):
        return _wait(value)
    return value


def _finished(text: Coroutine[None, None, str]) -> str:
    """Return the text of a macro of ours, which waits by itself."""
    try:
        text.send(None)
    except StopIteration as ended:
        return ended.value  # type: ignore[no-any-return]
    raise RuntimeError("a macro is awaited where nothing renders")


def _wait(value: Any) -> Any:
    current = getcurrent()
    if not isinstance(current, Rendering):
        raise RuntimeError(
            f"a template waits for a {type(value).__name__} where nothing can: this is no part of a render that goes on"
        )
    return current.parent.switch(value)  # type: ignore[union-attr]  # it has been switched to


def iterated(items: Any) -> Any:
    """Return what a loop goes through: of what is iterated asynchronously an item when it gets there."""
    return _items(items.__aiter__()) if hasattr(items, "__aiter__") else items


def _items(items: AsyncIterator[Any]) -> Iterator[Any]:
    ended = False
    try:
        while True:
            try:
                item = _wait(items.__anext__())
            except StopAsyncIteration:
                ended = True
                return
            except BaseException:
                ended = True  # by itself, as a generator that has raised
                raise
            yield item
    finally:
        # what nobody is left to wait for is the loop's to close, as it has been told of the generator
        if not ended and isinstance(getcurrent(), Rendering) and (close := getattr(items, "aclose", None)):
            _wait(close())


async def text_of(function: Callable[..., str], *arguments: Any) -> str:
    """Return what a macro or a block renders: in the render that calls it, or in one of its own."""
    return function(*arguments) if isinstance(getcurrent(), Rendering) else await run(function, *arguments)


class AwaitableMacro(Macro):
    """A macro that is awaited."""

    def _invoke(self, arguments: list[Any], autoescape: bool) -> Any:
        return self._async_invoke(arguments, autoescape)

    async def _async_invoke(self, arguments: list[Any], autoescape: bool) -> str:
        inside = isinstance(getcurrent(), Rendering)
        text: str = self._func(*arguments) if inside else await run(self._func, *arguments)
        return Markup(text) if autoescape else text  # noqa: S704  # the code of the template has escaped it


# what waits by itself, in the render at hand
_OURS = frozenset((text_of.__code__, AwaitableMacro._async_invoke.__code__))


class AsyncLoopContext(LoopContext):
    """The ``loop`` of a loop, under the name that Jinja2 has for it where templates wait; ``loop(…)`` is awaited."""

    def __call__(self, iterable: Any) -> Any:
        """Return what the loop renders for other items."""
        return text_of(super().__call__, iterable)


AwaitableMacro.__name__ = AwaitableMacro.__qualname__ = "Macro"
AwaitableMacro._async_invoke.__qualname__ = "Macro._async_invoke"
AwaitableMacro.__module__ = AsyncLoopContext.__module__ = "jinja2.runtime"

# what emitted code finds under these names
NAMES: dict[str, Any] = {
    "awaited": awaited,
    "iterated": iterated,
    "plain_types": frozenset((str, int, float, bool, type(None), list, dict, tuple, Markup)),
    "Macro": AwaitableMacro,
    "LoopContext": AsyncLoopContext,
}
