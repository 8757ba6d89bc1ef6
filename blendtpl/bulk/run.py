"""Running a job: what is not done yet is done, by whatever does chunks, and counted.

Enters: a job, and what runs its chunks. Leaves: a folder with `job.json`, `rows/` and `rejects/`, and, when all is
done, `rejects.jsonl` where there are rejects. Whatever ends this in between leaves the chunks that are done.
"""

import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from blendtpl.bulk.errors import BulkError
from blendtpl.bulk.formats import open_source
from blendtpl.bulk.job import FILE, Job, check_same, read_job
from blendtpl.bulk.outputs import output_of
from blendtpl.bulk.pool import Pool, Run
from blendtpl.bulk.sources import Chunk
from blendtpl.bulk.sync import sync_file
from blendtpl.bulk.work import Done, Folder, Work
from blendtpl.bundle.atomic_file import remove_abandoned
from blendtpl.runtime.registry import Registry

if sys.platform != "win32":
    import fcntl

ALL_REJECTS = "rejects.jsonl"
_LOCK = ".lock"
_PATIENCE = 10.0  # seconds for processes of a job that was killed to end

Runner = Callable[[Sequence[Chunk]], Iterator[Done]]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: rows that are done, of them those that were `before` this run, and rejects, of `total` rows."""

    done: int
    before: int
    rejects: int
    total: int
    chunks_done: int
    chunks: int


@contextmanager
def at_work(out: Path) -> Iterator[None]:
    """Make the folder of the output this process's alone; raises `BulkError` when another is at work in it."""
    out.mkdir(parents=True, exist_ok=True)
    ours = (_LOCK, f".{FILE}.")  # which a process may have begun with that was killed before it wrote the job
    if read_job(out) is None and not all(each.name.startswith(ours) for each in out.iterdir()):
        raise BulkError(f"`{out}` has other files: give a folder that is empty, or new")
    with (out / _LOCK).open("w") as lock:
        _lock(lock.fileno(), out)
        yield


def run_job(
    job: Job,
    out: Path,
    runner: Runner,
    *,
    tick: Callable[[Progress], None] = lambda progress: None,
    max_rejects: int | None = None,
) -> Progress:
    """Do what is left of a job in a folder in which `at_work` holds, and return how far it is then: all of it.

    Raises `OtherJobError` where the folder has the output of another; `BulkError` and `OSError` for what ends this one.
    """
    before = read_job(out)
    if before is not None:
        check_same(before, job, out)
    folder = Folder(out, output_of(job.plan, _types(job)).suffix)
    remove_abandoned(out / FILE, 0)
    if before != job:
        job.write(out)
    folder.make()
    folder.remove_abandoned()
    done = list(folder.done(job))
    told = {each.index for each in done}
    count = _Count(job, sum(each.rows for each in done), sum(each.rejects for each in done), len(done))
    count.check(max_rejects, "")
    tick(count.progress())
    left = [chunk for chunk in job.chunks if chunk.index not in told]
    if left:
        with closing(runner(left)) as results:  # type: ignore[type-var]  # they are generators
            for each in results:
                count.add(each)
                tick(count.progress())
                count.check(max_rejects, each.first_reject)
    lost = len(job.chunks) - sum(1 for _ in folder.done(job))
    if lost:  # whoever does chunks has said that all are done, and the files say what is
        raise BulkError(f"{lost:,} of {len(job.chunks):,} chunks are not there, though they were done: call it again")
    _join_rejects(job, folder)
    return count.progress()


def local_runner(job: Job, registry: Registry, out: Path, jobs: int) -> Runner:
    """Return what does chunks in so many forked processes, or in this one where processes cannot be forked."""

    def begin() -> Run:
        return Work(job, registry, out).run

    def run(chunks: Sequence[Chunk]) -> Iterator[Done]:
        if hasattr(os, "fork"):
            yield from Pool(begin, jobs).run(chunks)
        else:
            yield from map(begin(), chunks)

    return run


class _Count:
    def __init__(self, job: Job, rows: int, rejects: int, chunks: int) -> None:
        self._job, self._rows, self._rejects, self._chunks = job, rows, rejects, chunks
        self._before, self._total = rows, job.rows

    def add(self, done: Done) -> None:
        self._rows += done.rows
        self._rejects += done.rejects
        self._chunks += 1

    def progress(self) -> Progress:
        chunks = len(self._job.chunks)
        return Progress(self._rows, self._before, self._rejects, self._total, self._chunks, chunks)

    def check(self, most: int | None, first: str) -> None:
        if most is not None and self._rejects > most:
            shown = ""
            if first:
                told = json.loads(first)
                shown = f"; row {told['row']:,}: {told['error']['type']}: {told['error']['message']}"
            raise BulkError(f"{self._rejects:,} rows were rejected, and {most:,} may be{shown}")


def _types(job: Job) -> Callable[[str], object] | None:
    return getattr(open_source(Path(job.source.path), job.kind), "type_of", None)


def _join_rejects(job: Job, folder: Folder) -> None:
    """Put the rejects of all chunks into one file, in the order of the rows."""
    target = folder.path / ALL_REJECTS
    parts = [part for chunk in job.chunks if (part := folder.rejects_of(chunk.index)).exists()]
    if not parts:
        target.unlink(missing_ok=True)
        return
    temporary = folder.rejects / f".part-all.{secrets.token_hex(8)}.tmp"  # in the folder that is cleared of such
    try:
        with temporary.open("xb") as file:
            for part in parts:
                with part.open("rb") as source:
                    shutil.copyfileobj(source, file)
            sync_file(file)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _lock(descriptor: int, out: Path) -> None:
    """Lock a file that processes of a job hold, too: those of one that was killed end within moments."""
    if sys.platform == "win32":
        return
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise BulkError(f"another process is at work in `{out}`: wait for it, or end it") from None
            time.sleep(0.05)
        else:
            return
