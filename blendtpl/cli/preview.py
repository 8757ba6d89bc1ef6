"""``blendtpl preview``: every e-mail and page with its examples, on a page of this machine."""

from pathlib import Path

import click

from blendtpl.cli.common import (
    chosen,
    environment_option,
    errors_as_text,
    exclude_option,
    named_environment,
    project,
    say,
    source_argument,
)
from blendtpl.compiler.cache import default_folder
from blendtpl.extras import not_installed
from blendtpl.printable import one_line


@click.command("preview")
@source_argument
@click.option(
    "-p",
    "--port",
    type=click.IntRange(0, 65535),
    default=8700,
    show_default=True,
    help="The port; 0 is any that is free.",
)
@click.option("--open", "browser", is_flag=True, help="Open it in the browser.")
@exclude_option
@environment_option
@click.option(
    "--translations",
    metavar="DIR",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with LANGUAGE/LC_MESSAGES/*.mo.  [default: `locale`, `locales` or `translations` in the project]",
)
@click.option("--no-cache", is_flag=True, help="Neither read nor write the build cache.")
def preview_command(
    source: tuple[Path, ...],
    port: int,
    browser: bool,
    exclude: tuple[str, ...],
    environment: str | None,
    translations: tuple[Path, ...],
    no_cache: bool,
) -> None:
    """Show the e-mails and pages of the folder SOURCE, or of several, with their examples, as they are written.

    The page is for this machine alone, and comes back by itself when a template or an example changes. SOURCE and the
    environment are what [tool.blendtpl] of pyproject.toml says when they are left out.
    """
    with errors_as_text():
        try:
            from blendtpl.preview.languages import translation_folders
            from blendtpl.preview.serving import serve
            from blendtpl.preview.workspace import Project, folders_of
        except ImportError as error:
            raise not_installed("`blendtpl preview`", error) from None
        config = project()
        named = named_environment(environment or config.environment)
        templates = chosen(source, config, named)
        folders = folders_of(templates)
        shown = Project(
            templates=templates,
            environment=named,
            folders=folders,
            root=Path.cwd(),
            exclude=(*config.exclude, *exclude),
            output=config.output,
            ignored=config.ignored,
            cache=None if no_cache else default_folder(),
            translations=translations or translation_folders((config.root, *folders)),
            mail=config.mail,
            lint=config.lint,
        )
        serve(shown, port=port, browser=browser, say=say, warn=lambda text: say(f"warning: {one_line(text)}", err=True))
