"""Headers on the wire: names and values become folded lines of ASCII.

Enters: the name of a header, and its text or its mailboxes. Leaves: lines that say that and nothing else, to any reader
that keeps to RFC 5322 and RFC 2047. Nothing here reads what others wrote.

1. A line is broken at one blank between two tokens and nowhere else, so that taking the line breaks out again gives
   what was written. No token is empty or begins with a blank: no line can be taken for the end of the headers.
2. A name that has more than words in it is one token in quotes, or, when it is long or beyond ASCII, encoded words,
   in which no sign means anything: it has no quotes to lose.
3. The first token stands in the line of the header's name, if an encoded word has room there: what stands below an
   empty one is read in different ways.
"""

import re
from binascii import b2a_base64
from collections.abc import Iterable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from itertools import groupby

from blendtpl.errors import MessageError
from blendtpl.mail.addresses import Mailbox, shortened
from blendtpl.mail.transfer import LONGEST_LINE

_LINE = 76  # RFC 2047 section 2, for a line with an encoded word; RFC 5322 asks for 78 at most
_WORD = 75  # RFC 2047 section 2
_FRAME = len("=?utf-8?q??=")
_SMALLEST_WORD = _FRAME + len("=F0=9F=99=82")  # one character of four octets
_LONG_TOKEN = 64  # of a name or subject: it fits behind the name of any header that has one
_LONGEST_NAME = 76

_NAME = re.compile(r"[!-9;-~]+")  # RFC 5322 section 2.2: printable ASCII but for the colon
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_BEYOND, _UP_TO_BEYOND = re.compile(r"[^ -~]"), re.compile(r".*[^ -~]", re.DOTALL)
_ONE_BLANK = re.compile(r"(?<! ) (?! )")
_AS_IT_IS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")  # RFC 2047 section 5 (3)

ADDRESSES = frozenset(
    (
        *("from", "to", "cc", "reply-to", "sender", "bcc"),
        *("resent-from", "resent-sender", "resent-to", "resent-cc", "resent-bcc"),
    )
)
DATES = frozenset(("date", "resent-date", "orig-date"))
_IDS = {
    "message-id": re.compile(r"<[!-;=?A-~]+@[!-;=?A-~]+>"),
    "resent-message-id": re.compile(r"<[!-;=?A-~]+@[!-;=?A-~]+>"),
    "in-reply-to": re.compile(r"<[!-;=?-~]+>( *<[!-;=?-~]+>)*"),
    "references": re.compile(r"<[!-;=?-~]+>( *<[!-;=?-~]+>)*"),
}
_ASCII = frozenset(  # whose readers decode nothing
    (
        *("list-help", "list-unsubscribe", "list-unsubscribe-post", "list-subscribe", "list-post", "list-owner"),
        *("list-archive", "auto-submitted", "precedence", "importance", "priority", "received", "return-path"),
        *("dkim-signature", "authentication-results", "arc-seal", "arc-message-signature"),
        "arc-authentication-results",
    )
)


def check_name(name: str) -> None:
    """Raise `MessageError` for what is no name of a header."""
    if not _NAME.fullmatch(name):
        raise MessageError(f"{shortened(name)} is no header name: it takes ASCII without blanks and colons")
    if len(name) > _LONGEST_NAME:
        raise MessageError(f"header name {name[:40]!r}… has {len(name)} characters: give it {_LONGEST_NAME} at most")


def check_text(name: str, value: str) -> None:
    """Raise `MessageError` for a value that means nothing in a header of that name; addresses are checked elsewhere."""
    label, kind = f"header `{name}`", name.lower()
    if kind in _IDS or kind in DATES or kind in _ASCII:
        if not value.isascii():
            raise MessageError(f"{label} takes ASCII only, and is {shortened(value)}: encode what is in it")
        if value.strip(" ") != value or not value:
            raise MessageError(f"{label} is empty, or begins or ends with a blank: {shortened(value)}")
    if kind in _IDS and not _IDS[kind].fullmatch(value):
        raise MessageError(f"{label} is {shortened(value)}: write it as `<left@right>`")
    if kind in DATES:
        date(name, value)


