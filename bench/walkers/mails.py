"""The e-mails that the walkers send: Feedwhip's own alerts, with each of their examples in turn.

Enters: the repository's templates. Leaves: jobs, and the bytes of an e-mail by the standard library. Nothing here
renders. Two e-mails are the same when their normal forms are: the bytes without date, id and the line between parts,
with the texts of encoded words, which may be folded in several ways.
"""

import hashlib
import json
import re
from dataclasses import dataclass
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
_DATED = re.compile(rb"^(?:Date|Message-ID): .*\n", re.MULTILINE)
_ENCODED = re.compile(r"=\?[^ ?]+\?[qb]\?[^ ?]*\?=(?: =\?[^ ?]+\?[qb]\?[^ ?]*\?=)*", re.IGNORECASE)  # RFC 2047
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
    """Return an e-mail without what is another each time: date, id and the line between the parts. Its headers are
    unfolded, and their encoded words read.
    """
    head, separator, body = data.partition(b"\r\n\r\n")
    found = _BOUNDARY.search(head)
    if found is not None:
        head, body = (part.replace(found[1], b"boundary") for part in (head, body))
    unfolded = _DATED.sub(b"", head).decode("ascii").replace("\r\n ", " ")
    read = _ENCODED.sub(lambda found: str(make_header(decode_header(found[0]))), unfolded)
    return read.encode() + separator + body


def digest(data: bytes) -> str:
    """Return what is equal for e-mails of the same normal form only."""
    return hashlib.blake2b(normal(data), digest_size=16).hexdigest()
