"""CSS: what a style sheet or a `style` attribute uses, and what applies to an element.

Enters: CSS with holes. Leaves: declarations and rules, with the offset of each; what has a hole in it is left out.
`tinycss2` reads it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import tinycss2
from tinycss2 import ast

from blendtpl.compiler.mail.lint import features
from blendtpl.compiler.mail.lint.values import HOLES


@dataclass(frozen=True, slots=True)
class Declaration:
    """A property with its value, as the parser gives it; `at` is the offset of its name in the CSS."""

    name: str
    value: tuple[ast.Node, ...]
    important: bool
    at: int

    @property
    def text(self) -> str:
        """The value as it is written."""
        return str(tinycss2.serialize(self.value)).strip()

    @property
    def is_known(self) -> bool:
        """Whether nothing of it is a hole."""
        return not has_hole(self.name) and not has_hole(self.text)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a style sheet; `media`: whether it stands in another, such as ``@media``."""

    selector: str
    declarations: tuple[Declaration, ...]
    at: int
    media: bool


@dataclass(frozen=True, slots=True)
class Use:
    """A feature that is used; `needle` is what to look for in the template."""

    slug: str
    needle: str
    at: int


def has_hole(text: str) -> bool:
    """Return whether not all of a text is known."""
    return any(hole in text for hole in HOLES)


def declarations(text: str) -> tuple[Declaration, ...]:
    """Return the declarations of a `style` attribute."""
    return _declarations(tinycss2.parse_blocks_contents(text, skip_comments=True, skip_whitespace=True), _lines(text))


def sheet(text: str) -> tuple[tuple[Rule, ...], tuple[Use, ...]]:
    """Return the rules of a style sheet, and its at-rules as uses."""
    lines = _lines(text)
    rules, uses = [], []
    for node, media in _nested(tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True), media=False):
        at = _offset(node, lines)
        if isinstance(node, ast.AtRule):
            uses.append(Use(features.of_at_rule(node.lower_at_keyword), f"@{node.at_keyword}", at))
        else:
            found = tinycss2.parse_blocks_contents(node.content, skip_comments=True, skip_whitespace=True)
            selector = str(tinycss2.serialize(node.prelude)).strip()
            rules.append(Rule(selector, _declarations(found, lines), at, media))
    return tuple(rules), tuple(uses)


def _nested(found: Sequence[ast.Node], *, media: bool) -> Iterator[tuple[Any, bool]]:
    for node in found:
        if isinstance(node, ast.QualifiedRule):
            yield node, media
        elif isinstance(node, ast.AtRule):
            yield node, media
            if node.content is not None and node.lower_at_keyword in ("media", "supports"):
                inner = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
                yield from _nested(inner, media=True)


def _declarations(found: Sequence[ast.Node], lines: Sequence[int]) -> tuple[Declaration, ...]:
    return tuple(
        Declaration(node.lower_name, tuple(node.value), node.important, _offset(node, lines))
        for node in found
        if isinstance(node, ast.Declaration)
    )


def _lines(text: str) -> list[int]:
    starts = [0]
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    return starts


def _offset(node: Any, lines: Sequence[int]) -> int:
    return int(lines[min(node.source_line, len(lines)) - 1] + node.source_column - 1)


def uses_of(found: Sequence[Declaration]) -> Iterator[Use]:
    """Yield the features of a block of declarations, but those for which it has something else as well: the same
    property before, for clients that ignore the second; or a colour behind an image.
    """
    plain = {each.name for each in found}
    if any(each.name == "display" and each.text == "none" for each in found):
        return  # nobody sees any of it
    before: set[str] = set()
    for each in found:
        if each.name not in before and each.is_known:
            keywords = frozenset(token.lower_value for token in each.value if isinstance(token, ast.IdentToken))
            slugs = {*_of_value(each.value), *features.of_property(each.name, keywords)}
            for slug in sorted(slugs):
                if not (slug.endswith("-gradient") and "background-color" in plain):
                    yield Use(slug, each.name, each.at)
        before.add(each.name)


def _of_value(value: Sequence[ast.Node]) -> Iterator[str]:
    for token in value:
        if isinstance(token, ast.DimensionToken):
            yield features.of_unit(token.lower_unit)
        elif isinstance(token, ast.PercentageToken):
            yield features.of_unit("%")
        elif isinstance(token, ast.FunctionBlock):
            slug = features.of_function(token.lower_name)
            if slug is not None:
                yield slug
            yield from _of_value(token.arguments)


def uses_of_selector(rule: Rule) -> Iterator[Use]:
    """Yield the features of a rule's selectors."""
    if has_hole(rule.selector):
        return
    tokens = tinycss2.parse_component_value_list(rule.selector)
    for at, token in enumerate(tokens):
        before = tokens[at - 1] if at else None
        if isinstance(before, ast.LiteralToken) and before.value == ":":
            element = at > 1 and isinstance(tokens[at - 2], ast.LiteralToken) and tokens[at - 2].value == ":"
            if isinstance(token, ast.IdentToken):
                yield Use(features.of_pseudo(token.lower_value, element=element), f":{token.value}", rule.at)
            elif isinstance(token, ast.FunctionBlock):
                yield Use(features.of_pseudo(token.lower_name, element=False), f":{token.name}", rule.at)
        elif isinstance(token, ast.LiteralToken) and token.value in (">", "~"):
            yield Use({">": "css-selector-child", "~": "css-selector-general-sibling"}[token.value], token.value, rule.at)
