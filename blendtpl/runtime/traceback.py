"""Tracebacks: where in the templates a render failed, read off the traceback and told by the exception itself.

Emitted code carries its template's name, lines and, through its loader, source, so the traceback has every
place already. No exception object is added here, no frame is kept and no source is read while rendering.

To tell of an error never raises: what is asked of an exception of somebody else's is in `blendtpl.runtime.exceptions`.
"""

import json
import linecache
import re
import zlib
from collections.abc import Iterable, Mapping
from functools import partial
from types import TracebackType
from typing import Any

import jinja2

from blendtpl.bundle import abi
from blendtpl.bundle.budget import BudgetError
from blendtpl.errors import UndefinedError, did_you_mean, shown_chain
from blendtpl.printable import one_line
from blendtpl.runtime.causes import explain
from blendtpl.runtime.exceptions import (
    add_note,
    cause_of,
    ended,
    entry,
    is_a,
    line_of,
    set_cause,
    trace_of,
    upto,
    with_trace,
)

_MISSING = re.compile(r"'(?P<variable>\w+)' is undefined")

_QUICKLY = 1  # the level that takes the least time, and leaves a fifth


STOPPED = "value was undefined because a callable raised a StopIteration exception"  # as Jinja2 says

_ENDS = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")

# where a render begins
_ENTRIES = frozenset(
    (
        ("blendtpl.runtime.render", "render"),
        ("blendtpl.runtime.render", "render_in_scope"),
        ("blendtpl.runtime.render", "_texts"),
        ("blendtpl.runtime.render", "stream"),
        ("blendtpl.runtime.compiled_template", "pieces"),
    )
)


class Sources:
    """The sources inside a bundle, packed: they are taken apart when somebody asks, and never before."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = zlib.compress(data, _QUICKLY)

    def get_source(self, name: str) -> str | None:
        """Return a template's source for `linecache`, which asks the loader of emitted code for it, or `None`.

        It counts more characters as ends of a line than Jinja2 does: those are blanks here.
        """
        text = self.text(name)
        return None if text is None else _ENDS.sub(" ", text)

    def text(self, name: str) -> str | None:
        """Return a template's source, or `None`."""
        try:
            source = json.loads(zlib.decompress(self._data) or b"{}").get(name)
        except (ValueError, AttributeError, RecursionError):
            return None
        return source if isinstance(source, str) else None


def add_place(error: Exception, variables: Iterable[object]) -> None:
    """Tell `error` where it arose; `variables` are the names that a misspelt one may have meant.

    An `UndefinedError` of Jinja2 becomes ours, in place: a second object would drag the first one along as its
    context. Any other error keeps its type and message, and gets a note (R1).
    """
    try:  # noqa: SIM105  # what that needs would take some of the room that there is not
        _add_place(error, variables)
    except (MemoryError, RecursionError):  # which there is no room for
        pass


def _add_place(error: Exception, variables: Iterable[object]) -> None:
    # ours already: it was told its place by a render further in
    if is_a(error, UndefinedError):
        return
    sources: dict[str, Sources] = {}
    places = _places(trace_of(error), sources)
    if not places:
        return
    (name, line), *callers = places
    _forget(sources)
    chain = tuple(f"{caller}:{at}" for caller, at in callers)
    if is_a(error, BudgetError):
        if "name" not in vars(error):
            vars(error).update(name=name, line=line, chain=chain)
        return
    inside = explain(error)
    if type(error) is jinja2.UndefinedError:
        message = error.message
        missing = _MISSING.fullmatch(message) if type(message) is str else None
        hint = inside or (_hint(missing["variable"], variables) if missing else "")
        vars(error).update(name=name, line=line, chain=chain, hint=hint)
        error.__class__ = UndefinedError
        return
    if inside:
        add_note(error, inside)
    add_note(error, f"in template {one_line(name)}:{line}" + (f" ({shown_chain(chain)})" if chain else ""))


def _hint(missing: str, variables: Iterable[object]) -> str:
    # a module without context does not see a variable that is there, and was spelt right; and a name is all that a
    # template can have written
    return did_you_mean(missing, (name for name in variables if type(name) is str and name.isidentifier()), missing)


def _forget(sources: Mapping[str, Sources]) -> None:
    """Have the source text of templates looked up anew when a traceback is shown: what `linecache` knows by their names
    may be that of another registry.
    """
    for name, loader in sources.items():
        cached = linecache.cache.get(name)
        if cached is not None and (len(cached) == 1 or cached[1] is None):  # it is of no file
            # replaced, for another thread may be looking at it
            linecache.cache[name] = (partial(loader.get_source, name),)


