"""Alerts by Celery and Redis, counted: ``python -m tests.queues.alerts --count 100000 --processes 4``.

An outbox has all alerts, and a worker is sent each of them, makes it and marks it there. When it has made a quarter of
them Redis is killed, while others are still being sent, and started again; a process of the worker is killed as well.
Whenever Redis has nothing left and alerts are due they are sent again, as an application does that goes over its outbox
from time to time: Redis takes a message out of its list before the worker that asked for it can put it among those that
it works on, and one that is on its way when Redis dies is nowhere. What was sent again and what was made twice is
counted. Fewer alerts are then made by each engine, and by none, without any of that, for throughput.

Time by the clock is that of the whole set-up, with whatever else the machine does; processor time is that of the
worker's processes for one alert, without what their parent and Redis take.
"""

import argparse
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

import blendtpl
from testkit import ROOT, TEMPLATES
from tests.queues.support import PATIENCE, RedisServer, redis_server, surroundings, wait_for, worker

SEND = """
import sys
from tests.queues.alerts_app import alert, app
with app.producer_pool.acquire(block=True) as producer:
    for line in sys.stdin:
        alert.apply_async((int(line),), producer=producer)
"""


@dataclass
class Run:
    """What came of one run: how many alerts are missing, were sent again, were made twice, and what it took.

    `sizes` has, by how many alerts were there, the RSS of each process of the worker.
    """

    engine: str
    count: int
    processes: int
    missing: int = 0
    sent_again: int = 0
    twice: int = 0
    alerts_a_second: float = 0.0
    cpu_of_an_alert: float = 0.0
    sizes: list[tuple[int, dict[int, int]]] = field(default_factory=list)

    def __str__(self) -> str:
        speed = (
            f"{self.alerts_a_second:,.0f} alerts a second, {1e6 * self.cpu_of_an_alert:,.0f} µs of processor time each"
        )
        counted = f"{self.missing} missing, {self.sent_again} sent again, {self.twice} made twice"
        return f"{self.engine:>9}: {self.count:,} alerts, {counted}; {speed}"


@dataclass
class Processes:
    """The processes of a worker: what they have used, those that are gone included."""

    parent: int
    used: dict[int, float] = field(default_factory=dict)

    def sizes(self) -> dict[int, int]:
        """Return the RSS of each, and note its processor time."""
        found = {}
        for each in psutil.Process(self.parent).children():
            with suppress(psutil.NoSuchProcess):
                times = each.cpu_times()
                self.used[each.pid] = times.user + times.system
                found[each.pid] = each.memory_info().rss
        return found

    def seconds(self) -> float:
        """Return the processor time of all of them."""
        self.sizes()
        return sum(self.used.values())


@contextmanager
def outbox(folder: Path, count: int) -> Iterator[sqlite3.Connection]:
    """Make the outbox: one row for each alert that is due, which counts how often it was made."""
    rows = sqlite3.connect(folder / "outbox.db", timeout=300, isolation_level=None)
    rows.execute("PRAGMA journal_mode = WAL")
    rows.execute("CREATE TABLE outbox (alert INTEGER PRIMARY KEY, made INTEGER, size INTEGER, pid INTEGER)")
    rows.execute("BEGIN")
    rows.executemany("INSERT INTO outbox VALUES (?, 0, 0, 0)", ((number,) for number in range(count)))
    rows.execute("COMMIT")
    try:
        yield rows
    finally:
        rows.close()


def made(rows: sqlite3.Connection) -> int:
    """Return how many alerts are made."""
    (count,) = rows.execute("SELECT count(*) FROM outbox WHERE made").fetchone()
    return int(count)


