"""Calls: of filters and tests, of what is unknown, of blocks and of macros that are known.

Enters: a call. Leaves: a Python expression for what it gives, after statements that look at its arguments in Python's
order (O5).
"""

import ast
from keyword import iskeyword
from types import MappingProxyType

from blendtpl.bundle import abi
from blendtpl.compiler.codegen.generator import Generator, Values
from blendtpl.compiler.codegen.pyast import assign, attribute, call, const, either, item, name
from blendtpl.compiler.codegen.specialize import specialised
from blendtpl.compiler.ir import values as ir


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


def _await(generator: Generator, value: ir.Await) -> ast.expr:
    inner = generator.value(value.value)
    if isinstance(inner, ast.Constant):
        return inner
    inner = generator.code.materialise(inner)
    test = ast.Compare(call("type", inner), [ast.In()], [name("plain_types")])
    return generator.code.materialise(either(test, inner, call("awaited", inner)))


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


CALLS: Values = MappingProxyType(
    {
        ir.Apply: _apply,
        ir.Call: _call,
        ir.Guarded: _guarded,
        ir.Await: _await,
        ir.Invoke: _invoke,
        ir.CallMacro: macro_text,
        ir.MacroFunction: macro_function,
        ir.FrameBlock: _frame_block,
        ir.BlockText: block_text,
    }
)
