"""The worker: what a forked process does, from its first instruction to its last.

Enters: a function that takes a walker, and a row for its figures. Leaves: nothing but an exit status. It ends with the
process that forked it, whatever becomes of that, and never runs any code of it.
"""

import asyncio
import contextlib
import ctypes
import faulthandler
import gc
import inspect
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from blendtpl.printable import printable
from blendtpl.walker.stop import Stop
from blendtpl.walker.walker import Walker

_PR_SET_PDEATHSIG = 1  # of Linux's <sys/prctl.h>
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None  # looked up before anything is forked


class Tie:
    """What a child notices the end of its parent by: the system, or a pipe where that cannot."""

    def __init__(self) -> None:
        self._parent = os.getpid()
        self._pipe = os.pipe() if _LIBC is None else None

    def hold(self) -> None:
        """Have this process, a child, end when its parent does, even when it is busy in C."""
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        elif self._pipe is not None:
            os.close(self._pipe[1])  # or its sisters would never see it closed
            threading.Thread(target=_end_with, args=self._pipe[:1], daemon=True).start()
        if os.getppid() != self._parent:  # it was too late
            os._exit(1)

    def close(self) -> None:
        """Let go of the pipe, in the parent, when all children have ended."""
        for descriptor in self._pipe or ():
            os.close(descriptor)


def _end_with(reader: int) -> NoReturn:
    with contextlib.suppress(OSError):
        os.read(reader, 1)  # nothing is ever written: it returns when the other end is closed
    os._exit(1)


def work(function: Callable[[Walker], object], make: Callable[[], Walker]) -> int:
    """Make a walker, have `function` go round with it, and return the exit status for this process."""
    walker: Walker | None = None

    def leave(number: int, frame: FrameType | None) -> None:
        # the walker's own handlers call this one, and it is alone before and after its cycles
        if walker is not None:
            walker.end(Stop.TERMINATED)
        if walker is None or not walker.stats.ready:
            raise SystemExit(0)  # nothing has begun that would have to be finished

    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, signal.SIG_IGN if ignored else leave)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # it is the launcher's; a terminal sends it to all
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with contextlib.suppress(OSError, ValueError, AttributeError):  # standard error may be no file
        faulthandler.register(signal.SIGUSR1)  # where it hangs
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    gc.enable()
    try:
        walker = make()
        _run(function, walker)
        if walker.stop is None:
            walker.stats.stop = float(Stop.DONE)
        return walker.exit_status
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
        if walker is not None and walker.stop is None:
            walker.stats.stop = float(Stop.FAILED if status else Stop.DONE)
        return status
    except BaseException:
        if walker is not None:
            walker.stats.stop = float(Stop.FAILED)
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(printable(traceback.format_exc()))
        return 1


def _run(function: Callable[[Walker], object], walker: Walker) -> None:
    result = function(walker)
    if inspect.iscoroutine(result):
        asyncio.run(result)


def leave_process(status: int) -> NoReturn:
    """End this process, with what it has printed and logged, and without anything that its parent began."""
    for flush in (logging.shutdown, sys.stdout.flush, sys.stderr.flush):
        with contextlib.suppress(Exception):
            flush()
    os._exit(status)
