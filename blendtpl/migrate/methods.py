"""Methods: which expressions of a module are methods of the shim.

Enters: an expression, and where it stands. Leaves: the method, and why it may be something else; or nothing. A method
is an attribute of the shim, or a name that stands for one.
"""

from dataclasses import dataclass

import libcst as cst

from blendtpl.migrate.aliases import METHODS, Alias
from blendtpl.migrate.constants import Code, qualified
from blendtpl.migrate.scopes import Scope

WORDS = METHODS | {"capture"}  # which render, or say where output goes


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the shim: its name, how code names it, and why it may be something else."""

    name: str
    call: str
    problem: str = ""


def method_of(node: cst.CSTNode, scope: Scope, code: Code, shim: str) -> Method | None:
    """Return the method of the shim that an expression is, or seems to be; `shim` is what the shim is called."""
    if isinstance(node, cst.Attribute) and node.attr.value in WORDS and (shim_name := _named(node.value, scope, shim)):
        return Method(node.attr.value, f"{shim_name}.{node.attr.value}", _shim_problem(node.value, scope, code))
    alias: Alias | None = None
    if isinstance(node, cst.Name):
        alias = _of_name(node, scope, code)
    elif isinstance(node, cst.Attribute):
        alias = _of_attribute(node, scope, code)
    if alias is None or alias.method not in WORDS:
        return None
    return Method(alias.method, cst.Module([]).code_for_node(node), alias.problem)


def targets_of(node: cst.CSTNode, code: Code) -> list[cst.Name]:
    """Return the names that an assignment binds to an expression, which stands there by itself or in a tuple."""
    path: list[int] = []
    around = code.parents.get(node)
    while isinstance(around, cst.Element) and isinstance(outer := code.parents.get(around), (cst.Tuple, cst.List)):
        path.append(list(outer.elements).index(around))
        node, around = outer, code.parents.get(outer)
    if not isinstance(around, (cst.Assign, cst.AnnAssign)) or around.value is not node:
        return []
    targets: list[cst.BaseExpression] = []
    targets += [target.target for target in around.targets] if isinstance(around, cst.Assign) else [around.target]
    for position in reversed(path):
        inner = [target.elements[position] for target in targets if isinstance(target, (cst.Tuple, cst.List))]
        targets = [element.value for element in inner]
    return [target for target in targets if isinstance(target, cst.Name)]


def is_alias(target: cst.Name, scope: Scope, code: Code) -> bool:
    """Return whether a name, where it is bound, is surely a method from then on."""
    alias = code.aliases.here(code.file).get(target.value)
    return scope is scope.module and alias is not None and not alias.problem


def _of_name(node: cst.Name, scope: Scope, code: Code) -> Alias | None:
    home = scope.home(node.value)
    here = code.aliases.here(code.file).get(node.value)
    if home is None or home.parent is None:
        return here
    alias = code.aliases.of(full_name, code.file) if (full_name := qualified(node, scope)) else None
    return alias or _other(here, node.value)


def _of_attribute(node: cst.Attribute, scope: Scope, code: Code) -> Alias | None:
    if full_name := qualified(node, scope):
        return code.aliases.of(full_name, code.file)
    outer = qualified(node, scope.module)  # of a module whose name is another variable here
    return _other(code.aliases.of(outer, code.file) if outer else None, cst.Module([]).code_for_node(node.value))


def _other(alias: Alias | None, name: str) -> Alias | None:
    return alias and Alias(alias.method, f"`{name}` is a variable that may be another object")


def _named(node: cst.BaseExpression, scope: Scope, shim: str) -> str:
    """Return how an expression names the shim, or an empty string when it doesn't."""
    if isinstance(node, cst.Name) and (node.value == shim or qualified(node, scope).rpartition(".")[2] == shim):
        return node.value
    if isinstance(node, cst.Attribute) and node.attr.value == shim:
        return cst.Module([]).code_for_node(node)
    return ""


def _shim_problem(node: cst.BaseExpression, scope: Scope, code: Code) -> str:
    """Return why it is not sure that an expression is the shim, or an empty string."""
    if isinstance(node, cst.Attribute):
        return "" if qualified(node, scope) else f"`{cst.Module([]).code_for_node(node)}` may be another object"
    assert isinstance(node, cst.Name)  # noqa: S101  # `_named` takes no other
    home = scope.home(node.value)
    if home is None:
        return f"`{node.value}` is not defined here"
    for binding in home.own[node.value]:
        if not (isinstance(binding, cst.ImportAlias) or _makes_shim(binding, code)):
            return f"`{node.value}` is a variable that may be another object"
    return ""


def _makes_shim(binding: cst.CSTNode, code: Code) -> bool:
    target = code.parents.get(binding)
    around = code.parents.get(target) if isinstance(target, cst.AssignTarget) else target
    if not isinstance(around, (cst.Assign, cst.AnnAssign)) or not isinstance(around.value, cst.Call):
        return False
    return cst.Module([]).code_for_node(around.value.func).rpartition(".")[2] == "IncludeShim"
