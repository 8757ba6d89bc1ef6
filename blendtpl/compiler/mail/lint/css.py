"""CSS: what a style sheet or a `style` attribute uses, and what applies to an element.

Enters: CSS with holes. Leaves: declarations and rules, with the offset of each; what has a hole in it is left out.
`tinycss2` reads it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tinycss2
from tinycss2 import ast

from blendtpl.compiler.mail.lint import features
from blendtpl.compiler.mail.lint.values import HOLES


@dataclass(frozen=True, slots=True)
class Declaration:
    """A property with its value, the words of that, and the features that are units and functions in it; `at` is the
    offset of its name in the CSS.
    """

    name: str
    text: str
    words: frozenset[str]
    features: frozenset[str]
    important: bool
    at: int

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


class Reader:
    """Reads CSS, each text once. `properties` are the features of properties."""

    def __init__(self, properties: Mapping[str, str]) -> None:
        self._properties = properties
        self._declarations: dict[str, tuple[Declaration, ...]] = {}
        self._sheets: dict[str, Sheet] = {}
        self._uses: dict[tuple[Declaration, ...], tuple[Use, ...]] = {}

    def declarations(self, text: str) -> tuple[Declaration, ...]:
        """Return the declarations of a `style` attribute."""
        if text not in self._declarations:
            nodes = tinycss2.parse_blocks_contents(text, skip_comments=True, skip_whitespace=True)
            self._declarations[text] = _declarations(nodes, _lines(text))
        return self._declarations[text]

    def sheet(self, text: str) -> "Sheet":
        """Return the rules of a style sheet, and its at-rules as uses."""
        if text not in self._sheets:
            self._sheets[text] = _sheet(text)
        return self._sheets[text]

    def uses(self, declarations: tuple[Declaration, ...]) -> tuple[Use, ...]:
        """Return the features of a block of declarations."""
        if declarations not in self._uses:
            self._uses[declarations] = tuple(_uses_of(declarations, self._properties))
        return self._uses[declarations]


Sheet = tuple[tuple[Rule, ...], tuple[Use, ...]]


def _sheet(text: str) -> Sheet:
    lines = _lines(text)
    rules, uses = [], []
    for node, media in _nested(tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True), media=False):
        at = _offset(node, lines)
        if isinstance(node, ast.AtRule):
            # a font that is not loaded is one that decorates
            if not (node.lower_at_keyword == "import" and "font" in str(tinycss2.serialize(node.prelude))):
                uses.append(Use(features.of_at_rule(node.lower_at_keyword), f"@{node.at_keyword}", at))
        else:
            nodes = tinycss2.parse_blocks_contents(node.content, skip_comments=True, skip_whitespace=True)
            selector = str(tinycss2.serialize(node.prelude)).strip()
            if not media and any(isinstance(child, ast.QualifiedRule) for child in nodes):
                uses.append(Use("css-nesting", selector, at))
            rules.append(Rule(selector, _declarations(nodes, lines), at, media))
    return tuple(rules), tuple(uses)


def _nested(nodes: Sequence[ast.Node], *, media: bool) -> Iterator[tuple[Any, bool]]:
    for node in nodes:
        if isinstance(node, ast.QualifiedRule):
            yield node, media
        elif isinstance(node, ast.AtRule):
            yield node, media
            if node.content is not None and node.lower_at_keyword in ("media", "supports"):
                inner = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
                yield from _nested(inner, media=True)


def _declarations(nodes: Sequence[ast.Node], lines: Sequence[int]) -> tuple[Declaration, ...]:
    return tuple(
        Declaration(
            node.lower_name,
            str(tinycss2.serialize(node.value)).strip(),
            frozenset(token.lower_value for token in node.value if isinstance(token, ast.IdentToken)),
            frozenset(_of_value(node.value)),
            node.important,
            _offset(node, lines),
        )
        for node in nodes
        if isinstance(node, ast.Declaration)
    )


def _lines(text: str) -> list[int]:
    starts = [0]
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    return starts


def _offset(node: Any, lines: Sequence[int]) -> int:
    return int(lines[min(node.source_line, len(lines)) - 1] + node.source_column - 1)


def _uses_of(declarations: Sequence[Declaration], by_property: Mapping[str, str]) -> Iterator[Use]:
    """Yield the features of a block of declarations, but those for which it has something else as well: the same
    property before, for clients that ignore the second; or a colour behind an image.
    """
    plain = {declaration.name for declaration in declarations}
    if any(declaration.name == "display" and declaration.text == "none" for declaration in declarations):
        return  # nobody sees any of it
    before: set[str] = set()
    for declaration in declarations:
        if declaration.name not in before and declaration.is_known:
            slugs = {*declaration.features, *features.of_property(declaration.name, declaration.words, by_property)}
            for slug in sorted(slugs):
                if not (slug.endswith("-gradient") and "background-color" in plain):
                    yield Use(slug, declaration.name, declaration.at)
        before.add(declaration.name)


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
    signs = ["", "", *(token.value if isinstance(token, ast.LiteralToken) else "" for token in tokens)]
    for token, (second, first, sign) in zip(tokens, zip(signs, signs[1:], signs[2:], strict=False), strict=False):
        if first == ":" and isinstance(token, ast.IdentToken):
            yield Use(features.of_pseudo(token.lower_value, element=second == ":"), f":{token.value}", rule.at)
        elif first == ":" and isinstance(token, ast.FunctionBlock):
            yield Use(features.of_pseudo(token.lower_name, element=False), f":{token.name}", rule.at)
        elif sign in _COMBINATORS:
            yield Use(_COMBINATORS[sign], rule.selector, rule.at)


_COMBINATORS = {">": "css-selector-child", "~": "css-selector-general-sibling"}
