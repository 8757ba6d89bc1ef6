"""How long each test file takes to start alone: ``python -m tests.starts [--over SECONDS] [FILE…]``.

Each file is collected by pytest in a process of its own, as it is when somebody runs that file alone, and so is one
with nothing in it. Prints the processor time of each, which other work on the machine changes less than the clock, and
by how much that is over the empty one's, the longest first. It reports, and fails only for what cannot be collected.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from testkit import ROOT

_TIMES = 2  # that each file is collected: the shorter one counts
_COLLECT = ("-m", "pytest", "--collect-only", "--no-summary", "-qq", "-n0", "-m", "")
# compiled once and kept, as Python does it unless told otherwise
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True, slots=True)
class Start:
    """The seconds of processor time that collecting a file takes, and whether that went well."""

    file: str
    seconds: float
    status: int


def start_of(file: Path) -> Start:
    """Collect a file in a process of its own, some times, and return the quickest."""
    return min((_collected(file) for _ in range(_TIMES)), key=lambda start: start.seconds)


def _collected(file: Path) -> Start:
    command = [sys.executable, *_COLLECT, str(file)]
    with open(os.devnull, "w") as nowhere:
        actions = [(os.POSIX_SPAWN_DUP2, nowhere.fileno(), descriptor) for descriptor in (1, 2)]
        process = os.posix_spawn(sys.executable, command, _ENVIRONMENT, file_actions=actions)
        _, status, usage = os.wait4(process, 0)
    name = file.relative_to(ROOT).as_posix() if file.is_relative_to(ROOT) else file.name
    return Start(name, usage.ru_utime + usage.ru_stime, os.waitstatus_to_exitcode(status))


def files_in(given: Iterable[Path]) -> list[Path]:
    """Return the test files that are meant by files and folders."""
    found = (file for path in given for file in (sorted(path.rglob("test_*.py")) if path.is_dir() else [path]))
    return [file.resolve() for file in found]


def main(arguments: list[str] | None = None) -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.starts", description=__doc__)
    asked.add_argument("--over", type=float, default=0.0, metavar="SECONDS", help="only files that take more")
    asked.add_argument("files", nargs="*", type=Path, metavar="FILE", default=[ROOT / "tests"])
    given = asked.parse_args(arguments)
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder, "test_empty.py")
        empty.write_text("def test_empty() -> None: ...\n", encoding="utf-8")
        least = start_of(empty)
        starts = sorted(map(start_of, files_in(given.files)), key=lambda start: -start.seconds)
    print(f"{least.seconds:6.2f} s  an empty file")
    for start in starts:
        if start.seconds > given.over or start.status:
            failed = f"  (pytest ends with {start.status})" if start.status else ""
            print(f"{start.seconds:6.2f} s  {start.seconds - least.seconds:+6.2f} s  {start.file}{failed}")
    over = sum(start.seconds > 1 for start in starts)
    print(f"{len(starts)} files, {over} of them take over a second of processor time")
    return int(any(start.status for start in starts))


if __name__ == "__main__":
    sys.exit(main())
