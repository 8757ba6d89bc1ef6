"""Snapshots: messages as text files beside the tests, which people read when they review a change.

Enters: a message, and the file that it was the last time. Leaves: nothing, a new file, or a failure with what differs.
What is new in each message (`Message-ID`, `Date`, boundaries, signatures) is no part of it.
"""

import difflib
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from blendtpl.testing.reading import ReadMessage, read

_NEW = frozenset(("date", "message-id", "dkim-signature", "content-type", "content-transfer-encoding", "mime-version"))
_ODD = re.compile(r"[^\w.-]+")
_LONGEST_NAME = 100


class Snapshots:
    """Compares messages with files in a folder: one for the test, and more where it asks more than once.

    Called with a message, it raises `AssertionError` when that is another than in the file, or there is no file; with
    `update` it writes the file instead. `name` tells several of one test apart; else they are numbered.
    """

    def __init__(self, folder: Path, test: str, *, update: bool = False) -> None:
        self._folder = folder
        self._test = _ODD.sub("-", test).strip("-")
        self._update = update
        self._names: set[str] = set()

    def __call__(self, message: object, name: str = "") -> None:
        """Compare a message with its file."""
        path = self._folder / f"{self._named(name)}.txt"
        now = readable(message)
        if self._update:
            if not path.exists() or path.read_text(encoding="utf-8") != now:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(now, encoding="utf-8", newline="\n")
            return
        if not path.exists():
            raise AssertionError(
                f"there is no snapshot {path} yet: run with --update-messages, and read what it writes"
            )
        before = path.read_bytes().decode()
        if before != now:
            rows = difflib.unified_diff(before.splitlines(), now.splitlines(), "snapshot", "now", lineterm="")
            raise AssertionError(
                f"the message is another than in {path}; if that is meant, run with --update-messages\n"
                + "\n".join(rows)
            )

    def _named(self, name: str) -> str:
        stem = "-".join(filter(None, (self._test, _ODD.sub("-", name).strip("-"))))
        if len(stem) > _LONGEST_NAME:
            stem = f"{stem[:_LONGEST_NAME]}-{sha256(stem.encode()).hexdigest()[:8]}"
        number, unique = 1, stem
        while unique in self._names:
            number += 1
            unique = f"{stem}-{number}"
        self._names.add(unique)
        return unique


def readable(message: object) -> str:
    """Return a message as text: its headers, its bodies, and a line for each file. The same message has the same."""
    return "\n".join(map(_shown, _lines(read(message)))) + "\n"


def _lines(message: ReadMessage) -> Iterator[str]:
    for name, value in message.headers:
        if name.lower() not in _NEW:
            yield f"{name}: {value}"
    if message.bcc:
        yield f"(Bcc: {', '.join(message.bcc)})"
    for kind, body in (("text", message.text), ("html", message.html)):
        if body is not None:
            yield from ("", f"---- {kind}", *body.split("\n"))
    for file in message.attachments:
        digest = sha256(file.content).hexdigest()[:16]
        what = f"---- {'image' if file.content_id else 'attachment'} {file.name or '(no name)'}"
        yield f"{what}: {file.type}, {len(file.content):,} bytes, sha256 {digest}…"


def _shown(line: str) -> str:
    """Return a line with what nobody sees made visible."""
    return "".join(character if character.isprintable() else f"⟨U+{ord(character):04X}⟩" for character in line)
