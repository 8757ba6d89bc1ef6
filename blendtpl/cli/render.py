"""``blendtpl render``: what a bundle gives for a context, or for each row of a file."""

import json
import sys
from pathlib import Path
from typing import Any

import click
from jinja2.lexer import newline_re

from blendtpl.bundle.environment import default_environment
from blendtpl.cli.bulk import bulk_options, check_options, render_each
from blendtpl.cli.common import (
    environment_option,
    errors_as_text,
    fail,
    hand_over,
    key_option,
    named_environment,
    project,
    read_key,
)
from blendtpl.errors import BlendError, UndefinedError, excerpt
from blendtpl.printable import one_line
from blendtpl.runtime.registry import Registry, load


@click.command("render")
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("name")
@click.option("--vars", "variables", metavar="FILE", help="A JSON file with the context, or - for standard input.")
@click.option(
    "--example", metavar="NAME", help="Take the context from this member of the file, as in an examples file."
)
@click.option("--block", metavar="NAME", help="Render this block alone.")
@environment_option
@key_option
@bulk_options
def render_command(
    bundle: Path,
    name: str,
    variables: str | None,
    example: str | None,
    block: str | None,
    environment: str | None,
    key_file: Path | None,
    **bulk: Any,
) -> None:
    """Render the template NAME of a bundle to standard output.

    A terminal is shown escapes for control characters; a file or a pipe gets the text as it is.

    With --each the template, or the message of that name, is rendered for each row of a file into the folder --out;
    what --vars has is then the same for all rows. The same command goes on with a job that was ended. It exits with 3
    when rows were rejected.
    """
    check_options(bulk)
    with errors_as_text():
        config = project()
        named = environment or config.environment
        resolved = named_environment(named) or default_environment()
        registry = load(bundle, environment=resolved, key=read_key(key_file))
        context = _context(variables, example)
        if bulk["source"] is not None:
            request = {"name": name, "block": block, "constants": context, "environment": named}
            render_each(registry, bundle, resolved, request, bulk)
            return
        template = registry[name]
        text = _render(registry, lambda: template.render_block(block, context) if block else template.render(context))
        hand_over(text)


def _render(registry: Registry, render: Any) -> str:
    try:
        return str(render())
    except UndefinedError as error:
        source = registry[error.name].source if error.name in registry else None
        lines = newline_re.split(source or "")[::2]
        line = lines[error.line - 1] if error.line <= len(lines) else ""
        hint = f"\n  = help: {error.hint}" if error.hint else ""
        chain = "".join(f"\n  = from {place}" for place in error.chain)
        fail(f"{error.message}\n{excerpt(error.name, error.line, 0, 0, line)}{hint}{chain}")
    except BlendError:
        raise
    except Exception as error:  # whatever a template, a filter or a variable raises
        notes = "".join(f"\n  {note}" for note in getattr(error, "__notes__", ()))
        fail(f"{type(error).__name__}: {error}{notes}")


def _context(file: str | None, example: str | None) -> dict[str, Any]:
    if file is None:
        return {}
    shown = "standard input" if file == "-" else file
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        context = json.loads(data)
    except OSError as error:
        fail(f"cannot read `{shown}`: {error.strerror}")
    except (ValueError, RecursionError) as error:
        fail(f"{shown} is no valid JSON: {error}")
    if example is not None and isinstance(context, dict):
        if example not in context:
            others = ", ".join(f"`{one_line(name)}`" for name in context) or "none"
            fail(f"{shown} has no example `{example}`; it has {others}")
        context = context[example]
    if not isinstance(context, dict):
        fail(f"{shown} must hold a JSON object, from variable names to values")
    return context
