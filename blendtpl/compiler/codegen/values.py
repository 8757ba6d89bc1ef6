"""Values: what each value of the intermediate form becomes in Python.

Enters: a value. Leaves: a Python expression that has no effect, after statements that compute everything that has one,
in the order in which Jinja2 computes it (O1).
"""

import ast
from collections.abc import Mapping
from types import MappingProxyType

from blendtpl.bundle import abi
from blendtpl.compiler.codegen.generator import Generator, Values
from blendtpl.compiler.codegen.gettext import translated, translator
from blendtpl.compiler.codegen.loop_variable import counter, turn
from blendtpl.compiler.codegen.pyast import assign, attribute, call, const, either, is_, item, likely, literal, name
from blendtpl.compiler.ir import values as ir
from blendtpl.compiler.ir.base import Value

_BINARY: Mapping[str, ast.operator] = {
    "+": ast.Add(),
    "-": ast.Sub(),
    "*": ast.Mult(),
    "/": ast.Div(),
    "//": ast.FloorDiv(),
    "**": ast.Pow(),
    "%": ast.Mod(),
}
_UNARY: Mapping[str, ast.unaryop] = {"+": ast.UAdd(), "-": ast.USub()}


# -- what is there -----------------------------------------------------------------------------------------------------


def _constant(generator: Generator, value: ir.Constant) -> ast.expr:
    return literal(value.value)


def _variable(generator: Generator, value: ir.Variable) -> ast.expr:
    return name(generator.variable(value.name))


def _given(generator: Generator, value: ir.Given) -> ast.expr:
    return generator.given(value.called)


def _missing(generator: Generator, value: ir.Missing) -> ast.expr:
    return name("missing")


def _checked(generator: Generator, value: ir.Checked) -> ast.expr:
    source = generator.value(value.source)
    if not isinstance(source, ast.Name):
        return source
    return generator.code.checked(source.id, value.called)


def _undefined(generator: Generator, value: ir.Undefined) -> ast.expr:
    operands = [] if value.message is None else [const(value.message)]
    if value.plain:
        return call("Undefined", *operands)
    return call("undefined", *operands, **({} if value.called is None else {"name": const(value.called)}))


def _frame(generator: Generator, value: ir.Frame) -> ast.expr:
    return name(value.name if value.of is None else generator.link(value.of, abi.MODULE_CONTEXT))


def _resolved(generator: Generator, value: ir.Resolved) -> ast.expr:
    return call(attribute(generator.value(value.frame), "resolve"), const(value.called))


def _true_context(generator: Generator, value: ir.TrueContext) -> ast.expr:
    return call("true_context", generator.value(value.frame))


def _evaluation(generator: Generator, value: ir.Evaluation) -> ast.expr:
    frame = generator.value(value.frame)
    if value.sure:
        return name(generator.bind("eval_ctx", value.bound))
    other = _own_evaluation(generator, frame)
    if generator.target.slots is not None:
        own = name(generator.bind("eval_ctx", value.bound))
        return generator.code.materialise(either(name("stable_autoescape"), own, other))
    return other if generator.target.parameters is None else generator.code.materialise(other)


def _own_evaluation(generator: Generator, frame: ast.expr) -> ast.expr:
    """Return the expression for the evaluation context of a frame, or of a context, as it is when this runs."""
    if generator.target.parameters is not None:
        return call("evaluation", frame)
    return attribute(frame if generator.target.slots is None else call("true_context", frame), "eval_ctx")


def autoescape(generator: Generator, value: ir.Autoescape) -> ast.expr:
    """Return the expression for whether output is escaped, as it is when this runs (E6)."""
    if value.sure:
        return const(value.compiled)
    other = attribute(_own_evaluation(generator, generator.value(value.frame)), "autoescape")
    # what it was compiled for, unless a template of the set may change it, or extend this one and differ
    if value.compiled:
        return ast.BoolOp(ast.Or(), [name("stable_autoescape"), other])
    return ast.BoolOp(ast.And(), [ast.UnaryOp(ast.Not(), name("stable_autoescape")), other])


def _global(generator: Generator, value: ir.Global) -> ast.expr:
    return name(value.name)


