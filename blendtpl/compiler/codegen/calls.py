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

from blendtpl.bundle.environment import is_own, passed_argument
from blendtpl.compiler.analysis.facts import SPECIAL, MacroShape, is_call_of_self
from blendtpl.compiler.analysis.walk import undeclared
from blendtpl.compiler.codegen.generator import Emitter, Expressions
from blendtpl.compiler.codegen.loop_variable import cycle, cycled
from blendtpl.compiler.codegen.pyast import assign, attribute, call, const, either, item, name
from blendtpl.compiler.codegen.scope import Frame
from blendtpl.compiler.codegen.specialize import inlined_filter, inlined_test
from blendtpl.compiler.codegen.variables import BLOCKS

# how many texts each function that translates takes, and whether a number follows
TRANSLATIONS = MappingProxyType(
    {"_": (1, False), "gettext": (1, False), "ngettext": (2, True), "pgettext": (2, False), "npgettext": (3, True)}
)

# keywords that have a meaning for `jinja2.runtime.Context.call` and `jinja2.runtime.Macro.__call__`
_RESERVED = frozenset({"caller", "self", "_loop_vars", "_block_vars", "_Context__self", "_Context__obj"})


def filtered(emitter: Emitter, node: nodes.Filter, frame: Frame) -> ast.expr:
    """Return what a filter makes of a value, or, in a `filter` or `set` block, of the frame's own output."""
    inner = node.node
    value = emitter.code.hold(emitter.joined(frame)) if inner is None else emitter.expression(inner, frame)
    return _apply(emitter, node, frame, value, "filter")


def _test(emitter: Emitter, node: nodes.Test, frame: Frame) -> ast.expr:
    return _apply(emitter, node, frame, emitter.expression(node.node, frame), "test")


def _apply(emitter: Emitter, node: nodes.Filter | nodes.Test, frame: Frame, value: ast.expr, kind: str) -> ast.expr:
    known = emitter.environment.filters if kind == "filter" else emitter.environment.tests
    function = known.get(node.name)
    if function is None and not frame.soft:
        emitter.fail(f"No {kind} named {node.name!r}.", node.lineno)
    wanted, context = passed_argument(function), emitter.context(frame)
    passed = {"context": context, "eval_context": emitter.evaluation(frame), "environment": name("environment")}.get(
        wanted
    )
    if wanted == "eval_context" and not is_own(emitter.environment, kind, node.name):
        passed = attribute(context, "eval_ctx")  # which it may keep, or change
    arguments, keywords = _signature(emitter, node, frame)
    first = [passed, value] if passed is not None else [value]
    made: ast.expr = ast.Call(name(emitter.bind(kind, node.name)), [*first, *arguments], keywords)
    if isinstance(node, nodes.Filter):
        made = inlined_filter(emitter, node, frame, value, made)
    else:
        made = inlined_test(emitter, node, value, made)
    return emitter.code.hold(made)


def _signature(
    emitter: Emitter, node: nodes.Call | nodes.Filter | nodes.Test, frame: Frame
) -> tuple[list[ast.expr], list[ast.keyword]]:
    """Return the arguments and keywords of a call, looked at in Python's order: what is taken apart as arguments comes
    before all keywords.
    """
    code = emitter.code
    arguments = [code.hold(emitter.expression(argument, frame)) for argument in node.args]
    if node.dyn_args is not None:
        more = emitter.expression(node.dyn_args, frame)
        if node.kwargs or node.dyn_kwargs is not None:
            more = code.hold(ast.List([ast.Starred(more, ast.Load())], ast.Load()))
        arguments.append(ast.Starred(more, ast.Load()))
    pairs = [(str(keyword.key), code.hold(emitter.expression(keyword.value, frame))) for keyword in node.kwargs]
    rest = None if node.dyn_kwargs is None else emitter.expression(node.dyn_kwargs, frame)
    if any(iskeyword(key) for key, _ in pairs):
        # Jinja2 writes all of them as a dict, in which what comes later holds
        made: ast.expr = ast.Dict([const(key) for key, _ in pairs], [value for _, value in pairs])
        made = made if rest is None else ast.Call(name("dict"), [made], [ast.keyword(None, rest)])
        return arguments, [ast.keyword(None, made)]
    keywords = [ast.keyword(key, value) for key, value in pairs]
    return arguments, keywords if rest is None else [*keywords, ast.keyword(None, rest)]


