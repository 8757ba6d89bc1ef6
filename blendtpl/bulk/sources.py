"""Sources: the files that rows come from, whatever their format, and the chunks into which they are cut.

Enters: a path. Leaves: its columns, its chunks, and the rows of one chunk as dicts. A chunk is the same rows in every
run over the same file, which is what resuming stands on; no process ever holds all of one.
"""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

BATCH_ROWS = 1000  # that are dicts at one time
BATCH_BYTES = 2**20  # of the file, which those rows are made of
CHUNK_BYTES = 64 * 2**20  # of the file, whatever the rows


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows that follow each other: `rows` of them, the `first` being the number of one, from 1.

    `start` and `end` are offsets in the file; in a Parquet file, of rows in its row group `group`.
    """

    index: int
    first: int
    rows: int
    start: int
    end: int
    group: int = 0


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row of the file that is none: what is there, and what is wrong with it. It takes the place of a dict."""

    text: str
    problem: str


Row = dict[str, Any]
Rows = list[Any]  # of dicts, among which may be a `BadRow`


class Reader(Protocol):
    """An open source."""

    def batches(self, chunk: Chunk) -> Iterator[Rows]:
        """Yield the rows of a chunk, in order, some at a time."""

    def close(self) -> None:
        """Close the file."""


class Source(Protocol):
    """A file with rows."""

    path: Path
    sampled: bool  # whether the columns are those of the first rows, and later ones may have others

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns."""

    def chunks(self, rows: int) -> Iterator[Chunk]:
        """Cut the file into chunks of about so many rows."""

    def reader(self, columns: Collection[str] | None) -> Reader:
        """Open the file for rows of these columns, or of all."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells one input from another. The digest decides; the time only saves making one."""

    path: str
    size: int
    modified: int
    digest: str

    @classmethod
    def of(cls, path: Path, known: "Identity | None" = None) -> "Identity":
        """Return the identity of a file; that which is `known` already when neither size nor time have changed."""
        state = path.stat()
        if known is not None and (known.size, known.modified) == (state.st_size, state.st_mtime_ns):
            return known
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return cls(str(path.absolute()), state.st_size, state.st_mtime_ns, digest)
