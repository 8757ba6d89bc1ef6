"""Frames: what emitted code has in place of a context, with every name that it reads at a place of its own.

Enters: a list that begins with ``[context, maker, source, blocks]``, behind which come the slots of a template and of
what it extends. Leaves: values, and a true context for the few who ask for one: `maker` makes it of the frame, once.

`source` is what the frame was made of: the variables of a render, or ``(the frame around, the names set there)`` for a
template that is included. A frame that was made of a context has that from the start. What is included with all that
it reads as arguments has a frame of the first three alone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import jinja2
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from jinja2.utils import missing

from blendtpl.bundle.abi import BLOCKS, CONTEXT, MAKER, ORIGIN, SLOTS
from blendtpl.runtime.context import FastContext, reader

Frame = list[Any]


def true_context(frame: Any) -> Context:
    """Return the context that a frame stands for; a context stands for itself (S9)."""
    if type(frame) is not list:
        return frame  # type: ignore[no-any-return]
    if frame[CONTEXT] is None:
        frame[CONTEXT] = frame[MAKER].context_of(frame)
    return frame[CONTEXT]  # type: ignore[no-any-return]


def evaluation(frame: Any) -> EvalContext:
    """Return the evaluation context of a frame, for which no context is made: nothing may change it, or keep it."""
    if type(frame) is not list or frame[CONTEXT] is not None:
        return true_context(frame).eval_ctx
    return frame[MAKER].evaluation_of(frame)  # type: ignore[no-any-return]


def seen(frame: Any, environment: jinja2.Environment) -> Callable[[str, Any], Any] | None:
    """Return a function that looks a name up in what a frame stands for, or in a context, as `reader` does; `None` when
    that is of another environment, or a context of a class of its own. Of a frame of an included template no context is
    made for that.
    """
    if type(frame) is list and frame[CONTEXT] is None and len(frame) == BLOCKS and type(frame[ORIGIN]) is tuple:
        around, names = frame[ORIGIN]
        outer = seen(around, environment)
        if outer is None or frame[MAKER].environment is not environment:
            return None

        def get(name: str, default: Any) -> Any:
            value = names.get(name, missing)
            return outer(name, default) if value is missing else value

        return get
    context = true_context(frame)
    return reader(context) if type(context) is FastContext and context.environment is environment else None


def derived(frame: Frame, locals: Mapping[str, Any], slots: Iterable[tuple[str, int]]) -> Frame:
    """Return a frame that sees more: what is set around a scoped block, some of it in slots of its own (S4)."""
    inner = frame.copy()
    # no context yet: it is derived from the one around when somebody asks for it
    inner[:BLOCKS] = None, _Derived, (frame, locals)
    for name, slot in slots:
        if locals[name] is not missing:
            inner[slot] = locals[name]
    return inner


class _Derived:
    """The maker of what sees more than the frame around it."""

    @staticmethod
    def context_of(frame: Frame) -> Context:
        around, locals = frame[ORIGIN]
        return true_context(around).derived(locals)

    @staticmethod
    def evaluation_of(frame: Frame) -> EvalContext:
        return evaluation(frame[ORIGIN][0])


def publish(context: Context, name: str, value: Any, export: bool) -> None:
    """Tell a context that was made of a frame what its template has set in the meantime (S5)."""
    context.vars[name] = value
    if isinstance(context, FastContext):
        context.seen = None
    if not name.startswith("_"):
        (context.exported_vars.add if export else context.exported_vars.discard)(name)


def publish_set(frame: Frame, stores: Iterable[tuple[str, int, bool]], *runs: tuple[str, ...]) -> None:
    """Tell the context that a frame was made of what its template has just set: names in order, of which every other
    run of them is exported, beginning with one that is not. `stores` says where they are.
    """
    for number, names in enumerate(runs):
        for name in names:
            slot = next(slot for stored, slot, _ in stores if stored == name)
            publish(frame[CONTEXT], name, frame[slot], export=number % 2 == 1)


def names_set(
    frame: Frame, given: Callable[[str], Any], stores: Iterable[tuple[str, int, bool]]
) -> Iterator[tuple[str, Any, bool]]:
    """Yield what a template has set so far, what is in a slot and was not given: name, value, if it is exported.

    `given` returns what was given under a name, or `missing`.
    """
    for name, slot, export in stores:
        value = frame[slot]
        if value is not missing and value is not given(name):
            yield name, value, export


def set_names(frame: Frame, context: Context, stores: Iterable[tuple[str, int, bool]]) -> None:
    """Tell a new context what its template has set so far."""
    for name, value, export in names_set(frame, context.resolve_or_missing, stores):
        publish(context, name, value, export)


def empty(frame: Frame) -> None:
    """Let go of what is in the slots, which may hold the frame."""
    # in place: whoever holds the frame, such as a macro, is to hold nothing by it
    frame[SLOTS:] = [missing] * (len(frame) - SLOTS)
