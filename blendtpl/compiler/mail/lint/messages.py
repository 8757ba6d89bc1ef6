"""Messages: what the lint of a build looks at, and what it finds there.

Enters: the linked program, and the settings of messages. Leaves: warnings. Only here is anything known of how messages
are defined.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jinja2
from jinja2 import nodes

from blendtpl.compiler.analysis.linker import Program
from blendtpl.compiler.frontend.positions import Positions
from blendtpl.compiler.frontend.reader import Source
from blendtpl.compiler.lint.ignores import check_names
from blendtpl.compiler.lint.stage import Cache
from blendtpl.compiler.mail.folders import Definition, folders
from blendtpl.compiler.mail.lint.settings import Settings
from blendtpl.compiler.mail.lint.stage import MailStage, MessageParts, PartName
from blendtpl.compiler.mail.settings import FILE
from blendtpl.compiler.mail.settings import Settings as MessageSettings
from blendtpl.errors import ConfigError, TemplateWarning


def lint_messages(
    program: Program,
    files: Mapping[str, MessageSettings | None],
    settings: Settings,
    environment: jinja2.Environment,
    sources: Mapping[str, Source],
    cache: Cache | None,
    key: Callable[[str, dict[str, Any]], str],
    tree: Callable[[str], nodes.Template | None],
    locate: Callable[[str], Positions],
) -> list[TemplateWarning]:
    """Return what is wrong with the messages of a program; `files` are what `message.toml` files say."""

    def reach(name: str) -> dict[str, str]:
        reached = (name, *program.templates[name].reach)
        return {other: sources[other].digest for other in reached if other in sources}

    found = folders(program.templates, files)
    messages = [
        parts
        for definition in (*found.values(), *_in_blocks(program))
        if (parts := _parts(definition, program)) is not None
    ]
    stage = MailStage(environment, settings, cache, key, tree, locate, reach)
    return stage.warnings(program.templates, messages)


def _in_blocks(program: Program) -> Iterator[Definition]:
    """Yield the templates that are messages by their blocks."""
    for name, linked in program.templates.items():
        if {"subject", "html"} <= set(linked.blocks):
            yield Definition(
                name, {each: each for each in ("subject", "text", "html") if each in linked.blocks}, template=name
            )


def _parts(definition: Definition, program: Program) -> MessageParts | None:
    """Return the parts of a message that has HTML, or `None`."""

    def part(what: str) -> PartName | None:
        if what not in definition.parts:
            return None
        if definition.template is not None:
            return PartName(definition.template, what)
        return PartName(definition.parts[what]) if definition.parts[what] in program.templates else None

    html, settings = part("html"), definition.settings
    if html is None:
        return None
    ignored = settings.lint.get("ignore", [])
    if not isinstance(ignored, list):
        raise ConfigError(f"{definition.name}/{FILE}: setting `ignore` of [lint] is no list of strings")
    try:
        check_names(ignored)
    except ConfigError as error:
        raise ConfigError(f"{definition.name}/{FILE}: {error}") from None
    return MessageParts(
        html,
        part("text"),
        part("subject"),
        settings.category or "",
        settings.unsubscribe,
        settings.text_from_html,
        frozenset(ignored),
    )
