"""Processes that are interrupted while the lock of a future is taken: of how many before it, the argument says."""

import signal
import sys
from types import FrameType
from typing import Any

from bench.memory.processes import Processes
from bench.memory.tasks import Task

TASKS = 100


def main(moment: int) -> None:
    """Print `interrupted` when the interrupt came, and everything ended."""
    taken = 0

    def watch(frame: FrameType, event: str, what: Any) -> None:
        nonlocal taken
        if event == "c_call" and what.__name__ == "acquire" and "_AcquireFutures" in frame.f_code.co_qualname:
            taken += 1
            if taken == moment:
                signal.raise_signal(signal.SIGINT)

    tasks = [Task("flat", str(number), collector=False, renders=1, samples=1, seconds=0) for number in range(TASKS)]
    sys.setprofile(watch)
    try:
        for _ in Processes("bench.tests.memory.nothing").run(tasks, 2, lambda task, renders: None):
            pass
    except KeyboardInterrupt:
        print("interrupted")


if __name__ == "__main__":
    main(int(sys.argv[1]))
