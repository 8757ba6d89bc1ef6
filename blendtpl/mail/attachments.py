"""Attachments: files that go with a message, images that its HTML shows, and invitations to a calendar.

Enters: names, and bytes, paths or open files. Leaves: the headers and the octets of one part of a message. A path is
read when the message is written, so that a message that waits holds no file; that it is there is checked at once.
"""

import mimetypes
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blendtpl.errors import MessageError
from blendtpl.mail.addresses import shortened
from blendtpl.mail.content_id import content_id
from blendtpl.mail.transfer import AS_IT_IS, LONGEST_LINE, NAMES, as_base64, transferred

# its headers with an empty line behind them, what it holds, and whether that goes as it is: it may have anything in it
Part = tuple[bytes, bytes, bool]

_TYPES = mimetypes.MimeTypes()  # what Python itself knows, whatever the system says
_TYPE = re.compile(
    r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(; ?[A-Za-z0-9-]+=([A-Za-z0-9._-]+|\"[ !#-\[\]-~]*\"))*"
)
_METHOD = re.compile(r"[A-Z-]+")  # RFC 5546
_LONGEST_NAME = 255  # of a file
_ROOM = 60  # characters of one section of a parameter (RFC 2231), which stand in a line of 78
_AS_IT_IS = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`{|}~"
)  # RFC 2231: attribute-char
_PLAIN_NAME = re.compile(r"[A-Za-z0-9!#$&+.^_`{|}~-][A-Za-z0-9!#$&+.^_`{|}~ -]*")


@dataclass(frozen=True, slots=True, repr=False)
class Attachment:
    """A file that goes with a message.

    `content` is bytes, a text (as UTF-8), a path, or a file opened for bytes, which is read at once. `name` is what
    readers see, without a folder; that of the path where none is given. `type` is its media type, guessed by the name
    where none is given.

    Raises `MessageError` for a file that is not there, and for what no reader takes.
    """

    content: Any
    name: str = ""
    type: str = ""

    def __post_init__(self) -> None:
        content, name = _content(self.content)
        object.__setattr__(self, "content", content)
        object.__setattr__(self, "name", _checked_name(self.name or name))
        object.__setattr__(self, "type", _checked_type(self.name, self.type))

    def __repr__(self) -> str:
        return f"<Attachment of {self.type}>"  # names of files tell of people

    def octets(self) -> bytes:
        """Return what is in it; raises `MessageError` for a file that has gone."""
        return _octets(self.content, self.name)

    def part(self) -> Part:
        """Return it as a part of a message."""
        octets, kind = self.octets(), self.type
        disposition = _parameter("Content-Disposition: attachment", "filename", self.name)
        if kind.startswith("message/"):  # which may not be encoded: RFC 2046 section 5.2.1
            lines = octets.splitlines()
            if octets.isascii() and max(map(len, lines), default=0) <= LONGEST_LINE and b"\0" not in octets:
                return _head(kind, "7bit", disposition), b"\r\n".join((*lines, b"")), True
            kind = "application/octet-stream"
        return _head(kind, "base64", disposition), as_base64(memoryview(octets)), False


@dataclass(frozen=True, slots=True, repr=False)
class Image:
    """An image that the HTML of a message shows by ``{{ cid(name) }}``, which goes with it; `content` as above."""

    name: str
    content: Any
    type: str = ""

    def __post_init__(self) -> None:
        content, _ = _content(self.content)
        object.__setattr__(self, "content", content)
        content_id(self.name)
        object.__setattr__(self, "type", _checked_type(self.name, self.type))

    def __repr__(self) -> str:
        return f"<Image {self.name!a} of {self.type}>"

    def part(self) -> Part:
        """Return it as a part of a message."""
        file = self.name.rpartition("/")[2]
        octets = _octets(self.content, file)
        disposition = _parameter("Content-Disposition: inline", "filename", file)
        own = f"Content-ID: <{content_id(self.name)}>\r\n{disposition}"
        return _head(self.type, "base64", own), as_base64(memoryview(octets)), False


@dataclass(frozen=True, slots=True, repr=False)
class Invitation:
    """An iCalendar text, which readers show as an invitation, an answer to one, or a cancellation.

    `method` is that of the calendar (RFC 5546): ``REQUEST``, ``REPLY``, ``CANCEL``, ``PUBLISH``; the text has the same.
    """

    content: str
    method: str = "REQUEST"

    def __post_init__(self) -> None:
        if not isinstance(self.content, str) or not self.content.lstrip().startswith("BEGIN:VCALENDAR"):
            raise MessageError("an invitation takes the text of a calendar, which begins with `BEGIN:VCALENDAR`")
        if not isinstance(self.method, str) or not _METHOD.fullmatch(self.method):
            raise MessageError(f"an invitation's method is {shortened(str(self.method))}: write it as `REQUEST`")
        match = re.search(r"^METHOD:(\S+)", self.content, re.MULTILINE)
        if match is None or match[1] != self.method:
            actual = "no method" if match is None else f"the method {shortened(match[1])}"
            raise MessageError(
                f"an invitation's calendar has {actual}, and goes as `{self.method}`: they must be the same"
            )

    def __repr__(self) -> str:
        return f"<Invitation: {self.method}>"

    def part(self) -> Part:
        """Return it as a part of a message."""
        way, octets = transferred(self.content, False)  # as in C
        kind = f"text/calendar; method={self.method}; charset=utf-8"
        return _head(kind, NAMES[way]), octets, NAMES[way] in AS_IT_IS


def as_attachments(values: object) -> tuple[Attachment | Invitation, ...]:
    """Return what a caller gave: attachments, invitations, paths, open files, or tuples of a name, a content and
    perhaps a type.
    """
    if isinstance(values, (str, bytes, os.PathLike)) or not isinstance(values, Iterable):
        raise MessageError(
            f"`attachments` takes a list, and is of the type `{type(values).__name__}`: give `attachments=[...]`"
        )
    return tuple(map(_attachment, values))


def as_images(values: object) -> tuple[Image, ...]:
    """Return what a caller gave, which are images."""
    if not isinstance(values, Iterable) or isinstance(values, (str, bytes)):
        raise MessageError(f"`images` takes a list of `Image`, and is of the type `{type(values).__name__}`")
    images = tuple(values)
    for image in images:
        if not isinstance(image, Image):
            raise MessageError(f"`images` takes `Image`s, and has one of the type `{type(image).__name__}`")
    if len({image.name for image in images}) != len(images):
        raise MessageError("two `images` have the same name")
    return images


def guessed_type(name: str) -> str:
    """Return the media type of a file of that name."""
    guessed, packed = _TYPES.guess_type(f"./{name}")
    return "application/octet-stream" if guessed is None or packed else guessed


def _attachment(value: Any) -> Attachment | Invitation:
    if isinstance(value, (Attachment, Invitation)):
        return value
    if isinstance(value, tuple) and len(value) in {2, 3} and isinstance(value[0], str):
        name, content, *kind = value
        return Attachment(content, name, *kind)
    if isinstance(value, str):
        value = Path(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise MessageError("an attachment of bytes has no name: give `Attachment(content, name)`")
    return Attachment(value)


def _octets(content: bytes | Path, name: str) -> bytes:
    if isinstance(content, bytes):
        return content
    try:
        return content.read_bytes()
    except OSError as error:
        raise MessageError(f"attachment {shortened(name)} cannot be read: {error.strerror or error}") from error


def _content(value: Any) -> tuple[bytes | Path, str]:
    """Return the bytes, or the path of a file that is there; and the name that comes with it."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value), ""
    if isinstance(value, str):
        return value.encode(), ""
    if isinstance(value, os.PathLike):
        path = Path(os.fsdecode(value)).absolute()
        if not path.is_file() or not os.access(path, os.R_OK):
            problem = "cannot be read, or is no file" if path.exists() else "is not there"
            raise MessageError(f"attachment {shortened(os.fsdecode(value))} {problem}")
        return path, path.name
    read = getattr(value, "read", None)
    content = read() if callable(read) else None
    if not isinstance(content, bytes):
        opened = "a file opened for text" if isinstance(content, str) else f"of the type `{type(value).__name__}`"
        raise MessageError(f"an attachment takes bytes, a path or a file opened for bytes, and is {opened}")
    name = getattr(value, "name", "")
    return content, Path(name).name if isinstance(name, str) else ""


def _checked_name(name: object) -> str:
    if not isinstance(name, str) or not name:
        raise MessageError("an attachment has no name: give `Attachment(content, name)`")
    if not name.isprintable() or "/" in name or "\\" in name:
        raise MessageError(f"attachment name {shortened(name)} has a folder or a control character in it")
    if len(name.encode()) > _LONGEST_NAME:
        raise MessageError(f"attachment name {shortened(name)} is longer than {_LONGEST_NAME} bytes")
    return name


def _checked_type(name: str, kind: object) -> str:
    kind = kind or guessed_type(name)
    if not isinstance(kind, str) or not _TYPE.fullmatch(kind) or kind.lower().startswith("multipart/"):
        raise MessageError(f"attachment {shortened(name)} has the type {shortened(str(kind))}: write it as `image/png`")
    return kind


def _head(kind: str, encoding: str, more: str = "") -> bytes:
    lines = [f"Content-Type: {kind}", f"Content-Transfer-Encoding: {encoding}", *([more] if more else []), "", ""]
    return "\r\n".join(lines).encode("ascii")


def _parameter(head: str, name: str, value: str) -> str:
    """Return a header with a parameter behind its value, in sections where it is long or beyond ASCII (RFC 2231)."""
    if len(value) <= _ROOM and _PLAIN_NAME.fullmatch(value):
        return f'{head};\r\n {name}="{value}"'
    tokens = [chr(octet) if octet in _AS_IT_IS else f"%{octet:02X}" for octet in value.encode()]
    sections, room = ["utf-8''"], _ROOM
    for token in tokens:
        if len(sections[-1]) + len(token) > room:
            sections.append("")
        sections[-1] += token
    if len(sections) == 1:
        return f"{head};\r\n {name}*={sections[0]}"
    return ";\r\n ".join((head, *(f"{name}*{number}*={section}" for number, section in enumerate(sections))))
