"""Calls: of filters, tests, functions, blocks and macros.

A macro whose definition is known is called as the function that it is, with its arguments put in order here; Jinja2's
rules for them are those of `jinja2.runtime.Macro.__call__`.
"""

from dataclasses import dataclass
from typing import Any

from jinja2 import nodes
from jinja2.idtracking import VAR_LOAD_PARAMETER

from blendtpl.bundle import abi
from blendtpl.bundle.environment import is_own, passed_argument
from blendtpl.compiler.analysis.facts import SPECIAL, MacroShape, is_call_of_self
from blendtpl.compiler.analysis.walk import undeclared
from blendtpl.compiler.ir.base import Body, Value
from blendtpl.compiler.ir.effects import held_in
from blendtpl.compiler.ir.rewrite import replaced
from blendtpl.compiler.ir.statements import Set
from blendtpl.compiler.ir.values import (
    Apply,
    Arguments,
    Behind,
    BlockText,
    Call,
    CallBack,
    CallMacro,
    Frame,
    FrameBlock,
    Global,
    Guarded,
    Invoke,
    Marked,
    ObjectAttribute,
    Rest,
    Slot,
    Undefined,
)
from blendtpl.compiler.lower.choices import chosen_once
from blendtpl.compiler.lower.scope import Scope
from blendtpl.compiler.lower.translations import TRANSLATIONS, translated
from blendtpl.compiler.lower.unit import Unit

# keywords that have a meaning for `jinja2.runtime.Context.call` and `jinja2.runtime.Macro.__call__`
_RESERVED = frozenset({"caller", "self", "_loop_vars", "_block_vars", "_Context__self", "_Context__obj"})


def filtered(unit: Unit, node: nodes.Filter, scope: Scope) -> Value:
    """Return what a filter makes of a value."""
    if node.node is None:
        raise TypeError("a filter without a value")
    return applied(unit, node, scope, unit.value(node.node, scope))


def tested(unit: Unit, node: nodes.Test, scope: Scope) -> Value:
    """Return what a test says of a value."""
    return applied(unit, node, scope, unit.value(node.node, scope))


def applied(
    unit: Unit,
    node: nodes.Filter | nodes.Test,
    scope: Scope,
    value: Value,
) -> Value:
    """Return what a filter or test makes of a value."""
    kind = "filter" if isinstance(node, nodes.Filter) else "test"
    functions = unit.environment.filters if kind == "filter" else unit.environment.tests
    function = functions.get(node.name)
    if function is None and not scope.soft:  # (L11)
        unit.fail(f"No {kind} named {node.name!r}.", node.lineno)
    argument, own = passed_argument(function), is_own(unit.environment, kind, node.name)
    passed: Value | None = None
    if argument == "context":
        passed = unit.context(scope)
    elif argument == "environment":
        passed = Global(unit.line, "environment")
    elif argument == "eval_context":
        # one that is not Jinja2's may keep it, or change it
        passed = unit.evaluation(scope) if own else ObjectAttribute(unit.line, unit.context(scope), "eval_ctx")
    given = arguments(unit, node, scope)
    result = Apply(unit.line, kind, str(node.name), value, passed, given, own, unit.frame(scope))
    if own and (kind == "test" or _is_plain(function)):
        return result  # what is not to be awaited
    return unit.awaited(chosen_once(unit, result))


def _is_plain(function: Any) -> bool:
    """Return whether what a filter of Jinja2's own gives is a text or a number."""
    given = getattr(function, "__annotations__", {}).get("return")
    return given in {str, int, float, bool} and not hasattr(function, "jinja_async_variant")


def filter_chain(unit: Unit, node: nodes.Filter, scope: Scope, text: Value) -> Value:
    """Return what the filters of a `filter` or `set` block make of its text."""
    inner = node.node
    if inner is None:
        return applied(unit, node, scope, text)
    if not isinstance(inner, nodes.Filter):
        return applied(unit, node, scope, unit.value(inner, scope))
    outer, unit.line = unit.line, inner.lineno or unit.line
    value = filter_chain(unit, inner, scope, text)
    unit.line = outer
    return applied(unit, node, scope, value)


