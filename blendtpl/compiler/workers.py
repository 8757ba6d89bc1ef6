"""Workers: emitting many templates in several processes at once.

Enters: names and a function. Leaves: one result per name. The processes are forked, so that trees and the
environment, which cannot be pickled, are there already; only names and bytes go through a pipe.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TypeVar

from blendtpl.errors import BlendError
from blendtpl.lifeline import Lifeline, default_signals

Result = TypeVar("Result")


def parallel_map(names: Sequence[str], work: Callable[[str], Result], jobs: int) -> Iterator[tuple[str, Result]]:
    """Yield (name, result) as they come, from `jobs` processes, or from this one when there is no fork.

    Raises `BlendError` when one of them dies before its work is done. None of them outlives the iteration, or this
    process, however that ends.
    """
    if jobs <= 1 or len(names) <= 1 or not hasattr(os, "fork"):
        for name in names:
            yield name, work(name)
        return
    context = multiprocessing.get_context("fork")
    readers: list[Connection] = []
    processes: list[BaseProcess] = []
    lifeline = Lifeline()
    try:
        for number in range(min(jobs, len(names))):
            reader, writer = context.Pipe(duplex=False)
            process: BaseProcess = context.Process(
                target=_begin, args=(lifeline, names[number::jobs], work, writer), daemon=True
            )
            process.start()
            processes.append(process)
            writer.close()
            readers.append(reader)
        yield from _collect(readers)
    finally:
        for begun in processes:
            begun.terminate()
            begun.join()
        lifeline.close()


def _collect(readers: list[Connection]) -> Iterator[tuple[str, Result]]:
    while readers:
        ready = wait(readers)
        for reader in [reader for reader in readers if reader in ready]:
            try:
                item = reader.recv()
            except (EOFError, OSError):
                raise BlendError(
                    "a process of the compiler died before its work was done; is there enough memory?"
                ) from None
            if item is None:
                readers.remove(reader)
            else:
                yield item


def _begin(lifeline: Lifeline, names: Sequence[str], work: Callable[[str], Result], writer: Connection) -> None:
    default_signals()
    lifeline.hold()
    _work(names, work, writer)


def _work(names: Sequence[str], work: Callable[[str], Result], writer: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets it too, and ends its workers
    with suppress(BrokenPipeError):  # the parent is gone
        for name in names:
            writer.send((name, work(name)))
        writer.send(None)
    writer.close()
