"""Files of sections: a first line that says what the file is about, then templates, options and what else there is.

Enters: a file. Leaves: its title and its sections, or a `SectionFault` that knows the line. What templates and options
are is said here, once for all kinds of files; `tests/cases/README.md` describes them.
"""

import inspect
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import jinja2
from jinja2.ext import Extension
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedEnvironment

import blendtpl
from blendtpl.bundle.environment import with_defaults
from testkit.oracle import MakeEnvironment

Found = TypeVar("Found")

_HEADER = re.compile(r"--- (?P<what>[^\s:()]+)(?: \((?P<form>[^()]*)\))?(?:: (?P<label>.*\S))?\s*")
_TOML_LINE = re.compile(r" \(at line (\d+), .*\)$")
_OPTIONS = frozenset(inspect.signature(jinja2.Environment).parameters)


class SectionFault(Exception):  # it is the file's
    """What is wrong with a file, and in which of its lines."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Section:
    """A section as it stands in a file: ``--- what (form): label``, in which line that is, and what follows it."""

    line: int
    what: str
    form: str | None
    label: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Names:
    """What the options of a file may name, beside what blendtpl and Jinja2 have."""

    environments: Mapping[str, MakeEnvironment] = field(default_factory=dict)
    undefined: Mapping[str, type[jinja2.Undefined]] = field(default_factory=dict)
    finalize: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    extensions: Mapping[str, str | type[Extension]] = field(default_factory=dict)


def read_sections(path: Path, kinds: Mapping[str, tuple[str, ...]]) -> tuple[str, list[Section]]:
    """Return the title of a file, and its sections: templates, and those of the kinds that are named, with the forms
    that each may have.
    """
    if path.suffix != ".txt":
        raise SectionFault(1, "a case is a file that ends in `.txt`")
    lines = _text_of(path).removesuffix("\n").split("\n")
    starts = [number for number, line in enumerate(lines) if line.startswith("---")]
    if not lines[0].strip() or 0 in starts:
        raise SectionFault(1, "the first line says in a sentence what the case is about")
    found = list(_sections(lines, starts))
    for section in found:
        _check(section, kinds)
    return lines[0].strip(), found


def _text_of(path: Path) -> str:
    """Return a file's text with its own line breaks, which are the template's."""
    content = path.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SectionFault(line, f"no UTF-8: {error.reason}") from None


def _sections(lines: list[str], starts: list[int]) -> Iterator[Section]:
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=False):
        header = _HEADER.fullmatch(lines[start])
        if header is None:
            raise SectionFault(start + 1, f"`{lines[start]}` is no section; `--- main.html` would be one")
        text = "\n".join(lines[start + 1 : end])
        yield Section(start + 1, header["what"], header["form"], header["label"], text)


def _check(section: Section, kinds: Mapping[str, tuple[str, ...]]) -> None:
    if section.what not in kinds and "." not in section.what:
        known = ", ".join(f"`{name}`" for name in kinds)
        raise SectionFault(section.line, f"unknown section `{section.what}`; there are {known} and names of templates")
    forms = kinds.get(section.what, ("escaped",))
    if section.form is not None and section.form not in forms:
        hint = f"; there is `({forms[0]})`" if forms else ""
        raise SectionFault(section.line, f"`{section.what}` has no form `{section.form}`{hint}")
    if section.label is not None and section.what not in kinds:
        raise SectionFault(section.line, f"a template has no label, as `{section.label}` is")


def templates_of(sections: Iterable[Section], kinds: Iterable[str]) -> dict[str, str]:
    """Return the templates of a file, of which `main.html` is one, by name."""
    found: dict[str, str] = {}
    for section in sections:
        if section.what in kinds:
            continue
        if section.what in found:
            raise SectionFault(section.line, f"`{section.what}` is there twice")
        found[section.what] = section.text if section.form is None else _escaped(section)
    if "main.html" not in found:
        raise SectionFault(1, "no section `main.html`, which is what is rendered")
    return found


def _escaped(section: Section) -> str:
    """Return a text that would not be seen, or not survive an editor: it stands there as a string of JSON."""
    found = json_of(section)
    if not isinstance(found, str):
        raise SectionFault(section.line + 1, "an escaped template is a string of JSON")
    return found


def json_of(section: Section) -> Any:
    """Return what the text of a section is as JSON."""

    def constant(name: str) -> NoReturn:
        raise SectionFault(section.line + 1, f"bad JSON: `{name}` is none")

    try:
        return json.loads(section.text, parse_constant=constant)
    except json.JSONDecodeError as error:
        raise SectionFault(section.line + error.lineno, f"bad JSON: {error.msg}, column {error.colno}") from None


def check_labels(sections: Iterable[Section]) -> None:
    """See to it that several sections of a kind can be told apart by what cases are called."""
    found = list(sections)
    seen: set[str | None] = set()
    for section in found:
        if len(found) > 1 and section.label is None:
            raise SectionFault(section.line, f"one of several has a label: `--- {section.what}: what is special here`")
        if section.label in seen:
            raise SectionFault(section.line, f"the label `{section.label}` is there twice")
        seen.add(section.label)


def environment_of(section: Section, names: Names) -> MakeEnvironment:
    """Return what makes the environment that a section of options says."""
    options = _toml_of(section)

    def named(option: str, value: object, table: Mapping[str, Found]) -> Found:
        if isinstance(value, str) and value in table:
            return table[value]
        known = ", ".join(sorted(table)) or "none"
        raise SectionFault(_line_of(section, option), f"no {option} is called {value!r}; there are {known}")

    make = named("environment", options.pop("environment", "jinja2"), {**_ENVIRONMENTS, **names.environments})
    if "undefined" in options:
        options["undefined"] = named("undefined", options["undefined"], {**_UNDEFINED, **names.undefined})
    if "finalize" in options:
        options["finalize"] = named("finalize", options["finalize"], names.finalize)
    if "extensions" in options:
        extensions = {**_EXTENSIONS, **names.extensions}
        if not isinstance(options["extensions"], list):
            raise SectionFault(_line_of(section, "extensions"), "`extensions` is a list")
        options["extensions"] = [named("extensions", each, extensions) for each in options["extensions"]]
    if not options:
        return make
    if make is blendtpl.default_environment:
        make = with_blendtpls_defaults
    elif not isinstance(make, type):
        raise SectionFault(section.line, "this environment is made as it is, and takes no other options")
    for option in options:
        if option not in _OPTIONS:
            raise SectionFault(_line_of(section, option), f"`{option}` is no option of an environment")
    return partial(make, **options)


def with_blendtpls_defaults(**options: Any) -> jinja2.Environment:
    """Return a new environment with these options, and blendtpl's defaults for all others."""
    return with_defaults(jinja2.Environment, options)


