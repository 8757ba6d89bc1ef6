"""``blendtpl migrate``: old call sites of a code base become calls of a registry."""

import difflib
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from blendtpl.bundle.archive import Bundle, open_bundle, read_bundle
from blendtpl.bundle.environment import resolve_environment
from blendtpl.cli.common import (
    environment_option,
    errors_as_text,
    hand_over,
    named_environment,
    processors,
    project,
    say,
    say_json,
)
from blendtpl.cli.progress import Ticker
from blendtpl.compat.paths import PHP
from blendtpl.compiler.build import build
from blendtpl.compiler.cache import default_folder
from blendtpl.compiler.config import Config
from blendtpl.errors import ConfigError
from blendtpl.extras import not_installed
from blendtpl.printable import one_line

if TYPE_CHECKING:
    from blendtpl.migrate import Migration, Result

_REGISTRY = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@click.command("migrate")
@click.argument("sources", metavar="SRC...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--diff", "mode", flag_value="diff", default=True, help="Print what would change.  [default]")
@click.option("--write", "mode", flag_value="write", help="Change the files.")
@click.option("--registry", metavar="MODULE:NAME", help="What rewritten code calls.  [default: as in pyproject.toml]")
@click.option(
    "--bundle",
    type=click.Path(path_type=Path),
    help="The bundle with the templates.  [default: that of pyproject.toml]",
)
@click.option("--templates", type=click.Path(path_type=Path), help="The folder with templates, in place of a bundle.")
@click.option("--shim", metavar="NAME", default="shim", show_default=True, help="What the shim is called in code.")
@click.option(
    "--root", "roots", metavar="DIR", multiple=True, help="A folder that old paths begin with.  [default: the shim's]"
)
@click.option("--alias", "aliases", metavar="OLD=NEW", multiple=True, help="What an old suffix, folder/ or path is.")
@environment_option
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
def migrate_command(
    sources: tuple[Path, ...],
    mode: str,
    registry: str | None,
    bundle: Path | None,
    templates: Path | None,
    shim: str,
    roots: tuple[str, ...],
    aliases: tuple[str, ...],
    environment: str | None,
    style: str,
) -> None:
    """Rewrite old call sites in the Python files of SRC to calls of the registry.

    Those of the shim are rewritten, and what reads a file to run or to render it: `exec`, `runpy.run_path`,
    `string.Template`, `jinja2.Template` and `from_string`. What cannot be proven to print the same is left alone, and
    listed with the reason. The exit status is 1 when something is left.
    """
    with errors_as_text(style):
        config = project()
        target = _registry(registry or config.registry)
        if bundle is not None and templates is not None:
            raise click.UsageError("--bundle and --templates exclude each other")
        if not shim.isidentifier():
            raise click.UsageError(f"--shim takes a name, not `{shim}`")
        renamed = _aliases(aliases)
        try:
            from blendtpl import migrate as tool
        except ImportError as error:
            raise not_installed("`blendtpl migrate`", error) from None
        named = named_environment(environment or config.environment)
        resolved = named or resolve_environment(None)
        bundled = tool.Templates(
            _bundle(bundle, templates, config, resolved),
            resolved,
            roots or _roots(templates, config),
            renamed,
            config.root,
            own=named is not None,
            given=bool(roots or aliases),
        )
        with Ticker("files") as ticker:
            migration = tool.migrate(sources, bundled, registry=target, shim=shim, progress=ticker.tick)
        failed = _write(migration) if mode == "write" else {}
        if style == "json":
            say_json(_rows(migration, failed, written=mode == "write"))
        else:
            _tell(migration, failed, written=mode == "write")
        if migration.left or migration.unreadable or failed:
            raise SystemExit(1)


def _registry(name: str | None) -> str:
    if name is None:
        raise click.UsageError("name the registry: --registry MODULE:NAME, or `registry` in [tool.blendtpl]")
    if not _REGISTRY.fullmatch(name):
        raise ConfigError(f'registry `{name}` is not of the form "module:name"')
    return name


