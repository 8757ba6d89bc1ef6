"""What tests of bulk share: a bundle, rows in each format, calls of the command, and what a job has left."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from click.testing import CliRunner, Result

import blendtpl
from blendtpl.cli import command

TEMPLATES = {
    "hello.html": "<p>{{ name }}: {{ 60 // share }}</p>",
    "plain.txt": "{{ name }} {{ share }}",
    "mail/subject.txt": "For {{ name }}",
    "mail/body.txt": "Dear {{ email }}\nFrom us\n>From you\n",
}
ROWS: list[dict[str, Any]] = [
    {"name": f"N{number} <é>", "share": number % 5, "email": f"n{number}@example.org"} for number in range(1, 24)
]
FORMATS = ("csv", "jsonl", "parquet")


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]], *, row_group: int = 10) -> Path:
    """Write rows in the format that the name says."""
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(list(rows)), path, row_group_size=row_group)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row, default=str) + "\n" for row in rows), encoding="utf-8")
    else:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return path


def write_bundle(folder: Path, templates: Mapping[str, str] | None = None) -> Path:
    """Write the bundle into a folder."""
    path = folder / "bundle.blend"
    blendtpl.compile(dict(TEMPLATES if templates is None else templates)).write(path)
    return path


def render(*arguments: object) -> Result:
    """Call `blendtpl render`."""
    return CliRunner().invoke(command, ["render", *map(str, arguments)], catch_exceptions=False)


def rendered(out: Path) -> dict[int, str]:
    """Return the text of each row, out of Parquet or JSON lines; a row that is there twice is a failure."""
    found: list[tuple[int, str]] = []
    for part in sorted((out / "rows").iterdir()):
        rows: Iterable[dict[str, Any]] = (
            pq.ParquetFile(part).read(use_threads=False).to_pylist()
            if part.suffix == ".parquet"
            else map(json.loads, part.read_text(encoding="utf-8").splitlines())
        )
        found += [(row["row"], row["text"]) for row in rows]
    assert len(dict(found)) == len(found)
    return dict(found)


def rejected(out: Path) -> dict[int, dict[str, Any]]:
    """Return what is told of each row that was rejected."""
    path = out / "rejects.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found = [json.loads(line) for line in lines]
    assert len({told["row"] for told in found}) == len(found)
    return {told["row"]: told for told in found}
