"""What the commands share: errors as text, and settings of the project at hand."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import click

from blendtpl.compiler.config import Config, find_config
from blendtpl.errors import BlendError


def fail(message: object) -> NoReturn:
    """Print an error and exit 1."""
    click.echo(message if str(message).startswith("error") else f"error: {message}", err=True)
    raise SystemExit(1)


@contextmanager
def errors_as_text() -> Iterator[None]:
    """Turn the errors that blendtpl raises into text on standard error and exit status 1."""
    try:
        yield
    except BlendError as error:
        fail(error)


def project() -> Config:
    """Return the settings of the project around the current folder, whose modules can be imported from now on."""
    config = find_config(Path.cwd())
    root = str(config.root)
    if root not in sys.path:
        sys.path.insert(0, root)
    return config


def read_key(file: Path | None) -> bytes | None:
    """Return the signing key in a file, without the line break at its end; fails when there is none in it."""
    if file is None:
        return None
    key = file.read_bytes().rstrip(b"\r\n")
    if not key:
        fail(f"the key file `{file}` is empty")
    return key


environment_option = click.option(
    "--environment",
    metavar="MODULE:NAME",
    help="The jinja2.Environment, or a callable that gives one.  [default: as in pyproject.toml]",
)
key_option = click.option(
    "--key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with the key that signs the bundle (HMAC-SHA-256).",
)
