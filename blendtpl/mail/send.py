"""Sending: a message goes out over a connection of `smtplib` or `aiosmtplib` that is open.

Enters: a message, and a connection. Leaves: which recipients the server took, or a `DeliveryError`. The connection is
the caller's: host, port, TLS, login, time limits and closing are theirs, and one connection takes any number of
messages. What a server can do decides the form of the bytes, which are made once:

1. Where it offers 8BITMIME, texts go as they are; elsewhere in seven bits, which any server takes.
2. An address beyond ASCII needs SMTPUTF8. Where that is not offered nothing is sent, not even the sender's name.
3. Recipients are those of the envelope, with `bcc`, which is in no header.
"""

import smtplib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from blendtpl.errors import BlendError
from blendtpl.extras import not_installed
from blendtpl.mail.message import Signer
from blendtpl.reprs import counted

if TYPE_CHECKING:
    import aiosmtplib


class Sendable(Protocol):
    """A message: what `blendtpl.Message` has of what is asked here."""

    @property
    def recipients(self) -> tuple[str, ...]:
        """The addresses that it goes to."""

    @property
    def envelope_sender(self) -> str:
        """The address that errors go to."""

    @property
    def needs_smtputf8(self) -> bool:
        """Whether an address of it is beyond ASCII."""

    def as_bytes(self, *, eight_bit: bool = False, sign: Signer | Sequence[Signer] | None = None) -> bytes:
        """Return it with CRLF line ends."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a server answered: `code` is that of SMTP, 400 to 499 for what may work later."""

    code: int
    text: str

    @property
    def temporary(self) -> bool:
        """Whether it may work later."""
        return 400 <= self.code < 500

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


@dataclass(frozen=True, slots=True, repr=False)
class Sent:
    """A message that a server has taken, for some of its recipients at least.

    - `taken` are those that it answers for now, and `refused` the others, each with what the server said.
    - `data` are the bytes that went out, which the server has to the last one.
    - `eight_bit` and `smtputf8` say which of the two was used.
    """

    taken: tuple[str, ...]
    refused: Mapping[str, Refusal]
    data: bytes
    eight_bit: bool
    smtputf8: bool

    def __repr__(self) -> str:
        refused = f", {len(self.refused):,} refused" if self.refused else ""
        return f"<{type(self).__name__} to {counted(len(self.taken), 'recipient')}{refused}>"


class DeliveryError(BlendError):
    """A message that no recipient gets, or of which nobody knows whether the server has it.

    - `refused` has what the server said of recipients, `refusal` what it said of the whole, where it did.
    - `temporary` says whether the same may work later, and `unknown` whether the server may have taken the message:
      the connection broke on the way, and whoever sends it again may send it twice.
    """

    def __init__(
        self,
        problem: str,
        refusal: Refusal | None = None,
        refused: Mapping[str, Refusal] = MappingProxyType({}),
        *,
        temporary: bool = False,
        unknown: bool = False,
    ) -> None:
        super().__init__(problem)
        self.problem, self.refusal, self.refused = problem, refusal, dict(refused)
        answers = [*self.refused.values(), *([refusal] if refusal else [])]
        self.temporary = temporary or any(answer.temporary for answer in answers)
        self.unknown = unknown

    def _text(self) -> str:
        reason = f": {self.refusal}" if self.refusal else ""
        details = "".join(f"\n  {box}: {refusal}" for box, refusal in self.refused.items())
        return f"{self.problem}{reason}{details}"


def send(message: Sendable, smtp: smtplib.SMTP, *, sign: Signer | Sequence[Signer] | None = None) -> Sent:
    """Send a message over a connection of `smtplib`, and return which recipients the server took.

    `sign` is a signer, or several, as for `as_bytes`. Raises `DeliveryError` when the server takes it for none.
    """
    return _send(message, smtp, sign)


async def send_async(
    message: Sendable, smtp: "aiosmtplib.SMTP", *, sign: Signer | Sequence[Signer] | None = None
) -> Sent:
    """Send a message over a connection of `aiosmtplib`, as `send` does over one of `smtplib`."""
    return await _send_async(message, smtp, sign)


