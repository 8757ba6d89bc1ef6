"""Values: what each value of the intermediate form becomes in Python.

Enters: a value. Leaves: a Python expression that has no effect, after statements that compute everything that has one,
in the order in which Jinja2 computes it (O1).
"""

import ast
from collections.abc import Mapping
from keyword import iskeyword
from types import MappingProxyType

from blendtpl.bundle import abi
from blendtpl.compiler.codegen.generator import Generator, Values
from blendtpl.compiler.codegen.gettext import translated
from blendtpl.compiler.codegen.loop_variable import counter, turn
from blendtpl.compiler.codegen.pyast import assign, attribute, call, const, either, is_, item, likely, literal, name
from blendtpl.compiler.codegen.specialize import specialised
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
    if generator.target.slots is not None:
        other = attribute(call("true_context", frame), "eval_ctx")
        own = name(generator.bind("eval_ctx", value.bound))
        return generator.code.materialise(either(name("stable_autoescape"), own, other))
    return attribute(frame, "eval_ctx")


def autoescape(generator: Generator, value: ir.Autoescape) -> ast.expr:
    """Return the expression for whether output is escaped, as it is when this runs (E6)."""
    if value.sure:
        return const(value.compiled)
    frame: ast.expr = generator.value(value.frame)
    context = call("true_context", frame) if generator.target.slots is not None else frame
    other = attribute(attribute(context, "eval_ctx"), "autoescape")
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


# -- calls -------------------------------------------------------------------------------------------------------------


def signature(generator: Generator, arguments: ir.Arguments) -> tuple[list[ast.expr], list[ast.keyword]]:
    """Return the arguments and keywords of a call, looked at in Python's order (O5)."""
    code = generator.code
    positional = [generator.held(argument) for argument in arguments.positional]
    if arguments.star is not None:
        more = generator.value(arguments.star)
        if arguments.keywords or arguments.stars is not None:
            more = code.materialise(ast.List([ast.Starred(more, ast.Load())], ast.Load()))
        positional.append(ast.Starred(more, ast.Load()))
    pairs = [(key, generator.held(part)) for key, part in arguments.keywords]
    rest = None if arguments.stars is None else generator.value(arguments.stars)
    if any(iskeyword(key) for key, _ in pairs):
        # Jinja2 writes all of them as a dict, in which what comes later holds
        merged: ast.expr = ast.Dict([const(key) for key, _ in pairs], [part for _, part in pairs])
        merged = merged if rest is None else ast.Call(name("dict"), [merged], [ast.keyword(None, rest)])
        return positional, [ast.keyword(None, merged)]
    keywords = [ast.keyword(key, part) for key, part in pairs]
    return positional, keywords if rest is None else [*keywords, ast.keyword(None, rest)]


def _apply(generator: Generator, value: ir.Apply) -> ast.expr:
    inner = generator.value(value.value)
    passed = None if value.passed is None else generator.value(value.passed)
    arguments, keywords = signature(generator, value.arguments)
    first = [passed, inner] if passed is not None else [inner]
    general = ast.Call(name(generator.bind(value.kind, value.called)), [*first, *arguments], keywords)
    return generator.code.materialise(specialised(generator, value, inner, arguments, general))


def _call(generator: Generator, value: ir.Call) -> ast.expr:
    code = generator.code
    caller = None if value.caller is None else generator.held(value.caller)
    callee = generator.held(value.callee)
    arguments, keywords = signature(generator, value.arguments)
    if caller is not None:
        # where Jinja2 has it: behind the keywords that are written out, before those that are taken apart
        keywords.insert(len(value.arguments.keywords), ast.keyword("caller", caller))
    scopes = [ast.keyword(level, name(level)) for level in value.scopes]
    frame = generator.value(value.frame)
    if value.way == "sandbox":
        guard = attribute(name("environment"), "call")
        context = frame if generator.target.has_context else call("true_context", frame)
        return code.materialise(ast.Call(guard, [context, callee, *arguments], [*keywords, *scopes]))
    if value.way == "context":
        # arguments that cannot be taken apart fail in the name of what Jinja2 calls with them
        method = attribute(call("true_context", frame), "call")
        return code.materialise(ast.Call(method, [callee, *arguments], [*keywords, *scopes]))
    if value.way == "translated":
        return guarded(generator, ast.Call(name("translated"), [frame, callee, *arguments], [*keywords, *scopes]))
    # looked at by itself: what that raises is no more than an error
    asked = [name("safe_callee"), name("environment")] if value.way == "safe" else [name("callee")]
    function = code.materialise(ast.Call(asked[0], [*asked[1:], frame, callee], scopes))
    return guarded(generator, ast.Call(function, arguments, keywords))


