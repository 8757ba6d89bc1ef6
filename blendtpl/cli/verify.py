"""``blendtpl verify``: every template through Jinja2 and through blendtpl, and where the two differ."""

import json
from os.path import commonprefix
from pathlib import Path
from typing import Any

import click

from blendtpl.cli.common import (
    chosen,
    environment_option,
    errors_as_text,
    exclude_option,
    named_environment,
    portable_option,
    project,
    source_argument,
)
from blendtpl.errors import ConfigError
from blendtpl.verify import Difference, Outcome, Verification, verify

_AROUND = 40  # characters of an excerpt on either side of the first that differs


@click.command("verify")
@source_argument
@exclude_option
@environment_option
@portable_option
@click.option("-n", "--count", type=click.IntRange(min=0), default=20, show_default=True, help="Generated contexts.")
@click.option("--seed", type=int, default=0, show_default=True, help="What contexts are generated from.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
def verify_command(
    source: tuple[Path, ...],
    exclude: tuple[str, ...],
    environment: str | None,
    portable: bool,
    count: int,
    seed: int,
    style: str,
) -> None:
    """Render every template of the folder SOURCE, or of several, in Jinja2 and in blendtpl, and compare.

    Each is rendered with its examples, and with contexts generated from them and from the variables that it reads.
    The first difference of each template is shown; when there is one, the exit status is 1.
    """
    with errors_as_text(style):
        config = project()
        given = named_environment(environment or config.environment)
        templates = chosen(source, config, given)
        for folder in templates if isinstance(templates, tuple) else ():
            if not folder.is_dir():
                raise ConfigError(f"there is no folder `{folder}`")
        found = verify(
            templates,
            given,
            seed=seed,
            count=count,
            portable=portable,
            output=config.output,
            exclude=(*config.exclude, *exclude),
        )
        click.echo(_json(found) if style == "json" else _text(found))
        if found.differences:
            raise SystemExit(1)


def _text(found: Verification) -> str:
    unsteady = [
        f"warning: `{name}` is not compared: Jinja2 renders it differently each time" for name in found.unsteady
    ]
    shown = [_shown(difference) for difference in found.differences]
    return "\n".join((*unsteady, *shown, _closing(found)))


def _closing(found: Verification) -> str:
    renders = f"{found.renders} render{'s'[: found.renders != 1]}"
    templates = f"{found.templates} template{'s'[: found.templates != 1]}"
    if not found.differences:
        return f"{renders} of {templates} were the same as Jinja2's"
    return f"{len(found.differences)} of {templates} differ from Jinja2, after {renders}"


def _shown(difference: Difference) -> str:
    at = _at(difference)
    return (
        f"error: `{difference.template}` differs in {difference.side}, with {difference.context}, at character {at}\n"
        f"  jinja2:   {_excerpt(difference.expected, at)}\n"
        f"  blendtpl: {_excerpt(difference.found, at)}\n"
    )


def _at(difference: Difference) -> int:
    """Return the place of the first character that differs, counted from 0."""
    return len(commonprefix((difference.expected.text, difference.found.text)))  # noqa: RUF071  # it does, and shall


def _excerpt(outcome: Outcome, at: int) -> str:
    """Return what surrounds a character, with all that a terminal could take for an order escaped."""
    start, end = max(at - _AROUND, 0), at + _AROUND
    before, after = "…" * (start > 0), "…" * (end < len(outcome.text))
    shown = f"{before}{outcome.text[start:end]!r}{after}"
    return f"{outcome.error}: {shown}" if outcome.error else shown


def _json(found: Verification) -> str:
    rows: list[dict[str, Any]] = [
        {
            "template": difference.template,
            "side": difference.side,
            "context": difference.context,
            "at": _at(difference),
            "jinja2": _row(difference.expected),
            "blendtpl": _row(difference.found),
        }
        for difference in found.differences
    ]
    return json.dumps(
        {
            "templates": found.templates,
            "renders": found.renders,
            "unsteady": list(found.unsteady),
            "differences": rows,
        }
    )


def _row(outcome: Outcome) -> dict[str, Any]:
    return {"error": outcome.error, "text": outcome.text}
