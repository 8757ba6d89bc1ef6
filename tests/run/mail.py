"""E-mails as other readers see them, and texts to fill them with."""

import email
import email.policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Any, NamedTuple, cast

import blendtpl

PLAIN: dict[str, Any] = {
    "subject": "Hi",
    "text": "text\n",
    "html": None,
    "sender": "a@example.org",
    "to": ("b@example.org",),
}
FIRST = (
    *(
        "Ada",
        "Jane",
        "Müller",
        "José",
        "Łukasz",
        "Zoë",
        "Νίκος",
        "Κωνσταντίνος",
        "Анна",
        "Владимир",
        "王小明",
        "김민수",
    ),
    *("さくら", "محمد", "דוד", "नरेन्द्र", "O'Neil", "Jean-Luc", "D'Angelo", "🙂", "Đặng", "François", "van", "Dr."),
)
ENGINES = "Ada Lovelace of the Analytical Engine, evil@attacker.example, and of the Society of Engines"


def message(**fields: Any) -> blendtpl.Message:
    return blendtpl.Message(**{**PLAIN, **fields})


def quoted(name: str, box: str) -> str:
    """Return an address as a person writes it who knows the rules."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{box}>' if name else box


def parsed(data: bytes) -> EmailMessage:
    return email.message_from_bytes(data, policy=email.policy.default)


class Read(NamedTuple):
    subject: str
    mailboxes: dict[str, list[tuple[str, str]]]


def read_as_of_old(data: bytes) -> Read:
    """Return what the standard library's older way of reading finds, which is another than that of its policies."""
    found = email.message_from_bytes(data)
    return Read(
        str(make_header(decode_header(found["Subject"]))),
        {name: _mailboxes(found, name) for name in ("From", "To", "Cc", "Reply-To") if name in found},
    )


def _mailboxes(found: Any, name: str) -> list[tuple[str, str]]:
    (value,) = found.get_all(name)
    pairs = getaddresses([cast(str, value).replace("\r\n", "")])
    return [(str(make_header(decode_header(written))) if written else "", box) for written, box in pairs]