def guarded(generator: Generator, expression: ast.expr) -> ast.Name:
    """Write a call that may raise `StopIteration`, which must not end the function that it is made in (U4)."""
    result = generator.code.temporary()
    generator.code.branch(ast.Try([assign(result, expression)], [_when_stopped(result)], [], []))
    return name(result)


def _when_stopped(result: str) -> ast.ExceptHandler:
    return ast.ExceptHandler(name("StopIteration"), None, [assign(result, call("stopped", name("undefined")))])


def _guarded(generator: Generator, value: ir.Guarded) -> ast.expr:
    code = generator.code
    if isinstance(value.value, ir.CallBack):
        frame, caller = generator.value(value.value.frame), generator.value(value.value.caller)
        return guarded(generator, call("call_back", frame, caller))
    code.materialise_output()
    result, body = code.temporary(), list[ast.stmt]()
    with code.branch_scope(body):
        code.branch(assign(result, generator.value(value.value)))
    code.branch(ast.Try(body, [_when_stopped(result)], [], []))
    return name(result)


def _invoke(generator: Generator, value: ir.Invoke) -> ast.expr:
    function = generator.value(value.function)
    arguments = [generator.value(argument) for argument in value.arguments]
    keywords = {key: generator.value(part) for key, part in value.keywords}
    return generator.code.materialise(call(function, *arguments, **keywords))


def macro_arguments(generator: Generator, value: ir.CallMacro) -> list[ast.expr]:
    """Return what the function of a known macro is called with, behind its context."""
    caller = None
    if isinstance(value.caller, (ir.MakeBody, ir.MakeCaller)):
        caller = generator.held(value.caller)
    operands = [generator.held(operand) for operand in value.operands]
    arguments = [name("missing") if slot is None else operands[slot] for slot in value.slots]
    if value.caller is not None:
        arguments.append(caller or generator.value(value.caller))
    for rest in value.rest:
        if rest.keywords is None:
            arguments.append(ast.Tuple([operands[at] for at in rest.positional], ast.Load()))
        else:
            keys: list[ast.expr | None] = [const(key) for key, _ in rest.keywords]
            arguments.append(ast.Dict(keys, [operands[at] for _, at in rest.keywords]))
    return arguments


def macro_function(generator: Generator, value: ir.CallMacro | ir.MacroFunction) -> ast.expr:
    """Return the function of a known macro."""
    function = abi.macro_function(value.macro)
    return name(
        function if value.template == str(generator.target.template) else generator.link(value.template, function)
    )


def macro_text(generator: Generator, value: ir.CallMacro, arguments: list[ast.expr] | None = None) -> ast.expr:
    """Return the expression for the text of a known macro; `arguments` are those that have been looked at."""
    arguments = macro_arguments(generator, value) if arguments is None else arguments
    function, context = macro_function(generator, value), generator.value(value.context)
    if value.text:
        return call(function, context, *arguments)
    out = generator.code.temporary()
    generator.code.branch(assign(out, ast.List([], ast.Load())))
    generator.code.branch(ast.Expr(call(function, context, *arguments, name(out))))
    return call("concat", name(out))


def _frame_block(generator: Generator, value: ir.FrameBlock) -> ast.expr:
    return item(item(generator.value(value.frame), const(abi.BLOCKS)), const(value.number))


def block_text(generator: Generator, value: ir.BlockText) -> ast.expr:
    """Return the expression for the text of a block."""
    function = generator.value(value.function)
    function = function if value.text else call("returning", function)
    return call(function, generator.value(value.frame))


# -- loops -------------------------------------------------------------------------------------------------------------


def _counter(generator: Generator, value: ir.Counter) -> ast.expr:
    return counter(generator, value)


def _turn(generator: Generator, value: ir.Turn) -> ast.expr:
    return generator.code.materialise(turn(generator, value, [generator.value(part) for part in value.values]))


def _translate(generator: Generator, value: ir.Translate) -> ast.expr:
    return translated(generator, value)


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
        ir.Apply: _apply,
        ir.Call: _call,
        ir.Guarded: _guarded,
        ir.Invoke: _invoke,
        ir.CallMacro: macro_text,
        ir.MacroFunction: macro_function,
        ir.FrameBlock: _frame_block,
        ir.BlockText: block_text,
        ir.Counter: _counter,
        ir.Turn: _turn,
        ir.Translate: _translate,
    }
)
