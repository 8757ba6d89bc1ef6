"""Expressions: what each expression of a template becomes in Python.

Enters: an expression node and its frame. Leaves: a Python expression that has no effect, after statements that compute
everything that has one, in the order in which Jinja2 computes it (O1).
"""

import ast

from jinja2 import nodes
from jinja2.idtracking import VAR_LOAD_PARAMETER

from blendtpl.compiler.codegen.calls import CALLS, called
from blendtpl.compiler.codegen.generator import Emitter, Expressions
from blendtpl.compiler.codegen.gettext import translated_value
from blendtpl.compiler.codegen.logic import LOGIC, intercepted
from blendtpl.compiler.codegen.loop_variable import counted, counter
from blendtpl.compiler.codegen.pyast import (
    assign,
    attribute,
    call,
    const,
    either,
    is_,
    item,
    likely,
    literal,
    name,
)
from blendtpl.compiler.codegen.scope import Scope

_BINARY: dict[type[nodes.Expr], ast.operator] = {
    nodes.Add: ast.Add(),
    nodes.Sub: ast.Sub(),
    nodes.Mul: ast.Mult(),
    nodes.Div: ast.Div(),
    nodes.FloorDiv: ast.FloorDiv(),
    nodes.Pow: ast.Pow(),
    nodes.Mod: ast.Mod(),
}
_UNARY: dict[type[nodes.Expr], ast.unaryop] = {nodes.Pos: ast.UAdd(), nodes.Neg: ast.USub()}


def _name(emitter: Emitter, node: nodes.Name, scope: Scope) -> ast.expr:
    ref = emitter.variable(node.name, scope)
    alias = emitter.alias(ref)
    if alias is not None:
        return alias
    load = scope.symbols.find_load(ref)
    if load is not None and load[0] == VAR_LOAD_PARAMETER and ref not in emitter.unset_parameters:
        return name(ref)
    return emitter.code.checked(ref, node.name)


def looked_into(emitter: Emitter, node: nodes.Getattr, scope: Scope) -> list[ast.expr]:
    """Return what `blendtpl.runtime.helpers.attribute` and its like are given: the value, the attribute, and the name
    of a value that may be missing, where nothing has asked that yet.
    """
    inner = node.node
    if isinstance(inner, nodes.Name) and not node.attr.startswith("__"):  # which what stands for missing may have
        variable = emitter.variable(inner.name, scope)
        load = scope.symbols.find_load(variable)
        checked = emitter.alias(variable) is not None or emitter.code.is_checked(variable)
        if not checked and (load is None or load[0] != VAR_LOAD_PARAMETER):
            return [name(variable), const(node.attr), const(inner.name)]
    return [emitter.expression(inner, scope), const(node.attr)]


def _const(emitter: Emitter, node: nodes.Const, scope: Scope) -> ast.expr:
    return literal(node.value)


def _template_data(emitter: Emitter, node: nodes.TemplateData, scope: Scope) -> ast.expr:
    if emitter.eval_ctx.volatile:
        return emitter.code.materialise(call(emitter.markup_or_not(scope), const(node.data)))
    return call("Markup", const(node.data)) if emitter.eval_ctx.autoescape else const(node.data)


def _tuple(emitter: Emitter, node: nodes.Tuple, scope: Scope) -> ast.expr:
    return ast.Tuple([emitter.expression(part, scope) for part in node.items], ast.Load())


def _list(emitter: Emitter, node: nodes.List, scope: Scope) -> ast.expr:
    value = ast.List([emitter.expression(part, scope) for part in node.items], ast.Load())
    return emitter.code.materialise(value)


def _dict(emitter: Emitter, node: nodes.Dict, scope: Scope) -> ast.expr:
    pairs = [(emitter.expression(pair.key, scope), emitter.expression(pair.value, scope)) for pair in node.items]
    return emitter.code.materialise(ast.Dict([key for key, _ in pairs], [value for _, value in pairs]))


