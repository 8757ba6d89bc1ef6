"""Outputs: what becomes of the texts and messages of a chunk. Each chunk is one file, or one folder of files.

Enters: a row's number, the row, and what was rendered for it. Leaves: a file or folder under the name that it was
given, with all of it on the disk. What is wrong with one row is raised by `payload`; `add` only writes, and what it
raises is wrong with the disk.
"""

import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from blendtpl.bulk.job import Plan
from blendtpl.bulk.rejects import FileNameError
from blendtpl.bulk.sync import sync_file, sync_folder
from blendtpl.mail.message import Message

_LONGEST_NAME = 200  # bytes of a file's name, so that there is room for what it ends with
_FROM = re.compile(rb"^(?=>*From )", re.MULTILINE)
_BUFFER = 2**18


class Writer(Protocol):
    """Writes one chunk."""

    def add(self, payloads: list[Any]) -> object:
        """Write rows."""

    def finish(self) -> None:
        """Have all of it on the disk."""

    def close(self) -> None:
        """Let go of the file, finished or not."""


class Output(Protocol):
    """A format of output: what a row becomes, and what writes a chunk of such."""

    suffix: str

    def payload(self, number: int, row: dict[str, Any], made: Any) -> Any:
        """Return what is written for a row; whatever it raises is the row's fault."""

    def writer(self, path: Path) -> Writer:
        """Begin a file or folder of that name."""


def output_of(plan: Plan, types: Callable[[str], Any] | None) -> Output:
    """Return the output that a plan asks for; `types` says the Arrow type of a column, where there is one."""
    if plan.output == "parquet":
        from blendtpl.bulk.parquet_output import ParquetOutput  # which alone needs pyarrow

        return ParquetOutput(plan, types)
    if plan.output == "jsonl":
        return JsonLinesOutput(plan)
    return MboxOutput() if plan.output == "mbox" else FilesOutput(plan)


class JsonLinesOutput:
    """Lines of JSON: the number of the row, what is kept of it, and its text."""

    suffix = ".jsonl"

    def __init__(self, plan: Plan) -> None:
        self._keep = plan.keep

    def payload(self, number: int, row: dict[str, Any], made: Any) -> bytes:
        """Return the line."""
        told: dict[str, Any] = {"row": number, **{name: row.get(name) for name in self._keep}}
        if isinstance(made, Message):
            told |= {"recipients": made.recipients, "subject": made.subject, "message": made.as_bytes().decode()}
        else:
            told["text"] = made
        return json.dumps(told, default=str).encode() + b"\n"

    def writer(self, path: Path) -> "FileWriter":
        """Begin a file."""
        return FileWriter(path)


class MboxOutput:
    """Mailboxes in the form mboxrd: what a line begins with ``From``, however many ``>`` before it, has one more."""

    suffix = ".mbox"

    def payload(self, number: int, row: dict[str, Any], made: Message) -> bytes:
        """Return the message as it stands in a mailbox."""
        head = f"From {made.envelope_sender} {time.asctime(time.gmtime())}\n".encode()
        return b"%b%b\n" % (head, _FROM.sub(b">", made.as_bytes().replace(b"\r\n", b"\n")))

    def writer(self, path: Path) -> "FileWriter":
        """Begin a mailbox."""
        return FileWriter(path)


class FilesOutput:
    """A folder with a file for each row: the bytes of a message, or a text in UTF-8."""

    suffix = ""

    def __init__(self, plan: Plan) -> None:
        self._column = plan.file_name
        self._ending = ".eml" if plan.message else os.path.splitext(plan.name)[1] or ".txt"  # noqa: PTH122
        self._names: set[str] = set()

    def payload(self, number: int, row: dict[str, Any], made: Any) -> tuple[str, bytes]:
        """Return the name of the file and what is in it."""
        data = made.as_bytes() if isinstance(made, Message) else made.encode()
        if self._column is None:
            return f"{number:09}{self._ending}", data
        name = safe_name(self._column, row.get(self._column)) + self._ending
        if name in self._names:
            raise FileNameError(f"column `{self._column}` has {name!r} for another row of the chunk, too")
        self._names.add(name)
        return name, data

    def writer(self, path: Path) -> "FolderWriter":
        """Begin a folder."""
        self._names = set()
        return FolderWriter(path)


def safe_name(column: str, value: object) -> str:
    """Return a value as the name of a file; raises `FileNameError` for one that leads elsewhere or that is none."""
    text = str(value) if isinstance(value, (str, int)) else ""
    if not text or text.startswith((".", "-")) or not text.isprintable() or re.search(r'[/\\:*?"<>|]', text):
        raise FileNameError(f"column `{column}` has {value!r}, which cannot be the name of a file")
    if len(text.encode()) > _LONGEST_NAME:
        raise FileNameError(f"column `{column}` has a name of over {_LONGEST_NAME} bytes")
    return text


class FileWriter:
    """Writes one file."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb", buffering=_BUFFER)
        self.add = self._file.writelines

    def finish(self) -> None:
        """Have it on the disk."""
        sync_file(self._file)

    def close(self) -> None:
        """Close it."""
        self._file.close()


class FolderWriter:
    """Writes one folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.mkdir()

    def add(self, payloads: list[tuple[str, bytes]]) -> None:
        """Write a file for each."""
        for name, data in payloads:
            with (self._path / name).open("xb") as file:
                file.write(data)

    def finish(self) -> None:
        """Have all files on the disk."""
        sync_folder(self._path)

    def close(self) -> None:
        """Nothing is open."""
