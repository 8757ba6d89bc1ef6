"""Django: a message as one of Django's, which every e-mail backend takes, and a backend that takes both kinds.

Enters: a `blendtpl.Message`. Leaves: an `EmailMultiAlternatives` whose fields are for backends that ask a service by
them, and whose bytes, for those that send bytes, are the message's own. `bcc` is in its envelope and in no byte.
"""

import email
import email.message
import email.policy
import smtplib
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend

from blendtpl.mail.attachments import Invitation
from blendtpl.mail.message import Message, Signer
from blendtpl.mail.send import DeliveryError, send


class _Bytes(email.message.EmailMessage):
    """A message of the standard library, that is written as the bytes that it was read from."""

    written: bytes

    def as_bytes(self, unixfrom: bool = False, policy: Any = None, *, linesep: str | None = None) -> bytes:
        """Return them, with the line ends that are asked for: Django's backends for files ask for line feeds."""
        ends = linesep or (policy or self.policy).linesep
        return self.written if ends == "\r\n" else self.written.replace(b"\r\n", ends.encode())

    def as_string(self, unixfrom: bool = False, *unused: Any, **options: Any) -> str:
        """Return them as a text, with line feeds."""
        return self.written.decode("utf-8", "replace").replace("\r\n", "\n")

    __bytes__ = as_bytes
    __str__ = as_string


class DjangoMessage(EmailMultiAlternatives):  # type: ignore[misc]  # Django has no types
    """A message of blendtpl, as Django has messages: `send()` sends it by the backend of the settings."""

    def __init__(self, message: Message, sign: Signer | Sequence[Signer] | None = None, connection: Any = None) -> None:
        super().__init__(
            subject=message.subject,
            body=message.text or "",
            from_email=message.sender,
            to=message.to,
            cc=message.cc,
            bcc=message.bcc,
            reply_to=_listed(message.reply_to),
            headers=dict(message.own_headers()),
            connection=connection,
        )
        if message.html is not None:
            self.attach_alternative(message.html, "text/html")
        for attachment in message.attachments:
            if isinstance(attachment, Invitation):
                self.attach("invitation.ics", attachment.content, "text/calendar")
            else:
                self.attach(attachment.name, attachment.octets(), attachment.type)
        self.blendtpl_message, self.blendtpl_sign = message, sign
        self._written: bytes | None = None

    def message(self, *, policy: Any = email.policy.default) -> _Bytes:
        """Return what backends write: the message's own bytes, made once."""
        if self._written is None:
            self._written = self.blendtpl_message.as_bytes(sign=self.blendtpl_sign)
        parsed: _Bytes = email.message_from_bytes(self._written, _class=_Bytes, policy=policy)
        parsed.written = self._written
        return parsed

    def recipients(self) -> list[str]:
        """Return the addresses of the envelope."""
        return list(self.blendtpl_message.recipients)


def to_django(
    message: Message, *, sign: Signer | Sequence[Signer] | None = None, connection: Any = None
) -> DjangoMessage:
    """Return a message as one of Django's: ``to_django(message).send()``.

    `sign` is as for `as_bytes`; `connection` is a backend, where it is to be another than that of the settings.
    """
    return DjangoMessage(message, sign, connection)


class EmailBackend(SmtpBackend):  # type: ignore[misc]  # Django has no types
    """Django's backend for SMTP, which takes a `blendtpl.Message` too, and sends it in the form the server takes."""

    def send_messages(self, email_messages: Iterable[Any]) -> int:
        """Send messages of both kinds; return how many were sent."""
        messages = [to_django(message) if isinstance(message, Message) else message for message in email_messages]
        return int(super().send_messages(messages) or 0)

    def _send(self, email_message: Any) -> bool:
        if not isinstance(email_message, DjangoMessage):
            return bool(super()._send(email_message))
        try:
            send(email_message.blendtpl_message, self.connection, sign=email_message.blendtpl_sign)
        except DeliveryError as error:
            if not self.fail_silently:
                raise smtplib.SMTPException(str(error)) from error
            return False
        return True


def _listed(values: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else values or ()
