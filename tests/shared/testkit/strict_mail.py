"""A strict reader of e-mails, which is asked whether what goes out says what it is to say.

Enters: the bytes of an e-mail. Leaves: its headers in order, and its texts; or `ValueError` for anything that is not in
RFC 5322, 2045, 2046 and 2047 to the letter. It shares no code with what writes headers, and guesses nothing: what only
some readers take is refused.
"""

import re
from binascii import a2b_base64, a2b_qp
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

_LINE_LIMIT, _ENCODED_LINE_LIMIT, _CODE_LIMIT = 998, 76, 76  # RFC 5322 2.1.1, RFC 2047 2, RFC 2045 6.7 and 6.8
_BROKEN = re.compile(rb"\0|(?<!\r)\n|\r(?!\n)")
_BLANKS = re.compile("( +)")
_PAIR = re.compile(r"\\(.)")
_FIELD = re.compile(r"([!-9;-~]+):(?:[ ](.*))?")
_PRINTED = re.compile(r"[ -~]*")
_WORD = re.compile(r"=\?utf-8\?([bq])\?([!->@-~]+)\?=")
_Q = re.compile(r"(?:[!-<>@-^`-~_]|=[0-9A-F]{2})+")
_TOKEN = re.compile(
    r'( +)|"((?:[ !#-\[\]-~]|\\[ -~])*)"|<([^ <>"(),;:\\]+)>|(,)|([^ "<>(),:;\\\[\]@.]+(?:[.@][^ "<>(),:;\\\[\]@.]+)*)'
)
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+")
_QP = re.compile(rb"(?:[!-<>-~]|[ \t]+(?=[!-~])|=[0-9A-F]{2}|=\r\n|\r\n)*")
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4,76}\r\n)*[A-Za-z0-9+/]*={0,2}(?:\r\n)?")
_CONTENT = re.compile(r'(text/plain|text/html); charset="?utf-8"?')
_MULTIPART = re.compile(
    r'multipart/(?:alternative|related|mixed); boundary="([=_0-9A-Za-z]{1,70})"(?:; type="text/html")?'
)
_TYPE = re.compile(r'[a-z]+/[A-Za-z0-9.+-]+(?:; ?[a-z-]+=(?:[A-Za-z0-9.-]+|"[^"\\]*"))*')
_DISPOSITION = re.compile(r"(attachment|inline); (filename.*)")
_SECTION = re.compile(r"filename\*(?:(\d+)\*)?=((?:[A-Za-z0-9!#$&+.^_`{|}~-]|%[0-9A-F]{2}|(?<==utf-8)''|'')*)")


@dataclass(frozen=True, slots=True)
class Mail:
    """What was read: `fields` are names and values without line breaks, `texts` are types and texts with line feeds,
    `files` everything else that is in it.
    """

    fields: tuple[tuple[str, str], ...]
    texts: tuple[tuple[str, str], ...]
    files: tuple["File", ...] = ()


@dataclass(frozen=True, slots=True)
class File:
    """A part that is no body: an attachment, an image of the HTML, or an invitation, which has no name."""

    type: str
    name: str
    content_id: str
    data: bytes


def read_mail(data: bytes) -> Mail:
    """Return what the bytes of an e-mail say."""
    if _BROKEN.search(data):
        raise ValueError("there is a NUL, or half of a line break")
    if max(map(len, data.split(b"\r\n"))) > _LINE_LIMIT:
        raise ValueError(f"a line has more than {_LINE_LIMIT} octets")
    fields, body = _entity(data)
    found = list(_leaves(fields, body))
    texts = tuple(_text(*leaf) for leaf in found if _CONTENT.fullmatch(_one(leaf[0], "content-type")))
    others = (leaf for leaf in found if not _CONTENT.fullmatch(_one(leaf[0], "content-type")))
    return Mail(fields, texts, tuple(_file(*leaf) for leaf in others))


def _leaves(fields: tuple[tuple[str, str], ...], body: bytes) -> Iterator[tuple[tuple[tuple[str, str], ...], bytes]]:
    """Yield each part that has none in it."""
    multipart = _MULTIPART.fullmatch(_one(fields, "content-type"))
    if multipart is None:
        yield fields, body
        return
    for part in _parts(body, multipart[1].encode()):
        yield from _leaves(*_entity(part))


def read_text(value: str) -> str:
    """Return the text of an unfolded header, with its encoded words decoded."""
    found, before = "", False  # whether an encoded word stands before
    for number, piece in enumerate(_BLANKS.split(value)):
        if number % 2:
            blank = piece
            continue
        word = _WORD.fullmatch(piece)
        if number:
            found += "" if before and word else blank
        found += _decoded(word) if word else piece
        before = word is not None
    return found


def read_mailboxes(value: str) -> tuple[tuple[str, str], ...]:
    """Return the name and address of each mailbox in an unfolded header; groups and comments are not taken."""
    found: list[tuple[str, str]] = []
    words: list[tuple[str, str]] = []
    box = ""
    for kind, text in (*_tokens(value), ("comma", ",")):
        if kind == "comma":
            if not box:
                raise ValueError("there is no address before a comma")
            found.append((_phrase(words), box))
            words, box = [], ""
        elif box:
            raise ValueError("something stands behind an address")
        elif kind == "angle" or (kind == "atom" and "@" in text and not words):
            box = _box(text)
        else:
            words.append((kind, text))
    return tuple(found)


def _phrase(words: list[tuple[str, str]]) -> str:
    """Return the name that words make."""
    name, before = "", False  # whether an encoded word stands before
    for number, (kind, text) in enumerate(words):
        word = _WORD.fullmatch(text) if kind == "atom" else None
        if kind == "atom" and word is None and ("=?" in text or not _ATOMS.fullmatch(text)):
            raise ValueError("a word of a name has a sign in it that belongs in quotes")
        name += "" if not number or (before and word) else " "
        name += _decoded(word) if word else text
        before = word is not None
    return name


