"""Expressions: what one gives as far as that is known without variables.

Enters: an expression of a template and the scope that it stands in. Leaves: a value of `values`. What is known is
worked out by Jinja2 itself, with its own filters and tests only: nothing of a user's runs.
"""

from collections.abc import Callable
from typing import Any

from jinja2 import nodes
from markupsafe import Markup, escape

from blendtpl.bundle.environment import is_own
from blendtpl.compiler.mail.lint import calls
from blendtpl.compiler.mail.lint.scope import MISSING, Scope
from blendtpl.compiler.mail.lint.values import (
    BlockCall,
    Macro,
    Rendered,
    Space,
    Unknown,
    is_known,
    joined,
    named,
    unknown,
)

# filters of text that leave what is in it as it is
_SAME = {"e", "escape", "forceescape", "indent", "safe", "string", "trim", "wordwrap"}
# filters that ask nothing of what is in a list
_STRUCTURAL = {"batch", "count", "first", "items", "last", "length", "list", "slice"}
_CHOOSING = {"reject", "rejectattr", "select", "selectattr", "unique"}


def value(node: nodes.Node | None, scope: Scope) -> Any:
    """Return the value of an expression."""
    if node is None:
        return None
    work = _WORK.get(type(node))
    if work is not None:
        return work(node, scope)
    parts = [value(child, scope) for child in node.iter_child_nodes()]
    return unknown(f"{type(node).__name__}({', '.join(map(named, parts))})", *parts)


def truth(node: nodes.Node, scope: Scope) -> bool:
    """Return whether an expression is true in this variant."""
    if isinstance(node, nodes.Not):
        return not truth(node.node, scope)
    if isinstance(node, nodes.And):
        return truth(node.left, scope) and truth(node.right, scope)
    if isinstance(node, nodes.Or):
        return truth(node.left, scope) or truth(node.right, scope)
    if isinstance(node, nodes.Compare) and len(node.ops) == 1 and node.ops[0].op in {"ne", "notin"}:
        operand = nodes.Operand({"ne": "eq", "notin": "in"}[node.ops[0].op], node.ops[0].expr)
        return not _decided(_compare(nodes.Compare(node.expr, [operand]), scope), node, scope)
    return _decided(value(node, scope), node, scope)


def _decided(condition: Any, node: nodes.Node, scope: Scope) -> bool:
    if isinstance(condition, Rendered) and any(piece.text.strip() and not piece.names for piece in condition.pieces):
        return True
    if isinstance(condition, (Unknown, Rendered)):
        return scope.run.decide(named(condition), node, scope)
    return True if isinstance(condition, (Space, Macro, BlockCall)) else bool(condition)


def _name(node: nodes.Name, scope: Scope) -> Any:
    bound = scope.find(node.name)
    if bound is not MISSING:
        return bound
    scope.run.read(node.name)
    return Unknown(node.name, frozenset({node.name}))


def _const(node: nodes.Const, scope: Scope) -> Any:
    return node.value


def _of_extension(node: nodes.ExtensionAttribute, scope: Scope) -> Any:
    return Unknown(f"{node.identifier}.{node.name}", markup=True)  # whatever it prints


def _template_data(node: nodes.TemplateData, scope: Scope) -> Any:
    return Markup(node.data)  # noqa: S704  # the template's own text


def _list(node: nodes.List | nodes.Tuple, scope: Scope) -> Any:
    items = [value(item, scope) for item in node.items]
    return items if isinstance(node, nodes.List) else tuple(items)


def _dict(node: nodes.Dict, scope: Scope) -> Any:
    pairs = [(value(pair.key, scope), value(pair.value, scope)) for pair in node.items]
    if all(isinstance(key, (str, int)) for key, _ in pairs):
        return dict(pairs)
    return unknown("{…}", [part for pair in pairs for part in pair])


def _getattr(node: nodes.Getattr, scope: Scope) -> Any:
    if isinstance(node.node, nodes.Name) and node.node.name == "self" and scope.find("self") is MISSING:
        return BlockCall(node.attr, 0, scope)
    owner = value(node.node, scope)
    if isinstance(owner, dict) and node.attr in owner:
        return owner[node.attr]
    if isinstance(owner, (dict, list, tuple, str)) and hasattr(owner, node.attr):
        return calls.Method(owner, node.attr)
    return calls.looked_up(owner, node.attr, node, scope)


