"""Lifelines: forked processes that end with the one that forked them, however that ends.

Enters: a process that is about to fork, and then the processes that it has forked. Leaves: nothing that outlives the
first. A process that is killed runs no code that could end its children, so these see to it themselves: the system
closes a pipe that their parent alone holds, and, where it can, kills them.
"""

import _thread
import ctypes
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

_PR_SET_PDEATHSIG = 1  # of Linux's <sys/prctl.h>
_ENDING = ("SIGTERM", "SIGHUP")  # what tells a process to end, beside what a keyboard sends
_PATIENCE = 0.5  # seconds for what is open to be closed


class Lifeline:
    """A pipe, one end of which the parent alone holds for as long as it lives.

    Made by the parent before it forks. Each child calls `hold` first of all, the parent `close` when all have ended.
    """

    def __init__(self) -> None:
        self._parent = os.getpid()
        self._reader, self._writer = os.pipe()

    def hold(self) -> None:
        """Have this process end when its parent does."""
        os.close(self._writer)  # or its sisters would never see it closed
        with suppress(OSError, AttributeError):
            # at once, even when this process is busy in C; the parent may have ended before
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self._parent:
            os._exit(1)
        threading.Thread(target=self._watch, name="lifeline", daemon=True).start()

    def close(self) -> None:
        """Let go of both ends."""
        os.close(self._reader)
        os.close(self._writer)

    def _watch(self) -> NoReturn:
        with suppress(OSError):
            os.read(self._reader, 1)  # nothing is ever written: it returns when the other end is closed
        os._exit(1)


class _EndedError(SystemExit):
    """A signal has told this process to end: what is open is closed and removed on the way out."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.number = number


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Have signals that end this process unwind it first, so that it leaves no file and no process behind."""
    if threading.current_thread() is not threading.main_thread():
        yield  # which alone can handle signals
        return
    numbers = [getattr(signal, name) for name in _ENDING if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    ours = [number for number, handler in before.items() if handler is signal.SIG_DFL]  # such as `nohup` wants none of
    for number in ours:
        signal.signal(number, _end)
    try:
        yield
    except _EndedError as ended:
        signal.signal(ended.number, signal.SIG_DFL)
        os.kill(os.getpid(), ended.number)  # as who sent it expects to see it end
        raise
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def default_signals() -> None:
    """Have a forked process end by signals as any does, whatever its parent does with them."""
    for name in _ENDING:
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is _end:
            signal.signal(getattr(signal, name), signal.SIG_DFL)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    signal.signal(number, signal.SIG_DFL)  # the second ends it at once
    # what is raised here is lost where Python has nobody to give it to, as in a finalizer; a plain thread takes no lock
    _thread.start_new_thread(_insist, (number,))
    raise _EndedError(number)


def _insist(number: int) -> None:
    time.sleep(_PATIENCE)
    os.kill(os.getpid(), number)
