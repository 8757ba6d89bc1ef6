"""Output: what a template prints.

Constants are text by now, as Jinja2 makes it when it compiles (E7). Where an environment finalizes values, each is
finalized before it becomes text (E10).
"""

from collections.abc import Sequence
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.utils import missing
from markupsafe import escape

from blendtpl.bundle import abi
from blendtpl.bundle.budget import budget_of
from blendtpl.bundle.environment import passed_argument
from blendtpl.compiler.analysis.facts import is_call_of
from blendtpl.compiler.ir.base import Statement, Value
from blendtpl.compiler.ir.literals import has_literal
from blendtpl.compiler.ir.statements import (
    ESCAPE,
    STR,
    TEXT,
    Do,
    If,
    Print,
    PrintAsked,
    PrintCaller,
    PrintText,
    Run,
    RunSuper,
    Unextended,
)
from blendtpl.compiler.ir.values import (
    Autoescape,
    BlockText,
    Bound,
    CallMacro,
    Constant,
    Global,
    Invoke,
    Marked,
    ObjectAttribute,
    Printed,
)
from blendtpl.compiler.lower.calls import call_macro, is_call_back, known_call, own_block
from blendtpl.compiler.lower.scope import Scope
from blendtpl.compiler.lower.translations import translated
from blendtpl.compiler.lower.unit import Unit

Lowered = Sequence[Statement]

COUNT_TEXT = ("import", "blendtpl.runtime.metering.write")  # how many bytes, where an environment has a budget

# what is missing in a constant, as in ``1[:1]``, is printed as what it was when the template was compiled
_TELLING = frozenset((jinja2.Undefined, jinja2.ChainableUndefined, jinja2.DebugUndefined))


def output(unit: Unit, node: nodes.Output, scope: Scope) -> Lowered:
    """Return what an output statement becomes (C1)."""
    if scope.output_check and unit.flow.known_extends:
        return ()
    printed: list[Statement] = []
    for child in node.nodes:
        unit.line = child.lineno or unit.line
        printed += _printed(unit, child, scope)
    if not scope.output_check or unit.framed:
        return printed
    return (Unextended(node.lineno, tuple(printed)),)


def _printed(unit: Unit, node: nodes.Expr, scope: Scope) -> Lowered:
    value = _constant(unit, node)
    constant = _text_of(unit, node, value)
    finalize = unit.environment.finalize
    if constant is not None:
        # where Jinja2 does not know whether text is to be escaped, it finalizes that too (E10)
        if isinstance(node, nodes.TemplateData) or finalize is None or budget_of(unit.environment) is not None:
            return _constant_text(unit, str(constant))
        if _finalizes_early(unit):
            # Jinja2 escapes a constant before it is finalized, and everything else after that (E10)
            return (Print(unit.line, finalized(unit, scope, Constant(unit.line, constant)), STR),)
        return print_value(unit, scope, finalized(unit, scope, unit.value(node, scope)))
    if value is not missing and _finalizes_early(unit):
        return _folded(unit, node, scope)
    if finalize is not None:
        return print_value(unit, scope, finalized(unit, scope, unit.value(node, scope)))
    return print_expression(unit, node, scope)


def _constant_text(unit: Unit, text: str) -> Lowered:
    """Return what prints a text, behind what counts it for a budget."""
    printed = PrintText(unit.line, text)
    if budget_of(unit.environment) is None or not text:
        return (printed,)
    size = Constant(unit.line, len(text.encode("utf-8", "surrogatepass")))
    return (Do(unit.line, Invoke(unit.line, Bound(unit.line, COUNT_TEXT), (size,))), printed)


def _folded(unit: Unit, node: nodes.Expr, scope: Scope) -> Lowered:
    """Return what prints what Jinja2 takes for a constant and there is no literal of. It makes the text of that when it
    compiles, so it asks no tag around that is decided at run time, and what it looks up in constants is undefined or
    there (E7, L8).
    """
    unit.in_constant = True
    value = unit.value(node, scope)
    unit.in_constant = False
    if unit.environment.finalize is None:
        return (Print(unit.line, value, ESCAPE if unit.eval_ctx.autoescape else STR),)
    if unit.eval_ctx.autoescape:
        value = Marked(unit.line, Invoke(unit.line, Global(unit.line, "escape_any"), (value,)), escaped=True)
    return (Print(unit.line, finalized(unit, scope, value), STR),)


def print_value(unit: Unit, scope: Scope, value: Value) -> Lowered:
    """Return what prints a value, escaped or not as is known when this is compiled, or asked first (E5, E6)."""
    if unit.eval_ctx.volatile:
        return (PrintAsked(unit.line, value, unit.autoescape(scope)),)
    return (Print(unit.line, value, ESCAPE if unit.eval_ctx.autoescape else STR),)


def print_expression(unit: Unit, node: nodes.Expr, scope: Scope) -> Lowered:
    """Return what prints an expression."""
    if isinstance(node, nodes.CondExpr):
        return _print_chosen(unit, node, scope)
    direct = _of_template(unit, node, scope)
    return direct if direct is not None else print_value(unit, scope, unit.value(node, scope))


def _print_chosen(unit: Unit, node: nodes.CondExpr, scope: Scope) -> Lowered:
    """Return what prints one of two values, as a condition around their output would."""
    if unit.eval_ctx.volatile:
        return print_value(unit, scope, unit.value(node, scope))
    soft = scope.softened()
    test = unit.value(node.test, soft)
    chosen = tuple(_printed(unit, node.expr1, soft))
    otherwise = () if node.expr2 is None else tuple(_printed(unit, node.expr2, soft))
    return (If(unit.line, ((test, chosen),), otherwise),)


