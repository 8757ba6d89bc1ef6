"""Processes: what memory workers take, as the kernel tells it.

Enters: process ids. Leaves: bytes, or `None` where that is not told: the process is gone, or this is no Linux. RSS is
read each time, which takes a few microseconds. PSS has the kernel walk all pages, so it is read once in a while.
"""

import os
import threading
from collections.abc import Callable
from time import monotonic

_PAGE = os.sysconf("SC_PAGE_SIZE")


def rss_of(pid: int) -> int | None:
    """Return the resident memory of a process."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * _PAGE or None  # a process that nobody waited for has none
    except (OSError, IndexError):
        return None


def pss_of(pid: int) -> int | None:
    """Return the proportional memory of a process."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            found = [int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:")]
    except OSError:
        return None
    return found[0] if found else None


class OnceInAWhile:
    """Numbers of processes that are asked for anew when so many seconds have passed, whoever asks."""

    def __init__(self, ask: Callable[[int], int | None], seconds: float) -> None:
        self._ask, self._seconds = ask, seconds
        self._known: dict[int, tuple[float, int | None]] = {}
        self._lock = threading.Lock()

    def __call__(self, pids: list[int]) -> dict[int, int | None]:
        """Return what is known of each process. What is known of others is forgotten."""
        now = monotonic()
        with self._lock:
            self._known = {pid: self._known[pid] for pid in pids if pid in self._known}
            for pid in pids:
                if pid not in self._known or now - self._known[pid][0] >= self._seconds:
                    self._known[pid] = (now, self._ask(pid))
            return {pid: found for pid, (_, found) in self._known.items()}