def called(emitter: Emitter, node: nodes.Call, frame: Frame, caller: ast.expr | None = None) -> ast.expr:
    """Return the result of a call; `caller` is what a `call` block hands on."""
    loop = cycled(emitter, node, frame)
    if loop is not None:
        return emitter.code.hold(cycle(emitter, loop, [emitter.expression(part, frame) for part in node.args]))
    if is_call_back(emitter, node, frame):
        return guarded(emitter, call("call_back", name(frame.context), name(frame.symbols.ref("caller"))))
    block = own_block(emitter, node, frame) if caller is None else None
    if block is not None:
        return _marked(emitter, frame, block_text(block, frame))
    macro = known_call(emitter, node, frame, caller=caller is not None)
    if macro is not None:
        arguments = direct_arguments(emitter, node, frame, macro, caller)
        if not emitter.lenient:
            return _marked(emitter, frame, direct_text(emitter, macro, arguments))
        emitter.code.settle()
        result, body = emitter.code.temporary(), list[ast.stmt]()
        with emitter.code.aside(body):
            value = _marked(emitter, frame, direct_text(emitter, macro, arguments))
            emitter.code.branch(assign(result, value))
        emitter.code.branch(ast.Try(body, [_when_stopped(result)], [], []))
        return name(result)
    wanted = emitter.code.hold(emitter.expression(node.node, frame))
    arguments, keywords = _signature(emitter, node, frame)
    if caller is not None:
        keywords.insert(len(node.kwargs), ast.keyword("caller", caller))
    scopes = [ast.keyword(scope, name(scope)) for scope in emitter.scopes(frame)]
    if emitter.environment.sandboxed:
        guard = attribute(name("environment"), "call")
        return emitter.code.hold(ast.Call(guard, [name(frame.context), wanted, *arguments], [*keywords, *scopes]))
    reserved = any(keyword.key in _RESERVED - {"caller"} for keyword in node.kwargs)
    if emitter.own_call or node.dyn_args is not None or node.dyn_kwargs is not None or reserved:
        # arguments that cannot be taken apart fail in the name of what Jinja2 calls with them
        method = attribute(call("true_context", name(frame.context)), "call")
        return emitter.code.hold(ast.Call(method, [wanted, *arguments], [*keywords, *scopes]))
    if isinstance(node.node, nodes.Name) and node.node.name in TRANSLATIONS:
        given = [name(frame.context), wanted, *arguments]
        return guarded(emitter, ast.Call(name("translated"), given, [*keywords, *scopes]))
    # looked at by itself: what that raises is no more than an error
    function = emitter.code.hold(ast.Call(name("callee"), [name(frame.context), wanted], scopes))
    return guarded(emitter, ast.Call(function, arguments, keywords))


def _marked(emitter: Emitter, frame: Frame, text: ast.expr) -> ast.expr:
    """Return what a block or macro gives to whoever calls it: its text, which is markup where output is escaped."""
    held = emitter.code.hold(text)
    if emitter.eval_ctx.volatile or not isinstance(emitter.autoescape(frame), ast.Constant):
        return emitter.code.hold(either(emitter.autoescape(frame), call("Markup", held), held))
    return call("Markup", held) if emitter.eval_ctx.autoescape else held


def guarded(emitter: Emitter, made: ast.expr) -> ast.Name:
    """Write a call that may raise `StopIteration`, which must not end the function that it is made in."""
    result = emitter.code.temporary()
    emitter.code.branch(ast.Try([assign(result, made)], [_when_stopped(result)], [], []))
    return name(result)


def _when_stopped(result: str) -> ast.ExceptHandler:
    return ast.ExceptHandler(name("StopIteration"), None, [assign(result, call("stopped", name("undefined")))])


def is_call_back(emitter: Emitter, node: nodes.Call, frame: Frame) -> bool:
    """Return whether a node is ``caller()`` in a macro, where `caller` is what it was called with."""
    if not isinstance(node.node, nodes.Name) or node.node.name != "caller" or emitter.watches_calls:
        return False
    if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
        return False
    load = frame.symbols.find_load(frame.symbols.find_ref("caller") or "")
    return (
        load is not None
        and load[0] == VAR_LOAD_PARAMETER
        and frame.symbols.ref("caller") not in (emitter.unset_parameters)
    )


@dataclass(frozen=True, slots=True)
class Known:
    """A macro that is surely called: its template, its shape, its function, and the context to give it."""

    template: str
    shape: MacroShape
    function: ast.expr
    context: ast.expr


def known_call(emitter: Emitter, node: nodes.Call, frame: Frame, *, caller: bool = False) -> Known | None:
    """Return the macro that a call surely calls, with arguments that it takes; `caller`: in a `call` block."""
    macro = _known_macro(emitter, node.node, frame)
    if macro is None or node.dyn_args is not None or node.dyn_kwargs is not None:
        return None
    shape = macro.shape
    keywords = [keyword.key for keyword in node.kwargs]
    rest = [key for key in keywords if key not in shape.arguments]
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


def known_caller(emitter: Emitter, node: nodes.CallBlock, frame: Frame) -> Known | None:
    """Return the macro that a `call` block surely calls, when nobody can tell whether the block is a macro as well: it
    takes no arguments and does not ask how it was called, and the macro, and what that includes, only calls for it.
    """
    macro = None if node.args or undeclared(node.body, SPECIAL) else known_call(emitter, node.call, frame, caller=True)
    if macro is None or not macro.shape.calls:
        return None
    links = emitter.links
    seen = any("caller" in links.reads.get(name, ("caller",)) or links.observes(name) for name in macro.shape.included)
    return None if seen else macro


