"""Rotation under load: walkers that send mails are replaced all the time and killed now and then, and all is counted.

Run it with `python -m tests.walker.rotation --minutes 10 --workers 16 --max-age 2s`. It goes on for that long, and
until there were so many rotations and kills; then no more mails come, those that wait are sent, and the launcher is
asked to end. What was found is printed, and the exit status is 1 when anything is not as it should be.
"""

import argparse
import contextlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

import blendtpl
from blendtpl.walker.launcher.status import pools_in
from testkit import ROOT
from tests.walker import mailing

PATIENCE = 300.0  # seconds for whatever is waited for
NEED = 5.0  # seconds that one has been due for, before it is replaced beside another; none of these is as old as 20 s
_WAITED = re.compile(r"has been due for ([\d.]+) s: walker .* is replaced beside another")
_SUBJECT = re.compile(rb"^Subject: Mail (\d+)", re.MULTILINE)


@dataclass
class Found:
    """What was counted."""

    workers: int
    seconds: float = 0.0
    rotations: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    kills: int = 0
    least_ready: int = 10**6  # as the launcher knows, and as its health check told meanwhile
    most_replaced: int = 0
    beside: int = 0  # how often one was replaced while another was
    beside_without_need: int = 0  # though it had not been due for long
    mails: int = 0
    lost: int = 0
    twice: int = 0
    twice_unexplained: int = 0  # those that no killed process had in its hands
    scrapes: int = 0
    unanswered: int = 0
    backwards: int = 0  # a sum over all walkers that was less than in the scrape before
    status: int = -1

    @property
    def wrong(self) -> list[str]:
        """What is not as it should be."""
        told = {
            f"{self.least_ready} were ready": self.least_ready < self.workers - 1,
            f"{self.beside_without_need} were replaced beside another without need": self.beside_without_need > 0,
            f"{self.most_replaced} were replaced at once": self.most_replaced
            > (self.workers // 4 if self.beside else 1),
            f"{self.lost} mails were lost": self.lost > 0,
            f"{self.twice_unexplained} mails came twice without a reason": self.twice_unexplained > 0,
            f"{self.twice} mails came twice for {self.kills} kills": self.twice > self.kills,
            f"{self.unanswered} scrapes were not answered": self.unanswered > 0 or not self.scrapes,
            f"{self.backwards} sums went back": self.backwards > 0,
            f"the exit status is {self.status}": self.status != 0,
        }
        return [what for what, is_so in told.items() if is_so]


class _Arrived:
    """What the server was sent: how often each number came."""

    def __init__(self) -> None:
        self.numbers = Counter[int]()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        found = _SUBJECT.search(content)
        assert found is not None
        self.numbers[int(found[1])] += 1
        return "250 OK"


def rotate(
    *,
    workers: int,
    max_age: str,
    seconds: float,
    rotations: int,
    kills: int,
    pause: float,
    per_second: float,
    seed: int,
    most_mails: int = 10**9,
) -> Found:
    """Run walkers for that long, and until there were so many rotations and kills; return what was counted.

    `pause` is the mean time between two kills. One comes when all are ready again that were before the last.
    """
    found = Found(workers)
    arrived = _Arrived()
    plan = _Plan(seconds, rotations, kills, pause, per_second, most_mails, random.Random(seed))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = folder / "outbox.db"
        with contextlib.closing(mailing.connect(str(database))) as outbox:
            outbox.executescript(f"pragma journal_mode = wal; {mailing.SCHEMA}")
            blendtpl.compile(mailing.TEMPLATES).write(folder / "mails.blend")
            controller = Controller(arrived, hostname="127.0.0.1", port=_free_port())
            controller.start()
            try:
                with _launched(folder, database, controller.port, workers, max_age) as launcher:
                    _drive(launcher, outbox, found, plan)
                waited = [float(each) for each in _WAITED.findall((folder / "log").read_text())]
            finally:
                controller.stop()
            again = {row[0] for row in outbox.execute("select id from claimed_again")}
            sent = {row[0] for row in outbox.execute("select id from outbox")}
        found.beside, found.beside_without_need = len(waited), sum(each < NEED for each in waited)
        twice = {number for number, times in arrived.numbers.items() if times > 1}
        found.mails, found.lost = len(sent), len(sent - arrived.numbers.keys())
        found.twice, found.twice_unexplained = (
            sum(arrived.numbers.values()) - len(sent) + found.lost,
            len(twice - again),
        )
    return found


@dataclass
class _Plan:
    """How long it goes on, at least, and with what."""

    seconds: float
    rotations: int
    kills: int
    pause: float
    per_second: float
    most_mails: int
    drawn: random.Random


@dataclass
class _Launcher:
    process: "subprocess.Popen[bytes]"
    folder: Path
    metrics: int
    health: int

    def status(self) -> dict[str, Any]:
        """Return what the pool says of itself."""
        (told,) = pools_in(self.folder)
        return told

    def kill_one(self, drawn: random.Random) -> int | None:
        """Kill a worker that is ready, whoever that is; return its number, unless it was gone."""
        ready = [each["pid"] for each in self.status()["walkers"] if each["state"] == "ready"]
        pid = drawn.choice(ready)
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return None
        try:
            parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
            if int(parent) != self.process.pid:
                return None
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        except (ProcessLookupError, FileNotFoundError):
            return None
        finally:
            os.close(handle)
        return int(pid)


@contextlib.contextmanager
def _launched(folder: Path, database: Path, smtp: int, workers: int, max_age: str) -> Iterator[_Launcher]:
    run, metrics, health = folder / "run", _free_port(), _free_port()
    command = [sys.executable, "-m", "blendtpl", "walk", "tests.walker.mailing:walk", "--plain"]
    command += [f"--bundle={folder / 'mails.blend'}", f"--workers={workers}", f"--max-age={max_age}", f"--run={run}"]
    command += [f"--metrics={metrics}", f"--health={health}", "--grace=5m", "--patience=2m", "--ready-within=5m"]
    given = {**os.environ, mailing.DATABASE: str(database), mailing.SMTP_PORT: str(smtp)}
    log = folder / "log"
    with log.open("wb") as errors, subprocess.Popen(command, cwd=ROOT, env=given, stderr=errors) as process:
        launcher = _Launcher(process, run, metrics, health)
        try:
            _until(lambda: process.poll() is not None or f"all {workers} walkers" in log.read_text())
            assert process.poll() is None, log.read_text()
            yield launcher
        except BaseException:
            print(log.read_text()[-3000:], file=sys.stderr)
            raise
        finally:
            if process.poll() is None:
                process.kill()


def _drive(launcher: _Launcher, outbox: Any, found: Found, plan: _Plan) -> None:
    drawn = plan.drawn
    begun = time.monotonic()
    ended = threading.Event()
    scraper = threading.Thread(target=_scrape, args=(launcher, found, ended))
    scraper.start()
    mails, next_kill, status = 0, begun + drawn.expovariate(1 / plan.pause), launcher.status()
    try:
        while True:
            now = time.monotonic()
            due = min(int((now - begun) * plan.per_second), plan.most_mails) - mails
            outbox.executemany("insert into outbox (state) values (?)", [("new",)] * due)
            mails += due
            status = launcher.status()
            whole = status["ready"] >= found.workers and not status["starting"] - _replacing(status)
            if now >= next_kill and whole and (pid := launcher.kill_one(drawn)) is not None:
                found.kills += 1
                next_kill = now + drawn.expovariate(1 / plan.pause)
                # it may have been told to leave just now, which is then what it is gone for
                _until(lambda pid=pid: pid not in [each["pid"] for each in launcher.status()["walkers"]])
            found.rotations = sum(status["rotations"].values())
            if now - begun >= plan.seconds and found.rotations >= plan.rotations and found.kills >= plan.kills:
                break
            assert now - begun < plan.seconds + PATIENCE, f"it does not come to an end: {found}"
            time.sleep(0.1)
        _until(lambda: outbox.execute("select count(*) from outbox where state <> 'sent'").fetchone()[0] == 0)
        status = launcher.status()
    finally:
        ended.set()
        scraper.join()
    found.seconds, found.reasons = time.monotonic() - begun, status["rotations"]
    found.rotations = sum(status["rotations"].values())
    found.least_ready, found.most_replaced = min(found.least_ready, status["least_ready"]), status["most_replaced"]
    launcher.process.send_signal(signal.SIGTERM)
    found.status = launcher.process.wait(PATIENCE)


def _replacing(status: dict[str, Any]) -> int:
    """Return how many of those that start are to replace another, which is ready still."""
    starting, ready, workers = (int(status[name]) for name in ("starting", "ready", "workers"))
    return min(starting, max(0, ready + starting - workers))


def _scrape(launcher: _Launcher, found: Found, ended: threading.Event) -> None:
    """Scrape metrics and the health check, again and again, and count who does not answer."""
    before = 0.0
    while not ended.is_set():
        found.scrapes += 1
        try:
            text = _get(launcher.metrics, "/metrics")
            told = json.loads(_get(launcher.health, "/"))
        except (OSError, ValueError) as error:
            print(f"not answered: {error}", file=sys.stderr)
            found.unanswered += 1
            continue
        found.least_ready = min(found.least_ready, told["ready"])
        mails = sum(float(value) for value in re.findall(r"^blendtpl_mails_total\{.*\} (\S+)$", text, re.MULTILINE))
        found.backwards += mails < before
        before = mails
        ended.wait(0.1)


def _get(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as answer:
        text: str = answer.read().decode()
        return text


def _until(is_so: Any) -> None:
    """Wait until something is so, for minutes if it must be."""
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end, "it does not come to that"
        time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def main() -> None:
    """Read the arguments, run it, and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.walker.rotation", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--max-age", default="2s")
    parser.add_argument("--rotations", type=int, default=0, help="go on until there were so many")
    parser.add_argument("--pause", type=float, default=3, help="seconds between two kills, on average")
    parser.add_argument("--mails", type=float, default=30, help="mails a second")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    given = parser.parse_args()
    print(f"seed {given.seed}")
    found = rotate(
        workers=given.workers,
        max_age=given.max_age,
        seconds=given.minutes * 60,
        rotations=given.rotations,
        kills=1,
        pause=given.pause,
        per_second=given.mails,
        seed=given.seed,
    )
    for name, value in vars(found).items():
        print(f"{name.replace('_', ' '):18} {value}")
    if found.wrong:
        sys.exit(f"error: {'; '.join(found.wrong)}")


if __name__ == "__main__":
    main()
