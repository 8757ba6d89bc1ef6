"""The job: what is to be rendered from which rows, written down beside the output, so that a later call goes on.

Enters: a source, a bundle, and how they are to be put together. Leaves: a frozen record, and `job.json`. What is done
is not in there: the file of a chunk has its name when the chunk is done, and not before.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from blendtpl.bulk.errors import BulkError, OtherJobError
from blendtpl.bulk.sources import Chunk, Identity
from blendtpl.bundle.atomic_file import replace_file
from blendtpl.printable import one_line

FILE = "job.json"
ROWS, REJECTS = "rows", "rejects"  # the folders beside it
_FORMAT = 1

FORMATS = ("parquet", "jsonl", "files", "eml", "mbox")
OF_MESSAGES = ("eml", "mbox")


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Plan:
    """What is made of a row.

    - `name` is that of a template, of a block of it, or of a message. `output` is one of `FORMATS`.
    - `constants` are variables of all rows; the columns of a row go over them.
    - `columns` are those that are read, or `None` for all. `keep` are those that the output has too.
    - `fields` are fields of a message, and the columns that have them; `fixed` are those that all messages have.
    - `file_name` is the column that names the files of rows, where there are such.
    """

    name: str
    output: str
    message: bool = False
    block: str | None = None
    constants: Mapping[str, Any] = field(default_factory=_nothing)
    columns: tuple[str, ...] | None = None
    keep: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=_nothing)
    fixed: Mapping[str, str] = field(default_factory=_nothing)
    file_name: str | None = None
    compression: str = "zstd"

    def __reduce__(self) -> tuple[Any, ...]:
        return _plan, (_plain(asdict_of(self)),)


@dataclass(frozen=True, slots=True)
class Job:
    """A plan, the input and bundle that it is for, and the chunks of that input."""

    source: Identity
    kind: str
    bundle: str
    environment: str | None
    plan: Plan
    rows_per_chunk: int
    chunks: tuple[Chunk, ...]

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(chunk.rows for chunk in self.chunks)

    def write(self, folder: Path) -> None:
        """Write it into the folder of the output."""
        chunks = [[each.first, each.rows, each.start, each.end, each.group] for each in self.chunks]
        written = {"format": _FORMAT, **_identity(self), "chunks": chunks}
        replace_file(folder / FILE, (json.dumps(written, indent=1) + "\n").encode())


def read_job(folder: Path) -> Job | None:
    """Return the job whose output is in a folder, or `None` where there is none."""
    path = folder / FILE
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise BulkError(f"`{path}` is damaged: {error}; give another folder") from None
    if not isinstance(found, dict) or found.get("format") != _FORMAT:
        raise BulkError(f"`{path}` is of another version of blendtpl: give another folder")
    try:
        chunks = tuple(Chunk(index, *each) for index, each in enumerate(found["chunks"]))
        return Job(
            source=Identity(**found["source"]),
            kind=found["kind"],
            bundle=found["bundle"],
            environment=found["environment"],
            plan=_plan(found["plan"]),
            rows_per_chunk=found["rows_per_chunk"],
            chunks=chunks,
        )
    except (KeyError, TypeError) as error:
        raise BulkError(f"`{path}` is damaged: {one_line(str(error))}; give another folder") from None


def check_same(before: Job, now: Job, folder: Path) -> None:
    """Raise `OtherJobError` unless both make the same of the same rows."""
    differences = []
    if (before.source.size, before.source.digest) != (now.source.size, now.source.digest):
        differences.append(f"the input: {_shown(before.source)} then, and {_shown(now.source)} now")
    told = {"kind": "the format of the input", "bundle": "the bundle", "environment": "the environment"}
    told["rows_per_chunk"] = "the rows per chunk"
    pairs = [(told[name], getattr(before, name), getattr(now, name)) for name in told]
    pairs += [
        (_TOLD.get(each.name, each.name), getattr(before.plan, each.name), getattr(now.plan, each.name))
        for each in fields(Plan)
    ]
    for what, old, new in pairs:
        old, new = _as_json(old), _as_json(new)
        if old != new:
            differences.append(f"{what}: {_brief(old)} then, and {_brief(new)} now")
    if differences:
        raise OtherJobError(str(folder), differences)


_TOLD = {
    "name": "what is rendered",
    "output": "the format of the output",
    "constants": "the variables of all rows",
    "columns": "the columns that are read",
    "keep": "the columns that are kept",
    "fields": "the fields of messages out of columns",
    "fixed": "the fields of all messages",
    "file_name": "the column of file names",
}


def _identity(job: Job) -> dict[str, Any]:
    return {
        "source": asdict(job.source),
        "kind": job.kind,
        "bundle": job.bundle,
        "environment": job.environment,
        "plan": _plain(asdict_of(job.plan)),
        "rows_per_chunk": job.rows_per_chunk,
    }


def asdict_of(plan: Plan) -> dict[str, Any]:
    """Return the fields of a plan by name."""
    return {each.name: getattr(plan, each.name) for each in fields(plan)}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: dict(value) if isinstance(value, Mapping) else value for name, value in values.items()}


def _plan(values: dict[str, Any]) -> Plan:
    given: dict[str, Any] = {name: _frozen(value) for name, value in values.items()}
    return Plan(**given)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else MappingProxyType(value) if isinstance(value, dict) else value


def _as_json(value: object) -> str:
    return json.dumps(dict(value) if isinstance(value, Mapping) else value, sort_keys=True)


def _brief(text: str, most: int = 80) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def _shown(source: Identity) -> str:
    return f"`{source.path}` of {source.size:,} bytes (sha256 {source.digest[:12]})"
