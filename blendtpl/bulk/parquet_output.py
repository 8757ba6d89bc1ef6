"""Parquet out: one file for each chunk, which together are a dataset.

Enters: rows that were rendered. Leaves: columns `row`, those that are kept with the types that they have in a Parquet
input, and `text`; or, for messages, `sender` and `recipients` of the envelope, `subject`, and `message`, its bytes.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from blendtpl.bulk.errors import BulkError
from blendtpl.bulk.job import Plan
from blendtpl.bulk.sync import sync_file
from blendtpl.extras import not_installed
from blendtpl.mail.message import Message

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as missing:
    raise not_installed("Parquet", missing) from None

_ROWS = 1000  # of a row group, about: what a processor still has near when they are encoded
_BYTES = 2 * 2**20  # of their texts, about
COMPRESSIONS = ("zstd", "snappy", "lz4", "gzip", "none")


class ParquetOutput:
    """Parquet files."""

    suffix = ".parquet"

    def __init__(self, plan: Plan, types: Callable[[str], Any] | None) -> None:
        self._keep, self._message, self._compression = plan.keep, plan.message, plan.compression
        made = (
            [
                ("sender", pa.string()),
                ("recipients", pa.list_(pa.string())),
                ("subject", pa.string()),
                ("message", pa.binary()),
            ]
            if plan.message
            else [("text", pa.string())]
        )
        kept = [(name, pa.string() if types is None else types(name)) for name in plan.keep]
        own = {"row", *(name for name, _ in made)}
        for name in plan.keep:
            if name in own:
                raise BulkError(f"the output has a column `{name}` of its own: `--keep {name}` cannot be")
        self._texts = types is None
        if not plan.keep and not plan.message:
            self.payload = _text_alone  # type: ignore[method-assign]  # what a job of a million rows calls most
        self._schema = pa.schema([("row", pa.int64()), *kept, *made])

    def payload(self, number: int, row: dict[str, Any], made: Any) -> tuple[Any, ...]:
        """Return the values of a row, the longest last."""
        kept: Any = ()
        if self._keep:
            kept = [row.get(name) for name in self._keep]
            if self._texts:
                kept = [_as_text(value) for value in kept]
        if isinstance(made, Message):
            return (number, *kept, made.envelope_sender, made.recipients, made.subject, made.as_bytes())
        return (number, *kept, made if made.isascii() else made.encode())

    def writer(self, path: Path) -> "ParquetWriter":
        """Begin a file."""
        return ParquetWriter(path, self._schema, self._compression)


def _text_alone(number: int, row: dict[str, Any], made: Any) -> tuple[Any, ...]:
    return number, made if made.isascii() else made.encode()


class ParquetWriter:
    """Writes one Parquet file, a row group at a time."""

    def __init__(self, path: Path, schema: Any, compression: str) -> None:
        self._schema = schema
        self._file = path.open("xb")
        # texts are all different: a dictionary of them would only be tried in vain, and their statistics say nothing
        options = {"compression": compression, "use_dictionary": False, "write_statistics": ["row"]}
        self._writer = pq.ParquetWriter(self._file, schema, **options)
        self._rows: list[tuple[Any, ...]] = []
        self._size = 0

    def add(self, payloads: list[tuple[Any, ...]]) -> None:
        """Take rows, and write those that there are when they are enough."""
        self._rows += payloads
        self._size += sum([len(payload[-1]) for payload in payloads])
        if self._size >= _BYTES or len(self._rows) >= _ROWS:
            self._flush()

    def finish(self) -> None:
        """Write what is left, and have it on the disk."""
        self._flush()
        self._writer.close()
        sync_file(self._file)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _flush(self) -> None:
        if self._rows:
            columns = zip(*self._rows, strict=True)
            arrays = [pa.array(column, field.type) for column, field in zip(columns, self._schema, strict=True)]
            self._writer.write_batch(pa.record_batch(arrays, schema=self._schema))
            self._rows, self._size = [], 0


def _as_text(value: Any) -> str | None:
    """Return a value of CSV or JSON as text: a column has one type, and rows of JSON need not."""
    return value if value is None or isinstance(value, str) else json.dumps(value)