def _call(emitter: Emitter, node: nodes.Call, scope: Scope) -> ast.expr:
    return translated_value(emitter, node, scope) or called(emitter, node, scope)


def _binary(emitter: Emitter, node: nodes.BinExpr, scope: Scope) -> ast.expr:
    if emitter.intercepted(node.operator):
        return intercepted(emitter, node, scope)
    left = emitter.expression(node.left, scope)
    right = emitter.expression(node.right, scope)
    if isinstance(node, nodes.Pow) and isinstance(left, ast.Constant) and repr(left.value).startswith("-"):
        # Jinja2 writes a negative constant as its text, and the power of what is behind the sign comes first
        power = ast.BinOp(const(-left.value), ast.Pow(), right)  # type: ignore[operator]  # it is a number
        return emitter.code.materialise(ast.UnaryOp(ast.USub(), power))
    return emitter.code.materialise(ast.BinOp(left, _BINARY[type(node)], right))


def _unary(emitter: Emitter, node: nodes.UnaryExpr, scope: Scope) -> ast.expr:
    if emitter.intercepted(node.operator, unary=True):
        return intercepted(emitter, node, scope)
    return emitter.code.materialise(ast.UnaryOp(_UNARY[type(node)], emitter.expression(node.node, scope)))


def _concat(emitter: Emitter, node: nodes.Concat, scope: Scope) -> ast.expr:
    values = [emitter.expression(part, scope) for part in node.nodes]
    parts = ast.Tuple(values, ast.Load())
    if emitter.eval_ctx.volatile:
        volatile = attribute(attribute(name(scope.context), "eval_ctx"), "volatile")
        join: ast.expr = either(volatile, name("markup_join"), name("str_join"))
    else:
        join = name("markup_join" if emitter.eval_ctx.autoescape else "str_join")  # (E9)
    joined_text: ast.expr = call(join, parts)
    unknown = [value for value in values if not (isinstance(value, ast.Constant) and type(value.value) is str)]
    if all(isinstance(value, ast.Name) for value in unknown) and unknown:
        texts: list[ast.expr] = [is_(call("type", value), "str") for value in unknown]
        joined = ast.JoinedStr(
            [value if isinstance(value, ast.Constant) else ast.FormattedValue(value, -1, None) for value in values]
        )
        joined_text = likely(texts[0] if len(texts) == 1 else ast.BoolOp(ast.And(), texts), joined, joined_text)
    return emitter.code.materialise(joined_text)


def _getattr(emitter: Emitter, node: nodes.Getattr, scope: Scope) -> ast.expr:
    loop = counted(emitter, node.node, scope)
    if loop is not None:
        return counter(emitter, loop, node.attr)
    if emitter.own_getattr:  # (L10)
        value = emitter.expression(node.node, scope)
        return emitter.code.materialise(call(attribute(name("environment"), "getattr"), value, const(node.attr)))
    getter = "attribute" if hasattr(dict, node.attr) else "field"  # (L3, L4)
    if not emitter.code.function.hot:
        return emitter.code.materialise(call(getter, name("undefined"), *looked_into(emitter, node, scope)))
    value = emitter.expression(node.node, scope)
    if not isinstance(value, ast.Name):
        return emitter.code.materialise(call(getter, name("undefined"), value, const(node.attr)))
    materialised = emitter.code.temporary()
    emitter.code.materialise_output()
    direct: ast.expr = attribute(value, node.attr)
    if hasattr(dict, node.attr):
        fallback = call("absent", name("undefined"), value, const(node.attr), const(True))
        absent: list[ast.stmt] = [assign(materialised, fallback)]
        handler = ast.ExceptHandler(name("AttributeError"), None, absent)
    else:
        other = emitter.code.is_no_dict(value.id)
        direct = either(other, direct, item(value, const(node.attr)))  # what is likely is last: see `likely`
        absent = [assign(materialised, call("absent", name("undefined"), value, const(node.attr), other))]
        handler = ast.ExceptHandler(name("no_item"), None, absent)
    emitter.code.branch(ast.Try([assign(materialised, direct)], [handler], [], []))
    return name(materialised)


