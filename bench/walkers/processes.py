"""Processes of this package: started with orders, read line by line, and ended, whatever happens.

Enters: a module and its orders. Leaves: lines of JSON that the process prints, or a `DiedError` that says which one
died and why. No process is left behind: each ends when its standard input does, which is a pipe from here, so that it
ends with this process even when that is killed. Control-C on the terminal reaches this process alone.
"""

import json
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.walkers.team import PATIENCE
from testkit import ROOT

_STARTING = 120.0  # seconds for a process to begin, on a busy machine
_ENDING = PATIENCE + 5.0


class DiedError(Exception):
    """A process ended that should not have. The message says which one and why."""


@dataclass(frozen=True, slots=True)
class Started:
    """A process that was started here; `log` has what it complained of."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def fileno(self) -> int:
        """Return what becomes readable when the process prints a line or ends."""
        assert self.process.stdout is not None
        return self.process.stdout.fileno()


Start = Callable[[str, str, Mapping[str, object]], Started]


@contextmanager
def processes(folder: Path, *shared: int) -> Iterator[Start]:
    """Give a function that starts a process: its name, its module, and its orders. All end at the end, the last first.

    `folder` is for logs; `shared` are the descriptors that the processes inherit.
    """
    running: list[Started] = []

    def start(name: str, module: str, orders: Mapping[str, object]) -> Started:
        log = folder / f"{name}.log"
        with log.open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", module, json.dumps(orders)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                bufsize=0,
                pass_fds=shared,
                start_new_session=True,
            )
        running.append(Started(name, process, log))
        return running[-1]

    try:
        yield start
    finally:
        try:
            while running:
                end(running[-1])
                running.pop()
        finally:  # the user is in a hurry
            for started in running:
                started.process.kill()


def end(started: Started) -> None:
    """Have a process end, and wait for it; one that takes too long is killed."""
    process = started.process
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    try:
        process.wait(_ENDING)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def read(started: Started) -> dict[str, Any]:
    """Return what the process tells next; raises `DiedError` when it died instead."""
    assert started.process.stdout is not None
    ready, _, _ = select.select([started], [], [], _STARTING)
    if not ready:
        raise DiedError(f"{started.name} did not begin in {_STARTING:.0f} seconds")
    line = started.process.stdout.readline()
    if not line:
        started.process.wait()
        raise DiedError(death(started.name, started.process.pid, started.process.returncode, started.log))
    message: dict[str, Any] = json.loads(line)
    return message


def death(name: str, process: int, status: int, log: Path) -> str:
    """Return a sentence on a process that ended too early, with the last line of its log."""
    how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n") if log.is_file() else []
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f"{name} (process {process}) {how}" + (f": {last}" if last else "")