def _toml_of(section: Section) -> dict[str, Any]:
    try:
        return tomllib.loads(section.text)
    except tomllib.TOMLDecodeError as error:
        at = _TOML_LINE.search(str(error))  # else it is at the end
        line = int(at[1]) if at else 1 + section.text.count("\n")
        raise SectionFault(section.line + line, f"bad TOML: {_TOML_LINE.sub('', str(error))}") from None


def _line_of(section: Section, option: str) -> int:
    lines = section.text.split("\n")
    return section.line + 1 + next((n for n, line in enumerate(lines) if line.lstrip().startswith(option)), 0)


_ENVIRONMENTS: Mapping[str, MakeEnvironment] = {
    "blendtpl": blendtpl.default_environment,
    "jinja2": jinja2.Environment,
    "sandbox": SandboxedEnvironment,
    "immutable sandbox": ImmutableSandboxedEnvironment,
}
_UNDEFINED = {
    kind.__name__: kind
    for kind in (jinja2.Undefined, jinja2.StrictUndefined, jinja2.ChainableUndefined, jinja2.DebugUndefined)
}
_EXTENSIONS: Mapping[str, str | type[Extension]] = {
    **{name: f"jinja2.ext.{name}" for name in ("i18n", "do", "loopcontrols", "debug")},
    "flush": blendtpl.FlushExtension,
}
