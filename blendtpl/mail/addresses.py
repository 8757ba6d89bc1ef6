"""Addresses as people write them: ``name <box@host>`` in a string becomes a name and a box.

Enters: the text of one address, or of a list of them. Leaves: mailboxes, with the name as a reader is to see it.
Nothing here knows how addresses are written into a header. The standard library's parser is not asked: what it makes of
odd text differs from one patch release of Python to the next, and it finds addresses where a name was meant.
"""

import encodings.idna
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from blendtpl.errors import MessageError

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOT_ATOMS, _DOMAIN = rf"{_ATOM}(?:\.{_ATOM})*", r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"  # RFC 5322, ASCII only
_BOX = re.compile(rf"{_DOT_ATOMS}@{_DOMAIN}")
_QUOTED_BOX = re.compile(rf'"(?:[ !#-\[\]-~]|\\[ -~])+"@{_DOMAIN}')  # RFC 5321 section 4.1.2
_PLAIN = r"[^\s\"<>(),;:\\@=]+"
# what nearly all are, told at once: a name of words, or none; first of words that a header has as they are
_SIMPLE = re.compile(rf"(?:({_ATOM}(?: {_ATOM})*) <)?({_DOT_ATOMS}@{_DOMAIN})(?(1)>|)")
_COMMON = re.compile(rf"(?:({_PLAIN}(?: {_PLAIN})*) <)?({_DOT_ATOMS}@{_DOMAIN})(?(1)>|)")
# RFC 6532: what is beyond ASCII may be in any atom
_WIDE_BOX = re.compile(
    r"[^\x00- \x7f-\xa0\"(),:;<>@\[\\\].]+(?:\.[^\x00- \x7f-\xa0\"(),:;<>@\[\\\].]+)*"
    r"@[A-Za-z0-9\u0080-\U0010ffff-]+(?:\.[A-Za-z0-9\u0080-\U0010ffff-]+)*"
)
_DEVIATIONS = frozenset("\u00df\u03c2\u200c\u200d")  # which IDNA 2003 and 2008 write in two ways: UTS 46 section 7
_LONGEST_BOX = 254  # RFC 5321 section 4.5.3.1.3: a path of 256 octets has its angle brackets in it
_TOKEN = re.compile(
    r"""(?P<blank>[ ]+)
    |   (?P<local>"(?:[^"\\]|\\.)*"@[^ "<>(),;:\\]+)
    |   "(?P<quoted>(?:[^"\\]|\\.)*)"
    |   <(?P<box>[ ]*(?:"(?:[^"\\]|\\.)*")?[^<>"]*)>
    |   (?P<remark>\([^()"\\<>]*\))
    |   (?P<comma>,)
    |   (?P<word>[^ "<>(),;:\\]+)""",
    re.VERBOSE,
)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_ENCODED_WORD = re.compile(r"=\?[^?]*\?[bq]\?", re.IGNORECASE)  # RFC 2047: whoever reads it decodes what is inside
_REMEDY = "put a name with a comma or another sign of its own in quotes"


class Syntax(NamedTuple):
    """What addresses may be beyond dot-atoms: with a `quoted` local part, or beyond ASCII (`utf8`: RFC 6531)."""

    quoted: bool = False
    utf8: bool = False


