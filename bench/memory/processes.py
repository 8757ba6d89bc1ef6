"""The processes: each task in a fresh interpreter, some at a time.

Enters: tasks. Leaves: a `Run` for each, in the order in which they end; one that was stopped has the samples it got to.
The children are in a session of their own: an interrupt from the keyboard reaches the parent alone, which ends them.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any

from bench.memory.runs import Run
from bench.memory.tasks import Task

SEED = "0"  # of the hashes of the children, so that two runs do the same

ROOT = Path(__file__).parents[2]

Sampled = Callable[[Task, int], None]


class Processes:
    """The processes that run, so that they can be ended from another thread."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._todo: set[Future[Run]] = set()
        self._stopped = False

    def run(self, tasks: Sequence[Task], jobs: int, sampled: Sampled) -> Generator[Run, None, None]:
        """Yield what comes of each task; `sampled` is called with the number of renders at each sample.

        When it is closed, or interrupted, the processes end; `rest` has what they told.
        """
        with ThreadPoolExecutor(jobs) as pool:
            self._todo = {pool.submit(self._follow, task, sampled) for task in tasks}
            try:
                while self._todo:
                    for future in wait(self._todo, return_when=FIRST_COMPLETED).done:
                        self._todo.discard(future)
                        yield future.result()
            finally:
                self.stop()

    def rest(self) -> list[Run]:
        """Return what came of the tasks that had begun when all was stopped."""
        wait(self._todo)
        return [run for run in (future.result() for future in self._todo) if run.samples]

    def stop(self) -> None:
        """End all processes; tasks that have not begun do not begin."""
        self._stopped = True
        for process in list(self._running):
            process.terminate()

    def _follow(self, task: Task, sampled: Sampled) -> Run:
        if self._stopped:
            return Run(task, reason="stopped before it began")
        with TemporaryDirectory(prefix="blendtpl-memory-") as folder, TemporaryFile() as errors:
            process = start(task, folder, errors)
            self._running.add(process)
            messages: dict[str, Any] = {}
            samples: list[list[float]] = []
            try:
                assert process.stdout
                for line in process.stdout:
                    with suppress(json.JSONDecodeError):  # a line that was cut off when it was ended
                        messages |= json.loads(line)
                    if "sample" in messages:
                        samples.append(messages.pop("sample"))
                        sampled(task, int(samples[-1][0]))
            finally:
                process.wait()
                self._running.discard(process)
            return _run(task, messages, samples, self._reason(process.returncode, errors))

    def _reason(self, status: int, errors: Any) -> str:
        if self._stopped and status:
            return "stopped"
        errors.seek(0)
        lines = errors.read().decode(errors="replace").strip().splitlines()
        return f"failed: {lines[-1] if lines else f'exit status {status}'}" if status else ""


def start(task: Task, folder: str, errors: Any) -> subprocess.Popen[bytes]:
    """Start a process that does a task."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.memory.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": SEED},
        start_new_session=True,
    )
    assert process.stdin
    with suppress(BrokenPipeError):  # one that fails at once says why on standard error
        process.stdin.write(json.dumps({"task": asdict(task), "folder": folder}).encode() + b"\n")
        process.stdin.close()
    return process


def _run(task: Task, messages: dict[str, Any], samples: list[list[float]], reason: str) -> Run:
    refusal = str(messages.pop("unsupported", ""))
    return Run(task, samples=samples, reason=refusal or reason, unsupported=bool(refusal), **messages)