def _tokens(value: str) -> Iterator[tuple[str, str]]:
    at, separate = 0, True
    while at < len(value):
        match = _TOKEN.match(value, at)
        if match is None:
            raise ValueError("there is a sign that has no place among addresses")
        blank, quoted, angle, comma, atom = match.groups()
        if quoted is not None or angle is not None or atom is not None:
            if not separate:
                raise ValueError("there is no blank between two words")
            text = quoted if quoted is not None else angle if angle is not None else atom
            kind = "quoted" if quoted is not None else "angle" if angle is not None else "atom"
            yield kind, _PAIR.sub(r"\1", text) if kind == "quoted" else text
        elif comma:
            yield "comma", ","
        separate = bool(blank or comma)
        at = match.end()


def _box(text: str) -> str:
    local, separator, domain = text.partition("@")
    labels = (*local.split("."), *domain.split("."))
    if not separator or not all(map(_ATOMS.fullmatch, labels)):
        raise ValueError("there is no address where one should be")
    return text


def _decoded(word: re.Match[str]) -> str:
    encoding, text = word.groups()
    if len(word[0]) > 75:
        raise ValueError("an encoded word is too long")
    if encoding == "b":
        return a2b_base64(text, strict_mode=True).decode()
    if not _Q.fullmatch(text):
        raise ValueError("there is an encoded word that cannot be decoded")
    return a2b_qp(text.encode(), header=True).decode()


def _entity(data: bytes) -> tuple[tuple[tuple[str, str], ...], bytes]:
    """Return the headers and the body of a message or of a part of one."""
    head, separator, body = data.partition(b"\r\n\r\n")
    if not separator:
        raise ValueError("there is no empty line behind the headers")
    return tuple(_fields(head.decode("ascii"))), body


def _fields(head: str) -> Iterator[tuple[str, str]]:
    found: list[list[str]] = []
    for line in head.split("\r\n"):
        if not _PRINTED.fullmatch(line) or not line.strip(" ") or line.endswith(" "):
            raise ValueError("there is a line of headers with odd characters, or with nothing behind a blank")
        if len(line) > _ENCODED_LINE_LIMIT and "=?utf-8?" in line:
            raise ValueError("a line with an encoded word is too long")
        if not line.startswith(" "):
            found.append([line])
        elif found:
            found[-1].append(line)
        else:
            raise ValueError("the first header has no name")
    for lines in found:
        match = _FIELD.fullmatch("".join(lines))
        if match is None:
            raise ValueError("there is a line that is no header")
        yield match[1], match[2] or ""


def _one(fields: tuple[tuple[str, str], ...], name: str) -> str:
    found = [value for each, value in fields if each.lower() == name]
    if len(found) != 1:
        raise ValueError(f"there are {len(found)} headers `{name}`")
    return found[0]


def _parts(body: bytes, boundary: bytes) -> list[bytes]:
    found = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if found[0] or found[-1] not in (b"--\r\n", b"--") or not all(each.startswith(b"\r\n") for each in found[1:-1]):
        raise ValueError("the parts are not where they should be")
    return [each[2:] for each in found[1:-1]]


def _text(fields: tuple[tuple[str, str], ...], body: bytes) -> tuple[str, str]:
    content = _CONTENT.fullmatch(_one(fields, "content-type"))
    if content is None:
        raise ValueError("there is a part that is no text")
    return content[1], _octets(fields, body).decode().replace("\r\n", "\n")


def _octets(fields: tuple[tuple[str, str], ...], body: bytes) -> bytes:
    encoding = _one(fields, "content-transfer-encoding")
    if encoding == "7bit" and body.isascii():
        return body
    if encoding == "8bit":
        return body
    if max(map(len, body.split(b"\r\n"))) > _CODE_LIMIT:
        raise ValueError("an encoded line is too long")
    if encoding == "quoted-printable" and _QP.fullmatch(body):
        return a2b_qp(body)
    if encoding == "base64" and _BASE64.fullmatch(body):
        return a2b_base64(body.replace(b"\r\n", b""), strict_mode=True)
    raise ValueError("there is a part that cannot be decoded")


def _file(fields: tuple[tuple[str, str], ...], body: bytes) -> File:
    kind = _one(fields, "content-type")
    if not _TYPE.fullmatch(kind):
        raise ValueError("there is a part whose type is none")
    named = {name.lower(): value for name, value in fields}
    content_id = named.get("content-id", "")
    if content_id and not re.fullmatch(r"<[!-;=?A-~]+@[!-;=?A-~]+>", content_id):
        raise ValueError("there is an odd content id")
    name = _name_of_file(named["content-disposition"]) if "content-disposition" in named else ""
    return File(kind, name, content_id[1:-1], _octets(fields, body))


def _name_of_file(disposition: str) -> str:
    match = _DISPOSITION.fullmatch(disposition)
    if match is None:
        raise ValueError("there is a disposition that no reader takes")
    plain = re.fullmatch(r'filename="([^"\\]+)"', match[2])
    if plain:
        return plain[1]
    found = ""
    sections = match[2].split("; ")
    for number, section in enumerate(sections):
        part = _SECTION.fullmatch(section)
        if part is None or (part[1] or "0") != str(number) or (part[1] is None and len(sections) > 1):
            raise ValueError("there is a name of a file that no reader takes")
        found += part[2]
    if not found.startswith("utf-8''"):
        raise ValueError("a file's name is of an unknown character set")
    return unquote_to_bytes(found.removeprefix("utf-8''")).decode()