def arguments(unit: Unit, node: nodes.Call | nodes.Filter | nodes.Test, scope: Scope) -> Arguments:
    """Return the arguments of a call."""
    return Arguments(
        unit.line,
        tuple(unit.value(argument, scope) for argument in node.args),
        None if node.dyn_args is None else unit.value(node.dyn_args, scope),
        tuple((str(keyword.key), unit.value(keyword.value, scope)) for keyword in node.kwargs),
        None if node.dyn_kwargs is None else unit.value(node.dyn_kwargs, scope),
    )


def called(unit: Unit, node: nodes.Call, scope: Scope) -> Value:
    """Return the result of a call."""
    translation = translated(unit, node, scope, printed=False)
    if translation is not None:
        return translation
    if is_call_back(unit, node, scope):
        back = CallBack(unit.line, unit.frame(scope), unit.variable("caller", scope))
        return unit.awaited(Guarded(unit.line, back))
    block = own_block(unit, node, scope)
    if block is not None:
        return _marked(unit, scope, block)
    macro = known_call(unit, node, scope)
    if macro is not None:
        call = call_macro(unit, node, scope, macro)
        if not unit.lenient:
            return _marked(unit, scope, call)
        before, operands = _looked_at(unit, call.operands)
        guarded = Guarded(unit.line, _marked(unit, scope, replaced(call, {"operands": operands})))
        return Behind(unit.line, before, guarded) if before else guarded
    return call_of(unit, node, scope)


def _looked_at(unit: Unit, operands: tuple[Value, ...]) -> tuple[Body, tuple[Value, ...]]:
    """Return what has the operands of a call in variables, and these: what they raise is not raised by the call."""
    before, held = list[Set](), list[Value]()
    for operand in operands:
        value, made = held_in(f"operand_{unit.number()}", operand.line, operand)
        held.append(value)
        before += made
    return tuple(before), tuple(held)


def call_of(unit: Unit, node: nodes.Call, scope: Scope, caller: Value | None = None) -> Value:
    """Return the result of a call of what is unknown; `caller` is what a `call` block hands on."""
    callee = unit.value(node.node, scope)
    way = "plain"
    # a sandbox decides of each call whether it may be made
    if unit.environment.sandboxed and not unit.safe:
        way = "sandbox"
    elif (
        unit.own_call
        or node.dyn_args is not None
        or node.dyn_kwargs is not None
        or any(keyword.key in _RESERVED - {"caller"} for keyword in node.kwargs)
    ):
        way = "context"
    elif isinstance(node.node, nodes.Name) and node.node.name in TRANSLATIONS:
        way = "translated"
    if unit.safe and way != "plain":
        way = "sandbox"
    elif unit.safe:
        way = "safe"
    given = arguments(unit, node, scope)
    return unit.awaited(Call(unit.line, callee, given, way, unit.frame(scope), unit.scopes(scope), caller))


def _marked(unit: Unit, scope: Scope, text: Value) -> Value:
    """Return what a block or macro gives to whoever calls it: its text, markup where output is escaped (E8)."""
    escaped = unit.autoescape(scope)
    if unit.eval_ctx.volatile or not escaped.sure:
        return Marked(unit.line, text, escaped)
    return Marked(unit.line, text, escaped=True) if unit.eval_ctx.autoescape else text


def is_call_back(unit: Unit, node: nodes.Call, scope: Scope) -> bool:
    """Return whether a node is ``caller()`` in a macro, where `caller` is what it was called with."""
    if not isinstance(node.node, nodes.Name) or node.node.name != "caller" or unit.watches_calls:
        return False
    if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
        return False
    load = scope.symbols.find_load(scope.symbols.find_ref("caller") or "")
    return load is not None and load[0] == VAR_LOAD_PARAMETER and scope.symbols.ref("caller") not in scope.unset


def own_block(unit: Unit, node: nodes.Call, scope: Scope) -> BlockText | None:
    """Return the block that ``self.name()`` renders, when that is known (C5)."""
    layout = unit.program.layout(unit.template)
    if layout is None or not is_call_of_self(node, layout.blocks) or scope.function:
        return None
    load = scope.symbols.find_load(scope.symbols.find_ref("self") or "")
    if load is None or load[0] != VAR_LOAD_PARAMETER:
        return None
    called = node.node.attr  # type: ignore[attr-defined]  # as was looked at
    function: Value = FrameBlock(unit.line, unit.frame(scope), layout.blocks.index(called))
    if any(called in facts.required for facts in unit.program.chain(unit.template)):
        function = Invoke(unit.line, Global(unit.line, "required_body"), (function,))
    return BlockText(unit.line, function, unit.frame(scope), unit.program.block_returns_text(unit.template, called))


