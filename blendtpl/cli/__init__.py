"""The command line: what a person types, and the text that a person reads. All work is done elsewhere.

A mistake of the user prints one text on standard error and exits 1; a call that is not understood exits 2.
"""

from typing import Any

import click

from blendtpl.cli.compile import compile_command
from blendtpl.cli.explain import explain_command
from blendtpl.cli.messages import messages_command
from blendtpl.cli.migrate import migrate_command
from blendtpl.cli.preview import preview_command
from blendtpl.cli.render import render_command
from blendtpl.cli.show import list_command
from blendtpl.cli.soak import soak_command
from blendtpl.cli.verify import verify_command
from blendtpl.cli.walk import walk_command
from blendtpl.printable import one_line
from blendtpl.tools.versions import version_line


class _Commands(click.Group):
    """The commands. What click says of a call that it does not understand has no orders for a terminal in it either."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.ClickException as error:
            error.message = one_line(error.message)  # type: ignore[misc]  # for a class of ours
            raise

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            error.message = one_line(error.message)  # type: ignore[misc]  # for a class of ours
            raise


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version_line(), message="%(version)s")
def command() -> None:
    """Compile Jinja2 templates ahead of time, and render from what was compiled."""


command.add_command(compile_command)
command.add_command(render_command)
command.add_command(list_command)
command.add_command(explain_command)
command.add_command(verify_command)
command.add_command(soak_command)
command.add_command(preview_command)
command.add_command(messages_command)
command.add_command(migrate_command)
command.add_command(walk_command)
