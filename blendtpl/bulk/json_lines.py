"""JSON lines: one object in each line, whose members are the columns.

Enters: a file in UTF-8. Leaves: rows with the types of JSON. A line that is no JSON object is a bad row; a blank one is
none.
"""

import json
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from blendtpl.bulk.sources import BATCH_BYTES, BATCH_ROWS, CHUNK_BYTES, BadRow, Chunk, Rows

_BOM = b"\xef\xbb\xbf"
_SAMPLE = 1000  # rows whose members stand for those of all


class JsonLinesSource:
    """A file of JSON lines."""

    sampled = True

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            self._begin = len(_BOM) * file.read(len(_BOM)).startswith(_BOM)

    def columns(self) -> tuple[str, ...]:
        """Return the members that the first rows have."""
        found: dict[str, None] = {}
        with self.path.open("rb") as file:
            file.seek(self._begin)
            for line in islice((line for line in file if not line.isspace()), _SAMPLE):
                row = parsed(line)
                if not isinstance(row, BadRow):
                    found.update(dict.fromkeys(row))
        return tuple(found)

    def chunks(self, rows: int) -> Iterator[Chunk]:
        """Cut the file behind ends of lines."""
        index, first, count = 0, 1, 0
        with self.path.open("rb") as file:
            file.seek(self._begin)
            at = start = self._begin
            for line in file:
                at += len(line)
                if line.isspace():
                    continue
                count += 1
                if count == rows or at - start >= CHUNK_BYTES:
                    yield Chunk(index, first, count, start, at)
                    index, first, count, start = index + 1, first + count, 0, at
            if count:
                yield Chunk(index, first, count, start, at)

    def reader(self, columns: Collection[str] | None) -> "JsonLinesReader":
        """Open the file. Members that are not asked for are dropped by nobody: they are read already."""
        return JsonLinesReader(self.path)


class JsonLinesReader:
    """An open file of JSON lines."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")

    def batches(self, chunk: Chunk) -> Iterator[Rows]:
        """Yield rows as dicts from member to value."""
        self._file.seek(chunk.start)
        at = begun = chunk.start
        rows: Rows = []
        while at < chunk.end and (line := self._file.readline()):
            at += len(line)
            if line.isspace():
                continue
            rows.append(parsed(line))
            if len(rows) >= BATCH_ROWS or at - begun >= BATCH_BYTES:
                yield rows
                rows, begun = [], at
        if rows:
            yield rows

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def parsed(line: bytes) -> dict[str, Any] | BadRow:
    """Return the object in a line."""
    try:
        found = json.loads(line.decode())
    except UnicodeDecodeError:
        return BadRow(line.decode("utf-8", "replace").rstrip("\r\n"), "it is not UTF-8")
    except (ValueError, RecursionError) as error:
        return BadRow(line.decode().rstrip("\r\n"), f"it is no JSON: {error}")
    if not isinstance(found, dict):
        return BadRow(line.decode().rstrip("\r\n"), "it is no JSON object, from column names to values")
    return found
