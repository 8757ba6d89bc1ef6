"""One style: a server and a team of walkers, watched from outside for a while.

Enters: a `Plan` and the name of a style. Leaves: a `Run`, which also tells of an early end. Nothing here sends e-mails.
"""

import os
import select
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.walkers import counters, team
from bench.walkers.processes import DiedError, Start, Started, death, end, processes, read
from bench.walkers.sampling import Memory, Sample, memory_of, sample

INTERRUPTED = 130
_AGONY = 2.0  # seconds from a process that is gone to the news of it


@dataclass(frozen=True, slots=True)
class Plan:
    """What is the same for all styles. `limit` is how much memory walkers may have together, in KiB of PSS; `rate` how
    many e-mails become due in a second, 0 for no end of them.
    """

    seconds: float
    walkers: int
    limit: int
    collector: bool
    folder: Path
    expected: frozenset[str] = field(repr=False)
    rate: float = 0.0

    @property
    def every(self) -> float:
        """The seconds from one sample to the next: there are 120 of them, but not more than four in a second."""
        return max(0.25, self.seconds / 120)


@dataclass(frozen=True, slots=True)
class Run:
    """What was seen of a style. `bare` is an interpreter that has imported the same and does nothing.

    `ended` says why the run was cut short, and `status` what the command is to exit with for that.
    """

    style: str
    bare: Memory
    samples: tuple[Sample, ...]
    sent: int
    received: int
    wrong: int
    ended: str
    status: int
    rate: float = 0.0

    def backlog(self, sample: Sample) -> float:
        """Return how many e-mails were due by then that no walker had sent."""
        return max(0.0, self.rate * sample.at - sum(sample.sent))


def run(style: str, plan: Plan, progress: Callable[[Sample], object]) -> Run:
    """Let walkers work in a style; `progress` is shown each sample.

    An interrupt by the user and the death of a process end it early, and the run that is returned says so.
    """
    bare, ended, status = Memory(0, 0, 0), "", 0
    samples: list[Sample] = []
    file = counters.create(plan.walkers)
    counts = counters.view(file)
    try:
        with processes(plan.folder, file) as start:
            try:
                bare = _bare(style, plan, file, start)
                for latest in _watched(style, plan, file, start):
                    samples.append(latest)
                    progress(latest)
                    if sum(memory.pss for memory in latest.memory) > plan.limit:
                        ended = (
                            f"after {latest.at:.0f} s: the walkers had the {plan.limit / 2**20:.2g} GiB that they may"
                        )
                        break
            finally:
                counts[counters.STOP] = 1
    except KeyboardInterrupt:
        ended, status = "by an interrupt", INTERRUPTED
    except DiedError as error:
        ended, status = str(error), 1
    finally:
        os.close(file)
    sent = sum(counts[counters.sent_by(number)] for number in range(1, plan.walkers + 1))
    return Run(
        style, bare, tuple(samples), sent, counts[counters.RECEIVED], counts[counters.WRONG], ended, status, plan.rate
    )


def _bare(style: str, plan: Plan, file: int, start: Start) -> Memory:
    """Return the memory of an interpreter that has imported what walkers import, and does nothing."""
    orders = team.Orders(style, str(plan.folder), 0, 0, file, plan.collector)
    started = start("the bare process", "bench.walkers.team", asdict(orders))
    memory = memory_of(read(started)["pids"][0])
    end(started)
    return memory


def _watched(style: str, plan: Plan, file: int, start: Start) -> Iterator[Sample]:
    """Start a server and walkers, and look at them from time to time; raises `DiedError` when one of them dies."""
    counts = counters.view(file)
    server = start("the server", "bench.walkers.server", {"expected": sorted(plan.expected), "counters": file})
    orders = team.Orders(style, str(plan.folder), plan.walkers, read(server)["port"], file, plan.collector, plan.rate)
    leader = start("the parent of the walkers", "bench.walkers.team", asdict(orders))
    pids = read(leader)["pids"]
    serving = [server.process.pid, leader.process.pid, os.getpid()]
    began = time.monotonic()
    due = 0.0
    while due <= plan.seconds:
        if _news([server, leader], began + due - time.monotonic()):
            raise DiedError(_death(server, leader, plan))
        sent = [counts[counters.sent_by(number)] for number in range(1, plan.walkers + 1)]
        try:
            latest = sample(time.monotonic() - began, pids, sent, serving)
        except OSError:
            raise DiedError(_death(server, leader, plan)) from None
        yield latest
        due += plan.every
        due = max(due, time.monotonic() - began)  # what is late is not made up for


def _news(started: list[Started], seconds: float) -> bool:
    return bool(select.select(started, [], [], max(0.0, seconds))[0])


def _death(server: Started, leader: Started, plan: Plan) -> str:
    """Return who died first and why: the server, of which walkers die too, or a walker, or their parent."""
    dead = server if _news([server], _AGONY) else leader
    try:
        message = read(dead)
    except DiedError as error:
        return str(error)
    number = message["died"]
    return death(f"walker {number}", message["pid"], message["status"], team.log_of(str(plan.folder), number))
