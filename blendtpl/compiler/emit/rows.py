"""Rows: loops that print one row of text for each item, and do no more.

Enters: a loop. Leaves: the parts of its rows, for a function in C that writes them. The loop itself stays, for types
that this leaves alone, and for whoever wants the output in pieces.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from jinja2 import nodes

from blendtpl.compiler.emit.counters import is_cycle
from blendtpl.compiler.emit.emitter import Emitter
from blendtpl.compiler.emit.output import constant_text

# parts, and how many of them, as in `_speedups.c` and `blendtpl.fields`
_LAST, _FIRST, _TURN, _TRUE, _EQUAL = -1, -2, -3, -4, -5
_MOST = 64

_ASKED = {"last": _LAST, "first": _FIRST}

Hole = tuple[int] | tuple[int, str]
Part = str | tuple[int | str | Hole, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """The parts of a row, as `blendtpl.fields.rows` has them; what it is given; whether items are pairs; and
    the line in which it may fail.
    """

    parts: tuple[Part, ...]
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
        parts = tuple(seen.parts(node.body))
    except _NoRow:
        return None
    if len(seen.lines) != 1 or len(parts) > _MOST:
        return None
    return Row(parts, tuple(seen.given), isinstance(node.target, nodes.Tuple), seen.lines.pop())


@dataclass(slots=True)
class _Seen:
    """What has been seen of a row: the numbers of its values, those that it is given, and where it may fail."""

    emitter: Emitter
    numbers: dict[str, int]
    given: list[nodes.Expr] = field(default_factory=list)
    lines: set[int] = field(default_factory=set)

    def parts(self, body: Iterable[nodes.Node]) -> Iterator[Part]:
        """Yield the parts of what a body prints."""
        for found in body:
            if isinstance(found, nodes.Output):
                for child in found.nodes:
                    yield self._part(child)
            elif isinstance(found, nodes.If) and not found.elif_:
                yield self._choice(found.test, self._text(found.body), self._text(found.else_))
            else:
                raise _NoRow

    def _part(self, node: nodes.Expr) -> Part:
        text = constant_text(self.emitter, node)
        if text is not None:
            return str(text)
        if isinstance(node, nodes.CondExpr):
            other = [] if node.expr2 is None else [nodes.Output([node.expr2])]
            return self._choice(node.test, self._text([nodes.Output([node.expr1])]), self._text(other))
        if isinstance(node, nodes.Call) and is_cycle(node):
            return _TURN, *(self._text([nodes.Output([text])]) for text in node.args)
        if _of_loop(node) == "index":
            return ()
        return self._hole(node)

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

    def _choice(self, test: nodes.Node, text: str, other: str) -> Part:
        """Return a part that is one of two texts."""
        if isinstance(test, nodes.Not):
            return self._choice(test.node, other, text)
        if isinstance(test, nodes.Compare):
            return self._equal(test, text, other)
        asked = _of_loop(test)
        if asked:
            if asked not in _ASKED:
                raise _NoRow
            return _ASKED[asked], text, other
        return _TRUE, self._hole(test), text, other

    def _equal(self, test: nodes.Compare, text: str, other: str) -> Part:
        if len(test.ops) > 1 or test.ops[0].op != "eq":
            raise _NoRow
        left, right = (self._compared(side) for side in (test.expr, test.ops[0].expr))
        return _EQUAL, left, right, text, other

    def _compared(self, node: nodes.Expr) -> Hole:
        if isinstance(node, nodes.Const):
            return (self._given(node, f"={len(self.given)}"),)
        return self._hole(node)

    def _text(self, body: Iterable[nodes.Node]) -> str:
        parts = list(self.parts(body))
        if not all(isinstance(part, str) for part in parts):
            raise _NoRow
        return "".join(map(str, parts))


def _of_loop(node: nodes.Node) -> str:
    """Return which attribute of ``loop`` a node is, if it is one."""
    asked = isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name) and node.node.name == "loop"
    return node.attr if asked else ""  # type: ignore[attr-defined]
