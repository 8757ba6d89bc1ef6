"""Rejects: the rows that could not be rendered, each with its number, its values and what was wrong, as JSON lines.

Enters: a row and an exception. Leaves: one line of a file, from which the row can be mended and rendered again.
"""

import json
import re
from pathlib import Path
from typing import Any

from blendtpl.bulk.sources import BadRow
from blendtpl.bundle.atomic_file import replace_file
from blendtpl.errors import BlendError, described

_PLACE = re.compile(r"in template (.+?):(\d+)(?: \(|$)")


class BadRowError(BlendError):
    """A row of the input is none."""


class FileNameError(BlendError):
    """The value of a row cannot be the name of its file."""


def reject_line(number: int, row: Any, error: BaseException) -> str:
    """Return the line for a row: what `row` number, `error` and `values` are."""
    if isinstance(row, BadRow):
        error, values = BadRowError(f"row {number} is no row: {row.problem}"), {"text": row.text}
        told = {"row": number, "error": error_fields(error), "input": row.text}
    else:
        values = row
        told = {"row": number, "error": error_fields(error), "values": values}
    try:
        return json.dumps(told, default=str)
    except (TypeError, ValueError, RecursionError):  # keys that are no texts, or values that hold themselves
        plain = {str(name): _described(value) for name, value in values.items()}
        return json.dumps({"row": number, "error": error_fields(error), "values": plain})


def error_fields(error: BaseException) -> dict[str, Any]:
    """Return what a reader of rejects sorts them by: type, message, template and line, where there is one."""
    told: dict[str, Any] = {"type": type(error).__name__, "message": described(error).partition(": ")[2]}
    template, line = getattr(error, "name", None), getattr(error, "line", None)
    if isinstance(template, str) and isinstance(line, int):
        return {**told, "template": template, "line": line}
    for note in getattr(error, "__notes__", ()):
        if (found := _PLACE.match(str(note))) is not None:
            return {**told, "template": found[1], "line": int(found[2])}
    return told


def write_rejects(path: Path, lines: list[str]) -> None:
    """Write the rejects of a chunk, or remove those that an earlier try has left."""
    if lines:
        replace_file(path, ("\n".join(lines) + "\n").encode())
    else:
        path.unlink(missing_ok=True)


def count_rejects(path: Path) -> int:
    """Return how many rejects are in a file, which need not be there."""
    try:
        with path.open("rb") as file:
            return sum(1 for _ in file)
    except FileNotFoundError:
        return 0


def _described(value: object) -> str:
    try:
        return str(value)
    except Exception:
        return object.__repr__(value)