def _getitem(node: nodes.Getitem, scope: Scope) -> Any:
    owner = value(node.node, scope)
    if isinstance(node.arg, nodes.Slice):
        bounds = [value(bound, scope) for bound in (node.arg.start, node.arg.stop, node.arg.step)]
        if isinstance(owner, (str, list, tuple)) and all(bound is None or isinstance(bound, int) for bound in bounds):
            return owner[slice(*bounds)]
        return unknown(f"{named(owner)}[:]", owner)
    return calls.looked_up(owner, value(node.arg, scope), node, scope)


def _concat(node: nodes.Concat, scope: Scope) -> Any:
    return joined((value(part, scope) for part in node.nodes), scope.template, node.lineno)


def _choice(node: nodes.CondExpr, scope: Scope) -> Any:
    if truth(node.test, scope):
        return value(node.expr1, scope)
    return "" if node.expr2 is None else value(node.expr2, scope)


def _and(node: nodes.And, scope: Scope) -> Any:
    left = value(node.left, scope)
    return value(node.right, scope) if _decided(left, node.left, scope) else left


def _or(node: nodes.Or, scope: Scope) -> Any:
    left = value(node.left, scope)
    return left if _decided(left, node.left, scope) else value(node.right, scope)


def _not(node: nodes.Not, scope: Scope) -> Any:
    return not truth(node.node, scope)


def _compare(node: nodes.Compare, scope: Scope) -> Any:
    left = value(node.expr, scope)
    right = [(operand.op, value(operand.expr, scope)) for operand in node.ops]
    if is_known(left) and all(is_known(operand) for _, operand in right):
        operands = [nodes.Operand(op, nodes.Const(operand)) for op, operand in right]
        return _worked_out(nodes.Compare(nodes.Const(left), operands), scope)
    spelt = " ".join(f"{'==' if op == 'eq' else op} {named(operand)}" for op, operand in right)
    return unknown(f"{named(left)} {spelt}", left, [operand for _, operand in right])


def _operator(node: nodes.BinExpr | nodes.UnaryExpr, scope: Scope) -> Any:
    parts = [value(part, scope) for part in node.iter_child_nodes()]
    if isinstance(node, nodes.Mod) and isinstance(parts[0], (str, Rendered)) and not is_known(parts):
        return calls.filled(parts[0], parts[1], scope.template, node.lineno)
    if all(map(is_known, parts)):
        return _worked_out(type(node)(*map(nodes.Const, parts)), scope)
    same = isinstance(parts[0], (list, tuple)) and all(isinstance(part, type(parts[0])) for part in parts)
    if isinstance(node, nodes.Add) and same:
        return parts[0] + parts[1]
    return unknown(f"{type(node).__name__}({', '.join(map(named, parts))})", *parts)


def _worked_out(node: nodes.Expr, scope: Scope) -> Any:
    """Return what Jinja2 makes of constants."""
    context = nodes.EvalContext(scope.run.environment, scope.template)
    try:
        return node.as_const(context)
    except Exception:  # Impossible, or whatever rendering raises too
        return unknown(f"{type(node).__name__}@{node.lineno}")


def _test(node: nodes.Test, scope: Scope) -> Any:
    operand = value(node.node, scope)
    args = [value(argument, scope) for argument in node.args or ()]
    if is_known([operand, *args]) and is_own(scope.run.environment, "test", node.name):
        if node.name in ("defined", "undefined"):
            return node.name == "defined"
        return _worked_out(
            nodes.Test(nodes.Const(operand), node.name, [nodes.Const(a) for a in args], [], None, None), scope
        )
    if node.name in ("defined", "undefined"):
        there = not isinstance(operand, Unknown) or scope.run.decide(f"{operand.name} is defined", node, scope)
        return there == (node.name == "defined")
    if node.name in ("mapping", "sequence", "iterable") and isinstance(operand, (dict, list, tuple)):
        return node.name != "mapping" or isinstance(operand, dict)
    listed = f"({', '.join(map(named, args))})" if args else ""
    return unknown(f"{named(operand)} is {node.name}{listed}", operand, args)


def _filter(node: nodes.Filter, scope: Scope) -> Any:
    operand = value(node.node, scope)
    return filtered(node, operand, scope)