def _bound(generator: Generator, value: ir.Bound) -> ast.expr:
    return name(generator.bind(*value.words))


def _linked(generator: Generator, value: ir.Linked) -> ast.expr:
    return name(generator.link(value.template, value.part))


def _template_self(generator: Generator, value: ir.TemplateSelf) -> ast.expr:
    return generator.reference()


# -- what is made of values --------------------------------------------------------------------------------------------


def looked_into(generator: Generator, value: ir.Attribute) -> list[ast.expr]:
    """Return what `blendtpl.runtime.attributes.attribute` and its like are given: the value, the attribute, and the
    name of a value that may be missing, where nothing has asked that yet.
    """
    inner = value.value
    # names that begin so are those that what stands for missing may have
    if isinstance(inner, ir.Checked) and not value.attr.startswith("__"):
        source = generator.value(inner.source)
        if isinstance(source, ast.Name) and not generator.code.is_checked(source.id):
            return [source, const(value.attr), const(inner.called)]
    return [generator.value(inner), const(value.attr)]


def is_written_out(generator: Generator, value: ir.Attribute) -> bool:
    """Return whether the look-up of an attribute is written out, as that runs often."""
    return generator.code.function.hot > 0 and not value.safe


def _attribute(generator: Generator, value: ir.Attribute) -> ast.expr:
    code, attr = generator.code, value.attr
    if value.safe:
        first = (name("environment"), name("undefined"), generator.value(value.value))
        return code.materialise(call("safe_attribute", *first, const(attr)))
    if not is_written_out(generator, value):
        getter = "attribute" if hasattr(dict, attr) else "field"  # (L3, L4)
        return code.materialise(call(getter, name("undefined"), *looked_into(generator, value)))
    return name(write_attribute(generator, value))


def write_attribute(generator: Generator, value: ir.Attribute, result: str = "") -> str:
    """Write out the look-up of an attribute; return the variable that its value is in then, which may be given."""
    code, attr = generator.code, value.attr
    inner = generator.value(value.value)
    result = result or code.temporary()
    code.materialise_output()
    if not isinstance(inner, ast.Name):
        getter = "attribute" if hasattr(dict, attr) else "field"
        code.branch(assign(result, call(getter, name("undefined"), inner, const(attr))))
        return result
    direct: ast.expr = attribute(inner, attr)
    if hasattr(dict, attr):
        fallback = call("absent", name("undefined"), inner, const(attr), const(True))
        absent: list[ast.stmt] = [assign(result, fallback)]
        handler = ast.ExceptHandler(name("AttributeError"), None, absent)
    else:
        other = code.is_no_dict(inner.id)
        direct = either(other, direct, item(inner, const(attr)))  # what is likely is last: see `likely`
        absent = [assign(result, call("absent", name("undefined"), inner, const(attr), other))]
        handler = ast.ExceptHandler(name("no_item"), None, absent)
    code.branch(ast.Try([assign(result, direct)], [handler], [], []))
    return result


def _item(generator: Generator, value: ir.Item) -> ast.expr:
    inner = generator.value(value.value)
    key = generator.value(value.key)
    if value.safe:
        return generator.code.materialise(call("safe_item", name("environment"), name("undefined"), inner, key))
    return generator.code.materialise(call("subscript", name("undefined"), inner, key))  # (L5)


def _slice(generator: Generator, value: ir.Slice) -> ast.expr:
    code = generator.code
    inner = generator.value(value.value)
    bounds = [generator.value(bound) for bound in value.bounds]
    if isinstance(inner, ast.Constant):  # which Python would warn of
        result = code.temporary()
        code.branch(assign(result, inner))
        inner = name(result)
    return code.materialise(item(inner, call("slice", *bounds)))  # (L8)


def _object_attribute(generator: Generator, value: ir.ObjectAttribute) -> ast.expr:
    return attribute(generator.value(value.value), value.attr)


def _binary(generator: Generator, value: ir.Binary) -> ast.expr:
    left = generator.value(value.left)
    right = generator.value(value.right)
    return generator.code.materialise(ast.BinOp(left, _BINARY[value.operator], right))


