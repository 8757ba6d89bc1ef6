"""Templates of packages on PyPI, with the packages' own contexts, beside Jinja2: ``python -m bench.real``.

It prints how many times as fast as Jinja2 a bundle and a live environment render each, first as the application does
it, then without the application's own functions and objects; the last column is their share of the bundle's time. Every
text is compared to the byte before it is measured, and one that differs makes the exit status 1. What a package needs
is in the extra `bench-real`; of those that are not installed it says so.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.real.package import Package
from bench.real.packages import packages
from bench.real.report import lines, where

_LIMIT = 900  # seconds of one package


def rows(package: Package, only: str, seconds: float, sampled: float, native: bool) -> Iterator[dict[str, Any]]:
    """Yield the rows of one package, which a process of its own makes."""
    missing = package.missing()
    names = [name for name in package.chosen if only in f"{package.name} {name}"]
    if missing:
        yield from (_skipped(package, name, f"not installed: {', '.join(missing)}") for name in names)
        return
    options = [f"--only={only}", f"--seconds={seconds}", f"--sampled={sampled}", *(["--native"] if native else [])]
    command = [sys.executable, "-W", "ignore", "-m", "bench.real.child", package.name, *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT, check=False)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    yield from told
    for name in set(names) - {row["workload"] for row in told}:
        yield _skipped(package, name, "") | {"wrong": {"run": done.stderr[-2000:]}}


def _skipped(package: Package, name: str, why: str) -> dict[str, Any]:
    return {"package": package.name, "workload": name, "template": "", "skipped": why}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print; return 1 when a text differs."""
    parser = argparse.ArgumentParser(prog="python -m bench.real", description=__doc__)
    parser.add_argument("--only", default="", metavar="WORDS", help="a part of the name of packages or workloads")
    parser.add_argument(
        "--where", default="", metavar="WORKLOAD", help="print the functions that it spends its time in"
    )
    parser.add_argument("--list", action="store_true", help="print the workloads, and how their contexts come to be")
    parser.add_argument("--seconds", type=float, default=2.0, help="of measuring each workload; 0 compares only")
    parser.add_argument("--sampled", type=float, default=1.0, help="seconds of sampling each way; 0 samples nothing")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all that is known of each workload")
    chosen = parser.parse_args(arguments)
    if chosen.list:
        for package in packages().values():
            print(f"{package.name} ({package.how}): {', '.join(package.chosen)}")
        return 0
    only, sampled = chosen.where or chosen.only, 4.0 if chosen.where else chosen.sampled
    found: list[dict[str, Any]] = []
    for package in packages().values():
        if any(only in f"{package.name} {name}" for name in package.chosen):
            print(package.name, file=sys.stderr, flush=True)
            found += rows(package, only, chosen.seconds, sampled, bool(chosen.where))
            if chosen.json:  # after each, as all of them take long
                chosen.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    for line in (line for row in found for line in where(row)) if chosen.where else lines(found):
        print(line)
    return 1 if any(row.get("wrong") for row in found) else 0


if __name__ == "__main__":
    sys.exit(main())
