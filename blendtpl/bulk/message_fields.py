"""Fields of messages: which column has the recipient of a row, and what all messages have in common.

Enters: the words of whoever starts a job. Leaves: for each row the fields that `MessageTemplate.compose` takes.
"""

from collections.abc import Collection, Mapping
from typing import Any

from blendtpl.bulk.errors import BulkError
from blendtpl.errors import closest

HEADER = "header:"
_LISTS = ("to", "cc", "bcc", "from_")
FIELDS = (*_LISTS, "sender", "reply_to", "unsubscribe", "language", "priority", "message_id")
_USUAL = ("to", "email", "e-mail", "e_mail", "mail", "recipient", "address")  # columns that are `to` by themselves


def check_fields(names: Collection[str]) -> None:
    """Raise `BulkError` for what is no field of a message that a row or all rows may say."""
    for name in names:
        if name in FIELDS or (name.startswith(HEADER) and len(name) > len(HEADER)):
            continue
        close = closest(name, FIELDS)
        hint = f"did you mean `{close}`?" if close else f"there are {', '.join(FIELDS)} and {HEADER}NAME"
        raise BulkError(f"`{name}` is no field of a message; {hint}")


def with_recipient(path: str, columns: Collection[str]) -> str:
    """Return the column with the recipients where nothing says who they are; raises `BulkError` for none of them."""
    found = next((column for usual in _USUAL for column in columns if column.lower() == usual), None)
    if found is None:
        raise BulkError(
            f"which column of `{path}` has the address of the recipient? say `--to COLUMN`;"
            f" it has {', '.join(columns) or 'none'}"
        )
    return found


class RowFields:
    """Makes the fields of a row's message. A column that has nothing leaves the field to the message's own settings."""

    def __init__(self, fields: Mapping[str, str], fixed: Mapping[str, str]) -> None:
        self._fields = tuple((name, column) for name, column in fields.items() if not name.startswith(HEADER))
        self._headers = tuple((name[len(HEADER) :], at) for name, at in fields.items() if name.startswith(HEADER))
        self._fixed = {name: _listed(name, value) for name, value in fixed.items() if not name.startswith(HEADER)}
        self._fixed_headers = {name[len(HEADER) :]: value for name, value in fixed.items() if name.startswith(HEADER)}

    def of(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of the message for a row."""
        found: dict[str, Any] = {"to": (), **self._fixed}
        for name, column in self._fields:
            value = row[column]
            if value is not None and value != "":
                found[name] = _listed(name, value)
        if self._headers or self._fixed_headers:
            values = {name: row[column] for name, column in self._headers}
            said = {name: str(value) for name, value in values.items() if value is not None and value != ""}
            found["headers"] = {**self._fixed_headers, **said}
        return found


def _listed(name: str, value: Any) -> Any:
    return [value] if name in _LISTS and isinstance(value, str) else value
