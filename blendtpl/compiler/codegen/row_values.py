"""Values in row programs: the operation that each kind of value is."""

from types import MappingProxyType
from typing import Any

from blendtpl.bundle.row_ops import Comparison, Opcode, Operator
from blendtpl.bundle.row_ops import Counter as Which
from blendtpl.compiler.codegen.gettext import how
from blendtpl.compiler.codegen.row_builder import Builder, NoProgram, Values
from blendtpl.compiler.ir import values as ir
from blendtpl.compiler.ir.base import Value

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
COUNTERS = {"index": Which.INDEX, "index0": Which.INDEX0, "first": Which.FIRST, "depth": Which.DEPTH}
COUNTERS["depth0"] = Which.DEPTH0
_AHEAD = {
    "last": Opcode.LAST,
    "length": Opcode.LENGTH,
    "revindex": Opcode.REVINDEX,
    "revindex0": Opcode.REVINDEX0,
    "previtem": Opcode.PREVITEM,
    "nextitem": Opcode.NEXTITEM,
}


def _variable(builder: Builder, value: ir.Variable) -> Any:
    if value.name not in builder.registers:
        raise NoProgram  # it is set further down, or by nothing
    return builder.registers[value.name]


def _frame(builder: Builder, value: ir.Frame) -> Any:
    return _variable(builder, ir.Variable(value.line, value.name))


def _true_context(builder: Builder, value: ir.TrueContext) -> Any:
    return (Opcode.CALL, None, builder.name("true_context"), builder.value(value.frame))


def _constant(builder: Builder, value: ir.Constant) -> Any:
    """Return what makes a constant anew that can be changed."""
    if type(value.value) is list:
        return (Opcode.LIST, *(builder.value(ir.Constant(value.line, part)) for part in value.value))
    if value.value == {} and type(value.value) is dict:
        return (Opcode.CALL, None, builder.name("dict"))
    raise NoProgram


def _checked(builder: Builder, value: ir.Checked) -> Any:
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


def _attribute(builder: Builder, value: ir.Attribute) -> Any:
    match value:
        case ir.Attribute(value=ir.Variable(name=name)) if name in builder.loops:
            return _of_loop(builder, name, value)
    inner = builder.value(value.value)
    if value.safe:
        return _safely(builder, value.line, "safe_attribute", inner, builder.constant(value.attr))
    opcode = Opcode.METHOD if hasattr(dict, value.attr) else Opcode.ATTR
    return (opcode, builder.place(value.line), inner, value.attr)


def _item(builder: Builder, value: ir.Item) -> Any:
    inner, key = builder.value(value.value), builder.value(value.key)
    if value.safe:
        return _safely(builder, value.line, "safe_item", inner, key)
    return (Opcode.ITEM, builder.place(value.line), inner, key)


def _slice(builder: Builder, value: ir.Slice) -> Any:
    inner = builder.value(value.value)
    bounds = [builder.value(bound) for bound in value.bounds]
    return (Opcode.SLICE, builder.place(value.line), inner, *bounds)


def _binary(builder: Builder, value: ir.Binary) -> Any:
    left, right = builder.value(value.left), builder.value(value.right)
    return (Opcode.BINARY, builder.place(value.line), _OPERATORS[value.operator], left, right)


def _unary(builder: Builder, value: ir.Unary) -> Any:
    inner = builder.value(value.value)
    return (Opcode.UNARY, builder.place(value.line), _SIGNS[value.operator], inner)


def _compare(builder: Builder, value: ir.Compare) -> Any:
    if len(value.rest) != 1:
        raise NoProgram
    ((operator, other),) = value.rest
    left, right = builder.value(value.first), builder.value(other)
    return (Opcode.COMPARE, builder.place(value.line), _COMPARISONS[operator], left, right)


def _branches(builder: Builder, *values: Value) -> list[Any]:
    """Return expressions of which not all run."""
    before, written = builder.at, []
    for value in values:
        builder.at = before
        written.append(builder.value(value))
        builder.at = None
    return written


