"""Messages as who gets them reads them.

Enters: a `blendtpl.Message`, the bytes of a message, an `email.message.Message`, or what Django and Flask-Mail send.
Leaves: a `ReadMessage`, whose fields are plain values for `assert`. What it says is read out of the bytes, and not
taken from the fields of the message: a test sees what is on the wire.
"""

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any, cast

from blendtpl.testing.html import read_html

_URL = re.compile(r"(?:https?|ftp)://[^\s<>\"]+|mailto:[^\s<>\"]+", re.IGNORECASE)
_BEHIND = ".,;:!?'*_…»”’"  # of a sentence, and not of a URL in it
_OPENING = {")": "(", "]": "["}
_CLOSING = tuple(_OPENING)
_FOLD = re.compile(r"\r?\n(?=[ \t])")


@dataclass(frozen=True, slots=True)
class ReadAttachment:
    """A file in a message: an attachment, or an image that the HTML shows, which has a `content_id`."""

    name: str
    type: str
    content: bytes = field(repr=False)
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class ReadMessage:
    """A message, read.

    - `headers` are those of the message in order, unfolded and decoded; `header` gives one of them.
    - `text` and `html` are the bodies, with line feeds, or `None`; `html_text` is what the HTML shows, in one line.
    - `text_links` and `html_links` are the URLs in them, in order; `sources` those that images are taken from.
    - `recipients` and `bcc` are those of the envelope, and empty for bytes, which don't have it.
    """

    headers: tuple[tuple[str, str], ...]
    text: str | None
    html: str | None
    html_text: str
    text_links: tuple[str, ...]
    html_links: tuple[str, ...]
    sources: tuple[str, ...]
    attachments: tuple[ReadAttachment, ...]
    recipients: tuple[str, ...]
    bcc: tuple[str, ...]
    data: bytes = field(repr=False)

    def header(self, name: str) -> str | None:
        """Return the first header of that name, or `None`."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def subject(self) -> str:
        """The subject; empty where there is none."""
        return self.header("Subject") or ""

    @property
    def links(self) -> tuple[str, ...]:
        """The URLs of both bodies, each once."""
        return tuple(dict.fromkeys(self.html_links + self.text_links))


def read(message: object) -> ReadMessage:
    """Return a message as it is read. Raises `TypeError` for what is none."""
    if isinstance(message, ReadMessage):
        return message
    data = octets(message)
    parsed = email.message_from_bytes(data, policy=email.policy.default)
    text = html = None
    attachments = []
    for part in _leaves(parsed):
        kind = part.get_content_type()
        plain = part.get_content_disposition() != "attachment" and part.get_filename() is None
        if plain and kind == "text/plain" and text is None:
            text = _decoded(part)
        elif plain and kind == "text/html" and html is None:
            html = _decoded(part)
        else:
            attachments.append(_attachment(part))
    words, html_links, sources = read_html(html or "")
    bcc = tuple(str(box) for box in getattr(message, "bcc", ()) or ())
    return ReadMessage(
        tuple(_headers(data)),
        text,
        html,
        words,
        tuple(urls(text or "")),
        html_links,
        sources,
        tuple(attachments),
        _recipients(message),
        bcc,
        data,
    )


def octets(message: Any) -> bytes:
    """Return the bytes of a message of whatever kind."""
    if isinstance(message, (bytes, bytearray, memoryview)):
        return bytes(message)
    data = getattr(message, "data", None)  # of what was posted
    if isinstance(data, bytes):
        return data
    if hasattr(message, "as_bytes"):
        return bytes(message.as_bytes())
    if hasattr(message, "message"):  # Django's
        return bytes(message.message().as_bytes())
    raise TypeError(f"a message is read, or its bytes, and not what is of the type `{type(message).__name__}`")


def urls(text: str) -> Iterator[str]:
    """Yield the URLs that stand in a text, without the signs of the sentence around them."""
    for match in _URL.finditer(text):
        url = match[0].rstrip(_BEHIND)
        while url.endswith(_CLOSING) and url.count(url[-1]) > url.count(_OPENING[url[-1]]):
            url = url[:-1].rstrip(_BEHIND)
        yield url


def _leaves(message: EmailMessage) -> Iterator[EmailMessage]:
    """Yield the parts of a message that hold something; a message inside is one of them."""
    if message.get_content_maintype() == "multipart":
        for part in message.iter_parts():
            yield from _leaves(cast(EmailMessage, part))
    else:
        yield message


def _decoded(part: EmailMessage) -> str:
    payload = cast(bytes, part.get_payload(decode=True))
    return payload.decode(part.get_content_charset("utf-8"), "replace").replace("\r\n", "\n")


def _attachment(part: EmailMessage) -> ReadAttachment:
    kind = part.get_content_type()
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):  # a message
        content = b"".join(enclosed.as_bytes() for enclosed in part.iter_parts())
    content_id = str(part["Content-ID"] or "").strip("<>")
    return ReadAttachment(part.get_filename() or "", kind, content, content_id)


def _headers(data: bytes) -> Iterator[tuple[str, str]]:
    head = re.split(rb"\r?\n\r?\n", data, maxsplit=1)[0].decode("utf-8", "surrogateescape")
    for line in _FOLD.sub("", head).splitlines():
        name, _, value = line.partition(":")
        yield name, str(make_header(decode_header(value.strip()))) if "=?" in value else value.strip()


def _recipients(message: Any) -> tuple[str, ...]:
    recipients = getattr(message, "send_to", None)  # Flask-Mail's, whose `recipients` are those of `To`
    if isinstance(recipients, set):
        return tuple(sorted(recipient if isinstance(recipient, str) else recipient[1] for recipient in recipients))
    recipients = getattr(message, "recipients", None)
    recipients = recipients() if callable(recipients) else recipients
    return tuple(map(str, recipients)) if isinstance(recipients, (list, tuple)) else ()
