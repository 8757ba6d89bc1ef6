"""The e-mails that the walkers send: Feedwhip's own alerts, with each of their examples in turn.

Enters: the repository's templates. Leaves: jobs, and the bytes of an e-mail by the standard library. Nothing here
renders. Two e-mails are the same when their normal forms are: the bytes without date, id and the line between parts.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from pathlib import Path

from blendtpl.examples import read_examples

TEMPLATES = Path(__file__).parents[2] / "templates"
FOLDER = "emails/alert"
SENDER = "Feedwhip <alerts@feedwhip.example.com>"
RECIPIENT = "Ada Lindqvist <ada.lindqvist@example.org>"

_DOMAIN = "feedwhip.example.com"
_DATED = re.compile(rb"^(?:Date|Message-ID): .*\n", re.MULTILINE)
_BOUNDARY = re.compile(rb'boundary="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Job:
    """What a walker takes from its queue: an e-mail's folder, and its context as JSON."""

    folder: str
    example: str
    context: str


def jobs() -> tuple[Job, ...]:
    """Return the jobs that walkers do over and over."""
    examples = read_examples(TEMPLATES, f"{FOLDER}/body.html")
    return tuple(Job(FOLDER, example, json.dumps(context)) for example, context in examples.items())


def date() -> str:
    """Return the value of the `Date` header for an e-mail that is sent now."""
    return formatdate()


def assembled(subject: str, text: str, html: str) -> bytes:
    """Return an e-mail of rendered parts, as people make it by the standard library."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = subject.strip()
    message["From"] = SENDER
    message["To"] = RECIPIENT
    message["Date"] = date()
    message["Message-ID"] = make_msgid(domain=_DOMAIN)
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message.as_bytes()


def normal(data: bytes) -> bytes:
    """Return an e-mail without what is another each time: date, id and the line between the parts."""
    head, separator, body = data.partition(b"\r\n\r\n")
    found = _BOUNDARY.search(head)
    if found is not None:
        head, body = (part.replace(found[1], b"boundary") for part in (head, body))
    return _DATED.sub(b"", head) + separator + body


def digest(data: bytes) -> str:
    """Return what is equal for e-mails of the same normal form only."""
    return hashlib.blake2b(normal(data), digest_size=16).hexdigest()