def _logic(builder: Builder, value: ir.Logic) -> Any:
    left = builder.value(value.left)
    place = builder.place(value.line)
    right = _branches(builder, value.right)
    return (Opcode.AND if value.operator == "and" else Opcode.OR, place, left, *right)


def _not(builder: Builder, value: ir.Not) -> Any:
    inner = builder.value(value.value)
    return (Opcode.NOT, builder.place(value.line), inner)


def _choose(builder: Builder, value: ir.Choose) -> Any:
    test = builder.value(value.test)
    place = builder.place(value.test.line)
    return (Opcode.CHOOSE, place, test, *_branches(builder, value.yes, value.no))


def _concat(builder: Builder, value: ir.Concat) -> Any:
    values = [builder.value(part) for part in value.values]
    if isinstance(value.escaped, Value):
        raise NoProgram
    if value.escaped is not builder.escaped:
        join = builder.name("markup_join" if value.escaped else "str_join")
        return (Opcode.CALL, builder.place(value.line), join, (Opcode.TUPLE, *values))
    return (Opcode.CONCAT, builder.place(value.line), *values)


def _sequence(builder: Builder, value: ir.Sequence) -> Any:
    return (Opcode.TUPLE if value.kind == "tuple" else Opcode.LIST, *map(builder.value, value.values))


def _marked(builder: Builder, value: ir.Marked) -> Any:
    escaped = value.escaped
    if isinstance(escaped, ir.Autoescape):
        if not escaped.sure:
            raise NoProgram
        escaped = escaped.compiled
    if not escaped:
        return builder.value(value.value)
    if isinstance(value.value, ir.Text):
        return (Opcode.MARKUP, builder.captured(value.value.body))
    inner = builder.value(value.value)
    return (Opcode.CALL, builder.place(value.line), builder.name("Markup"), inner)


def _text(builder: Builder, value: ir.Text) -> Any:
    return (Opcode.TEXT, builder.captured(value.body))


def _guarded(builder: Builder, value: ir.Guarded) -> Any:
    inner = builder.value(value.value)
    builder.at = None  # it may have ended anywhere
    instead = (Opcode.CALL, builder.place(value.line), builder.name("stopped"), builder.name("undefined"))
    builder.at = None
    return (Opcode.GUARDED, inner, instead)


def _call_back(builder: Builder, value: ir.CallBack) -> Any:
    frame, caller = builder.value(value.frame), builder.value(value.caller)
    return (Opcode.CALL, builder.place(value.line), builder.name("call_back"), frame, caller)


def _behind(builder: Builder, value: ir.Behind) -> Any:
    return (Opcode.BEHIND, builder.captured(value.before), builder.value(value.value))


def _pairs(builder: Builder, value: ir.Pairs) -> Any:
    parts = [builder.value(part) for pair in value.pairs for part in pair]
    return (Opcode.DICT, builder.place(value.line), *parts)


def _apply(builder: Builder, value: ir.Apply) -> Any:
    inner = builder.value(value.value)
    passed = () if value.passed is None else (builder.value(value.passed),)
    function = ir.Bound(value.line, (value.kind, value.called))
    return builder.call(value.line, builder.value(function), value.arguments, *passed, inner)


def _safely(builder: Builder, line: int, function: str, inner: Any, key: Any) -> Any:
    first = (builder.name("environment"), builder.name("undefined"))
    return (Opcode.CALL, builder.place(line), builder.name(function), *first, inner, key)


def _call(builder: Builder, value: ir.Call) -> Any:
    if value.way not in {"plain", "safe"} or value.caller is not None:
        raise NoProgram
    match value.callee:
        case ir.Attribute(value=ir.Variable(name=name), attr=attr) if name in builder.loops:
            return _ask_loop(builder, name, attr, value)
    callee = builder.value(value.callee)
    scopes = _scopes(builder, value)
    first = (builder.value(value.frame), *scopes, callee)
    if value.way == "safe":
        first = (builder.name("environment"), *first)
        return builder.call(value.line, builder.name("safely_invoked"), value.arguments, *first)
    return builder.call(value.line, builder.name("invoked"), value.arguments, *first)


