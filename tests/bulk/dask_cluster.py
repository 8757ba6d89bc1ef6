"""A Dask cluster of this machine: a scheduler and workers, each a process of its own that can be killed."""

import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from testkit import PATIENCE

Process = subprocess.Popen[bytes]


class DaskCluster:
    """A scheduler in a folder, and the workers that were started."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._stack = folder, ExitStack()
        self._file = folder / "scheduler.json"
        self.address = ""
        self.workers: list[Process] = []

    def __enter__(self) -> Self:
        self._start("scheduler", "--port", "0", "--host", "127.0.0.1", "--no-dashboard", "--no-jupyter")
        deadline = time.monotonic() + PATIENCE
        while not self.address:
            assert time.monotonic() < deadline
            try:
                self.address = json.loads(self._file.read_text())["address"]
            except (FileNotFoundError, ValueError):
                time.sleep(0.05)
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def worker(self, *options: str) -> Process:
        """Start a worker, and return when the scheduler knows it."""
        pid = self._folder / f"worker{len(self.workers)}.py"
        here = pid.with_suffix(".ready")
        pid.write_text(f"from pathlib import Path\n\nasync def dask_setup(worker):\n    Path({str(here)!r}).touch()\n")
        local = str(self._folder / f"local{len(self.workers)}")
        process = self._start(
            *("worker", "--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", local),
            *("--preload", str(pid), *options),
        )
        self.workers.append(process)
        deadline = time.monotonic() + PATIENCE
        while not here.exists():
            assert time.monotonic() < deadline
            assert process.poll() is None, (self._folder / "log").read_text()
            time.sleep(0.05)
        return process

    def _start(self, what: str, *options: str) -> Process:
        call = [sys.executable, "-m", "dask", what, "--scheduler-file", str(self._file), *options]
        log = self._stack.enter_context((self._folder / "log").open("ab"))
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        process = subprocess.Popen(call, stdout=log, stderr=log, cwd=self._folder, env=environment)
        self._stack.callback(_end, process)
        return process


def _end(process: Process) -> None:
    process.kill()
    process.wait()
