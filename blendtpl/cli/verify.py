"""``blendtpl verify``: every template through Jinja2 and through blendtpl, and where the two differ."""

from collections.abc import Iterator
from dataclasses import asdict
from os.path import commonprefix
from pathlib import Path, PurePosixPath
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
    say,
    say_json,
    source_argument,
)
from blendtpl.errors import ConfigError
from blendtpl.printable import one_line
from blendtpl.reprs import counted
from blendtpl.tools.verify import Difference, Outcome, Unrendered, Verification, verify

_NAMES = 8  # of missing variables that are shown
_AROUND = 40  # characters of an excerpt on either side of the first that differs


@click.command("verify")
@source_argument
@exclude_option
@environment_option
@portable_option
@click.option("-n", "--count", type=click.IntRange(min=0), default=20, show_default=True, help="Generated contexts.")
@click.option("--seed", type=int, default=0, show_default=True, help="What contexts are generated from.")
@click.option(
    "--allow-unrendered",
    "allowed",
    metavar="GLOB",
    multiple=True,
    help="Templates that no context has to render; may be repeated.  [default: as in pyproject.toml]",
)
@click.option("--strict", is_flag=True, help="Exit 1 for what is printed by accident, too.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
def verify_command(
    source: tuple[Path, ...],
    exclude: tuple[str, ...],
    environment: str | None,
    portable: bool,
    count: int,
    seed: int,
    allowed: tuple[str, ...],
    strict: bool,
    style: str,
) -> None:
    """Render every template of the folder SOURCE, or of several, in Jinja2 and in blendtpl, and compare.

    Each is rendered with its examples, and with contexts generated from them and from the variables that it reads.
    The first difference of each template is shown; when there is one, or a template that was rendered neither alone nor
    as a part of another, the exit status is 1.
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
            allow_unrendered=(*config.allow_unrendered, *allowed),
        )
        if style == "json":
            say_json(_rows(found))
        else:
            say(_text(found))
        if not found.passed or (strict and found.printed):
            raise SystemExit(1)


def _text(found: Verification) -> str:
    unsteady = [
        f"warning: `{one_line(name)}` is not compared: Jinja2 renders it differently each time"
        for name in found.unsteady
    ]
    printed = [f"warning: {one_line(str(each))}" for each in found.printed]
    shown = [_shown(difference) for difference in found.differences]
    unrendered = [line for each in found.unrendered for line in _unrendered(each)]
    return "\n".join((*unsteady, *printed, *shown, *unrendered, _closing(found)))


def _unrendered(found: Unrendered) -> Iterator[str]:
    level = "warning" if found.allowed else "error"
    error = f": most raise {_excerpt(found.error, 0)}" if found.error.error else ""
    yield f"{level}: `{one_line(found.template)}` is rendered by none of {counted(found.contexts, 'context')}{error}"
    if found.allowed:
        return
    if found.missing:
        yield f"  missing:  {', '.join(f'`{one_line(name)}`' for name in found.missing[:_NAMES])}"
    path = PurePosixPath(found.template)
    file = path.with_name(f"{path.name.partition('.')[0]}.examples.json")
    if found.required:
        blocks = ", ".join(f"`{one_line(name)}`" for name in found.required)
        yield f"  remedy:   it has required blocks ({blocks}): add a template that extends it, with examples"
    else:
        yield f"  remedy:   write `{one_line(str(file))}`, with a context that it can be rendered with"
    yield f"            or pass `--allow-unrendered '{one_line(found.template)}'`"
    yield ""


def _closing(found: Verification) -> str:
    renders = counted(found.renders, "render").replace(",", "")
    templates = counted(found.templates, "template").replace(",", "")
    came = f"({found.rendered} gave a text, {found.raised} raised an error)"
    failed = [each for each in found.unrendered if not each.allowed]
    if found.differences:
        return f"{len(found.differences)} of {templates} differ from Jinja2, after {renders}"
    if failed:
        return f"{len(failed)} of {templates} were rendered by no context, after {renders} {came}"
    return f"{renders} {came} of {templates} were the same as Jinja2's"


def _shown(difference: Difference) -> str:
    at, name, context = _at(difference), one_line(difference.template), one_line(difference.context)
    return (
        f"error: `{name}` differs in {difference.side}, with {context}, at character {at}\n"
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


def _rows(found: Verification) -> dict[str, Any]:
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
    return {
        "templates": found.templates,
        "renders": found.renders,
        "rendered": found.rendered,
        "raised": found.raised,
        "unsteady": list(found.unsteady),
        "differences": rows,
        "unrendered": [
            {
                "template": each.template,
                "contexts": each.contexts,
                "error": each.error.error,
                "text": each.error.text,
                "missing": list(each.missing),
                "required": list(each.required),
                "allowed": each.allowed,
            }
            for each in found.unrendered
        ],
        "printed": [asdict(each) for each in found.printed],
    }


def _row(outcome: Outcome) -> dict[str, Any]:
    return {"error": outcome.error, "text": outcome.text}
