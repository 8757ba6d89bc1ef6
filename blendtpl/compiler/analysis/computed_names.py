"""Computed names: which templates an include may mean whose name is made when it runs.

Enters: the expression that makes the name. Leaves: what is constant about it, and the templates of a set that it fits.
Where these are few, their code stands behind a comparison with each name; what is none of them is looked for as ever.
"""

from collections.abc import Iterable, Iterator, Mapping

import jinja2
from jinja2 import nodes

MOST = 16  # names that one include is compared with

# how a name begins, how it ends, and, of a constant name, the template that it is
Pattern = tuple[str, str, str]


def patterns(reference: nodes.Expr, environment: jinja2.Environment, template: str) -> tuple[Pattern, ...]:
    """Return what may be known of the name that an expression makes; nothing for one that is constant, is a list, or is
    joined to the name of the template in a way that is not Jinja2's.
    """
    if isinstance(reference, (nodes.Const, nodes.List, nodes.Tuple)) or _finds_its_own_way(environment):
        return ()
    return tuple(dict.fromkeys(_patterns(reference, environment, template)))


def _finds_its_own_way(environment: jinja2.Environment) -> bool:
    kind, own = type(environment), jinja2.Environment
    return kind.join_path is not own.join_path or kind.get_or_select_template is not own.get_or_select_template


def _patterns(reference: nodes.Expr | None, environment: jinja2.Environment, template: str) -> Iterator[Pattern]:
    match reference:
        case None:
            pass
        case nodes.Const(value=str(name)):
            yield name, "", environment.join_path(name, template)
        case nodes.CondExpr():
            yield from _patterns(reference.expr1, environment, template)
            yield from _patterns(reference.expr2, environment, template)
        case nodes.Concat(nodes=[first, *_, last]):
            yield _constant(first), _constant(last), ""
        case nodes.Add():
            first = reference
            while isinstance(first, nodes.Add):
                first = first.left
            yield _constant(first), _constant(reference.right), ""
        case (
            nodes.Mod(left=nodes.Const(value=str(text)))
            | nodes.Filter(name="format", node=nodes.Const(value=str(text)))
        ):
            yield text.partition("%")[0], "", ""
        case _:
            yield "", "", ""


def _constant(node: nodes.Expr) -> str:
    return node.value if isinstance(node, nodes.Const) and isinstance(node.value, str) else ""


def matching(known: Iterable[Pattern], names: Mapping[str, bool]) -> tuple[tuple[str, str], ...]:
    """Return the names that fit, each with its template; nothing where there are too many of them. `names` says of each
    whether its template extends another: one that does is more likely a page, which nothing includes, and is one of
    them only where it is known how the name begins.
    """
    found: dict[str, str] = {}
    for begin, end, template in known:
        if template:
            found[begin] = template
            continue
        shortest = len(begin) + len(end)
        for name, extends in names.items():
            if extends and not begin:
                continue
            if name.startswith(begin) and name.endswith(end) and len(name) >= shortest:
                found[name] = name
                if len(found) > MOST:
                    return ()
    return tuple(sorted(found.items()))
