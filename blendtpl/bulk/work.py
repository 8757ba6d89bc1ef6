"""Work: one chunk of rows becomes one file of output, whole or not at all.

Enters: a job, a registry and a chunk. Leaves: `rows/part-…` and, where rows were bad, `rejects/part-…`. The rejects get
their name first, and the rows last: a chunk is done when its rows are there, and until then its rejects mean nothing
and are written anew. So one rename is the mark of both, and each row is in just one of them.
"""

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from blendtpl.bulk.errors import BulkError
from blendtpl.bulk.formats import open_source
from blendtpl.bulk.job import REJECTS, ROWS, Job, Plan
from blendtpl.bulk.message_fields import RowFields
from blendtpl.bulk.outputs import Writer, output_of
from blendtpl.bulk.rejects import count_rejects, reject_line, write_rejects
from blendtpl.bulk.sources import Chunk, Reader, Source
from blendtpl.bulk.sync import sync_names
from blendtpl.runtime.registry import Registry

_TEMPORARY = ".tmp"


@dataclass(frozen=True, slots=True)
class Done:
    """A chunk that is done: how many rows were rejected, and the line of the first of them."""

    index: int
    rows: int
    rejects: int
    first_reject: str = ""


class Folder:
    """The folder of the output: what is where in it."""

    def __init__(self, path: Path, suffix: str) -> None:
        self.path, self._suffix = path, suffix
        self.rows, self.rejects = path / ROWS, path / REJECTS

    def part(self, index: int) -> Path:
        """Return where the rows of a chunk are, when it is done."""
        return self.rows / f"part-{index:06}{self._suffix}"

    def rejects_of(self, index: int) -> Path:
        """Return where the rejects of a chunk are, if it has any."""
        return self.rejects / f"part-{index:06}.jsonl"

    def temporary(self, index: int) -> Path:
        """Return a name for the rows of a chunk while they are written."""
        return self.rows / f".{self.part(index).name}.{secrets.token_hex(8)}{_TEMPORARY}"

    def make(self) -> None:
        """Make the folders in it."""
        for folder in (self.rows, self.rejects):
            folder.mkdir(exist_ok=True)

    def remove_abandoned(self) -> None:
        """Remove what was being written when a process was killed. Nobody else may be at work here."""
        for folder in (self.rows, self.rejects):
            for left in folder.glob(f".part-*{_TEMPORARY}"):
                _remove(left)

    def done(self, job: Job) -> Iterator[Done]:
        """Yield the chunks of a job that are done."""
        there = set(os.listdir(self.rows))  # noqa: PTH208  # names are all that is wanted
        rejected = set(os.listdir(self.rejects))  # noqa: PTH208
        for chunk in job.chunks:
            if self.part(chunk.index).name in there:
                rejects = self.rejects_of(chunk.index)
                count = count_rejects(rejects) if rejects.name in rejected else 0
                yield Done(chunk.index, chunk.rows, count)


class Work:
    """Renders chunks of a job, in one thread of one process."""

    def __init__(self, job: Job, registry: Registry, out: Path) -> None:
        self.job, self._plan = job, job.plan
        self._source: Source = open_source(Path(job.source.path), job.kind)
        self._types: Callable[[str], Any] | None = getattr(self._source, "type_of", None)
        self.folder = Folder(out, output_of(job.plan, self._types).suffix)
        self._make = maker(registry, job.plan)
        self._reader: Reader | None = None

    def run(self, chunk: Chunk) -> Done:
        """Render a chunk, unless that is done already.

        Raises `BulkError` for an input that cannot be read, and `OSError` for an output that cannot be written. What is
        wrong with a row makes it a reject.
        """
        part, rejects = self.folder.part(chunk.index), self.folder.rejects_of(chunk.index)
        if part.exists():  # of a process that was lost before it could tell
            return Done(chunk.index, chunk.rows, count_rejects(rejects))
        temporary = self.folder.temporary(chunk.index)
        try:
            lines = self._write(chunk, temporary)
            write_rejects(rejects, lines)
            _take_place(temporary, part)
        except BaseException:
            _remove(temporary)
            raise
        sync_names(self.folder.rows)
        return Done(chunk.index, chunk.rows, len(lines), lines[0] if lines else "")

    def close(self) -> None:
        """Close the input."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _write(self, chunk: Chunk, path: Path) -> list[str]:
        """Write the rows of a chunk, and return the lines of those that are rejected."""
        if self._reader is None:
            columns = self._plan.columns
            self._reader = self._source.reader(None if columns is None else frozenset(columns))
        output = output_of(self._plan, self._types)
        writer = output.writer(path)
        try:
            rejects = _render(self._reader, chunk, self._make, output.payload, writer)
            writer.finish()
        finally:
            writer.close()
        return rejects


def _render(
    reader: Reader, chunk: Chunk, make: Callable[[Any], Any], payload: Callable[..., Any], writer: Writer
) -> list[str]:
    rejects: list[str] = []
    number = chunk.first - 1
    for rows in reader.batches(chunk):
        payloads = []
        for row in rows:
            number += 1
            try:
                payloads.append(payload(number, row, make(row)))
            except MemoryError:  # which is the process's, and not the row's
                raise
            except (Exception, SystemExit) as error:  # whatever a template, a filter or a value raises; or a `BadRow`
                rejects.append(reject_line(number, row, error))
        writer.add(payloads)
    if number != chunk.first + chunk.rows - 1:
        raise BulkError(
            f"rows {chunk.first:,} to {chunk.first + chunk.rows - 1:,} should be there, and the last that is there is"
            f" {number:,}: the input has changed since the job began"
        )
    return rejects


def maker(registry: Registry, plan: Plan) -> Callable[[Any], Any]:
    """Return the function from a row to its text or message."""
    constants = dict(plan.constants)
    if not plan.message:
        template = registry[plan.name]
        render = template.render if plan.block is None else partial(template.render_block, plan.block)
        return partial(render, constants) if constants else render
    message, fields = registry.messages[plan.name], RowFields(plan.fields, plan.fixed)
    return lambda row: message.compose((constants, row), {}, fields.of(row))


def _take_place(temporary: Path, part: Path) -> None:
    try:
        temporary.replace(part)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        _remove(temporary)  # another process did the same, and was first


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