def date(name: str, value: str) -> datetime:
    """Return the moment that a header names; raises `MessageError` when it is none."""
    try:
        return parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        message = f"header `{name}` is no date: {shortened(value)}; write it as `email.utils.format_datetime` does"
        raise MessageError(message) from None


def is_text(name: str) -> bool:
    """Tell whether a header of that name is text, in which readers decode encoded words."""
    kind = name.lower()
    return not (kind in _IDS or kind in DATES or kind in _ASCII or kind in ADDRESSES)


def folded_text(name: str, value: str) -> str:
    """Return a header that is a text or takes ASCII only, without the last line break."""
    if len(name) + 2 + len(value) <= _LINE and _is_short(value):
        return f"{name}: {value}"
    if value.isascii():
        if " " not in value and value and not is_text(name):  # such as a URL, which nothing folds
            return _checked_line(name, f"{name}: {value}")
    elif is_text(name) and (span := _span(value)) is not None:
        return _folded_span(name, value, *span)
    lines = _Lines(name)
    prose = name.lower() == "subject"
    tokens = _ONE_BLANK.split(value)
    if not is_text(name) or (_is_plain(value) and not (prose and any(map(_is_odd, tokens)))):
        lines.add(*filter(None, tokens))
    else:
        for encoded, words in groupby(_marked(value.split(" "), prose), lambda pair: pair[0]):
            run = [word for _, word in words]
            if encoded:
                lines.add_encoded(" ".join(run))
            else:
                lines.add(*run)
    return lines.text()


def _checked_line(name: str, line: str) -> str:
    if len(line) > LONGEST_LINE:
        raise MessageError(
            f"header `{name}` has a line of {len(line)} characters without a blank to break it at; a line of an e-mail"
            f" holds {LONGEST_LINE}"
        )
    return line


def _span(value: str) -> tuple[int, int] | None:
    """Return where the words begin and end that are encoded, from the first that must be to the last; nothing for a
    text that has more to it than words with a blank between each.
    """
    first = _BEYOND.search(value)
    if first is None or "  " in value or "=?" in value or value[0] == " " or value[-1] == " ":
        return None
    last = _UP_TO_BEYOND.match(value)
    end = value.find(" ", last.end() if last else 0)
    return value.rfind(" ", 0, first.start()) + 1, len(value) if end < 0 else end


def _folded_span(name: str, value: str, start: int, end: int) -> str:
    room = _LINE - len(name) - 2 - start - len(value) + end
    if room >= _SMALLEST_WORD and end - start < room and max(start, len(value) - end) <= _LONG_TOKEN:
        word, _ = _shorter_word(value[start:end])
        if len(word) <= room:  # and all stands in one line
            return f"{name}: {value[:start]}{word}{value[end:]}"
    lines = _Lines(name)
    before, behind = value[:start].split(), value[end:].split()
    if any(map(_is_odd, before)):
        start, before = 0, []
    if any(map(_is_odd, behind)):
        end, behind = len(value), []
    lines.add(*before)
    lines.add_encoded(value[start:end])
    lines.add(*behind)
    return lines.text()


def folded_addresses(name: str, mailboxes: Iterable[Mailbox]) -> str:
    """Return a header of addresses, without the last line break."""
    rows = list(mailboxes)
    if len(rows) == 1:  # nearly always
        plain = rows[0].plain
        if plain is not None and len(name) + 2 + len(plain) <= _LINE:
            return f"{name}: {plain}"
    lines = _Lines(name)
    for number, mailbox in enumerate(rows, 1):
        comma = "," * (number < len(rows))
        if not mailbox.name:
            lines.add(mailbox.box + comma)
            continue
        _add_phrase(lines, mailbox.name)
        lines.add(f"<{mailbox.box}>{comma}")
    return lines.text()


