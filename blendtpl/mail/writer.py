"""The bytes of a message: RFC 5322 and MIME, by joining.

Enters: the fields of a message, checked. Leaves: octets with CRLF line ends. What is the same in every message is
written down here as it goes out; what is not is folded by `blendtpl.mail.headers` and encoded by
`blendtpl.mail.transfer`, which keep to the rules of RFC 5322, 2045, 2046, 2047 and 2231. Nothing is
read back: readers of many kinds do that in tests.
"""

import time
from collections.abc import Iterable
from datetime import datetime
from secrets import token_hex
from typing import Any

from blendtpl.mail.attachments import Invitation
from blendtpl.mail.headers import folded_addresses, folded_text
from blendtpl.mail.transfer import AS_IT_IS, NAMES, transferred

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")  # whatever the locale
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HEADS = {
    kind: tuple(
        f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
        for encoding in NAMES
    )
    for kind in ("plain", "html")
}
# `=_` is in no text that is quoted-printable or base64, nor ends anything there (RFC 2045 section 6.7)
_BOUNDARY = b"=_blendtpl"


def octets(message: Any, *, eight_bit: bool) -> bytes:
    """Return a message as it goes over the wire; `eight_bit`: whether it may have octets beyond ASCII in its texts."""
    head = "\r\n".join((*_lines(message), "MIME-Version: 1.0", "")).encode()
    return b"".join((head, *_entity(message, eight_bit)))


def new_message_id(domain: str) -> str:
    """Return an identifier that no other message has; it tells nothing of the machine or the process."""
    return f"<{token_hex(16)}@{domain}>"


def as_date(moment: datetime) -> str:
    """Return a moment as RFC 5322 writes it."""
    return _date(moment.timetuple(), moment.strftime("%z")[:5])


def _date(moment: time.struct_time, zone: str) -> str:
    year, month, day, hour, minute, second, weekday, *_ = moment
    return f"{_DAYS[weekday]}, {day:02} {_MONTHS[month - 1]} {year:04} {hour:02}:{minute:02}:{second:02} {zone}"


# The one piece of state here: the second that it is, and how that is written.
_now = (0, "")


def _date_now() -> str:
    global _now
    second, written = _now
    if second != (now := int(time.time())):
        written = _date(time.gmtime(now), "+0000")
        _now = now, written
    return written


def _lines(message: Any) -> list[str]:
    own = {name.lower() for name in message.headers} if message.headers else ()
    lines = []
    if "date" not in own:
        lines.append(f"Date: {_date_now() if message.date is None else as_date(message.date)}")
    lines += [folded_addresses(name, mailboxes) for name, mailboxes in message.mailboxes if name != "Bcc"]
    if "message-id" not in own:
        identifier = message.message_id or new_message_id(message.mailboxes[0][1][0].domain)
        lines.append(f"Message-ID: {identifier}")
    lines.append(folded_text("Subject", message.subject))
    lines += [folded_text(name, value) for name, value in message.own_headers()]
    return lines


def _entity(message: Any, eight_bit: bool) -> list[bytes]:
    """Return the header fields of the content, an empty line, and the content, in pieces."""
    plain: list[bytes] = []  # what goes as it is, and so may have anything in it
    parts = [_text("plain", message.text, eight_bit, plain)] if message.text is not None else []
    if message.html is not None:
        html = _text("html", message.html, eight_bit, plain)
        if message.images:
            html = _multipart(b"related", [html, *_written(message.images, plain)], plain, b'; type="text/html"')
        parts.append(html)
    if not message.attachments:
        return parts[0] if len(parts) == 1 else _multipart(b"alternative", parts, plain)
    parts += _written((attachment for attachment in message.attachments if isinstance(attachment, Invitation)), plain)
    body = parts[0] if len(parts) == 1 else _multipart(b"alternative", parts, plain)
    files = _written(
        (attachment for attachment in message.attachments if not isinstance(attachment, Invitation)), plain
    )
    return _multipart(b"mixed", [body, *files], plain) if files else body


def _written(parts: Iterable[Any], plain: list[bytes]) -> list[list[bytes]]:
    written = [part.part() for part in parts]
    plain += [data for _, data, as_it_is in written if as_it_is]
    return [[head, data] for head, data, _ in written]


def _text(kind: str, text: str, eight_bit: bool, plain: list[bytes]) -> list[bytes]:
    way, data = transferred(text, eight_bit)
    if NAMES[way] in AS_IT_IS:
        plain.append(data)
    return [_HEADS[kind][way], data]


def _multipart(kind: bytes, parts: list[list[bytes]], plain: list[bytes], more: bytes = b"") -> list[bytes]:
    boundary, first, between, last = _BOUNDARIES[kind]
    number = 0
    while any(boundary in data for data in plain):
        number += 1
        boundary, first, between, last = _boundary(b"%b_%d" % (kind, number))
    pieces = [b'Content-Type: multipart/%b; boundary="%b"%b\r\n\r\n' % (kind, boundary, more), first]
    for part in parts:
        pieces += part
        pieces.append(between)
    pieces[-1] = last
    return pieces


def _boundary(kind: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Return a boundary, and the lines that it makes before the first part, between two, and behind the last."""
    boundary = b"%b_%b" % (_BOUNDARY, kind)
    return boundary, b"--%b\r\n" % boundary, b"\r\n--%b\r\n" % boundary, b"\r\n--%b--\r\n" % boundary


_BOUNDARIES = {kind: _boundary(kind) for kind in (b"alternative", b"related", b"mixed")}
