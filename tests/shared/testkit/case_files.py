"""Cases that are files: template sets that are rendered by Jinja2 and by blendtpl, one in each file of a folder.

Enters: a folder of `NAME.txt`, and the environments and classes that files may name. Leaves: a `Case` for each options
and context in each file, or one error that lists every fault of every file by its line. `tests/cases/README.md` says
what a file looks like. Nothing here renders.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import blendtpl
from testkit.oracle import MakeEnvironment
from testkit.sections import (
    Names,
    Section,
    SectionFault,
    check_labels,
    environment_of,
    json_of,
    read_sections,
    templates_of,
)

_KINDS: Mapping[str, tuple[str, ...]] = {"context": (), "literal": (), "options": ()}
_CONTEXTS = ("context", "literal")
NO_NAMES = Names()


@dataclass(frozen=True, slots=True)
class Case:
    """A template set whose `main.html` is rendered with fresh variables in a fresh environment."""

    title: str
    templates: Mapping[str, str]
    variables: Callable[[], Mapping[str, Any]] = dict
    make: MakeEnvironment = blendtpl.default_environment


class CaseError(Exception):
    """Files that are no cases: every fault on a line of its own, with the file and the line that it stands in."""


def read_folder(folder: Path, names: Names = NO_NAMES) -> tuple[Case, ...]:
    """Return the cases of all files of a folder, in the order of the files' names."""
    cases: dict[str, Case] = {}
    faults = []
    for path in sorted(path for path in folder.iterdir() if not path.name.startswith(".")):
        try:
            for case in read_file(path, names):
                if case.title in cases:
                    raise SectionFault(1, f"another file has a case of the title `{case.title}`")
                cases[case.title] = case
        except SectionFault as fault:
            faults.append(f"{path}:{fault.line}: {fault}")
    if faults:
        raise CaseError("\n".join(faults))
    return tuple(cases.values())


def read_file(path: Path, names: Names) -> Iterator[Case]:
    """Yield a case for each of the options and each of the contexts in a file."""
    title, sections = read_sections(path, _KINDS)
    templates = templates_of(sections, _KINDS)
    optional = [section for section in sections if section.what == "options"]
    given = [section for section in sections if section.what in _CONTEXTS]
    check_labels(optional)
    check_labels(given)
    options = [(section.label, environment_of(section, names)) for section in optional]
    contexts = [(section.label, _context(section)) for section in given]
    for option_label, make in options or [(None, blendtpl.default_environment)]:
        for context_label, variables in contexts or [(None, dict)]:
            labels = (label for label in (title, option_label, context_label) if label)
            yield Case(", ".join(labels), templates, variables, make)


def _context(section: Section) -> Callable[[], Mapping[str, Any]]:
    """Return a function that makes the variables anew, so that a render that changes them changes nobody else's."""
    found = json_of(section) if section.what == "context" else _literal(section)
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise SectionFault(section.line + 1, 'a context has variables by name: {"user": …}')
    return partial(deepcopy, found)  # `literal_eval` would leave something for the collector each time


def _literal(section: Section) -> object:
    try:
        found: object = ast.literal_eval(section.text.strip())
    except SyntaxError as error:
        raise SectionFault(section.line + (error.lineno or 1), f"bad literal: {error.msg}") from None
    except (ValueError, TypeError):
        known = "numbers, texts, tuples, lists, dicts and sets"
        raise SectionFault(section.line + 1, f"bad literal: it may have no more than {known}") from None
    return found
