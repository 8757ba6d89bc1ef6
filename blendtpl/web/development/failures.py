"""Failures: an exception taken apart into texts, for a page.

Enters: an exception that came out of an application. Leaves: a `Failure` for it and for each that it comes from, which
holds texts alone: no frame, no value and no exception, so that nothing outlives the response because of it.
"""

import linecache
import re
import reprlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import jinja2
from jinja2.lexer import newline_re

import blendtpl
from blendtpl.bundle import abi
from blendtpl.errors import BlendError, Fault, described
from blendtpl.printable import cells, one_line, printable
from blendtpl.runtime.exceptions import cause_of, context_of, is_a, line_of, trace_of
from blendtpl.runtime.traceback import Sources

MASK = "••••••"

_AROUND = 3  # lines of a source that are shown before and after the one in question
_ENTRIES, _VALUES, _CHAIN = 60, 40, 8  # how many are shown at most
_LONGEST = 2000  # characters of a text, and of a line of source
_MASKED = (
    r"passw|passphrase|secret|token|api_?key|_key\b|\bkey\b|private|credential|auth(?!or)|cookie|session|signature|dsn"
)
_SECRET = re.compile(_MASKED, re.IGNORECASE)
# the same within a representation: `Settings(password='…')`
_NAMED = re.compile(
    rf"""([\w-]*(?:{_MASKED})[\w-]*['"]?\s*[=:]\s*)('(?:[^'\\]|\\.)*'?|"(?:[^"\\]|\\.)*"?|[^\s,)\]}}>]+)""",
    re.IGNORECASE,
)
_IN_URL = re.compile(r"(://[^\s:/@'\"]*:)[^\s/@'\"]+@")
_VARIABLE = re.compile(r"(?:g|p|l_\d+)_(.+)")  # as emitted code calls what a template calls `…`
_OWN = str(Path(blendtpl.__file__).parent)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a source: `before`, `marked` and `after` are its text, in three pieces; `under` is a caret below it."""

    number: int
    before: str
    marked: str = ""
    after: str = ""
    wrong: bool = False

    @property
    def under(self) -> str:
        """What stands in the line below, so that the caret is under what is marked."""
        before = "".join(character if character == "\t" else " " * cells(character) for character in self.before)
        return before + "^" * max(cells(self.marked), 1)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a traceback; `values` are pairs of names and representations. `kind` is ``template``, ``python``
    or ``library``: code that is installed, which is seldom where the mistake is.
    """

    kind: str
    file: str
    line: int
    function: str
    excerpt: tuple[Line, ...]
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """An exception. `relation` says what it is to the one before in the list; entries begin with where it arose."""

    kind: str
    message: str
    notes: tuple[str, ...]
    entries: tuple[Entry, ...]
    relation: str = ""


def failures_of(error: BaseException) -> list[Failure]:
    """Return an exception and those that it comes from, the last of which is the first that was raised."""
    found: list[Failure] = []
    seen: set[int] = set()
    relation = ""
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(found) < _CHAIN:
        seen.add(id(current))
        notes = tuple(_cut(str(note)) for note in _notes(current))
        found.append(Failure(type(current).__qualname__, _message(current), notes, _entries(current), relation))
        cause = cause_of(current)
        relation = "which was caused by" if cause is not None else "which was raised while this was handled"
        hidden = getattr(current, "__suppress_context__", False) is True
        current = cause if cause is not None or hidden else context_of(current)
    return found


def _message(error: BaseException) -> str:
    text = described(error)
    return printable(_cut(text.removeprefix(type(error).__qualname__).removeprefix(": ")))


def _notes(error: BaseException) -> list[Any]:
    notes = getattr(error, "__notes__", ())
    return [note for note in notes if isinstance(note, str)] if isinstance(notes, list) else []


def _entries(error: BaseException) -> tuple[Entry, ...]:
    """Return the entries of a traceback, where it arose first. Those of the renderer itself are left out, but what the
    one that begins a render was given is shown with the template's that follows it.
    """
    entries: list[Entry] = []
    given: Mapping[str, Any] = {}
    trace = trace_of(error)
    while trace is not None:
        frame = trace.tb_frame
        if is_a(dict.get(frame.f_globals, abi.SELF), jinja2.Template):
            entries.append(_template_entry(trace, given))
            given = {}
        elif not frame.f_code.co_filename.startswith(_OWN):
            entries.append(_python_entry(trace))
        elif frame.f_code.co_name == "_render":
            found = frame.f_locals.get("given")
            given = found if type(found) is dict else {}
        trace = trace.tb_next
    entries.reverse()
    return tuple(entries[:_ENTRIES])


