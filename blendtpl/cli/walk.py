"""``blendtpl walk``: a pool of walkers, what it is like, and the graph of what it did."""

import contextlib
import json
import math
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from blendtpl.cli.common import (
    environment_option,
    errors_as_text,
    key_option,
    named_environment,
    processors,
    project,
    read_key,
    say,
    say_json,
)
from blendtpl.cli.walk_function import named_function
from blendtpl.cli.walk_rows import MeasuredRows
from blendtpl.cli.walk_table import LiveTable, table
from blendtpl.errors import ConfigError
from blendtpl.extras import NotInstalledError
from blendtpl.metrics import draw
from blendtpl.printable import one_line
from blendtpl.runtime.registry import Registry, load
from blendtpl.walker.launcher import Arbiter, Job, Policy
from blendtpl.walker.launcher.answers import health, listen_at
from blendtpl.walker.launcher.bundle_file import BundleFile
from blendtpl.walker.launcher.companions import Companion
from blendtpl.walker.launcher.notify import Notifier
from blendtpl.walker.launcher.status import listen_in, pools_in, run_folder
from blendtpl.walker.limits import rss_of_this_process
from blendtpl.walker.units import duration, size
from blendtpl.walker.walker import Walker

Address = tuple[str, int]

_HOST = "127.0.0.1"
# A worker whose launcher does not come to replace it leaves by itself, when it is over its limits by that much.
_LATER, _LATER_SECONDS = 1.5, 60.0
_LARGER = 1.25
_WIDE = 160  # columns, where there is no terminal


