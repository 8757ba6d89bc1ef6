"""Decide: whether a site can call the registry, and with what.

Enters: a site, its templates, and what the other files say. Leaves: a decision, or the reason to leave the site
alone. What cannot be proven to print the same is left.
"""

import builtins
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import libcst as cst
from libcst import matchers

from blendtpl.environments import autoescape_of
from blendtpl.migrate.afterwards import read_afterwards
from blendtpl.migrate.constants import Code, constant_path, qualified
from blendtpl.migrate.flow import ancestors
from blendtpl.migrate.methods import method_of
from blendtpl.migrate.project import Project
from blendtpl.migrate.scopes import Scope
from blendtpl.migrate.sites import Site
from blendtpl.migrate.templates import Known, Templates
from blendtpl.migrate.visible import Hidden, View, is_bound

_QUIET = {"exec", "runpy.run_path"}  # what runs any file, not templates alone
_DEFAULT_UNDEFINED = "Undefined"
_FROM_STRING = "Environment.from_string"
_SELECTING = {"jinja2.select_autoescape", "jinja2.utils.select_autoescape"}


@dataclass(frozen=True, slots=True)
class Decision:
    """What a site becomes: the template's name, and the variables that are passed by name. `note` may be told of it."""

    template: str
    names: tuple[str, ...] = ()
    note: str = ""


class Left(Exception):  # noqa: N818  # a reason, which is told
    """A site is left alone; the text says why. Without a text, it has nothing to do with templates."""


def decide(site: Site, code: Code, templates: Templates, project: Project, shim: str, *, captured: bool) -> Decision:
    """Return what a site becomes; `captured`: its output is what a capture around it holds. Raises `Left`."""
    star = site.scope.module.unknown
    if site.problem and not star:
        raise Left(site.problem)
    known = templates.known(template_of(site, code, templates))
    if star:
        raise Left(f"`from {star} import *` may bind any name here")
    if not site.of_file:
        _check_once(known, templates, project)
    if site.prints:
        _check_output(site, code, project, captured=captured)
    if known.returns:
        raise Left(f"`{known.name}` has `return`, which only the shim understands")
    for name in site.held:
        if name.problem:
            raise Left(name.problem)
    note = _check_writes(site, known, code, templates, shim)
    names = _names(site, known, code) if site.implicit else ()
    passed = {name for position in site.positions for name in _passed_in(site.node.args[position].value)}
    for each in names:
        if method_of(cst.Name(each), site.scope, code, shim) is not None:
            raise Left(f"what `{known.name}` needs is not known: it gets `{each}`, which may read any variable")
    if printing := sorted((known.calls | passed | frozenset(names)) & project.printing):
        raise Left(f"`{known.name}` may call `{printing[0]}`, which prints through the shim")
    notes = (note, _check_meaning(site, known, templates))
    return Decision(known.name, names, "; ".join(filter(None, notes)))


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


def _check_once(known: Known, templates: Templates, project: Project) -> None:
    for path, place in project.once.items():
        if not path or templates.of_old_path(path)[0] == known.name:
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


def _check_writes(site: Site, known: Known, code: Code, templates: Templates, shim: str) -> str:
    """Return a note on what does not come back any more, into which nobody looks. Raises `Left` when somebody may."""
    if not site.writes:
        return ""
    listed = ", ".join(f"`{name}`" for name in sorted(known.sets))
    if site.implicit:
        if known.sets:
            raise Left(f"`{known.name}` sets {listed} in the variables around the call")
        if missing := next(_unbound(site), ""):
            raise Left(f"it may set `{missing}`, which is bound nowhere else")
        return ""
    if not known.sets and site.call != "exec":
        return ""
    absent: list[str] = []

    def looks(other: Site) -> bool:
        path = constant_path(other.path, other.scope, code)
        name, _ = ("", "") if path is None else templates.of_old_path(path)
        if path is not None and not name:
            absent.append(path)
            return False
        return not name or templates.known(name).may_read(known.sets)

    names = None if site.of_file else known.sets
    for position in site.positions:
        if read_afterwards(site.node.args[position].value, site, code, names, looks, shim):
            what = f"`{known.name}` sets {listed}" if known.sets else "it may set names"
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


def _names(site: Site, known: Known, code: Code) -> tuple[str, ...]:
    """Return the variables around a site that its template needs."""
    if known.opaque:
        raise Left(f"what the template needs is not known: {known.opaque}")
    view = View(site.node, site.scope, code, through=not site.of_file)
    found = []
    for name in sorted(known.variables | known.defaults):
        try:
            if is_bound(name, view):
                found.append(name)
        except Hidden as reason:
            raise Left(f"`{known.name}` needs `{name}`, {reason}") from None
    return tuple(found)


