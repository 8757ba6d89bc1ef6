"""Captures: what a buffer of the shim holds, and where that is read.

Enters: a module with its sites. Leaves: each `with` that opens a buffer; whether it holds what some sites print and
nothing else, and is read as a text only, so that a string can stand in its place; and what is open around a site.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import libcst as cst

from blendtpl.migrate.constants import Code, qualified
from blendtpl.migrate.flow import ancestors
from blendtpl.migrate.held import names_in
from blendtpl.migrate.methods import method_of
from blendtpl.migrate.project import Project
from blendtpl.migrate.scopes import Scope
from blendtpl.migrate.sites import Site, Unclear


@dataclass(frozen=True, slots=True)
class Capture:
    """A buffer that is open for a `with`: `sites` print into it. `reads` are expressions that are its text."""

    node: cst.With
    call: cst.Call
    sites: tuple[Site, ...]
    reads: tuple[cst.CSTNode, ...]
    name: str
    problem: str


def captures_of(
    sites: Mapping[cst.Call, Site | Unclear], code: Code, shim: str, project: Project
) -> tuple[list[Capture], list[Unclear]]:
    """Return the captures of a module, and those that no `with` closes."""
    captures, loose = [], []
    for node, scope in code.scopes.of.items():
        if not isinstance(node, cst.Call):
            continue
        method = method_of(node.func, scope, code, shim)
        if method is None or method.name != "capture":
            continue
        item = code.parents.get(node)
        around = code.parents.get(item) if isinstance(item, cst.WithItem) else None
        if isinstance(around, cst.With) and isinstance(item, cst.WithItem):
            captures.append(_capture(node, item, around, scope, sites, code, project, method.problem))
        else:
            loose.append(Unclear(node, method.call, "it is not in a `with`, so that where it ends is not clear"))
    return captures, loose


def _capture(
    call: cst.Call,
    item: cst.WithItem,
    node: cst.With,
    scope: Scope,
    sites: Mapping[cst.Call, Site | Unclear],
    code: Code,
    project: Project,
    problem: str,
) -> Capture:
    printed = [_printed(statement, sites) for statement in node.body.body]
    inside = tuple(site for site in printed if site is not None)
    name = item.asname.name.value if item.asname and isinstance(item.asname.name, cst.Name) else ""
    reads: tuple[cst.CSTNode, ...] = ()
    mentioned = {mention.value for site in inside for mention in names_in(site.node)}
    if problem:
        pass
    elif len(inside) < len(printed) or len(node.items) != 1 or node.asynchronous is not None:
        problem = "it holds more than what the shim prints there"
    elif not name:
        problem = "what it holds is not put into a variable"
    elif printing := sorted(mentioned & project.printing):
        problem = f"`{printing[0]}` may print into it"
    else:
        reads, problem = _reads(name, node, scope, code)
    return Capture(node, call, inside, reads, name, problem)


def _printed(statement: cst.CSTNode, sites: Mapping[cst.Call, Site | Unclear]) -> Site | None:
    match statement:
        case cst.SimpleStatementLine(body=[cst.Expr(value=cst.Call() as call)]):
            site = sites.get(call)
            return site if isinstance(site, Site) and site.prints and not site.of_file else None
    return None


def _reads(name: str, node: cst.With, scope: Scope, code: Code) -> tuple[tuple[cst.CSTNode, ...], str]:
    """Return the expressions that read a capture, or why it is more than a text to somebody."""
    home = scope.home(name)
    if home is not scope or scope.is_class:
        return (), f"`{name}` is a variable of other code too"
    if len(home.own[name]) != 1:
        return (), f"`{name}` is set elsewhere too"
    body = list(getattr(code.parents[node], "body", ()))
    behind = set(body[body.index(node) + 1 :]) if node in body else set()
    reads = []
    for inner, use in home.uses(name):
        read = _read(use, inner, code)
        if read is None:
            return (), f"`{name}` is used otherwise than as a text"
        if not behind.intersection(ancestors(use, code.parents)):
            return (), f"`{name}` is used elsewhere than behind it"
        reads.append(read)
    return tuple(reads), ""


def _read(use: cst.CSTNode, scope: Scope, code: Code) -> cst.CSTNode | None:
    """Return the expression around a capture that is its text."""
    around = code.parents.get(use)
    if isinstance(around, cst.Attribute) and around.value is use and around.attr.value == "text":
        return around
    if isinstance(around, cst.Arg) and around.keyword is None and not around.star:
        call = code.parents.get(around)
        if isinstance(call, cst.Call) and len(call.args) == 1 and qualified(call.func, scope) == "builtins.str":
            return call
    if isinstance(around, cst.FormattedStringExpression) and around.conversion is None and around.format_spec is None:
        return use
    return None


def open_around(node: cst.CSTNode, captures: Iterable[Capture], code: Code) -> Capture | None:
    """Return the innermost capture that is open where a node stands, as far as its function shows."""
    by_node = {capture.node: capture for capture in captures}
    for around in ancestors(node, code.parents):
        if isinstance(around, (cst.FunctionDef, cst.Lambda)):
            return None
        if isinstance(around, cst.With) and around in by_node:
            return by_node[around]
    return None
