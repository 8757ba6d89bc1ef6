"""Calls: of filters, tests, functions and macros.

Enters: a node that calls something. Leaves: a Python expression for the result, after the call itself.

A macro whose definition is known is called as the function that it is, with its arguments put in order here;
Jinja2's rules for them are those of `jinja2.runtime.Macro.__call__`.
"""

import ast
from dataclasses import dataclass
from keyword import iskeyword
from types import MappingProxyType

from jinja2 import nodes
from jinja2.idtracking import VAR_LOAD_PARAMETER

from blendtpl.bundle import abi
from blendtpl.bundle.environment import is_own, passed_argument
from blendtpl.compiler.analysis.facts import SPECIAL, MacroShape, is_call_of_self
from blendtpl.compiler.analysis.walk import undeclared
from blendtpl.compiler.codegen.generator import Emitter, Expressions
from blendtpl.compiler.codegen.loop_variable import cycle, cycled
from blendtpl.compiler.codegen.pyast import assign, attribute, call, const, either, item, name
from blendtpl.compiler.codegen.scope import Scope
from blendtpl.compiler.codegen.specialize import inlined_filter, inlined_test

# how many texts each function that translates takes, and whether a number follows
TRANSLATIONS = MappingProxyType(
    {"_": (1, False), "gettext": (1, False), "ngettext": (2, True), "pgettext": (2, False), "npgettext": (3, True)}
)

# keywords that have a meaning for `jinja2.runtime.Context.call` and `jinja2.runtime.Macro.__call__`
_RESERVED = frozenset({"caller", "self", "_loop_vars", "_block_vars", "_Context__self", "_Context__obj"})


def filtered(emitter: Emitter, node: nodes.Filter, scope: Scope) -> ast.expr:
    """Return what a filter makes of a value, or, in a `filter` or `set` block, of the frame's own output."""
    inner = node.node
    value = emitter.code.materialise(emitter.joined(scope)) if inner is None else emitter.expression(inner, scope)
    return _apply(emitter, node, scope, value, "filter")


def _test(emitter: Emitter, node: nodes.Test, scope: Scope) -> ast.expr:
    return _apply(emitter, node, scope, emitter.expression(node.node, scope), "test")


def _apply(emitter: Emitter, node: nodes.Filter | nodes.Test, scope: Scope, value: ast.expr, kind: str) -> ast.expr:
    functions = emitter.environment.filters if kind == "filter" else emitter.environment.tests
    function = functions.get(node.name)
    if function is None and not scope.soft:  # (L11)
        emitter.fail(f"No {kind} named {node.name!r}.", node.lineno)
    argument, context = passed_argument(function), emitter.context(scope)
    passed = {"context": context, "eval_context": emitter.evaluation(scope), "environment": name("environment")}.get(
        argument
    )
    if argument == "eval_context" and not is_own(emitter.environment, kind, node.name):
        passed = attribute(context, "eval_ctx")  # which it may keep, or change
    arguments, keywords = _signature(emitter, node, scope)
    first = [passed, value] if passed is not None else [value]
    applied: ast.expr = ast.Call(name(emitter.bind(kind, node.name)), [*first, *arguments], keywords)
    if isinstance(node, nodes.Filter):
        applied = inlined_filter(emitter, node, scope, value, applied)
    else:
        applied = inlined_test(emitter, node, value, applied)
    return emitter.code.materialise(applied)


def _signature(
    emitter: Emitter, node: nodes.Call | nodes.Filter | nodes.Test, scope: Scope
) -> tuple[list[ast.expr], list[ast.keyword]]:
    """Return the arguments and keywords of a call, looked at in Python's order: what is taken apart as arguments comes
    before all keywords (O5).
    """
    code = emitter.code
    arguments = [code.materialise(emitter.expression(argument, scope)) for argument in node.args]
    if node.dyn_args is not None:
        more = emitter.expression(node.dyn_args, scope)
        if node.kwargs or node.dyn_kwargs is not None:
            more = code.materialise(ast.List([ast.Starred(more, ast.Load())], ast.Load()))
        arguments.append(ast.Starred(more, ast.Load()))
    pairs = [(str(keyword.key), code.materialise(emitter.expression(keyword.value, scope))) for keyword in node.kwargs]
    rest = None if node.dyn_kwargs is None else emitter.expression(node.dyn_kwargs, scope)
    if any(iskeyword(key) for key, _ in pairs):
        # Jinja2 writes all of them as a dict, in which what comes later holds
        merged: ast.expr = ast.Dict([const(key) for key, _ in pairs], [value for _, value in pairs])
        merged = merged if rest is None else ast.Call(name("dict"), [merged], [ast.keyword(None, rest)])
        return arguments, [ast.keyword(None, merged)]
    keywords = [ast.keyword(key, value) for key, value in pairs]
    return arguments, keywords if rest is None else [*keywords, ast.keyword(None, rest)]


