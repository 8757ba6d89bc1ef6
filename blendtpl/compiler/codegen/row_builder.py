"""The builder of a row program: its registers, the places where it may fail, and what in it stays the same.

Enters: nodes of the intermediate form, one by one. Leaves: operations of `blendtpl.bundle.row_ops`; or `NoProgram`, for
a node that the machine has no operation for. What becomes of each kind of node is said in `row_values` and
`row_statements`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from blendtpl.bundle.row_ops import MOST_DEPTH, MOST_VALUES, Opcode
from blendtpl.compiler.ir import statements as st
from blendtpl.compiler.ir import values as ir
from blendtpl.compiler.ir.base import Body, Statement, Value, parts


class NoProgram(Exception):  # noqa: N818
    """It does something that the machine does not."""


@dataclass(frozen=True, slots=True)
class SourceLocation:
    """Where a program may fail: the line of the template that has the loop, and, of each template whose code stands in
    place of a call there, which it is, what it is called in a traceback, and the line; the outermost first.
    """

    line: int
    entries: tuple[tuple[str, str, int], ...] = ()


@dataclass(slots=True)
class Builder:
    """A program that is being written: `values` and `statements` say how each kind of node becomes a part of it.

    `registers` are those of variables that it sets; `inputs` the values of all registers, `None` for what it sets by
    itself; `changing` the variables that anything in it sets; `at` the place at hand, `None` where that depends on what
    ran; `around` the code of other templates that this stands in; `loops` the ``loop`` variables of the loops at hand.
    """

    values: "Values"
    statements: "Statements"
    escaped: bool
    changing: frozenset[str]
    begin: SourceLocation
    registers: dict[str, int] = field(default_factory=dict)
    inputs: list[Value | None] = field(default_factory=list)
    known: dict[object, int] = field(default_factory=dict)
    places: list[SourceLocation] = field(default_factory=list)
    around: tuple[tuple[str, str, int], ...] = ()
    loops: tuple[str | None, ...] = ()
    at: int | None = None
    operations: int = 0
    first: int = 0
    depth: int = 0

    # -- registers and places ------------------------------------------------------------------------------------------

    def new(self, value: Value | None = None) -> int:
        """Return a register of its own, for what the program is given, or sets."""
        self.inputs.append(value)
        if len(self.inputs) > MOST_VALUES:
            raise NoProgram
        return len(self.inputs) - 1

    def given(self, value: Value, key: object) -> int:
        """Return the register of a value that stays the same as long as the loop runs."""
        if key not in self.known:
            self.known[key] = self.new(value)
        return self.known[key]

    def own(self, variable: str) -> int:
        """Return the register of a variable that the program sets."""
        if variable not in self.registers:
            self.registers[variable] = self.new()
        return self.registers[variable]

    def place(self, line: int) -> int | None:
        """Return the number of the place of a line, or nothing when it is that at hand."""
        lines = (*(at for *_, at in self.around), line)
        entries = tuple((*entry[:2], at) for entry, at in zip(self.around, lines[1:], strict=True))
        location = SourceLocation(lines[0], entries)
        if location == self.begin:
            number = 0
        else:
            if location not in self.places:
                self.places.append(location)
            number = self.places.index(location) + 1
        if number == self.at:
            return None
        self.at = number
        return number

    # -- values --------------------------------------------------------------------------------------------------------

    def value(self, value: Value) -> Any:
        """Return the expression for a value. Raises `NoProgram` for what there is none for."""
        self.depth += 1
        if self.depth > MOST_DEPTH // 4:
            raise NoProgram
        steady = self.steady(value)
        expression = steady if steady is not None else self._expression(value)
        self.depth -= 1
        return expression

    def _expression(self, value: Value) -> Any:
        write = self.values.get(type(value))
        if write is None:
            raise NoProgram
        self.operations += 1
        return write(self, value)

    def steady(self, value: Value) -> int | None:
        """Return the register of a value that can be had once, before the loop begins, and nobody can tell."""
        key = _key(value, self.changing)
        return None if key is None else self.given(value, key)

    def constant(self, value: Any) -> int:
        """Return the register of a constant that nothing can change."""
        return self.given(ir.Constant(0, value), ("constant", type(value), repr(value)))

    def name(self, called: str) -> int:
        """Return the register of one of the functions that emitted code finds under a name."""
        return self.given(ir.Global(0, called), ("global", called))

    def call(self, line: int, function: Any, arguments: ir.Arguments, *first: Any) -> Any:
        """Return a call, with what comes before its arguments."""
        if arguments.star is not None or arguments.stars is not None:
            raise NoProgram
        names = tuple(key for key, _ in arguments.keywords)
        if len(set(names)) < len(names):
            raise NoProgram
        values = [*first, *map(self.value, arguments.positional), *(self.value(part) for _, part in arguments.keywords)]
        if names:
            return (Opcode.CALLKW, self.place(line), function, names, *values)
        return (Opcode.CALL, self.place(line), function, *values)

    # -- statements ----------------------------------------------------------------------------------------------------

    def body(self, body: Body) -> Any:
        """Return the statements of a body."""
        written: list[Any] = []
        for statement in body:
            self.statement(statement, written)
        if not written:
            return ""
        return written[0] if len(written) == 1 and isinstance(written[0], str) else tuple(written)

    def statement(self, statement: Statement, into: list[Any]) -> None:
        """Put the operations of a statement behind what is there."""
        write = self.statements.get(type(statement))
        if write is None:
            raise NoProgram
        self.operations += 1
        write(self, statement, into)

    def text(self, text: str, into: list[Any]) -> None:
        """Put constant text behind what is there."""
        if text and into and isinstance(into[-1], str):
            into[-1] += text
        elif text:
            into.append(text)

    def captured(self, body: Body) -> Any:
        """Return the statements of a body whose output is taken together, which no round of a loop may leave."""
        if leaves(body):
            raise NoProgram
        return self.body(body)


Values = Mapping[type[Value], Callable[[Builder, Any], Any]]
Statements = Mapping[type[Statement], Callable[[Builder, Any, list[Any]], None]]


def _key(value: Value, changing: frozenset[str]) -> object:
    """Return what a value is that stays the same as long as the loop runs, else `None`."""
    match value:
        case ir.Constant(value=constant):
            return ("constant", type(constant), repr(constant)) if _is_fixed(constant) else None
        case ir.Variable(name=name):
            return None if name in changing else ("variable", name)
        case ir.Given(called=called):
            return "given", called
        case ir.Missing():
            return ("missing",)
        case ir.Translator(called=called, escaped=escaped, function=ir.Given()):
            return "translator", called, escaped.compiled
        case ir.Checked(source=source, called=called):
            inner = _key(source, changing)
            return None if inner is None else ("checked", inner, called)
        case ir.Undefined(message=message, called=called):
            return "undefined", message, called, value.plain
        case ir.Frame(name=name, of=of):
            return None if name in changing else ("frame", name, of)
        case ir.TrueContext(frame=frame):
            return None if frame.name in changing else ("context", _key(frame, changing))
        case ir.Evaluation(frame=frame):
            return None if frame.name in changing and not value.sure else ("evaluation", value.bound, value.sure)
        case ir.Global(name=name):
            return "global", name
        case ir.Bound(words=words):
            return "bound", words
        case ir.Linked(template=template, part=part):
            return "linked", template, part
        case ir.MacroFunction(template=template, macro=macro):
            return "macro", template, macro
        case ir.FrameBlock(number=number):
            return "block", number
        case ir.Marked(value=ir.Constant(value=str(text)), escaped=True):
            return "marked", text
        case ir.ObjectAttribute(value=ir.Global(name=name), attr=attr):
            return "attribute", name, attr
    return None


def _is_fixed(constant: object) -> bool:
    """Return whether nothing can change a constant."""
    if isinstance(constant, tuple):
        return all(map(_is_fixed, constant))
    return constant is None or isinstance(constant, (str, int, float, bool, complex))


def leaves(body: Body) -> bool:
    """Return whether statements leave a round of a loop that is around them, or that loop."""
    for statement in body:
        if isinstance(statement, (st.Break, st.Continue)):
            return True
        inner = statement.otherwise if isinstance(statement, st.Loop) else _bodies(statement)
        if leaves(inner):
            return True
    return False


def _bodies(statement: Statement) -> Body:
    """Return the statements that stand in one."""
    return tuple(part for part in parts(statement) if isinstance(part, Statement))
