"""Selectors: whether one matches an element in every render, in none, or in some.

Enters: the parsed selectors of `cssselect2`, and nodes with holes. Leaves: `YES`, `NO` or `MAYBE`. Which selectors an
inliner applies at all is its own affair; of the kinds that stand here all can be told from the tree.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cssselect2 import parser

from blendtpl.compiler.mail.tree import Node

NO, MAYBE, YES = 0, 1, 2

_BY_PLACE = {"first-child", "last-child", "only-child", "first-of-type", "last-of-type", "only-of-type", "empty"}
_BY_NUMBER = {"nth-child", "nth-last-child", "nth-of-type", "nth-last-of-type"}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an element: its name, `None` where it is printed, and for each attribute all values that it may
    have (`None` among them: it is not there). One whose value may be anything is in `open`; `opaque` are elements that
    may have any attributes, `loose` those that may be anywhere, and so may have anything; `sure` are classes that an
    element has whatever else is printed in its `class`, `present` attributes that it has, whatever their values.
    """

    name: str | None
    values: Mapping[str, frozenset[str | None]]
    open: frozenset[str]
    opaque: bool
    loose: bool
    sure: frozenset[str]
    present: frozenset[str]


Knowing = Callable[[Node], Known]


def inlinable(tree: Any) -> bool:
    """Return whether all of a selector is of the kinds that are told from the tree."""
    if isinstance(tree, parser.CombinedSelector):
        return tree.combinator in {" ", ">", "+", "~"} and inlinable(tree.left) and inlinable(tree.right)
    if isinstance(tree, parser.CompoundSelector):
        return all(map(inlinable, tree.simple_selectors))
    if isinstance(tree, parser.NegationSelector):
        return all(inlinable(selector.parsed_tree) and not selector.pseudo_element for selector in tree.selector_list)
    if isinstance(tree, parser.PseudoClassSelector):
        return tree.name in {*_BY_PLACE, "root", "link", "any-link"}
    if isinstance(tree, parser.FunctionalPseudoClassSelector):
        return tree.name in _BY_NUMBER
    return isinstance(
        tree, (parser.LocalNameSelector, parser.ClassSelector, parser.IDSelector, parser.AttributeSelector)
    )


def key(tree: Any) -> str:
    """Return a word that an element must have which a selector matches: an id, a class or a name, else ``*``."""
    while isinstance(tree, parser.CombinedSelector):
        tree = tree.right
    parts = tree.simple_selectors if isinstance(tree, parser.CompoundSelector) else [tree]
    words = [
        f"#{part.ident}"
        if isinstance(part, parser.IDSelector)
        else f".{part.class_name}"
        if isinstance(part, parser.ClassSelector)
        else part.lower_local_name
        for part in parts
        if isinstance(part, (parser.IDSelector, parser.ClassSelector, parser.LocalNameSelector))
    ]
    return str(min(words, key=lambda word: "#.".find(word[0]) % 3, default="*"))


def words(facts: Known) -> set[str] | None:
    """Return all words of `key` that an element may have, or `None` where it may have any."""
    if facts.loose or facts.opaque or facts.name is None or {"id", "class"} & facts.open:
        return None
    classes = {word for value in facts.values.get("class", ()) for word in (value or "").split()}
    return {"*", facts.name, *(f".{word}" for word in classes), *(f"#{value}" for value in facts.values.get("id", ()))}


def matches(tree: Any, node: Node, facts_of: Knowing) -> int:
    """Return whether a selector matches an element."""
    if isinstance(tree, parser.CombinedSelector):
        right = matches(tree.right, node, facts_of)
        return right and min(right, _combined(tree, node, facts_of))
    if isinstance(tree, parser.CompoundSelector):
        least = YES
        for part in tree.simple_selectors:
            least = min(least, _simple(part, node, facts_of))
            if least == NO:
                return NO
        return least
    return _simple(tree, node, facts_of)


def _combined(tree: Any, node: Node, facts_of: Knowing) -> int:
    if facts_of(node).loose or node.adrift:
        return MAYBE
    if tree.combinator == ">":
        return NO if node.parent is None else matches(tree.left, node.parent, facts_of)
    if tree.combinator == " ":
        best, above = NO, node.parent
        while above is not None and best != YES:
            best = max(best, matches(tree.left, above, facts_of))
            if facts_of(above).loose or above.adrift:
                best = max(best, MAYBE)
            above = above.parent
        return best
    before = _siblings(node, facts_of)
    if before is None:
        return MAYBE
    before = before[: before.index(node)]
    if tree.combinator == "+":
        return matches(tree.left, before[-1], facts_of) if before else NO
    return max((matches(tree.left, sibling, facts_of) for sibling in before), default=NO)


