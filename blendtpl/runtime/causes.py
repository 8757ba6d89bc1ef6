"""Causes: what went wrong inside of what a template looked up and did not find.

A property that fails by an `AttributeError` of its own is an attribute that is not there, for Python as for Jinja2:
what the template gets is undefined, and only when that is used is there an error, which knows nothing of the first.

Enters: the error of a look-up. Leaves: the name of what is undefined, which knows that error; and, once there is an
error of what is undefined, that with what it comes from. An undefined value may live for long: the error that it knows
holds no frames, and so no values, but entries that show the same files, lines and names.
"""

from types import FrameType, TracebackType
from typing import Any

from jinja2 import TemplateRuntimeError, Undefined

from blendtpl.runtime.exceptions import (
    add_note,
    cause_of,
    context_of,
    entry,
    is_a,
    line_of,
    set_cause,
    set_context,
    static,
    trace_of,
    with_trace,
)

_ENTRIES, _SHOWN = 30, 300  # how many entries are kept of a traceback, and characters shown of a message

_NAME = vars(Undefined)["_undefined_name"]
_ARGUMENTS = vars(BaseException)["args"]
_OBJECT, _ATTRIBUTE = (vars(AttributeError)[name] for name in ("obj", "name"))


class Text(str):
    """The name of what is undefined, that knows what went wrong inside."""

    __slots__ = ("inside",)

    inside: BaseException

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str.__str__(self),)


class Number(int):
    """The like for the number of an element."""

    inside: BaseException

    def __reduce__(self) -> tuple[type[int], tuple[int]]:
        return int, (int.__int__(self),)


def named(key: Any, value: Any, error: BaseException, trace: TracebackType | None) -> Any:
    """Return the name of what a look-up in a value has not found. It is what was looked for, and knows the error where
    that came from inside: where `trace`, what there is in its traceback below the look-up, has anything (L9).
    """
    if trace is None or not (type(key) is str or type(key) is int) or _is_missing(key, value, error):
        return key
    annotated = Text(key) if type(key) is str else Number(key)
    annotated.inside = _without_frames(error, trace)
    return annotated


def named_here(key: Any, value: Any, error: BaseException) -> Any:
    """Return what `named` does, for an error that was caught in the function that looked up."""
    trace = trace_of(error)
    return key if trace is None or trace.tb_next is None else named(key, value, error, trace.tb_next)


def _is_missing(key: Any, value: Any, error: BaseException) -> bool:
    """Return whether an error says no more than that there is nothing of that name."""
    if is_a(error, AttributeError):
        name = _ATTRIBUTE.__get__(error)
        own = _OBJECT.__get__(error) is value and type(name) is str and name == key
        return own and static(type(value), key) is None
    arguments = _ARGUMENTS.__get__(error)
    if not is_a(error, LookupError) or len(arguments) != 1:
        return False
    return type(arguments[0]) is type(key) and arguments[0] == key


def _without_frames(error: BaseException, trace: TracebackType) -> BaseException:
    """Return an error whose traceback, and those of the errors that it arose from, hold no frames that ran."""
    current, seen = error, [error]
    while True:
        entries: list[tuple[FrameType, int]] = []
        tb: TracebackType | None = trace
        while tb is not None:
            entries.append((tb.tb_frame, line_of(tb)))
            tb = tb.tb_next
        shown: TracebackType | None = None
        for frame, line in reversed(entries[-_ENTRIES:]):
            code = frame.f_code
            shown = entry(shown, code.co_filename, code.co_name, line, frame.f_globals)
        with_trace(current, shown)
        before = context_of(current)
        trace_before = None if before is None else trace_of(before)
        if before is None or any(before is other for other in seen):
            return error
        if trace_before is None or not any(trace_before.tb_frame is frame for frame, _ in entries):
            set_context(current, None)  # it was being handled long before, and is somebody else's
            return error
        current, trace = before, trace_before
        seen.append(current)


def explain(error: BaseException) -> str:
    """Have an error of what is undefined come from what went wrong inside, if anything did; return what that was."""
    trace = trace_of(error) if is_a(error, TemplateRuntimeError) else None  # not what came there from outside
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or trace.tb_frame.f_code.co_name == "__init__":  # one that is not made yet
        return ""
    undefined = trace.tb_frame.f_locals.get("self")
    if not is_a(undefined, Undefined):
        return ""
    name = _NAME.__get__(undefined)
    if type(name) is not Text and type(name) is not Number:
        return ""
    if cause_of(error) is None:
        set_cause(error, name.inside)
    return f"`{name}` raised {_described(name.inside)}"


def explain_by_note(error: BaseException) -> None:
    """Do so for an error whose own text says nothing of it."""
    description = explain(error)
    if description:
        add_note(error, description)


def _described(error: BaseException) -> str:
    """Return the class of an error, and its message where that is plain text."""
    arguments, kind = _ARGUMENTS.__get__(error), type(error).__name__
    if len(arguments) != 1 or type(arguments[0]) is not str:
        return kind
    shown = repr(arguments[0]) if is_a(error, KeyError) else arguments[0]
    return f"{kind}: {shown[:_SHOWN]}" if shown.isprintable() else kind
