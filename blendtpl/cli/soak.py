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
            found = soak(
                registry,
                {name: samples.fewest_of(name) for name in registry},
                renders=renders,
                patience=timeout,
                memory=memory * 2**20,
                jobs=jobs or processors(),
                progress=lambda done, total: ticker.tick("soak", done, total),
            )
        recorded = record(found, digest=registry.digest, environment=named, seed=seed)
        target = None if no_certificate else certificate or beside(bundle)
        if target is not None:
            write_certificate(target, recorded)
        if style == "json":
            say_json(recorded)
        else:
            say(_text(found, target))
        if found.unsound or (strict and any(each.printed for each in found.templates)):
            raise SystemExit(1)


def _text(found: Soak, certificate: Path | None) -> str:
    # what is included prints the same wherever it is
    rows = list(dict.fromkeys(line for each in found.templates for line in _warnings(each)))
    rows += ["\n".join(_problem_lines(each)) + "\n" for each in found.unsound]
    rows += _remarks(found)
    rows.append(_closing(found) + (f"; wrote {certificate}" if certificate else ""))
    return "\n".join(rows)


def _warnings(found: Soaked) -> Iterator[str]:
    """Yield what is odd about a template, and is no growth."""
    if found.examples:
        for context, error in found.failures:
            yield f"warning: `{one_line(found.template)}` fails with {one_line(context)}: {one_line(error)}"
    if found.sound and found.kept:
        yield f"warning: `{one_line(found.template)}` does not grow, but keeps {_kept(found)} of what it is given"
    for printed in found.printed:
        yield f"warning: {one_line(str(printed))}"


def _problem_lines(found: Soaked) -> Iterator[str]:
    """Yield the lines about a template that grew or could not be measured."""
    if found.problem or found.growth is None:
        yield f"error: `{one_line(found.template)}` cannot be soaked: {one_line(found.problem)}"
    else:
        yield f"error: `{one_line(found.template)}` grows: {_growth(found.growth)}"
    if found.kept:
        yield f"  keeps:    {_kept(found)} of what it is given"
    if found.origins_of is not None:
        yield from _trail(found.origins_of)


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
    if growth.found:
        rates.append(_rate(growth.found, growth.renders, "object") + " that only the garbage collector frees")
    return ", ".join((*rates, *growth.changes))


def _rate(count: int, renders: int, what: str) -> str:
    if count * 10 < renders:
        return f"one {what} in {renders / count:,.0f} renders"
    each = f"{count / renders:,.1f}".removesuffix(".0")
    return f"{each} {what}{'s'[: each != '1']} a render"


def _kept(found: Soaked) -> str:
    shown = ", ".join(f"`{one_line(path)}`" for path in found.kept[:_TYPES] if path) or "the context"
    return shown + (", …" if len(found.kept) > _TYPES else "")


def _remarks(found: Soak) -> Iterator[str]:
    bare = [each for each in found.templates if not each.examples and not each.problem]
    failing = [each for each in bare if len(each.failures) == each.contexts]
    if bare:
        rest = f"; {len(failing)} of them fail with each, so that only their errors were soaked" if failing else ""
        yield f"note: {_count(len(bare), 'template')} without examples got generated contexts{rest}"


def _closing(found: Soak) -> str:
    templates = _count(len(found.templates), "template")
    if found.unsound:
        return f"{len(found.unsound)} of {templates} grew or could not be soaked, {found.renders:,} renders each"
    rate = max(1, found.renders // 2 // (SPARE_BLOCKS + 1))
    return (
        f"{templates}, {found.renders:,} renders each: none grew, and a leak of one object in {rate:,} would have shown"
    )


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'s'[: count != 1]}"
