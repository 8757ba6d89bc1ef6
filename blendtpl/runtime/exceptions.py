"""Exceptions: what is done with exceptions of anybody, by what `BaseException` itself has.

Enters: an exception of whatever class. Leaves: the same object, with other entries in its traceback, or with a note.
Nothing here runs code of that class, whatever it overrides or forbids: what it did would come out in place of the
exception; and what a handler of signals raises in the meantime could not be told from that.
"""

from types import CodeType, FunctionType, TracebackType
from typing import Any

_BASE = vars(BaseException)
_TRACE, _CAUSE, _CONTEXT, _DICT = (_BASE[name] for name in ("__traceback__", "__cause__", "__context__", "__dict__"))
_MRO, _NAMESPACE = (vars(type)[name] for name in ("__mro__", "__dict__"))

_FUNCTIONS = ("macro ", "call block")  # of all that may stand inlined these are no generators in Jinja2

_STEP = 2  # bytes of an instruction, for which there is one place
_NO_COLUMNS, _MOST = 13, 8  # of `Objects/locations.md` of CPython: a place without columns, and how many it may be for


def trace_of(error: BaseException) -> TracebackType | None:
    """Return the traceback of an exception."""
    return _TRACE.__get__(error)  # type: ignore[no-any-return]


def with_trace(error: BaseException, trace: TracebackType | None) -> BaseException:
    """Return an exception, which is given that traceback."""
    _TRACE.__set__(error, trace)
    return error


def cause_of(error: BaseException) -> BaseException | None:
    """Return what an exception was raised from."""
    return _CAUSE.__get__(error)  # type: ignore[no-any-return]


def context_of(error: BaseException) -> BaseException | None:
    """Return what was being handled when an exception was raised."""
    return _CONTEXT.__get__(error)  # type: ignore[no-any-return]


def set_cause(error: BaseException, cause: BaseException) -> None:
    """Have an exception be raised from another."""
    _CAUSE.__set__(error, cause)


def set_context(error: BaseException, context: BaseException | None) -> None:
    """Have that be what was being handled when an exception was raised."""
    _CONTEXT.__set__(error, context)


def is_a(error: object, kind: type) -> bool:
    """Return whether something is of a type, whatever it says of its class."""
    return issubclass(type(error), kind)


def static(kind: type, name: str) -> Any:
    """Return what a class, or one that it is made of, has by a name, or `None`; no descriptor is asked."""
    for base in _MRO.__get__(kind):
        value = _NAMESPACE.__get__(base).get(name)
        if value is not None:
            return value
    return None


def add_note(error: BaseException, note: str) -> None:
    """Add a note to an exception unless it has that, for an object that is raised again must not grow. One whose class
    has notes of its own, or whose notes are no list, gets none.
    """
    if static(type(error), "__notes__") is not None:
        return
    namespace = _DICT.__get__(error)
    notes = dict.get(namespace, "__notes__")
    if notes is None:
        dict.__setitem__(namespace, "__notes__", [note])
    elif is_a(notes, list) and not any(type(existing) is str and existing == note for existing in list.__iter__(notes)):
        list.append(notes, note)


def line_of(trace: TracebackType) -> int:
    """Return the line of an entry. What is raised from outside, as by a handler of signals, may come at an instruction
    that has none: then it is that of the last one before it.
    """
    number: int | None = trace.tb_lineno
    if number is not None:
        return number
    code = trace.tb_frame.f_code
    lines = [line for start, _, line in code.co_lines() if line is not None and start <= trace.tb_lasti]
    return lines[-1] if lines else code.co_firstlineno


def entry(behind: TracebackType | None, file: str, name: str, line: int, space: dict[str, Any]) -> TracebackType:
    """Return an entry of code that has not run as such, before those that are `behind` it; `space` are its globals."""
    code = _NOTHING.replace(co_filename=file, co_name=name, co_qualname=name, co_firstlineno=line)
    return TracebackType(behind, FunctionType(code, space)().gi_frame, 0, line)


def insert_frame(error: BaseException, compiled: Any, name: str, line: int | None = None) -> BaseException:
    """Return an error that arose where a template's code stands inlined in another's, with the entry that a call of it
    would have made in place of that of the function around it; `name` is what stood there (R2).
    """
    trace = trace_of(error)
    if trace is None:
        return error
    with_trace(error, entry(trace.tb_next, compiled.filename, name, line or line_of(trace), compiled.space))
    if is_a(error, StopIteration) and not name.startswith(_FUNCTIONS):
        replacement = ended(error)
        return with_trace(replacement, trace_of(error))
    return error


def insert_frames(error: BaseException, *entries: Any) -> BaseException:
    """Return an error with entries of templates whose code was not run as such put before those of its traceback: of
    each its unit, what stood there and the line, the innermost first.
    """
    trace = trace_of(error)
    for compiled, name, line in zip(entries[::3], entries[1::3], entries[2::3], strict=True):
        trace = entry(trace, compiled.filename, name, line, compiled.space)
    return with_trace(error, trace)


def shortened(error: BaseException) -> BaseException:
    """Return an error without the first entry of its traceback, for one that comes through the same code once more."""
    trace = trace_of(error)
    return with_trace(error, trace and trace.tb_next)


def ended(error: BaseException) -> RuntimeError:
    """Return what Python makes of a `StopIteration` that comes out of a generator, as templates are in Jinja2; it is to
    be raised where that was caught. Else it would end the loop around, whichever that is (R3).
    """
    replacement = RuntimeError("generator raised StopIteration")
    set_cause(replacement, error)
    trace = trace_of(error)
    with_trace(replacement, trace and trace.tb_next)
    return replacement


def upto(
    trace: TracebackType | None, last: TracebackType | None, behind: TracebackType | None = None
) -> TracebackType | None:
    """Return a traceback that ends with one of its entries, or with all of them, and goes on with what is `behind`."""
    entries: list[TracebackType] = []
    while trace is not None:
        entries.append(trace)
        trace = None if trace is last else trace.tb_next
    for tb in reversed(entries):
        behind = TracebackType(behind, tb.tb_frame, tb.tb_lasti, line_of(tb))
    return behind


def _nothing() -> CodeType:
    """Return the code of a generator: its frame, unlike that of a function that is called, holds none of what is around
    it. All of it is in its first line, and has no columns, which would be those of another text.
    """
    code = (lambda: (yield)).__code__
    remaining, places = len(code.co_code) // _STEP, bytearray()
    while remaining > 0:
        places += bytes((0x80 | _NO_COLUMNS << 3 | min(remaining, _MOST) - 1, 0))  # and no line further
        remaining -= _MOST
    return code.replace(co_linetable=bytes(places))


_NOTHING = _nothing()
