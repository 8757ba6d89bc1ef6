"""What the commands share: how they say something, errors as text, and settings of the project at hand.

`say` and `say_json` are the only ways from a command to a person, whose terminal takes no orders from a name or a
text that is in a bundle, a template or a message. What is data rather than something that is said, the text of `render`
and the diff of `migrate`, goes through `hand_over`: as it is to a file or a pipe, with escapes to a terminal.
"""

import errno
import importlib
import io
import json
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import click
import jinja2

from blendtpl.bundle.environment import resolve_environment
from blendtpl.bundle.signing import check_key
from blendtpl.compiler.build import sources_of
from blendtpl.compiler.config import Config, find_config
from blendtpl.errors import BlendError, BundleError, ConfigError
from blendtpl.lifeline import ended_by_signals
from blendtpl.printable import one_line, printable

_PACKAGE = str(Path(__file__).parent.parent)


def say(text: object, *, err: bool = False, nl: bool = True) -> None:
    """Print a text for a person, with escapes for what a terminal could take for an order."""
    click.echo(printable(str(text)), err=err, nl=nl)


def say_json(value: object) -> None:
    """Print a value as JSON, in ASCII that is printable."""
    click.echo(json.dumps(value).replace("\x7f", "\\u007f"))


def hand_over(text: str, *, colour: str | None = None) -> None:
    """Print data: to a file or a pipe as it is, and to a terminal with escapes as `say` has them, in that colour."""
    if sys.stdout.isatty():
        shown = printable(text, keep="\n\t")
        click.echo(click.style(shown, fg=colour) if colour else shown, nl=False)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "surrogatepass"))
    sys.stdout.buffer.flush()


def fail(message: object, style: str = "text") -> NoReturn:
    """Report an error in that style, as text on standard error or else on standard output, and exit 1."""
    if style == "json":
        say_json({"error": str(message), "faults": []})
    elif style == "github":
        say(f"::error::{escape_command(str(message))}")
    else:
        say(message if str(message).startswith("error: ") else f"error: {message}", err=True)
    raise SystemExit(1)


def escape_command(text: str, more: str = "") -> str:
    """Return a value of a GitHub workflow command, escaped as GitHub's own toolkit does it."""
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


@contextmanager
def errors_as_text(style: str = "text") -> Iterator[None]:
    """Turn the errors that blendtpl raises, and those of the operating system, into a report and exit status 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name that the locale lacks must not end in a traceback
    try:
        with ended_by_signals():
            yield
    except BlendError as error:
        fail(error, style)
    except BrokenPipeError:
        raise
    except OSError as error:
        where = f"`{one_line(os.fsdecode(error.filename))}`: " if isinstance(error.filename, (str, bytes)) else ""
        if error.errno == errno.ENOSPC:
            _let_go_of_output()
        fail(f"{where}{error.strerror or error}", style)


def _let_go_of_output() -> None:
    """Have Python not try again, when it ends, to write what a full disk has refused."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def project() -> Config:
    """Return the settings of the project around the current folder, whose modules can be imported from now on."""
    try:
        here = Path.cwd()
    except FileNotFoundError as error:
        raise ConfigError("the current folder does not exist any more") from error
    config = find_config(here)
    root = str(config.root)
    if root not in sys.path:
        sys.path.insert(0, root)
    return config


def named_environment(name: str | None) -> jinja2.Environment | None:
    """Return the environment of that ``module:name``; whatever its module raises becomes one line of text."""
    if name is None:
        return None
    try:
        return resolve_environment(name)
    except BlendError:
        raise
    except (Exception, SystemExit) as error:
        raise ConfigError(f"environment `{name}` fails: {type(error).__name__}: {error}{place_of(error)}") from error


def place_of(error: BaseException) -> str:
    """Return where the user's code failed, or nothing when it never ran."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith((_PACKAGE, "<frozen ", importlib.__file__))]
    return f" ({own[-1].filename}:{own[-1].lineno})" if own else ""


def processors() -> int:
    """Return how many processors this process may run on."""
    # not every system knows which those are
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def read_key(file: Path | None) -> bytes | None:
    """Return the signing key in a file, without the line break at its end.

    Raises `ConfigError` when there is none in it.
    """
    if file is None:
        return None
    key = file.read_bytes().rstrip(b"\r\n")
    if not key:
        raise ConfigError(f"the key file `{file}` is empty")
    try:
        check_key(key)
    except BundleError as error:
        raise ConfigError(f"`{file}`: {error}") from None
    return key


def chosen(
    source: tuple[Path, ...], config: Config, environment: jinja2.Environment | None
) -> tuple[Path, ...] | jinja2.Environment:
    """Return what to look through: the folders that were given, else what the settings or the environment say."""
    return source or sources_of(config, environment)


source_argument = click.argument("source", nargs=-1, required=False, type=click.Path(path_type=Path))
exclude_option = click.option(
    "--exclude",
    metavar="PATTERN",
    multiple=True,
    help="What is no template, such as `*.md` or `drafts/`; beside what pyproject.toml says.",
)
environment_option = click.option(
    "--environment",
    metavar="MODULE:NAME",
    help="The jinja2.Environment, or a callable that gives one.  [default: as in pyproject.toml]",
)
portable_option = click.option(
    "--portable", is_flag=True, help="Make code that is as fast where blendtpl has no functions in C."
)
key_option = click.option(
    "--key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with the key that signs the bundle (HMAC-SHA-256).",
)
