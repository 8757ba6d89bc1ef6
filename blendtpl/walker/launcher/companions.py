"""Companions: processes beside the workers, which answer or record and do not walk.

Enters: a name, and what to do until the process is ended. Leaves: nothing. What needs threads is here, as the launcher
has none when it forks. Whether one can do its work at all is known before the first worker is forked; one that ends
later is begun again after a pause.
"""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from blendtpl.errors import BlendError, ConfigError
from blendtpl.printable import printable
from blendtpl.walker.launcher import children
from blendtpl.walker.launcher.worker import leave_process

_PAUSE = 1.0  # seconds until one that ended begins again


@dataclass(frozen=True, slots=True)
class Companion:
    """One of them. `open` opens what it needs, and returns what goes on until SIGTERM raises `SystemExit` in it."""

    name: str
    open: Callable[[], Callable[[], object]]


class Companions:
    """All of them. `begin` is called in each process first of all."""

    def __init__(
        self, companions: tuple[Companion, ...], begin: Callable[[], None], log: Callable[[str], None]
    ) -> None:
        self._companions, self._begin, self._log = companions, begin, log
        self._running: dict[int, Companion] = {}
        self._waiting: list[Companion] = []
        self._next = 0.0

    def pids(self) -> list[int]:
        """Return the numbers of their processes."""
        return list(self._running)

    def start(self) -> None:
        """Begin all, one after the other. Raises `ConfigError` with what one says that it cannot be."""
        for companion in self._companions:
            reader, writer = os.pipe()
            try:
                self._fork(companion, writer)
                os.close(writer)
                writer = -1
                said = b""
                while piece := os.read(reader, 4096):
                    said += piece
            finally:
                os.close(reader)
                if writer >= 0:
                    os.close(writer)
            if said:
                raise ConfigError(said.decode("utf-8", "replace"))

    def keep(self, now: float) -> None:
        """Begin again what has ended, after a pause."""
        if self._waiting and now >= self._next:
            waiting, self._waiting = self._waiting, []
            for companion in waiting:
                try:
                    self._fork(companion, None)
                except OSError:
                    self._waiting.append(companion)
                    self._next = now + _PAUSE

    def _fork(self, companion: Companion, writer: int | None) -> None:
        self._running[children.fork(lambda: self._child(companion, writer))] = companion

    def reap(self, now: float) -> None:
        """Take note of those that ended."""
        for pid, status in children.reap(self.pids()):
            companion = self._running.pop(pid)
            if status:  # else SIGTERM went to all of the group, the launcher too, which tells
                self._log(f"{companion.name} has ended: {children.shown(status)}; it begins again")
            self._waiting.append(companion)
            self._next = now + _PAUSE

    def end(self) -> None:
        """End all of them, and wait for that."""
        for pid in self._running:
            children.send(pid, signal.SIGTERM)
        for pid in self._running:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
        self._running.clear()

    def _child(self, companion: Companion, writer: int | None) -> NoReturn:
        """Do the companion's work; what it says through `writer` is why it cannot, and nothing when it can."""
        self._begin()
        signal.signal(signal.SIGTERM, _leave)
        for number in (signal.SIGINT, signal.SIGHUP):  # the launcher's, which tells
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        try:
            try:
                run = companion.open()
            except BlendError as error:
                if writer is not None:
                    os.write(writer, str(error).encode())
                raise SystemExit(1) from None
            if writer is not None:
                os.close(writer)
            run()
        except SystemExit as ended:
            leave_process(int(ended.code or 0))
        except BlendError as error:
            sys.stderr.write(f"error: {error}\n")
        except BaseException:
            sys.stderr.write(printable(traceback.format_exc()))
        leave_process(1)


def _leave(number: int, frame: object) -> NoReturn:
    raise SystemExit(0)
