"""Row programs: loops as data for a small machine in C, which writes what they print.

Enters: a loop in the intermediate form. Leaves: a program (`blendtpl.bundle.row_ops`), what it is given to begin with,
and the places of the templates that it may fail in; or nothing, for a loop that does what the machine has no operation
for. That takes each kind of node by itself, wherever it stands.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from blendtpl.bundle import abi
from blendtpl.bundle.row_ops import GIVEN, MOST_DEPTH, MOST_VALUES, Comparison, Opcode, Operator, Program
from blendtpl.bundle.row_ops import Counter as Which
from blendtpl.compiler.ir import statements as st
from blendtpl.compiler.ir import values as ir
from blendtpl.compiler.ir.base import Body, Node, Statement, Value, below, parts

_LOOKING = frozenset({"map", "select", "reject", "selectattr", "rejectattr"})
_LONG = 400  # operations: what is longer than that gains less by being data
_OPERATORS = {
    "+": Operator.ADD,
    "-": Operator.SUB,
    "*": Operator.MUL,
    "/": Operator.DIV,
    "//": Operator.FLOORDIV,
    "**": Operator.POW,
    "%": Operator.MOD,
}
_SIGNS = {"+": Operator.POS, "-": Operator.NEG}
_COMPARISONS = {
    "eq": Comparison.EQ,
    "ne": Comparison.NE,
    "lt": Comparison.LT,
    "lteq": Comparison.LE,
    "gt": Comparison.GT,
    "gteq": Comparison.GE,
    "in": Comparison.IN,
    "notin": Comparison.NOTIN,
}
_WHICH = {"index": Which.INDEX, "index0": Which.INDEX0, "first": Which.FIRST, "depth": Which.DEPTH}
_WHICH["depth0"] = Which.DEPTH0
_AHEAD = {
    "last": Opcode.LAST,
    "length": Opcode.LENGTH,
    "revindex": Opcode.REVINDEX,
    "revindex0": Opcode.REVINDEX0,
}


class NoProgram(Exception):  # noqa: N818
    """It does something that the machine does not."""


@dataclass(frozen=True, slots=True)
class SourceLocation:
    """Where a program may fail: the line of the template that has the loop, and, of each template whose code stands in
    place of a call there, which it is, what it is called in a traceback, and the line; the outermost first.
    """

    line: int
    entries: tuple[tuple[str, str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class RowLoop:
    """A loop as a program, the values that it is given in registers behind those that it sets by itself, and the places
    that it names, from 1.
    """

    program: Program
    inputs: tuple[Value | None, ...]
    places: tuple[SourceLocation, ...]


def row_loop(loop: st.Loop, *, escaped: bool) -> RowLoop | None:
    """Return the program of a loop, where output is `escaped` or not; `None` when it has to be Python."""
    builder = _Builder(escaped, frozenset(_assigned(loop)), SourceLocation(loop.line))
    try:
        program = builder.loop(loop, GIVEN)
    except NoProgram:
        return None
    if not builder.operations or builder.operations > _LONG or len(builder.inputs) > MOST_VALUES:
        return None
    return RowLoop(program, tuple(builder.inputs[builder.first :]), tuple(builder.places))


def _assigned(loop: st.Loop) -> list[str]:
    """Return the variables that are set anywhere in a loop."""
    names: list[str] = []
    for node in (loop, *below(loop)):
        if isinstance(node, st.ToVariable):
            names.append(node.name)
        elif isinstance(node, (st.Loop, st.Scoped, st.LoopTest)):
            names += [name for name, _ in node.bind]
        elif isinstance(node, (st.MakeFrame, st.SetScopeVariable)):
            names.append(node.name)
    return names


@dataclass(slots=True)
class _Builder:
    """A program that is being written.

    `registers` are those of variables that it sets; `inputs` the values of all registers, `None` for what it sets by
    itself; `changing` the variables that anything in it sets; `at` the place at hand, `None` where that depends on what
    ran; `around` the code of other templates that this stands in; `loops` the ``loop`` variables of the loops at hand.
    """

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
        write = _VALUES.get(type(value))
        if write is None:
            raise NoProgram
        self.operations += 1
        return write(self, value)

    def steady(self, value: Value) -> int | None:
        """Return the register of a value that can be had once, before the loop begins, and nobody can tell."""
        key = self._key(value)
        return None if key is None else self.given(value, key)

    def _key(self, value: Value) -> object:
        """Return what a value is that stays the same as long as the loop runs, else `None`."""
        match value:
            case ir.Constant(value=constant):
                return ("constant", type(constant), repr(constant)) if _is_fixed(constant) else None
            case ir.Variable(name=name):
                return None if name in self.changing else ("variable", name)
            case ir.Given(called=called):
                return "given", called
            case ir.Missing():
                return ("missing",)
            case ir.Checked(source=source, called=called):
                inner = self._key(source)
                return None if inner is None else ("checked", inner, called)
            case ir.Undefined(message=message, called=called):
                return "undefined", message, called, value.plain
            case ir.Frame(name=name, of=of):
                return None if name in self.changing else ("frame", name, of)
            case ir.TrueContext(frame=frame):
                return "context", self._key(frame)
            case ir.Evaluation(frame=frame):
                return "evaluation", value.bound, value.sure
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
        write = _STATEMENTS.get(type(statement))
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

    def bind(self, bound: tuple[tuple[str, Value], ...], into: list[Any], body: tuple[Node, ...]) -> None:
        """Have the variables of a scope be what they hold at its start."""
        for variable, value in bound:
            register = self.steady(value)
            if register is not None and not _sets(body, variable):
                self.registers[variable] = register  # it is nothing else in this scope
                continue
            self.registers.pop(variable, None)
            expression = self.value(value)
            into.append((Opcode.SET, self.own(variable), expression))

    def loop(self, loop: st.Loop, items: Any) -> Program:
        """Return a loop over items; those of the whole program are given when it runs."""
        if loop.recursive or (loop.variable is not None and loop.counted is None):
            raise NoProgram
        place = self.place(loop.line)
        place = (self.at if place is None else place) or 0
        target = self.target(loop.target)
        if items == GIVEN:
            self.first = len(self.inputs)
            if leaves(loop.otherwise):
                raise NoProgram
        around, self.loops = self.loops, (*self.loops, loop.variable)
        test = None if loop.test is None else self.test(loop, loop.test)
        first: list[Any] = []
        if loop.sets:
            first.append((Opcode.SET, self.own("_loop_vars"), (Opcode.CALL, None, self.name("dict"))))
        self.bind(loop.bind, first, loop.body)
        body = self.body(loop.body)
        if first:
            body = (*first, *(body if isinstance(body, tuple) else (body,)))
        self.loops, self.at = around, None
        otherwise = self.body(loop.otherwise)
        self.at = None
        return (Opcode.LOOP, place, items, target, test, body, otherwise, 0)

    def test(self, loop: st.Loop, test: st.LoopTest) -> Any:
        """Return the condition of a loop, which finds the item where the body does."""
        if test.asks_loop:
            raise NoProgram
        self._alias(test.target, loop.target)
        bound: list[Any] = []
        self.loops = self.loops[:-1]
        self.bind(test.bind, bound, ())
        if bound:
            raise NoProgram
        value = self.value(test.value)
        self.loops = (*self.loops, loop.variable)
        return value

    def _alias(self, target: st.Target, same: st.Target) -> None:
        match target, same:
            case st.ToVariable(name=name), st.ToVariable(name=other):
                self.registers[name] = self.registers[other]
            case st.ToParts(items=items), st.ToParts(items=others):
                for one, other_target in zip(items, others, strict=True):
                    self._alias(one, other_target)
            case _:
                raise NoProgram

    def target(self, target: st.Target) -> Any:
        """Return what an item is assigned to."""
        if isinstance(target, st.ToVariable):
            self.registers.pop(target.name, None)
            return self.own(target.name)
        if isinstance(target, st.ToParts):
            return tuple(self.target(item) for item in target.items)
        raise NoProgram


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


def _is_fixed(constant: object) -> bool:
    """Return whether nothing can change a constant."""
    if isinstance(constant, tuple):
        return all(map(_is_fixed, constant))
    return constant is None or isinstance(constant, (str, int, float, bool, complex))


def _sets(body: tuple[Node, ...], variable: str) -> bool:
    return any(isinstance(node, st.ToVariable) and node.name == variable for node in below(body))


# -- values ------------------------------------------------------------------------------------------------------------


def _variable(builder: _Builder, value: ir.Variable) -> Any:
    if value.name not in builder.registers:
        raise NoProgram  # it is set further down, or by nothing
    return builder.registers[value.name]


def _checked(builder: _Builder, value: ir.Checked) -> Any:
    if not isinstance(value.source, ir.Variable):
        raise NoProgram
    register = builder.registers.get(value.source.name)
    if register is None:
        raise NoProgram
    given = builder.inputs[register]
    if given is not None:  # another name for what is given
        return builder.value(ir.Checked(value.line, _source(given), value.called))
    return (Opcode.CHECKED, register, value.called)


def _source(given: Value) -> ir.Variable | ir.Given:
    if not isinstance(given, (ir.Variable, ir.Given)):
        raise NoProgram
    return given


def _attribute(builder: _Builder, value: ir.Attribute) -> Any:
    inner = builder.value(value.value)
    opcode = Opcode.METHOD if hasattr(dict, value.attr) else Opcode.ATTR
    return (opcode, builder.place(value.line), inner, value.attr)


def _item(builder: _Builder, value: ir.Item) -> Any:
    inner, key = builder.value(value.value), builder.value(value.key)
    return (Opcode.ITEM, builder.place(value.line), inner, key)


def _slice(builder: _Builder, value: ir.Slice) -> Any:
    inner = builder.value(value.value)
    bounds = [builder.value(bound) for bound in value.bounds]
    return (Opcode.SLICE, builder.place(value.line), inner, *bounds)


def _binary(builder: _Builder, value: ir.Binary) -> Any:
    left, right = builder.value(value.left), builder.value(value.right)
    return (Opcode.BINARY, builder.place(value.line), _OPERATORS[value.operator], left, right)


def _unary(builder: _Builder, value: ir.Unary) -> Any:
    inner = builder.value(value.value)
    return (Opcode.UNARY, builder.place(value.line), _SIGNS[value.operator], inner)


def _compare(builder: _Builder, value: ir.Compare) -> Any:
    if len(value.rest) != 1:
        raise NoProgram
    ((operator, other),) = value.rest
    left, right = builder.value(value.first), builder.value(other)
    return (Opcode.COMPARE, builder.place(value.line), _COMPARISONS[operator], left, right)


def _branches(builder: _Builder, *values: Value) -> list[Any]:
    """Return expressions of which not all run."""
    before, written = builder.at, []
    for value in values:
        builder.at = before
        written.append(builder.value(value))
        builder.at = None
    return written


def _logic(builder: _Builder, value: ir.Logic) -> Any:
    left = builder.value(value.left)
    place = builder.place(value.line)
    right = _branches(builder, value.right)
    return (Opcode.AND if value.operator == "and" else Opcode.OR, place, left, *right)


def _not(builder: _Builder, value: ir.Not) -> Any:
    inner = builder.value(value.value)
    return (Opcode.NOT, builder.place(value.line), inner)


def _choose(builder: _Builder, value: ir.Choose) -> Any:
    test = builder.value(value.test)
    place = builder.place(value.test.line)
    return (Opcode.CHOOSE, place, test, *_branches(builder, value.yes, value.no))


def _concat(builder: _Builder, value: ir.Concat) -> Any:
    if value.escaped is not builder.escaped:
        raise NoProgram
    values = [builder.value(part) for part in value.values]
    return (Opcode.CONCAT, builder.place(value.line), *values)


def _sequence(builder: _Builder, value: ir.Sequence) -> Any:
    return (Opcode.TUPLE if value.kind == "tuple" else Opcode.LIST, *map(builder.value, value.values))


def _marked(builder: _Builder, value: ir.Marked) -> Any:
    escaped = value.escaped
    if isinstance(escaped, ir.Autoescape):
        if not escaped.sure:
            raise NoProgram
        escaped = escaped.compiled
    if not escaped:
        return builder.value(value.value)
    if isinstance(value.value, ir.Text):
        return (Opcode.MARKUP, _captured(builder, value.value.body))
    inner = builder.value(value.value)
    return (Opcode.CALL, builder.place(value.line), builder.name("Markup"), inner)


def _text(builder: _Builder, value: ir.Text) -> Any:
    return (Opcode.TEXT, _captured(builder, value.body))


def _captured(builder: _Builder, body: Body) -> Any:
    if leaves(body):
        raise NoProgram
    return builder.body(body)


def _apply(builder: _Builder, value: ir.Apply) -> Any:
    if value.own and value.called in _LOOKING:
        raise NoProgram  # these have forms that know what went wrong inside of what they look up
    inner = builder.value(value.value)
    passed = () if value.passed is None else (builder.value(value.passed),)
    function = ir.Bound(value.line, (value.kind, value.called))
    return builder.call(value.line, builder.value(function), value.arguments, *passed, inner)


def _call(builder: _Builder, value: ir.Call) -> Any:
    if value.way != "plain" or value.caller is not None:
        raise NoProgram
    callee = builder.value(value.callee)
    scopes: list[Any] = [builder.given(ir.Constant(0, None), ("constant", type(None), "None"))] * 2
    for scope in value.scopes:
        at = 0 if scope == "_loop_vars" else 1
        scopes[at] = builder.value(ir.Variable(value.line, scope))
    first = (builder.value(value.frame), *scopes, callee)
    return builder.call(value.line, builder.name("invoked"), value.arguments, *first)


def _invoke(builder: _Builder, value: ir.Invoke) -> Any:
    function = builder.value(value.function)
    return builder.call(value.line, function, ir.Arguments(value.line, value.arguments, None, value.keywords))


def _counter(builder: _Builder, value: ir.Counter) -> Any:
    if value.loop not in builder.loops:
        raise NoProgram
    if value.loop != builder.loops[-1]:
        if value.attr not in _WHICH:
            raise NoProgram
        return builder.value(ir.Variable(value.line, f"{value.loop}.{value.attr}"))
    if value.attr in _WHICH:
        return (Opcode.COUNTER, _WHICH[value.attr])
    return (_AHEAD[value.attr], builder.place(value.line))


def _turn(builder: _Builder, value: ir.Turn) -> Any:
    if value.loop != builder.loops[-1]:
        raise NoProgram
    return (Opcode.CYCLE, *map(builder.value, value.values))


def _call_macro(builder: _Builder, value: ir.CallMacro) -> Any:
    if value.caller is not None or value.rest:
        raise NoProgram
    operands = [builder.value(operand) for operand in value.operands]
    if [slot for slot in value.slots if slot is not None] != sorted(slot for slot in value.slots if slot is not None):
        raise NoProgram  # they are looked at in another order than they are given
    missing = builder.value(ir.Missing(value.line))
    arguments = [missing if slot is None else operands[slot] for slot in value.slots]
    function, context = (
        builder.value(ir.MacroFunction(value.line, value.template, value.macro)),
        builder.value(value.context),
    )
    if value.text:
        return (Opcode.CALL, builder.place(value.line), function, context, *arguments)
    return (Opcode.CALL, builder.place(value.line), builder.name("written"), function, context, *arguments)


def _block_text(builder: _Builder, value: ir.BlockText) -> Any:
    function, frame = builder.value(value.function), builder.value(value.frame)
    if not value.text:
        function = (Opcode.CALL, builder.place(value.line), builder.name("returning"), function)
    return (Opcode.CALL, builder.place(value.line), function, frame)


_VALUES: Mapping[type[Value], Callable[[_Builder, Any], Any]] = MappingProxyType(
    {
        ir.Variable: _variable,
        ir.Checked: _checked,
        ir.Attribute: _attribute,
        ir.Item: _item,
        ir.Slice: _slice,
        ir.Binary: _binary,
        ir.Unary: _unary,
        ir.Compare: _compare,
        ir.Logic: _logic,
        ir.Not: _not,
        ir.Choose: _choose,
        ir.Concat: _concat,
        ir.Sequence: _sequence,
        ir.Marked: _marked,
        ir.Text: _text,
        ir.Apply: _apply,
        ir.Call: _call,
        ir.Invoke: _invoke,
        ir.Counter: _counter,
        ir.Turn: _turn,
        ir.CallMacro: _call_macro,
        ir.BlockText: _block_text,
    }
)


# -- statements --------------------------------------------------------------------------------------------------------


def _print_text(builder: _Builder, statement: st.PrintText, into: list[Any]) -> None:
    builder.text(statement.text, into)


def _print(builder: _Builder, statement: st.Print, into: list[Any]) -> None:
    value, mode = statement.value, statement.mode
    if isinstance(value, ir.Printed):
        _print_part(builder, value, into)
    elif mode == st.TEXT:
        into.append((Opcode.PRINTTEXT, builder.value(value)))
    elif mode == st.RAW:
        raise NoProgram
    elif (mode == st.ESCAPE) is builder.escaped:
        expression = builder.value(value)
        into.append((Opcode.PRINT, builder.place(statement.line), expression))
    elif mode == st.ESCAPE:
        expression = builder.value(value)
        escape = (Opcode.CALL, builder.place(statement.line), builder.name("escape_any"), expression)
        into.append((Opcode.PRINTTEXT, escape))
    else:
        expression = builder.value(value)
        into.append((Opcode.PRINTSTR, builder.place(statement.line), expression))


def _print_part(builder: _Builder, printed: ir.Printed, into: list[Any]) -> None:
    if printed.escaped is not None:
        raise NoProgram
    written = (Opcode.PRINTTEXT, builder.value(printed.value))
    into.append(_guard(builder, printed.line, (written,), escapes=printed.escapes) if printed.guarded else written)


def _guard(builder: _Builder, line: int, body: Any, *, escapes: bool) -> Any:
    undefined = builder.name("undefined")
    escaped = builder.value(ir.Constant(line, escapes))
    instead = (Opcode.CALL, builder.place(line), builder.name("nothing_of"), undefined, escaped)
    builder.at = None
    return (Opcode.GUARD, None, body, instead)


def _if(builder: _Builder, statement: st.If, into: list[Any]) -> None:
    into.append(_choice(builder, statement.branches, statement.otherwise))


def _choice(builder: _Builder, branches: tuple[tuple[Value, Body], ...], otherwise: Body) -> Any:
    (test, body), *rest = branches
    negated = isinstance(test, ir.Not)
    expression = builder.value(test.value if isinstance(test, ir.Not) else test)
    place = builder.place(test.line)
    before = builder.at
    chosen = builder.body(body)
    builder.at = before
    other = (_choice(builder, tuple(rest), otherwise),) if rest else builder.body(otherwise)
    builder.at = None
    first, second = (other, chosen) if negated else (chosen, other)
    return (Opcode.IF, place, expression, first, second)


def _set(builder: _Builder, statement: st.Set, into: list[Any]) -> None:
    value = builder.value(statement.value)
    target = statement.target
    if isinstance(target, st.ToVariable):
        given = builder.registers.get(target.name)
        if given is not None and builder.inputs[given] is not None:
            del builder.registers[target.name]
        into.append((Opcode.SET, builder.own(target.name), value))
    elif isinstance(target, st.ToNamespace):
        key = builder.value(ir.Constant(target.line, target.attr))
        arguments = builder.value(target.namespace), key, value
        into.append((Opcode.DO, (Opcode.CALL, builder.place(statement.line), builder.name("set_item"), *arguments)))
    else:
        raise NoProgram


def _check_namespace(builder: _Builder, statement: st.CheckNamespace, into: list[Any]) -> None:
    namespace = builder.value(statement.namespace)
    into.append((Opcode.DO, (Opcode.CALL, builder.place(statement.line), builder.name("check_namespace"), namespace)))


def _set_scope_variable(builder: _Builder, statement: st.SetScopeVariable, into: list[Any]) -> None:
    holder = builder.value(ir.Variable(statement.line, statement.name))
    key, value = builder.value(ir.Constant(statement.line, statement.called)), builder.value(statement.value)
    call = (Opcode.CALL, builder.place(statement.line), builder.name("set_item"), holder, key, value)
    into.append((Opcode.DO, call))


def _do(builder: _Builder, statement: st.Do, into: list[Any]) -> None:
    into.append((Opcode.DO, builder.value(statement.value)))


def _loop(builder: _Builder, statement: st.Loop, into: list[Any]) -> None:
    asked = {node.attr for node in below(statement) if isinstance(node, ir.Counter) and node.loop == builder.loops[-1]}
    for attr in sorted(asked & _WHICH.keys()):
        register = builder.own(f"{builder.loops[-1]}.{attr}")
        into.append((Opcode.SET, register, (Opcode.COUNTER, _WHICH[attr])))
    items = builder.value(statement.items)
    into.append(builder.loop(statement, items))


def _scoped(builder: _Builder, statement: st.Scoped, into: list[Any]) -> None:
    builder.bind(statement.bind, into, statement.body)
    for inner in statement.body:
        builder.statement(inner, into)


def _framed(builder: _Builder, statement: st.Framed, into: list[Any]) -> None:
    outer = builder.around
    builder.around = (*outer, (statement.template, statement.shown, statement.line))
    if statement.guarded:
        body = _captured(builder, statement.body)
        builder.around, builder.at = outer, None
        into.append(_guard(builder, statement.line, body, escapes=statement.escapes))
        return
    for inner in statement.body:
        builder.statement(inner, into)
    builder.around = outer


def _leave(opcode: int) -> Callable[[_Builder, Any, list[Any]], None]:
    return lambda builder, statement, into: into.append((opcode,))


def _run_included(builder: _Builder, statement: st.RunIncluded, into: list[Any]) -> None:
    if statement.entry != abi.INCLUDED or statement.needs_context or not statement.text:
        raise NoProgram
    function = builder.value(ir.Linked(statement.line, statement.template, statement.entry))
    arguments = [builder.value(argument) for argument in (*statement.arguments, statement.frame)]
    into.append((Opcode.PRINTTEXT, (Opcode.CALL, builder.place(statement.line), function, *arguments)))


_STATEMENTS: Mapping[type[Statement], Callable[[_Builder, Any, list[Any]], None]] = MappingProxyType(
    {
        st.PrintText: _print_text,
        st.Print: _print,
        st.If: _if,
        st.Set: _set,
        st.CheckNamespace: _check_namespace,
        st.SetScopeVariable: _set_scope_variable,
        st.Do: _do,
        st.Loop: _loop,
        st.Scoped: _scoped,
        st.Framed: _framed,
        st.Break: _leave(Opcode.BREAK),
        st.Continue: _leave(Opcode.CONTINUE),
        st.RunIncluded: _run_included,
    }
)
