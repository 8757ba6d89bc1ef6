"""Sites: which calls render a template in an old way.

Enters: a call, and where it stands. Leaves: a site, which says where its path is and what it passes; or why nobody can
say that, or nothing for a call that is none of ours. Nothing here knows what templates there are.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import libcst as cst

from blendtpl.migrate.aliases import METHODS
from blendtpl.migrate.constants import Code, qualified
from blendtpl.migrate.held import Held, held, read_of
from blendtpl.migrate.methods import Method, method_of
from blendtpl.migrate.scopes import Scope

_JINJA = {"jinja2.Template", "jinja2.environment.Template"}
_ENVIRONMENTS = {
    "jinja2.Environment",
    "jinja2.environment.Environment",
    "jinja2.sandbox.SandboxedEnvironment",
    "jinja2.sandbox.ImmutableSandboxedEnvironment",
    "blendtpl.Environment",
    "blendtpl.SandboxedEnvironment",
}
_RENDERING = {"substitute", "safe_substitute", "render"}
_ENVIRONMENT_NAME = re.compile(r"env", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """A call that renders. `call` is what is told of it; `prints`: its output is printed, and its value is not text.

    `path_position` is the number of the argument that has the path in it, `None` when that is in what is called.
    `positions` are the arguments that stay, by number, in the order that they are passed in; `implicit`: it passes
    the variables around it. `writes`: names come back in what it is given. `origin` makes the template object, where
    that is seen; `held` are the variables that go with it. `doubt` says why it may be none of ours, `problem` why it
    has to stay, or may be another method than it seems.
    """

    node: cst.Call
    scope: Scope
    call: str
    path: cst.BaseExpression
    path_position: int | None
    positions: tuple[int, ...]
    prints: bool = False
    implicit: bool = False
    writes: bool = False
    of_file: bool = True
    origin: cst.Call | None = None
    held: tuple[Held, ...] = ()
    doubt: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Unclear:
    """A call that is ours, or seems to be, and why it is left alone."""

    node: cst.CSTNode
    call: str
    reason: str


class Left(Exception):  # noqa: N818  # a reason, which is told
    """A site is left alone; the text says why. Without a text, it has nothing to do with templates."""


def site_of(node: cst.Call, scope: Scope, code: Code, shim: str) -> Site | Unclear | None:
    """Return what a call is, as far as it renders a template in an old way; `shim` is what the shim is called."""
    method = method_of(node.func, scope, code, shim)
    if method is not None:
        return _of_shim(node, scope, method) if method.name in METHODS else None
    if isinstance(node.func, cst.Attribute) and node.func.attr.value in _RENDERING:
        return _of_object(node, scope, code)
    name = qualified(node.func, scope)
    if name == "builtins.exec":
        return _of_exec(node, scope, code)
    if name == "runpy.run_path":
        return _of_run_path(node, scope)
    return None


def _of_shim(node: cst.Call, scope: Scope, method: Method) -> Site | Unclear:
    call = method.call
    arguments = _arguments(node, ("path", "scope"))
    if isinstance(arguments, str):
        return Unclear(node, call, arguments)
    if "path" not in arguments:
        return Unclear(node, call, "it has no path")
    problem = method.problem
    if method.name.endswith("_once"):
        problem = problem or "what is included once has to be known for the whole request"
    scope_at = arguments.get("scope")
    unsure = _may_be_none(node.args[scope_at].value, scope) if scope_at is not None else ""
    implicit = scope_at is None or bool(unsure) or _is_none(node.args[scope_at].value)
    return Site(
        node,
        scope,
        call,
        path=node.args[arguments["path"]].value,
        path_position=arguments["path"],
        positions=() if implicit or scope_at is None else (scope_at,),
        prints=method.name != "fetch",
        implicit=implicit,
        writes=not implicit,
        of_file=False,
        problem=problem or unsure,
    )


def _of_exec(node: cst.Call, scope: Scope, code: Code) -> Site | Unclear | None:
    if not node.args:
        return None
    source = node.args[0].value
    if isinstance(source, cst.Call) and qualified(source.func, scope) == "builtins.compile" and source.args:
        source = source.args[0].value
    reading = read_of(source, scope, code, binary=True)
    if reading is None:
        return None
    arguments = _arguments(node, ("source", "globals", "locals"))
    if isinstance(arguments, str):
        return Unclear(node, "exec", arguments)
    positions = tuple(arguments[name] for name in ("globals", "locals") if name in arguments)
    positions = tuple(position for position in positions if not _is_none(node.args[position].value))
    if positions and arguments.get("globals") not in positions:
        return Unclear(node, "exec", "it is given local variables, and all global ones around it")
    return Site(
        node,
        scope,
        "exec",
        path=reading.path,
        path_position=0,
        positions=positions,
        prints=True,
        implicit=not positions,
        writes=True,
        held=reading.held,
    )


def _of_run_path(node: cst.Call, scope: Scope) -> Site | Unclear:
    arguments = _arguments(node, ("path_name", "init_globals", "run_name"))
    if isinstance(arguments, str):
        return Unclear(node, "runpy.run_path", arguments)
    if "path_name" not in arguments:
        return Unclear(node, "runpy.run_path", "it has no path")
    scopes = [arguments["init_globals"]] if "init_globals" in arguments else []
    positions = tuple(position for position in scopes if not _is_none(node.args[position].value))
    own = arguments["path_name"]
    return Site(node, scope, "runpy.run_path", node.args[own].value, own, positions, prints=True)


def _of_object(node: cst.Call, scope: Scope, code: Code) -> Site | Unclear | None:
    """Return the site of ``Template(…).render(…)`` and the like."""
    assert isinstance(node.func, cst.Attribute)  # noqa: S101  # the caller has looked
    template, names = held(node.func.value, scope, code)
    if not isinstance(template, cst.Call) or not template.args:
        return None
    kind, origin = _maker(template, scope, code)
    method = node.func.attr.value
    if not kind or (method == "render") != (kind != "string.Template"):
        return None
    text = template.args[0]
    if text.star or text.keyword not in (None, "source", "template"):
        return None
    reading = read_of(text.value, scope, code)
    call = f"{kind}.{method}" if kind == "string.Template" else kind
    if reading is None:
        return None
    doubt = origin if isinstance(origin, str) else ""
    seen = origin if isinstance(origin, cst.Call) else None
    if any(argument.star == "*" for argument in node.args):
        return Unclear(node, call, "it passes `*` arguments")
    positions = tuple(range(len(node.args)))
    return Site(
        node, scope, call, reading.path, None, positions, origin=seen, held=(*names, *reading.held), doubt=doubt
    )


def _maker(template: cst.Call, scope: Scope, code: Code) -> tuple[str, cst.Call | str | None]:
    """Return what makes a template object, and the call with its options where that is seen; or why it is not sure."""
    name = qualified(template.func, scope)
    if name == "string.Template" or name in _JINJA:
        return ("jinja2.Template" if name in _JINJA else name), template
    if not (isinstance(template.func, cst.Attribute) and template.func.attr.value == "from_string"):
        return "", None
    kind = "Environment.from_string"
    environment, _ = held(template.func.value, scope, code)
    if isinstance(environment, cst.Call) and qualified(environment.func, scope) in _ENVIRONMENTS:
        return kind, environment
    last = template.func.value.attr if isinstance(template.func.value, cst.Attribute) else template.func.value
    seems = isinstance(last, cst.Name) and _ENVIRONMENT_NAME.search(last.value)
    return kind, None if seems else "what it is called on may be no jinja2.Environment"


def _arguments(node: cst.Call, names: Sequence[str]) -> dict[str, int] | str:
    """Return the number of the argument for each of the parameters that has one, or what cannot be told."""
    numbers: dict[str, int] = {}
    for number, argument in enumerate(node.args):
        if argument.star:
            return f"it passes `{argument.star}` arguments"
        name = names[number] if argument.keyword is None and number < len(names) else ""
        name = argument.keyword.value if argument.keyword is not None else name
        if name not in names:
            return f"it has an argument that is not known, `{name or number + 1}`"
        numbers[name] = number
    return numbers


def _is_none(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name) and node.value == "None"


def _may_be_none(node: cst.BaseExpression, scope: Scope) -> str:
    """Return why a scope may be `None`, which stands for the variables around the call."""
    if isinstance(node, cst.Name) and (home := scope.home(node.value)) is not None:
        for binding in home.own[node.value]:
            if isinstance(binding, cst.Param) and binding.default is not None and _is_none(binding.default):
                return f"`{node.value}` may be None, which stands for the variables around the call"
    parts: Iterable[cst.BaseExpression] = ()
    if isinstance(node, cst.IfExp):
        parts = (node.body, node.orelse)
    elif isinstance(node, cst.BooleanOperation):
        parts = (node.left, node.right)
    if any(_is_none(part) for part in parts):
        return "its scope may be None, which stands for the variables around the call"
    return ""