def _add_phrase(lines: "_Lines", name: str) -> None:
    words = name.split(" ")
    if _ATOMS.fullmatch(name) and not any(map(_is_odd, words)):
        lines.add(*words)
        return
    quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if name.isascii() and name.isprintable() and not _is_odd(quoted):
        lines.add(quoted)
    else:
        lines.add_encoded(name)


def _is_short(value: str) -> bool:
    """Tell whether a value that fits into one line goes out as it is, whatever header it is in."""
    return _is_plain(value) and bool(value) and "=?" not in value and len(value) <= _LONG_TOKEN


def _is_plain(value: str) -> bool:
    return value.isascii() and value.isprintable() and value.strip(" ") == value


def _is_odd(token: str) -> bool:
    return len(token) > _LONG_TOKEN or "=?" in token


def _marked(words: list[str], prose: bool) -> Iterator[tuple[bool, str]]:
    """Yield each word, and whether it is to be encoded: blanks that stand side by side are, with their neighbours."""
    for number, word in enumerate(words):
        beside = words[max(number - 1, 0) : number + 2]
        yield "" in beside or not _is_plain(word) or "=?" in word or (prose and _is_odd(word)), word


class _Lines:
    """A header that is being written."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lines = [f"{name}:"]
        self._empty = True

    def add(self, *tokens: str) -> None:
        """Add tokens, each behind one blank."""
        for token in tokens:
            fits = len(self._lines[-1]) + 1 + len(token) <= _LINE
            self._put(token, broken=not fits and not self._empty)

    def add_encoded(self, text: str) -> None:
        """Add a text as encoded words: as one, when a line can hold that."""
        word, in_q = _shorter_word(text)
        whole, room = len(word), _LINE - 1 - len(self._lines[-1])
        broken = room < _SMALLEST_WORD or (room < whole <= _WORD and not self._empty)
        limit = _WORD if broken else min(room, _WORD)
        if whole <= limit:
            self._put(word, broken=broken)
            return
        for word in _encoded_words(text, limit, in_q=in_q):
            self._put(word, broken=broken)
            broken = True

    def text(self) -> str:
        """Return the lines, with line breaks between them."""
        for line in self._lines:
            _checked_line(self._name, line)
        return "\r\n".join(self._lines)

    def _put(self, token: str, *, broken: bool) -> None:
        if broken:
            self._lines.append(f" {token}")
        else:
            self._lines[-1] += f" {token}"
        self._empty = False


def _shorter_word(text: str) -> tuple[str, bool]:
    """Return a text as one encoded word of whatever length, and whether the Q encoding is that, being no longer."""
    quoted, octets = _quoted(text), text.encode()
    if len(quoted) <= 4 * -(-len(octets) // 3):
        return f"=?utf-8?q?{quoted}?=", True
    return f"=?utf-8?b?{_base64(octets)}?=", False


def _encoded_words(text: str, room: int, *, in_q: bool) -> Iterator[str]:
    """Yield encoded words with whole characters in them, the first of that many characters at most."""
    part, size = [""], 0
    for character in text:
        octets = character.encode()
        cost = sum([len(_Q[octet]) for octet in octets]) if in_q else len(octets)
        limit = room - _FRAME if in_q else (room - _FRAME) // 4 * 3
        if size and size + cost > limit:
            yield _encoded_word("".join(part), in_q=in_q)
            part, size, room = [], 0, _WORD
        part.append(character)
        size += cost
    yield _encoded_word("".join(part), in_q=in_q)


def _encoded_word(text: str, *, in_q: bool) -> str:
    return f"=?utf-8?q?{_quoted(text)}?=" if in_q else f"=?utf-8?b?{_base64(text.encode())}?="


def _base64(octets: bytes) -> str:
    return b2a_base64(octets, newline=False).decode()


_Q = [chr(octet) if chr(octet) in _AS_IT_IS else "_" if octet == 32 else f"={octet:02X}" for octet in range(256)]


def _quoted(text: str) -> str:
    return "".join([_Q[octet] for octet in text.encode()])
