"""Expressions: what each expression of a template becomes."""

from types import MappingProxyType

from jinja2 import nodes

from blendtpl.compiler.ir.base import Value
from blendtpl.compiler.ir.values import (
    Attribute,
    Binary,
    Bound,
    Choose,
    Compare,
    Concat,
    Constant,
    Frame,
    Global,
    Invoke,
    Item,
    Logic,
    Marked,
    Not,
    ObjectAttribute,
    Pairs,
    Sequence,
    Slice,
    Unary,
    Undefined,
)
from blendtpl.compiler.lower.calls import called, derived, filtered, tested
from blendtpl.compiler.lower.scope import Scope
from blendtpl.compiler.lower.unit import Lower, Unit

_BINARY: dict[type[nodes.Node], str] = {
    nodes.Add: "+",
    nodes.Sub: "-",
    nodes.Mul: "*",
    nodes.Div: "/",
    nodes.FloorDiv: "//",
    nodes.Pow: "**",
    nodes.Mod: "%",
}
_UNARY: dict[type[nodes.Node], str] = {nodes.Pos: "+", nodes.Neg: "-"}
_NOT = "not "  # as Jinja2's generator has it, and asks whether a sandbox intercepts it


def environment_call(unit: Unit, method: str, *arguments: Value) -> Invoke:
    """Return a call of a method of the environment."""
    function = ObjectAttribute(unit.line, Global(unit.line, "environment"), method)
    return Invoke(unit.line, function, arguments)


def _name(unit: Unit, node: nodes.Name, scope: Scope) -> Value:
    return unit.read(node.name, scope)


def _const(unit: Unit, node: nodes.Const, scope: Scope) -> Value:
    return Constant(unit.line, node.value)


def _template_data(unit: Unit, node: nodes.TemplateData, scope: Scope) -> Value:
    text = Constant(unit.line, node.data)
    if unit.eval_ctx.volatile:
        return Marked(unit.line, text, unit.autoescape(scope))
    return Marked(unit.line, text, bool(unit.eval_ctx.autoescape))


def _sequence(unit: Unit, node: nodes.Tuple | nodes.List, scope: Scope) -> Value:
    kind = "tuple" if isinstance(node, nodes.Tuple) else "list"
    return Sequence(unit.line, kind, tuple(unit.value(part, scope) for part in node.items))


def _dict(unit: Unit, node: nodes.Dict, scope: Scope) -> Value:
    pairs = ((unit.value(pair.key, scope), unit.value(pair.value, scope)) for pair in node.items)
    return Pairs(unit.line, tuple(pairs))


def _binary(unit: Unit, node: nodes.BinExpr, scope: Scope) -> Value:
    if unit.intercepted(node.operator):
        return _intercepted(unit, node, scope)
    left, right = unit.value(node.left, scope), unit.value(node.right, scope)
    if isinstance(node, nodes.Pow) and isinstance(left, Constant) and repr(left.value).startswith("-"):
        # Jinja2 writes a negative constant as its text, and the power of what is behind the sign comes first
        power = Binary(unit.line, "**", Constant(unit.line, -left.value), right)
        return Unary(unit.line, "-", power)
    return Binary(unit.line, _BINARY[type(node)], left, right)


def _unary(unit: Unit, node: nodes.UnaryExpr, scope: Scope) -> Value:
    if unit.intercepted(node.operator, unary=True):
        return _intercepted(unit, node, scope)
    return Unary(unit.line, _UNARY[type(node)], unit.value(node.node, scope))


def _intercepted(
    unit: Unit, node: nodes.BinExpr | nodes.UnaryExpr, scope: Scope, *, operator: str | None = None
) -> Value:
    """Return what a sandboxed environment makes of an operator that it wants to see."""
    operands = [node.node] if isinstance(node, nodes.UnaryExpr) else [node.left, node.right]
    values = [unit.value(operand, scope) for operand in operands]
    method = "call_unop" if len(values) == 1 else "call_binop"
    shown = Constant(unit.line, operator or node.operator)
    return environment_call(unit, method, unit.context(scope), shown, *values)


def _logic(unit: Unit, node: nodes.And | nodes.Or, scope: Scope) -> Value:
    if unit.intercepted(node.operator):
        return _intercepted(unit, node, scope)
    operator = "and" if isinstance(node, nodes.And) else "or"
    return Logic(unit.line, operator, unit.value(node.left, scope), unit.value(node.right, scope))


def _not(unit: Unit, node: nodes.Not, scope: Scope) -> Value:
    if unit.intercepted(_NOT, unary=True):
        return _intercepted(unit, node, scope, operator=_NOT)
    return Not(unit.line, unit.value(node.node, scope))


def _compare(unit: Unit, node: nodes.Compare, scope: Scope) -> Value:
    first = unit.value(node.expr, scope)
    return Compare(unit.line, first, tuple((operand.op, unit.value(operand.expr, scope)) for operand in node.ops))


def _cond(unit: Unit, node: nodes.CondExpr, scope: Scope) -> Value:
    soft = scope.softened()
    test, yes = unit.value(node.test, soft), unit.value(node.expr1, soft)
    no = nothing_chosen(unit, node) if node.expr2 is None else unit.value(node.expr2, soft)
    return Choose(unit.line, test, yes, no)


