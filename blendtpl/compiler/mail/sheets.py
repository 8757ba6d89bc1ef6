"""Sheets: the rules of a `<style>` element.

Enters: the text of one, in which numbered holes stand for what is printed. Leaves: its statements in order, each with
the text that it has, and what may be inlined of it. Nothing here knows elements.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import tinycss2
from cssselect2 import parser
from tinycss2.ast import Declaration, ParseError

from blendtpl.compiler.mail.flat import FIRST, LAST
from blendtpl.compiler.mail.selectors import inlinable

_SKIPPED = re.compile(r"/\*.*?(?:\*/|\Z)|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|\\.", re.DOTALL)
_FAMILIES = {
    "line-height": "font",
    **dict.fromkeys(("top", "right", "bottom", "left"), "inset"),
    **dict.fromkeys(("row-gap", "column-gap", "grid-gap", "grid-row-gap", "grid-column-gap"), "gap"),
}


@dataclass(frozen=True, slots=True)
class Selector:
    """A selector of a rule: its text, and what `cssselect2` makes of it, `None` where no inliner applies it."""

    text: str
    tree: Any
    specificity: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Rule:
    """A statement of a sheet. `selectors` are empty where it is no rule of style, as `@media`; `declarations` are name,
    value and whether it is important; `exact`: whether nothing of it is known at run time only.
    """

    text: str
    line: int
    selectors: tuple[Selector, ...]
    block: str
    declarations: tuple[tuple[str, str, bool], ...]
    exact: bool

    @property
    def families(self) -> frozenset[str]:
        """What properties it has a say in: all that one shorthand may set are one family."""
        return frozenset(family(name) for name, _, _ in self.declarations)


def family(name: str) -> str:
    """Return what a property belongs to, so that two which touch each other belong to the same."""
    plain = re.sub(r"\A-(?:webkit|moz|ms|o)-", "", name.lower())
    if plain.startswith(("--", "mso-")):
        return plain
    return _FAMILIES.get(plain, plain.partition("-")[0])


def touches(name: str, other: str) -> bool:
    """Return whether one of two properties, which are not the same, sets the other, or a part of it."""
    short, long = sorted((name, other), key=len)
    if long.startswith(f"{short}-") or {name, other} == {"font", "line-height"}:
        return name != other
    sides, looks = (
        [set(property_name.split("-")[1:]) & words for property_name in (name, other)]
        for words in ({"top", "right", "bottom", "left"}, {"width", "style", "color"})
    )
    if not (name.startswith("border-") and other.startswith("border-") and all(map(set.union, sides, looks))):
        return False
    return not any(all(words_of) and words_of[0] != words_of[1] for words_of in (sides, looks)) and name != other


def rules(text: str) -> tuple[Rule, ...] | None:
    """Return the statements of a sheet, or `None` where what is printed in it may be any rules."""
    statements = []
    for statement, offset in _statements(text):
        rule = _rule(statement, text.count("\n", 0, offset + len(statement) - len(statement.lstrip())))
        if rule is None:
            return None
        statements.append(rule)
    return tuple(statements)


def _statements(text: str) -> Iterator[tuple[str, int]]:
    """Yield each statement of a sheet, and where it begins."""
    depth, start = 0, 0
    for sign, at in _signs(text):
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if depth <= 0 and sign in "};":
            yield text[start:at], start
            start, depth = at, 0
    if text[start:].strip():
        yield text[start:], start


def _signs(text: str) -> Iterator[tuple[str, int]]:
    """Yield each sign that may mean something, with where it ends: none of strings and comments."""
    at = 0
    while at < len(text):
        skipped = _SKIPPED.match(text, at)
        if skipped:
            at = skipped.end()
            continue
        at += 1
        yield text[at - 1], at


def _rule(text: str, line: int) -> Rule | None:
    parsed = tinycss2.parse_one_rule(text, skip_comments=True)
    holed = FIRST in text
    if parsed.type != "qualified-rule":
        if holed and not (parsed.type == "at-rule" and parsed.at_keyword):
            return None
        return None if holed and text.lstrip().startswith(FIRST) else Rule(text, line, (), "", (), not holed)
    opening = _opening(text)
    prelude, block = text[:opening], text[opening:]
    if FIRST in prelude and prelude.strip().startswith(FIRST):
        return None  # what is printed may be rules, or the beginning of one
    declarations, exact = _declarations(parsed.content)
    selectors = tuple(_selector(selector) for selector in _split(prelude))
    return Rule(text, line, selectors, block, declarations, exact and not holed)


def _opening(text: str) -> int:
    return next(at - 1 for sign, at in _signs(text) if sign == "{")


def _split(prelude: str) -> Iterator[str]:
    """Yield the selectors of a list."""
    text, depth, start = re.sub(r"/\*.*?\*/|<!--|-->", "", prelude, flags=re.DOTALL), 0, 0
    for sign, at in _signs(text):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(sign, 0)
        if sign == "," and depth == 0:
            yield text[start : at - 1].strip()
            start = at
    yield text[start:].strip()


def _selector(text: str) -> Selector:
    if FIRST in text:
        return Selector(text, None, (0, 0, 0))
    try:
        selectors = list(parser.parse(text))
    except (parser.SelectorError, IndexError):
        return Selector(text, None, (0, 0, 0))
    one = selectors[0]
    applied = len(selectors) == 1 and one.pseudo_element is None and inlinable(one.parsed_tree)
    return Selector(text, one.parsed_tree if applied else None, one.specificity)


def _declarations(content: Any) -> tuple[tuple[tuple[str, str, bool], ...], bool]:
    declarations, exact = [], True
    for node in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
        if isinstance(node, Declaration):
            declarations.append((node.name, tinycss2.serialize(node.value).strip(), bool(node.important)))
        else:
            exact = exact and isinstance(node, ParseError)
    return tuple(declarations), exact


def holes(text: str) -> Iterator[int]:
    """Yield the numbers of the holes of a text."""
    for match in re.finditer(f"{FIRST}(\\d+){LAST}", text):
        yield int(match[1])
