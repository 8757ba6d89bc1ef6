"""The processes: each task in one of its own, some at a time.

Enters: tasks. Leaves: a `Run` for each, in the order in which they end; one that was stopped has the samples it got to.
A process that dies, or says that it failed, is a `Run` with the reason.
"""

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, suppress
from dataclasses import asdict
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any

from bench.memory.interpreters import death, end, start
from bench.memory.interrupts import held_back
from bench.memory.runs import Run
from bench.memory.tasks import Task

CHILD = "bench.memory.child"  # the module that has tasks done

Sampled = Callable[[Task, int], None]


class _Interpreter:
    """An interpreter that has one task after the other done, and what they say on standard error."""

    def __init__(self, module: str) -> None:
        with ExitStack() as stack:
            self._errors = stack.enter_context(TemporaryFile())
            self._process = stack.enter_context(start(module, stderr=self._errors))
            self._stack = stack.pop_all()

    def do(self, order: Mapping[str, Any], told: Callable[[dict[str, Any]], None]) -> int:
        """Have a task done, and hand on what is told; return the exit status of the process that did it."""
        self._errors.seek(0)
        self._errors.truncate()
        assert self._process.stdin
        assert self._process.stdout
        with suppress(BrokenPipeError):  # one that fails at once says why on standard error
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
        for line in self._process.stdout:
            with suppress(json.JSONDecodeError):  # a line that was cut off when it was ended
                message = json.loads(line)
                if "over" in message:
                    return int(message["over"])
                told(message)
        return self._process.wait()

    @property
    def ended(self) -> bool:
        """Whether it ended with its last task."""
        return self._process.returncode is not None

    def complaint(self) -> bytes:
        """Return what the last task said on standard error."""
        self._errors.seek(0)
        return self._errors.read()

    def end(self) -> None:
        """Have it end, with all that it began."""
        if not self.ended:
            end(self._process)

    def close(self) -> None:
        """Wait until it has ended."""
        with suppress(BrokenPipeError):
            self._stack.close()


class Processes:
    """The interpreters that have tasks done, so that they can be ended from another thread."""

    def __init__(self, child: str = CHILD) -> None:
        self._child = child
        self._begun: set[_Interpreter] = set()
        self._idle: list[_Interpreter] = []
        self._stopped = False  # no `Event`, whose lock what is interrupted may hold

    def run(self, tasks: Sequence[Task], jobs: int, sampled: Sampled) -> Generator[Run, None, None]:
        """Yield what comes of each task; `sampled` is called with the number of renders at each sample.

        When it is closed the processes end. When it is interrupted they do so too, and the interrupt is raised after
        what they told was yielded.
        """
        try:
            with held_back(self.stop), ThreadPoolExecutor(jobs) as pool:
                try:
                    for future in as_completed([pool.submit(self._follow, task, sampled) for task in tasks]):
                        run = future.result()
                        if run.samples or not self._stopped:
                            yield run
                finally:
                    self.stop()
        finally:
            for interpreter in self._begun:
                interpreter.close()

    def stop(self) -> None:
        """End all processes; tasks that have not begun do not begin."""
        self._stopped = True
        for interpreter in list(self._begun):
            interpreter.end()

    def _follow(self, task: Task, sampled: Sampled) -> Run:
        if self._stopped:
            return Run(task, reason="stopped before it began")
        interpreter = self._ready()
        messages: dict[str, Any] = {}
        samples: list[list[float]] = []

        def told(message: dict[str, Any]) -> None:
            messages.update(message)
            if "sample" in message:
                samples.append(messages.pop("sample"))
                sampled(task, int(samples[-1][0]))

        with TemporaryDirectory(prefix="blendtpl-memory-") as folder:
            status = interpreter.do({"task": asdict(task), "folder": folder}, told)
        run = self._run(task, messages, samples, status, interpreter.complaint())
        if not interpreter.ended:
            self._idle.append(interpreter)
        return run

    def _ready(self) -> _Interpreter:
        with suppress(IndexError):
            return self._idle.pop()
        interpreter = _Interpreter(self._child)
        self._begun.add(interpreter)
        if self._stopped:  # while it began
            interpreter.end()
        return interpreter

    def _run(
        self, task: Task, messages: dict[str, Any], samples: list[list[float]], status: int, complaint: bytes
    ) -> Run:
        """Return what the messages of a task come to, and when they are not all, the reason."""
        refused, failed = messages.pop("unsupported", ""), messages.pop("failed", "")
        if refused or "end" in messages:
            return Run(task, samples=samples, reason=refused, **messages)
        if self._stopped and status:
            return Run(task, samples=samples, reason="stopped", **messages)
        reason = f"failed: {failed or death(status, complaint)}"
        return Run(task, samples=samples, reason=reason, failed=True, **messages)