def nothing_chosen(unit: Unit, node: nodes.CondExpr) -> Undefined:
    """Return what an expression is whose condition does not hold, and which says nothing for that (U3)."""
    message = f"the inline if-expression on {unit.position(node)} evaluated to false and no else section was defined."
    return Undefined(unit.line, message, None, plain=True)


def _concat(unit: Unit, node: nodes.Concat, scope: Scope) -> Value:
    values = tuple(unit.value(part, scope) for part in node.nodes)
    if unit.eval_ctx.volatile:
        context = ObjectAttribute(unit.line, unit.context(scope), "eval_ctx")
        return Concat(unit.line, values, ObjectAttribute(unit.line, context, "volatile"))
    return Concat(unit.line, values, bool(unit.eval_ctx.autoescape))


def _getattr(unit: Unit, node: nodes.Getattr, scope: Scope) -> Value:
    value = unit.value(node.node, scope)
    if unit.own_getattr:  # (L10)
        return unit.awaited(environment_call(unit, "getattr", value, Constant(unit.line, node.attr)))
    found = Attribute(unit.line, value, node.attr, unit.safe)
    # of what a loop knows, its items alone may be awaited
    known = unit.is_loop(node.node, scope) and node.attr not in {"previtem", "nextitem"}
    return found if known else unit.awaited(found)


def _getitem(unit: Unit, node: nodes.Getitem, scope: Scope) -> Value:
    value = unit.value(node.node, scope)
    if isinstance(node.arg, nodes.Slice):
        start, stop, step = (
            Constant(unit.line, None) if bound is None else unit.value(bound, scope)
            for bound in (node.arg.start, node.arg.stop, node.arg.step)
        )
        if unit.in_constant:  # when it compiles, Jinja2 has the environment look up slices as well (L8)
            bounds = Invoke(unit.line, Global(unit.line, "slice"), (start, stop, step))
            return environment_call(unit, "getitem", value, bounds)
        return Slice(unit.line, value, (start, stop, step))  # (L8)
    key = unit.value(node.arg, scope)
    if unit.own_getitem:  # (L10)
        return unit.awaited(environment_call(unit, "getitem", value, key))
    return unit.awaited(Item(unit.line, value, key, unit.safe))


def _mark_safe(unit: Unit, node: nodes.MarkSafe, scope: Scope) -> Value:
    return Marked(unit.line, unit.value(node.expr, scope), escaped=True)


def _mark_safe_if(unit: Unit, node: nodes.MarkSafeIfAutoescape, scope: Scope) -> Value:
    return Marked(unit.line, unit.value(node.expr, scope), unit.autoescape(scope))


def _environment_attribute(unit: Unit, node: nodes.EnvironmentAttribute, scope: Scope) -> Value:
    return ObjectAttribute(unit.line, Global(unit.line, "environment"), node.name)


def _extension_attribute(unit: Unit, node: nodes.ExtensionAttribute, scope: Scope) -> Value:
    extensions = ObjectAttribute(unit.line, Global(unit.line, "environment"), "extensions")
    getter = ObjectAttribute(unit.line, extensions, "__getitem__")
    extension = Invoke(unit.line, getter, (Constant(unit.line, node.identifier),))
    return ObjectAttribute(unit.line, extension, node.name)


def _imported_name(unit: Unit, node: nodes.ImportedName, scope: Scope) -> Value:
    return Bound(unit.line, ("import", node.importname))


def _internal_name(unit: Unit, node: nodes.InternalName, scope: Scope) -> Value:
    return Global(unit.line, node.name)


def _context_reference(unit: Unit, node: nodes.ContextReference, scope: Scope) -> Value:
    return Frame(unit.line)


def _derived_reference(unit: Unit, node: nodes.DerivedContextReference, scope: Scope) -> Value:
    return derived(unit, scope)


VALUES: MappingProxyType[type[nodes.Node], Lower] = MappingProxyType(
    {
        nodes.Name: _name,
        nodes.Const: _const,
        nodes.TemplateData: _template_data,
        nodes.Tuple: _sequence,
        nodes.List: _sequence,
        nodes.Dict: _dict,
        **dict.fromkeys(_BINARY, _binary),
        **dict.fromkeys(_UNARY, _unary),
        nodes.And: _logic,
        nodes.Or: _logic,
        nodes.Not: _not,
        nodes.Compare: _compare,
        nodes.CondExpr: _cond,
        nodes.Concat: _concat,
        nodes.Getattr: _getattr,
        nodes.Getitem: _getitem,
        nodes.Filter: filtered,
        nodes.Test: tested,
        nodes.Call: called,
        nodes.MarkSafe: _mark_safe,
        nodes.MarkSafeIfAutoescape: _mark_safe_if,
        nodes.EnvironmentAttribute: _environment_attribute,
        nodes.ExtensionAttribute: _extension_attribute,
        nodes.ImportedName: _imported_name,
        nodes.InternalName: _internal_name,
        nodes.ContextReference: _context_reference,
        nodes.DerivedContextReference: _derived_reference,
    }
)
