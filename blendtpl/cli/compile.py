"""``blendtpl compile``: templates into a bundle, or the list of everything that is wrong with them."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from blendtpl.bundle.archive import Bundle, read_bundle
from blendtpl.cli.common import (
    chosen,
    environment_option,
    errors_as_text,
    escape_command,
    exclude_option,
    key_option,
    named_environment,
    portable_option,
    processors,
    project,
    read_key,
    say,
    say_json,
    source_argument,
)
from blendtpl.cli.progress import Ticker
from blendtpl.compiler.build import Build, build
from blendtpl.compiler.cache import default_folder
from blendtpl.compiler.frontend.reader import SourceSet
from blendtpl.compiler.lint import ignores
from blendtpl.errors import (
    BlendError,
    BundleError,
    CompileError,
    ConfigError,
    Fault,
    TemplateWarning,
    by_place,
)
from blendtpl.printable import one_line
from blendtpl.reprs import counted, sized
from blendtpl.runtime.speedups import ACTIVE

_NAMED = 5  # files that are told by name


@click.command("compile")
@source_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The bundle to write.  [default: as in pyproject.toml]",
)
@exclude_option
@environment_option
@key_option
@portable_option
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when the bundle is not what the sources give.")
@click.option("--format", "style", type=click.Choice(["text", "json", "github"]), default="text", show_default=True)
@click.option("-j", "--jobs", type=click.IntRange(min=1), help="Processes to compile in.  [default: one per processor]")
@click.option(
    "--no-cache",
    is_flag=True,
    help="Neither read nor write the build cache.  [environment variable: BLENDTPL_CACHE_DIR]",
)
@click.option("--ignore", metavar="NAME", multiple=True, help="A warning that is not told; may be repeated.")
@click.option(
    "--lint/--no-lint",
    "lint",
    default=None,
    help="Look at e-mails, too: what mail clients and readers cannot use.  [default: `mail` in [tool.blendtpl.lint]]",
)
@click.option(
    "--strict", "--warnings-as-errors", is_flag=True, help="Write nothing, and exit 1, when there is a warning."
)
@click.option("--no-sources", is_flag=True, help="Leave the sources, which errors quote, out of the bundle.")
def compile_command(
    source: tuple[Path, ...],
    output: Path | None,
    exclude: tuple[str, ...],
    environment: str | None,
    key_file: Path | None,
    portable: bool,
    check: bool,
    style: str,
    jobs: int | None,
    no_cache: bool,
    ignore: tuple[str, ...],
    lint: bool | None,
    strict: bool,
    no_sources: bool,
) -> None:
    """Compile every template of the folder SOURCE into one bundle.

    Of several folders the first that has a name gives it. SOURCE, the output and the environment are what
    [tool.blendtpl] of pyproject.toml says when they are left out; where that names no folder either, the templates are
    those that the environment's loader has.
    All mistakes of all templates are reported in one run; the old bundle then stays as it was. What is legal, and
    hardly meant, is a warning: it has a name, by which the comment `{# blendtpl: ignore NAME #}` switches it off in
    its line, and `ignore` in [tool.blendtpl] everywhere.
    """
    with errors_as_text(style):
        config = project()
        target = output or config.output
        _check_target(target)
        named = named_environment(environment or config.environment)
        templates = chosen(source, config, named)
        run = partial(
            build,
            templates,
            environment=named,
            with_sources=not no_sources,
            key=read_key(key_file),
            speedups=ACTIVE and not portable,
            output=target,
            exclude=(*config.exclude, *exclude),
            ignored=config.ignored.joined(ignores(ignore)),
            mail=config.mail,
            lint_mail=config.lint if (config.lint.mail if lint is None else lint) else None,
            locales=config.locales,
            cache=None if no_cache else default_folder(),
            jobs=jobs or processors(),
        )
        built = _built(run, templates, style)
        _warn(built, templates, style, strict)
        if check:
            _check(built.bundle, target)
        else:
            built.bundle.write(target)
        if style == "json":
            say_json(_summary(built, target))
        else:
            say(_closing(built, target, check))


def _built(run: Callable[..., Build], templates: SourceSet, style: str) -> Build:
    """Return what a run makes, with a ticker; exits with the list of what is wrong."""
    try:
        with Ticker() as ticker:
            return run(progress=ticker.tick)
    except CompileError as error:
        _report((*error.faults, *error.warnings), templates, style)
        raise SystemExit(1) from None


def _warn(built: Build, templates: SourceSet, style: str, strict: bool) -> None:
    """Print what is hardly meant, and what the run itself has to say; exits when that counts as wrong."""
    warnings = built.bundle.warnings
    if warnings and (strict or style != "json"):  # which prints them with the rest, at the end
        _report(warnings, templates, style)
    if warnings and strict:
        raise SystemExit(1)
    for warning in built.warnings:
        say(f"warning: {warning}", err=True)
    if built.skipped:
        say(_skipped(built.skipped), err=True)


def _check_target(target: Path) -> None:
    if "\0" in str(target):
        raise ConfigError(f"the output {str(target)!r} is no path: it has a null character")
    if target.is_dir():
        raise ConfigError(f"the output `{target}` is a directory: name a file in it")
    if target.exists() and not target.is_file():
        # replacing it is what writing would do, and /dev/null is not ours to replace
        raise ConfigError(f"the output `{target}` is no regular file")


def _skipped(names: tuple[str, ...]) -> str:
    count, shown = len(names), ", ".join(f"`{name}`" for name in names[:_NAMED])
    more = f" and {count - _NAMED} more" if count > _NAMED else ""
    return f"skipped {count} file{'s'[: count != 1]} that {'are' if count > 1 else 'is'} no text: {shown}{more}"


def _check(bundle: Bundle, target: Path) -> None:
    try:
        same = read_bundle(target, trusted=True) == bundle.data  # of which nothing is run
    except BundleError as error:
        raise BundleError(f"{error}; run `blendtpl compile`") from error
    if not same:
        raise BlendError(f"`{target}` is not what the sources give; run `blendtpl compile`")


def _summary(built: Build, target: Path) -> dict[str, Any]:
    return {
        "templates": len(built.bundle.manifest.templates),
        "cached": built.cached,
        "compiled": built.compiled,
        "size": len(built.bundle.data),
        "digest": built.bundle.digest,
        "output": str(target),
        **({"skipped": list(built.skipped)} if built.skipped else {}),
        "faults": [],
        **_warning_rows(built.bundle.warnings),
    }


def _closing(built: Build, target: Path, check: bool) -> str:
    bundle, count = built.bundle, len(built.bundle.manifest.templates)
    verb = "checked" if check else "wrote"
    return (
        f"{count} template{'s'[: count != 1]}, {built.cached} from cache, {built.compiled} compiled; "
        f"{verb} {one_line(str(target))}, {sized(len(bundle.data))}, sha256 {bundle.digest}"
    )


def _report(reported: Sequence[Fault], templates: SourceSet, style: str) -> None:
    """Tell of faults and warnings, in the order in which they stand in the templates."""
    warnings = [fault for fault in reported if isinstance(fault, TemplateWarning)]
    faults = [fault for fault in reported if not isinstance(fault, TemplateWarning)]
    if style == "json":
        say_json({"faults": _rows(faults), **_warning_rows(warnings)})
    elif style == "github":
        for fault in by_place(reported):
            say(_annotation(fault, templates))
    else:
        parts = [counted(len(some), what) for some, what in ((faults, "error"), (warnings, "warning")) if some]
        closing = f"{' and '.join(parts)} in {counted(len({fault.name for fault in reported}), 'template')}"
        say("\n\n".join((*map(str, by_place(reported)), closing)), err=True)


def _warning_rows(warnings: Sequence[Fault]) -> dict[str, object]:
    """Return what is added to a result for warnings, where there are any."""
    return {"warnings": _rows(warnings)} if warnings else {}


def _rows(faults: Iterable[Fault]) -> list[dict[str, object]]:
    fields = [
        field for field in Fault.__dataclass_fields__ if field != "error"
    ]  # which is an object, and in the message
    return [{field: getattr(fault, field) for field in fields} for fault in faults]


def _annotation(fault: Fault, templates: SourceSet) -> str:
    """Return a workflow command."""
    folders = templates if isinstance(templates, tuple) else ()
    files = [Path(folder, fault.name) for folder in folders]
    fields = {
        "file": next((file for file in files if file.exists()), (*files, Path(fault.name))[0]).as_posix(),
        "line": fault.line,
        "col": fault.column,
        "title": fault.kind,
    }
    listed = ",".join(f"{name}={escape_command(str(value), ':,')}" for name, value in fields.items() if value)
    level = "warning" if isinstance(fault, TemplateWarning) else "error"
    return f"::{level} {listed}::{escape_command(f'{fault.message}; {fault.hint}' if fault.hint else fault.message)}"
