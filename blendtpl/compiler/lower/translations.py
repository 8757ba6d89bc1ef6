"""Translations: calls of `gettext` and its like.

Where what a template calls is behind the name of one of Jinja2's new-style functions, the function behind that is asked
for the translation.
"""

from types import MappingProxyType

from jinja2 import nodes
from jinja2.idtracking import VAR_LOAD_RESOLVE

from blendtpl.compiler.ir.base import Value
from blendtpl.compiler.ir.values import Missing, Translate, Translator
from blendtpl.compiler.lower.scope import Scope
from blendtpl.compiler.lower.unit import Unit

# how many texts each function that translates takes, and whether a number follows
TRANSLATIONS = MappingProxyType(
    {"_": (1, False), "gettext": (1, False), "ngettext": (2, True), "pgettext": (2, False), "npgettext": (3, True)}
)

_RESERVED = frozenset({"_loop_vars", "_block_vars"})  # what `jinja2.runtime.Context.call` keeps to itself


def translated(unit: Unit, node: nodes.Call, scope: Scope, *, printed: bool) -> Value | None:
    """Return what a call translates, if it does (T1)."""
    called = node.node
    if not isinstance(called, nodes.Name) or called.name not in TRANSLATIONS:
        return None
    if unit.watches_calls or unit.eval_ctx.volatile or node.dyn_args is not None or node.dyn_kwargs is not None:
        return None
    texts, plural = TRANSLATIONS[called.name]
    keys = [str(keyword.key) for keyword in node.kwargs]
    if len(node.args) != texts + plural or len(set(keys)) < len(keys) or not _RESERVED.isdisjoint(keys):
        return None
    translator = _translator(unit, called.name, scope, count=len(node.args))
    if translator is None:
        return None
    return Translate(
        unit.line,
        called.name,
        translator,
        tuple(unit.value(argument, scope) for argument in node.args[:texts]),
        tuple(unit.value(argument, scope) for argument in node.args[texts:]),
        tuple((key, unit.value(keyword.value, scope)) for key, keyword in zip(keys, node.kwargs, strict=True)),
        unit.frame(scope),
        bool(unit.eval_ctx.autoescape),
        printed,
        unit.scopes(scope),
    )


def _translator(unit: Unit, called: str, scope: Scope, *, count: int) -> Translator | None:
    """Return what gives the function behind a new-style one that a template is given; `None` for any other."""
    load = scope.symbols.find_load(scope.symbols.find_ref(called) or "")
    if load is None or load[0] != VAR_LOAD_RESOLVE or {called, "gettext"} & scope.symbols.dump_stores().keys():
        return None
    behind = unit.resolved("gettext", scope) if called == "_" else Missing(unit.line)
    return Translator(unit.line, called, count, unit.autoescape(scope), unit.resolved(called, scope), behind)
