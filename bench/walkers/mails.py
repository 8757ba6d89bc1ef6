"""The e-mails that the walkers send: Feedwhip's own alerts, with each of their examples in turn.

Enters: the repository's templates. Leaves: jobs, and the bytes of an e-mail by the standard library. Nothing here
renders. Two e-mails are the same when their normal forms are: what they say, however it is folded and encoded.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid

from blendtpl.compiler.frontend.examples import read_examples
from testkit import TEMPLATES

FOLDER = "emails/alert"
SENDER = "Feedwhip <alerts@feedwhip.example.com>"
RECIPIENT = "Ada Lindqvist <ada.lindqvist@example.org>"

_DOMAIN = "feedwhip.example.com"
_WRITTEN = ("Date", "Message-ID", "Content-Type", "Content-Transfer-Encoding")
_ENCODED = re.compile(r"=\?[^ ?]+\?[qb]\?[^ ?]*\?=(?: =\?[^ ?]+\?[qb]\?[^ ?]*\?=)*", re.IGNORECASE)  # RFC 2047


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
    message = EmailMessage(policy=SMTP.clone(max_line_length=76))  # RFC 2045 section 6.7 (5): no line has more
    message["Subject"] = subject.strip()
    message["From"] = SENDER
    message["To"] = RECIPIENT
    message["Date"] = date()
    message["Message-ID"] = make_msgid(domain=_DOMAIN)
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message.as_bytes()


def normal(data: bytes) -> bytes:
    """Return what an e-mail says, without what is another each time, date and id, and without how that is written: its
    headers by name, and its texts.
    """
    message = message_from_bytes(data)
    headers = sorted((name, _read(str(value))) for name, value in message.items() if name not in _WRITTEN)
    parts = [part for part in message.walk() if not part.is_multipart()]
    texts = [(part.get_content_type(), bytes(part.get_payload(decode=True)).splitlines()) for part in parts]
    return repr((headers, texts)).encode()


def _read(value: str) -> str:
    unfolded = value.replace("\r\n ", " ").replace("\n ", " ")
    return _ENCODED.sub(lambda match: str(make_header(decode_header(match[0]))), unfolded)


def digest(data: bytes) -> str:
    """Return what is equal for e-mails of the same normal form only."""
    return hashlib.blake2b(normal(data), digest_size=16).hexdigest()
