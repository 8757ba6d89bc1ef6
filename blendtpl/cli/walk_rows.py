"""Rows in which what walkers render is counted by template, for the launcher."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

from blendtpl.cli.common import say
from blendtpl.errors import ConfigError
from blendtpl.metrics import Recorder, SharedMetrics, measure, serve
from blendtpl.printable import one_line
from blendtpl.runtime.registry import Registry
from blendtpl.walker.launcher.rows import Rows
from blendtpl.walker.stats import Stats


class MeasuredRows(Rows):
    """Rows of shared metrics, which are made for the first bundle and take the names of others later."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.shared: SharedMetrics | None = None

    def _metrics(self) -> SharedMetrics:
        if self.shared is None:
            raise LookupError("no bundle is loaded yet")
        return self.shared

    def stats(self, row: int) -> Stats:
        """Return the figures of the worker in a row."""
        return self._metrics().stats(row)

    def registry(self, registry: Registry, row: int) -> Registry:
        """Return a registry that counts in a row."""
        return measure(registry, self._metrics(), row)

    def add(self, registry: Registry) -> None:
        """Make room for what a registry renders."""
        if self.shared is None:
            self.shared = SharedMetrics.of(registry, self._count)
        else:
            self.shared.add(registry, registry.messages)

    def rotated(self, row: int, reason: str) -> None:
        """Count a worker that is gone."""
        self._metrics().rotated(reason)
        self._metrics().release(row)

    def serving(self, host: str, port: int) -> Callable[[], object]:
        """Begin to answer Prometheus, and return what waits as long as that goes on. Called in a process of its own."""
        serve(self._metrics(), host, port)
        return signal.pause

    def begin_recording(self, file: Path) -> None:
        """Begin a recording anew, or raise `ConfigError` for a file that cannot be one."""
        Recorder(file).close()

    def recording(self, file: Path) -> Callable[[], object]:
        """Go on with a recording, and return what takes samples as long as it can. Called in a process of its own."""
        recorder = Recorder(file, resume=True)

        def record() -> None:
            try:
                while True:
                    recorder.sample(self._metrics())
                    time.sleep(1.0)
            except ConfigError as error:  # the disk is full, say: it would be so the next time, too
                say(one_line(str(error)), err=True)
                signal.pause()

        return record