def _unary(generator: Generator, value: ir.Unary) -> ast.expr:
    return generator.code.materialise(ast.UnaryOp(_UNARY[value.operator], generator.value(value.value)))


def _concat(generator: Generator, value: ir.Concat) -> ast.expr:
    values = [generator.value(part) for part in value.values]
    parts = ast.Tuple(values, ast.Load())
    if isinstance(value.escaped, Value):
        escaped = generator.value(value.escaped)
        join: ast.expr = either(escaped, name("markup_join"), name("str_join"))
    else:
        join = name("markup_join" if value.escaped else "str_join")  # (E9)
    joined_text: ast.expr = call(join, parts)
    unknown = [part for part in values if not (isinstance(part, ast.Constant) and type(part.value) is str)]
    if all(isinstance(part, ast.Name) for part in unknown) and unknown:
        texts: list[ast.expr] = [is_(call("type", part), "str") for part in unknown]
        joined = ast.JoinedStr(
            [part if isinstance(part, ast.Constant) else ast.FormattedValue(part, -1, None) for part in values]
        )
        joined_text = likely(texts[0] if len(texts) == 1 else ast.BoolOp(ast.And(), texts), joined, joined_text)
    return generator.code.materialise(joined_text)


def _sequence(generator: Generator, value: ir.Sequence) -> ast.expr:
    values = [generator.value(part) for part in value.values]
    if value.kind == "tuple":
        return ast.Tuple(values, ast.Load())
    return generator.code.materialise(ast.List(values, ast.Load()))


def _pairs(generator: Generator, value: ir.Pairs) -> ast.expr:
    return generator.code.materialise(pairs_of(generator, value))


def pairs_of(generator: Generator, value: Value) -> ast.Dict:
    """Return the expression for a dict, to be used once."""
    if not isinstance(value, ir.Pairs):
        raise TypeError(value)
    pairs = [(generator.value(key), generator.value(part)) for key, part in value.pairs]
    return ast.Dict([key for key, _ in pairs], [part for _, part in pairs])


def _marked(generator: Generator, value: ir.Marked) -> ast.expr:
    code, known = generator.code, value.escaped
    if isinstance(known, ir.Autoescape) and known.sure:
        known = known.compiled
    if known is False:
        return generator.value(value.value)
    if known is True:
        inner = generator.value(value.value)
        return call("Markup", inner if isinstance(inner, ast.Constant) else code.materialise(inner))
    inner = code.materialise(generator.value(value.value))
    escaped = autoescape(generator, known)
    return code.materialise(either(escaped, call("Markup", inner), inner))


def _is(generator: Generator, value: ir.Is) -> ast.expr:
    return is_(generator.value(value.value), value.what or None)


# -- loops -------------------------------------------------------------------------------------------------------------


def _counter(generator: Generator, value: ir.Counter) -> ast.expr:
    return counter(generator, value)


def _turn(generator: Generator, value: ir.Turn) -> ast.expr:
    return generator.code.materialise(turn(generator, value, [generator.value(part) for part in value.values]))


VALUES: Values = MappingProxyType(
    {
        ir.Constant: _constant,
        ir.Variable: _variable,
        ir.Given: _given,
        ir.Missing: _missing,
        ir.Checked: _checked,
        ir.Undefined: _undefined,
        ir.Frame: _frame,
        ir.Resolved: _resolved,
        ir.TrueContext: _true_context,
        ir.Evaluation: _evaluation,
        ir.Autoescape: autoescape,
        ir.Global: _global,
        ir.Bound: _bound,
        ir.Linked: _linked,
        ir.TemplateSelf: _template_self,
        ir.Attribute: _attribute,
        ir.Item: _item,
        ir.Slice: _slice,
        ir.ObjectAttribute: _object_attribute,
        ir.Binary: _binary,
        ir.Unary: _unary,
        ir.Concat: _concat,
        ir.Sequence: _sequence,
        ir.Pairs: _pairs,
        ir.Marked: _marked,
        ir.Is: _is,
        ir.Counter: _counter,
        ir.Turn: _turn,
        ir.Translate: translated,
        ir.Translator: translator,
    }
)
