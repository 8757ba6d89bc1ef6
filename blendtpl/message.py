"""Messages: a rendered e-mail, and its bytes on the wire.

Enters: rendered parts and addresses. Leaves: RFC 5322 bytes or an `email.message.EmailMessage`. Nothing here
renders or sends. A line break in a header is refused before the standard library sees it: folding and
unfolding have let such breaks through before (CVE-2024-6923, CVE-2026-1299).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import make_msgid, parseaddr
from types import MappingProxyType

from blendtpl.errors import MessageError

_BREAKS = frozenset("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029\0")


@dataclass(frozen=True, slots=True)
class Message:
    """A rendered e-mail. `subject` is one line; `html` is `None` for a message of plain text only.

    Addresses are as they stand in a header: ``name <box@host>`` or ``box@host``.
    """

    subject: str
    text: str
    html: str | None
    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    reply_to: str | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        reply_to = () if self.reply_to is None else (self.reply_to,)
        for label, values in (
            ("subject", (self.subject,)),
            ("sender", (self.sender,)),
            ("to", self.to),
            ("cc", self.cc),
            ("reply_to", reply_to),
            *((f"header `{name}`", (name, value)) for name, value in self.headers.items()),
        ):
            for value in values:
                if not _BREAKS.isdisjoint(value):
                    raise MessageError(f"{label} has a line break or a control character: {value!r}")
        for address in (self.sender, *self.to, *self.cc, *reply_to):
            if "@" not in parseaddr(address)[1]:
                raise MessageError(f"{address!r} is no e-mail address")
        if not (self.to or self.cc):
            raise MessageError("the message has no recipient: give `to=[...]`")

    def as_email_message(self) -> EmailMessage:
        """Return a new standard library message with a new `Message-ID`; `Date` is for whoever sends it to set."""
        message = EmailMessage(policy=SMTP)
        message["Subject"] = self.subject
        message["From"] = self.sender
        for name, value in (
            ("To", ", ".join(self.to)),
            ("Cc", ", ".join(self.cc)),
            ("Reply-To", self.reply_to),
        ):
            if value:
                message[name] = value
        message["Message-ID"] = make_msgid(domain=parseaddr(self.sender)[1].rpartition("@")[2])
        for name, value in self.headers.items():
            message[name] = value
        message.set_content(self.text)
        if self.html is not None:
            message.add_alternative(self.html, subtype="html")
        return message

    def as_bytes(self) -> bytes:
        """Return the message as RFC 5322 bytes with CRLF line ends."""
        return self.as_email_message().as_bytes()