DOT_ATOMS = Syntax()


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address: `name` as it is read, without quotes and escapes, and `box`, which is ``local@domain``. `plain` is
    both as they were given, where that is what a header has, too.
    """

    name: str
    box: str
    plain: str | None = field(default=None, repr=False, compare=False)

    @property
    def domain(self) -> str:
        """What stands behind the ``@``."""
        return self.box.rpartition("@")[2]


def one_mailbox(label: str, text: str, syntax: Syntax = DOT_ATOMS) -> Mailbox:
    """Return the one address in a text; raises `MessageError`, which says `label`, when there is none or are more."""
    if (simple := _SIMPLE.fullmatch(text)) is not None and len(text) <= _LONGEST_BOX:
        name, box = simple.groups("")
        if "=?" not in name:
            return Mailbox(name, box, text)
    elif (common := _COMMON.fullmatch(text)) is not None and len(text) <= _LONGEST_BOX:
        return Mailbox(*common.groups(""))
    boxes = mailboxes(label, text, syntax)
    if len(boxes) != 1:
        raise MessageError(f"{label}: {shortened(text)} is not one e-mail address: {_REMEDY}")
    return boxes[0]


def mailboxes(label: str, text: str, syntax: Syntax = DOT_ATOMS) -> tuple[Mailbox, ...]:
    """Return the addresses in a text, with commas between them; raises `MessageError`, which says `label`."""
    rows: list[list[tuple[str, str]]] = [[]]
    for kind, value in _tokens(label, text):
        if kind == "comma":
            rows.append([])
        else:
            rows[-1].append((kind, value))
    return tuple(_mailbox(label, text, row, syntax) for row in rows)


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


def _mailbox(label: str, text: str, row: list[tuple[str, str]], syntax: Syntax) -> Mailbox:
    tokens = [token for token in row if token[0] != "blank"]
    match tokens:
        case [("word" | "local", box)]:
            name = ""
        case [("word" | "local", box), ("remark", remark)] if "@" in box:  # as it was before there was `name <box>`
            name = remark[1:-1]
        case [*_, ("box", box)] if not any(_is_address(*token) for token in tokens[:-1]):
            name = _name(row[: row.index(("box", box))])
        case _:
            raise MessageError(f"{label}: {shortened(text)} is no e-mail address, or is more than one: {_REMEDY}")
    refuse_encoded_word(label, name)
    return Mailbox(name, _checked(label, text, box.strip(" "), syntax))


def _is_address(kind: str, value: str) -> bool:
    return kind in {"box", "local"} or (kind == "word" and "@" in value)


def _name(row: list[tuple[str, str]]) -> str:
    """Return the name that words, quoted texts and remarks make: blank space between them is one blank."""
    name, before = "", "blank"
    for kind, value in row:
        if kind != "blank":
            apart = before == "blank" or "remark" not in (kind, before)
            name += " " * (apart and bool(name)) + (_QUOTED_PAIR.sub(r"\1", value) if kind == "quoted" else value)
        before = kind
    return name


def _checked(label: str, text: str, box: str, syntax: Syntax) -> str:
    local, at, domain = box.rpartition("@")
    if at and local.isascii() and not domain.isascii():
        box = f"{local}@{_ascii_domain(label, text, domain)}"
    if not box.isascii() and not (syntax.utf8 and _WIDE_BOX.fullmatch(box)):
        raise MessageError(
            f"{label}: {shortened(text)} has an address beyond ASCII: ask for a box of plain letters, or say"
            " `smtputf8=True`, which both servers must be able to do"
        )
    if box.isascii() and not _BOX.fullmatch(box):
        quoted = _QUOTED_BOX.fullmatch(box) is not None
        if quoted and not syntax.quoted:
            raise MessageError(
                f"{label}: {shortened(text)} is no e-mail address that every server takes: before the `@` it is in"
                " quotes; say `quoted_local=True` when it is right"
            )
        if not quoted:
            raise MessageError(
                f"{label}: {shortened(text)} is no e-mail address: write `name <box@host>` or `box@host`"
            )
    if len(box.encode()) > _LONGEST_BOX:
        raise MessageError(f"{label}: an e-mail address has {len(box)} characters; no server takes over {_LONGEST_BOX}")
    return box


def _ascii_domain(label: str, text: str, domain: str) -> str:
    """Return an internationalised domain as `xn--…` (RFC 5890)."""
    normalized = unicodedata.normalize("NFC", domain).lower()
    try:
        labels = [encodings.idna.ToASCII(label).decode() for label in normalized.split(".")]
        # what is mapped away, such as a blank of no width, leads to another host than the one that is seen
        if _DEVIATIONS.isdisjoint(normalized) and ".".join(map(encodings.idna.ToUnicode, labels)) == normalized:
            return ".".join(labels)
    except UnicodeError:
        pass
    raise MessageError(
        f"{label}: {shortened(text)} has a domain beyond ASCII that is none, or two: write it as `xn--…`"
    )
