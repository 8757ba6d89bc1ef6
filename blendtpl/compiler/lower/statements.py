"""Statements: what each tag of a template becomes, but for loops, macros and references."""

from types import MappingProxyType

from jinja2 import nodes
from jinja2.idtracking import VAR_LOAD_ALIAS, VAR_LOAD_PARAMETER, VAR_LOAD_RESOLVE, VAR_LOAD_UNDEFINED

from blendtpl.bundle.flush import is_flush
from blendtpl.compiler.analysis.walk import of_kind
from blendtpl.compiler.ir.base import Body, Statement, Value
from blendtpl.compiler.ir.statements import (
    RAW,
    Break,
    CheckNamespace,
    Continue,
    Do,
    Flush,
    If,
    Modified,
    Modify,
    Overlay,
    Print,
    Publish,
    Scoped,
    Set,
    SetScopeVariable,
    Target,
    ToNamespace,
    ToParts,
    ToVariable,
)
from blendtpl.compiler.ir.values import Marked, Missing, Text, Variable
from blendtpl.compiler.lower.calls import derived, filter_chain
from blendtpl.compiler.lower.output import Lowered, output
from blendtpl.compiler.lower.scope import Scope
from blendtpl.compiler.lower.unit import Lower, Unit

Bind = tuple[tuple[str, Value], ...]


def bind(unit: Unit, scope: Scope) -> Bind:
    """Return what the variables of a scope hold at its start (L1)."""
    bound: list[tuple[str, Value]] = []
    unset: list[tuple[str, Value]] = []
    for variable, (action, parameter) in scope.symbols.loads.items():
        if action == VAR_LOAD_RESOLVE:
            bound.append((variable, unit.resolved(str(parameter), scope)))
        elif action == VAR_LOAD_ALIAS:
            bound.append((variable, Variable(unit.line, str(parameter))))
        elif action == VAR_LOAD_UNDEFINED:
            unset.append((variable, Missing(unit.line)))
        elif action != VAR_LOAD_PARAMETER:
            raise NotImplementedError(action)
    return (*bound, *unset)


def scoped(unit: Unit, scope: Scope, statements: list[nodes.Node], before: Lowered = ()) -> Scoped:
    """Return a scope with what runs in it: statements of ours, and then those of a template."""
    line, bound = unit.line, bind(unit, scope)
    body = (*before, *unit.body(statements, scope))
    return Scoped(line, bound, body, tuple(scope.symbols.loads))


def _if(unit: Unit, node: nodes.If, scope: Scope) -> Lowered:
    soft = scope.softened()
    branches: list[tuple[Value, Body]] = []
    for branch in (node, *node.elif_):
        unit.line = branch.lineno
        test = unit.value(branch.test, soft)
        branches.append((test, unit.body(branch.body, soft)))
    return (If(node.lineno, tuple(branches), unit.body(node.else_, soft)),)


def _assign(unit: Unit, node: nodes.Assign, scope: Scope) -> Lowered:
    # before the value, as in Jinja2: what is no namespace fails even where the value would
    namespaces = dict.fromkeys(ref.name for ref in of_kind(node, nodes.NSRef))
    checks = [CheckNamespace(unit.line, unit.variable(called, scope)) for called in namespaces]
    value = unit.value(node.node, scope)
    return (*checks, Set(unit.line, target_of(unit, node.target, scope), value), *_told(unit, node.target, scope))


def target_of(unit: Unit, target: nodes.Node, scope: Scope) -> Target:
    """Return what an assignment of a template assigns to."""
    if isinstance(target, nodes.Tuple):
        return ToParts(unit.line, tuple(target_of(unit, part, scope) for part in target.items))
    if isinstance(target, nodes.NSRef):
        return ToNamespace(unit.line, unit.variable(target.name, scope), target.attr)
    return ToVariable(unit.line, scope.symbols.ref(target.name))  # type: ignore[attr-defined]  # there is no other


def _told(unit: Unit, target: nodes.Node, scope: Scope) -> Lowered:
    """Return what keeps the context up to date with what has been set, as Jinja2 does."""
    if not (scope.toplevel or scope.loop or scope.in_block):
        return ()
    names = sorted(_names(target))
    if not (scope.loop or scope.in_block):
        return [Publish(unit.line, called, scope.symbols.ref(called), exported=True) for called in names]
    holder = "_loop_vars" if scope.loop else "_block_vars"
    return [SetScopeVariable(unit.line, holder, called, unit.variable(called, scope)) for called in names]


def _names(target: nodes.Node) -> set[str]:
    if isinstance(target, nodes.Tuple):
        return set().union(*map(_names, target.items))
    return {target.name} if isinstance(target, nodes.Name) else set()


