"""Measure bulk: ``python -m bench.bulk [--rows 1000000] [--rounds 5] [--part 200000] [--jobs N]``.

First one job of all rows, with the memory of each of its processes. Then rounds of a part of the rows, in each of which
every way is taken once, in turn: the pool of bulk, the same pool with Jinja2, and plain loops in one process, which
read the same file and write the same texts to Parquet, or throw them away. All in processes of their own, from their
start to their end. A core's speed is rows by second of processor time of all processes that had a part in it.
"""

import argparse
import datetime
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq

import blendtpl
from bench.bulk.ways import TEMPLATES

WAYS = ("pool", "loop", "loop, not written", "pool, jinja2", "loop, jinja2")
_GROUP = 100_000  # rows of a row group of the input
_SAMPLE = 0.05  # seconds between two looks at the memory


@dataclass(frozen=True, slots=True)
class Run:
    """What a run took: seconds of a clock, and of processors."""

    rows: int
    wall: float
    cpu: float

    @property
    def per_core(self) -> float:
        """Rows by second of processor time."""
        return self.rows / self.cpu


@dataclass(slots=True)
class Peak:
    """The most memory that any process of a job had: what is resident, and what is its alone, in MB."""

    rss: float = 0.0
    uss: float = 0.0
    processes: int = 0

    def look(self, job: psutil.Process) -> None:
        """Look at a job's processes now."""
        with suppress(psutil.Error):
            found = [job, *job.children()]
            self.processes = max(self.processes, len(found))
            for process in found:
                with suppress(psutil.Error):
                    memory = process.memory_full_info()
                    self.rss, self.uss = max(self.rss, memory.rss / 1e6), max(self.uss, memory.uss / 1e6)


def write_input(path: Path, rows: int) -> None:
    """Write recipients: names, addresses, a watch, a date, and for each a list of three lines."""
    schema: Any = None
    writer: Any = None
    for start in range(0, rows, _GROUP):
        numbers = range(start, min(start + _GROUP, rows))
        table = pa.table(
            {
                "name": [f"Ada O'Neill {number}" for number in numbers],
                "email": [f"ada{number}@example.org" for number in numbers],
                "token": [f"{number * 2654435761 % 2**40:010x}" for number in numbers],
                "watch_id": list(numbers),
                "watch_url": [f"https://museum.example/hours?a={number}&b=2" for number in numbers],
                "watch_title": ["Museum <hours>" for _ in numbers],
                "day": [datetime.date(2024, 1, 1) + datetime.timedelta(days=number % 365) for number in numbers],
                "percent": [number % 17 + 0.5 for number in numbers],
                "note": [f"For trip {number}" if number % 3 else None for number in numbers],
                "changes": [
                    ["Monday to Friday, 9 to 17", f"8 to {number % 12} & more", "Closed"] for number in numbers
                ],
            }
        )
        schema = schema or table.schema
        writer = writer or pq.ParquetWriter(path, schema)
        writer.write_table(table, row_group_size=_GROUP)
    writer.close()


def run(way: str, folder: Path, source: str, rows: int, jobs: int, peak: Peak | None = None) -> Run:
    """Take a way in a new process, and throw away what it wrote."""
    out = folder / "out"
    before, begun = os.times(), time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "bench.bulk.ways", way, str(folder), source, "out", str(jobs)])
    if peak is not None:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            peak.look(watched)
            time.sleep(_SAMPLE)
    if process.wait():
        raise SystemExit(f"{way}: exit status {process.returncode}")
    wall, after = time.perf_counter() - begun, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    written = sum(
        pq.ParquetFile(part).metadata.num_rows for part in (out if way.startswith("loop") else out / "rows").iterdir()
    )
    assert written == (0 if way == "loop, not written" else rows), (way, written)
    shutil.rmtree(out)
    return Run(rows, wall, cpu)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--part", type=int, default=200_000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    part = arguments.part
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        blendtpl.compile(dict(TEMPLATES)).write(folder / "bundle.blend")
        write_input(folder / "all.parquet", arguments.rows)
        write_input(folder / "part.parquet", part)
        peak = Peak()
        whole = run("pool", folder, "all.parquet", arguments.rows, arguments.jobs, peak)
        print(
            f"one job of {whole.rows:,} rows by {arguments.jobs} processes: {whole.wall:.1f} s,"
            f" {whole.rows / whole.wall:,.0f} rows/s; {whole.per_core:,.0f} rows/s per core;"
            f" a process has {peak.rss:.0f} MB resident at the most, {peak.uss:.0f} MB its own",
            flush=True,
        )
        runs = defaultdict(list)
        for number in range(arguments.rounds):
            turn = number % len(WAYS)
            for way in (*WAYS[turn:], *WAYS[:turn]):
                runs[way].append(run(way, folder, "part.parquet", part, arguments.jobs))
        report(runs, part, arguments.rounds)


def report(runs: dict[str, list[Run]], part: int, rounds: int) -> None:
    """Print medians of rounds, and of their ratios to the plain loop of the same round."""
    print(f"\n{rounds} rounds of {part:,} rows, medians:\n")
    print("| way | rows/s | rows/s per core | of the plain loop's, per core |")
    print("| --- | ---: | ---: | ---: |")
    for way in WAYS:
        ratios = [each.per_core / plain.per_core for each, plain in zip(runs[way], runs["loop"], strict=True)]
        wall = statistics.median(each.rows / each.wall for each in runs[way])
        core = statistics.median(each.per_core for each in runs[way])
        print(f"| {way} | {wall:,.0f} | {core:,.0f} | {statistics.median(ratios):.0%} |")


if __name__ == "__main__":
    main()
