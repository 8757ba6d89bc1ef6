"""Progress: what a person sees of a command that takes a while, unless ``BLENDTPL_NO_PROGRESS`` is set."""

import os
import sys
import time
from datetime import timedelta
from types import TracebackType

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

_QUIET_SECONDS = 1.0
_FRAME_SECONDS = 0.1


class Ticker:
    """Shows progress once something takes longer than a second: a bar on a terminal, elsewhere a line every so often.

    `unit` is what is counted, `pause` the seconds from one line to the next. With `rate` it is told how many are done
    in a second, and how long the rest takes at that.
    """

    def __init__(self, unit: str = "templates", pause: float = 1.0, *, rate: bool = False) -> None:
        self._unit, self._pause, self._rate = unit, pause, rate
        self._begun = time.monotonic()
        self._console = Console(stderr=True)
        # not rich's idea of a terminal, which variables such as FORCE_COLOR make of a pipe
        self._terminal = sys.stderr.isatty()
        self._quiet = bool(os.environ.get("BLENDTPL_NO_PROGRESS"))  # for whoever reads standard error, as jobs do
        self._next = time.monotonic() + _QUIET_SECONDS
        self._bar: Progress | None = None

    def __enter__(self) -> "Ticker":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def tick(self, stage: str, done: int, total: int, before: int = 0) -> None:
        """Show how far a stage has come, if it is time to; what was done `before` has no part in the rate."""
        now = time.monotonic()
        if self._quiet or (now < self._next and not self._bar):
            return
        if not self._terminal:
            self._next = now + self._pause
            pace = f" ({self._pace(done - before, total - done, now)})" if self._rate else ""
            click.echo(f"{stage}: {done} of {total} {self._unit}{pace}", err=True)
            return
        if self._bar is None:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[pace]}") if self._rate else TimeElapsedColumn(),
                console=self._console,
                transient=True,
                auto_refresh=False,  # which takes a thread, and the compiler forks
            )
            self._bar.start()
            self._bar.add_task(stage, pace="")
        task = self._bar.tasks[0].id
        pace = self._pace(done - before, total - done, now) if self._rate else ""
        self._bar.update(task, description=stage, completed=done, total=total, pace=pace, refresh=now >= self._next)
        if now >= self._next:
            self._next = now + _FRAME_SECONDS

    def _pace(self, done: int, left: int, now: float) -> str:
        """Return how many there are in a second, and the time that those that are left take."""
        rate = done / max(now - self._begun, 1e-9)
        return f"{rate:,.0f} {self._unit}/s, {timedelta(seconds=round(left / rate))} left" if done else "…"