def _getitem(emitter: Emitter, node: nodes.Getitem, scope: Scope) -> ast.expr:
    value = emitter.expression(node.node, scope)
    if isinstance(node.arg, nodes.Slice):
        bounds = [
            emitter.expression(bound, scope) if bound is not None else const(None)
            for bound in (node.arg.start, node.arg.stop, node.arg.step)
        ]
        if isinstance(value, ast.Constant):  # which Python would warn of
            materialised = emitter.code.temporary()
            emitter.code.branch(assign(materialised, value))
            value = name(materialised)
        if emitter.in_constant:  # when it compiles, Jinja2 has the environment look up slices as well (L8)
            return emitter.code.materialise(
                call(attribute(name("environment"), "getitem"), value, call("slice", *bounds))
            )
        return emitter.code.materialise(item(value, call("slice", *bounds)))  # (L8)
    key = emitter.expression(node.arg, scope)
    if emitter.own_getitem:  # (L10)
        return emitter.code.materialise(call(attribute(name("environment"), "getitem"), value, key))
    return emitter.code.materialise(call("subscript", name("undefined"), value, key))  # (L5)


def _mark_safe(emitter: Emitter, node: nodes.MarkSafe, scope: Scope) -> ast.expr:
    return emitter.code.materialise(call("Markup", emitter.expression(node.expr, scope)))


def _mark_safe_if(emitter: Emitter, node: nodes.MarkSafeIfAutoescape, scope: Scope) -> ast.expr:
    value = emitter.expression(node.expr, scope)
    return emitter.code.materialise(call(emitter.markup_or_not(scope), value))


def _environment_attribute(emitter: Emitter, node: nodes.EnvironmentAttribute, scope: Scope) -> ast.expr:
    return emitter.code.materialise(attribute(name("environment"), node.name))


def _extension_attribute(emitter: Emitter, node: nodes.ExtensionAttribute, scope: Scope) -> ast.expr:
    extension = item(attribute(name("environment"), "extensions"), const(node.identifier))
    return emitter.code.materialise(attribute(extension, node.name))


def _imported_name(emitter: Emitter, node: nodes.ImportedName, scope: Scope) -> ast.expr:
    return name(emitter.bind("import", node.importname))


def _internal_name(emitter: Emitter, node: nodes.InternalName, scope: Scope) -> ast.expr:
    return name(node.name)


def _context_reference(emitter: Emitter, node: nodes.ContextReference, scope: Scope) -> ast.expr:
    return name(scope.context)


def _derived_reference(emitter: Emitter, node: nodes.DerivedContextReference, scope: Scope) -> ast.expr:
    return emitter.code.materialise(emitter.derived(scope))


EXPRESSIONS: Expressions = {
    nodes.Name: _name,
    nodes.Const: _const,
    nodes.TemplateData: _template_data,
    nodes.Tuple: _tuple,
    nodes.List: _list,
    nodes.Dict: _dict,
    **dict.fromkeys(_BINARY, _binary),
    **dict.fromkeys(_UNARY, _unary),
    **LOGIC,
    nodes.Concat: _concat,
    nodes.Getattr: _getattr,
    nodes.Getitem: _getitem,
    **CALLS,
    nodes.Call: _call,
    nodes.MarkSafe: _mark_safe,
    nodes.MarkSafeIfAutoescape: _mark_safe_if,
    nodes.EnvironmentAttribute: _environment_attribute,
    nodes.ExtensionAttribute: _extension_attribute,
    nodes.ImportedName: _imported_name,
    nodes.InternalName: _internal_name,
    nodes.ContextReference: _context_reference,
    nodes.DerivedContextReference: _derived_reference,
}
