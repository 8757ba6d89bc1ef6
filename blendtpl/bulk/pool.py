"""The pool: chunks of a job, rendered by processes that are forked on one machine.

Enters: a function from a chunk to what came of it, and the chunks. Leaves: what came of each, in whatever order. The
processes share the memory of their parent, with the registry in it. One that dies is replaced, and its chunk is done by
another; one chunk that ends its process again and again ends the job.
"""

import gc
import multiprocessing
import os
import signal
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from blendtpl.bulk.errors import BulkError
from blendtpl.bulk.sources import Chunk
from blendtpl.bulk.work import Done
from blendtpl.lifeline import Lifeline, default_signals

TRIES = 3  # of a chunk whose process dies
_FULL = 71  # the exit status of a process that ran out of memory

Run = Callable[[Chunk], Done]


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    chunk: Chunk | None = None


class Pool:
    """Forked processes, each of which renders one chunk after the other."""

    def __init__(self, begin: Callable[[], Run], jobs: int) -> None:
        """`begin` is called in each process and returns what does a chunk there."""
        self._begin, self._jobs = begin, jobs
        self._context = multiprocessing.get_context("fork")
        self._lifeline = Lifeline()
        self._workers: list[_Worker] = []

    def run(self, chunks: Sequence[Chunk]) -> Iterator[Done]:
        """Yield what comes of each chunk. No process outlives the iteration.

        Raises `BulkError` when a chunk cannot be done.
        """
        waiting, tries = deque(chunks), dict[int, int]()
        gc.collect()
        gc.freeze()  # or the collector would write into pages that the processes share
        try:
            for _ in range(min(self._jobs, len(chunks))):
                self._fork()
            while waiting or any(worker.chunk for worker in self._workers):
                for worker in self._workers:
                    if worker.chunk is None and waiting:
                        worker.chunk = waiting.popleft()
                        with suppress(BrokenPipeError, ConnectionResetError):  # it has died, which is seen below
                            worker.pipe.send(worker.chunk)
                busy = [worker for worker in self._workers if worker.chunk is not None]
                wait([each for worker in busy for each in (worker.pipe, worker.process.sentinel)])
                for worker in busy:
                    done = self._result(worker)
                    if done is not None:
                        yield done
                    elif worker.chunk is not None and not worker.process.is_alive():
                        self._bury(worker, worker.chunk, tries)
                        waiting.appendleft(worker.chunk)
                        self._fork()
        finally:
            gc.unfreeze()
            self._end()

    def _fork(self) -> None:
        ours, theirs = self._context.Pipe()
        process: BaseProcess = self._context.Process(
            target=_work, args=(self._lifeline, self._begin, theirs), daemon=True
        )
        with warnings.catch_warnings():
            # threads of libraries, such as Arrow's and OpenBLAS's, which see to themselves when a process forks
            warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
            process.start()
        theirs.close()
        self._workers.append(_Worker(process, ours))

    def _result(self, worker: _Worker) -> Done | None:
        """Return what a process has sent, or `None` when it has sent nothing."""
        with suppress(EOFError, ConnectionResetError):
            if worker.pipe.poll():
                found = worker.pipe.recv()
                if isinstance(found, BaseException):
                    raise found
                worker.chunk = None
                return found  # type: ignore[no-any-return]
        return None

    def _bury(self, worker: _Worker, chunk: Chunk, tries: dict[int, int]) -> None:
        """Clear away a process that has died over a chunk; raises `BulkError` when it was not the first."""
        worker.process.join()
        worker.pipe.close()
        self._workers.remove(worker)
        tries[chunk.index] = tries.get(chunk.index, 0) + 1
        if tries[chunk.index] == TRIES:
            raise BulkError(
                f"rows {chunk.first:,} to {chunk.first + chunk.rows - 1:,} have ended {TRIES} processes, the last"
                f" {_how(worker.process.exitcode or 0)}; is there enough memory? fewer rows per chunk take less"
            )

    def _end(self) -> None:
        for worker in self._workers:
            worker.process.kill()  # what it was writing has no name yet
        for worker in self._workers:
            worker.process.join()
            worker.pipe.close()
        self._lifeline.close()


def _how(status: int) -> str:
    if status == _FULL:
        return "for want of memory"
    if status >= 0:
        return f"with exit status {status}"
    with suppress(ValueError):
        return f"by {signal.Signals(-status).name}"
    return f"by signal {-status}"


def _work(lifeline: Lifeline, begin: Callable[[], Run], pipe: Connection) -> None:
    default_signals()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets it too, and ends its processes
    lifeline.hold()
    with suppress(BrokenPipeError, EOFError):  # the parent is gone
        try:
            run = begin()
            while True:
                pipe.send(run(pipe.recv()))
        except (BulkError, OSError) as error:
            pipe.send(_plain(error))
        except MemoryError:
            os._exit(_FULL)


def _plain(error: BulkError | OSError) -> BulkError | OSError:
    """Return an error without the one that it came from, which need not travel."""
    error.__cause__ = error.__context__ = None
    return error