def _assign_block(unit: Unit, node: nodes.AssignBlock, scope: Scope) -> Lowered:
    inner = scope.inner(output_check=False)
    inner.symbols.analyze_node(node)
    line, bound = unit.line, bind(unit, inner)
    text: Value = Text(line, unit.body(node.body, inner))
    unit.line = line
    if node.filter is not None:
        text = filter_chain(unit, node.filter, inner, _joined(unit, scope, text))
    value = Marked(line, text, unit.autoescape(scope))  # (E8)
    assigned = Set(line, target_of(unit, node.target, scope), value)
    return (Scoped(line, bound, (assigned,), tuple(inner.symbols.loads)), *_told(unit, node.target, scope))


def _joined(unit: Unit, scope: Scope, text: Value) -> Value:
    """Return the text that a filter of a `filter` or `set` block is given, as markup when it has been escaped."""
    if unit.eval_ctx.volatile:
        return Marked(unit.line, text, unit.autoescape(scope))
    return Marked(unit.line, text, escaped=True) if unit.eval_ctx.autoescape else text


def _filter_block(unit: Unit, node: nodes.FilterBlock, scope: Scope) -> Lowered:
    inner = scope.inner()
    inner.symbols.analyze_node(node)
    line, bound = unit.line, bind(unit, inner)
    text = Text(line, unit.body(node.body, inner))
    unit.line = line
    printed = Print(line, filter_chain(unit, node.filter, inner, _joined(unit, scope, text)), RAW)
    return (Scoped(line, bound, (printed,), tuple(inner.symbols.loads)),)


def _with(unit: Unit, node: nodes.With, scope: Scope) -> Lowered:
    inner = scope.inner()
    inner.symbols.analyze_node(node)
    sets = [
        Set(unit.line, target_of(unit, target, inner), unit.value(value, scope))  # (S8)
        for target, value in zip(node.targets, node.values, strict=True)
    ]
    return (scoped(unit, inner, node.body, sets),)


def _expression_statement(unit: Unit, node: nodes.ExprStmt, scope: Scope) -> Lowered:
    if is_flush(node):
        return (Flush(unit.line),)
    return (Do(unit.line, unit.value(node.node, scope)),)


def _scope(unit: Unit, node: nodes.Scope, scope: Scope) -> Lowered:
    inner = scope.inner()
    inner.symbols.analyze_node(node)
    return (scoped(unit, inner, node.body),)


def _overlay_scope(unit: Unit, node: nodes.OverlayScope, scope: Scope) -> Lowered:
    context = f"context_{unit.number()}"
    overlay = Overlay(unit.line, context, derived(unit, scope), unit.value(node.context, scope))
    inner = scope.isolated(context)
    inner.symbols.analyze_node(node)
    return (overlay, scoped(unit, inner, node.body))


def _modifier(unit: Unit, node: nodes.EvalContextModifier, scope: Scope) -> Lowered:
    modified: list[Statement] = []
    for option in node.options:
        modified.append(Modify(unit.line, str(option.key), unit.value(option.value, scope)))
        try:
            constant = option.value.as_const(unit.eval_ctx)
        except nodes.Impossible:
            # from here on it is asked while the template renders
            unit.eval_ctx.volatile = True
        else:
            setattr(unit.eval_ctx, option.key, constant)
    return modified


def _scoped_modifier(unit: Unit, node: nodes.ScopedEvalContextModifier, scope: Scope) -> Lowered:
    line, before = unit.line, unit.eval_ctx.save()
    body = (*_modifier(unit, node, scope), *unit.body(node.body, scope))
    unit.eval_ctx.revert(before)
    return (Modified(line, body),)


def _leave(unit: Unit, node: nodes.Break | nodes.Continue, scope: Scope) -> Lowered:
    """Return what ends a turn of a loop, or the loop, which has to be in one."""
    leaves = isinstance(node, nodes.Break)
    if not scope.breakable:
        unit.fail(f"not in a loop: {'break' if leaves else 'continue'!r}", node.lineno)
    return (Break(unit.line) if leaves else Continue(unit.line),)


STATEMENTS: MappingProxyType[type[nodes.Node], Lower] = MappingProxyType(
    {
        nodes.Output: output,
        nodes.If: _if,
        nodes.Assign: _assign,
        nodes.AssignBlock: _assign_block,
        nodes.FilterBlock: _filter_block,
        nodes.With: _with,
        nodes.ExprStmt: _expression_statement,
        nodes.Scope: _scope,
        nodes.OverlayScope: _overlay_scope,
        nodes.EvalContextModifier: _modifier,
        nodes.ScopedEvalContextModifier: _scoped_modifier,
        nodes.Continue: _leave,
        nodes.Break: _leave,
    }
)
