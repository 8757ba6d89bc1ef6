"""The processes: each task in a fresh interpreter, some at a time.

Enters: tasks. Leaves: a `Run` for each, in the order in which they end; one that was stopped has the samples it got to.
A child that dies, or says that it failed, is a `Run` with the reason.
"""

import json
import subprocess
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import asdict
from tempfile import TemporaryDirectory, TemporaryFile
from threading import Event
from typing import IO, Any

from bench.memory.interpreters import death, start
from bench.memory.runs import Run
from bench.memory.tasks import Task

CHILD = "bench.memory.child"  # the module that does a task

Sampled = Callable[[Task, int], None]


class Processes:
    """The processes that run, so that they can be ended from another thread."""

    def __init__(self, child: str = CHILD) -> None:
        self._child = child
        self._running: set[subprocess.Popen[bytes]] = set()
        self._todo: set[Future[Run]] = set()
        self._stopped = Event()

    def run(self, tasks: Sequence[Task], jobs: int, sampled: Sampled) -> Generator[Run, None, None]:
        """Yield what comes of each task; `sampled` is called with the number of renders at each sample.

        When it is closed, or interrupted, the processes end; `rest` has what they told.
        """
        with ThreadPoolExecutor(jobs) as pool:
            try:
                for task in tasks:
                    self._todo.add(pool.submit(self._follow, task, sampled))
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
        self._stopped.set()
        for process in list(self._running):
            process.terminate()

    def _follow(self, task: Task, sampled: Sampled) -> Run:
        if self._stopped.is_set():
            return Run(task, reason="stopped before it began")
        with TemporaryDirectory(prefix="blendtpl-memory-") as folder, TemporaryFile() as errors:
            with start(self._child, stderr=errors) as process:
                self._running.add(process)
                if self._stopped.is_set():  # since it was asked above
                    process.terminate()
                messages: dict[str, Any] = {}
                samples: list[list[float]] = []
                try:
                    _order(process, {"task": asdict(task), "folder": folder})
                    assert process.stdout
                    for line in process.stdout:
                        with suppress(json.JSONDecodeError):  # a line that was cut off when it was ended
                            messages |= json.loads(line)
                        if "sample" in messages:
                            samples.append(messages.pop("sample"))
                            sampled(task, int(samples[-1][0]))
                except BaseException:
                    process.terminate()
                    raise
                finally:
                    process.wait()
                    self._running.discard(process)
            return self._run(task, messages, samples, process.returncode, errors)

    def _run(
        self, task: Task, messages: dict[str, Any], samples: list[list[float]], status: int, errors: IO[bytes]
    ) -> Run:
        """Return what the messages of a process come to, and when they are not all, the reason."""
        refused, failed = messages.pop("unsupported", ""), messages.pop("failed", "")
        if refused or "end" in messages:
            return Run(task, samples=samples, reason=refused, **messages)
        if self._stopped.is_set() and status:
            return Run(task, samples=samples, reason="stopped", **messages)
        errors.seek(0)
        reason = f"failed: {failed or death(status, errors.read())}"
        return Run(task, samples=samples, reason=reason, failed=True, **messages)


def _order(process: "subprocess.Popen[bytes]", order: dict[str, Any]) -> None:
    assert process.stdin
    with suppress(BrokenPipeError):  # one that fails at once says why on standard error
        process.stdin.write(json.dumps(order).encode() + b"\n")
        process.stdin.flush()
    with suppress(BrokenPipeError):
        process.stdin.close()