def filtered(node: nodes.Filter, operand: Any, scope: Scope) -> Any:
    """Return what a filter makes of a value."""
    args = [value(argument, scope) for argument in node.args or ()]
    kwargs: dict[str, Any] = {str(keyword.key): value(keyword.value, scope) for keyword in node.kwargs or ()}
    own = is_own(scope.run.environment, "filter", node.name) and node.dyn_args is None and node.dyn_kwargs is None
    name, spelt = node.name, f"{named(operand)}|{node.name}"
    if own:
        if is_known([operand, args, kwargs]):
            return _constant_filter(node, operand, args, kwargs, scope)
        if isinstance(operand, Rendered) and name in _SAME:
            return Rendered(operand.pieces, markup=operand.markup or name == "safe")
        if name == "safe" and isinstance(operand, Unknown):
            return Unknown(operand.name, operand.names, markup=True)
        if name in ("trim", "string", "e", "escape") and isinstance(operand, Unknown):
            return operand
        if name in ("default", "d") and not isinstance(operand, Unknown):
            return operand
        if name == "xmlattr" and isinstance(operand, dict):
            return calls.attributes(operand, scope.template, node.lineno)
        if isinstance(operand, (dict, list, tuple)) and name in _STRUCTURAL | _CHOOSING:
            return _of_list(name, operand, args)
        if name == "join" and isinstance(operand, (list, tuple)) and len(args) < 2 and not kwargs:
            between = args[0] if args else ""
            parts = [part for item in operand for part in (between, item)][1:]
            return joined(parts, scope.template, node.lineno)
    return unknown(f"{spelt}({', '.join(map(named, args))})", operand, args, kwargs)


def _of_list(name: str, operand: Any, args: list[Any]) -> Any:
    if name in _CHOOSING or name == "list":
        return list(operand)
    if name in ("count", "length"):
        return len(operand)
    if name == "items":
        return list(operand.items()) if isinstance(operand, dict) else unknown("items", operand)
    if name in ("first", "last"):
        return list(operand)[0 if name == "first" else -1] if operand else ""
    size = args[0] if args and isinstance(args[0], int) and args[0] > 0 else 0
    if name == "batch" and size:
        listed = list(operand)
        rows = [listed[at : at + size] for at in range(0, len(listed), size)]
        if rows and len(args) > 1:
            rows[-1] += [args[1]] * (size - len(rows[-1]))
        return rows
    return unknown(name, operand)


def _constant_filter(node: nodes.Filter, operand: Any, args: list[Any], kwargs: dict[str, Any], scope: Scope) -> Any:
    if isinstance(operand, Markup) and node.name in ("e", "escape"):
        return operand
    if node.name in ("e", "escape") and isinstance(operand, str):
        return escape(operand)
    positional = [nodes.Const(argument) for argument in args]
    named_args = [nodes.Keyword(key, nodes.Const(argument)) for key, argument in kwargs.items()]
    return _worked_out(nodes.Filter(nodes.Const(operand), node.name, positional, named_args, None, None), scope)


def _call(node: nodes.Call, scope: Scope) -> Any:
    args = [value(argument, scope) for argument in node.args]
    kwargs = {keyword.key: value(keyword.value, scope) for keyword in node.kwargs}
    many = value(node.dyn_args, scope) if node.dyn_args is not None else []
    more = value(node.dyn_kwargs, scope) if node.dyn_kwargs is not None else {}
    if isinstance(many, (list, tuple)):
        args += many
    if isinstance(more, dict):
        kwargs.update(more)
    certain = isinstance(many, (list, tuple)) and isinstance(more, dict)
    return calls.call(node, args, kwargs, scope, certain=certain, called=value(node.node, scope))


def _markup(node: nodes.MarkSafe | nodes.MarkSafeIfAutoescape, scope: Scope) -> Any:
    operand = value(node.expr, scope)
    if isinstance(operand, Rendered):
        return Rendered(operand.pieces)
    return Markup(operand) if isinstance(operand, str) else operand  # noqa: S704  # as the template says


_WORK: dict[type[nodes.Node], Callable[[Any, Scope], Any]] = {
    nodes.Name: _name,
    nodes.Const: _const,
    nodes.TemplateData: _template_data,
    nodes.ExtensionAttribute: _of_extension,
    nodes.List: _list,
    nodes.Tuple: _list,
    nodes.Dict: _dict,
    nodes.Getattr: _getattr,
    nodes.Getitem: _getitem,
    nodes.Concat: _concat,
    nodes.CondExpr: _choice,
    nodes.And: _and,
    nodes.Or: _or,
    nodes.Not: _not,
    nodes.Compare: _compare,
    nodes.Test: _test,
    nodes.Filter: _filter,
    nodes.Call: _call,
    nodes.MarkSafe: _markup,
    nodes.MarkSafeIfAutoescape: _markup,
    **dict.fromkeys(
        (
            *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow),
            *(nodes.Neg, nodes.Pos),
        ),
        _operator,
    ),
}
