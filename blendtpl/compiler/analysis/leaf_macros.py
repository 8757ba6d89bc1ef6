"""Leaf macros: those that need nothing of the template that they stand in, but what they are called with.

Enters: a macro of a top level. Leaves: whether it reads its arguments alone, calls nothing, and asks nobody for the
context. The object of such a macro holds no scope, so that none of a scope and its macros hold each other.
"""

from collections.abc import Iterable

import jinja2
from jinja2 import nodes

from blendtpl.bundle.environment import passed_argument
from blendtpl.compiler.analysis.walk import below, children

_HARMLESS = frozenset(
    (
        *(nodes.Output, nodes.TemplateData, nodes.Const, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Slice),
        *(nodes.Tuple, nodes.List, nodes.Dict, nodes.Pair, nodes.Keyword, nodes.CondExpr, nodes.Concat),
        *(nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand, nodes.Neg, nodes.Pos, nodes.Add, nodes.Sub),
        *(nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow, nodes.Filter, nodes.Test, nodes.If, nodes.For),
        *(nodes.Assign, nodes.AssignBlock, nodes.FilterBlock, nodes.With),
    )
)
_GIVEN = frozenset(("kwargs", "varargs"))


def is_leaf(macro: nodes.Macro, environment: jinja2.Environment) -> bool:
    """Return whether a macro is one."""
    inside = [node for part in (*macro.defaults, *macro.body) for node in (part, *below(part))]
    return (
        environment.finalize is None
        and all(type(node) in _HARMLESS for node in inside)
        and not any(_asks(node, environment) for node in inside)
        and not any(isinstance(node, nodes.For) and node.recursive for node in inside)
        and _defaults_are_known(macro)
        and _known_after(macro.body, frozenset(argument.name for argument in macro.args) | _GIVEN) is not None
    )


def _asks(node: nodes.Node, environment: jinja2.Environment) -> bool:
    """Return whether a filter or a test asks for more than its arguments."""
    if not isinstance(node, (nodes.Filter, nodes.Test)):
        return False
    present = environment.filters if isinstance(node, nodes.Filter) else environment.tests
    return passed_argument(present.get(node.name)) in {"context", "eval_context"}


def _defaults_are_known(macro: nodes.Macro) -> bool:
    """Return whether the defaults of arguments read only arguments before theirs (M2)."""
    names = [argument.name for argument in macro.args]
    first = len(names) - len(macro.defaults)
    return all(_reads(default, frozenset(names[: first + at])) for at, default in enumerate(macro.defaults))


def _reads(node: nodes.Node | None, known: frozenset[str]) -> bool:
    """Return whether an expression reads known names alone."""
    parts = () if node is None else (node, *below(node))
    return all(part.name in known for part in parts if isinstance(part, nodes.Name))


def _known_after(body: Iterable[nodes.Node], known: frozenset[str]) -> frozenset[str] | None:
    """Return the names that are known behind statements, `None` when they read another."""
    for node in body:
        after = _known_behind(node, known)
        if after is None:
            return None
        known = after
    return known


def _known_behind(node: nodes.Node, known: frozenset[str]) -> frozenset[str] | None:
    match node:
        case nodes.If():
            tests = [node.test, *(branch.test for branch in node.elif_)]
            bodies = [node.body, *(branch.body for branch in node.elif_), node.else_]
            ends = [_known_after(body, known) for body in bodies]
            if not all(_reads(test, known) for test in tests) or None in ends:
                return None
            return frozenset.intersection(*(end for end in ends if end is not None))
        case nodes.For():
            inner = known | _targets(node.target) | {"loop"}
            readable = _reads(node.iter, known) and _reads(node.test, known | _targets(node.target))
            ends = [_known_after(node.body, inner), _known_after(node.else_, known)]
            return known if readable and None not in ends else None
        case nodes.With():
            readable = all(_reads(value, known) for value in node.values)
            inner = known.union(*map(_targets, node.targets))
            return known if readable and _known_after(node.body, inner) is not None else None
        case nodes.Assign():
            plain = isinstance(node.target, nodes.Name) and _reads(node.node, known)
            return known | _targets(node.target) if plain else None
        case nodes.AssignBlock():
            plain = isinstance(node.target, nodes.Name) and _reads_filter(node.filter, known)
            return known | _targets(node.target) if plain and _known_after(node.body, known) is not None else None
        case nodes.FilterBlock():
            readable = _reads_filter(node.filter, known)
            return known if readable and _known_after(node.body, known) is not None else None
        case nodes.Output():
            return known if all(_reads(part, known) for part in children(node)) else None
    return None


def _reads_filter(chain: nodes.Filter | None, known: frozenset[str]) -> bool:
    return chain is None or _reads(chain, known)


def _targets(target: nodes.Node) -> frozenset[str]:
    return frozenset(node.name for node in (target, *below(target)) if isinstance(node, nodes.Name))