def _siblings(node: Node, facts_of: Knowing) -> list[Node] | None:
    """Return an element with those beside it, or `None` where some of them may not be there, or others may."""
    if node.parent is None:
        return [node]
    if node.adrift or node.parent.adrift or any(child is not None and child.adrift for child in node.parent.children):
        return None
    if facts_of(node.parent).loose or None in node.parent.children:
        return None
    return [child for child in node.parent.children if child is not None]


def _simple(part: Any, node: Node, facts_of: Knowing) -> int:
    facts = facts_of(node)
    if isinstance(part, parser.NegationSelector):
        return YES - max((matches(selector.parsed_tree, node, facts_of) for selector in part.selector_list), default=NO)
    if facts.loose:
        return MAYBE
    if isinstance(part, parser.LocalNameSelector):
        return MAYBE if facts.name is None else YES * (part.lower_local_name == facts.name)
    if isinstance(part, parser.ClassSelector):
        if part.class_name in facts.sure and not facts.opaque:
            return YES
        return _attribute(facts, "class", lambda value: part.class_name in value.split())
    if isinstance(part, parser.IDSelector):
        return _attribute(facts, "id", lambda value: part.ident == value)
    if isinstance(part, parser.AttributeSelector) and part.operator is None and part.lower_name in facts.present:
        return YES
    if isinstance(part, parser.AttributeSelector):
        return _attribute(facts, part.lower_name, lambda value: _holds(part, value))
    if isinstance(part, parser.PseudoClassSelector) and part.name == "root":
        return YES * (node.parent is None)
    if isinstance(part, parser.PseudoClassSelector) and part.name in {"link", "any-link"}:
        if facts.name is not None and facts.name not in {"a", "area", "link"}:
            return NO
        href = YES if "href" in facts.present else _attribute(facts, "href", lambda value: True)
        return min(YES if facts.name else MAYBE, href)
    if isinstance(part, parser.PseudoClassSelector) and part.name == "empty":
        return MAYBE if None in node.children else YES * (not node.children and not node.text)
    return _by_place(part, node, facts_of)


def _attribute(facts: Known, name: str, test: Callable[[str], bool]) -> int:
    if facts.opaque or name in facts.open:
        return MAYBE
    results = {value is not None and test(value) for value in facts.values.get(name, (None,))}
    return MAYBE if len(results) > 1 else YES * results.pop()


def _holds(part: Any, value: str) -> bool:
    expected = part.value
    if part.operator is None:
        return True
    if part.case_sensitive is False:
        expected, value = expected.lower(), value.lower()
    if part.operator == "=":
        return bool(value == expected)
    if part.operator == "~=":
        return bool(expected) and expected in value.split()
    if part.operator == "|=":
        return bool(value == expected or value.startswith(f"{expected}-"))
    if part.operator == "^=":
        return bool(expected) and value.startswith(expected)
    if part.operator == "$=":
        return bool(expected) and value.endswith(expected)
    return bool(expected) and expected in value


def _by_place(part: Any, node: Node, facts_of: Knowing) -> int:
    beside = _siblings(node, facts_of)
    if beside is None:
        return MAYBE
    name: str = part.name
    if name.endswith("of-type"):
        if any(facts_of(sibling).name is None for sibling in beside):
            return MAYBE
        beside = [sibling for sibling in beside if sibling.name == node.name]
    at = beside.index(node)
    if name.startswith("first"):
        return YES * (at == 0)
    if name.startswith("last"):
        return YES * (at == len(beside) - 1)
    if name.startswith("only"):
        return YES * (len(beside) == 1)
    return _numbered(part.arguments, len(beside) - at if "last" in name else at + 1)


def _numbered(arguments: Sequence[Any], place: int) -> int:
    from tinycss2.nth import parse_nth

    formula = parse_nth(arguments)
    if formula is None:
        return MAYBE
    step, start = formula
    if step == 0:
        return YES * (place == start)
    return YES * ((place - start) % step == 0 and (place - start) // step >= 0)