def direct_arguments(
    emitter: Emitter, node: nodes.Call, frame: Frame, macro: Known, caller: ast.expr | None = None
) -> list[ast.expr]:
    """Return what the function of a known macro is called with, behind its context."""
    shape = macro.shape
    given = [emitter.code.hold(emitter.expression(argument, frame)) for argument in node.args]
    named = {keyword.key: emitter.code.hold(emitter.expression(keyword.value, frame)) for keyword in node.kwargs}
    rest = [key for key in named if key not in shape.arguments]
    count = len(shape.arguments)
    values = [*given[:count], *(named.get(key, name("missing")) for key in shape.arguments[len(given) :])]
    if "caller" in shape.special:
        values.append(caller or call("undefined", const("No caller defined"), name=const("caller")))
    if "kwargs" in shape.special:
        values.append(ast.Dict([const(key) for key in rest], [named[key] for key in rest]))
    if "varargs" in shape.special:
        values.append(ast.Tuple(given[count:], ast.Load()))
    return values


@dataclass(frozen=True, slots=True)
class OwnBlock:
    """A block of the template at hand that ``self`` surely has: its function, and whether that returns a text."""

    function: ast.expr
    text: bool


def own_block(emitter: Emitter, node: nodes.Call, frame: Frame) -> OwnBlock | None:
    """Return the block that ``self.name()`` renders, when that is known."""
    if emitter.layout is None or not is_call_of_self(node, emitter.layout.blocks) or not emitter.code.function.root:
        return None
    load = frame.symbols.find_load(frame.symbols.find_ref("self") or "")
    if load is None or load[0] != VAR_LOAD_PARAMETER:
        return None
    called = node.node.attr  # type: ignore[attr-defined]  # as was looked at
    function: ast.expr = item(item(name(frame.context), const(BLOCKS)), const(emitter.layout.blocks.index(called)))
    if any(called in found.required for found in emitter.links.chain(emitter.template)):
        function = call("required_body", function)
    return OwnBlock(function, emitter.links.block_returns_text(emitter.template, called))


def block_text(block: OwnBlock, frame: Frame) -> ast.expr:
    """Return the expression for the text of a block."""
    function = block.function if block.text else call("returning", block.function)
    return call(function, name(frame.context))


def absent_argument(emitter: Emitter, node: nodes.Macro | nodes.CallBlock, index: int, frame: Frame) -> ast.expr:
    """Return what an argument of a macro is that it is not called with: its default, which sees those before it."""
    default = index - len(node.args) + len(node.defaults)
    if default >= 0:
        return emitter.expression(node.defaults[default], frame)
    called = node.args[index].name
    return call("undefined", const(f"parameter {called!r} was not provided"), name=const(called))


def direct_text(emitter: Emitter, macro: Known, arguments: list[ast.expr]) -> ast.expr:
    """Return the expression for the text of a known macro."""
    if emitter.links.returns_text(macro.template, f"macro_{macro.shape.name}"):
        return call(macro.function, macro.context, *arguments)
    out = emitter.code.temporary()
    emitter.code.branch(assign(out, ast.List([], ast.Load())))
    emitter.code.branch(ast.Expr(call(macro.function, macro.context, *arguments, name(out))))
    return call("concat", name(out))


def printed_text(emitter: Emitter, macro: Known, arguments: list[ast.expr]) -> ast.expr:
    """Return the expression for the text that a known macro prints. Where it is no error that what is undefined is
    printed, it prints that when the macro raises `StopIteration`; elsewhere `blendtpl.runtime.traceback.told` sees to
    it.
    """
    if not emitter.lenient:
        return direct_text(emitter, macro, arguments)
    emitter.code.settle()
    result, body = emitter.code.temporary(), list[ast.stmt]()
    with emitter.code.aside(body):
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


def _known_macro(emitter: Emitter, node: nodes.Expr, frame: Frame) -> Known | None:
    """Return the macro that an expression surely is."""
    module = isinstance(node, nodes.Getattr)
    base = node.node if isinstance(node, nodes.Getattr) else node
    if not isinstance(base, nodes.Name) or emitter.watches_calls:
        return None
    here = frame.symbols.origin(base.name, emitter.code.function)
    if here is None and not emitter.is_settled(base.name, frame):
        return None
    if here is None and base.name in emitter.macros and not module:
        shape = emitter.macros[base.name]
        if len(emitter.around) > 1:
            return _linked_macro(emitter, str(emitter.template), shape)
        return Known(str(emitter.template), shape, name(f"macro_{shape.name}"), name("context"))
    origin, macro = here or emitter.direct.get(base.name, ("", ""))
    if not origin or bool(macro) is module:
        return None
    shape_ = emitter.links.macro(origin, node.attr if isinstance(node, nodes.Getattr) else macro)
    if shape_ is None:
        return None
    return _linked_macro(emitter, origin, shape_)


def _linked_macro(emitter: Emitter, origin: str, shape: MacroShape) -> Known:
    function = name(emitter.link(origin, f"macro_{shape.name}"))
    return Known(origin, shape, function, name(emitter.link(origin, "context")))


CALLS: Expressions = MappingProxyType({nodes.Filter: filtered, nodes.Test: _test})
