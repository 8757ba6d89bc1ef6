"""Flask-Mail: a message as one of Flask-Mail's, and a `Mail` that takes both kinds.

Enters: a `blendtpl.Message`. Leaves: a `flask_mail.Message` with its fields, whose bytes are the message's own. `bcc`
is in its envelope and in no byte.
"""

from collections.abc import Sequence

import flask_mail

from blendtpl.errors import MessageError
from blendtpl.mail.message import Message, Signer


class FlaskMessage(flask_mail.Message):
    """A message of blendtpl, as Flask-Mail has messages."""

    def __init__(self, message: Message, sign: Signer | Sequence[Signer] | None = None) -> None:
        if message.needs_smtputf8:
            raise MessageError(
                "Flask-Mail writes an address beyond ASCII in another way than servers read it: send the message by"
                " `blendtpl.mail.send`, or write the address in ASCII"
            )
        super().__init__(
            subject=message.subject,
            recipients=list(message.to),
            body=message.text,
            html=message.html,
            sender=message.envelope_sender,
            cc=list(message.cc),
            bcc=list(message.bcc),
            extra_headers=dict(message.own_headers()),
            reply_to=_joined(message.reply_to),
        )
        self._message_of_blendtpl, self._sign = message, sign
        self._written: bytes | None = None

    @property
    def send_to(self) -> set[str | tuple[str, str]]:
        """The addresses of the envelope."""
        return set(self._message_of_blendtpl.recipients)

    def as_bytes(self) -> bytes:
        """Return the message's own bytes, which are made once."""
        if self._written is None:
            self._written = self._message_of_blendtpl.as_bytes(sign=self._sign)
        return self._written

    def as_string(self) -> str:
        """Return them as a text, with line feeds."""
        return self.as_bytes().decode("utf-8", "replace").replace("\r\n", "\n")

    def has_bad_headers(self) -> bool:
        """Tell that no header is bad: a message of blendtpl was checked when it was made."""
        return False

    def __str__(self) -> str:
        return self.as_string()

    def __bytes__(self) -> bytes:
        return self.as_bytes()


def to_flask_mail(message: Message, *, sign: Signer | Sequence[Signer] | None = None) -> FlaskMessage:
    """Return a message as one of Flask-Mail's: ``mail.send(to_flask_mail(message))``, in an application's context.

    `sign` is as for `as_bytes`.
    """
    return FlaskMessage(message, sign)


class Mail(flask_mail.Mail):
    """Flask-Mail's `Mail`, whose `send` takes a `blendtpl.Message` too."""

    def send(self, message: "flask_mail.Message | Message") -> None:
        """Send a message of either kind."""
        super().send(to_flask_mail(message) if isinstance(message, Message) else message)


def _joined(values: str | tuple[str, ...] | None) -> str | None:
    return values if values is None or isinstance(values, str) else ", ".join(values)
