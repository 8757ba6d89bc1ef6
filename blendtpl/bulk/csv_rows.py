"""CSV: rows of text, with a header, as the standard library's `csv` reads them.

Enters: a file in UTF-8. Leaves: rows whose values are all texts, for CSV has no types: a postcode keeps its zero. A row
with more or fewer fields than the header, or that is no UTF-8, is a bad row; a line with nothing in it is none.
"""

import csv
import sys
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from blendtpl.bulk.errors import BulkError
from blendtpl.bulk.sources import BATCH_BYTES, BATCH_ROWS, CHUNK_BYTES, BadRow, Chunk, Rows

_BOM = b"\xef\xbb\xbf"


class CsvSource:
    """A CSV file. Fields with line breaks in them, in quotes, are right, for no row is ever cut."""

    sampled = False

    def __init__(self, path: Path, delimiter: str) -> None:
        self.path, self.delimiter = path, delimiter
        csv.field_size_limit(sys.maxsize)  # a state of that module, whose limit would end the job
        with path.open("rb") as file:
            lines = _Lines(file, None)
            try:
                self._header = next((row for row in csv.reader(lines, delimiter=delimiter) if row), [])
            except csv.Error as error:
                raise BulkError(f"`{path}` is no CSV: its header: {error}") from error
            self._begin = lines.at
            if lines.take_odd() or any("\0" in name for name in self._header):
                raise BulkError(f"`{path}` is no CSV in UTF-8: its header has other bytes")
        twice = sorted({name for name in self._header if self._header.count(name) > 1})
        if twice:
            raise BulkError(f"`{path}` has more than one column `{twice[0]}`: rename one of them")
        if not self._header:
            raise BulkError(f"`{path}` is empty: its first line should name the columns")

    def columns(self) -> tuple[str, ...]:
        """Return the names in the header."""
        return tuple(self._header)

    def chunks(self, rows: int) -> Iterator[Chunk]:
        """Cut the file behind ends of rows. A line without a quote is a row; the others are read as `csv` reads."""
        index, first, count = 0, 1, 0
        with self.path.open("rb") as file:
            file.seek(self._begin)
            lines = _Lines(file, None)
            lines.at = start = self._begin
            quoted = csv.reader(lines, delimiter=self.delimiter)
            for line in file:
                if b'"' in line:
                    lines.before = line
                    with suppress(csv.Error):  # a bad row is one, too
                        next(quoted)
                else:
                    lines.at += len(line)
                    if not line.strip(b"\r\n"):
                        continue
                count += 1
                if count == rows or lines.at - start >= CHUNK_BYTES:
                    yield Chunk(index, first, count, start, lines.at)
                    index, first, count, start = index + 1, first + count, 0, lines.at
            if count:
                yield Chunk(index, first, count, start, lines.at)

    def reader(self, columns: Collection[str] | None) -> "CsvReader":
        """Open the file."""
        return CsvReader(self.path, self.delimiter, self._header, columns)


class CsvReader:
    """An open CSV file."""

    def __init__(self, path: Path, delimiter: str, header: list[str], columns: Collection[str] | None) -> None:
        self._file, self._delimiter, self._header = path.open("rb"), delimiter, header
        self._dropped = [] if columns is None else [name for name in header if name not in columns]

    def batches(self, chunk: Chunk) -> Iterator[Rows]:
        """Yield rows as dicts from column to text."""
        self._file.seek(chunk.start)
        lines = _Lines(self._file, chunk.end)
        lines.at = begun = chunk.start
        reader = csv.reader(lines, delimiter=self._delimiter)
        rows: Rows = []
        while True:
            try:
                fields = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                rows.append(BadRow(lines.last, str(error)))
                lines.take_odd()
            else:
                if not fields:
                    continue
                rows.append(self._row(fields, odd=lines.odd and lines.take_odd()))
            if len(rows) >= BATCH_ROWS or lines.at - begun >= BATCH_BYTES:
                yield rows
                rows, begun = [], lines.at
        if rows:
            yield rows

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _row(self, fields: list[str], *, odd: bool) -> dict[str, str] | BadRow:
        if odd or len(fields) != len(self._header):
            text = self._delimiter.join(fields)
            if odd:
                return BadRow(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"), "it is not UTF-8")
            return BadRow(text, f"it has {len(fields)} fields, and the header has {len(self._header)}")
        row = dict(zip(self._header, fields, strict=True))
        for name in self._dropped:
            del row[name]
        return row


class _Lines:
    """The lines of a part of a file as text, and how far they have been taken."""

    def __init__(self, file: BinaryIO, end: int | None) -> None:
        self._file, self._end = file, end
        self.at = 0
        self.odd = False  # whether a line since the last look was no UTF-8
        self.last = ""
        self.before = b""  # a line that was read already

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if self._end is not None and self.at >= self._end:
            raise StopIteration
        line, self.before = self.before or next(self._file), b""
        self.at += len(line)
        if self.at == len(line) and line.startswith(_BOM):
            line = line[len(_BOM) :]
        try:
            self.last = line.decode()
        except UnicodeDecodeError:
            self.odd = True
            self.last = line.decode("utf-8", "surrogateescape")
        return self.last

    def take_odd(self) -> bool:
        """Return whether a line was no UTF-8, and forget it."""
        odd, self.odd = self.odd, False
        return odd
