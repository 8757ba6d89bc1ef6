"""Brokers and workers of the tests: a Redis of their own, and processes that work until they are told to end."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import redis

from testkit import ROOT

PATIENCE = 300  # seconds; a machine may be slow
HAS_REDIS = shutil.which("redis-server") is not None
NO_REDIS = "there is no `redis-server` here: Debian has it as a package of that name"


def wait_for(what: Callable[[], object], said: str, patience: float = PATIENCE) -> None:
    """Wait until something is so."""
    until = time.monotonic() + patience
    while not what():
        assert time.monotonic() < until, f"waited {patience} s in vain: {said}"
        time.sleep(0.02)


class RedisServer:
    """A Redis on a free port, which has whatever it said yes to on disk: killed and started again it has it all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = int(probe.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)]
        command += ["--save", "", "--appendonly", "yes", "--daemonize", "no"]
        command += ["--appendfsync", "no"]  # written before it answers; the disk matters when the machine ends, too
        with open(self.folder / "redis.log", "ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for(self._answers, f"Redis does not answer: see {self.folder / 'redis.log'}")

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def is_empty(self) -> bool:
        """Tell whether Celery has nothing in it that is to be done, or is being done."""
        with redis.Redis(port=self.port) as client:
            return not (client.llen("celery") or client.hlen("unacked"))

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "redis.log").read_text()
        with suppress(redis.exceptions.RedisError), redis.Redis(port=self.port) as client:
            return bool(client.ping())
        return False


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """Run a Redis whose files are in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def worker(
    command: list[str], log: Path, ready: str, environment: Mapping[str, str], *, folder: Path = ROOT
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker, from when its log says `ready` until it is not needed; then it ends as it is asked to."""
    with open(log, "wb") as written:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=folder,
            stdout=written,
            stderr=subprocess.STDOUT,
            env=surroundings(environment),
            start_new_session=True,
        )
    try:
        wait_for(
            lambda: process.poll() is not None or ready in log.read_text(errors="replace"), f"no worker: see {log}"
        )
        assert process.poll() is None, log.read_text(errors="replace")
        yield process
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def surroundings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a worker, which finds `tests` and is told of nobody's broker."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CELERY_")}
    return {
        **kept,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests' / 'shared'}",
        "PYTHONUNBUFFERED": "1",
        **environment,
    }