def locate_error(error: Exception, compiled: Any, variables: Iterable[object]) -> Exception | None:
    """Tell an error that comes out of a template where it arose. Return what is to be raised in place of it, where it
    was caught, if anything is: of a `StopIteration` what Jinja2 makes of it, whose templates are generators.
    """
    enter(error, compiled)
    replacement, trace = stopped(error, compiled), trace_of(error)
    if replacement is None or trace is None:
        add_place(error, variables)
        return replacement
    shown = trace_of(replacement)
    with_trace(replacement, TracebackType(shown, trace.tb_frame, trace.tb_lasti, line_of(trace)))
    add_place(replacement, variables)
    with_trace(replacement, shown)
    return replacement


def stopped(error: Exception, compiled: Any) -> Exception | None:
    """Return what a `StopIteration` becomes that comes out of a template, by itself or, where that came through a
    generator, as the cause of an error. Any other error is none of that.
    """
    stop = cause_of(error) if type(error) is RuntimeError else error
    if stop is None or not is_a(stop, StopIteration):
        return None
    replacement = _undefined(error, stop, compiled.environment.undefined)
    return ended(stop) if replacement is None and stop is error else replacement


def _undefined(error: Exception, stop: BaseException, undefined: Any) -> Exception | None:
    """Return the error of what is undefined because something that a template calls raised `StopIteration`, when it did
    so in a macro, a call block or further down in a recursive loop, and is printed.

    Such a function is no generator in Jinja2, and whoever calls it there takes that for a value that is undefined.
    """
    around = _called_in(trace_of(stop))
    if around is None:
        return None
    try:
        str(undefined(STOPPED))
    except jinja2.UndefinedError as replacement:
        shown = upto(trace_of(stop), around)
        if stop is not error:  # it went through a generator, before which its own traceback ends
            shown = upto(trace_of(error), None, shown)
        with_trace(replacement, shown and shown.tb_next)
        set_cause(replacement, stop)
        return replacement
    return None


def place_budget(error: BudgetError, raised: BaseException) -> None:
    """Tell an error of a budget its template and line, by what was raised, where nothing has told it before: that is in
    a live environment, and of what `raised` too much of the stack.
    """
    if error.name:
        return
    trace, place = trace_of(raised), ("", 0)
    while trace is not None:
        template: Any = dict.get(trace.tb_frame.f_globals, abi.SELF)
        if is_a(template, jinja2.Template):
            place = template.name or trace.tb_frame.f_code.co_filename, line_of(trace)
        trace = trace.tb_next
    vars(error).update(name=place[0], line=place[1])


def _called_in(trace: TracebackType | None) -> TracebackType | None:
    """Return the entry of the template that called the function which an error came out of, if it is of such a kind."""
    entries: list[TracebackType] = []
    while trace is not None:
        if is_a(dict.get(trace.tb_frame.f_globals, abi.SELF), jinja2.Template):
            entries.append(trace)
        trace = trace.tb_next
    while len(entries) > 1:
        code, around = entries.pop().tb_frame.f_code, entries[-1]
        if code.co_name.startswith("macro ") or code.co_name == "call block" or code is around.tb_frame.f_code:
            return around
        if code.co_name != "recursive loop":
            break
    return None


def enter(error: BaseException, compiled: Any) -> None:
    """Put the entry of a template behind the first of a traceback, when it has no code that would have made one."""
    trace, line = trace_of(error), compiled.info.parent_line
    if trace is not None and line is not None:
        trace.tb_next = entry(trace.tb_next, compiled.filename, abi.TOP_LEVEL, line, compiled.space)


def _places(trace: TracebackType | None, sources: dict[str, Sources]) -> list[tuple[str, int]]:
    """Return (template, line) of every template frame of one render, innermost first; note the sources of each.

    What lies behind the entry of another render was told there: of one within this one, or of an earlier one when
    an exception object is kept and raised again, which makes its traceback longer each time.
    """
    places: list[tuple[str, int]] = []
    trace = trace and trace.tb_next
    while trace is not None:
        namespace, function = trace.tb_frame.f_globals, trace.tb_frame.f_code.co_name
        file, loader = dict.get(namespace, "__name__"), dict.get(namespace, "__loader__")
        if type(file) is str and (file, function) in _ENTRIES:
            break
        if type(loader) is Sources and type(file) is str:
            sources[file] = loader
            place = (file, line_of(trace))
            if not places or places[-1] != place:
                places.append(place)
        trace = trace.tb_next
    return places[::-1]
