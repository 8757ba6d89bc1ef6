"""The command: ``python -m bench.walkers [--minutes 2] [--walkers 16] [--styles old jinja2 blendtpl] [--out FOLDER]``.

Enters: the command line. Leaves: tables on standard output, files in a folder, and exit status 1 when a promise was not
kept or a process died, 130 after an interrupt, and 2 when what is asked for cannot be done.
"""

import argparse
import math
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from bench.walkers import report
from bench.walkers.checks import pss
from bench.walkers.run import INTERRUPTED, Plan, Run, run
from bench.walkers.sampling import Sample, available, supported
from bench.walkers.styles import STYLES, expected, make_files

_GIB = 2.0**20  # in KiB
_MINUTES = 2.0
_WALKERS, _MOST = 16, 999
_WIDE = 200  # columns of a table that is not on a terminal


def main(arguments: Sequence[str] | None = None) -> int:
    """Let walkers work in one style after another, and tell what came of it."""
    try:
        return _command(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED


def _command(arguments: Sequence[str] | None) -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = _parser()
    options = parser.parse_args(arguments)
    if not supported():
        parser.error("the system does not tell what memory a process has to itself: this needs Linux")
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=options.out):
            pass
    except OSError as error:
        parser.error(f"--out {options.out}: it cannot be written to: {error.strerror}")
    return _show(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.walkers",
        description="Let walkers send alert e-mails in three styles; measure their memory and throughput over time.",
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=_positive, help=f"how long each style works [{_MINUTES:g}]")
    length.add_argument("--hours", type=_positive, help="the same, in hours")
    parser.add_argument("--walkers", type=_count, default=_WALKERS, help=f"how many [{_WALKERS}]")
    parser.add_argument("--rate", type=_positive, help="e-mails that become due in a second [no end of them]")
    parser.add_argument("--styles", nargs="+", choices=STYLES, default=list(STYLES), help="in this order [all]")
    parser.add_argument(
        "--out", type=Path, default=Path("build/walkers"), help="a folder for the results [build/walkers]"
    )
    parser.add_argument(
        "--memory-limit",
        type=_positive,
        metavar="GIB",
        help="a style ends when its walkers have so much together [half of what there is]",
    )
    parser.add_argument("--no-collector", action="store_true", help="switch Python's garbage collector off in walkers")
    return parser


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number above 0, not {text!r}")
    return number


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= _MOST):
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {_MOST}, not {text!r}")
    return int(text)


def _show(options: argparse.Namespace) -> int:
    minutes = options.hours * 60 if options.hours else options.minutes or _MINUTES
    limit = options.memory_limit * _GIB if options.memory_limit else available() / 2
    with tempfile.TemporaryDirectory(prefix="walkers-") as folder:
        place, rate = Path(folder), options.rate or 0.0
        plan = Plan(minutes * 60, options.walkers, int(limit), not options.no_collector, place, expected(), rate)
        make_files(plan.folder)
        runs = _runs(dict.fromkeys(options.styles), plan)
    files = report.write(runs, plan, options.out)
    checks = report.all_checks(runs)
    console = Console(width=None if sys.stdout.isatty() else _WIDE)
    console.print(_table(report.HEADINGS, report.rows(runs)))
    console.print(_table(report.CHECK_HEADINGS, report.check_rows(checks)))
    for file in files:
        print(file)
    for cut in runs:
        if cut.ended:
            print(f"{STYLES[cut.style].title} ended early: {cut.ended}", file=sys.stderr)
    return max(runs[-1].status, int(any(check.kept is False for check in checks)))


def _runs(styles: Iterable[str], plan: Plan) -> list[Run]:
    """Return a run of each style, up to the first that failed."""
    runs = []
    with _progress() as begin:
        for style in styles:
            runs.append(run(style, plan, begin(style, plan)))
            if runs[-1].status:
                break
    return runs


@contextmanager
def _progress() -> Iterator[Callable[[str, Plan], Callable[[Sample], object]]]:
    """Give a function that begins a style: a bar on a terminal, a line elsewhere."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description:>9}"),
        BarColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[now]}"),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:

        def begin(style: str, plan: Plan) -> Callable[[Sample], object]:
            title = STYLES[style].title
            if not console.is_terminal:
                print(f"{title}: {plan.walkers} walkers, {plan.seconds:g} s", file=sys.stderr, flush=True)
            task = bar.add_task(title, total=plan.seconds, now="")
            return lambda sample: bar.update(task, completed=sample.at, now=_now(sample))

        yield begin


def _now(sample: Sample) -> str:
    return f"{sum(sample.sent):,} e-mails, {pss(sample) / 1024:,.0f} MiB"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table(*headings)
    for row in rows:
        table.add_row(*row)
    return table
