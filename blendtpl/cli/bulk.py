"""``blendtpl render --each``: a text or a message for each row of a file."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import click
import jinja2

from blendtpl.bulk.errors import BulkError, OtherJobError
from blendtpl.bulk.formats import KINDS
from blendtpl.bulk.job import FORMATS, ROWS, Job, read_job
from blendtpl.bulk.planning import ROWS_PER_CHUNK, Request, plan_job
from blendtpl.bulk.run import ALL_REJECTS, Progress, Runner, at_work, local_runner, run_job
from blendtpl.bulk.sources import Chunk
from blendtpl.bulk.work import Done
from blendtpl.cli.common import fail, processors, say
from blendtpl.cli.progress import Ticker
from blendtpl.runtime.registry import Registry

Command = TypeVar("Command", bound=Callable[..., Any])

REJECTED, INTERRUPTED = 3, 130  # exit statuses
_COMPRESSIONS = ("zstd", "snappy", "lz4", "gzip", "none")

_OPTIONS = (
    click.option(
        "--each", "source", type=click.Path(path_type=Path), help="Render once for each row: CSV, JSON lines, Parquet."
    ),
    click.option("--out", type=click.Path(path_type=Path), help="The folder that --each writes into."),
    click.option("--as", "output", type=click.Choice(FORMATS), help="What --each writes.  [default: parquet, or eml]"),
    click.option("--input-format", "kind", type=click.Choice(sorted({*KINDS.values()})), help="What --each reads."),
    click.option("--to", metavar="COLUMN", help="The column with the recipient of a message."),
    click.option("--sender", metavar="ADDRESS", help="The sender of all messages."),
    click.option(
        "--field", "fields", metavar="FIELD=COLUMN", multiple=True, help="A field of messages that a column has."
    ),
    click.option("--set", "fixed", metavar="FIELD=TEXT", multiple=True, help="A field that all messages have."),
    click.option("--keep", metavar="COLUMN", multiple=True, help="A column that the output has, too."),
    click.option("--file-name", metavar="COLUMN", help="The column that names the file of a row."),
    click.option("--optional", metavar="NAME", multiple=True, help="A variable for which there need not be a column."),
    click.option("--jobs", type=click.IntRange(1), help="How many processes.  [default: one for each processor]"),
    click.option(
        "--rows-per-chunk", type=click.IntRange(1), help=f"Rows that become one part.  [default: {ROWS_PER_CHUNK}]"
    ),
    click.option("--max-rejects", type=click.IntRange(0), help="End when more rows than that are rejected."),
    click.option("--compression", type=click.Choice(_COMPRESSIONS), help="Of Parquet.  [default: zstd]"),
    click.option("--scheduler", metavar="ADDRESS", help="Render on the workers of this Dask scheduler."),
)


def bulk_options(command: Command) -> Command:
    """Give a command the options of bulk."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def check_options(options: Mapping[str, Any]) -> None:
    """Refuse options of bulk where there is no `--each`, and an `--each` without a folder to write into."""
    if options["source"] is None:
        misplaced = [name for name, value in options.items() if value not in (None, ())]
        if misplaced:
            raise click.UsageError(f"`{_spelt(misplaced[0])}` goes with `--each FILE`")
    elif options["out"] is None:
        raise click.UsageError("`--each` needs `--out FOLDER`")


def render_each(
    registry: Registry,
    bundle: Path,
    environment: jinja2.Environment,
    request: Mapping[str, Any],
    options: Mapping[str, Any],
) -> None:
    """Do, or go on with, the job that the options say, and exit with what came of it."""
    out: Path = options["out"]
    names = {field.name for field in fields(Request)}
    values = {name: value for name, value in options.items() if name in names and value is not None}
    values |= {"fields": _fields(options), "fixed": _fixed(options)}
    job_request = Request(**{**values, **request})
    with _interruptible(out), Ticker("rows", rate=True) as ticker:
        job = plan_job(job_request, registry, environment, read_job(out) if out.is_dir() else None)
        with at_work(out), _runner(job, registry, bundle, options) as runner, _telling_what_stays(out):
            progress = run_job(job, out, runner, tick=_shown(ticker), max_rejects=options["max_rejects"])
    _report(progress, out)


def _report(progress: Progress, out: Path) -> None:
    earlier = f" ({progress.before:,} rows were done before)" if progress.before else ""
    say(f"{progress.total - progress.rejects:,} of {progress.total:,} rows rendered into {out}{earlier}")
    if progress.rejects:
        say(f"{progress.rejects:,} rejected: see {out / ALL_REJECTS}", err=True)
        raise SystemExit(REJECTED)


@contextmanager
def _runner(job: Job, registry: Registry, bundle: Path, options: Mapping[str, Any]) -> Iterator[Runner]:
    if options["scheduler"] is None:
        yield local_runner(job, registry, options["out"], options["jobs"] or processors())
        return
    from blendtpl.bulk.cluster import Cluster  # which alone needs distributed

    data = bundle.read_bytes()
    cluster = Cluster(options["scheduler"])
    try:

        def run(chunks: Sequence[Chunk]) -> Iterator[Done]:
            return cluster.run(job, data, options["out"], chunks)

        yield run
    finally:
        cluster.close()


@contextmanager
def _interruptible(out: Path) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        say(f"\ninterrupted: {_done(out)}; the same command goes on from there", err=True)
        raise SystemExit(INTERRUPTED) from None


@contextmanager
def _telling_what_stays(out: Path) -> Iterator[None]:
    """Tell how to go on, when an error ends a job that has begun."""
    try:
        yield
    except (OtherJobError, BrokenPipeError):
        raise
    except BulkError as error:
        fail(f"{error}\n  = {_done(out)} and stay; the same command goes on from there")
    except OSError as error:
        place = os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes)) else out
        fail(f"`{place}`: {error.strerror or error}\n  = {_done(out)} and stay; the same command goes on from there")


def _done(out: Path) -> str:
    job = read_job(out) if out.is_dir() else None
    if job is None:
        return "nothing is done yet"
    done = sum(not file.name.startswith(".") for file in (out / ROWS).iterdir())
    return f"{done:,} of {len(job.chunks):,} chunks are done"


def _shown(ticker: Ticker) -> Callable[[Progress], None]:
    def tick(progress: Progress) -> None:
        rejects = f" ({progress.rejects:,} rejected)" if progress.rejects else ""
        ticker.tick(f"rendering{rejects}", progress.done, progress.total, before=progress.before)

    return tick


def _fields(options: Mapping[str, Any]) -> dict[str, str]:
    columns = dict(_pair(text, "--field", "FIELD=COLUMN") for text in options["fields"])
    return {**columns, "to": options["to"]} if options["to"] is not None else columns


def _fixed(options: Mapping[str, Any]) -> dict[str, str]:
    values = dict(_pair(text, "--set", "FIELD=TEXT") for text in options["fixed"])
    return {**values, "sender": options["sender"]} if options["sender"] is not None else values


def _pair(text: str, option: str, form: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise click.UsageError(f"`{option} {text}` should be `{option} {form}`")
    return name, value


def _spelt(name: str) -> str:
    spellings = {"source": "each", "output": "as", "kind": "input-format", "fields": "field", "fixed": "set"}
    return f"--{spellings.get(name, name).replace('_', '-')}"
