"""Messages: a rendered e-mail, and its bytes on the wire.

Enters: rendered parts, addresses and files. Leaves: RFC 5322 bytes or an `email.message.EmailMessage`. Nothing here
renders, or sends. What could carry another header or another recipient in is refused at once: folding and
unfolding have let line breaks through before (CVE-2024-6923, CVE-2026-1299), one of them hidden in an encoded word.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from email.message import EmailMessage
from types import MappingProxyType
from typing import Any, Protocol

from blendtpl.errors import MessageError
from blendtpl.mail.addresses import DOT_ATOMS, Mailbox, Syntax, mailboxes, one_mailbox
from blendtpl.mail.attachments import Attachment, Image, Invitation, as_attachments, as_images
from blendtpl.mail.checks import check_body, check_language, check_line, check_names, check_priority, kind_of
from blendtpl.mail.emailmessage import email_message
from blendtpl.mail.headers import ADDRESSES, check_text
from blendtpl.mail.unsubscribe import Unsubscribe, as_unsubscribe
from blendtpl.mail.writer import octets
from blendtpl.reprs import counted

NO_HEADERS: Mapping[str, str] = MappingProxyType({})
# as the readers that look at any of them have it; RFC 4021 lists the second
_PRIORITIES = {"high": ("1", "high"), "normal": ("3", "normal"), "low": ("5", "low")}


class Signer(Protocol):
    """What signs a message, such as `blendtpl.mail.dkim.DkimSigner`."""

    def sign(self, data: bytes, /) -> bytes:
        """Return the header field that goes in front of these bytes of a message, with CRLF at its end."""


@dataclass(frozen=True, slots=True, repr=False)
class Message:
    """A rendered e-mail.

    - `subject` is one line. `text` is the plain text, `html` the same as HTML; one of them may be `None`.
    - `sender`, `to`, `cc`, `bcc` and `reply_to` are addresses as people write them, one in each string:
      ``name <box@host>`` or ``box@host``. One recipient is the least. `bcc` is in no byte of the message, and in its
      `recipients`. Where several wrote it, they are `from_`, and `sender` is who sent it for them.
    - `headers` are those beyond what the other fields say, each one line.
    - `attachments` are `Attachment` and `Invitation`, paths, open files, or tuples of name and bytes; `images` those
      that the HTML shows by ``cid(name)``. `unsubscribe` is a URL, or an `Unsubscribe`.
    - `language` is a tag of BCP 47; `priority` is ``"high"``, ``"normal"`` or ``"low"``. `date` is an aware `datetime`,
      and `message_id` is ``<left@right>``: the time, and a new one, whenever it is written, where none is given.
    - `smtputf8` lets addresses have letters beyond ASCII before the ``@`` (RFC 6531), `quoted_local` a part in quotes.

    Raises `MessageError`, which names the field, for what no e-mail can carry or what could carry another header or
    recipient in: line breaks and control characters, encoded words, odd header names, more than one address in a
    string, values that are no text.
    """

    subject: str
    text: str | None
    html: str | None
    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    reply_to: str | tuple[str, ...] | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS)
    bcc: tuple[str, ...] = ()
    from_: tuple[str, ...] = ()
    attachments: tuple[Attachment | Invitation, ...] = ()
    images: tuple[Image, ...] = ()
    unsubscribe: Unsubscribe | None = None
    language: str | None = None
    priority: str | None = None
    date: datetime | None = None
    message_id: str | None = None
    smtputf8: bool = False
    quoted_local: bool = False
    mailboxes: tuple[tuple[str, tuple[Mailbox, ...]], ...] = field(default=(), init=False, repr=False, compare=False)

    def __repr__(self) -> str:
        # without subject, texts and addresses, which hold codes, links to sign in by, and names of people
        text, html = (
            f"no {label}" if part is None else f"{label} of {counted(len(part), 'character')}"
            for label, part in (("text", self.text), ("html", self.html))
        )
        files = f", {counted(len(self.attachments), 'attachment')}" if self.attachments else ""
        recipients = counted(len(self.to) + len(self.cc) + len(self.bcc), "recipient")
        return f"<Message to {recipients}, {text}, {html}{files}>"

    def __post_init__(self) -> None:
        put = object.__setattr__
        for label in ("to", "cc", "bcc", "from_"):
            if type(values := getattr(self, label)) is not tuple:
                put(self, label, _listed(label, values))
        if self.headers is not NO_HEADERS:
            put(self, "headers", _mapping(self.headers))
            check_names(self.headers)
            if self.from_ and any(name.lower() == "sender" for name in self.headers):
                raise MessageError("header `Sender` is said by the field `sender` where there is a `from_`")
            for name, value in self.headers.items():
                check_line(f"header `{name}`", value)
                check_text(name, value)
        check_line("subject", self.subject)
        if not (self.to or self.cc or self.bcc):
            raise MessageError("the message has no recipient: give `to=[...]`")
        put(self, "mailboxes", tuple(self._parsed_mailboxes()))
        check_body("text", self.text)
        check_body("html", self.html)
        if self.text is None and self.html is None:
            raise MessageError("the message has neither a text nor an html: give one of them")
        if self.attachments != ():
            put(self, "attachments", as_attachments(self.attachments))
        if self.images != ():
            put(self, "images", as_images(self.images))
        if self.unsubscribe is not None:
            put(self, "unsubscribe", as_unsubscribe(self.unsubscribe))
        self._check_small_fields()

    def __reduce__(self) -> tuple[Any, ...]:
        values = {attribute.name: getattr(self, attribute.name) for attribute in fields(self) if attribute.init}
        return _arrive, ({**values, "headers": dict(self.headers)},)

    @property
    def recipients(self) -> tuple[str, ...]:
        """The addresses that the envelope has, ``box@host``, each once: those of `to`, `cc` and `bcc`."""
        addresses = (box.box for name, boxes in self.mailboxes if name in {"To", "Cc", "Bcc"} for box in boxes)
        return tuple(dict.fromkeys(addresses))

    @property
    def envelope_sender(self) -> str:
        """The address that errors come back to, ``box@host``: the sender's."""
        return self.mailboxes[0][1][0].box if not self.from_ else one_mailbox("sender", self.sender, self._syntax).box

    @property
    def needs_smtputf8(self) -> bool:
        """Whether an address has letters beyond ASCII, which takes a server that says `SMTPUTF8`."""
        return self.smtputf8 and not all(box.box.isascii() for _, boxes in self.mailboxes for box in boxes)

    def as_email_message(self) -> EmailMessage:
        """Return a standard library message of the bytes that `as_bytes` gives, with a new `Message-ID` where none is
        given.
        """
        return email_message(self.as_bytes(), self.mailboxes, (("Subject", self.subject), *self.own_headers()))

    def as_bytes(self, *, eight_bit: bool = False, sign: Signer | Sequence[Signer] | None = None) -> bytes:
        """Return the message as RFC 5322 bytes with CRLF line ends.

        They are ASCII, but for addresses beyond it. `eight_bit` lets texts go as UTF-8, which a server has to take
        (`8BITMIME`). `sign` is what signs them, or several such.

        Raises `MessageError` for a file that has gone since, and for a header that has no place to be folded at.
        """
        data = octets(self, eight_bit=eight_bit)
        if sign is None:
            return data
        signers = sign if isinstance(sign, Sequence) else (sign,)
        return b"".join((*(signer.sign(data) for signer in signers), data))

    def own_headers(self) -> Iterator[tuple[str, str]]:
        """Yield the headers of text beyond the subject, as they read."""
        yield from self._headers_of_fields()
        for name, value in self.headers.items():
            if name.lower() not in ADDRESSES:
                yield name, value

    def _headers_of_fields(self) -> Iterator[tuple[str, str]]:
        if self.unsubscribe is not None:
            yield from self.unsubscribe.headers
        if self.language is not None:
            yield "Content-Language", self.language
        if self.priority is not None:
            number, word = _PRIORITIES[self.priority]
            yield "X-Priority", number
            yield "Importance", word

    @property
    def _syntax(self) -> Syntax:
        return Syntax(self.quoted_local, self.smtputf8) if self.quoted_local or self.smtputf8 else DOT_ATOMS

    def _check_small_fields(self) -> None:
        if self.priority is not None:
            check_priority(self.priority)
        if self.language is not None:
            check_language(self.language)
        if self.headers:
            self._check_twice()
        if self.date is not None and (not isinstance(self.date, datetime) or self.date.utcoffset() is None):
            raise MessageError("`date` takes a `datetime` with a time zone, such as `datetime.now(UTC)`")
        if self.message_id is not None:
            check_line("message_id", self.message_id)
            check_text("Message-ID", self.message_id)

    def _check_twice(self) -> None:
        own = {name.lower() for name, _ in self._headers_of_fields()}
        own |= {name for name, value in (("date", self.date), ("message-id", self.message_id)) if value is not None}
        for name in self.headers:
            if name.lower() in own:
                raise MessageError(f"header `{name}` is said by a field of the message, too: give one of them")

    def _parsed_mailboxes(self) -> list[tuple[str, tuple[Mailbox, ...]]]:
        """Return the headers that have addresses, with them; the first is `From`."""
        syntax = self._syntax
        sender = _parsed("sender", (self.sender,), syntax)
        parsed = [("From", sender)]
        if self.from_:
            authors = _parsed("from_", self.from_, syntax)
            parsed = [("From", authors), ("Sender", sender)][: 1 + (authors != sender)]
        if self.to:
            parsed.append(("To", _parsed("to", self.to, syntax)))
        if self.cc:
            parsed.append(("Cc", _parsed("cc", self.cc, syntax)))
        if self.bcc:
            parsed.append(("Bcc", _parsed("bcc", self.bcc, syntax)))
        if self.reply_to is not None:
            replies = _replies(self.reply_to)
            if not isinstance(self.reply_to, str):
                object.__setattr__(self, "reply_to", replies)
            if replies:
                parsed.append(("Reply-To", _parsed("reply_to", replies, syntax)))
        for name, value in self.headers.items():
            if name.lower() in ADDRESSES:
                parsed.append((name, mailboxes(f"header `{name}`", value, syntax)))
        return parsed


def _parsed(label: str, values: Iterable[str], syntax: Syntax) -> tuple[Mailbox, ...]:
    boxes = []
    for value in values:
        check_line(label, value)
        boxes.append(one_mailbox(label, value, syntax))
    return tuple(boxes)


def _replies(values: object) -> tuple[str, ...]:
    if isinstance(values, Mapping):
        raise MessageError(f"`reply_to` takes a list of addresses, and is {kind_of(values)}")
    return (values,) if isinstance(values, str) else _listed("reply_to", values)


def _arrive(values: dict[str, Any]) -> Message:
    return Message(**values)


def _listed(label: str, values: object) -> tuple[str, ...]:
    if type(values) is not list and (isinstance(values, (str, bytes)) or not isinstance(values, Iterable)):
        raise MessageError(f"`{label}` takes a list of addresses, and is {kind_of(values)}: give `{label}=[...]`")
    return tuple(values)


def _mapping(headers: object) -> Mapping[str, str]:
    if not isinstance(headers, Mapping):
        raise MessageError(f"`headers` takes a mapping from names to values, and is {kind_of(headers)}")
    return MappingProxyType(dict(headers))
