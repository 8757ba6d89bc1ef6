"""Meaning: whether a template renders the same by the registry as by Jinja2 or `string.Template` as they are called.

Enters: a site, and its template. Leaves: a note on what is not quite the same, or the reason to leave the site alone:
other options, other escaping, names that are not passed.
"""

from collections.abc import Iterator, Mapping

import libcst as cst

from blendtpl.bundle.environment import autoescape_of
from blendtpl.migrate.constants import qualified
from blendtpl.migrate.scopes import Scope
from blendtpl.migrate.sites import Left, Site
from blendtpl.migrate.templates import Known, Templates

_DEFAULT_UNDEFINED = "Undefined"
_FROM_STRING = "Environment.from_string"
_SELECTING = {"jinja2.select_autoescape", "jinja2.utils.select_autoescape"}


def check_meaning(site: Site, template: Known, templates: Templates) -> str:
    """Return a note on what is not quite the same; raises `Left` when it surely is not."""
    notes = []
    safe = site.call == "string.Template.safe_substitute"
    if site.origin is not None and not site.call.startswith("string."):
        _check_options(site, site.origin, template, templates)
    elif site.call == _FROM_STRING:
        _check_unseen(template, templates)
    if site.call.startswith("string.") and template.escapes:
        notes.append(f"`{template.name}` escapes what it prints, string.Template does not")
    if safe or (site.origin is not None and _is_lenient(site, site.origin, templates)):
        before = "stays as it is" if safe else "prints nothing"
        passed, whole = _passed(site)
        missing = sorted(template.variables - passed)
        if whole and missing:
            raise Left(f"it passes no `{missing[0]}`, which {before} now, and would be an error")
        if missing:
            notes.append(f"a name that is not passed {before} now, and is an error then")
    return "; ".join(notes)


def _check_unseen(template: Known, templates: Templates) -> None:
    """Raise `Left` for an environment that is made elsewhere, when it may render otherwise than the bundle."""
    if not templates.own:
        raise Left("its environment may have other options than the bundle: name it in [tool.blendtpl]")
    if autoescape_of(templates.environment, None) != template.escapes:
        does, other = ("escapes", "does not") if template.escapes else ("does not escape", "does")
        raise Left(f"`{template.name}` {does} what it prints, and what is made from a string {other}")


def _is_lenient(site: Site, origin: cst.Call, templates: Templates) -> bool:
    """Return whether a missing name is no error for Jinja2 as it is called, and one for the registry."""
    if site.call.startswith("string."):
        return False
    kinds = [argument.value for argument in origin.args if argument.keyword and argument.keyword.value == "undefined"]
    now = qualified(kinds[0], site.scope).rpartition(".")[2] if kinds else _DEFAULT_UNDEFINED
    then = str(templates.options().get("undefined", "")).rpartition(":")[2]
    return now != then


def _passed(site: Site) -> tuple[frozenset[str], bool]:
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


def _check_options(site: Site, origin: cst.Call, template: Known, templates: Templates) -> None:
    """Raise `Left` when Jinja2, as it is called, has other options than the bundle."""
    options: dict[str, cst.BaseExpression] = {}
    for number, argument in enumerate(origin.args):
        if argument.star or (argument.keyword is None and (number or site.call != "jinja2.Template")):
            raise Left("with what options it renders cannot be told")
        if argument.keyword is not None:
            options[argument.keyword.value] = argument.value
    escapes = _escapes(options["autoescape"], site.scope) if "autoescape" in options else False
    if escapes is None:
        raise Left("whether it escapes what it prints cannot be told")
    if escapes != template.escapes:
        does, other = ("escapes", "does not") if template.escapes else ("does not escape", "does")
        raise Left(
            f"`{template.name}` {does} what it prints, and {site.call} {other}: make it `autoescape={template.escapes}`"
        )
    for option, default in _DEFAULTS.items():
        value = _literal(options[option]) if option in options else default
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
