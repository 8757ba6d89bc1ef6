"""Messages: a rendered e-mail, and its bytes on the wire.

Enters: rendered parts and addresses. Leaves: RFC 5322 bytes or an `email.message.EmailMessage`. Nothing here knows how
to render, or sends. What could carry another header or another recipient in is refused at once: folding and unfolding
have let line breaks through before (CVE-2024-6923, CVE-2026-1299), one of them hidden in an encoded word. And what goes
out is read back first by a strict reader, which must find what was asked for.
"""

import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from email.message import EmailMessage
from email.utils import make_msgid
from random import randrange
from types import MappingProxyType
from typing import Any

from blendtpl.errors import MessageError
from blendtpl.mail.addresses import Mailbox, mailboxes, one_mailbox, refuse_encoded_word, shortened
from blendtpl.mail.headers import ADDRESSES, check_name, check_text, is_text
from blendtpl.mail.parser import Mail, read_mail, read_mailboxes, read_text
from blendtpl.mail.policy import POLICY, address_header, text_header
from blendtpl.reprs import counted

_OWN_HEADERS = frozenset(("subject", "from", "to", "cc", "reply-to", "mime-version"))
_BREAKS = frozenset(("Cc", "Zl", "Zp"))  # categories of Unicode
_LISTS = ("to", "cc")
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, repr=False)
class Message:
    """A rendered e-mail.

    - `subject` is one line.
    - `text` is the plain text, `html` the same as HTML, or `None` for a message of plain text only.
    - `sender`, `to`, `cc` and `reply_to` are addresses as people write them, one in each string: ``name <box@host>`` or
      ``box@host``. One recipient is the least.
    - `headers` are those beyond what the other fields say, each one line.

    Raises `MessageError`, which names the field, for what no e-mail can carry or what could carry another header or
    recipient in: line breaks and control characters, encoded words, odd header names, more than one address in a
    string, values that are no text.
    """

    subject: str
    text: str
    html: str | None
    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    reply_to: str | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: _NO_HEADERS)

    def __repr__(self) -> str:
        # without subject, texts and addresses, which hold codes, links to sign in by, and names of people
        html = "no html" if self.html is None else f"html of {counted(len(self.html), 'character')}"
        text = f"text of {counted(len(self.text), 'character')}"
        return f"<Message to {counted(len(self.to) + len(self.cc), 'recipient')}, {text}, {html}>"

    def __post_init__(self) -> None:
        for label in _LISTS:
            object.__setattr__(self, label, _listed(label, getattr(self, label)))
        object.__setattr__(self, "headers", _mapping(self.headers))
        _check_names(self.headers)
        for label, value in self._lines():
            _check_line(label, value)
        for name, value in self.headers.items():
            check_text(name, value)
        if not (self.to or self.cc):
            raise MessageError("the message has no recipient: give `to=[...]`")
        self._mailboxes()
        for label, part in (("text", self.text), ("html", "" if self.html is None else self.html)):
            _check_body(label, part)

    def __reduce__(self) -> tuple[Any, ...]:
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return _arrive, ({**values, "headers": dict(self.headers)},)

    def as_email_message(self) -> EmailMessage:
        """Return a new standard library message with a new `Message-ID`, unless `headers` has one.

        `Date` is for whoever sends it to set. Raises `MessageError` when a strict reader would not find in it what
        was asked for.
        """
        message = self._made()
        self._check(message.as_bytes())
        return message

    def as_bytes(self) -> bytes:
        """Return the message as RFC 5322 bytes with CRLF line ends; raises what `as_email_message` does."""
        data = self._made().as_bytes()
        self._check(data)
        return data

    def _made(self) -> EmailMessage:
        message = EmailMessage(policy=POLICY)
        message["Subject"] = text_header("Subject", self.subject)
        for name, found in self._mailboxes():
            message[name] = address_header(name, found)
        for name, value in self.headers.items():
            if name.lower() not in ADDRESSES:
                message[name] = text_header(name, value)
        if "Message-ID" not in message:
            sender = one_mailbox("sender", self.sender)
            message["Message-ID"] = text_header("Message-ID", make_msgid(domain=sender.domain))
        message.set_content(self.text)
        if self.html is not None:
            message.make_alternative(boundary=_boundary(self.text, self.html))
            message.add_alternative(self.html, subtype="html")
        return message

    def _check(self, data: bytes) -> None:
        """Raise `MessageError` when a strict reader does not find in these bytes what was asked for."""
        try:
            mail = read_mail(data)
            field = self._wrong(mail)
        except ValueError as error:
            raise MessageError(f"the message cannot be written so that every reader takes it: {error}") from error
        if field:
            raise MessageError(f"{field} cannot be written so that every reader finds in it what was given: change it")

    def _wrong(self, mail: Mail) -> str:
        """Return the first field that says something else than it should, or nothing."""
        asked = {name: tuple((each.name, each.box) for each in found) for name, found in self._mailboxes()}
        told = {"Subject": self.subject, **{name: value for name, value in self.headers.items() if name not in asked}}
        for name, value in mail.fields:
            if name in asked:
                right = read_mailboxes(value) == asked.pop(name)
            elif name in told:
                right = (read_text(value) if is_text(name) else value) == told.pop(name)
            else:
                right = name in {"Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"}
            if not right:
                return f"header `{name}`"
        if asked or told or len(mail.fields) != len({name.lower() for name, _ in mail.fields}):
            return "a header"
        texts = [("text/plain", _arrived(self.text))]
        if self.html is not None:
            texts.append(("text/html", _arrived(self.html)))
        return "" if list(mail.texts) == texts else "the text of the message"

    def _mailboxes(self) -> list[tuple[str, tuple[Mailbox, ...]]]:
        """Return the headers that have addresses, with them."""
        found = [
            ("From", (one_mailbox("sender", self.sender),)),
            ("To", tuple(one_mailbox("to", each) for each in self.to)),
            ("Cc", tuple(one_mailbox("cc", each) for each in self.cc)),
            ("Reply-To", () if self.reply_to is None else (one_mailbox("reply_to", self.reply_to),)),
        ]
        own = [
            (name, mailboxes(f"header `{name}`", value))
            for name, value in self.headers.items()
            if name.lower() in ADDRESSES
        ]
        return [(name, each) for name, each in (*found, *own) if each]

    def _lines(self) -> Iterator[tuple[str, object]]:
        """Yield what stands in a header, with what it is called."""
        yield "subject", self.subject
        yield "sender", self.sender
        for label, values in (("to", self.to), ("cc", self.cc)):
            for value in values:
                yield label, value
        if self.reply_to is not None:
            yield "reply_to", self.reply_to
        for name, value in self.headers.items():
            yield f"header `{name}`", value


