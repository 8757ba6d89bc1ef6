"""Scopes: what emitted code has in place of a context, with every name that it reads at a place of its own.

Enters: a list that begins with ``[context, maker, source, blocks]``, behind which come the slots of a template and of
what it extends. Leaves: values, and a true context for the few who ask for one: `maker` makes it of the scope, once.

`source` is what the scope was made of: the variables of a render, or ``(the scope around, the names set there)`` for a
template that is included. A scope that was made of a context has that from the start. What is included with all that
it reads as arguments has a scope of the first three alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from jinja2.utils import missing

from blendtpl.runtime.context import FastContext

MADE, SOURCE, SLOTS = 0, 2, 4

Scope = list[Any]


def true_context(scope: Any) -> Context:
    """Return the context that a scope stands for; a context stands for itself."""
    if type(scope) is not list:
        return scope  # type: ignore[no-any-return]
    if scope[MADE] is None:
        scope[MADE] = scope[1].context_of(scope)
    return scope[MADE]  # type: ignore[no-any-return]


def evaluation(scope: Any) -> EvalContext:
    """Return the evaluation context of a scope, for which no context is made: nothing may change it, or keep it."""
    if type(scope) is not list or scope[MADE] is not None:
        return true_context(scope).eval_ctx
    return scope[1].evaluation_of(scope)  # type: ignore[no-any-return]


def derived(scope: Scope, locals: Mapping[str, Any], slots: Iterable[tuple[str, int]]) -> Scope:
    """Return a scope that sees more: what is set around a scoped block, some of it in slots of its own."""
    made = scope.copy()
    made[: SLOTS - 1] = None, _Derived, (scope, locals)
    for name, slot in slots:
        if locals[name] is not missing:
            made[slot] = locals[name]
    return made


class _Derived:
    """The maker of what sees more than the scope around it."""

    @staticmethod
    def context_of(scope: Scope) -> Context:
        around, locals = scope[SOURCE]
        return true_context(around).derived(locals)

    @staticmethod
    def evaluation_of(scope: Scope) -> EvalContext:
        return evaluation(scope[SOURCE][0])


def publish(context: Context, name: str, value: Any, export: bool) -> None:
    """Tell a context that was made of a scope what its template has set in the meantime."""
    context.vars[name] = value
    if isinstance(context, FastContext):
        context.seen = None
    if not name.startswith("_"):
        (context.exported_vars.add if export else context.exported_vars.discard)(name)


def publish_set(scope: Scope, stores: Iterable[tuple[str, int, bool]], *runs: tuple[str, ...]) -> None:
    """Tell the context that a scope was made of what its template has just set: names in order, of which every other
    run of them is exported, beginning with one that is not. `stores` says where they are.
    """
    slots = {name: slot for name, slot, _ in stores}
    for number, names in enumerate(runs):
        for name in names:
            publish(scope[MADE], name, scope[slots[name]], export=number % 2 == 1)


def names_set(
    scope: Scope, given: Mapping[str, Any], stores: Iterable[tuple[str, int, bool]]
) -> Iterator[tuple[str, Any, bool]]:
    """Yield what a template has set so far, what is in a slot and was not given: name, value, if it is exported."""
    for name, slot, export in stores:
        value = scope[slot]
        if value is not missing and value is not given.get(name, missing):
            yield name, value, export


def set_names(scope: Scope, context: Context, stores: Iterable[tuple[str, int, bool]]) -> None:
    """Tell a new context what its template has set so far."""
    for name, value, export in names_set(scope, context.parent, stores):
        publish(context, name, value, export)


def empty(scope: Scope) -> None:
    """Let go of what is in the slots, which may hold the scope."""
    scope[SLOTS:] = [missing] * (len(scope) - SLOTS)
