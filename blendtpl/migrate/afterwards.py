"""Afterwards: whether somebody may look into a mapping when a call that may have changed it is over.

Enters: the expression of a mapping, the call that it is passed to, and the names that this may set. Leaves: yes, unless
it is sure that nobody looks at one of these.
"""

from collections.abc import Callable

import libcst as cst

from blendtpl.migrate.constants import Code, qualified
from blendtpl.migrate.flow import ancestors
from blendtpl.migrate.scopes import Scope
from blendtpl.migrate.sites import Site, Unclear, site_of

Looks = Callable[[Site, frozenset[str]], bool]

_WRITING = {"update", "setdefault"}  # methods that look at nothing


def read_afterwards(
    node: cst.BaseExpression,
    site: Site,
    code: Code,
    names: frozenset[str] | None,
    looks: Looks,
    shim: str,
) -> bool:
    """Return whether `names`, or any if that is `None`, may be read in a mapping when a call with it is over.

    `looks` says of another site whether its template may read some variables.
    """
    if _is_new(node, site.scope):
        return False
    if not isinstance(node, cst.Name):
        return True
    home = site.scope.home(node.value)
    if home is None or home is not site.scope or home.is_class:
        return True
    if home.parent is None and node.value in code.exported:
        return True
    loops = _loops(site.node, code)
    for binding in home.own[node.value]:
        value = _value(binding, code)
        if value is None or not _is_new(value, home) or loops - _loops(binding, code):
            return True  # another holds it too, or the same one is passed again and again
    if names is not None and any(_sees(call, node.value, home, code, looks, shim) for call in code.scopes.of):
        return True
    return any(
        use is not node and not _is_write(use, code) and (names is None or _looks(use, scope, code, names, looks, shim))
        for scope, use in home.uses(node.value)
    )


def _sees(call: cst.CSTNode, name: str, home: Scope, code: Code, looks: Looks, shim: str) -> bool:
    """Return whether a call gives the variable that holds a mapping to a template, among all variables around it."""
    scope = code.scopes.of[call]
    if not isinstance(call, cst.Call) or scope.home(name) is not home:
        return False
    site = site_of(call, scope, code, shim)
    return isinstance(site, Unclear) or (site is not None and site.implicit and looks(site, frozenset({name})))


def _looks(use: cst.CSTNode, scope: Scope, code: Code, names: frozenset[str], looks: Looks, shim: str) -> bool:
    """Return whether a place may read one of some names in a mapping."""
    around = code.parents[use]
    match around:
        case cst.Subscript(slice=[cst.SubscriptElement(slice=cst.Index(value=cst.SimpleString() as key))]):
            return around.value is not use or key.evaluated_value in names
        case cst.StarredDictElement():
            around = code.parents[code.parents[around]]
    call = code.parents.get(around)
    if not (isinstance(around, cst.Arg) and isinstance(call, cst.Call)):
        return True
    site = site_of(call, scope, code, shim)
    if not isinstance(site, Site) or site.of_file or site.problem:
        return True
    return list(call.args).index(around) not in site.positions or looks(site, names)


def _is_new(node: cst.BaseExpression, scope: Scope) -> bool:
    """Return whether an expression makes a mapping that nobody else has."""
    if isinstance(node, cst.Dict):
        return True
    if not isinstance(node, cst.Call):
        return False
    name = qualified(node.func, scope)
    in_function = isinstance(scope.node, (cst.FunctionDef, cst.Lambda))
    return name == "builtins.dict" or (name == "builtins.locals" and in_function)


def _value(binding: cst.CSTNode, code: Code) -> cst.BaseExpression | None:
    target = code.parents.get(binding)
    around = code.parents.get(target) if isinstance(target, cst.AssignTarget) else target
    if isinstance(around, cst.Assign) and len(around.targets) == 1:
        return around.value
    return around.value if isinstance(around, cst.AnnAssign) else None


def _loops(node: cst.CSTNode, code: Code) -> set[cst.CSTNode]:
    return {around for around in ancestors(node, code.parents) if isinstance(around, (cst.For, cst.While))}


def _is_write(use: cst.CSTNode, code: Code) -> bool:
    """Return whether a place puts something into a mapping and looks at nothing in it."""
    around = code.parents.get(use)
    if isinstance(around, cst.Subscript) and around.value is use:
        return isinstance(code.parents.get(around), cst.AssignTarget)
    if isinstance(around, cst.Attribute) and around.value is use and around.attr.value in _WRITING:
        call = code.parents.get(around)
        return isinstance(call, cst.Call) and isinstance(code.parents.get(call), cst.Expr)
    return False
