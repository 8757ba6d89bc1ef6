"""Processes: each piece of work in a forked process of its own, whose end, however it comes, ends nothing else.

Enters: pieces of work, and a function. Leaves: for each piece what the function returned, or how its process ended. The
processes have everything that this one has, but no output: what they print would be among what this one prints.
"""

import faulthandler
import multiprocessing
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import BinaryIO, Generic, TypeVar

from blendtpl.errors import BlendError
from blendtpl.lifeline import Lifeline, default_signals

if sys.platform != "win32":
    import resource  # which Windows lacks, as it lacks fork

Item = TypeVar("Item")
Result = TypeVar("Result")

_GLANCE = 0.1  # seconds between two calls of what shows the progress
_FULL = 71  # the exit status of a process that ran out of memory
_RESERVE = 2**20  # bytes for a process that has no other memory left
_TRACE = 64 * 1024  # bytes of a traceback
_DATA = 5  # the field of `statm` that counts pages of data


class Exhausted(BaseException):
    """Ends a process that has all the memory it may have; raised from what Python raised, which anybody may catch."""


@dataclass(frozen=True, slots=True)
class Death:
    """How a process ended that returned nothing: its exit status, less than 0 for a signal, and the stack then, as
    `faulthandler` tells it. `full`: it needed more memory than it was given.
    """

    status: int
    trace: str
    full: bool = False


@dataclass(frozen=True, slots=True)
class _Child(Generic[Item]):
    item: Item
    process: BaseProcess
    trace: BinaryIO


def run_isolated(
    items: Sequence[Item],
    work: Callable[[Item], Result],
    *,
    jobs: int,
    memory: int,
    tick: Callable[[], None] = lambda: None,
) -> Iterator[tuple[Item, Result | Death]]:
    """Yield what comes of each item, as it comes, from so many processes at a time.

    Each may take so many bytes of `memory` beside what there is. `tick` is called every now and then. None of the
    processes outlives the iteration. Raises `BlendError` where processes cannot be forked.
    """
    if not hasattr(os, "fork"):
        raise BlendError("this needs processes that fork, which this system has not: use Linux, macOS or WSL")
    context = multiprocessing.get_context("fork")
    waiting = list(reversed(items))
    children: dict[Connection, _Child[Item]] = {}
    lifeline = Lifeline()
    try:
        while waiting or children:
            while waiting and len(children) < jobs:
                item = waiting.pop()
                reader, writer = context.Pipe(duplex=False)
                trace = tempfile.TemporaryFile()  # noqa: SIM115  # it is closed when the process is done
                process = context.Process(target=_run, args=(lifeline, item, work, memory, writer, trace), daemon=True)
                process.start()
                children[reader] = _Child(item, process, trace)
                writer.close()
            done = wait([*children, *(child.process.sentinel for child in children.values())], _GLANCE)
            tick()
            for reader, child in list(children.items()):
                if reader in done or child.process.sentinel in done:
                    del children[reader]
                    yield child.item, _ended(reader, child)
    finally:
        for reader, child in children.items():
            _ended(reader, child, expected=False)
        lifeline.close()


def _ended(reader: Connection, child: _Child[Item], *, expected: bool = True) -> "Result | Death":
    """Return what a process returned, or how it ended. It is over then."""
    message = None
    with reader, child.trace:
        with suppress(EOFError, OSError):
            if expected and reader.poll():
                message = reader.recv()
        if message is not None or not expected:
            child.process.kill()  # threads of the application's may keep it, and have nothing to do any more
        child.process.join()
        if message is not None:
            return message[0]  # type: ignore[no-any-return]
        child.trace.seek(0)
        status = child.process.exitcode or 0
        return Death(status, child.trace.read(_TRACE).decode(errors="replace"), full=status == _FULL)


def _run(
    lifeline: Lifeline,
    item: Item,
    work: Callable[[Item], Result],
    memory: int,
    writer: Connection,
    trace: BinaryIO,
) -> None:
    default_signals()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets it too, and ends its children
    nothing = open(os.devnull, "r+", encoding="utf-8")  # noqa: SIM115  # for as long as the process lives
    for descriptor in range(3):
        os.dup2(nothing.fileno(), descriptor)
    sys.stdout = sys.stderr = nothing
    faulthandler.enable(trace, all_threads=False)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    faulthandler.register(signal.SIGALRM, trace, all_threads=False, chain=True)  # and then it ends the process
    lifeline.hold()
    reserve = [bytearray(_RESERVE)]
    _limit(memory)
    try:
        writer.send((work(item),))
    except BaseException as error:  # whatever it is, this process ends here, and threads of the application's with it
        reserve.clear()  # or there may be no memory to tell of it
        _limit(None)
        os.write(trace.fileno(), _stack(error.__cause__ or error).encode(errors="replace"))
        os._exit(_FULL if isinstance(error, (Exhausted, MemoryError)) else 1)


def _stack(error: BaseException) -> str:
    """Return where an error was raised, in the form of `faulthandler`: the innermost line is the first."""
    lines = [
        f'  File "{frame.f_code.co_filename}", line {line} in {frame.f_code.co_name}\n'
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    return f"{type(error).__name__}: {error}\n{''.join(reversed(lines))}"


def _limit(memory: int | None) -> None:
    """Have this process get so much more memory at most, or as much as it may, where the system can see to it."""
    with suppress(OSError, ValueError, AttributeError):
        soft = most = resource.getrlimit(resource.RLIMIT_DATA)[1]
        if memory is not None:
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[_DATA])
            soft = pages * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_DATA, (soft, most))
