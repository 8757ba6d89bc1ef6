"""Operands: the values that are put into a row, and where looking at them may fail.

Enters: what a template prints, or asks. Leaves: an expression, a register or an attribute of one, and the place.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from jinja2 import nodes

from blendtpl.bundle.row_ops import Expression, Opcode
from blendtpl.compiler.codegen.generator import Emitter
from blendtpl.compiler.codegen.scope import Scope

Bound = int | nodes.Expr  # the number of a value, or a constant, or what ``loop`` has


@dataclass(frozen=True, slots=True)
class SourceLocation:
    """Where a row may fail: the line of the template that has the loop, and, of each template whose code stands in
    place of a call there, which it is, what it is called in a traceback, and the line; the outermost first.
    """

    line: int
    entries: tuple[tuple[str, str, int], ...] = ()


class NoRow(Exception):  # noqa: N818
    """It does anything else."""


@dataclass(frozen=True, slots=True)
class RowScope:
    """Where names are looked up: the numbers of values by their names, of which `targets` are assigned by loops;
    whether other names are those of the context, and ``loop`` is that at hand; what writes the caller of a macro; and
    of each template whose code stands here in place of a call which it is, what it is called in a traceback, and the
    line of that call.
    """

    emitter: Emitter
    scope: Scope
    numbers: Mapping[str, Bound]
    targets: frozenset[str] = frozenset()
    opens: bool = True
    looping: bool = False
    caller: Callable[[int], None] | None = None
    around: tuple[tuple[str, str, int], ...] = ()


@dataclass(slots=True)
class Operands:
    """What has been seen of the values of a row: those that it is given, and where what comes next would fail; `at` is
    `None` where that depends on what was chosen.
    """

    row_scope: RowScope
    at: SourceLocation | None
    begin: SourceLocation
    targets: int  # how many values an item is
    inputs: list[nodes.Expr] = field(default_factory=list)
    places: list[SourceLocation] = field(default_factory=list)
    loops: int = 0  # that stand around what is at hand, in the row
    fails: bool = False  # whether anything in it may

    def values(self, *asked: nodes.Expr) -> tuple[int | None, list[Expression]]:
        """Return the place of values, some of which may be constants, and expressions for them."""
        place: int | None = None
        expressions: list[Expression] = []
        for node in asked:
            node = self.argument_of(node)
            if isinstance(node, nodes.Const):
                expressions.append(self._number(node))
                continue
            moved, expression = self.operand(node)
            place = moved if place is None else place
            expressions.append(expression)
        return place, [x if isinstance(x, int) else (x[0], place, *x[2:]) for x in expressions]

    def argument_of(self, node: nodes.Expr) -> nodes.Expr:
        """Return what an argument of a macro was called with, when that is no value."""
        bound = self.row_scope.numbers.get(node.name) if isinstance(node, nodes.Name) else None
        if isinstance(bound, nodes.Getattr) and self.loops:  # of another loop
            raise NoRow
        return bound if isinstance(bound, nodes.Expr) else node

    def of_loop(self, node: nodes.Expr) -> str:
        """Return which attribute of the loop at hand a node is, if it is one."""
        if not isinstance(node, nodes.Getattr) or not isinstance(node.node, nodes.Name) or node.node.name != "loop":
            return ""
        return node.attr if self.row_scope.looping or self._is_bound(node) else ""

    def _is_bound(self, node: nodes.Expr) -> bool:
        """Return whether a node is what an argument of a macro was called with."""
        return any(bound is node for bound in self.row_scope.numbers.values())

    def operand(self, node: nodes.Expr) -> tuple[int | None, Expression]:
        """Return an expression for a variable, or an attribute of one, and its place, or `None` where that is at hand.

        What is done with it belongs to that place, too. Raises `NoRow` for anything else.
        """
        called = node.node if isinstance(node, nodes.Getattr) else node
        if not isinstance(called, nodes.Name) or called.name == "loop" or called.lineno != node.lineno:
            raise NoRow
        attr = node.attr if isinstance(node, nodes.Getattr) else None
        if attr is not None and hasattr(dict, attr):
            raise NoRow
        number, place = self.named(called), self.moved(node.lineno)
        self.fails = True
        return place, number if attr is None else (Opcode.ATTR, place, number, attr)

    def moved(self, line: int) -> int | None:
        """Return the number of the place of a line, when what comes next would not fail there anyway."""
        place = self.place(line)
        if place == self.at:
            return None
        self.at = place
        return self.number_of(place)

    def named(self, node: nodes.Name) -> int:
        """Return the number of the value of a name."""
        number = self.row_scope.numbers.get(node.name)
        if isinstance(number, nodes.Expr) or (number is None and not self.row_scope.opens):
            raise NoRow
        if number is not None:
            return number
        called = [value.name if isinstance(value, nodes.Name) else "" for value in self.inputs]
        return self.targets + called.index(node.name) if node.name in called else self._number(node)

    def _number(self, value: nodes.Expr) -> int:
        """Return the number of a value that the rows are given."""
        self.inputs.append(value)
        return self.targets + len(self.inputs) - 1

    def new(self) -> int:
        """Return the number of a value that is set in a row."""
        return self._number(nodes.Const(None))

    def place(self, line: int) -> SourceLocation:
        """Return the place of a line of the code at hand."""
        around = self.row_scope.around
        lines = (*(at for *_, at in around), line)
        return SourceLocation(lines[0], tuple((*entry[:2], at) for entry, at in zip(around, lines[1:], strict=True)))

    def number_of(self, place: SourceLocation) -> int:
        """Return the number of a place, which is 0 for that of the loop itself."""
        if place == self.begin:
            return 0
        if place not in self.places:
            self.places.append(place)
        return self.places.index(place) + 1
