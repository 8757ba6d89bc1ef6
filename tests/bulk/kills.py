"""Kill a bulk job at random moments and start it again, until it is done: ``python -m tests.bulk.kills [--times N]``.

Each round kills the whole job, or one of its processes, with SIGKILL. At the end every row has to be in the output or
in the rejects, once, with the text that a plain loop gives, and nothing else may be in the folder. Exits 1 when that is
not so. ``--rows`` says how many rows there are, so that a job is longer than so many kills; ``--seed`` repeats a run.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

import blendtpl
from testkit import PATIENCE
from tests.bulk.jobs import TEMPLATES, rejected, rendered, write_bundle, write_rows

_PER_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """How often the job was started, and what was killed how often."""

    starts: int
    kills: Counter[str]
    chunks: int


def a_row(number: int) -> dict[str, Any]:
    """Return a row; one in 101 cannot be rendered."""
    return {"name": f"N{number} <é>", "share": number % 101, "email": f"n{number}@example.org"}


def start(folder: Path, jobs: int) -> "subprocess.Popen[bytes]":
    """Start the job, or go on with it."""
    call = [sys.executable, "-m", "blendtpl", "render", "bundle.blend", "hello.html", "--each", "rows.jsonl"]
    call += ["--out", "out", "--as", "jsonl", "--rows-per-chunk", str(_PER_CHUNK), "--jobs", str(jobs)]
    environment = {**os.environ, "BLENDTPL_NO_PROGRESS": "1"}
    return subprocess.Popen(
        call, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )


def parts(folder: Path) -> int:
    """Return how many chunks are done."""
    rows = folder / "out" / "rows"
    return sum(not path.name.startswith(".") for path in rows.iterdir()) if rows.is_dir() else 0


def killed(
    folder: Path, rows: int, times: int, *, seed: int, jobs: int = 2, most_of_processes: int = sys.maxsize
) -> Outcome:
    """Run the job with so many kills, of which no more than so many are of processes of it; check what it leaves."""
    chance, kills, starts = random.Random(seed), Counter[str](), 0
    process = None
    chunks = -(-rows // _PER_CHUNK)
    try:
        while sum(kills.values()) < times:
            if process is None:
                process, starts = start(folder, jobs), starts + 1
            wanted = parts(folder) + (chance.random() < 0.8)  # mostly after one more chunk, and sometimes at once
            wanted = min(wanted, chunks - 1)
            deadline = time.monotonic() + PATIENCE
            while parts(folder) < wanted and process.poll() is None:
                assert time.monotonic() < deadline
                time.sleep(0.001)
            time.sleep(chance.random() * 0.05)  # somewhere in the next one
            if process.poll() is not None:
                raise AssertionError(f"it ended by itself: {process.returncode} {process.communicate()}")
            what = kill(process, chance, kills["a process of it"] < most_of_processes)
            kills[what] += 1
            if what == "all of it":
                process.communicate(timeout=PATIENCE)
                process = None
        process = process or start(folder, jobs)
        output, error = process.communicate(timeout=PATIENCE)
        assert process.returncode == 3, (process.returncode, output, error)
    finally:
        if process is not None and process.poll() is None:
            process.kill()
            process.communicate()
    check(folder, rows)
    return Outcome(starts, kills, chunks)


def kill(process: "subprocess.Popen[bytes]", chance: random.Random, one_of_it: bool) -> str:
    """Kill the job, or, where that may be, one of its processes."""
    workers = psutil.Process(process.pid).children() if one_of_it else []
    if workers and chance.random() < 0.4:
        try:
            chance.choice(workers).kill()
        except psutil.NoSuchProcess:
            pass
        else:
            return "a process of it"
    process.kill()
    return "all of it"


def check(folder: Path, rows: int) -> None:
    """Check that each row is there once, with its text, and that nothing is left of what was killed."""
    registry = blendtpl.load(blendtpl.compile(TEMPLATES))
    found, told = rendered(folder / "out"), rejected(folder / "out")
    for number in range(1, rows + 1):
        row = a_row(number)
        if row["share"]:
            assert found.pop(number) == registry.render("hello.html", row)
        else:
            assert told.pop(number)["values"] == row
    assert (found, told) == ({}, {})
    left = [path.name for path in (folder / "out").rglob(".*") if path.name != ".lock"]
    assert left == []


def prepare(folder: Path, rows: int) -> None:
    """Write the bundle and the rows."""
    write_bundle(folder)
    write_rows(folder / "rows.jsonl", [a_row(number) for number in range(1, rows + 1)])


def main() -> None:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        prepare(Path(temporary), arguments.rows)
        outcome = killed(Path(temporary), arguments.rows, arguments.times, seed=arguments.seed)
    told = ", ".join(f"{what} {count} times" for what, count in outcome.kills.items())
    print(f"seed {arguments.seed}: killed {told}; {arguments.rows:,} rows in {outcome.chunks} chunks, each once")


if __name__ == "__main__":
    main()