def _of_template(unit: Unit, node: nodes.Expr, scope: Scope) -> Lowered | None:
    """Return what prints what a part of a template renders: it need not be a value."""
    if not isinstance(node, nodes.Call):
        return None
    outer, unit.line = unit.line, node.lineno or unit.line
    try:
        return _super(unit, node, scope) or _call(unit, node, scope)
    finally:
        unit.line = outer


def _call(unit: Unit, node: nodes.Call, scope: Scope) -> Lowered | None:
    translation = translated(unit, node, scope, printed=True)
    if translation is not None:
        return (Print(unit.line, translation, TEXT),)
    if unit.eval_ctx.volatile:
        return None
    escaped = unit.autoescape(scope)
    block = own_block(unit, node, scope)
    if block is not None:
        return (Print(unit.line, _as_text(unit, block, escaped), TEXT),)
    if is_call_back(unit, node, scope):
        caller = unit.variable("caller", scope)
        otherwise = tuple(print_value(unit, scope, unit.value(node, scope)))
        escapes = bool(unit.eval_ctx.autoescape)
        asked = escaped if escapes and not escaped.sure else None
        return (PrintCaller(unit.line, caller, unit.frame(scope), asked, unit.lenient, escapes, otherwise),)
    macro = known_call(unit, node, scope)
    if macro is None:
        return None
    return (Print(unit.line, _as_text(unit, call_macro(unit, node, scope, macro), escaped), TEXT),)


def _as_text(unit: Unit, value: BlockText | CallMacro, escaped: Autoescape) -> Value:
    """Return what is printed of the text of a block or a macro: that, unless it is to be escaped once more."""
    guarded = unit.lenient and isinstance(value, CallMacro)
    unsure = bool(unit.eval_ctx.autoescape) and not escaped.sure
    return Printed(unit.line, value, escaped if unsure else None, guarded, bool(unit.eval_ctx.autoescape))


def _super(unit: Unit, node: nodes.Call, scope: Scope) -> Lowered | None:
    """Return what prints what ``super()`` renders, when that is all that is asked of it."""
    if (
        not is_call_of(node, "super")
        or scope.block is None
        or scope.super_variable is None
        or unit.own_call
        or scope.symbols.find_ref("super") != scope.super_variable
    ):
        return None
    function = abi.block_function(scope.block)
    if not unit.framed:
        escaped = Constant(unit.line, unit.eval_ctx.autoescape)
        operands = (unit.frame(scope), Constant(unit.line, scope.block), Global(unit.line, function), escaped)
        block = Invoke(unit.line, Global(unit.line, "super_block"), operands)
        return (Run(unit.line, block, (unit.frame(scope),), text=False),)
    above = unit.program.above(str(unit.template), scope.block)
    if above is not None:
        text = unit.program.returns_text(unit.template, function)
        return (RunSuper(unit.line, above, scope.block, unit.frame(scope), text),)
    # there is none, which is an error when it is called
    named = (Global(unit.line, "undefined"), Constant(unit.line, scope.block))
    undefined = Invoke(unit.line, Global(unit.line, "no_parent"), named)
    callee = Invoke(unit.line, Global(unit.line, "callee"), (unit.frame(scope), undefined))
    return print_value(unit, scope, Invoke(unit.line, callee, ()))


# -- constants ---------------------------------------------------------------------------------------------------------


def _constant(unit: Unit, node: nodes.Expr) -> Any:
    """Return the value of what Jinja2 takes for a constant, else `missing`: what cannot be printed is none."""
    # a quick answer for most of what is printed, for which `as_const` raises `Impossible`
    if isinstance(node, (nodes.Name, nodes.Call)):
        return missing
    try:
        value = node.as_const(unit.eval_ctx)
        str(value)
    except Exception:
        return missing
    return value


def _text_of(unit: Unit, node: nodes.Expr, value: Any) -> object:
    """Return a constant, escaped, or `None`; what raises is left for the render, where the error has its place (E7)."""
    if value is missing:
        return None
    escapes, finalizes = unit.eval_ctx.autoescape, unit.environment.finalize is not None
    # the text of anything else may be another at each run, such as one with an address in it (E7)
    if not has_literal(value) and (finalizes or type(value) not in _TELLING):
        return None
    try:
        if escapes:
            return escape(value)
        return value if finalizes and not isinstance(node, nodes.TemplateData) else str(value)
    except Exception:
        return None


def _finalizes_early(unit: Unit) -> bool:
    """Return whether Jinja2 finalizes constants when it compiles (E10)."""
    return passed_argument(unit.environment.finalize) in {"", "environment"}


def finalized(unit: Unit, scope: Scope, value: Value) -> Value:
    """Return what an environment's `finalize` makes of a value (E10)."""
    passed: tuple[Value, ...] = ()
    match passed_argument(unit.environment.finalize):
        case "environment":
            passed = (Global(unit.line, "environment"),)
        case "context":
            passed = (unit.context(scope),)
        case "eval_context":
            passed = (unit.evaluation(scope),)
    function = ObjectAttribute(unit.line, Global(unit.line, "environment"), "finalize")
    return Invoke(unit.line, function, (*passed, value))