@dataclass(frozen=True, slots=True)
class KnownMacro:
    """A macro that is surely called: its template, its shape, and the context to give it."""

    template: str
    shape: MacroShape
    context: Frame


def known_call(unit: Unit, node: nodes.Call, scope: Scope, *, caller: bool = False) -> KnownMacro | None:
    """Return the macro that a call surely calls, with arguments that it takes; `caller`: in a `call` block (M1)."""
    macro = _known_macro(unit, node.node, scope)
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


def known_caller(unit: Unit, node: nodes.CallBlock, scope: Scope) -> KnownMacro | None:
    """Return the macro that a `call` block surely calls, when nobody can tell whether the block is a macro as well: it
    does not ask how it was called, and the macro, and what that includes, only calls for it, with as many arguments as
    it takes.
    """
    macro = None if undeclared(node.body, SPECIAL) else known_call(unit, node.call, scope, caller=True)
    if macro is None or not macro.shape.handed:
        return None
    least, most = len(node.args) - len(node.defaults), len(node.args)
    if not all(least <= count <= most for count in macro.shape.handed):
        return None
    program = unit.program
    seen = any(
        "caller" in program.reads.get(name, ("caller",)) or program.needs_context(name) for name in macro.shape.included
    )
    return None if seen else macro


def call_macro(unit: Unit, node: nodes.Call, scope: Scope, macro: KnownMacro, caller: Value | None = None) -> CallMacro:
    """Return the text of a known macro: its function is called with these, behind its context."""
    shape = macro.shape
    operands = [unit.value(argument, scope) for argument in node.args]
    named = {str(keyword.key): len(operands) + at for at, keyword in enumerate(node.kwargs)}
    operands += [unit.value(keyword.value, scope) for keyword in node.kwargs]
    slots: list[Slot] = [*range(len(node.args))][: len(shape.arguments)]
    slots += [named.get(called) for called in shape.arguments[len(slots) :]]
    # in the order of `Macro.__call__`
    rest: list[Rest] = []
    if "caller" in shape.special and caller is None:
        caller = Undefined(unit.line, "No caller defined", "caller")
    if "kwargs" in shape.special:
        pairs = tuple((called, at) for called, at in named.items() if called not in shape.arguments)
        rest.append(Rest(unit.line, pairs, ()))
    if "varargs" in shape.special:
        rest.append(Rest(unit.line, None, tuple(range(len(shape.arguments), len(node.args)))))
    text = unit.program.returns_text(macro.template, abi.macro_function(shape.name))
    return CallMacro(
        unit.line,
        macro.template,
        shape.name,
        macro.context,
        tuple(operands),
        tuple(slots),
        caller if "caller" in shape.special else None,
        tuple(rest),
        text,
    )


def _known_macro(unit: Unit, node: nodes.Expr, scope: Scope) -> KnownMacro | None:
    """Return the macro that an expression surely is."""
    module = isinstance(node, nodes.Getattr)
    base = node.node if isinstance(node, nodes.Getattr) else node
    if not isinstance(base, nodes.Name) or unit.watches_calls:
        return None
    here = scope.symbols.origin(base.name, scope.function)
    if here is None and not unit.is_final(base.name, scope):
        return None
    if here is None and base.name in unit.macros and not module:
        shape = unit.macros[base.name]
        return KnownMacro(str(unit.template), shape, Frame(unit.line))
    origin, macro = here or unit.direct.get(base.name, ("", ""))
    if not origin or bool(macro) is module:
        return None
    found = unit.program.macro(origin, node.attr if isinstance(node, nodes.Getattr) else macro)
    if found is None:
        return None
    return KnownMacro(origin, found, Frame(unit.line, of=origin))


def derived(unit: Unit, scope: Scope) -> Value:
    """Return a context that sees what is set around a place."""
    method = ObjectAttribute(unit.line, unit.overlaid(scope), "derived")
    return Invoke(unit.line, method, (unit.locals(scope),))
