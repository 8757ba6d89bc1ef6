"""Parquet: rows out of row groups, by pyarrow.

Enters: a file. Leaves: rows of Python's own types: dates, decimals, dicts for structs and maps, lists, `None` for
null. A row group may hold a million rows, so a chunk is a part of one: a reader goes on where it stands, and what lies
between is decoded and dropped. Nothing runs in a thread of Arrow's, since these processes are forked.
"""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from blendtpl.bulk.errors import BulkError
from blendtpl.bulk.sources import BATCH_BYTES, BATCH_ROWS, CHUNK_BYTES, BadRow, Chunk, Rows
from blendtpl.extras import not_installed

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as missing:
    raise not_installed("Parquet", missing) from None

_BUFFER, _BUFFERS = 2**21, 2**25  # bytes that are read at a time of a column, and of all columns together


class ParquetSource:
    """A Parquet file."""

    sampled = False

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with _opened(path) as file:
                self._schema, self._metadata = file.schema_arrow, file.metadata
        except (pa.ArrowException, OSError) as error:
            raise BulkError(f"`{path}` cannot be read as Parquet: {_first_line(error)}") from error
        twice = sorted({name for name in self._schema.names if self._schema.names.count(name) > 1})
        if twice:
            raise BulkError(f"`{path}` has more than one column `{twice[0]}`: rename one of them")

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns, without those inside of them."""
        return tuple(self._schema.names)

    def type_of(self, column: str) -> Any:
        """Return the Arrow type of a column."""
        return self._schema.field(column).type

    def chunks(self, rows: int) -> Iterator[Chunk]:
        """Cut each row group into as many parts of the same size as it takes."""
        index, first = 0, 1
        for group in range(self._metadata.num_row_groups):
            found = self._metadata.row_group(group)
            count = found.num_rows
            most = max(1, min(rows, count * CHUNK_BYTES // max(found.total_byte_size, 1)))
            for start in range(0, count, most):
                taken = min(most, count - start)
                yield Chunk(index, first, taken, start, start + taken, group)
                index, first = index + 1, first + taken

    def reader(self, columns: Collection[str] | None) -> "ParquetReader":
        """Open the file."""
        wanted = None if columns is None else [name for name in self._schema.names if name in columns]
        return ParquetReader(self.path, wanted, self._metadata.num_columns if wanted is None else len(wanted))


class ParquetReader:
    """An open Parquet file, which stands somewhere in a row group."""

    def __init__(self, path: Path, columns: list[str] | None, count: int) -> None:
        self._path, self._columns = path, columns
        try:
            self._file = _opened(path, count)
        except (pa.ArrowException, OSError) as error:
            raise BulkError(f"`{path}` cannot be read as Parquet: {_first_line(error)}") from error
        self._group, self._at = -1, 0
        self._batches: Iterator[Any] = iter(())
        self._rest: Any = None

    def batches(self, chunk: Chunk) -> Iterator[Rows]:
        """Yield rows as dicts from column to value."""
        if chunk.group != self._group or chunk.start < self._at:
            self._begin(chunk.group)
        while self._at < chunk.end:
            try:
                batch = self._next(chunk)
            except (pa.ArrowException, OSError, ValueError) as error:
                self._group = -1
                problem = f"`{self._path}` cannot be read: row group {chunk.group}: {_first_line(error)}"
                raise BulkError(problem) from error
            if batch is not None:
                yield as_rows(batch)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _begin(self, group: int) -> None:
        found = self._file.metadata.row_group(group)
        rows = max(1, min(BATCH_ROWS, found.num_rows * BATCH_BYTES // max(found.total_byte_size, 1)))
        self._batches = self._file.iter_batches(rows, [group], self._columns, use_threads=False)
        self._group, self._at, self._rest = group, 0, None

    def _next(self, chunk: Chunk) -> Any:
        """Return the next rows of the chunk, or `None` for rows before it."""
        batch = next(self._batches, None) if self._rest is None else self._rest
        if batch is None:
            raise ValueError(f"it has {self._at} rows and should have {chunk.end}")
        skipped = min(max(chunk.start - self._at, 0), len(batch))
        taken = min(len(batch) - skipped, chunk.end - self._at - skipped)
        left = skipped + taken
        self._rest = batch.slice(left) if left < len(batch) else None
        self._at += left
        return batch.slice(skipped, taken) if taken else None


def as_rows(batch: Any) -> Rows:
    """Return the rows of a record batch as dicts; one with a value that Python's types have not is a bad row."""
    names = list(batch.schema.names)
    if not names:
        return [{} for _ in range(batch.num_rows)]
    try:
        if not any(_is_odd(kind) for kind in batch.schema.types):
            return batch.to_pylist()  # type: ignore[no-any-return]
        columns = [_values(column) for column in batch.columns]
    except (pa.ArrowException, ValueError, OverflowError) as error:
        if batch.num_rows == 1:
            return [BadRow(str(batch.slice(0, 1)), f"it cannot be read: {_first_line(error)}")]
        return [row for at in range(batch.num_rows) for row in as_rows(batch.slice(at, 1))]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _is_odd(kind: Any) -> bool:
    """Return whether values of a type become those of Python by way of something else."""
    return _is_too_fine(kind) or _has_map(kind)


def _is_too_fine(kind: Any) -> bool:
    return pa.types.is_temporal(kind) and getattr(kind, "unit", "us") == "ns"


def _values(column: Any) -> list[Any]:
    if _is_too_fine(column.type):
        column = column.cast(_microseconds(column.type), safe=False)  # the least that Python's own types have
    if _has_map(column.type):  # asking for that takes five times as long
        return column.to_pylist(maps_as_pydicts="lossy")  # type: ignore[no-any-return]
    return column.to_pylist()  # type: ignore[no-any-return]


def _has_map(kind: Any) -> bool:
    if pa.types.is_map(kind):
        return True
    return pa.types.is_nested(kind) and any(_has_map(kind.field(at).type) for at in range(kind.num_fields))


def _microseconds(kind: Any) -> Any:
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    return pa.time64("us") if pa.types.is_time(kind) else pa.duration("us")


def _opened(path: Path, columns: int = 1) -> Any:
    return pq.ParquetFile(path, pre_buffer=False, buffer_size=min(_BUFFER, max(_BUFFERS // max(columns, 1), 2**14)))


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
