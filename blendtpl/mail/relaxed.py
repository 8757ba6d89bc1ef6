"""The relaxed form of RFC 6376 section 3.4, which a signature is computed over, and the hash of a body in that form.

Enters: the bytes of a message, with CRLF line ends. Leaves: header fields as they are signed, and digests of bodies.
No line of a body is looked at in Python: `blendtpl.mail._transfer` has that in C, and searches do elsewhere.
"""

import hashlib

from blendtpl.errors import MessageError
from blendtpl.mail.transfer import in_c

_PIECE = 1 << 18  # octets of a body that are looked at together: what is held beside the message itself


def signed_fields(head: bytes) -> dict[bytes, list[bytes]]:
    """Return the header fields in relaxed form, without line ends, from the first to the last, by names in lower case.

    `head` ends where the last field's own line end begins.
    """
    relaxed = relaxed_head(head)
    if relaxed is None:
        raise MessageError(_wrong(head))
    by_name: dict[bytes, list[bytes]] = {}
    for field in relaxed.split(b"\r\n"):
        name = field[: field.index(b":")]
        if name in by_name:
            by_name[name].append(field)
        else:
            by_name[name] = [field]
    return by_name


def _relaxed_head(head: bytes) -> bytes | None:  # as in C
    """Return those fields, one in a line, or `None` where a line is no header, or has no CRLF."""
    fields: list[bytes] = []
    for line in head.replace(b"\t", b" ").split(b"\r\n"):
        if b"\r" in line or b"\n" in line:
            return None
        if line.startswith(b" ") and fields:
            fields[-1] += line
        else:
            fields.append(line)
            name = line.partition(b":")[0].rstrip(b" ")
            if b":" not in line or not name or b" " in name:
                return None
    relaxed = []
    for field in fields:
        written, _, value = _one_blank(field).partition(b":")
        relaxed.append(written.rstrip(b" ").lower() + b":" + value.strip(b" "))
    return b"\r\n".join(relaxed)


def _wrong(head: bytes) -> str:
    """Return what is wrong with a head that has no relaxed form."""
    lines = head.split(b"\r\n")
    if any(b"\r" in line or b"\n" in line for line in lines):
        return _LINE_ENDS
    odd = [line for line in lines if not line.startswith((b" ", b"\t")) and _relaxed_head(line) is None] or lines
    return f"the message has a line among its headers that is none: {odd[0][:60]!r}"


def _relaxed_lines(lines: bytes) -> bytes | None:  # as in C
    """Return whole lines with one blank where there are several and none at the end; `None` where one has no CRLF."""
    count = lines.count(b"\r\n")
    if count != lines.count(b"\n") or count != lines.count(b"\r") or (lines and not lines.endswith(b"\n")):
        return None
    if b"\t" in lines:
        lines = lines.replace(b"\t", b" ")
    parts = _one_blank(lines).split(b" \r\n")  # where `replace` would search twice
    return b"\r\n".join(parts) if len(parts) > 1 else parts[0]


class BodyHash:
    """The SHA-256 of a body in relaxed form, of which some has been given; `copy` goes on from there.

    Pieces may end anywhere. Empty lines at the end, and the last line's missing end, are known by `digest` alone.
    """

    __slots__ = ("_begun", "_empty_lines", "_hash", "_rest")

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._begun = False
        self._empty_lines = 0  # line ends that were seen, and count only when something comes behind them
        self._rest = b""  # of a line whose end has not been seen

    def copy(self) -> "BodyHash":
        """Return another that goes on from here."""
        copied = BodyHash.__new__(BodyHash)
        copied._hash = self._hash.copy()
        copied._begun, copied._empty_lines, copied._rest = self._begun, self._empty_lines, self._rest
        return copied

    def update(self, piece: bytes) -> None:
        """Add the next piece of the body."""
        if self._rest:
            piece = self._rest + piece
        end = piece.rfind(b"\n") + 1
        self._rest = piece[end:]
        if end:
            self._add(piece[:end])

    def digest(self) -> bytes:
        """Return the digest of what was given, as if it were the whole body."""
        whole = self
        if self._rest:
            whole = self.copy()
            whole.update(b"\r\n")
        if not whole._begun:
            return whole._hash.digest()
        ended = whole._hash.copy()
        ended.update(b"\r\n")
        return ended.digest()

    def _add(self, lines: bytes) -> None:
        relaxed = relaxed_lines(lines)
        if relaxed is None:
            raise MessageError(_LINE_ENDS)
        text = relaxed.rstrip(b"\r\n")
        ends = (len(relaxed) - len(text)) // 2
        if text:
            if self._empty_lines:
                self._hash.update(b"\r\n" * self._empty_lines)
            self._hash.update(text)
            self._begun, self._empty_lines = True, ends
        else:
            self._empty_lines += ends


def body_digest(data: bytes, start: int, hashed: BodyHash | None = None) -> bytes:
    """Return the digest of the body that begins at `start`; `hashed` has what came before."""
    hashed = hashed or BodyHash()
    for at in range(start, len(data), _PIECE):
        hashed.update(data[at : at + _PIECE])
    return hashed.digest()


def _one_blank(text: bytes) -> bytes:
    first, *rest = text.split(b"  ")  # one search through all of it; without a match it is `text` itself
    return b" ".join([first, *filter(None, [part.lstrip(b" ") for part in rest])]) if rest else text


_LINE_ENDS = (
    "the message has a line break that is not CRLF, which a server on the way would change, so that no signature of it"
    " would hold: sign what `as_bytes` gives"
)

relaxed_head = in_c(_relaxed_head)
relaxed_lines = in_c(_relaxed_lines)