class _Walk(click.Group):
    """The group, in which whatever is no command is what `run` is called with."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group("walk", cls=_Walk)
def walk_command() -> None:
    """Run a pool of walkers: `blendtpl walk shop.walker:walk --workers 16 --max-age 20m`.

    That is `blendtpl walk run`, whose options `blendtpl walk run --help` lists.
    """


class _Converted(click.ParamType):  # type: ignore[type-arg]  # older ones of click take none
    """An option that is written as `read` reads it."""

    def __init__(self, name: str, read: Callable[[object, str], float]) -> None:
        self.name = name
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return self._read(value, "it")
        except ConfigError as error:
            self.fail(str(error).removeprefix("it: "), param, ctx)


class _Address(click.ParamType):  # type: ignore[type-arg]
    """Where to listen: a port, of this machine alone, or ``HOST:PORT``."""

    name = "[host:]port"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        host, _, port = str(value).rpartition(":")
        if not (port.isascii() and port.isdecimal() and 0 <= int(port) <= 65535):
            self.fail(f"`{one_line(str(value))}` is no port, such as 9100, nor `0.0.0.0:9100`", param, ctx)
        return host.strip("[]") or _HOST, int(port)


_DURATION = _Converted("duration", duration)
_SIZE = _Converted("size", size)


def _limit(name: str, kind: _Converted, text: str, default: str | None = None) -> Callable[..., Any]:
    return click.option(name, type=kind, default=default, show_default=default is not None, help=text)


@walk_command.command("graph", short_help="Draw what `--record` has written.")
@click.argument("recording", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path), required=False)
def graph_command(recording: Path, out: Path | None) -> None:
    """Draw work over time above memory over time, of what `--record` recorded.

    OUT ends in `.svg` or `.png`.  [default: RECORDING.svg]
    """
    with errors_as_text():
        say(str(draw(recording, out or recording.with_name(f"{recording.name}.svg"))))


@walk_command.command("run")
@click.argument("function", metavar="MODULE:FUNCTION", required=False)
@click.option(
    "--bundle",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The bundle.  [default: the output of pyproject.toml]",
)
@click.option("-w", "--workers", type=click.IntRange(1, 1000), help="How many walkers.  [default: one per processor]")
@_limit("--max-age", _DURATION, "Replace a walker that is as old as this, such as `20m`.")
@_limit("--max-growth", _SIZE, "Replace one that grew by this since its fork, such as `40MB`.")
@_limit("--max-rss", _SIZE, "Replace one that takes this much memory, such as `150MB`.")
@click.option(
    "--jitter", type=click.FloatRange(0, 0.9), default=0.1, show_default=True, help="By what part of it ages differ."
)
@_limit("--deadline", _DURATION, "How long a cycle may take. One that is late is told to leave, then killed.")
@_limit("--patience", _DURATION, "How long it then has.", "10s")
@_limit("--ready-within", _DURATION, "How long a walker has until its first cycle begins.", "60s")
@_limit("--grace", _DURATION, "How long all have to finish their cycles, when the launcher is asked to end.", "60s")
@click.option(
    "--give-up",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="Exit 3 after so many failures, if no walker was ever ready.",
)
@click.option("--check", is_flag=True, help="Have each walker show that what was in its cache is dead after a cycle.")
@click.option("--no-watch", is_flag=True, help="Take a new bundle only when SIGHUP asks for it.")
@click.option("--health", type=_Address(), help="Answer HTTP: 200 when three quarters are ready, or else 503.")
@click.option("--metrics", type=_Address(), help="Answer Prometheus, for all walkers at once, under `/metrics`.")
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Record work and memory each second, for `blendtpl walk graph`.",
)
@click.option("--plain", is_flag=True, help="Print lines on a terminal, too, instead of a table.")
@click.option("--run", type=click.Path(path_type=Path), help="The folder for the socket that `--status` asks.")
@click.option("--status", is_flag=True, help="Show what the pools of this user are like, and end.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", help="Of `--status`.")
@environment_option
@key_option
def run_command(
    function: str | None,
    bundle: Path | None,
    workers: int | None,
    max_age: float | None,
    max_growth: int | None,
    max_rss: int | None,
    jitter: float,
    deadline: float | None,
    patience: float,
    ready_within: float,
    grace: float,
    give_up: int,
    check: bool,
    no_watch: bool,
    health: Address | None,
    metrics: Address | None,
    record: Path | None,
    plain: bool,
    run: Path | None,
    status: bool,
    style: str,
    environment: str | None,
    key_file: Path | None,
) -> None:
    """Run a pool of walkers, each of which calls MODULE:FUNCTION with a `Walker`.

    The bundle is loaded once and shared by fork. The oldest walker is replaced first, one at a time, after its cycle
    and when its replacement is ready. SIGTERM and SIGINT end all after their cycles, the second one at once; SIGHUP, or
    a new bundle on disk, goes from one walker to the next, unless the first that has it fails.

    Exit statuses: 0 asked to end, 1 a mistake, 2 a call that is not understood, 3 no walker was ever ready, 4 some had
    to be killed at the end.
    """
    with errors_as_text(style):
        folder = run_folder(run, os.environ)
        if status:
            _show_status(folder, style)
            return
        if function is None:
            raise click.UsageError("name the function of the walkers, as MODULE:FUNCTION")
        policy = Policy(
            workers=workers or processors(),
            max_age=max_age or math.inf,
            max_growth=max_growth or math.inf,
            max_rss=max_rss or math.inf,
            jitter=jitter,
            patience=patience,
            ready_within=ready_within,
            grace=grace,
            give_up=give_up,
        )
        config = project()
        named = environment or config.environment
        resolved = named_environment(named)
        key = read_key(key_file)
        path = bundle or config.output
        if path is None:
            raise ConfigError("there is no bundle: name it with `--bundle`, or in [tool.blendtpl] of pyproject.toml")
        make = _maker(policy, check=check, deadline=deadline)
        job = Job(
            function,
            named_function(function),
            BundleFile(path, lambda: load(path, environment=resolved, key=key)),
            make,
            watch=not no_watch,
        )
        raise SystemExit(_run(job, policy, folder, Beside(health, metrics, record), plain=plain))


def _maker(policy: Policy, *, check: bool, deadline: float | None) -> Callable[[Registry, Any], Walker]:
    """Return what makes the walkers. Raises `NotInstalledError` for limits of memory, where nobody can ask for that."""

    def later(limit: float, larger: float) -> float | None:
        return None if limit == math.inf else limit * larger

    age = later(policy.max_age, _LATER)
    limits: dict[str, Any] = {
        "max_age": None if age is None else age + _LATER_SECONDS,
        "max_growth": later(policy.max_growth, _LARGER),
        "max_rss": later(policy.max_rss, _LARGER),
        "jitter": policy.jitter,
        "check": check,
        "deadline": deadline,
    }
    try:
        rss_of_this_process()  # what it imports, no walker has to
    except NotInstalledError:
        if limits["max_growth"] or limits["max_rss"]:
            raise
    return lambda registry, stats: Walker(registry, stats=stats, **limits)


@dataclass(frozen=True, slots=True)
class Beside:
    """What goes on beside the walkers: where to answer whom, and into which file to record."""

    health: Address | None
    metrics: Address | None
    record: Path | None

    def companions(self, rows: MeasuredRows) -> tuple[Companion, ...]:
        """Return the processes that this takes."""
        at, file, companions = self.metrics, self.record, list[Companion]()
        if at is not None:
            companions.append(Companion("the process of the metrics", lambda: rows.serving(*at)))
        if file is not None:
            rows.begin_recording(file)
            companions.append(Companion("the recording", lambda: rows.recording(file)))
        return tuple(companions)


def _run(job: Job, policy: Policy, folder: Path, beside: "Beside", *, plain: bool) -> int:
    live = None if plain or not sys.stderr.isatty() else LiveTable()
    told = live.say if live else _log
    rows = MeasuredRows(policy.rows)
    arbiter = Arbiter(
        job,
        policy,
        rows,
        log=told,
        notifier=Notifier(os.environ),
        output=live.say if live else None,
        show=live.show if live else None,
        companions=beside.companions(rows),
    )
    with contextlib.closing(arbiter), contextlib.ExitStack() as stack:
        if beside.health is not None:
            listening = listen_at(*beside.health, "the health check")
            arbiter.listen(listening, health, asked=True)
            told(f"the health check is at http://{beside.health[0]}:{listening.getsockname()[1]}/")
        listening, path = listen_in(folder)
        stack.callback(path.unlink, missing_ok=True)
        arbiter.listen(listening, lambda request, found: json.dumps(found).encode(), asked=False)
        if live:
            live.start()
            stack.callback(live.stop)
        return arbiter.run()


def _log(line: str) -> None:
    with contextlib.suppress(OSError):  # a log that is full or gone is no reason to end
        say(one_line(line), err=True)


def _show_status(folder: Path, style: str) -> None:
    found = list(pools_in(folder))
    if style == "json":
        say_json(found)
    elif not found:
        say(f"no walkers run here, as far as `{folder}` knows")
    for each in found if style == "text" else ():
        width = None if sys.stdout.isatty() else _WIDE
        Console(highlight=False, width=width).print(table(each))
    if not found:
        raise SystemExit(1)
