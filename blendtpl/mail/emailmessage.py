"""The standard library's e-mails, with headers that are folded as `blendtpl.mail.headers` does it.

Enters: a header's name, and its text or its mailboxes. Leaves: a header object of the standard library, which goes out
as what it says, under whatever policy somebody writes its message, and wherever it has travelled by pickle. The
standard library's own folding loses quotes, blanks and line ends, in ways that differ by patch release; and it makes a
new class at every header, which only the collector frees.
"""

from collections.abc import Iterable
from email.headerregistry import (
    Address,
    AddressHeader,
    BaseHeader,
    DateHeader,
    Group,
    HeaderRegistry,
    MessageIDHeader,
    UnstructuredHeader,
)
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP, Policy
from typing import Any

from blendtpl.mail.addresses import Mailbox
from blendtpl.mail.headers import DATES, date, folded_addresses, folded_text


def _fold_text(self: BaseHeader, *, policy: Policy) -> str:
    return _with_line_ends(folded_text(self.name, str(self)), policy)


def _fold_addresses(self: AddressHeader, *, policy: Policy) -> str:
    name: str = self.name  # type: ignore[attr-defined]  # of the other base that its classes have
    if any(group.display_name is not None for group in self.groups):  # which somebody has put there
        return BaseHeader.fold(self, policy=policy)  # type: ignore[arg-type]
    boxes = (Mailbox(address.display_name, address.addr_spec) for address in self.addresses)
    return _with_line_ends(folded_addresses(name, boxes), policy)


def _with_line_ends(lines: str, policy: Policy) -> str:
    return lines.replace("\r\n", policy.linesep) + policy.linesep


def _reduce(self: BaseHeader) -> tuple[Any, ...]:
    return _arrive, (self.name, str(self)), vars(self)


class _Headers(HeaderRegistry):
    """The standard library's headers, with one class for each kind of them.

    It makes a new class at every header that is set or written, 25 in an e-mail of two parts. A class is a cycle
    whoever made it: a process would grow by them until its collector runs, and without a collector for good.
    """

    def __getitem__(self, name: str) -> type[BaseHeader]:
        """Return the class for headers of that name; one that `map_to_type` added is made each time, as before."""
        kind = self.registry.get(name.lower(), self.default_class)
        return _HEADER_CLASSES.get(kind) or super().__getitem__(name)


def _header_class(header: type) -> Any:
    own: dict[str, Any] = {"__reduce__": _reduce}
    if issubclass(header, AddressHeader):
        own["fold"] = _fold_addresses
    elif issubclass(header, (DateHeader, MessageIDHeader, UnstructuredHeader)):
        own["fold"] = _fold_text
    else:  # those of MIME, whose values are not ours
        return header
    return type(header.__name__, header.__bases__, own)


def _header_classes(headers: HeaderRegistry) -> dict[type, type[BaseHeader]]:
    names = {kind: name for name, kind in headers.registry.items()}
    return {kind: _header_class(headers[name]) for kind, name in (*names.items(), (headers.default_class, ""))}


_HEADER_CLASSES = _header_classes(HeaderRegistry())  # beside the policy, so that a message can be pickled with its own
_HEADERS = _Headers()
POLICY = SMTP.clone(header_factory=_HEADERS, max_line_length=76)  # the most that a quoted-printable line may have


def email_message(
    data: bytes, mailboxes: Iterable[tuple[str, tuple[Mailbox, ...]]], texts: Iterable[tuple[str, str]]
) -> EmailMessage:
    """Return the standard library's message of these bytes; its headers say what was given, whoever asks them."""
    message: EmailMessage = BytesParser(policy=POLICY).parsebytes(data)
    for name, boxes in mailboxes:
        if name in message:
            message.replace_header(name, address_header(name, boxes))
    for name, value in texts:
        message.replace_header(name, text_header(name, value))
    return message


def _arrive(name: str, value: str) -> BaseHeader:
    """Return a header of that text that is still to be filled; nobody parses it."""
    return str.__new__(_HEADERS[name], value)


def text_header(name: str, value: str) -> BaseHeader:
    """Return the header of a text, without a look at what the text may mean to a parser."""
    header: Any = _arrive(name, value)
    more = {"datetime": date(name, value)} if name.lower() in DATES else {}
    header.init(name, parse_tree=None, defects=[], **more)
    return header  # type: ignore[no-any-return]


def address_header(name: str, mailboxes: tuple[Mailbox, ...]) -> BaseHeader:
    """Return the header of these mailboxes."""
    groups = [Group(None, [_address(mailbox)]) for mailbox in mailboxes]
    header: Any = _arrive(name, ", ".join(map(str, groups)))
    header.init(name, parse_tree=None, defects=[], groups=groups)
    return header  # type: ignore[no-any-return]


def _address(mailbox: Mailbox) -> Address:
    local, _, domain = mailbox.box.rpartition("@")
    return Address(mailbox.name, local, domain)