def called(emitter: Emitter, node: nodes.Call, scope: Scope, caller: ast.expr | None = None) -> ast.expr:
    """Return the result of a call; `caller` is what a `call` block hands on."""
    loop = cycled(emitter, node, scope)
    if loop is not None:
        return emitter.code.materialise(cycle(emitter, loop, [emitter.expression(part, scope) for part in node.args]))
    if is_call_back(emitter, node, scope):
        return guarded(emitter, call("call_back", name(scope.context), name(scope.symbols.ref("caller"))))
    block = own_block(emitter, node, scope) if caller is None else None
    if block is not None:
        return _marked(emitter, scope, block_text(block, scope))
    macro = known_call(emitter, node, scope, caller=caller is not None)
    if macro is not None:
        arguments = direct_arguments(emitter, node, scope, macro, caller)
        if not emitter.lenient:
            return _marked(emitter, scope, direct_text(emitter, macro, arguments))
        emitter.code.materialise_output()
        result, body = emitter.code.temporary(), list[ast.stmt]()
        with emitter.code.branch_scope(body):
            value = _marked(emitter, scope, direct_text(emitter, macro, arguments))
            emitter.code.branch(assign(result, value))
        emitter.code.branch(ast.Try(body, [_when_stopped(result)], [], []))
        return name(result)
    callee = emitter.code.materialise(emitter.expression(node.node, scope))
    arguments, keywords = _signature(emitter, node, scope)
    if caller is not None:
        # where Jinja2 has it: behind the keywords that are written out, before those that are taken apart
        keywords.insert(len(node.kwargs), ast.keyword("caller", caller))
    scopes = [ast.keyword(level, name(level)) for level in emitter.scopes(scope)]
    # a sandbox decides of each call whether it may be made
    if emitter.environment.sandboxed:
        guard = attribute(name("environment"), "call")
        return emitter.code.materialise(
            ast.Call(guard, [name(scope.context), callee, *arguments], [*keywords, *scopes])
        )
    reserved = any(keyword.key in _RESERVED - {"caller"} for keyword in node.kwargs)
    if emitter.own_call or node.dyn_args is not None or node.dyn_kwargs is not None or reserved:
        # arguments that cannot be taken apart fail in the name of what Jinja2 calls with them
        method = attribute(call("true_context", name(scope.context)), "call")
        return emitter.code.materialise(ast.Call(method, [callee, *arguments], [*keywords, *scopes]))
    if isinstance(node.node, nodes.Name) and node.node.name in TRANSLATIONS:
        operands = [name(scope.context), callee, *arguments]
        return guarded(emitter, ast.Call(name("translated"), operands, [*keywords, *scopes]))
    # looked at by itself: what that raises is no more than an error
    function = emitter.code.materialise(ast.Call(name("callee"), [name(scope.context), callee], scopes))
    return guarded(emitter, ast.Call(function, arguments, keywords))


def _marked(emitter: Emitter, scope: Scope, text: ast.expr) -> ast.expr:
    """Return what a block or macro gives to whoever calls it: its text, markup where output is escaped (E8)."""
    materialised = emitter.code.materialise(text)
    if emitter.eval_ctx.volatile or not isinstance(emitter.autoescape(scope), ast.Constant):
        return emitter.code.materialise(either(emitter.autoescape(scope), call("Markup", materialised), materialised))
    return call("Markup", materialised) if emitter.eval_ctx.autoescape else materialised


def guarded(emitter: Emitter, expression: ast.expr) -> ast.Name:
    """Write a call that may raise `StopIteration`, which must not end the function that it is made in (U4)."""
    result = emitter.code.temporary()
    emitter.code.branch(ast.Try([assign(result, expression)], [_when_stopped(result)], [], []))
    return name(result)


def _when_stopped(result: str) -> ast.ExceptHandler:
    return ast.ExceptHandler(name("StopIteration"), None, [assign(result, call("stopped", name("undefined")))])


