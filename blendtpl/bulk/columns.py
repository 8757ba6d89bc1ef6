"""Columns: what a template or a message reads of a row, told by the manifest before the first row.

Enters: a registry, a name, the columns of a source. Leaves: the columns to read, or all that are missing in one error.
"""

from collections.abc import Collection, Mapping
from typing import Any

import jinja2

from blendtpl.bulk.errors import BulkError, MissingColumnsError
from blendtpl.bundle.environment import passed_argument
from blendtpl.errors import closest
from blendtpl.runtime.registry import Registry

# which look up a translation in the context, and no column
_TRANSLATING = frozenset(("_", "gettext", "ngettext", "pgettext", "npgettext"))


def templates_of(registry: Registry, name: str, *, message: bool) -> tuple[str, ...]:
    """Return the templates that are rendered for a template, or for a message."""
    if not message:
        return (registry[name].name,)
    entry = registry.messages[name].entry
    return (entry.template,) if entry.template is not None else tuple(entry.parts.values())


def variables_of(registry: Registry, templates: Collection[str]) -> tuple[str, ...]:
    """Return all names that templates read of what they are given."""
    return tuple(sorted({variable for name in templates for variable in registry[name].variables}))


def check_columns(
    path: str, name: str, wanted: Collection[str], columns: Collection[str], given: Collection[str]
) -> None:
    """Raise `MissingColumnsError` for what is neither a column nor given for all rows."""
    missing = [each for each in wanted if each not in columns and each not in given]
    if missing:
        raise MissingColumnsError(path, name, missing, list(columns))


def check_chosen(path: str, option: str, chosen: Collection[str], columns: Collection[str]) -> None:
    """Raise `BulkError` for a column that an option names and that there is not."""
    for column in chosen:
        if column not in columns:
            close = closest(column, columns)
            hint = f"did you mean `{close}`?" if close else f"it has {', '.join(columns) or 'none'}"
            raise BulkError(f"`{path}` has no column `{column}`, which {option} names; {hint}")


def columns_to_read(
    registry: Registry, templates: Collection[str], environment: jinja2.Environment, more: Collection[str]
) -> frozenset[str] | None:
    """Return the columns that can make a difference, or `None` where any can.

    Any can where a template is chosen by a value, or a function is passed the whole context.
    """
    manifest = registry.manifest
    reached: set[str] = set()
    waiting = list(templates)
    while waiting:
        name = waiting.pop()
        if name in reached or name not in manifest.templates:
            continue
        reached.add(name)
        for reference in manifest.templates[name].references:
            if not reference.names:
                return None
            waiting += reference.names
    if _passes_context(manifest.needs.filters, manifest.needs.tests, manifest.needs.globals, environment):
        return None
    # a column over a global of the same name is read in its place
    return frozenset({*variables_of(registry, templates), *manifest.needs.globals, *more})


def _passes_context(
    filters: Mapping[str, str], tests: Mapping[str, str], names: Collection[str], environment: jinja2.Environment
) -> bool:
    if "context" in filters.values() or "context" in tests.values():
        return not ({name for name, kind in {**filters, **tests}.items() if kind == "context"} <= _OWN_FILTERS)
    found: dict[str, Any] = {name: environment.globals.get(name) for name in names if name not in _TRANSLATING}
    return any(passed_argument(function) == "context" for function in found.values())


# Jinja2's own that are passed the context, and look up filters, tests and nothing else in it
_OWN_FILTERS = frozenset(("map", "random", "select", "reject", "selectattr", "rejectattr"))
