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
        named = named_environment(environment or config.environment)
        templates = chosen(source, config, named)
        for folder in templates if isinstance(templates, tuple) else ():
            if not folder.is_dir():
                raise ConfigError(f"there is no folder `{folder}`")
        verification = verify(
            templates,
            named,
            seed=seed,
            count=count,
            portable=portable,
            output=config.output,
            exclude=(*config.exclude, *exclude),
            allow_unrendered=(*config.allow_unrendered, *allowed),
        )
        if style == "json":
            say_json(_rows(verification))
        else:
            say(_text(verification))
        if not verification.passed or (strict and verification.printed):
            raise SystemExit(1)


def _text(verification: Verification) -> str:
    unsteady = [
        f"warning: `{one_line(name)}` is not compared: Jinja2 renders it differently each time"
        for name in verification.unsteady
    ]
    printed = [f"warning: {one_line(str(output))}" for output in verification.printed]
    shown = [_shown(difference) for difference in verification.differences]
    unrendered = [line for template in verification.unrendered for line in _unrendered(template)]
    return "\n".join((*unsteady, *printed, *shown, *unrendered, _closing(verification)))


def _unrendered(unrendered: Unrendered) -> Iterator[str]:
    level = "warning" if unrendered.allowed else "error"
    error = f": most raise {_excerpt(unrendered.error, 0)}" if unrendered.error.error else ""
    none = f"none of {counted(unrendered.contexts, 'context')}"
    yield f"{level}: `{one_line(unrendered.template)}` is rendered by {none}{error}"
    if unrendered.allowed:
        return
    if unrendered.missing:
        yield f"  missing:  {', '.join(f'`{one_line(name)}`' for name in unrendered.missing[:_NAMES])}"
    path = PurePosixPath(unrendered.template)
    file = path.with_name(f"{path.name.partition('.')[0]}.examples.json")
    if unrendered.required:
        blocks = ", ".join(f"`{one_line(name)}`" for name in unrendered.required)
        yield f"  remedy:   it has required blocks ({blocks}): add a template that extends it, with examples"
    else:
        yield f"  remedy:   write `{one_line(str(file))}`, with a context that it can be rendered with"
    yield f"            or pass `--allow-unrendered '{one_line(unrendered.template)}'`"
    yield ""


def _closing(verification: Verification) -> str:
    renders = counted(verification.renders, "render").replace(",", "")
    templates = counted(verification.templates, "template").replace(",", "")
    came = f"({verification.rendered} gave a text, {verification.raised} raised an error)"
    failed = [unrendered for unrendered in verification.unrendered if not unrendered.allowed]
    if verification.differences:
        return f"{len(verification.differences)} of {templates} differ from Jinja2, after {renders}"
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


def _rows(verification: Verification) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [
        {
            "template": difference.template,
            "side": difference.side,
            "context": difference.context,
            "at": _at(difference),
            "jinja2": _row(difference.expected),
            "blendtpl": _row(difference.found),
        }
        for difference in verification.differences
    ]
    return {
        "templates": verification.templates,
        "renders": verification.renders,
        "rendered": verification.rendered,
        "raised": verification.raised,
        "unsteady": list(verification.unsteady),
        "differences": rows,
        "unrendered": [
            {
                "template": unrendered.template,
                "contexts": unrendered.contexts,
                "error": unrendered.error.error,
                "text": unrendered.error.text,
                "missing": list(unrendered.missing),
                "required": list(unrendered.required),
                "allowed": unrendered.allowed,
            }
            for unrendered in verification.unrendered
        ],
        "printed": [asdict(output) for output in verification.printed],
    }


def _row(outcome: Outcome) -> dict[str, Any]:
    return {"error": outcome.error, "text": outcome.text}
