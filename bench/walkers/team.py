"""A team of walkers and the process that forks them: ``python -m bench.walkers.team ORDERS``.

Enters: `Orders` as JSON, which `bench.walkers.run` gives. Leaves: e-mails at the server, counted in shared memory, and
lines of JSON: the walkers' process ids when they have begun, and which of them ended too early, and how. The team ends
when it is told to stop, when its standard input ends, or when one of it dies. It imports nothing but what walkers need,
because that is in the memory of each of them.
"""

import gc
import itertools
import json
import multiprocessing
import os
import signal
import smtplib
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from bench.walkers.counters import STOP, sent_by, view
from bench.walkers.mails import RECIPIENT, SENDER, jobs
from bench.walkers.styles import STYLES, Begin

PATIENCE = 10.0  # seconds for walkers to finish the e-mail they are at
_NAP = 0.1  # seconds that a walker with nothing to do does not look whether it is to stop


@dataclass(frozen=True, slots=True)
class Orders:
    """What a team is to do. With no walkers it does nothing, as the bare process that memory is compared with.

    `rate` is how many e-mails become due in a second, for all walkers together; 0: each sends without pause.
    """

    style: str
    folder: str
    walkers: int
    port: int
    counters: int
    collector: bool
    rate: float = 0.0


def log_of(folder: str, walker: int) -> Path:
    """Return the file that has what a walker complained of."""
    return Path(folder) / f"walker-{walker}.log"


def walk(number: int, orders: Orders, begin: Begin, parent: int, began: float) -> None:
    """Send e-mails until told to stop, or the parent is gone. The first is due when all `began`."""
    with log_of(orders.folder, number).open("w") as log:
        os.dup2(log.fileno(), sys.stdout.fileno())  # else the parent's death would be no end of what it prints
        os.dup2(log.fileno(), sys.stderr.fileno())
    counts, place = view(orders.counters), sent_by(number)
    if not orders.collector:
        gc.disable()
    mail, todo = begin(), jobs()
    due, every = began, orders.walkers / orders.rate if orders.rate else 0.0
    with smtplib.SMTP("127.0.0.1", orders.port, local_hostname="localhost", timeout=60) as connection:
        for job in itertools.islice(itertools.cycle(todo), number % len(todo), None):
            while (ahead := due - time.monotonic()) > 0.0 and not counts[STOP]:
                time.sleep(min(ahead, _NAP))
            if counts[STOP] or os.getppid() != parent:
                return
            due += every
            connection.sendmail(SENDER, [RECIPIENT], mail(job), mail_options=("BODY=8BITMIME",))
            counts[place] += 1


def lead(orders: Orders) -> None:
    """Fork the walkers and wait for the end of all of them."""
    begin = STYLES[orders.style].prepare(Path(orders.folder))
    fork, began = multiprocessing.get_context("fork"), time.monotonic()
    team: dict[int, BaseProcess] = {
        number: fork.Process(target=walk, args=(number, orders, begin, os.getpid(), began), daemon=True)
        for number in range(1, orders.walkers + 1)
    }
    for walker in team.values():
        walker.start()
    _tell(pids=[walker.pid for walker in team.values()])
    ended = wait([sys.stdin.fileno(), *(walker.sentinel for walker in team.values())])
    counts = view(orders.counters)
    if not counts[STOP] and sys.stdin.fileno() not in ended:
        number, walker = next(member for member in team.items() if member[1].sentinel in ended)
        walker.join()
        _tell(died=number, pid=walker.pid, status=walker.exitcode)
    counts[STOP] = 1
    patient_until = time.monotonic() + PATIENCE
    for walker in team.values():
        walker.join(max(0.0, patient_until - time.monotonic()))
        if walker.is_alive():
            walker.kill()


def _tell(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


def main(text: str) -> None:
    """Do what is ordered."""
    orders = Orders(**json.loads(text))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started the team ends it
    if orders.walkers:
        lead(orders)
    else:
        _tell(pids=[os.getpid()])
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
