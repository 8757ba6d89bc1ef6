"""Settings of a message: its `message.toml`, checked.

Enters: the text of the file. Leaves: its settings, or a fault at the line of what is wrong.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from blendtpl.errors import Fault, MessageError, did_you_mean
from blendtpl.mail.message import Message

FILE = "message.toml"
KIND = "message"  # of the faults

_TEXTS = ("from", "sender", "reply_to", "category", "language", "priority", "auto_submitted", "feedback_id", "text")
_SWITCHES = ("unsubscribe", "inline_css")
_TABLES = ("headers", "images", "lint")
_KNOWN = (*_TEXTS, *_SWITCHES, *_TABLES, "parts")
_SEVERAL = ("from", "reply_to")
_FIELDS = (*_SEVERAL, "sender", "language", "priority", "auto_submitted", "feedback_id", "headers")  # of a message
_BODIES = ("text", "html")
_FROM_HTML = "from html"
_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)")


def _empty() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Settings:
    """What a `message.toml` says. `fields` are those of `blendtpl.Message`; `images` paths by content id, as they are
    written; `required` the bodies that must be there; `text_from_html` whether the text is made of the HTML.
    """

    fields: Mapping[str, Any] = field(default_factory=_empty)
    headers: Mapping[str, str] = field(default_factory=_empty)
    images: Mapping[str, str] = field(default_factory=_empty)
    required: tuple[str, ...] = ()
    category: str | None = None
    unsubscribe: bool = False
    inline_css: bool | None = None
    text_from_html: bool = False
    lint: Mapping[str, Any] = field(default_factory=_empty)


def is_settings(name: str) -> bool:
    """Return whether a file of that name says something of a message, and so is no template."""
    return name.rpartition("/")[2] == FILE


def read_settings(name: str, text: str) -> Settings | list[Fault]:
    """Return the settings that the file `name` has, or every fault in it."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        position = _AT.search(str(error))
        line, column = (int(position[1]), int(position[2])) if position and position[1] else (text.count("\n") + 1, 1)
        return [_fault(name, text, line, column, _AT.sub("", str(error)), "")]
    except RecursionError:
        return [_fault(name, text, 0, 0, "it is nested too deeply", "")]
    faults = [_fault(name, text, *_place(text, key), problem, hint) for key, problem, hint in _problems(table)]
    return faults or _settings(table)


def read_every(texts: Mapping[str, str]) -> tuple[dict[str, Settings | None], list[Fault]]:
    """Return the settings of each file, `None` for one that has faults, and all of these."""
    settings_by_file: dict[str, Settings | None] = {}
    faults: list[Fault] = []
    for name, text in texts.items():
        settings = read_settings(name, text)
        if isinstance(settings, list):
            faults += settings
        settings_by_file[name] = None if isinstance(settings, list) else settings
    return settings_by_file, faults


def _problems(table: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield what is wrong, with the key that it is about and what to do."""
    for key, value in table.items():
        if key not in _KNOWN:
            yield key, f"unknown setting `{key}`", did_you_mean(key, _KNOWN) or f"settings are {', '.join(_KNOWN)}"
        elif problem := next((problem for fits, problem in _checks(key) if not fits(value)), ""):
            yield key, f"setting `{key}` {problem}", ""
        elif key in _FIELDS:
            try:
                _example({key: value})
            except MessageError as error:
                yield key, str(error), ""


def _checks(key: str) -> Iterator[tuple[Callable[[Any], bool], str]]:
    if key in _SEVERAL:
        yield lambda value: isinstance(value, str) or _is_list(value), "is no string, nor a list of such"
    elif key in _SWITCHES:
        yield lambda value: isinstance(value, bool), "is neither true nor false"
    elif key == "parts":
        yield lambda value: _is_list(value) and set(value) <= set(_BODIES), 'is no list of "text" and "html"'
    elif key == "text":
        yield lambda value: value == _FROM_HTML, f'takes "{_FROM_HTML}" only'
    elif key == "lint":
        yield lambda value: isinstance(value, dict), "is no table"
    elif key in _TABLES:
        yield lambda value: isinstance(value, dict), "is no table"
        yield lambda value: all(isinstance(entry, str) for entry in value.values()), "has a value that is no string"
    else:
        yield lambda value: isinstance(value, str), "is no string"


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


def _settings(table: Mapping[str, Any]) -> Settings:
    return Settings(
        fields=_fields(table),
        headers=_headers(table),
        images=table.get("images", {}),
        required=tuple(table.get("parts", ())),
        category=table.get("category"),
        unsubscribe=table.get("unsubscribe", False),
        inline_css=table.get("inline_css"),
        text_from_html="text" in table,
        lint=table.get("lint", {}),
    )


def _fields(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `blendtpl.Message` that are the same in each such message."""
    fields = {key: table[key] for key in ("language", "priority") if key in table}
    authors = _several(table.get("from", []))
    sender = table.get("sender", authors[0] if len(authors) == 1 else None)
    if sender is not None:
        fields["sender"] = sender
    if authors and authors != [sender]:
        fields["from_"] = authors
    if "reply_to" in table:
        fields["reply_to"] = _several(table["reply_to"])
    return fields


def _several(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _headers(table: Mapping[str, Any]) -> dict[str, str]:
    own = {"Auto-Submitted": table.get("auto_submitted"), "Feedback-ID": table.get("feedback_id")}
    return {**{name: value for name, value in own.items() if value is not None}, **table.get("headers", {})}


def _example(table: Mapping[str, Any]) -> None:
    """Make a message with these settings: what it refuses is refused in the build."""
    fields: dict[str, Any] = {"sender": "a@example.org", **_fields(table)}
    Message("subject", "text", None, to=("a@example.org",), headers=_headers(table), **fields).as_bytes()


def _place(text: str, key: str) -> tuple[int, int]:
    """Return the line and column where a key stands first; nothing of TOML says that."""
    match = re.search(rf"^([ \t]*\[?[ \t]*\"?){re.escape(key)}\b", text, re.MULTILINE)
    return (
        (text.count("\n", 0, match.end(1)) + 1, match.end(1) - text.rfind("\n", 0, match.end(1))) if match else (0, 0)
    )


def _fault(name: str, text: str, line: int, column: int, message: str, hint: str) -> Fault:
    lines = text.splitlines()
    shown = lines[line - 1] if 0 < line <= len(lines) else ""
    return Fault(name, line, column, KIND, message, hint, 1, shown)