def _aliases(options: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    targets: dict[str, list[str]] = defaultdict(list)
    for alias in options:
        old, separator, new = alias.partition("=")
        if not (separator and old and new):
            raise click.UsageError(f"--alias takes OLD=NEW, not `{alias}`")
        targets[old].append(new)
    return {**{old: tuple(new) for old, new in PHP.items()}, **{old: tuple(new) for old, new in targets.items()}}


def _roots(templates: Path | None, config: Config) -> tuple[str, ...]:
    folders = [folder.absolute() for folder in ((templates,) if templates else config.folders)]
    return tuple(
        folder.relative_to(config.root).as_posix() if folder.is_relative_to(config.root) else str(folder)
        for folder in folders
    )


def _bundle(bundle: Path | None, templates: Path | None, config: Config, environment: Any) -> Bundle:
    """Return the bundle that is named, or what the templates of the project give."""
    if bundle is None and templates is None:
        if config.output.is_file():
            bundle = config.output
        elif missing := [folder for folder in config.folders if not folder.is_dir()]:
            raise ConfigError(f"no bundle `{config.output}` and no folder `{missing[0]}`: give --bundle or --templates")
    if bundle is not None:
        return open_bundle(read_bundle(bundle))
    built = build(
        templates or config.folders,
        environment=environment,
        exclude=config.exclude,
        cache=default_folder(),
        jobs=processors(),
    )
    return built.bundle


def _write(migration: "Migration") -> dict[Path, str]:
    """Write the files that change, and return those that could not be written, with the reason."""
    from blendtpl.migrate import write_file

    failed = {}
    for result in migration.results:
        if result.new is not None:
            try:
                write_file(result.file.path, result.new)
            except OSError as error:
                failed[result.file.path] = error.strerror or str(error)
    return failed


def _tell(migration: "Migration", failed: dict[Path, str], *, written: bool) -> None:
    if not written:
        for result in migration.results:
            for line in _diff(result):
                hand_over(line, colour=_COLOURS.get(line[:1]))
    for result in migration.results:
        for remark in result.found.notes:
            say(
                f"note: {one_line(str(result.file.path))}:{remark.line}: `{one_line(remark.call)}`: {remark.text}",
                err=True,
            )
    for result in migration.results:
        for remark in result.found.left:
            say(
                f"left: {one_line(str(result.file.path))}:{remark.line}: `{one_line(remark.call)}`: {remark.text}",
                err=True,
            )
    for unreadable in migration.unreadable:
        say(f"left: {one_line(str(unreadable.path))}: {unreadable.reason}", err=True)
    for path, reason in failed.items():
        say(f"error: cannot write `{path}`: {reason}", err=True)
    say(_closing(migration, written=written), err=True)


def _closing(migration: "Migration", *, written: bool) -> str:
    changed = sum(result.new is not None for result in migration.results)
    count = migration.rewritten
    verb = "rewritten" if written else "to rewrite"
    unread = f", {len(migration.unreadable)} of them not read" if migration.unreadable else ""
    return (
        f"{count} call{'s'[: count != 1]} {verb} in {changed} file{'s'[: changed != 1]}, {migration.left} left;"
        f" {migration.files} file{'s'[: migration.files != 1]} looked at{unread}"
    )


def _diff(result: "Result") -> Iterator[str]:
    """Yield the lines of a unified diff, which `patch -p1` takes."""
    if result.new is None:
        return
    path = _shown(result.file.path)
    old, new = (_lines(text) for text in (result.file.text, result.found.text))
    for line in difflib.unified_diff(old, new, f"a/{path}", f"b/{path}"):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    """Return lines as `diff` sees them, which end with a line feed and nothing else."""
    return [f"{line}\n" for line in text.split("\n")[:-1]] + [last for last in text.split("\n")[-1:] if last]


def _shown(path: Path) -> str:
    absolute = path.absolute()
    here = Path.cwd()
    return (absolute.relative_to(here) if absolute.is_relative_to(here) else absolute).as_posix().lstrip("/")


def _rows(migration: "Migration", failed: dict[Path, str], *, written: bool) -> dict[str, Any]:
    def rows(result: "Result", kind: str, field: str) -> list[dict[str, Any]]:
        path = str(result.file.path)
        return [
            {"file": path, "line": remark.line, "call": remark.call, field: remark.text}
            for remark in getattr(result.found, kind)
        ]

    def listed(kind: str, field: str) -> list[dict[str, Any]]:
        return [row for result in migration.results for row in rows(result, kind, field)]

    return {
        "files": migration.files,
        "written": written,
        "changed": [str(result.file.path) for result in migration.results if result.new is not None],
        "rewritten": listed("rewritten", "template"),
        "left": listed("left", "reason"),
        "notes": listed("notes", "note"),
        "unreadable": [{"file": str(file.path), "reason": file.reason} for file in migration.unreadable],
        "failed": [{"file": str(path), "reason": reason} for path, reason in failed.items()],
    }
