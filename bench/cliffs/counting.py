"""Counting: what a render of each side of each pair takes, in instructions.

Enters: pairs, proven, with their compiled code in a folder. Leaves: a `Cost` for each subject. Processes that are
counted run beside each other; what is counted in one does not depend on them, nor on how fast the machine is.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType

import blendtpl

CALLGRIND, EVENTS = "callgrind", "events"
UNITS = {CALLGRIND: "instructions of the processor", EVENTS: "bytecode instructions of portable code"}
# where what is counted finds the package of this process: beside `bench` may be a copy without functions in C
_PATH = [str(Path(file).resolve().parents[levels]) for file, levels in ((blendtpl.__file__, 1), (__file__, 2))]


class CountingError(Exception):
    """It cannot be counted; the message is for the user."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One side of a pair as an engine renders it, of what is stored there."""

    pair: str
    side: str
    engine: str
    stored: str


@dataclass(frozen=True, slots=True)
class Rounds:
    """How often each engine renders before it is counted, and then.

    Python makes code faster that has run some times; after twelve renders a count changes by less than 1 %. Of Jinja2
    less is enough, as its cost is shown and not judged.
    """

    warm_ups: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({"blendtpl": 12, "jinja2": 4}))
    renders: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({"blendtpl": 4, "jinja2": 1}))


def available() -> list[str]:
    """Return what there is to count with, the best first."""
    return [*([CALLGRIND] if shutil.which("valgrind") else []), *([EVENTS] if sys.version_info >= (3, 12) else [])]


def counter(wanted: str | None = None) -> str:
    """Return what there is to count with, or what is wanted; raises `CountingError` where that is not there."""
    there = available()
    if wanted in there or (there and wanted is None):
        return wanted or there[0]
    missing = {CALLGRIND: "install valgrind (`apt-get install valgrind`)", EVENTS: "use Python 3.12 or later"}
    remedy = missing[wanted] if wanted else ", or ".join(missing.values())
    raise CountingError(f"instructions cannot be counted here: {remedy}")


def count(kind: str, subjects: Sequence[Subject], rounds: Rounds, jobs: int, folder: Path) -> Mapping[Subject, float]:
    """Return the instructions of a render of each; raises `CountingError` when a process does not end well."""
    # each process gets as much of Jinja2, which takes longer
    alike = sorted(subjects, key=lambda subject: subject.engine)
    shares = [alike[number::jobs] for number in range(min(jobs, len(alike)))]
    folders = [folder / f"process{number}" for number in range(len(shares))]
    processes = [_start(kind, *each, rounds) for each in zip(folders, shares, strict=True)]
    costs: dict[Subject, float] = {}
    try:
        for process, share, own in zip(processes, shares, folders, strict=True):
            output, errors = process.communicate()
            if process.returncode:
                raise CountingError(f"the process that is counted ended with {process.returncode}:\n{errors.strip()}")
            counts = json.loads(output) if kind == EVENTS else _dumped(own)
            if len(counts) != len(share):
                raise CountingError(f"{len(counts)} counts came of {len(share)} subjects:\n{errors.strip()}")
            for subject, total in zip(share, counts, strict=True):
                costs[subject] = total / rounds.renders[subject.engine]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    return costs


def _start(kind: str, folder: Path, subjects: Sequence[Subject], rounds: Rounds) -> "subprocess.Popen[str]":
    folder.mkdir()
    plan = {
        "counter": kind,
        "subjects": [asdict(subject) for subject in subjects],
        "warm_ups": dict(rounds.warm_ups),
        "renders": dict(rounds.renders),
    }
    (folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    python = [sys.executable, "-P", "-m", "bench.cliffs.child", str(folder / "plan.json")]
    marks = ["--dump-before=getppid", "--dump-line=no"]  # what lines took would be written, and not read
    valgrind = ["valgrind", "-q", "--tool=callgrind", *marks, f"--callgrind-out-file={folder}/dump"]
    return subprocess.Popen(
        [*valgrind, *python] if kind == CALLGRIND else python,
        env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": os.pathsep.join(_PATH)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _dumped(folder: Path) -> list[int]:
    """Return the total of each second dump: of what ran between the two that a subject asks for.

    They are not zeroed in place of the first of these, as some of what ran before is counted then.
    """
    dumps = sorted(folder.glob("dump.*"), key=lambda path: int(path.suffix[1:]))
    return [_total(path) for path in dumps[1::2]]


def _total(dump: Path) -> int:
    totals = [line for line in _lines(dump) if line.startswith("totals:")]
    return int(totals[-1].split()[1])


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", errors="replace") as lines:
        yield from lines