def is_call_back(emitter: Emitter, node: nodes.Call, scope: Scope) -> bool:
    """Return whether a node is ``caller()`` in a macro, where `caller` is what it was called with."""
    if not isinstance(node.node, nodes.Name) or node.node.name != "caller" or emitter.watches_calls:
        return False
    if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
        return False
    load = scope.symbols.find_load(scope.symbols.find_ref("caller") or "")
    return (
        load is not None
        and load[0] == VAR_LOAD_PARAMETER
        and scope.symbols.ref("caller") not in (emitter.unset_parameters)
    )


@dataclass(frozen=True, slots=True)
class KnownMacro:
    """A macro that is surely called: its template, its shape, its function, and the context to give it."""

    template: str
    shape: MacroShape
    function: ast.expr
    context: ast.expr


def known_call(emitter: Emitter, node: nodes.Call, scope: Scope, *, caller: bool = False) -> KnownMacro | None:
    """Return the macro that a call surely calls, with arguments that it takes; `caller`: in a `call` block (M1)."""
    macro = _known_macro(emitter, node.node, scope)
    if macro is None or node.dyn_args is not None or node.dyn_kwargs is not None:
        return None
    shape = macro.shape
    keywords = [keyword.key for keyword in node.kwargs]
    rest = [key for key in keywords if key not in shape.arguments]
    # a call that has anything wrong with it is left to `Macro.__call__`, whose error says what that is
    early = shape.arguments[: len(node.args)]
    if (
        len(set(keywords)) < len(keywords)
        or any(key in early for key in keywords)
        or not _RESERVED.isdisjoint(keywords)
        or (rest and "kwargs" not in shape.special)
        or (len(node.args) > len(shape.arguments) and "varargs" not in shape.special)
        or (caller and "caller" not in shape.special)
    ):
        return None
    return macro


def known_caller(emitter: Emitter, node: nodes.CallBlock, scope: Scope) -> KnownMacro | None:
    """Return the macro that a `call` block surely calls, when nobody can tell whether the block is a macro as well: it
    takes no arguments and does not ask how it was called, and the macro, and what that includes, only calls for it.
    """
    macro = None if node.args or undeclared(node.body, SPECIAL) else known_call(emitter, node.call, scope, caller=True)
    if macro is None or not macro.shape.calls:
        return None
    program = emitter.program
    seen = any(
        "caller" in program.reads.get(name, ("caller",)) or program.needs_context(name) for name in macro.shape.included
    )
    return None if seen else macro


def direct_arguments(
    emitter: Emitter, node: nodes.Call, scope: Scope, macro: KnownMacro, caller: ast.expr | None = None
) -> list[ast.expr]:
    """Return what the function of a known macro is called with, behind its context."""
    shape = macro.shape
    positional = [emitter.code.materialise(emitter.expression(argument, scope)) for argument in node.args]
    named = {keyword.key: emitter.code.materialise(emitter.expression(keyword.value, scope)) for keyword in node.kwargs}
    rest = [key for key in named if key not in shape.arguments]
    count = len(shape.arguments)
    values = [*positional[:count], *(named.get(key, name("missing")) for key in shape.arguments[len(positional) :])]
    # in the order of `Macro.__call__`
    if "caller" in shape.special:
        values.append(caller or call("undefined", const("No caller defined"), name=const("caller")))
    if "kwargs" in shape.special:
        values.append(ast.Dict([const(key) for key in rest], [named[key] for key in rest]))
    if "varargs" in shape.special:
        values.append(ast.Tuple(positional[count:], ast.Load()))
    return values


@dataclass(frozen=True, slots=True)
class OwnBlock:
    """A block of the template at hand that ``self`` surely has: its function, and whether that returns a text."""

    function: ast.expr
    text: bool


def own_block(emitter: Emitter, node: nodes.Call, scope: Scope) -> OwnBlock | None:
    """Return the block that ``self.name()`` renders, when that is known (C5)."""
    if emitter.layout is None or not is_call_of_self(node, emitter.layout.blocks) or not emitter.code.function.root:
        return None
    load = scope.symbols.find_load(scope.symbols.find_ref("self") or "")
    if load is None or load[0] != VAR_LOAD_PARAMETER:
        return None
    called = node.node.attr  # type: ignore[attr-defined]  # as was looked at
    function: ast.expr = item(item(name(scope.context), const(abi.BLOCKS)), const(emitter.layout.blocks.index(called)))
    if any(called in facts.required for facts in emitter.program.chain(emitter.template)):
        function = call("required_body", function)
    return OwnBlock(function, emitter.program.block_returns_text(emitter.template, called))


