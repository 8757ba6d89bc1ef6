"""Formats of input: which a file is, and what opens it.

Enters: a path. Leaves: a source, or what is wrong with the file. CSV and JSON lines need nothing but Python.
"""

from pathlib import Path

from blendtpl.bulk.csv_rows import CsvSource
from blendtpl.bulk.errors import BulkError
from blendtpl.bulk.json_lines import JsonLinesSource
from blendtpl.bulk.sources import Source

KINDS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}


def kind_of_input(path: Path, given: str | None = None) -> str:
    """Return the format of a file, by the end of its name where none is given."""
    if given is not None:
        return given
    found = KINDS.get(path.suffix.lower())
    if found is None:
        known = ", ".join(f"`{suffix}`" for suffix in KINDS)
        raise BulkError(f"`{path}` does not say what it is: its name should end in one of {known}; or give its format")
    return found


def open_source(path: Path, kind: str) -> Source:
    """Return the source that a file is; raises `BulkError` for one that cannot be read as that."""
    if path.is_dir():
        raise BulkError(f"`{path}` is a folder: give one file")
    if not path.is_file():
        what = "is no regular file, of which parts can be read" if path.exists() else "does not exist"
        raise BulkError(f"`{path}` {what}")
    if kind == "parquet":
        from blendtpl.bulk.parquet import ParquetSource  # which alone needs pyarrow

        return ParquetSource(path)
    if kind == "jsonl":
        return JsonLinesSource(path)
    return CsvSource(path, "\t" if kind == "tsv" else ",")