def _template_entry(trace: TracebackType, given: Mapping[str, Any]) -> Entry:
    frame, line = trace.tb_frame, line_of(trace)
    name, loader = frame.f_globals.get("__name__"), frame.f_globals.get("__loader__")
    file = frame.f_code.co_filename
    text = loader.text(name) if type(loader) is Sources and type(name) is str else None
    lines = newline_re.split(text)[::2] if text else [each.rstrip("\r\n") for each in linecache.getlines(file)]
    values = {**given, **{found[1]: value for key, value in frame.f_locals.items() if (found := _VARIABLE.match(key))}}
    function = frame.f_code.co_name
    shown = "" if function == abi.TOP_LEVEL else function
    return Entry("template", one_line(file), line, shown, excerpt_of(lines, line), _shown(values))


def _python_entry(trace: TracebackType) -> Entry:
    frame, line = trace.tb_frame, line_of(trace)
    code = frame.f_code
    kind = (
        "library" if re.search(r"[/\\](?:site|dist)-packages[/\\]|[/\\]lib[/\\]python3", code.co_filename) else "python"
    )
    lines = [text.rstrip("\r\n") for text in linecache.getlines(code.co_filename, frame.f_globals)]
    return Entry(
        kind, one_line(_path(code.co_filename)), line, code.co_qualname, excerpt_of(lines, line), _locals(frame)
    )


def _locals(frame: FrameType) -> tuple[tuple[str, str], ...]:
    if frame.f_code.co_name == "<module>":  # whose variables are all of a module
        return ()
    return _shown(frame.f_locals)


def _path(file: str) -> str:
    path = Path(file)
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else file


def excerpt_of(lines: list[str], line: int, column: int = 0, width: int = 0) -> tuple[Line, ...]:
    """Return the lines around one of a source, which is marked from a column on; none where there is no such line."""
    if not 0 < line <= len(lines):
        return ()
    first, last = max(line - _AROUND, 1), min(line + _AROUND, len(lines))
    return tuple(
        marked(number, lines[number - 1], column, width) if number == line else Line(number, _cut(lines[number - 1]))
        for number in range(first, last + 1)
    )


def marked(number: int, text: str, column: int, width: int) -> Line:
    """Return the line that is in question."""
    if not column:
        return Line(number, _cut(text), wrong=True)
    start, end = column - 1, column - 1 + max(width, 1)
    return Line(number, text[:start][-_LONGEST:], _cut(text[start:end]) or " ", _cut(text[end:]), wrong=True)


def faults_of(fault: BlendError) -> tuple[Fault, ...]:
    """Return the mistakes that a fault of a registry is made of; none where it is of another kind."""
    return tuple(getattr(fault, "faults", ()))


def _shown(values: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    names = [name for name in values if type(name) is str and not name.startswith("__")]
    return tuple((one_line(name), _value(name, values[name])) for name in names[:_VALUES])


def _value(name: str, value: object) -> str:
    if _SECRET.search(name) and value is not None and type(value) is not bool:
        return MASK
    try:
        return printable(_cut(_IN_URL.sub(rf"\1{MASK}@", _short.repr(value))))
    except Exception:  # of a type whose own type lies
        return f"<{type(value).__name__}>"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


class _Short(reprlib.Repr):
    """Representations of bounded length, in which what goes by the name of a secret is masked."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = 400
        self.maxtuple = self.maxlist = self.maxset = self.maxfrozenset = self.maxdict = 12
        self.maxlevel = 4

    def repr_dict(self, value: dict[Any, Any], level: int) -> str:
        return "{" + ", ".join(self._pairs(value, level)) + "}"

    def _pairs(self, value: dict[Any, Any], level: int) -> Iterator[str]:
        for number, (key, each) in enumerate(dict.items(value)):
            if level <= 0 or number == self.maxdict:
                yield "…"
                return
            secret = isinstance(key, str) and _SECRET.search(key)
            yield f"{self.repr1(key, level - 1)}: {MASK if secret else self.repr1(each, level - 1)}"

    def repr_instance(self, value: object, level: int) -> str:
        name = type(value).__name__
        # what may be of any length is asked for its beginning alone
        if isinstance(value, dict):
            return f"{name}({self.repr_dict(value, level)})"
        if isinstance(value, list):
            return f"{name}({self.repr_list(list.__getitem__(value, slice(0, self.maxlist + 1)), level)})"
        if isinstance(value, str):
            return f"{name}({self.repr_str(str.__str__(value), level)})"
        try:
            text = repr(value)
        except Exception as error:
            return f"<{name}, whose representation fails with {type(error).__name__}>"
        text = _NAMED.sub(lambda found: f"{found[1]}{MASK}", text[: 4 * self.maxother])
        return text if len(text) <= self.maxother else f"{text[: self.maxother]}…"


_short = _Short()