def _ask_loop(builder: Builder, loop: str, method: str, call: ir.Call) -> Any:
    """Return ``loop.changed(…)`` or ``loop.cycle(…)``, of the loop at hand."""
    arguments = call.arguments
    if loop not in builder.loops[-1:] or not arguments.is_plain:
        raise NoProgram
    values = [builder.value(argument) for argument in arguments.positional]
    if method == "changed":
        return (Opcode.CHANGED, builder.place(call.line), *values)
    if method == "cycle" and values:
        return (Opcode.CYCLE, *values)
    raise NoProgram


def _await(builder: Builder, value: ir.Await) -> Any:
    inner = builder.value(value.value)
    return (Opcode.AWAIT, builder.place(value.line), builder.name("awaited"), inner)


def _invoke(builder: Builder, value: ir.Invoke) -> Any:
    function = builder.value(value.function)
    return builder.call(value.line, function, ir.Arguments(value.line, value.arguments, None, value.keywords))


def _counter(builder: Builder, value: ir.Counter) -> Any:
    if value.loop not in builder.loops:
        raise NoProgram
    return _of_loop(builder, value.loop, value)


def _of_loop(builder: Builder, loop: str, asked: ir.Counter | ir.Attribute) -> Any:
    """Return what a ``loop`` says of itself; of what is around that at hand, what does not change in a round."""
    line, attr = asked.line, asked.attr
    if attr not in COUNTERS and (attr not in _AHEAD or loop != builder.loops[-1]):
        raise NoProgram
    if loop != builder.loops[-1]:
        return builder.value(ir.Variable(line, f"{loop}.{attr}"))
    if attr in COUNTERS:
        return (Opcode.COUNTER, COUNTERS[attr])
    return (_AHEAD[attr], builder.place(line))


def _turn(builder: Builder, value: ir.Turn) -> Any:
    if value.loop not in builder.loops[-1:]:
        raise NoProgram
    return (Opcode.CYCLE, *map(builder.value, value.values))


def _call_macro(builder: Builder, value: ir.CallMacro) -> Any:
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


def _block_text(builder: Builder, value: ir.BlockText) -> Any:
    function, frame = builder.value(value.function), builder.value(value.frame)
    if not value.text:
        function = (Opcode.CALL, builder.place(value.line), builder.name("returning"), function)
    return (Opcode.CALL, builder.place(value.line), function, frame)


def _translate(builder: Builder, value: ir.Translate) -> Any:
    found, frame, form = builder.value(value.translator), builder.value(value.frame), builder.constant(how(value))
    scopes = _scopes(builder, value) if value.scopes else ()
    given = map(builder.value, (*value.texts, *value.rest, *(part for _, part in value.keywords)))
    arguments = (found, frame, form, *scopes, *given)
    return (Opcode.CALL, builder.place(value.line), builder.name("translation"), *arguments)


def _scopes(builder: Builder, value: ir.Call | ir.Translate) -> list[Any]:
    """Return what is set around a place for what asks for the context: in rounds of a loop, and in a block."""
    scopes: list[Any] = [builder.constant(None)] * 2
    for scope in value.scopes:
        scopes[scope != "_loop_vars"] = builder.value(ir.Variable(value.line, scope))
    return scopes


ROW_VALUES: Values = MappingProxyType(
    {
        ir.Variable: _variable,
        ir.Frame: _frame,
        ir.TrueContext: _true_context,
        ir.Constant: _constant,
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
        ir.Behind: _behind,
        ir.Guarded: _guarded,
        ir.CallBack: _call_back,
        ir.Pairs: _pairs,
        ir.Apply: _apply,
        ir.Call: _call,
        ir.Await: _await,
        ir.Invoke: _invoke,
        ir.Counter: _counter,
        ir.Turn: _turn,
        ir.CallMacro: _call_macro,
        ir.BlockText: _block_text,
        ir.Translate: _translate,
    }
)
