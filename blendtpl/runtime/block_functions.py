"""Functions of blocks: what runs one for whoever has a context, or the frame of a template.

Enters: a template and functions of its code, which take its frame. Leaves: functions that take a context, as Jinja2's
blocks do, and those of the blocks that the context of a frame has.
"""

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, NoReturn, Protocol

from jinja2.exceptions import TemplateRuntimeError
from jinja2.runtime import Context

from blendtpl.runtime.frame import Frame, true_context
from blendtpl.runtime.output import Output, Steps, Write, returning


class Owner(Protocol):
    """A template, as far as its blocks go: what it surely extends, and what its code is given for a context."""

    @property
    def chain(self) -> Any:
        """The template and all that it surely extends, or `None`."""
        ...

    def scope_of(self, context: Context) -> Frame:
        """Return a frame for a context."""
        ...


def in_context(template: Owner, name: str, *, text: bool) -> Any:
    """Return what runs the block of a name that the context of a frame of this template has.

    A block of the template, or of what it surely extends, is given that frame, which has all that the context would be
    asked for; another is given one of its own.
    """
    chain = template.chain or ()

    def write(frame: Any, out: Output, limit: int | None) -> Any:
        context = true_context(frame)
        block: Any = context.blocks[name][0]
        if type(block) is ContextBlock and block.template in chain:
            return block.function(frame, out, limit)
        if type(block) is ContextText and block.template in chain:
            out.append(block.function(frame))
            return ()
        return block(context, out, limit)

    def give(frame: Any) -> str:
        context = true_context(frame)
        block: Any = context.blocks[name][0]
        if type(block) is ContextText:
            return block.function(frame) if block.template in chain else block.text(context)
        return returned(frame)  # type: ignore[no-any-return]

    returned = returning(write)
    return give if text else write


class ContextBlock:
    """A function that writes for a frame, as one that is given a context."""

    __slots__ = ("function", "template")

    def __init__(self, template: Owner, function: Any) -> None:
        self.template, self.function = template, function

    def __call__(self, context: Context, out: Output, limit: int | None) -> Any:
        """Write it."""
        return self.function(self.template.scope_of(context), out, limit)


class ContextText:
    """A function that returns a text for a frame, as one that is given a context and writes to a list."""

    __slots__ = ("function", "template")

    def __init__(self, template: Owner, function: Callable[[Frame], str]) -> None:
        self.template, self.function = template, function

    def text(self, context: Context) -> str:
        """Return the text."""
        return self.function(self.template.scope_of(context))

    def __call__(self, context: Context, out: Output, limit: int | None) -> Steps:
        """Write it."""
        out.append(self.text(context))
        return ()


def unfilled(name: str, body: Any) -> Any:
    """Return what stands in for a required block that no template fills, with what that is all the same (C6)."""

    def fail(frame: Any, *rest: Any) -> NoReturn:
        raise TemplateRuntimeError(f"Required block {name!r} not found")

    fail.body = body  # type: ignore[attr-defined]
    return fail


def as_generator(write: Write, awaiting: ModuleType | None) -> Any:
    """Return a function that writes as one from a context to an iterator of texts, as Jinja2 has it; an asynchronous
    one, where it may wait.
    """

    def pieces(context: Context) -> Iterator[str]:
        out: Output = []
        for _ in write(context, out, 0):
            if out:
                yield "".join(out)
                out.clear()
        if out:
            yield "".join(out)

    if awaiting is None:
        return pieces
    return lambda context: awaiting.run_each(pieces(context))
