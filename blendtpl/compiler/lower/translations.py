"""Translations: calls of `gettext` and its like with constant texts.

Where what a template calls is behind the name of one of Jinja2's new-style functions, the function behind that is asked
for the translation, and the text is ready, with the variables in it, for when there is none.
"""

from types import MappingProxyType

from jinja2 import nodes
from jinja2.idtracking import VAR_LOAD_RESOLVE

from blendtpl.compiler.ir.base import Value
from blendtpl.compiler.ir.literals import FORM
from blendtpl.compiler.ir.values import Missing, Translate, Translator
from blendtpl.compiler.lower.scope import Scope
from blendtpl.compiler.lower.unit import Unit

# how many texts each function that translates takes, and whether a number follows
TRANSLATIONS = MappingProxyType(
    {"_": (1, False), "gettext": (1, False), "ngettext": (2, True), "pgettext": (2, False), "npgettext": (3, True)}
)


def translated(unit: Unit, node: nodes.Call, scope: Scope, *, printed: bool) -> Value | None:
    """Return what a call translates that has constant texts, if it does (T1). What is not `printed` is one text without
    variables.
    """
    called = node.node
    if not isinstance(called, nodes.Name) or called.name not in TRANSLATIONS:
        return None
    if unit.watches_calls or unit.eval_ctx.volatile or node.dyn_args is not None or node.dyn_kwargs is not None:
        return None
    texts = _printed(called.name, node) if printed else _value(called.name, node)
    if texts is None:
        return None
    translate = _translator(unit, called.name, scope, count=len(node.args))
    if translate is None:
        return None
    return Translate(
        unit.line,
        called.name,
        unit.value(called, scope),
        translate,
        texts,
        tuple(unit.value(argument, scope) for argument in node.args[len(texts) :]),
        tuple((str(keyword.key), unit.value(keyword.value, scope)) for keyword in node.kwargs),
        unit.frame(scope),
        bool(unit.eval_ctx.autoescape),
        printed,
        unit.scopes(scope),
    )


def _printed(called: str, node: nodes.Call) -> tuple[str, ...] | None:
    count, plural = TRANSLATIONS[called]
    texts = tuple(argument.value for argument in node.args if isinstance(argument, nodes.Const))[:count]
    keys = [str(keyword.key) for keyword in node.kwargs]
    if (
        len(node.args) != count + plural
        or len(texts) < count
        or not all(type(text) is str for text in texts)
        or len(set(keys)) < len(keys)
    ):
        return None
    in_context = called in {"pgettext", "npgettext"}
    variables = {*keys, *(["num"] if plural else []), *(["context"] if in_context else [])}
    return texts if all(_is_simple(text, variables) for text in texts[in_context:]) else None


def _value(called: str, node: nodes.Call) -> tuple[str, ...] | None:
    if called not in {"_", "gettext"} or len(node.args) != 1 or node.kwargs:
        return None
    text = node.args[0].value if isinstance(node.args[0], nodes.Const) else None
    return (text,) if type(text) is str and "%" not in text else None


def _is_simple(text: str, variables: set[str]) -> bool:
    matches = list(FORM.finditer(text))
    names = {part["name"] for part in matches if part["name"]}
    return sum(len(part[0]) for part in matches) == len(text) and names <= variables


def _translator(unit: Unit, called: str, scope: Scope, *, count: int) -> Translator | None:
    """Return what gives the function behind a new-style one that a template is given; `None` for any other."""
    load = scope.symbols.find_load(scope.symbols.find_ref(called) or "")
    if load is None or load[0] != VAR_LOAD_RESOLVE or {called, "gettext"} & scope.symbols.dump_stores().keys():
        return None
    behind = unit.resolved("gettext", scope) if called == "_" else Missing(unit.line)
    return Translator(unit.line, called, count, unit.autoescape(scope), unit.resolved(called, scope), behind)
