"""Stage: the lint of all messages of a build.

Enters: the names, texts and trees of all templates. Leaves: warnings. What was found in a message is kept under the
digests of everything that it reaches.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import jinja2
from jinja2 import nodes

from blendtpl.compiler.frontend.positions import Positions, Spot
from blendtpl.compiler.lint.stage import Cache
from blendtpl.compiler.mail.lint.basis import Basis, basis
from blendtpl.compiler.mail.lint.compatibility import compatibility
from blendtpl.compiler.mail.lint.content import content
from blendtpl.compiler.mail.lint.contrast import contrast
from blendtpl.compiler.mail.lint.decisions import Decisions, variants
from blendtpl.compiler.mail.lint.delivery import Message, Part, delivery, shown
from blendtpl.compiler.mail.lint.document import Place, document
from blendtpl.compiler.mail.lint.expand import Run
from blendtpl.compiler.mail.lint.finding import Finding
from blendtpl.compiler.mail.lint.pages import Expanded, Templates, TooLarge
from blendtpl.compiler.mail.lint.settings import Settings
from blendtpl.compiler.mail.lint.support import version
from blendtpl.compiler.mail.lint.values import ANY
from blendtpl.errors import TemplateWarning

# what the functions of the environment give is no variable of the message
_FUNCTIONS = frozenset({"_", "gettext", "ngettext", "npgettext", "pgettext"})


@dataclass(frozen=True, slots=True)
class PartName:
    """The template that is a part of a message, or that has it as a block."""

    template: str
    block: str = ""


@dataclass(frozen=True, slots=True)
class MessageParts:
    """What are the parts of a message, and what its definition says."""

    html: PartName
    text: PartName | None = None
    subject: PartName | None = None
    category: str = ""
    unsubscribe: bool = False
    text_from_html: bool = False
    ignored: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class MailStage:
    """Looks at the messages of a build. `tree` gives the tree of a template, `reach` all templates that one may print,
    with itself, and their digests.
    """

    environment: jinja2.Environment
    settings: Settings
    cache: Cache | None
    key: Callable[[str, dict[str, Any]], str]
    tree: Callable[[str], nodes.Template | None]
    locate: Callable[[str], Positions]
    reach: Callable[[str], Mapping[str, str]]

    def warnings(self, names: Iterable[str], messages: Iterable[MessageParts]) -> list[TemplateWarning]:
        """Return what is wrong with messages; `names` are all templates that there are."""
        work = _Work(Templates(self.tree, names), self.environment, self.settings)
        template_names = work.templates.names
        findings: dict[Finding, None] = {}
        for message in messages:
            for finding in self._message(message, work):
                if finding.rule not in message.ignored and _is_selected(finding, self.settings):
                    findings[finding] = None
        positions: dict[str, Positions] = {}
        warnings = []
        for finding in findings:
            name = finding.place.template
            if name in template_names:
                if name not in positions:
                    positions[name] = self.locate(name)
                warnings.append(_warning(finding, positions[name]))
        return warnings

    def _message(self, message: MessageParts, work: "_Work") -> list[Finding]:
        if self.cache is None:
            return work.findings(message)
        parts = [part for part in (message.html, message.text, message.subject) if part is not None]
        digests = {name: digest for part in parts for name, digest in self.reach(part.template).items()}
        # which templates there are decides what an include finds
        content_of = {"digests": sorted(digests.items()), "names": sorted(work.templates.names)}
        key = self.key(
            "mail", {**content_of, "message": repr(message), "settings": repr(self.settings), "data": version()}
        )
        data = self.cache.get(key)
        findings = None if data is None else _from_bytes(data)
        if findings is None:
            findings = work.findings(message)
            self.cache.put(key, _to_bytes(findings))
        return findings


class _Work:
    """What the messages of one build share."""

    def __init__(self, templates: Templates, environment: jinja2.Environment, settings: Settings) -> None:
        self.templates, self._environment, self._settings = templates, environment, settings
        self._basis: Basis | None = None

    def findings(self, message: MessageParts) -> list[Finding]:
        """Return what is found in a message."""
        if self._basis is None:
            self._basis = basis(self._settings)
        return list(dict.fromkeys(self._findings(message, self._basis)))

    def _findings(self, message: MessageParts, basis: Basis) -> Iterator[Finding]:
        try:
            html = self._html(message.html)
            text = None if message.text is None else self._text(message.text)
            subject = frozenset[str]() if message.subject is None else self._text(message.subject).reads
        except (TooLarge, RecursionError):
            return  # nothing is said of what is too much to follow
        for variant in html.documents:
            yield from compatibility(variant, basis)
            yield from content(variant, basis)
            yield from contrast(variant, basis)
        # what stands in the subject has been read by everybody
        html = replace(html, reads=html.reads | subject)
        text = None if text is None else replace(text, reads=text.reads | subject)
        more = message.category, message.unsubscribe, message.text_from_html
        yield from delivery(Message(message.html.template, html, text, *more))

    def _variants(self, part: PartName) -> list[Expanded]:
        def render(decisions: Decisions) -> Expanded:
            return Run(self.templates, self._environment, decisions).expand(part.template, part.block)

        return list(variants(render))

    def _html(self, part: PartName) -> Part:
        expanded = self._variants(part)
        documents = tuple(document(variant.pieces) for variant in expanded)
        reads = frozenset().union(*(variant.reads for variant in expanded)) - _FUNCTIONS
        printed: dict[str, Place] | None = {}
        for variant in documents:
            printed = None if printed is None or ANY in variant.text else {**shown(variant), **printed}
        return Part(part.template, documents, reads, _variables(printed))

    def _text(self, part: PartName) -> Part:
        expanded = self._variants(part)
        reads = frozenset().union(*(variant.reads for variant in expanded)) - _FUNCTIONS
        pieces = [piece for variant in expanded for piece in variant.pieces]
        printed = {name: Place(piece.template, piece.line) for piece in reversed(pieces) for name in piece.names}
        return Part(
            part.template, (), reads, None if any(piece.text == ANY for piece in pieces) else _variables(printed)
        )


def _is_selected(finding: Finding, settings: Settings) -> bool:
    return not settings.select or finding.rule in settings.select


def _variables(printed: dict[str, Place] | None) -> dict[str, Place] | None:
    return None if printed is None else {name: place for name, place in printed.items() if name not in _FUNCTIONS}


def _warning(finding: Finding, positions: Positions) -> TemplateWarning:
    line = finding.place.line
    spot = positions.of_text(line, finding.needle) if finding.needle else positions.of_text(line, "")
    if not finding.needle or not spot.column:
        spot = Spot(line, 0, 1, spot.source_line)
    return TemplateWarning(
        finding.place.template,
        spot.line,
        spot.column,
        finding.rule,
        finding.message,
        finding.hint,
        spot.width,
        spot.source_line,
    )


def _to_bytes(findings: Iterable[Finding]) -> bytes:
    rows = [
        [finding.rule, finding.place.template, finding.place.line, finding.needle, finding.message, finding.hint]
        for finding in findings
    ]
    return json.dumps(rows).encode()


def _from_bytes(data: bytes) -> list[Finding] | None:
    try:
        return [
            Finding(rule, Place(template, line), needle, message, hint)
            for rule, template, line, needle, message, hint in json.loads(data)
        ]
    except (ValueError, TypeError):
        return None
