"""Lines: which line of a template, and which of the application, a stack stands in.

Enters: the files and lines of a stack. Leaves: a text such as ``mail.html:3, in app/filters.py:12``. The compiler puts
code of one template into that of another, in place of a call, so that a line number there may be of either.
"""

import dis
import os
import sys
import sysconfig
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType, FunctionType
from typing import NamedTuple, Protocol

import jinja2
import markupsafe

from blendtpl.runtime.compiled_template import CompiledTemplate
from blendtpl.runtime.template import Template

_PACKAGES = tuple(f"{Path(file).parent}{os.sep}" for file in (__file__, jinja2.__file__, markupsafe.__file__))
_STANDARD = sysconfig.get_path("stdlib") + os.sep
_INSTALLED = "site-packages"


class Line(Protocol):
    """A line of a file; 0 for one that is not known."""

    @property
    def filename(self) -> str: ...  # noqa: D102
    @property
    def lineno(self) -> int: ...  # noqa: D102


class Place(NamedTuple):
    """A line in the code of a template, and where in the application that went, or `""`."""

    template: str
    line: int
    own: str


def innermost(stack: Sequence[Line], templates: Mapping[str, Template]) -> Place | None:
    """Return the place in a stack, whose innermost line is the last."""
    own = ""
    for line in reversed(stack):
        if line.filename in templates:
            return Place(line.filename, line.lineno, own)
        if not own and _is_own(line.filename):
            own = f"{_from_here(line.filename)}:{line.lineno}"
    return None


def shown(place: Place, templates: Mapping[str, Template]) -> str:
    """Return a place as text. When the line may be of several templates, it has all of them."""
    template = templates[place.template]
    count = sys.maxsize if template.source is None else template.source.count("\n") + 1
    names = origins(template._compiled, count).get(place.line, [place.template])
    line = f":{place.line}" if place.line else ""
    return " or ".join(f"{name}{line}" for name in names) + (f", in {place.own}" if place.own else "")


def _is_own(file: str) -> bool:
    """Return whether a file is the application's, or of a library that it uses."""
    if file.startswith(("<", *_PACKAGES)):
        return False
    return _INSTALLED in file or not file.startswith(_STANDARD)


def _from_here(file: str) -> str:
    path, here = Path(file), Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else file


def origins(compiled: CompiledTemplate, lines: int) -> Mapping[int, list[str]]:
    """Return the templates that each line in the code of a unit may be of; its own has so many lines."""
    names_by_line: dict[int, dict[str, None]] = defaultdict(dict)
    for function in compiled.space.values():
        if type(function) is FunctionType and function.__code__.co_filename == compiled.filename:
            for code in _codes(function.__code__):
                for line, name in _lines(code, compiled):
                    # what is written of a value that is ready may stand behind the code that it comes from
                    if name or line <= lines:
                        names_by_line[line][name or compiled.filename] = None
    return {line: sorted(names) for line, names in names_by_line.items()}


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if type(constant) is CodeType:
            yield from _codes(constant)


def _lines(code: CodeType, compiled: CompiledTemplate) -> Iterator[tuple[int, str]]:
    """Yield the line of each instruction, and the template that it came from, if that is another.

    Such code is in a `try` whose handler tells what was called, for tracebacks: see
    `blendtpl.runtime.exceptions.insert_frame`.
    """
    listed = dis.Bytecode(code)
    entries = listed.exception_entries  # type: ignore[attr-defined]  # mypy does not know of it
    instructions = list(listed)
    handlers = {entry.target: _called_there(instructions, entry.target, compiled) for entry in entries}
    for instruction in instructions:
        at, name, line = instruction.offset, "", instruction.positions and instruction.positions.lineno
        while not name and (
            entry := next((candidate for candidate in entries if candidate.start <= at < candidate.end), None)
        ):
            name, at = handlers[entry.target], entry.target
        if line is not None and not instruction.opname.startswith(("JUMP", "NOP")):
            yield line, name


def _called_there(instructions: Sequence[dis.Instruction], target: int, compiled: CompiledTemplate) -> str:
    """Return the template of the code that a handler of errors is for, or `""`."""
    names = [
        instruction.argval
        for instruction in instructions
        if instruction.offset >= target and instruction.opname == "LOAD_GLOBAL"
    ][:3]
    linked = compiled.space.get(names[names.index("insert_frame") + 1]) if "insert_frame" in names[:2] else None
    return str(linked.filename) if isinstance(linked, CompiledTemplate) else ""
