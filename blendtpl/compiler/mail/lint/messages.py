"""Messages: what the lint of a build looks at, and what it finds there.

Enters: the linked program, and its messages. Leaves: warnings. Only here is anything known of how messages are defined.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import jinja2
from jinja2 import nodes

from blendtpl.compiler.analysis.linker import Program
from blendtpl.compiler.frontend.positions import Positions
from blendtpl.compiler.frontend.reader import Source
from blendtpl.compiler.lint.ignores import check_names
from blendtpl.compiler.lint.stage import Cache
from blendtpl.compiler.mail.folders import Definition
from blendtpl.compiler.mail.lint.settings import Settings
from blendtpl.compiler.mail.lint.stage import MailStage, MessageParts, PartName
from blendtpl.compiler.mail.settings import FILE
from blendtpl.errors import ConfigError, TemplateWarning


def lint_messages(
    program: Program,
    listed: Iterable[Definition],
    settings: Settings,
    environment: jinja2.Environment,
    sources: Mapping[str, Source],
    cache: Cache | None,
    key: Callable[[str, dict[str, Any]], str],
    tree: Callable[[str], nodes.Template | None],
    locate: Callable[[str], Positions],
) -> list[TemplateWarning]:
    """Return what is wrong with the messages of a program, of which these are all that there are."""

    def reach(name: str) -> dict[str, str]:
        reached = (name, *program.templates[name].reach)
        return {other: sources[other].digest for other in reached if other in sources}

    messages = [parts for definition in listed if (parts := _parts(definition, program)) is not None]
    stage = MailStage(environment, settings, cache, key, tree, locate, reach)
    return stage.warnings(program.templates, messages)


def _parts(definition: Definition, program: Program) -> MessageParts | None:
    """Return the parts of a message that has HTML, or `None`; one with a part that is broken is passed over."""

    def part(what: str) -> PartName | None:
        if what not in definition.parts:
            return None
        return PartName(definition.parts[what]) if template is None else PartName(template, what)

    template, settings = definition.template, definition.settings
    names = definition.parts.values() if template is None else [template]
    html = part("html")
    if html is None or not all(name in program.templates for name in names):
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
