"""Recording: what a pool did and what memory it took, second by second, in a file without any server.

Enters: shared metrics, once a second. Leaves: a file of JSON, a line for each sample, which stays as small as it was
meant to be however long the pool runs: when there are too many, every second one goes, and from then on every second
one comes. Each line is written at once, and what is rewritten takes the old file's place when it is whole; so a writer
that is killed leaves a recording, whose last line may be cut, which is passed over.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

from blendtpl.bundle.atomic_file import replace_file, resolved
from blendtpl.errors import ConfigError
from blendtpl.metrics.collector import PSS_EVERY
from blendtpl.metrics.processes import OnceInAWhile, pss_of, rss_of
from blendtpl.metrics.shared import SharedMetrics

MOST = 4000  # samples: a little more than an hour of seconds, and some 2 MB with 16 workers
_LINUX = sys.platform == "linux"
_FORMAT = {"recording": "blendtpl", "version": 1}


class WorkerSample(NamedTuple):
    """A live worker. `pss` is `None` where it is not known."""

    slot: int
    pid: int
    rss: float
    pss: float | None


@dataclass(frozen=True, slots=True)
class Sample:
    """A moment: seconds since the recording began, what was counted since the pool began, and who was at work.

    `backlog` is the largest that a worker reported, `None` when none did.
    """

    at: float
    mails: float
    renders: float
    cycles: float
    backlog: float | None
    rotations: Mapping[str, float]
    workers: tuple[WorkerSample, ...]


class Recorder:
    """What writes a recording. `file` is made anew, or gone on with when it is to `resume`, as by a process that takes
    the place of one that was killed; what is there and is no recording is not touched.

    A sample that comes less than `every` seconds after the last one is passed over, and there are never more than
    `most`. Raises `ConfigError` for a file that cannot be written or is something else.
    """

    def __init__(
        self, file: str | os.PathLike[str], *, every: float = 1.0, most: int = MOST, resume: bool = False
    ) -> None:
        self.file, self._every, self._most = Path(file), every, max(2, most)
        self._pss = OnceInAWhile(pss_of, PSS_EVERY)
        self._count, self._due = 0, 0.0
        self._began = monotonic()
        self._descriptor: int | None = None
        _check_is_ours(self.file)
        kept = _kept(self.file) if resume else []
        if len(kept) > 1:  # as many seconds apart as they are there
            self._every = max(every, (kept[-1].at - kept[0].at) / (len(kept) - 1))
        if kept:
            self._began -= kept[-1].at + self._every
            self._count = len(kept)
        self._write_anew([_FORMAT, *map(asdict, kept)])

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    def sample(self, shared: SharedMetrics) -> None:
        """Write how things are now.

        Raises `ConfigError` when the file cannot be written any more, as when the disk is full; then the recording ends
        there, and later samples are passed over.
        """
        at = monotonic() - self._began
        if self._descriptor is None or at < self._due:
            return
        self._due = at + self._every * 0.9  # who comes each second comes a little early at times
        self._append(self._descriptor, _sample(shared, at, self._pss))
        self._count += 1
        if self._count > self._most:
            self._thin_out()

    def close(self) -> None:
        """End the recording."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _append(self, descriptor: int, sample: Sample) -> None:
        line = _line(asdict(sample))
        try:
            if os.write(descriptor, line) != len(line):
                raise OSError(0, "the disk is full")
        except OSError as error:
            self.close()
            raise _unwritable(self.file, error) from error

    def _thin_out(self) -> None:
        """Keep every second sample, the last one among them."""
        kept = list(_samples(self.file))[::-2][::-1]
        self._every *= 2
        self._count = len(kept)
        self.close()
        self._write_anew([_FORMAT, *map(asdict, kept)])

    def _write_anew(self, lines: list[Any]) -> None:
        try:
            replace_file(resolved(self.file), b"".join(map(_line, lines)))
            self._descriptor = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        except OSError as error:
            raise _unwritable(self.file, error) from error


def read(file: str | os.PathLike[str]) -> tuple[Sample, ...]:
    """Return the samples of a recording; raises `ConfigError` for what is none, and for one without samples."""
    try:
        found = tuple(_samples(Path(file)))
    except OSError as error:
        raise ConfigError(f"{os.fspath(file)}: the recording cannot be read: {_reason(error)}") from error
    if not found:
        raise ConfigError(
            f"{os.fspath(file)}: the recording has no samples yet: the first comes a second after its start"
        )
    return found


def _kept(file: Path) -> list[Sample]:
    """Return the samples that are there already."""
    with suppress(FileNotFoundError):
        return list(_samples(file))
    return []


def _samples(file: Path) -> Iterator[Sample]:
    with open(file, "rb") as lines:
        if not _is_first(lines.readline()):
            raise ConfigError(f"{file} is no recording of `blendtpl walk --record`, or one of another version")
        for number, line in enumerate(lines, 2):
            if line.endswith(b"\n"):  # else its writer was killed in the midst of it
                yield _parsed(file, number, line)


def _parsed(file: Path, number: int, line: bytes) -> Sample:
    try:
        found = json.loads(line)
        found["workers"] = tuple(WorkerSample(*worker) for worker in found["workers"])
        sample = Sample(**found)
        float(sample.at + sample.mails + sample.renders + sample.cycles + sum(worker.rss for worker in sample.workers))
    except (ValueError, TypeError, KeyError) as error:
        raise ConfigError(f"{file}:{number}: the line is no sample of a recording") from error
    return sample


def _sample(shared: SharedMetrics, at: float, pss: OnceInAWhile) -> Sample:
    slots = [shared.stats(slot) for slot in shared.slots]
    workers = list(shared.workers())
    known = pss([int(stats.pid) for _, stats in workers])
    backlogs = [stats.backlog for _, stats in workers if stats.backlog >= 0]
    return Sample(
        at=round(at, 3),
        mails=sum(stats.total("mails") for stats in slots),
        renders=sum(stats.total("renders") for stats in slots),
        cycles=sum(stats.total("cycles") for stats in slots),
        backlog=max(backlogs, default=None),
        rotations=shared.rotations(),
        workers=tuple(
            WorkerSample(slot, int(stats.pid), rss, known.get(int(stats.pid)))
            for slot, stats in workers
            # one that has ended, and that nobody has waited for yet, has none
            if (rss := rss_of(int(stats.pid)) or (0.0 if _LINUX else stats.rss))
        ),
    )


def _check_is_ours(file: Path) -> None:
    """Raise `ConfigError` for a file that is there and something else, such as a module whose name was mistyped."""
    try:
        with open(file, "rb") as found:
            first = found.readline(1000)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unwritable(file, error) from error
    if first and not _is_first(first):
        raise ConfigError(f"{file} is there already and no recording: choose another file, or remove it")


def _is_first(line: bytes) -> bool:
    try:
        return bool(json.loads(line) == _FORMAT)
    except ValueError:
        return False


def _line(found: Any) -> bytes:
    return json.dumps(found, separators=(",", ":")).encode() + b"\n"


def _unwritable(file: Path, error: OSError) -> ConfigError:
    return ConfigError(f"{file}: the recording cannot be written: {_reason(error)}")


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