def block_text(block: OwnBlock, scope: Scope) -> ast.expr:
    """Return the expression for the text of a block."""
    function = block.function if block.text else call("returning", block.function)
    return call(function, name(scope.context))


def absent_argument(emitter: Emitter, node: nodes.Macro | nodes.CallBlock, index: int, scope: Scope) -> ast.expr:
    """Return what an argument of a macro is that it is not called with: its default, which sees those before it
    (M2, U5).
    """
    default = index - len(node.args) + len(node.defaults)
    if default >= 0:
        return emitter.expression(node.defaults[default], scope)
    called = node.args[index].name
    return call("undefined", const(f"parameter {called!r} was not provided"), name=const(called))


def direct_text(emitter: Emitter, macro: KnownMacro, arguments: list[ast.expr]) -> ast.expr:
    """Return the expression for the text of a known macro."""
    if emitter.program.returns_text(macro.template, abi.macro_function(macro.shape.name)):
        return call(macro.function, macro.context, *arguments)
    out = emitter.code.temporary()
    emitter.code.branch(assign(out, ast.List([], ast.Load())))
    emitter.code.branch(ast.Expr(call(macro.function, macro.context, *arguments, name(out))))
    return call("concat", name(out))


def printed_text(emitter: Emitter, macro: KnownMacro, arguments: list[ast.expr]) -> ast.expr:
    """Return the expression for the text that a known macro prints. Where it is no error that what is undefined is
    printed, it prints that when the macro raises `StopIteration`; elsewhere `runtime.traceback.locate_error` sees to
    it.
    """
    if not emitter.lenient:
        return direct_text(emitter, macro, arguments)
    emitter.code.materialise_output()
    result, body = emitter.code.temporary(), list[ast.stmt]()
    with emitter.code.branch_scope(body):
        emitter.code.branch(assign(result, direct_text(emitter, macro, arguments)))
    escapes = const(bool(emitter.eval_ctx.autoescape))
    instead = assign(result, call("nothing_of", name("undefined"), escapes))
    emitter.code.branch(ast.Try(body, [ast.ExceptHandler(name("StopIteration"), None, [instead])], [], []))
    return name(result)


def writes(emitter: Emitter, written: ast.expr, out: str) -> None:
    """Write what calls a function of a template that writes to a list; see `printed_text`."""
    if not emitter.lenient:
        emitter.code.do(written)
        return
    emitter.code.flush()
    count = emitter.code.temporary()
    emitter.code.add(assign(count, call("len", name(out))))
    escapes = const(bool(emitter.eval_ctx.autoescape))
    instead = ast.Expr(call("taken_back", name(out), name(count), name("undefined"), escapes))
    emitter.code.add(ast.Try([ast.Expr(written)], [ast.ExceptHandler(name("StopIteration"), None, [instead])], [], []))


def _known_macro(emitter: Emitter, node: nodes.Expr, scope: Scope) -> KnownMacro | None:
    """Return the macro that an expression surely is."""
    module = isinstance(node, nodes.Getattr)
    base = node.node if isinstance(node, nodes.Getattr) else node
    if not isinstance(base, nodes.Name) or emitter.watches_calls:
        return None
    here = scope.symbols.origin(base.name, emitter.code.function)
    if here is None and not emitter.is_final(base.name, scope):
        return None
    if here is None and base.name in emitter.macros and not module:
        shape = emitter.macros[base.name]
        # inlined in the module of another template, which has no function of that name
        if len(emitter.around) > 1:
            return _linked_macro(emitter, str(emitter.template), shape)
        return KnownMacro(str(emitter.template), shape, name(abi.macro_function(shape.name)), name("context"))
    origin, macro = here or emitter.direct.get(base.name, ("", ""))
    if not origin or bool(macro) is module:
        return None
    shape_ = emitter.program.macro(origin, node.attr if isinstance(node, nodes.Getattr) else macro)
    if shape_ is None:
        return None
    return _linked_macro(emitter, origin, shape_)


def _linked_macro(emitter: Emitter, origin: str, shape: MacroShape) -> KnownMacro:
    function = name(emitter.link(origin, abi.macro_function(shape.name)))
    return KnownMacro(origin, shape, function, name(emitter.link(origin, "context")))


CALLS: Expressions = MappingProxyType({nodes.Filter: filtered, nodes.Test: _test})