def compose(name: str, render: Callable[[str], str], exists: Callable[[str], bool], **headers: Any) -> Message:
    """Return the e-mail of the folder `name`: `subject.txt`, `body.txt` and, when it is there, `body.html`.

    Blank space around the subject goes. `headers` are the other fields of `Message`.
    """
    html = f"{name}/body.html"
    return Message(
        subject=render(f"{name}/subject.txt").strip(),
        text=render(f"{name}/body.txt"),
        html=render(html) if exists(html) else None,
        **headers,
    )


def _arrive(values: dict[str, Any]) -> Message:
    return Message(**values)


def _listed(label: str, values: object) -> tuple[str, ...]:
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise MessageError(f"`{label}` takes a list of addresses, and is {_kind(values)}: give `{label}=[...]`")
    return tuple(values)


def _mapping(headers: object) -> Mapping[str, str]:
    if not isinstance(headers, Mapping):
        raise MessageError(f"`headers` takes a mapping from names to values, and is {_kind(headers)}")
    return MappingProxyType(dict(headers))


def _kind(value: object) -> str:
    return f"of the type `{type(value).__name__}`"


def _boundary(*parts: str) -> str:
    """Return a line that is in none of the parts, of the standard library's form.

    To find that out, the library would compile a regular expression for each message, which takes the places of the
    application's own in the cache of such.
    """
    while True:
        boundary = f"==============={randrange(sys.maxsize):019}=="  # noqa: S311  # it is no secret
        if not any(boundary in part for part in parts):
            return boundary


def _check_line(label: str, value: object) -> None:
    if not isinstance(value, str):
        raise MessageError(f"{label} takes a `str`, and is {_kind(value)}")
    odd = next((each for each in value if unicodedata.category(each) in _BREAKS), None)
    if odd is not None:
        what = f"a line break or a control character, {odd!a}"
        remedy = "that is no header name" if label == "header name" else "a header is one line of text"
        raise MessageError(f"{label} has {what}: {shortened(value)}; {remedy}")
    refuse_encoded_word(label, value)
    _check_encodable(label, value)


def _check_names(headers: Mapping[str, str]) -> None:
    known: dict[str, str] = {}
    for name in headers:
        _check_line("header name", name)
        check_name(name)
        kind = name.lower()
        if kind in _OWN_HEADERS or kind.startswith("content-"):
            raise MessageError(f"header `{name}` is the message's own: it cannot be given in `headers`")
        if kind in known:
            raise MessageError(f"headers `{known[kind]}` and `{name}` are the same: give one of them")
        known[kind] = name


def _check_body(label: str, value: object) -> None:
    if not isinstance(value, str):
        raise MessageError(f"{label} takes a `str`, and is {_kind(value)}")
    if "\0" in value:
        raise MessageError(
            f"{label} has a NUL character at {value.index(chr(0))}, which no e-mail may have: take it out"
        )
    _check_encodable(label, value)


def _check_encodable(label: str, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        message = f"{label} cannot be encoded as UTF-8: {error.reason} at {error.start}; it was decoded wrongly before"
        raise MessageError(message) from None


def _arrived(text: str) -> str:
    """Return a text as it arrives: with line feeds, the last line too."""
    return "\n".join(line.decode() for line in text.encode().splitlines()) + "\n"
