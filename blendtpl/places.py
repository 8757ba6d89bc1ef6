"""Places: where in the templates a render failed, read off the traceback and told by the exception itself.

Emitted code carries its template's name, lines and, through its loader, source, so the traceback has every
place already. No exception object is added here, no frame is kept and no source is read while rendering.
"""

import json
import linecache
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from types import FunctionType, TracebackType
from typing import Any

import jinja2

from blendtpl.errors import UndefinedError, did_you_mean, shown_chain

_MISSING = re.compile(r"'(?P<variable>\w+)' is undefined")

_QUICKLY = 1  # the level that takes the least time, and leaves a fifth

TOP_LEVEL = "top-level template code"  # as Jinja2's tracebacks call it

_NOWHERE = -1  # an instruction that has no line, so that the line of the entry itself holds

_ENDS = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")

# where a render begins
_ENTRIES = frozenset(
    (
        ("blendtpl.rendering", "render"),
        ("blendtpl.rendering", "render_in_scope"),
        ("blendtpl.rendering", "render_block"),
        ("blendtpl.rendering", "stream"),
        ("blendtpl.units", "pieces"),
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


def add_place(error: Exception, variables: Iterable[str]) -> None:
    """Tell `error` where it arose; `variables` are the names that a misspelt one may have meant.

    An `UndefinedError` of Jinja2 becomes ours, in place: a second object would drag the first one along as its
    context. Any other error keeps its type and message, and gets a note.
    """
    if isinstance(error, UndefinedError):
        return
    sources: dict[str, Sources] = {}
    places = _places(error.__traceback__, sources)
    if not places:
        return
    (name, line), *callers = places
    _forget(sources)
    chain = tuple(f"{caller}:{at}" for caller, at in callers)
    if type(error) is jinja2.UndefinedError:
        missing = _MISSING.fullmatch(error.message or "")
        vars(error).update(
            name=name,
            line=line,
            chain=chain,
            hint=_hint(missing["variable"], variables) if missing else "",
        )
        error.__class__ = UndefinedError
        return
    note = f"in template {name}:{line}" + (f" ({shown_chain(chain)})" if chain else "")
    if note not in getattr(error, "__notes__", ()):  # an exception object that is raised again must not grow
        error.add_note(note)


def _hint(missing: str, variables: Iterable[str]) -> str:
    # a module without context does not see a variable that is there, and was spelt right
    return did_you_mean(missing, (name for name in variables if name != missing))


def _forget(sources: Mapping[str, Sources]) -> None:
    """Have the source text of templates looked up anew when a traceback is shown: what `linecache` knows by their names
    may be that of another registry.
    """
    for name, found in sources.items():
        known = linecache.cache.get(name)
        if known is not None and (len(known) == 1 or known[1] is None):  # it is of no file
            # replaced, for another thread may be looking at it
            linecache.cache[name] = (partial(found.get_source, name),)


def stitched(trace: Any, unit: Any, name: str, line: int | None = None) -> TracebackType:
    """Return the traceback of an error that arose where a template's code stands inlined in another's, with the entry
    that a call of it would have made in place of that of the function around it; `name` is what stood there.
    """
    return _entry(trace.tb_next, unit, name, line or trace.tb_lineno)


def placed(error: BaseException, *entries: Any) -> BaseException:
    """Return an error with entries of templates whose code was not run as such put before those of its traceback: of
    each its unit, what stood there and the line, the innermost first.
    """
    trace = error.__traceback__
    for unit, name, line in zip(entries[::3], entries[1::3], entries[2::3], strict=True):
        trace = _entry(trace, unit, name, line)
    return error.with_traceback(trace)


def enter(trace: TracebackType | None, unit: Any) -> None:
    """Put the entry of a template behind the first of a traceback, when it has no code that would have made one."""
    if trace is not None and unit.shape.enters is not None:
        trace.tb_next = _entry(trace.tb_next, unit, TOP_LEVEL, unit.shape.enters)


def _entry(behind: TracebackType | None, unit: Any, name: str, line: int) -> TracebackType:
    code = _here.__code__.replace(co_filename=unit.filename, co_name=name, co_qualname=name)
    return TracebackType(behind, FunctionType(code, unit.space)().gi_frame, _NOWHERE, line)


def _here() -> Iterator[None]:
    """Be a generator, whose frame, unlike that of a function that is called, holds none of what is around it."""
    yield


def _places(trace: TracebackType | None, sources: dict[str, Sources]) -> list[tuple[str, int]]:
    """Return (template, line) of every template frame of one render, innermost first; note the sources of each.

    What lies behind the entry of another render was told there: of one within this one, or of an earlier one when
    an exception object is kept and raised again, which makes its traceback longer each time.
    """
    places: list[tuple[str, int]] = []
    trace = trace and trace.tb_next
    while trace is not None:
        found = trace.tb_frame.f_globals
        if (found.get("__name__"), trace.tb_frame.f_code.co_name) in _ENTRIES:
            break
        loader = found.get("__loader__")
        if isinstance(loader, Sources):
            sources[found["__name__"]] = loader
            place = (found["__name__"], trace.tb_lineno)
            if not places or places[-1] != place:
                places.append(place)
        trace = trace.tb_next
    return places[::-1]
