"""``blendtpl soak``: every template many times over, and what grew meanwhile."""

from collections.abc import Iterator
from pathlib import Path

import click

from blendtpl.bundle.environment import resolve_environment
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
from blendtpl.cli.progress import Ticker
from blendtpl.printable import one_line
from blendtpl.runtime.registry import load
from blendtpl.tools.contexts import Samples
from blendtpl.tools.soak.growth import SPARE_BLOCKS, SPARE_BYTES, Growth
from blendtpl.tools.soak.origins import Origins
from blendtpl.tools.soak.report import beside, record, write_certificate
from blendtpl.tools.soak.run import MEMORY, PATIENCE, RENDERS, Soak, Soaked, soak

_GENERATED = 20  # contexts for a template without examples
_TYPES = 4  # types of objects that are told
_LINE_SECONDS = 10.0


@click.command("soak")
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option(
    "-n",
    "--renders",
    type=click.IntRange(min=100),
    default=RENDERS,
    show_default=True,
    help="How often each template is rendered.",
)
@click.option(
    "--examples",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder with the examples.  [default: the templates' folder, as in pyproject.toml]",
)
@environment_option
@key_option
@click.option("--seed", type=int, default=0, show_default=True, help="What contexts are generated from.")
@click.option(
    "--timeout",
    type=click.IntRange(min=1),
    default=PATIENCE,
    show_default=True,
    help="Seconds that one render may take.",
)
@click.option(
    "--memory",
    type=click.IntRange(min=16),
    default=MEMORY // 2**20,
    show_default=True,
    help="Megabytes that one template may take, in all of its renders.",
)
@click.option("-j", "--jobs", type=click.IntRange(min=1), help="Processes at a time.  [default: one per processor]")
@click.option(
    "--certificate",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The certificate to write.  [default: BUNDLE.soak.json]",
)
@click.option("--no-certificate", is_flag=True, help="Write no certificate.")
@click.option("--strict", is_flag=True, help="Exit 1 for what is printed by accident, too.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
def soak_command(
    bundle: Path,
    renders: int,
    examples: Path | None,
    environment: str | None,
    key_file: Path | None,
    seed: int,
    timeout: int,
    memory: int,
    jobs: int | None,
    certificate: Path | None,
    no_certificate: bool,
    strict: bool,
    style: str,
) -> None:
    """Render every template of BUNDLE many times, and report what grows in memory.

    Each is rendered with its examples, or else with contexts generated from the variables that it reads, in a process
    of its own with the garbage collector off. What grew is shown with what holds it and where it was made; when
    anything did, the exit status is 1. With 10,000 renders a leak of one object in a thousand shows; with fewer, only
    larger ones do. The certificate says what was found; `blendtpl list` shows it while the bundle is the same.
    """
    with errors_as_text(style):
        config = project()
        folders = tuple(folder for folder in ((examples,) if examples else config.folders) if folder.is_dir())
        named = environment or config.environment
        resolved = resolve_environment(named_environment(named))
        registry = load(bundle, environment=resolved, key=read_key(key_file))
        if not folders:
            missing = examples or config.folders[0]
            say(f"warning: there is no folder `{missing}` with examples: all contexts are generated", err=True)
        samples = Samples(registry, resolved, folders, seed=seed, count=_GENERATED)
        with Ticker("renders", _LINE_SECONDS) as ticker:
            result = soak(
                registry,
                {name: samples.fewest_of(name) for name in registry},
                renders=renders,
                patience=timeout,
                memory=memory * 2**20,
                jobs=jobs or processors(),
                progress=lambda done, total: ticker.tick("soak", done, total),
            )
        recorded = record(result, digest=registry.digest, environment=named, seed=seed)
        target = None if no_certificate else certificate or beside(bundle)
        if target is not None:
            write_certificate(target, recorded)
        if style == "json":
            say_json(recorded)
        else:
            say(_text(result, target))
        if result.unsound or (strict and any(soaked.printed for soaked in result.templates)):
            raise SystemExit(1)


def _text(result: Soak, certificate: Path | None) -> str:
    # what is included prints the same wherever it is
    rows = list(dict.fromkeys(line for soaked in result.templates for line in _warnings(soaked)))
    rows += ["\n".join(_problem_lines(soaked)) + "\n" for soaked in result.unsound]
    rows += _remarks(result)
    rows.append(_closing(result) + (f"; wrote {certificate}" if certificate else ""))
    return "\n".join(rows)


def _warnings(soaked: Soaked) -> Iterator[str]:
    """Yield what is odd about a template, and is no growth."""
    if soaked.examples:
        for context, error in soaked.failures:
            yield f"warning: `{one_line(soaked.template)}` fails with {one_line(context)}: {one_line(error)}"
    if soaked.sound and soaked.kept:
        yield f"warning: `{one_line(soaked.template)}` does not grow, but keeps {_kept(soaked)} of what it is given"
    for printed in soaked.printed:
        yield f"warning: {one_line(str(printed))}"


def _problem_lines(soaked: Soaked) -> Iterator[str]:
    """Yield the lines about a template that grew or could not be measured."""
    if soaked.problem or soaked.growth is None:
        yield f"error: `{one_line(soaked.template)}` cannot be soaked: {one_line(soaked.problem)}"
    else:
        yield f"error: `{one_line(soaked.template)}` grows: {_growth(soaked.growth)}"
    if soaked.kept:
        yield f"  keeps:    {_kept(soaked)} of what it is given"
    if soaked.origins_of is not None:
        yield from _trail(soaked.origins_of)


def _trail(origins_of: Origins) -> Iterator[str]:
    if origins_of.types:
        least = origins_of.types[0][1] / 50  # a few are made once
        listed = [f"{count:,} {one_line(name)}" for name, count in origins_of.types if count > least]
        more = ", …" if len(listed) > _TYPES else ""
        yield f"  objects:  {', '.join(listed[:_TYPES])}{more} in {origins_of.renders:,} renders"
    for holder in origins_of.referrers:
        yield f"  held by:  {one_line(holder)}"
    if origins_of.circle:
        yield f"  circle:   {one_line(origins_of.circle)} leads back to where it begins"
    for place in origins_of.places:
        yield f"  made at:  {one_line(place)}"


def _growth(growth: Growth) -> str:
    half = growth.renders - growth.renders // 2
    rates = []
    if growth.blocks > SPARE_BLOCKS:
        rates.append(_rate(growth.blocks, half, "block"))
    if growth.bytes > SPARE_BYTES:
        rates.append(_rate(growth.bytes, half, "byte") + " of `malloc`")
    if growth.collected:
        rates.append(_rate(growth.collected, growth.renders, "object") + " that only the garbage collector frees")
    return ", ".join((*rates, *growth.changes))


def _rate(count: int, renders: int, what: str) -> str:
    if count * 10 < renders:
        return f"one {what} in {renders / count:,.0f} renders"
    rate = f"{count / renders:,.1f}".removesuffix(".0")
    return f"{rate} {what}{'s'[: rate != '1']} a render"


def _kept(soaked: Soaked) -> str:
    shown = ", ".join(f"`{one_line(path)}`" for path in soaked.kept[:_TYPES] if path) or "the context"
    return shown + (", …" if len(soaked.kept) > _TYPES else "")


def _remarks(result: Soak) -> Iterator[str]:
    bare = [soaked for soaked in result.templates if not soaked.examples and not soaked.problem]
    failing = [soaked for soaked in bare if len(soaked.failures) == soaked.contexts]
    if bare:
        rest = f"; {len(failing)} of them fail with each, so that only their errors were soaked" if failing else ""
        yield f"note: {_count(len(bare), 'template')} without examples got generated contexts{rest}"


def _closing(result: Soak) -> str:
    templates = _count(len(result.templates), "template")
    if result.unsound:
        return f"{len(result.unsound)} of {templates} grew or could not be soaked, {result.renders:,} renders each"
    rate = max(1, result.renders // 2 // (SPARE_BLOCKS + 1))
    return (
        f"{templates}, {result.renders:,} renders each: none grew,"
        f" and a leak of one object in {rate:,} would have shown"
    )


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'s'[: count != 1]}"
