"""Measure what rendering leaves in memory, and write pictures and a report.

By default, in under ten minutes on two cores: the alert e-mail by every subject (blendtpl, the old ways, the peers,
PHP), with the collector off and on; the other eleven mails and pages by blendtpl, the peers and PHP; every construct of
the language and every error one by one, and the mixed workload, by blendtpl and Jinja2; and the memory that 2,000
templates take. Each is a process of its own, which ends after some seconds. Parts of names choose; subjects and
workloads that are both named are run with each other, whatever they are.

Exits 1 when anything of blendtpl grows.
"""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.memory import loaded, machine, report, runs
from bench.memory.arguments import count
from bench.memory.interpreters import DiedError
from bench.memory.loaded import Held
from bench.memory.processes import Processes
from bench.memory.progress import Bar, bar
from bench.memory.registered import Family
from bench.memory.runs import Run, Verdict
from bench.memory.tasks import Task, plan

_INTERRUPTED = 130


@dataclass(slots=True)
class Found:
    """What a run has found so far."""

    runs: list[Run]
    held: Held | None = None
    whole: bool = False
    trouble: str = ""  # why there is nothing of the templates


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for, and write the report."""
    try:
        return _command(arguments)
    except KeyboardInterrupt:  # before there was anything, or the user is in a hurry
        return _INTERRUPTED


def _command(arguments: Sequence[str] | None) -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.again:
        return _again(parser, options.out)
    try:
        tasks = plan(options.subjects, options.workloads, options.renders, options.long)
    except LookupError as error:
        parser.error(f"{error}; `--list` alone prints what there is")
    if options.list:
        print("\n".join(f"{task.title}: {task.renders:,} renders at most" for task in tasks))
        return 0
    _check_folder(parser, options.out)
    return _measure(options, tasks)


def _check_folder(parser: argparse.ArgumentParser, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except FileExistsError:
        parser.error(f"--out {folder}: it is no folder")
    except OSError as error:
        parser.error(f"--out {folder}: it cannot be written to: {error.strerror}")


def _measure(options: argparse.Namespace, tasks: Sequence[Task]) -> int:
    facts = {**machine.describe(), **machine.seeds(loaded.SEED), "begun": _now()}
    outcome = _run(tasks, options.jobs, with_templates=not (options.subjects or options.workloads))
    facts["ended"] = f"{_now()}, {_processor_minutes():.1f} minutes of processor time" + (
        "" if outcome.whole else ", interrupted"
    )
    runs.write(options.out, outcome.runs, outcome.held, facts)
    report.write(options.out, outcome.runs, outcome.held, facts)
    return _close(outcome, options.out)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.memory", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--subjects", nargs="+", default=[], metavar="PART", help="only subjects with it in their name")
    parser.add_argument("--workloads", nargs="+", default=[], metavar="PART", help="only such workloads")
    parser.add_argument("-n", "--renders", type=count, metavar="N", help="of each task, however long it takes")
    parser.add_argument(
        "--long",
        action="store_true",
        help="for blendtpl 1,000,000 renders of the mixed workload and the alert e-mail, 100,000 of all others",
    )
    parser.add_argument("--jobs", type=count, default=2, metavar="N", help="processes at a time [2]")
    parser.add_argument("--out", type=Path, default=Path("build/memory"), metavar="FOLDER", help="[build/memory]")
    parser.add_argument("--list", action="store_true", help="print what would be run, and run nothing")
    parser.add_argument("--again", action="store_true", help="write the report again from what is in the folder")
    return parser


def _again(parser: argparse.ArgumentParser, folder: Path) -> int:
    try:
        measured, held, facts = runs.read(folder)
    except OSError as error:
        parser.error(f"`{error.filename}` cannot be read, {error.strerror}: run without `--again` first")
    except ValueError as error:
        parser.error(f"{error}: run without `--again` first")
    _check_folder(parser, folder)
    report.write(folder, measured, held, facts)
    return _close(Found(measured, held, whole=True), folder)


def _run(tasks: Sequence[Task], jobs: int, with_templates: bool) -> Found:
    """Run the tasks; an interrupt ends the processes, and what they told is kept."""
    outcome = Found([])
    steps = len(loaded.HOLDERS) * loaded.REPEATS + 1 if with_templates else 0
    with bar(len(tasks) + steps) as shown, suppress(KeyboardInterrupt):
        with closing(Processes().run(tasks, jobs, shown.sampled)) as running:
            for run in running:
                outcome.runs.append(run)
                shown.done(run.task)
        if with_templates:
            _templates(outcome, jobs, shown)
        outcome.whole = True
    outcome.runs.sort(key=runs.in_order)
    return outcome


def _templates(outcome: Found, jobs: int, shown: Bar) -> None:
    try:
        with closing(loaded.compare(jobs=jobs)) as steps:
            for step in steps:
                if isinstance(step, Held):
                    outcome.held = step
                else:
                    shown.step(step)
    except DiedError as error:
        outcome.trouble = f"{loaded.COUNT:,} templates: failed: {error}"


def _close(outcome: Found, folder: Path) -> int:
    """Print what it comes to, and return the exit status."""
    growing = [
        run for run in outcome.runs if run.family is Family.OURS and run.verdict in (Verdict.GROWS, Verdict.GARBAGE)
    ]
    for run in growing:
        print(f"{run.task.title}: {run.verdict}")
    failed = [f"{run.task.title}: {run.reason}" for run in outcome.runs if run.failed]
    failed += [outcome.trouble] if outcome.trouble else []
    for line in failed:
        print(line, file=sys.stderr)
    for name, target, measured, met in report.claims(outcome.runs, outcome.held):
        print(f"{name}: {measured}{f' (asked: {target}; met: {met})' if target else ''}")
    print(f"{len(outcome.runs)} processes; the report is `{folder / 'report.html'}`")
    if not outcome.whole:
        return _INTERRUPTED
    return 1 if growing or failed else 0


def _processor_minutes() -> float:
    """Return what this process and its children, which have ended, have used."""
    used = os.times()
    return (used.user + used.system + used.children_user + used.children_system) / 60


def _now() -> str:
    return datetime.now(UTC).isoformat(" ", "seconds")


if __name__ == "__main__":
    sys.exit(main())
