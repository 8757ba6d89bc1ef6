"""Foreign templates: templates of Jinja2's own code that templates of ours extend.

Enters: a context whose blocks are ours, before one that is Jinja2's runs as the parent. Leaves: the same blocks, and
all that come to them later, in a form that both kinds of code can call: ours with a context, a list and a limit,
Jinja2's with a context, for a generator.
"""

from collections.abc import Iterator
from typing import Any

from jinja2.runtime import Context

from blendtpl.runtime.output import NEVER, Output, Steps, Write, foreign


class EitherWay:
    """A block that both kinds of code can call; it equals the function that it is made of."""

    __slots__ = ("_block", "_write")

    def __init__(self, block: Any, write: Write) -> None:
        self._block, self._write = block, write

    def __call__(self, context: Context, out: Output | None = None, limit: int | None = NEVER) -> Steps | Iterator[str]:
        """Write to a list, or, where there is none, return a generator of text."""
        return _pieces(self._write, context) if out is None else self._write(context, out, limit)

    def __eq__(self, other: object) -> bool:
        return bool(self._block == (other._block if isinstance(other, EitherWay) else other))

    def __hash__(self) -> int:
        return hash(self._block)


def _pieces(write: Write, context: Context) -> Iterator[str]:
    out: Output = []
    for _ in write(context, out, 0):
        yield from out
        out.clear()
    yield from out


class _Stack(list[Any]):
    """The bodies of a block, innermost first; what is put to them as it is is Jinja2's."""

    def append(self, block: Any) -> None:
        super().append(block if isinstance(block, EitherWay) else EitherWay(block, foreign(block)))


class Stacks(dict[str, Any]):
    """The blocks of a context in which both kinds of templates run."""

    def setdefault(self, name: str, default: Any = None) -> Any:
        """Return the stack of a block, to which others may be put."""
        if name not in self:
            self[name] = _Stack()
        return self[name]


def mix(context: Context) -> None:
    """Have the blocks of a context in the form that both kinds of code can call."""
    if isinstance(context.blocks, Stacks):
        return
    stacks = Stacks()
    for name, blocks in context.blocks.items():
        stack = stacks.setdefault(name)
        for block in blocks:
            stack.append(own_block(block))
    context.blocks = stacks


def own_block(block: Any) -> EitherWay:
    """Return a block of ours in the form that both kinds of code can call."""
    return block if isinstance(block, EitherWay) else EitherWay(block, block)