def _check_meaning(site: Site, known: Known, templates: Templates) -> str:
    """Return a note on what is not quite the same; raises `Left` when it surely is not."""
    notes = []
    safe = site.call == "string.Template.safe_substitute"
    if site.origin is not None and not site.call.startswith("string."):
        _check_options(site, site.origin, known, templates)
    elif site.call == _FROM_STRING:
        _check_unseen(known, templates)
    if site.call.startswith("string.") and known.escapes:
        notes.append(f"`{known.name}` escapes what it prints, string.Template does not")
    if safe or (site.origin is not None and _is_lenient(site, site.origin, templates)):
        before = "stays as it is" if safe else "prints nothing"
        given, whole = _given(site)
        missing = sorted(known.variables - given)
        if whole and missing:
            raise Left(f"it passes no `{missing[0]}`, which {before} now, and would be an error")
        if missing:
            notes.append(f"a name that is not passed {before} now, and is an error then")
    return "; ".join(notes)


def _check_unseen(known: Known, templates: Templates) -> None:
    """Raise `Left` for an environment that is made elsewhere, when it may render otherwise than the bundle."""
    if not templates.own:
        raise Left("its environment may have other options than the bundle: name it in [tool.blendtpl]")
    if autoescape_of(templates.environment, None) != known.escapes:
        does, other = ("escapes", "does not") if known.escapes else ("does not escape", "does")
        raise Left(f"`{known.name}` {does} what it prints, and what is made from a string {other}")


def _is_lenient(site: Site, origin: cst.Call, templates: Templates) -> bool:
    """Return whether a missing name is no error for Jinja2 as it is called, and one for the registry."""
    if site.call.startswith("string."):
        return False
    kinds = [argument.value for argument in origin.args if argument.keyword and argument.keyword.value == "undefined"]
    now = qualified(kinds[0], site.scope).rpartition(".")[2] if kinds else _DEFAULT_UNDEFINED
    then = str(templates.options().get("undefined", "")).rpartition(":")[2]
    return now != then


def _given(site: Site) -> tuple[frozenset[str], bool]:
    """Return the names that a call surely passes, and whether it passes no others."""
    names: set[str] = set()
    whole = True
    for position in site.positions:
        argument = site.node.args[position]
        if argument.keyword is not None:
            names.add(argument.keyword.value)
            continue
        keys = list(_keys(argument.value, site.scope))
        names.update(key for key in keys if key is not None)
        whole = whole and None not in keys
    return frozenset(names), whole


def _keys(node: cst.BaseExpression, scope: Scope) -> Iterator[str | None]:
    """Yield the keys of a mapping that is written down, and `None` for what cannot be told."""
    if isinstance(node, cst.Dict):
        for element in node.elements:
            key = element.key if isinstance(element, cst.DictElement) else None
            yield str(key.evaluated_value) if isinstance(key, cst.SimpleString) else None
    elif isinstance(node, cst.Call) and qualified(node.func, scope) == "builtins.dict":
        yield from (argument.keyword.value if argument.keyword else None for argument in node.args)
    else:
        yield None


_DEFAULTS: Mapping[str, object] = {
    "block_start_string": "{%",
    "block_end_string": "%}",
    "variable_start_string": "{{",
    "variable_end_string": "}}",
    "comment_start_string": "{#",
    "comment_end_string": "#}",
    "line_statement_prefix": None,
    "line_comment_prefix": None,
    "trim_blocks": False,
    "lstrip_blocks": False,
    "newline_sequence": "\n",
    "keep_trailing_newline": False,
    "finalize": None,
}


def _check_options(site: Site, origin: cst.Call, known: Known, templates: Templates) -> None:
    """Raise `Left` when Jinja2, as it is called, has other options than the bundle."""
    given: dict[str, cst.BaseExpression] = {}
    for number, argument in enumerate(origin.args):
        if argument.star or (argument.keyword is None and (number or site.call != "jinja2.Template")):
            raise Left("with what options it renders cannot be told")
        if argument.keyword is not None:
            given[argument.keyword.value] = argument.value
    escapes = _escapes(given["autoescape"], site.scope) if "autoescape" in given else False
    if escapes is None:
        raise Left("whether it escapes what it prints cannot be told")
    if escapes != known.escapes:
        does, other = ("escapes", "does not") if known.escapes else ("does not escape", "does")
        raise Left(
            f"`{known.name}` {does} what it prints, and {site.call} {other}: make it `autoescape={known.escapes}`"
        )
    for option, default in _DEFAULTS.items():
        value = _literal(given[option]) if option in given else default
        if value != templates.options().get(option, default):
            raise Left(f"it has another `{option}` than the bundle")


def _escapes(node: cst.BaseExpression, scope: Scope) -> bool | None:
    """Return whether a template without a name is escaped with this value of `autoescape`, `None` if nobody knows."""
    value = _literal(node)
    if isinstance(value, bool):
        return value
    chosen = isinstance(node, cst.Call) and not node.args and qualified(node.func, scope) in _SELECTING
    return True if chosen else None


def _literal(node: cst.BaseExpression) -> object:
    """Return the value of a constant; an object that equals no other for anything else."""
    if isinstance(node, cst.SimpleString):
        return node.evaluated_value
    return (
        {"True": True, "False": False, "None": None}.get(node.value, object())
        if isinstance(node, cst.Name)
        else object()
    )
