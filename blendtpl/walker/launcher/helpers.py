"""Helpers: processes beside the workers, which answer or record and do not walk.

Enters: a name, and what to do until the process is ended. Leaves: nothing. One that ends is begun again after a pause;
what it needs threads for is then no matter of the launcher, which forks.
"""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from blendtpl.walker.launcher import children
from blendtpl.walker.launcher.worker import leave_process

_PAUSE = 1.0  # seconds until one that ended begins again


@dataclass(frozen=True, slots=True)
class Helper:
    """One of them; `run` goes on until SIGTERM raises `SystemExit` in it."""

    name: str
    run: Callable[[], object]


class Helpers:
    """All of them. `begin` is called in each process first of all."""

    def __init__(self, helpers: tuple[Helper, ...], begin: Callable[[], None], log: Callable[[str], None]) -> None:
        self._helpers, self._begin, self._log = helpers, begin, log
        self._running: dict[int, Helper] = {}
        self._waiting: list[Helper] = list(helpers)
        self._next = 0.0

    def pids(self) -> list[int]:
        """Return the numbers of their processes."""
        return list(self._running)

    def start(self, now: float) -> None:
        """Begin those that do not run."""
        waiting, self._waiting = self._waiting, []
        for helper in waiting:
            try:
                self._running[children.fork(lambda helper=helper: self._child(helper))] = helper  # type: ignore[misc]
            except OSError:
                self._waiting.append(helper)
                self._next = now + _PAUSE

    def keep(self, now: float) -> None:
        """Begin again what has ended, after a pause."""
        if self._waiting and now >= self._next:
            self.start(now)

    def reap(self, now: float) -> None:
        """Take note of those that ended."""
        for pid, status in children.reap(self.pids()):
            helper = self._running.pop(pid)
            self._log(f"{helper.name} ended: {children.shown(status)}; it begins again")
            self._waiting.append(helper)
            self._next = now + _PAUSE

    def end(self) -> None:
        """End all of them, and wait for that."""
        for pid in self._running:
            children.send(pid, signal.SIGTERM)
        for pid in self._running:
            os.waitpid(pid, 0)
        self._running.clear()

    def _child(self, helper: Helper) -> NoReturn:
        self._begin()
        signal.signal(signal.SIGTERM, _leave)
        for number in (signal.SIGINT, signal.SIGHUP):  # the launcher's, which tells
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        try:
            helper.run()
        except SystemExit:
            leave_process(0)
        leave_process(1)


def _leave(number: int, frame: object) -> NoReturn:
    raise SystemExit(0)
