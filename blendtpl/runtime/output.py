"""Output: the lists that emitted code writes to, and how values become text.

Enters: values, and functions that write. Leaves: text. `Write` is what emitted code is made of: a function that is
given a context or a frame, the list, and the number of pieces that it may hold, and returns what is to be iterated over
for it to go on.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from jinja2.runtime import Context
from markupsafe import Markup, escape

from blendtpl.runtime.coroutines import awaiting_of
from blendtpl.runtime.exceptions import ended
from blendtpl.runtime.frame import evaluation

NEVER = None  # as the limit of an output list: whoever renders wants the whole at once

Output = list[str]
Steps = Iterable[object]  # what they are: `blendtpl.runtime.streams`
Write = Callable[[Context, Output, int | None], Steps]


def _find_escape() -> Callable[[str], str]:
    """Return MarkupSafe's escaping of an exact string, whose name is private, or what does the same (E1)."""
    with suppress(ImportError):
        from markupsafe import _escape_inner as escape_inner  # type: ignore[attr-defined]  # in C, or else in Python

        if escape_inner("<&>\"'") == str(escape("<&>\"'")):
            return escape_inner
    return lambda text: str(escape(text))


escape_str = _find_escape()
_exact = str.__str__
_UNMARKED = frozenset((float, bool, type(None)))  # whose text has nothing to escape, as that of whole numbers (E2)


def escape_any(value: Any) -> str:
    """Return the text of a value where output is escaped (E1, E2, E3, E4)."""
    kind = type(value)
    if kind is str:
        return escape_str(value)
    if kind is int:
        return str(value)
    if kind is Markup:  # (E3)
        return _exact(value)
    if kind in _UNMARKED:
        return str(value)
    # what `markupsafe.escape` does, but for the `Markup` around it, which takes longer than the rest (E4)
    return _exact(Markup(value.__html__()) if hasattr(value, "__html__") else escape_str(str(value)))


def utf8(text: str) -> bytes:
    """Return a text in UTF-8."""
    return text.encode()


class Body:
    """What a `call` block hands on to a macro that does no more than call it: a function that writes to a list (M4)."""

    __slots__ = ("write",)

    def __init__(self, write: Callable[[Output], None]) -> None:
        self.write = write


def written(write: Any, *arguments: Any) -> str:
    """Return the text that the function of a macro writes."""
    out: Output = []
    write(*arguments, out)
    return "".join(out)


def drain(steps: Any) -> None:
    """Run what writes to a list to its end."""
    for _ in steps:
        pass


def enclosed(function: Any, *arguments: Any) -> Any:
    """Return what code of a template returns, a generator in Jinja2: it does not end what is around it (R3)."""
    try:
        return function(*arguments)
    except StopIteration as error:
        raise ended(error) from error


def writing(text: Any) -> Any:
    """Return a function that returns a text as one that writes it."""

    def write(*arguments: Any) -> Steps:
        *values, out, _ = arguments
        out.append(text(*values))
        return ()

    return write


def returning(write: Any) -> Any:
    """Return a function that writes as one that returns the text."""

    def text(*arguments: Any) -> str:
        out: Output = []
        drain(write(*arguments, out, NEVER))
        return "".join(out)

    return text


def escaping(write: Any, escaped: bool, *, text: bool) -> Any:
    """Return what writes what ``super()`` gives where output was compiled to be escaped, or not to be, but the context
    may say otherwise: then text that is printed there is no markup. `text`: it returns a text, and so does this.
    """

    def checked(frame: Any, *rest: Any) -> Any:
        if not escaped or evaluation(frame).autoescape:
            return write(frame, *rest)
        shown = escape_str((write if text else returning(write))(frame))
        if text:
            return shown
        rest[0].append(shown)
        return ()

    return checked


def foreign(function: Callable[[Context], Iterator[str]]) -> Write:
    """Return a function of Jinja2's own code as one that writes to a list."""

    def write(context: Context, out: Output, limit: int | None) -> Steps:
        pieces: Any = function(context)
        if hasattr(pieces, "__aiter__"):
            pieces = awaiting_of(context.environment).iterated(pieces)  # type: ignore[union-attr]  # it is asynchronous
        for piece in pieces:
            out.append(piece)
            if limit is not None and len(out) > limit:
                yield None

    return write
