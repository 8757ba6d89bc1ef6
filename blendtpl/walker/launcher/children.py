"""Children: processes that are forked and reaped, one by one.

Enters: what a child is to do. Leaves: its process's number, and later how it ended. Only those that were forked here
are waited for, so that what the application starts itself is its own; the first process of a container takes all.
"""

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import NoReturn

from blendtpl.walker.launcher.wakeup import HANDLED


def fork(child: Callable[[], NoReturn]) -> int:
    """Fork; the child runs `child` and never returns. No signal comes to it before it has handlers of its own.

    Raises `OSError` where the system refuses.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
    try:
        pid = os.fork()
        if pid == 0:
            try:
                child()
            finally:
                os._exit(1)  # whatever happens, the parent's code is not run twice
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return pid


def reap(pids: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield the processes among those that have ended, each with its exit status, below zero for a signal."""
    for pid in pids:
        with suppress(ChildProcessError):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                yield pid, os.waitstatus_to_exitcode(status)


def reap_strangers(pids: Iterable[int]) -> None:
    """Reap what others left to this process, which is the first of its container, and has to. Call `reap` before."""
    known = set(pids)
    with suppress(ChildProcessError):
        while found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if found.si_pid in known:
                return  # it ended since, and its turn comes
            os.waitpid(found.si_pid, os.WNOHANG)


def send(pid: int, number: int) -> None:
    """Send a signal to a child that has not been reaped, so that its number is still its own."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def shown(status: int) -> str:
    """Return how a process ended, in words."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
