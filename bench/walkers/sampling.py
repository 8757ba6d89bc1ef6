"""Looking at walkers from outside: their memory and processor time by `/proc`, and what they counted.

Enters: process ids. Leaves: samples. Memory is in KiB, as the kernel tells it; times are in seconds.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CLOCK_TICK = 1 / os.sysconf("SC_CLK_TCK")  # seconds, the least that the kernel tells of processor time
PROCESSORS = os.cpu_count() or 1

_WORK = 100_000  # steps of the fixed piece of work


@dataclass(frozen=True, slots=True)
class Memory:
    """What a process has in memory: resident, its share of what it shares, and what it alone has written to."""

    rss: int
    pss: int
    private_dirty: int


@dataclass(frozen=True, slots=True)
class Sample:
    """A moment: seconds since the walkers began, and for each of them memory, e-mails sent and processor time so far.

    `serving` is the processor time so far of what else belongs to the walkers, as the server does, and `busy` that of
    the whole machine. `pace` is the processor time that a fixed piece of work takes: a machine that others share, or
    that grows hot, does not have the same pace all the time.
    """

    at: float
    memory: tuple[Memory, ...]
    sent: tuple[int, ...]
    cpu: tuple[float, ...]
    serving: float
    busy: float
    pace: float


def pace() -> float:
    """Return the processor time that a fixed piece of work, of some milliseconds, takes now."""
    started = time.thread_time()
    total = 0
    for number in range(_WORK):
        total += number & 7
    return time.thread_time() - started


def supported() -> bool:
    """Return whether the kernel tells what is asked here; only Linux does."""
    return Path("/proc/self/smaps_rollup").is_file()


def memory_of(process: int) -> Memory:
    """Return the memory of a process; raises `OSError` when it is gone."""
    text = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    rows = (line.split() for line in text.splitlines()[1:])
    kib = {name: int(value) for name, value, _ in rows}
    return Memory(kib["Rss:"], kib["Pss:"], kib["Private_Dirty:"])


def cpu_of(process: int) -> float:
    """Return the processor time of a process; raises `OSError` when it is gone."""
    text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    fields = text.rpartition(")")[2].split()  # behind the name, which may hold anything
    return (int(fields[11]) + int(fields[12])) * CLOCK_TICK


def busy() -> float:
    """Return the processor time of all processes since the machine began, without interrupts, which are nobody's."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system = (int(field) for field in file.readline().split()[1:4])
    return (user + nice + system) * CLOCK_TICK


def available() -> int:
    """Return how much memory there is to be had, in KiB."""
    text = Path("/proc/meminfo").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("MemAvailable:"))


def sample(at: float, walkers: Sequence[int], sent: Sequence[int], serving: Sequence[int]) -> Sample:
    """Look at each process; raises `OSError` when one is gone."""
    memory = tuple(memory_of(process) for process in walkers)
    cpu = tuple(cpu_of(process) for process in walkers)
    return Sample(at, memory, tuple(sent), cpu, sum(cpu_of(process) for process in serving), busy(), pace())
