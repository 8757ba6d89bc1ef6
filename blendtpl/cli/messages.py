"""``blendtpl messages``: what of templates is to be translated."""

import json
from collections.abc import Iterator
from pathlib import Path

import click
import jinja2

from blendtpl.bundle.archive import open_bundle, read_bundle, write_whole
from blendtpl.bundle.environment import resolve_environment
from blendtpl.cli.common import (
    chosen,
    environment_option,
    errors_as_text,
    exclude_option,
    hand_over,
    project,
    say,
    source_argument,
)
from blendtpl.compiler.frontend import diagnostics
from blendtpl.compiler.frontend.parser import parse
from blendtpl.compiler.frontend.reader import Source, SourceSet, read
from blendtpl.compiler.locales.texts import Text, texts
from blendtpl.compiler.mail.settings import is_settings
from blendtpl.errors import BundleError, Fault, SourceError
from blendtpl.extras import not_installed
from blendtpl.reprs import counted

_PIPE = Path("-")


@click.group("messages")
def messages_command() -> None:
    """Texts of templates that are to be translated."""


@messages_command.command("extract")
@source_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("messages.pot"),
    show_default=True,
    help="The file to write; `-` is standard output.",
)
@click.option(
    "-c",
    "--comment",
    "tags",
    metavar="TAG",
    multiple=True,
    default=("Translators:",),
    show_default=True,
    help="What comments for translators begin with; may be repeated.",
)
@exclude_option
@environment_option
def extract_command(
    source: tuple[Path, ...], output: Path, tags: tuple[str, ...], exclude: tuple[str, ...], environment: str | None
) -> None:
    """Write what templates have to be translated into a file that Babel and gettext make catalogues of.

    SOURCE are folders, or bundles that have their sources inside; left out, it is what `blendtpl compile` compiles.
    `{% trans %}`, `_`, `gettext`, `ngettext`, `pgettext` and their kin are looked for, in pages, macros and e-mails
    alike, and written with the template's name and line. A file in which nothing else would change keeps its date.
    """
    with errors_as_text():
        try:
            from blendtpl.compiler.locales.catalogues import template_of, to_pot
        except ImportError as error:
            raise not_installed("`blendtpl messages`", error) from None
        config = project()
        resolved = resolve_environment(environment or config.environment)
        given: SourceSet = chosen(source, config, resolved)
        if source:
            given = [part for path in source for part in _parts(path)]
        found = dict(_texts(given, resolved, (*config.exclude, *exclude), tags))
        catalogue = template_of(found)
        if output == _PIPE:
            hand_over(to_pot(catalogue).decode())
            return
        before = output.read_bytes() if output.is_file() else b""
        data = to_pot(catalogue, before)
        if data != before:
            write_whole(output, data)
        done = "wrote" if data != before else "nothing has changed in"
        say(f"{counted(len(catalogue), 'text')} of {counted(len(found), 'template')}; {done} {output}")


def _parts(path: Path) -> Iterator[Path | Source]:
    """Yield a folder as it is, and the sources of a bundle."""
    if not path.is_file():
        yield path
        return
    bundle = open_bundle(read_bundle(path), any_version=True)
    if not bundle.sources:
        raise BundleError(f"{path}: its sources were left out of the bundle: give the folder of its templates")
    entries = bundle.manifest.templates
    try:
        for name, text in json.loads(bundle.sources).items():
            yield Source(name, text, entries[name].digest, entries[name].root)
    except (ValueError, AttributeError, KeyError, RecursionError) as error:
        raise BundleError(f"{path}: its sources are not those of its templates") from error


def _texts(
    given: SourceSet, environment: jinja2.Environment, exclude: tuple[str, ...], tags: tuple[str, ...]
) -> Iterator[tuple[str, list[Text]]]:
    """Yield the name of each template with what is to be translated in it; at the end, raise whatever is wrong."""
    sources, wrong = read(given, environment, None, exclude)
    faults = [fault for fault in wrong if fault.kind != diagnostics.BINARY]
    for source in sources:
        if is_settings(source.name):
            continue
        tree = parse(source, environment)
        if isinstance(tree, Fault):
            faults.append(tree)
        else:
            yield source.name, texts(tree, source, environment, tags=tags)
    if faults:
        raise SourceError(faults)
