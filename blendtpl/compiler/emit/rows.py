"""Rows: loops that print one row of text for each item, and do no more.

Enters: a loop. Leaves: the parts of its rows, for a function in C that writes them. The loop itself stays, for types
that this leaves alone, and for whoever wants the output in pieces.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from jinja2 import nodes

from blendtpl.compiler.emit.counters import is_cycle
from blendtpl.compiler.emit.emitter import Emitter
from blendtpl.compiler.emit.output import constant_text

# parts, and how many of them, as in `_speedups.c` and `blendtpl.fields`
_LAST, _FIRST, _TURN, _TRUE, _EQUAL = -1, -2, -3, -4, -5
_MOST = 64

_ASKED = {"last": _LAST, "first": _FIRST}

Hole = tuple[int] | tuple[int, str]
Part = str | tuple[Any, ...]
Parts = str | tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """The parts of a row, as `blendtpl.fields.rows` has them; what it is given; whether items are pairs; and
    the line in which it may fail.
    """

    parts: Parts
    given: tuple[nodes.Expr, ...]
    pairs: bool
    line: int


class _NoRow(Exception):  # noqa: N818
    """It does anything else."""


def row(emitter: Emitter, node: nodes.For) -> Row | None:
    """Return what a loop prints for each item, when it does no more than that, and can fail in one line only."""
    if not emitter.links.speedups or emitter.own_getattr or emitter.own_context or emitter.in_order:
        return None
    if emitter.eval_ctx.volatile or emitter.environment.finalize is not None:
        return None
    if node.recursive or node.test is not None or node.else_:
        return None
    targets = node.target.items if isinstance(node.target, nodes.Tuple) else [node.target]
    names = [target.name for target in targets if isinstance(target, nodes.Name)]
    if not len(names) == len(targets) == len(set(names)) <= 2:
        return None
    seen = _Seen(emitter, {called: number for number, called in enumerate(names)})
    try:
        parts = seen.parts(node.body)
    except _NoRow:
        return None
    if len(seen.lines) != 1 or seen.count > _MOST:
        return None
    return Row(parts, tuple(seen.given), isinstance(node.target, nodes.Tuple), seen.lines.pop())


@dataclass(slots=True)
class _Seen:
    """What has been seen of a row: the numbers of its values, those that it is given, and where it may fail."""

    emitter: Emitter
    numbers: dict[str, int]
    given: list[nodes.Expr] = field(default_factory=list)
    lines: set[int] = field(default_factory=set)
    count: int = 0  # of all parts, whichever are chosen

    def parts(self, body: Iterable[nodes.Node]) -> Parts:
        """Return the parts of what a body prints."""
        found: list[Part] = []
        for part in self._each(body):
            self.count += 1
            if isinstance(part, str) and found and isinstance(found[-1], str):
                found[-1] += part
            else:
                found.append(part)
        if not found:
            return ""
        return found[0] if len(found) == 1 and isinstance(found[0], str) else tuple(found)

    def _each(self, body: Iterable[nodes.Node]) -> Iterator[Part]:
        for found in body:
            if isinstance(found, nodes.Output):
                yield from map(self._part, found.nodes)
            elif isinstance(found, nodes.If):
                yield self._if([found, *found.elif_], found.else_)
            else:
                raise _NoRow

    def _if(self, branches: list[nodes.If], otherwise: list[nodes.Node]) -> Part:
        first, *rest = branches
        other = (self._if(rest, otherwise),) if rest else self.parts(otherwise)
        return self._choice(first.test, self.parts(first.body), other)

    def _part(self, node: nodes.Expr) -> Part:
        text = constant_text(self.emitter, node)
        if text is not None:
            return str(text)
        if isinstance(node, nodes.CondExpr):
            # nothing is printed where there is no `else`
            other = "" if node.expr2 is None else self.parts([nodes.Output([node.expr2])])
            return self._choice(node.test, self.parts([nodes.Output([node.expr1])]), other)
        if isinstance(node, nodes.Call) and is_cycle(node):
            return _TURN, *(self._constant(each) for each in node.args)
        if _of_loop(node) == "index":
            return ()
        return self._hole(node)

    def _constant(self, node: nodes.Expr) -> str:
        """Return the text of an argument, which is looked at in every turn, whether it is its own or not."""
        text = constant_text(self.emitter, node)
        if text is None:
            raise _NoRow
        return str(text)

    def _hole(self, node: nodes.Node) -> Hole:
        if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name) and not hasattr(dict, node.attr):
            return self._number(node.node), node.attr
        if isinstance(node, nodes.Name):
            return (self._number(node),)
        raise _NoRow

    def _number(self, node: nodes.Name) -> int:
        if node.name == "loop":
            raise _NoRow
        self.lines.add(node.lineno)
        return self.numbers[node.name] if node.name in self.numbers else self._given(node, node.name)

    def _given(self, node: nodes.Expr, called: str) -> int:
        number = self.numbers[called] = len(self.numbers)
        self.given.append(node)
        return number

    def _choice(self, test: nodes.Node, first: Parts, second: Parts) -> Part:
        """Return a part that is one of two."""
        if isinstance(test, nodes.Not):
            return self._choice(test.node, second, first)
        if isinstance(test, nodes.Compare) and len(test.ops) == 1 and test.ops[0].op == "eq":
            return _EQUAL, self._compared(test.expr), self._compared(test.ops[0].expr), first, second
        asked = _of_loop(test)
        if not asked:
            return _TRUE, self._hole(test), first, second
        if asked not in _ASKED:
            raise _NoRow
        return _ASKED[asked], first, second

    def _compared(self, node: nodes.Expr) -> Hole:
        if isinstance(node, nodes.Const):
            return (self._given(node, f"={len(self.given)}"),)
        return self._hole(node)


def _of_loop(node: nodes.Node) -> str:
    """Return which attribute of ``loop`` a node is, if it is one."""
    asked = isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name) and node.node.name == "loop"
    return node.attr if asked else ""  # type: ignore[attr-defined]
