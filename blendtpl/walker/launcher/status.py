"""Status: what a pool is like now, for a table, a health check, or another shell.

Enters: a pool, and the rows of its workers. Leaves: a mapping that is JSON. A pool of this user is found by a socket in
a folder that only this user may enter; whoever connects is given the mapping.
"""

import contextlib
import json
import os
import socket
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from blendtpl.errors import ConfigError
from blendtpl.walker.launcher.pool import Policy, Pool, State, Worker
from blendtpl.walker.stats import Stats

_PATIENCE = 10.0  # seconds for a launcher to answer, which may be loading a bundle
_LONGEST = 100  # bytes of a socket's path, on the systems that allow the least


class Rates:
    """How fast what is counted goes up, of each worker: between the last two times that all were looked at."""

    def __init__(self) -> None:
        self._before: dict[int, tuple[float, float, float]] = {}
        self._rates: dict[int, tuple[float, float]] = {}

    def look(self, counts: Mapping[int, tuple[float, float]], now: float) -> None:
        """Take what each worker has counted by now, renders and mails. Those that are not there are forgotten."""
        rates = {}
        for number, (renders, mails) in counts.items():
            then, *before = self._before.get(number, (now, renders, mails))
            passed = now - then
            rates[number] = ((renders - before[0]) / passed, (mails - before[1]) / passed) if passed > 0 else (0.0, 0.0)
        self._before = {number: (now, *both) for number, both in counts.items()}
        self._rates = rates

    def __getitem__(self, number: int) -> tuple[float, float]:
        return self._rates.get(number, (0.0, 0.0))


def summary(pool: Pool, policy: Policy, now: float) -> dict[str, Any]:
    """Return what is known of a pool as a whole."""
    ready = pool.count(State.READY)
    return {
        "state": "ending" if pool.ending <= now else "trial" if pool.on_trial else "running",
        "healthy": pool.ending > now and ready >= enough(policy.workers),
        "workers": policy.workers,
        "ready": ready,
        "starting": pool.count(State.STARTING),
        "leaving": pool.count(State.LEAVING),
        "failures": pool.failures,
        "next_try": max(0.0, round(pool.not_before - now, 3)) if pool.failures else 0.0,
        "generation": pool.target,
    }


def walkers(pool: Pool, stats: Callable[[int], Stats], rates: Rates, now: float) -> list[dict[str, Any]]:
    """Return what is known of each worker, the oldest first."""
    return [_walker(worker, stats(worker.row), rates, now) for worker in pool]


def enough(workers: int) -> int:
    """Return how many workers must be ready for a pool to be well: three quarters."""
    return max(1, -(-3 * workers // 4))


def _walker(worker: Worker, stats: Stats, rates: Rates, now: float) -> dict[str, Any]:
    renders, mails = rates[worker.number]
    return {
        "number": worker.number,
        "pid": worker.pid,
        "state": worker.state.value,
        "reason": worker.reason.value if worker.state is State.LEAVING else "",
        "generation": worker.generation,
        "age": round(now - worker.forked, 3),
        "rss": int(stats.rss),
        "growth": int(max(0.0, stats.rss - stats.base_rss)),
        "cycles": int(stats.cycles),
        "cycle": round(now - stats.cycle_started, 3) if stats.cycle_started else None,
        "renders": int(stats.renders),
        "renders_per_second": round(renders, 1),
        "mails": int(stats.mails),
        "mails_per_second": round(mails, 1),
        "errors": int(stats.errors),
        "backlog": None if stats.backlog < 0 else int(stats.backlog),
    }


def run_folder(given: Path | None, environ: Mapping[str, str]) -> Path:
    """Return the folder of sockets, made if it is missing. Raises `ConfigError` for one that others may change."""
    if given is not None:
        folder = given
    elif runtime := environ.get("RUNTIME_DIRECTORY") or environ.get("XDG_RUNTIME_DIR"):
        folder = Path(runtime.split(":")[0], *([] if "RUNTIME_DIRECTORY" in environ else ["blendtpl"]))
    else:
        folder = Path(tempfile.gettempdir(), f"blendtpl-{os.getuid()}")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise ConfigError(
            f"the folder `{folder}` for the socket of `--status` cannot be made: {(error.strerror or '').lower()};"
            " name another with `--run`"
        ) from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.getuid(), 0) or found.st_mode & 0o022:
        raise ConfigError(f"others could write into `{folder}`: name a folder of your own with `--run`")
    return folder


def listen_in(folder: Path) -> tuple[socket.socket, Path]:
    """Return a socket in that folder that is this process's, and its path."""
    path = folder / f"walk-{os.getpid()}.sock"
    if len(os.fsencode(path)) > _LONGEST:
        raise ConfigError(f"`{path}` is too long for a socket: name another folder with `--run`")
    with contextlib.suppress(FileNotFoundError):
        path.unlink()  # of a process that had this number before
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(os.fspath(path))
        path.chmod(0o600)
        listening.listen(16)
    except OSError as error:
        listening.close()
        raise ConfigError(f"`{path}` cannot be made: {(error.strerror or '').lower()}") from None
    return listening, path


def pools_in(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield what each pool with a socket in that folder says of itself; sockets of those that are gone are removed."""
    for path in sorted(folder.glob("walk-*.sock")):
        try:
            yield json.loads(_ask(path))
        except ConnectionRefusedError:
            with contextlib.suppress(OSError):
                path.unlink()
        except FileNotFoundError:
            continue  # it ended just now
        except (OSError, ValueError) as error:
            raise ConfigError(f"`{path}` does not answer: {error}") from None


def _ask(path: Path) -> bytes:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(_PATIENCE)
        asking.connect(os.fspath(path))
        pieces = []
        while piece := asking.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)
