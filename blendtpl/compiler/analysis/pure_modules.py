"""Pure modules: what is known of modules of macros and constants, which may be there once for all renders.

Enters: a parsed tree. Leaves: whether it is such a module, and what could change a constant of one: a dict or a list is
the same object for every render, so it has to be sure that nothing does more with it than look things up.
"""

from collections.abc import Iterator

import jinja2
from jinja2 import nodes

from blendtpl.bundle.environment import is_own
from blendtpl.compiler.analysis.walk import below, children

_FIXED = (str, int, float, bool, type(None))
_CHANGING = {*dir(list), *dir(dict)} - {"get", "items", "keys", "values", "copy", "index", "count"}
_PASSING_FILTERS = frozenset(("default", "d"))  # of which the result may be the value itself
_LOOKING_FILTERS = _PASSING_FILTERS | {
    "length",
    "count",
    "items",
    "dictsort",
    "join",
    "list",
    "first",
    "last",
    "xmlattr",
}
_LOOKING_TESTS = frozenset(("defined", "undefined", "none", "mapping", "sequence", "iterable", "string", "number"))


def constants(body: list[nodes.Node]) -> tuple[bool, frozenset[str]]:
    """Return whether running a top level has no effect but to define macros, import modules and set constants; and the
    names of those that are dicts or lists.
    """
    fixed: set[str] = set()
    changeable: set[str] = set()
    for node in body:
        match node:
            case nodes.Output() if all(isinstance(part, nodes.TemplateData) for part in node.nodes):
                pass
            case nodes.Assign(target=nodes.Name(name=str(called)), node=value):
                # a name that is set once more is what it was set to last
                for names in (fixed, changeable):
                    names.discard(called)
                if _is_fixed(value, fixed):
                    fixed.add(called)
                elif _is_changeable(value, fixed):
                    changeable.add(called)
                else:
                    return False, frozenset()
            case nodes.Import(with_context=False) | nodes.FromImport(with_context=False):
                if not (isinstance(node.template, nodes.Const) and isinstance(node.template.value, str)):
                    return False, frozenset()
            case nodes.Macro():
                pass
            case _:
                return False, frozenset()
    return True, frozenset(changeable)


def _is_fixed(node: nodes.Node, fixed: set[str]) -> bool:
    """Return whether an expression is a constant that nothing can change, made of such, and cannot fail."""
    match node:
        case nodes.Const(value=value):
            return type(value) in _FIXED
        case nodes.Name(name=called):
            return called in fixed
        case nodes.Concat(nodes=parts) | nodes.Tuple(items=parts):
            return all(_is_fixed(part, fixed) for part in parts)
    return False


def _is_changeable(node: nodes.Node, fixed: set[str]) -> bool:
    """Return whether an expression is a dict or a list of what nothing can change."""
    match node:
        case nodes.List(items=parts):
            return all(_is_fixed(part, fixed) for part in parts)
        case nodes.Dict(items=pairs):
            return all(isinstance(pair.key, nodes.Const) and _is_fixed(pair.value, fixed) for pair in pairs)
    return False


def handled(tree: nodes.Template, environment: jinja2.Environment) -> frozenset[str]:
    """Return the names, of variables, attributes and items, of which a template does more than look things up in them:
    it may hand them on, or change them. What it finds there under a name that is made at run time counts as the thing
    itself, for it may be a method.
    """
    names: set[str] = set()
    _add_handled(tree, environment, frozenset(), names)
    return frozenset(names)


def _add_handled(node: nodes.Node, environment: jinja2.Environment, bound: frozenset[str], names: set[str]) -> None:
    """Add the names below a node; not the variables in `bound`, whose values come from where they were handed on."""
    kind = type(node)
    # nodes are compared by what is in them
    looked_into = {id(other) for other in _looked_into(node, environment)} if kind in _LOOKING else ()
    binds, inside = _scope(node) if kind in _SCOPES else (set(), [])
    sees = {id(other) for other in inside} if binds else ()
    for child in children(node):
        bound_there = bound | binds if id(child) in sees else bound
        of = type(child)
        if of in _NAMING and id(child) not in looked_into:
            names.update(_names(child, bound_there))
        if of not in _LEAVES:
            _add_handled(child, environment, bound_there, names)


# the kinds that the functions below have cases for: there are many nodes, and most are of none
_LEAVES = frozenset((nodes.TemplateData, nodes.Const, nodes.Name))
_NAMING = frozenset((nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Filter))
_SCOPES = frozenset((nodes.For, nodes.Macro, nodes.CallBlock, nodes.With))
_LOOKING = frozenset(
    (
        *(nodes.Getattr, nodes.Getitem, nodes.Call, nodes.Not, nodes.For, nodes.If, nodes.CondExpr, nodes.Operand),
        *(nodes.Output, nodes.Filter, nodes.Test),
    )
)


def _scope(node: nodes.Node) -> tuple[set[str], list[nodes.Node]]:
    """Return the variables that a node binds, and the nodes below it which see them."""
    targets: list[nodes.Node]
    inside: list[nodes.Node]
    match node:
        case nodes.For():
            targets, inside = [node.target], [*node.body, *([] if node.test is None else [node.test])]
        case nodes.Macro() | nodes.CallBlock():
            targets, inside = [*node.args], node.body
        case nodes.With():
            targets, inside = [*node.targets], node.body
        case _:
            return set(), []
    parts = [part for target in targets for part in (target, *below(target))]
    return {part.name for part in parts if isinstance(part, nodes.Name)}, inside


def _looked_into(node: nodes.Node, environment: jinja2.Environment) -> list[nodes.Node]:
    """Return the nodes below this one that it only looks into, or prints."""
    match node:
        case nodes.Getattr(attr=attr) | nodes.Getitem(arg=nodes.Const(value=str(attr))):
            # what begins with an underscore may lead anywhere, `__setitem__` for one
            return [] if attr in _CHANGING or attr.startswith("_") else [node.node]
        case nodes.Call(node=nodes.Getattr() | nodes.Name()) | nodes.Getitem() | nodes.Not():
            return [node.node]
        case nodes.For():
            return [node.iter]
        case nodes.If() | nodes.CondExpr():
            return [node.test]
        case nodes.Operand(op="in" | "notin"):
            return [node.expr]
        # `finalize` is given the value itself, and may keep it
        case nodes.Output() if environment.finalize is None:
            return [*node.nodes]
        case nodes.Filter(name=called) if called in _LOOKING_FILTERS and is_own(environment, "filter", called):
            return [] if node.node is None else [node.node]
        case nodes.Test(name=called) if called in _LOOKING_TESTS and is_own(environment, "test", called):
            return [node.node]
    return []


def _names(node: nodes.Node, bound: frozenset[str]) -> Iterator[str]:
    """Yield what a value may be called: each name that leads to it."""
    match node:
        case nodes.Name(name=called, ctx="load"):
            yield from () if called in bound else (called,)
        case nodes.Getattr(attr=attr):
            yield attr
        case nodes.Getitem(arg=nodes.Const(value=str(called))):
            yield called
        case nodes.Getitem():
            yield from _names(node.node, bound)
        case nodes.Filter(node=nodes.Expr() as value, name=called) if called in _PASSING_FILTERS:
            yield from _names(value, bound)
