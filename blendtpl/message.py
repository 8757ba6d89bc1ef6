"""Messages: a rendered e-mail, and its bytes on the wire.

Enters: rendered parts and addresses. Leaves: RFC 5322 bytes or an `email.message.EmailMessage`. Nothing here
renders or sends. What could carry another header or another recipient in is refused before the standard library
sees it: folding and unfolding have let line breaks through before (CVE-2024-6923, CVE-2026-1299), one of them
hidden in an encoded word, and lists of addresses are taken apart differently by different parsers.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.headerregistry import Address, BaseHeader, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import getaddresses, make_msgid
from random import randrange
from types import MappingProxyType

from blendtpl.errors import MessageError
from blendtpl.reprs import counted

_BREAKS = frozenset("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029\0")
_ENCODED_WORD = re.compile(r"=\?[^?]*\?[bq]\?", re.IGNORECASE)  # RFC 2047: whoever reads it decodes what is inside
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"{_ATOM}(\.{_ATOM})*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")  # RFC 5322 dot-atoms, ASCII only
_HEADER_NAME = re.compile(r"[!-9;-~]+")  # RFC 5322 section 2.2: printable ASCII but for the colon
_OWN_HEADERS = frozenset(("subject", "from", "to", "cc", "reply-to", "mime-version"))


class _Headers(HeaderRegistry):
    """The standard library's headers, with one class for each kind of them.

    It makes a new class at every header that is set or written, 25 in an e-mail of two parts. A class is a cycle
    whoever made it: a process would grow by them until its collector runs, and without a collector for good.
    """

    def __getitem__(self, name: str) -> type[BaseHeader]:
        """Return the class for headers of that name; one that `map_to_type` added is made each time, as before."""
        kind = self.registry.get(name.lower(), self.default_class)
        return _HEADER_CLASSES.get(kind) or super().__getitem__(name)


def _header_classes(headers: HeaderRegistry) -> dict[type, type[BaseHeader]]:
    names = {kind: name for name, kind in headers.registry.items()}
    return {kind: headers[name] for kind, name in (*names.items(), (headers.default_class, ""))}


_HEADER_CLASSES = _header_classes(HeaderRegistry())  # beside the policy, so that a message can be pickled with its own
_POLICY = SMTP.clone(header_factory=_Headers())


@dataclass(frozen=True, slots=True, repr=False)
class Message:
    """A rendered e-mail. `subject` is one line; `html` is `None` for a message of plain text only.

    Addresses are as they stand in a header, one in each string: ``name <box@host>`` or ``box@host``. `headers` are
    those beyond what the other fields say. Raises `MessageError` for what could carry another header or recipient
    in: line breaks, encoded words, odd header names, more than one address in a string.
    """

    subject: str
    text: str
    html: str | None
    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    reply_to: str | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __repr__(self) -> str:
        # without subject, texts and addresses, which hold codes, links to sign in by, and names of people
        html = "no html" if self.html is None else f"html of {counted(len(self.html), 'character')}"
        text = f"text of {counted(len(self.text), 'character')}"
        return f"<Message to {counted(len(self.to) + len(self.cc), 'recipient')}, {text}, {html}>"

    def __post_init__(self) -> None:
        for label, value in self._header_values():
            _check_value(label, value)
        for name in self.headers:
            if not _HEADER_NAME.fullmatch(name):
                raise MessageError(f"{name!r} is no header name")
            if name.lower() in _OWN_HEADERS or name.lower().startswith("content-"):
                raise MessageError(f"header `{name}` is the message's own: it cannot be given in `headers`")
        for address in (self.sender, *self.to, *self.cc, *self._reply_to()):
            _parsed(address)
        if not (self.to or self.cc):
            raise MessageError("the message has no recipient: give `to=[...]`")
        for label, part in (("text", self.text), ("html", self.html or "")):
            _check_encodable(label, part)

    def as_email_message(self) -> EmailMessage:
        """Return a new standard library message with a new `Message-ID`, unless `headers` has one.

        `Date` is for whoever sends it to set.
        """
        message = EmailMessage(policy=_POLICY)
        message["Subject"] = self.subject
        for name, addresses in (
            ("From", (self.sender,)),
            ("To", self.to),
            ("Cc", self.cc),
            ("Reply-To", self._reply_to()),
        ):
            if addresses:
                message[name] = [_parsed(address) for address in addresses]
        for name, value in self.headers.items():
            message[name] = value
        if "Message-ID" not in message:
            message["Message-ID"] = make_msgid(domain=_parsed(self.sender).domain)
        message.set_content(self.text)
        if self.html is not None:
            message.make_alternative(boundary=_boundary(self.text, self.html))
            message.add_alternative(self.html, subtype="html")
        return message

    def as_bytes(self) -> bytes:
        """Return the message as RFC 5322 bytes with CRLF line ends."""
        return self.as_email_message().as_bytes()

    def _reply_to(self) -> tuple[str, ...]:
        return () if self.reply_to is None else (self.reply_to,)

    def _header_values(self) -> Iterator[tuple[str, str]]:
        yield "subject", self.subject
        yield "sender", self.sender
        for label, values in (("to", self.to), ("cc", self.cc), ("reply_to", self._reply_to())):
            for value in values:
                yield label, value
        for name, value in self.headers.items():
            yield "header name", name
            yield f"header `{name}`", value


def _boundary(*parts: str) -> str:
    """Return a line that is in none of the parts, of the standard library's form.

    To find that out, the library would compile a regular expression for each message, which takes the places of the
    application's own in the cache of such.
    """
    while True:
        boundary = f"==============={randrange(sys.maxsize):019}=="  # noqa: S311  # it is no secret
        if not any(boundary in part for part in parts):
            return boundary


def _check_value(label: str, value: str) -> None:
    if not _BREAKS.isdisjoint(value):
        raise MessageError(f"{label} has a line break or a control character: {value!r}")
    if _ENCODED_WORD.search(value):
        raise MessageError(f"{label} has an encoded word, which its readers would decode: {value!r}")
    _check_encodable(label, value)


def _check_encodable(label: str, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise MessageError(f"{label} cannot be encoded as UTF-8: {error.reason} at {error.start}") from None


def _parsed(address: str) -> Address:
    """Return the one address in a string, taken apart here so that no other parser takes it for two."""
    found = getaddresses([address])
    if len(found) != 1:
        raise MessageError(f"{address!r} is not one e-mail address: put a name with a comma in quotes")
    name, box = found[0]
    if not box.isascii():
        raise MessageError(f"{address!r} has an address beyond ASCII: write its domain as `xn--…`")
    if not _ADDRESS.fullmatch(box) or box not in address:  # it takes blank space inside of an address away
        raise MessageError(f"{address!r} is no e-mail address")
    return Address(display_name=name, addr_spec=box)
