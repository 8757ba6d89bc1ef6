"""Commands of the benchmarks that a test has started, and all processes of them, found by their environment."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from testkit import PATIENCE, ROOT

_MARK = "BENCH_TEST_MARK"


@dataclass
class Command:
    """A command that was started, and the folder that it writes to."""

    process: "subprocess.Popen[str]"
    out: Path
    mark: str = field(repr=False)

    def marked(self) -> dict[int, str]:
        """Return the processes that run, each with its command."""
        found = {}
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and self.mark.encode() in (entry / "environ").read_bytes():
                    found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
            except OSError:  # it is gone, or another user's
                continue
        return found

    def until(self, happened: Callable[[], object]) -> None:
        patient_until = time.monotonic() + PATIENCE
        while not happened():
            assert time.monotonic() < patient_until
            time.sleep(0.05)

    def end(self) -> tuple[int, str, str]:
        """Return the exit status, standard output and standard error, when all processes are gone."""
        stdout, stderr = self.process.communicate(timeout=PATIENCE)
        self.until(lambda: not self.marked())
        return self.process.returncode, stdout, stderr


Kind = TypeVar("Kind", bound=Command)


@contextmanager
def starting(kind: type[Kind], module: str, out: Path) -> Iterator[Callable[..., Kind]]:
    """Give a function that starts a module with options, as a shell does: in a process group of its own."""
    begun: list[Kind] = []

    def start(*options: str, stderr: int = subprocess.PIPE, **environment: str) -> Kind:
        mark = uuid.uuid4().hex
        process = subprocess.Popen(
            [sys.executable, "-m", module, "--out", str(out), *options],
            cwd=ROOT,
            env={**os.environ, _MARK: mark, **environment},
            text=True,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
        )
        begun.append(kind(process, out, mark))
        return begun[-1]

    yield start
    for command in begun:
        for process in command.marked():
            os.kill(process, signal.SIGKILL)
        command.process.communicate()
