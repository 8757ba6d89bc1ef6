"""Signals: SIGTERM and SIGINT end a walker after the cycle that runs, and handlers of others go on being called.

Enters: what to do. Leaves: nothing; what was there before is there again when the walker ends.
"""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from blendtpl.walker.stop import Stop

_STOPS = {signal.SIGTERM: Stop.TERMINATED, signal.SIGINT: Stop.INTERRUPTED}


class Signals:
    """The handlers of one walker, from `install` to `restore`.

    Only the main thread has handlers; in another, nothing is installed. A signal that is ignored stays so: whoever
    started the process wanted that, as shells do for what runs in the background. What handled a signal before is
    called as well. That of SIGINT is called by the second one only, as it raises `KeyboardInterrupt` in the middle of
    the cycle, or, where asyncio installed it, cancels the task: whoever presses Ctrl-C twice wants just that.
    """

    __slots__ = ("_before", "_end", "_installed", "_interrupted")

    def __init__(self, end: Callable[[Stop], object]) -> None:
        self._end = end
        self._interrupted = False
        self._before: dict[int, Any] = {}
        self._installed: dict[int, Any] = {}

    def install(self) -> None:
        """Take over the signals, where this is the main thread."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in _STOPS:
            before = signal.getsignal(number)
            if before is signal.SIG_IGN or before is None:  # None: it was installed in C, and could not be given back
                continue
            self._before[number] = before
            self._installed[number] = handler = self._handle
            signal.signal(number, handler)

    def restore(self) -> None:
        """Give them back, but for one that somebody else has taken over since. Elsewhere than in the main thread, where
        that cannot be, they stay, and call what was there before.
        """
        if threading.current_thread() is not threading.main_thread():
            return
        for number, before in self._before.items():
            if signal.getsignal(number) is self._installed[number]:
                signal.signal(number, before)
        self._before.clear()
        self._installed.clear()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._end(_STOPS[signal.Signals(number)])
        waits, before = False, self._before.get(number)
        if number == signal.SIGINT:
            waits, self._interrupted = not self._interrupted, True
        if callable(before) and not waits:
            before(number, frame)
