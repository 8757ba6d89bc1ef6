"""Workers: emitting many templates in several processes at once.

Enters: names and a function. Leaves: one result per name. The processes are forked, so that trees and the
environment, which cannot be pickled, are there already; only names and bytes go through a pipe.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import TypeVar

Result = TypeVar("Result")


def spread(names: Sequence[str], work: Callable[[str], Result], jobs: int) -> Iterator[tuple[str, Result]]:
    """Yield (name, result) as they come, from `jobs` processes, or from this one when there is no fork."""
    if jobs <= 1 or len(names) <= 1 or not hasattr(os, "fork"):
        for name in names:
            yield name, work(name)
        return
    context = multiprocessing.get_context("fork")
    readers: list[Connection] = []
    processes = []
    for number in range(min(jobs, len(names))):
        reader, writer = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(names[number::jobs], work, writer), daemon=True)
        process.start()
        writer.close()
        readers.append(reader)
        processes.append(process)
    try:
        yield from _collect(readers)
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _collect(readers: list[Connection]) -> Iterator[tuple[str, Result]]:
    while readers:
        ready = wait(readers)
        for reader in [reader for reader in readers if reader in ready]:
            try:
                item = reader.recv()
            except EOFError:
                raise RuntimeError("a process of the compiler was killed; is there enough memory?") from None
            if item is None:
                readers.remove(reader)
            else:
                yield item


def _work(names: Sequence[str], work: Callable[[str], Result], writer: Connection) -> None:
    for name in names:
        writer.send((name, work(name)))
    writer.send(None)
    writer.close()