def _send(message: Sendable, smtp: smtplib.SMTP, sign: Signer | Sequence[Signer] | None) -> Sent:
    with _delivery_errors(before=True):
        smtp.ehlo_or_helo_if_needed()
    data, options = _prepared(message, smtp.has_extn, sign)
    with _delivery_errors(before=False):
        refused = smtp.sendmail(message.envelope_sender, message.recipients, data, options)
    return _sent(message, refused, data, options)


async def _send_async(message: Sendable, smtp: "aiosmtplib.SMTP", sign: Signer | Sequence[Signer] | None) -> Sent:
    try:
        from aiosmtplib import SMTPHeloError
    except ImportError as error:
        raise not_installed("`send_async`", error) from None
    with _delivery_errors(before=True):
        if smtp.is_ehlo_or_helo_needed:
            try:
                await smtp.ehlo()
            except SMTPHeloError:
                await smtp.helo()
    data, options = _prepared(message, smtp.supports_extension, sign)
    with _delivery_errors(before=False):
        refused, _ = await smtp.sendmail(message.envelope_sender, message.recipients, data, mail_options=options)
    return _sent(message, refused, data, options)


def _prepared(
    message: Sendable, offers: Callable[[str], bool], sign: Signer | Sequence[Signer] | None
) -> tuple[bytes, list[str]]:
    """Return the bytes of a message as a server takes them, and the options to send them with."""
    eight_bit, options = offers("8bitmime"), []
    if message.needs_smtputf8:
        if not (offers("smtputf8") and eight_bit):
            beyond = [box for box in (message.envelope_sender, *message.recipients) if not box.isascii()]
            named = f" ({', '.join(beyond[:3])})" if beyond else ""
            raise DeliveryError(
                f"the server does not offer SMTPUTF8, which an address beyond ASCII{named} needs: send the message"
                " by a server that does, or write the address in ASCII"
            )
        options.append("SMTPUTF8")
    data = message.as_bytes(eight_bit=eight_bit, sign=sign)
    if not data.isascii():
        options.append("BODY=8BITMIME")
    return data, options


def _sent(
    message: Sendable, refused: Mapping[str, tuple[int, bytes | str]], data: bytes, options: Sequence[str]
) -> Sent:
    return Sent(
        tuple(box for box in message.recipients if box not in refused),
        MappingProxyType({box: _refusal(*answer) for box, answer in refused.items()}),
        data,
        "BODY=8BITMIME" in options,
        "SMTPUTF8" in options,
    )


@contextmanager
def _delivery_errors(*, before: bool) -> Iterator[None]:
    """Raise what a library raises as a `DeliveryError`; the classes of both libraries have the same fields.

    `before` says that the server has not been told of the message yet.
    """
    try:
        yield
    except Exception as error:
        delivery_error = _error(error, before)
        if delivery_error is None:
            raise
        raise delivery_error from error


def _error(error: Exception, before: bool) -> DeliveryError | None:
    recipients = getattr(error, "recipients", None)
    if isinstance(recipients, dict):  # `smtplib`
        return DeliveryError(
            "the server refused the recipients", None, {box: _refusal(*a) for box, a in recipients.items()}
        )
    if isinstance(recipients, list):  # `aiosmtplib`
        answers = {recipient.recipient: _refusal(recipient.code, recipient.message) for recipient in recipients}
        return DeliveryError("the server refused the recipients", None, answers)
    code = getattr(error, "smtp_code", getattr(error, "code", None))
    if isinstance(code, int):
        refusal = _refusal(code, getattr(error, "smtp_error", getattr(error, "message", "")))
        sender = getattr(error, "sender", None)
        what = f"the sender {sender}" if sender else "the message" if not before else "to talk to us"
        return DeliveryError(f"the server refused {what}", refusal)
    if isinstance(error, OSError):
        if before:
            return DeliveryError(f"there is no connection to the server: {error}", temporary=True)
        return DeliveryError(
            f"the connection broke before the server said that it has the message: {error}; it may have it or not",
            temporary=True,
            unknown=True,
        )
    return None


def _refusal(code: int, text: bytes | str) -> Refusal:
    return Refusal(code, text if isinstance(text, str) else text.decode("utf-8", "replace"))
