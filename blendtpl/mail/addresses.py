"""Addresses as people write them: ``name <box@host>`` in a string becomes a name and a box.

Enters: the text of one address, or of a list of them. Leaves: mailboxes, with the name as a reader is to see it.
Nothing here knows how addresses are written into a header. The standard library's parser is not asked: what it makes of
odd text differs from one patch release of Python to the next, and it finds addresses where a name was meant.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from blendtpl.errors import MessageError

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_BOX = re.compile(rf"{_ATOM}(\.{_ATOM})*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")  # RFC 5322 dot-atoms, ASCII only
_LONGEST_BOX = 254  # RFC 5321 section 4.5.3.1.3: a path of 256 octets has its angle brackets in it
_TOKEN = re.compile(
    r"""(?P<blank>[ ]+)
    |   "(?P<quoted>(?:[^"\\]|\\.)*)"
    |   <(?P<box>[^<>"]*)>
    |   (?P<remark>\([^()"\\<>]*\))
    |   (?P<comma>,)
    |   (?P<word>[^ "<>(),;:\\]+)""",
    re.VERBOSE,
)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_ENCODED_WORD = re.compile(r"=\?[^?]*\?[bq]\?", re.IGNORECASE)  # RFC 2047: whoever reads it decodes what is inside
_REMEDY = "put a name with a comma or another sign of its own in quotes"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address: `name` as it is read, without quotes and escapes, and `box`, which is ``local@domain``."""

    name: str
    box: str

    @property
    def domain(self) -> str:
        """What stands behind the ``@``."""
        return self.box.rpartition("@")[2]


def one_mailbox(label: str, text: str) -> Mailbox:
    """Return the one address in a text; raises `MessageError`, which says `label`, when there is none or are more."""
    found = mailboxes(label, text)
    if len(found) != 1:
        raise MessageError(f"{label}: {shortened(text)} is not one e-mail address: {_REMEDY}")
    return found[0]


def mailboxes(label: str, text: str) -> tuple[Mailbox, ...]:
    """Return the addresses in a text, with commas between them; raises `MessageError`, which says `label`."""
    rows: list[list[tuple[str, str]]] = [[]]
    for kind, value in _tokens(label, text):
        if kind == "comma":
            rows.append([])
        else:
            rows[-1].append((kind, value))
    return tuple(_mailbox(label, text, row) for row in rows)


def refuse_encoded_word(label: str, value: str) -> None:
    """Raise `MessageError` for what each reader would decode, and see something else than was written."""
    if _ENCODED_WORD.search(value):
        raise MessageError(
            f"{label} has an encoded word, which its readers would decode: {shortened(value)}; give the text itself"
        )


def shortened(text: str, limit: int = 200) -> str:
    """Return a text as Python writes it, and no more of it than an error message can hold."""
    return repr(text) if len(text) <= limit else f"{text[:limit]!r}…"


def _tokens(label: str, text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise MessageError(f"{label}: {shortened(text)} is no e-mail address: {text[at]!r} is odd in it; {_REMEDY}")
        kind = str(match.lastgroup)
        yield kind, match[kind]
        at = match.end()


def _mailbox(label: str, text: str, row: list[tuple[str, str]]) -> Mailbox:
    tokens = [token for token in row if token[0] != "blank"]
    match tokens:
        case [("word", box)]:
            name = ""
        case [("word", box), ("remark", remark)] if "@" in box:  # as it was written before there was `name <box>`
            name = remark[1:-1]
        case [*_, ("box", box)] if not any(_is_address(*token) for token in tokens[:-1]):
            name = _name(row[: row.index(("box", box))])
        case _:
            raise MessageError(f"{label}: {shortened(text)} is no e-mail address, or is more than one: {_REMEDY}")
    refuse_encoded_word(label, name)
    return Mailbox(name, _checked(label, text, box.strip(" ")))


def _is_address(kind: str, value: str) -> bool:
    return kind == "box" or (kind == "word" and "@" in value)


def _name(row: list[tuple[str, str]]) -> str:
    """Return the name that words, quoted texts and remarks make: blank space between them is one blank."""
    name, before = "", "blank"
    for kind, value in row:
        if kind != "blank":
            apart = before == "blank" or "remark" not in (kind, before)
            name += " " * (apart and bool(name)) + (_QUOTED_PAIR.sub(r"\1", value) if kind == "quoted" else value)
        before = kind
    return name


def _checked(label: str, text: str, box: str) -> str:
    if not box.isascii():
        raise MessageError(
            f"{label}: {shortened(text)} has an address beyond ASCII: write its domain as `xn--…`, and ask for a box"
            " of plain letters"
        )
    if not _BOX.fullmatch(box):
        raise MessageError(f"{label}: {shortened(text)} is no e-mail address: write `name <box@host>` or `box@host`")
    if len(box) > _LONGEST_BOX:
        raise MessageError(f"{label}: an e-mail address has {len(box)} characters; no server takes over {_LONGEST_BOX}")
    return box
