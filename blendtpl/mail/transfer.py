"""How texts go over the wire: 7bit, 8bit, quoted-printable or base64, with CRLF at the end of each line.

Enters: a text. Leaves: the name of its transfer encoding, and its octets. `blendtpl.mail._transfer` does the same in C.

1. A line ends by LF, CR or both, and each goes out with CRLF, the last one too: no reader can tell more.
2. What is ASCII, and has no line of over 998 octets, goes as it is. What is not goes so where eight bits are taken,
   which an SMTP server must say (RFC 6152), and a relay behind it need not.
3. Else it is quoted-printable or base64, whichever is shorter. In quoted-printable no line begins with a full stop,
   which SMTP doubles, or with ``From``, which mailboxes change.
"""

import re
from binascii import b2a_base64
from collections.abc import Callable, Iterator
from typing import TypeVar

LONGEST_LINE = 998  # octets, RFC 5322 section 2.1.1
_QUOTED_LINE = 75  # without the `=` of a soft break: RFC 2045 section 6.7 (5)
_BASE64_LINE = 57  # octets that become 76 characters, RFC 2045 section 6.8
_BASE64_BLOCK = _BASE64_LINE * 1024
NAMES = ("7bit", "8bit", "quoted-printable", "base64")
AS_IT_IS = NAMES[:2]
_SPECIAL = re.compile(rb"[^\t !-<>-~]")  # what quoted-printable writes by its number
_QUOTED = [f"={number:02X}".encode() if _SPECIAL.match(bytes([number])) else bytes([number]) for number in range(256)]
_ASCII = bytes(range(128))
_SOFT = b"=\r\n"
_REFUSED = re.compile("[\\0\ud800-\udfff]")


def _transferred(text: str, eight_bit: bool) -> tuple[int, bytes]:  # as in C
    octets = text.encode()
    lines = octets.splitlines()
    ascii_only = len(octets) == len(text)
    if max(map(len, lines), default=0) <= LONGEST_LINE and (ascii_only or eight_bit):
        return (0 if ascii_only else 1), b"\r\n".join((*(lines or [b""]), b""))
    # quoted-printable takes two octets more for each that is beyond ASCII, base64 a third of all
    if 6 * len(octets.translate(None, _ASCII)) <= sum(map(len, lines)):
        return 2, b"".join(piece for line in lines for piece in _quoted_line(line))
    return 3, as_base64(b"\r\n".join((*lines, b"")))


def _quoted_line(line: bytes) -> Iterator[bytes]:
    quoted = b"".join([_QUOTED[octet] for octet in line])
    if quoted.endswith((b" ", b"\t")):
        quoted = quoted[:-1] + b"=%02X" % quoted[-1]
    while True:
        if quoted.startswith((b".", b"From ")):
            quoted = b"=%02X" % quoted[0] + quoted[1:]
        if len(quoted) <= _QUOTED_LINE:
            yield quoted + b"\r\n"
            return
        cut = _QUOTED_LINE - (quoted[_QUOTED_LINE - 1 : _QUOTED_LINE] == b"=")
        cut -= 2 * (quoted[cut - 2 : cut - 1] == b"=")
        yield quoted[:cut] + _SOFT
        quoted = quoted[cut:]


def _refused_at(text: str) -> int:
    """Return the position of what no part of a message may have, NUL or half of a surrogate pair, or -1."""
    if "\0" not in text and (text.isascii() or _REFUSED.search(text) is None):
        return -1
    match = _REFUSED.search(text)
    return -1 if match is None else match.start()


def as_base64(data: bytes | memoryview) -> bytes:
    """Return data as base64 in lines of 76 characters, each ended by CRLF."""
    # block by block: the lines of 20 megabytes would take 40 more as objects of their own
    return b"".join([_base64_block(data[at : at + _BASE64_BLOCK]) for at in range(0, len(data), _BASE64_BLOCK)])


def _base64_block(data: bytes | memoryview) -> bytes:
    lines = (data[at : at + _BASE64_LINE] for at in range(0, len(data), _BASE64_LINE))
    return b"".join([b2a_base64(line, newline=False) + b"\r\n" for line in lines])


try:
    import blendtpl.mail._transfer as _transfer  # a statement, which tools that freeze applications see
except ImportError:  # it was built where there was no C compiler
    _transfer = None  # type: ignore[assignment]

Function = TypeVar("Function", bound=Callable[..., object])


def in_c(function: Function) -> Function:
    """Return what does the same in C, where this installation has that: it is called so without the first sign."""
    faster: Function = getattr(_transfer, function.__name__.removeprefix("_"), function)
    return faster


transferred = in_c(_transferred)
refused_at = in_c(_refused_at)
