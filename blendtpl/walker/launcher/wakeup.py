"""Wake-up: signals of the launcher, which do no more than end its wait.

Enters: signals, in whatever storm. Leaves: how often each came since it was last asked for. A handler of Python's runs
between two instructions of anything, so it counts and returns; the pipe that ends the wait may be full, the count never
is wrong.
"""

import selectors
import signal
import socket
from collections import Counter
from types import FrameType
from typing import Any

HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


class Wakeup:
    """The handlers, from `install` to `restore`."""

    def __init__(self, selector: selectors.BaseSelector) -> None:
        self._came: Counter[int] = Counter()
        self._taken: Counter[int] = Counter()
        self._before: dict[int, Any] = {}
        self._before_fd = -1
        self._reader, self._writer = socket.socketpair()
        for each in (self._reader, self._writer):
            each.setblocking(False)
        selector.register(self._reader, selectors.EVENT_READ, self._drain)

    def install(self) -> None:
        """Take over the signals; one that is ignored, as for `nohup`, goes on being so, unless it is of a child."""
        for number in HANDLED:
            before = signal.getsignal(number)
            if before is not signal.SIG_IGN or number == signal.SIGCHLD:
                self._before[number] = before
                signal.signal(number, self._count)
        self._before_fd = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)

    def restore(self) -> None:
        """Give everything back."""
        signal.set_wakeup_fd(self._before_fd)
        for number, before in self._before.items():
            signal.signal(number, signal.SIG_DFL if before is None else before)
        self._before.clear()

    def close(self) -> None:
        """Let go of the pipe."""
        self._reader.close()
        self._writer.close()

    def take(self, number: int) -> int:
        """Return how often a signal came since the last time."""
        came = self._came[number]
        new = came - self._taken[number]
        self._taken[number] = came
        return new

    def _count(self, number: int, frame: FrameType | None) -> None:
        self._came[number] += 1

    def _drain(self) -> None:
        try:
            while self._reader.recv(4096):
                pass
        except BlockingIOError:
            pass
