"""Decide: whether a site can call the registry, and with what.

Enters: a site, its templates, and what the other files say. Leaves: a decision, or the reason to leave the site
alone. What cannot be proven to print the same is left.
"""

import builtins
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst
from libcst import matchers

from blendtpl.migrate.afterwards import read_afterwards
from blendtpl.migrate.constants import Code, constant_path
from blendtpl.migrate.flow import ancestors
from blendtpl.migrate.meaning import check_meaning
from blendtpl.migrate.methods import method_of
from blendtpl.migrate.project import Project
from blendtpl.migrate.scopes import Scope
from blendtpl.migrate.sites import Left, Site
from blendtpl.migrate.templates import Known, Templates
from blendtpl.migrate.visible import Hidden, View, is_bound

_QUIET = {"exec", "runpy.run_path"}  # what runs any file, not templates alone


@dataclass(frozen=True, slots=True)
class Decision:
    """What a site becomes: the template's name, and the variables that are passed by name. `note` may be told of it."""

    template: str
    names: tuple[str, ...] = ()
    note: str = ""


def decide(site: Site, code: Code, templates: Templates, project: Project, shim: str, *, captured: bool) -> Decision:
    """Return what a site becomes; `captured`: its output is what a capture around it holds. Raises `Left`."""
    star = site.scope.module.unknown
    if site.problem and not star:
        raise Left(site.problem)
    template = templates.known(template_of(site, code, templates))
    if star:
        raise Left(f"`from {star} import *` may bind any name here")
    if not site.of_file:
        _check_once(template, templates, project)
    if site.prints:
        _check_output(site, code, project, captured=captured)
    if template.returns:
        raise Left(f"`{template.name}` has `return`, which only the shim understands")
    for name in site.held:
        if name.problem:
            raise Left(name.problem)
    note = _check_writes(site, template, code, templates, shim)
    names = _names(site, template, code) if site.implicit else ()
    passed = {name for position in site.positions for name in _passed_in(site.node.args[position].value)}
    for needed in names:
        if method_of(cst.Name(needed), site.scope, code, shim) is not None:
            raise Left(f"what `{template.name}` needs is not known: it gets `{needed}`, which may read any variable")
    if printing := sorted((template.calls | passed | frozenset(names)) & project.printing):
        raise Left(f"`{template.name}` may call `{printing[0]}`, which prints through the shim")
    notes = (note, check_meaning(site, template, templates))
    return Decision(template.name, names, "; ".join(filter(None, notes)))


def _passed_in(node: cst.CSTNode) -> Iterator[str]:
    """Yield the names in an argument that are not called there, but may be by whoever is passed them."""
    for child in node.children:
        if not (isinstance(node, cst.Call) and child is node.func):
            yield from _passed_in(child)
    if isinstance(node, cst.Name):
        yield node.value


def template_of(site: Site, code: Code, templates: Templates) -> str:
    """Return the name of the template that a site means. Raises `Left` when there is none, or it is not sure."""
    path = constant_path(site.path, site.scope, code)
    if path is None:
        raise Left("" if site.doubt else "its path is made at run time")
    name, reason = templates.of_file(path) if site.of_file else templates.of_old_path(path)
    if not name:
        outside = f"`{path}` is no template: it is under no root, and has no alias"
        raise Left("" if site.doubt else reason or ("" if site.call in _QUIET else outside))
    if site.doubt:
        raise Left(site.doubt)
    return name


def _check_once(template: Known, templates: Templates, project: Project) -> None:
    for path, place in project.once.items():
        if not path or templates.of_old_path(path)[0] == template.name:
            raise Left(f"it counts for what is included once at {place}")


def _check_output(site: Site, code: Code, project: Project, *, captured: bool) -> None:
    if not isinstance(code.parents.get(site.node), cst.Expr):
        raise Left("its value is used")
    if site.scope.home("print") is not None:
        raise Left("`print` is not Python's own here")
    if site.of_file or captured:
        return
    if project.loose:
        raise Left(f"a capture may be open there: what opens one is passed on at {project.loose}")
    if problem := _suspended(site.scope):
        raise Left(problem)
    if project.streams:
        raise Left(f"the shim at {project.streams} may print to another stream")
    for around in ancestors(site.node, code.parents):
        if isinstance(around, (cst.FunctionDef, cst.ClassDef)) and around.name.value in project.captured:
            where = project.captured[around.name.value]
            raise Left(f"`{around.name.value}` may be called {where}, where its output is held back")


def _suspended(scope: Scope) -> str:
    """Return why what a function prints may come at another time than it is called."""
    if isinstance(scope.node, cst.FunctionDef):
        if scope.node.asynchronous is not None:
            return "it prints in a coroutine, whose buffers are its own"
        if matchers.findall(scope.node.body, matchers.Yield()):
            return "it prints in a generator, whose buffers are its own"
    return ""


def _check_writes(site: Site, template: Known, code: Code, templates: Templates, shim: str) -> str:
    """Return a note on what does not come back any more, into which nobody looks. Raises `Left` when somebody may."""
    if not site.writes:
        return ""
    listed = ", ".join(f"`{name}`" for name in sorted(template.sets))
    if site.implicit:
        if template.sets:
            raise Left(f"`{template.name}` sets {listed} in the variables around the call")
        if missing := next(_unbound(site), ""):
            raise Left(f"it may set `{missing}`, which is bound nowhere else")
        return ""
    if not template.sets and site.call != "exec":
        return ""
    absent: list[str] = []

    def looks(other: Site, names: frozenset[str]) -> bool:
        path = None if other.of_file else constant_path(other.path, other.scope, code)
        if path is None:
            return True
        name, _ = templates.of_old_path(path)
        if not name:
            absent.append(path)
        return bool(name) and templates.known(name).may_read(names)

    names = None if site.of_file else template.sets
    for position in site.positions:
        if read_afterwards(site.node.args[position].value, site, code, names, looks, shim):
            what = f"`{template.name}` sets {listed}" if template.sets else "it may set names"
            raise Left(f"{what} in its scope, which may be read afterwards")
    if not absent:
        return ""
    return f"{listed} will not be in its scope any more, should a template for `{absent[0]}` be made that needs it"


def _unbound(site: Site) -> Iterator[str]:
    """Yield names that are read somewhere in the module and bound nowhere."""
    for scope in site.scope.module.all():
        for name, node in scope.reads:
            if scope.home(name) is None and not hasattr(builtins, name) and not name.startswith("__"):
                yield node.value


def _names(site: Site, template: Known, code: Code) -> tuple[str, ...]:
    """Return the variables around a site that its template needs."""
    if template.opaque:
        raise Left(f"what the template needs is not known: {template.opaque}")
    view = View(site.node, site.scope, code, through=not site.of_file)
    bound = []
    for name in sorted(template.variables | template.defaults):
        try:
            if is_bound(name, view):
                bound.append(name)
        except Hidden as reason:
            raise Left(f"`{template.name}` needs `{name}`, {reason}") from None
    return tuple(bound)
