"""Rendering: one item with one context, or why that cannot be.

Enters: a registry, an item and a context. Leaves: texts and, of an e-mail, its bytes; or a failure with its place in
the templates. Whatever a template, a filter or a value raises is a failure, and never an error of the preview.
"""

import base64
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jinja2.lexer import newline_re

from blendtpl.bundle.environment import autoescape_by_name
from blendtpl.errors import BlendError, Fault, UndefinedError, described
from blendtpl.mail.attachments import Image
from blendtpl.mail.content_id import content_id
from blendtpl.preview.catalogue import MESSAGE, Item
from blendtpl.printable import printable
from blendtpl.runtime.registry import Registry

# who writes and reads what does not say so itself
SENDER, RECIPIENT = "Sender <sender@example.com>", "Recipient <recipient@example.org>"
UNSUBSCRIBE = "https://example.com/unsubscribe/1"
_AROUND = 3  # lines of a source that are shown before and after the one in question


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a source, as an excerpt has it; `before`, `marked` and `after` are its text, in three pieces."""

    number: int
    before: str
    marked: str = ""
    after: str = ""
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that is wrong, and where: `line` counts from 1, 0 stands for unknown; `chain` is what led there."""

    title: str
    message: str
    name: str = ""
    line: int = 0
    column: int = 0
    hint: str = ""
    chain: tuple[str, ...] = ()
    excerpt: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Rendered:
    """What an item looks like with one context: `message` are the bytes of an e-mail; `images` the URLs by which its
    HTML shows images that go with it, each with one that has the image in it.
    """

    subject: str | None = None
    html: str | None = field(default=None, repr=False)
    text: str | None = field(default=None, repr=False)
    message: bytes | None = field(default=None, repr=False)
    sender: str = SENDER
    images: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    failure: Failure | None = None


def render(registry: Registry, item: Item, context: Mapping[str, Any], language: str = "") -> Rendered:
    """Return an item rendered with a context, in that language or in its own, or the failure that came of it."""
    try:
        if item.kind == MESSAGE:
            return _message(registry, item.name, context, language)
        text = registry.render(item.parts["page"], context)
    except Exception as error:
        return Rendered(failure=_failure(error, registry))
    if autoescape_by_name(item.parts["page"]) or text.lstrip()[:5].lower() in {"<!doc", "<html"}:
        return Rendered(html=text)
    return Rendered(text=text)


def _message(registry: Registry, name: str, context: Mapping[str, Any], language: str) -> Rendered:
    entry = registry.messages[name].entry
    fields: dict[str, Any] = {} if "sender" in entry.fields else {"sender": SENDER}
    if entry.unsubscribe:
        fields["unsubscribe"] = UNSUBSCRIBE
    if language:
        fields["language"] = language.replace("_", "-")
    message = registry.message(name, context, to=[RECIPIENT], **fields)
    images = tuple((f"cid:{content_id(image.name)}", _data_url(image)) for image in message.images)
    return Rendered(message.subject, message.html, message.text, message.as_bytes(), message.sender, images)


def _data_url(image: Image) -> str:
    return f"data:{image.type};base64,{base64.b64encode(bytes(image.content)).decode()}"


def _failure(error: Exception, registry: Registry) -> Failure:
    if isinstance(error, UndefinedError) and error.name:
        name, line, chain, hint, message = error.name, error.line, error.chain, error.hint, str(error.message)
    else:
        name, line, chain = _place(error, registry)
        hint, message = "", printable(str(error) if isinstance(error, BlendError) else described(error))
    source = registry[name].source if name in registry else None
    lines = excerpt_of(source or "", line)
    title = "A variable is missing" if isinstance(error, UndefinedError) else "It cannot be rendered"
    return Failure(title, message, name, line, 0, hint, chain, lines)


def _place(error: Exception, registry: Registry) -> tuple[str, int, tuple[str, ...]]:
    """Return the innermost place in the templates that an error came through, and what led there."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [(frame.filename, frame.lineno or 0) for frame in frames if frame.filename in registry]
    if not places:
        return "", 0, ()
    (name, line), others = places[-1], places[-2::-1]
    return name, line, tuple(f"{other}:{number}" for other, number in others)


def fault_shown(fault: Fault, sources: Mapping[str, str]) -> Failure:
    """Return a mistake or a warning of the compiler as a failure with the lines around it."""
    lines = excerpt_of(sources.get(fault.name, ""), fault.line, fault.column, fault.width)
    if not lines and fault.line and fault.source_line:
        lines = (_marked(fault.line, fault.source_line, fault.column, fault.width),)
    return Failure(
        fault.kind, printable(fault.message), fault.name, fault.line, fault.column, printable(fault.hint), (), lines
    )


def excerpt_of(source: str, line: int, column: int = 0, width: int = 0) -> tuple[Line, ...]:
    """Return the lines around one of a source, which is marked from a column on; none where there is no such line."""
    lines = newline_re.split(source)[::2]
    if not 0 < line <= len(lines):
        return ()
    first, last = max(line - _AROUND, 1), min(line + _AROUND, len(lines))
    return tuple(
        _marked(number, lines[number - 1], column, width) if number == line else Line(number, lines[number - 1])
        for number in range(first, last + 1)
    )


def _marked(number: int, text: str, column: int, width: int) -> Line:
    if not column:
        return Line(number, text, wrong=True)
    start, end = column - 1, column - 1 + max(width, 1)
    return Line(number, text[:start], text[start:end], text[end:], wrong=True)
