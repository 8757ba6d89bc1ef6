"""A launcher in a process of its own, whose lines are waited for: for minutes if it must be, and never for a time."""

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from blendtpl.walker.launcher.status import pools_in
from testkit import ROOT
from tests.walker.launcher.walks import FOLDER

PATIENCE = 60.0


class Launched:
    """The process, and what it has said so far."""

    def __init__(self, process: "subprocess.Popen[bytes]", run: Path) -> None:
        self.process, self.run = process, run
        self.said = ""
        self._looked = 0

    def wait_for(self, pattern: str, times: int = 1) -> str:
        """Wait until it says that, behind what was waited for last; return the text that matched."""
        end = time.monotonic() + PATIENCE
        while True:
            matches = list(re.finditer(pattern, self.said[self._looked :], re.MULTILINE))
            if len(matches) >= times:
                self._looked += matches[times - 1].end()
                return matches[times - 1][0]
            assert self._read(end), f"`{pattern}` is never said, but:\n{self.said}"

    def _read(self, end: float) -> bool:
        assert self.process.stderr is not None
        ready, _, _ = select.select([self.process.stderr], [], [], max(0.0, end - time.monotonic()))
        data = os.read(self.process.stderr.fileno(), 65536) if ready else b""
        self.said += data.decode()
        return bool(data)

    def send(self, number: int) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def status(self) -> dict[str, Any]:
        """Return what it answers to another process."""
        (told,) = pools_in(self.run)
        return told

    def exit_status(self) -> int:
        """Wait for its end."""
        end = time.monotonic() + PATIENCE
        while self._read(end):
            pass
        return self.process.wait(PATIENCE)

    def end(self) -> int:
        """Ask it to end, and wait for that."""
        self.send(signal.SIGTERM)
        return self.exit_status()


def command(function: str, bundle: Path, run: Path, *options: str) -> list[str]:
    """Return how a launcher is called."""
    name = function if ":" in function else f"tests.walker.launcher.walks:{function}"
    return [sys.executable, "-m", "blendtpl", "walk", name, f"--bundle={bundle}", f"--run={run}", *options]


@contextmanager
def launched(function: str, bundle: Path, *options: str, **environment: str) -> Iterator[Launched]:
    """Run a launcher with two walkers; its folder is that of the bundle."""
    run = bundle.parent / "run"
    given = {**os.environ, FOLDER: str(bundle.parent), **environment}
    called = command(function, bundle, run, "--workers=2", *options)
    with subprocess.Popen(called, cwd=ROOT, env=given, stderr=subprocess.PIPE) as process:
        try:
            yield Launched(process, run)
        finally:
            if process.poll() is None:
                process.kill()