def run(folder: Path, engine: str, count: int, processes: int, *, disturbed: bool) -> Run:
    """Have a worker make alerts, and count what came."""
    folder.mkdir()
    blendtpl.compile(TEMPLATES).write(folder / "feedwhip.blend")
    with outbox(folder, count) as rows, redis_server(folder / "redis") as server:
        found = Run(engine, count, processes)
        given = {"ALERTS_FOLDER": str(folder), "ALERTS_ENGINE": engine, "CELERY_BROKER_URL": server.url}
        if not disturbed:
            send(range(count), given).wait()  # all are there before the first is made
        command = ["-m", "celery", "-A", "tests.queues.alerts_app", "worker", "-c", str(processes), "-l", "INFO"]
        log = folder / "worker.log"
        with worker([*command, "--without-gossip", "--without-mingle"], log, " ready.", given) as process:
            sender = send(range(count if disturbed else 0), given)
            wait_for(lambda: made(rows), f"no alert: see {log}")
            watch(found, rows, server, process.pid, sender, given, disturbed=disturbed)
        found.missing = count - made(rows)
        (found.twice,) = rows.execute("SELECT count(*) FROM outbox WHERE made > 1").fetchone()
        return found


def send(numbers: Iterable[int], given: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start to send tasks."""
    with tempfile.TemporaryFile() as listed:
        listed.write("".join(f"{number}\n" for number in numbers).encode())
        listed.seek(0)
        return subprocess.Popen([sys.executable, "-c", SEND], env=surroundings(given), cwd=ROOT, stdin=listed)


def disturb(server: RedisServer, worker: int) -> None:
    """Kill Redis and one of the worker's processes; start Redis again."""
    server.kill()
    os.kill(psutil.Process(worker).children()[0].pid, signal.SIGKILL)
    server.start()


def watch(
    found: Run,
    rows: sqlite3.Connection,
    server: RedisServer,
    worker: int,
    sender: subprocess.Popen[bytes],
    given: dict[str, str],
    *,
    disturbed: bool,
) -> None:
    """Wait until all alerts are made, or no more come; note sizes and times meanwhile."""
    processes = Processes(worker)
    first, used, begun = made(rows), processes.seconds(), time.monotonic()
    last, came = first, begun
    while last < found.count and time.monotonic() - came < PATIENCE:
        time.sleep(0.05)
        if sender.poll() is not None and server.is_empty() and (due := still_due(rows)):
            found.sent_again += len(due)
            sender = send(due, given)
        if (there := made(rows)) > last:
            last, came = there, time.monotonic()
        if len(found.sizes) < 20 * last // found.count:
            found.sizes.append((last, processes.sizes()))
        if disturbed and last >= found.count // 4:
            disturb(server, worker)
            disturbed = False
    found.alerts_a_second = (last - first) / (came - begun)
    found.cpu_of_an_alert = (processes.seconds() - used) / max(last - first, 1)
    assert sender.wait() == 0


def still_due(rows: sqlite3.Connection) -> list[int]:
    """Return which alerts are not made."""
    return [number for (number,) in rows.execute("SELECT alert FROM outbox WHERE NOT made")]


def memory(found: Run) -> str:
    """Return how large the processes were, from a tenth of the alerts on."""
    lines = [
        f"  {there:>9,}: {' '.join(f'{size / 1e6:6.1f}' for _, size in sorted(sizes.items()))} MB"
        for there, sizes in found.sizes
    ]
    return "\n".join(lines[1::2])


def main() -> int:
    """Run all of it and print what came."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000, help="alerts of the run in which Redis is killed")
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--beside", type=int, default=None, help="alerts for the comparison; a fifth of count")
    given = parser.parse_args()
    beside = given.count // 5 if given.beside is None else given.beside
    with tempfile.TemporaryDirectory() as folder:
        found = run(Path(folder, "disturbed"), "blendtpl", given.count, given.processes, disturbed=True)
        print(f"{found}\nThe processes' size (RSS), by how many alerts there were:\n{memory(found)}", flush=True)
        if beside:
            print("Without any of that:")
            for engine in ("nothing", "jinja2", "blendtpl"):
                print(run(Path(folder, engine), engine, beside, given.processes, disturbed=False), flush=True)
    return 1 if found.missing else 0


if __name__ == "__main__":
    sys.exit(main())
