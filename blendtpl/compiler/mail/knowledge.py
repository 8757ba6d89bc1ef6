"""Known: what is known of an element of a flattened text, whose attributes may have holes.

Enters: the holes of a message. Leaves: for each element what selectors may ask of it.
"""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from jinja2 import nodes

from blendtpl.compiler.mail.choices import Assumed, Choices, decided
from blendtpl.compiler.mail.flat import ANY, FIRST, FROZEN, LAST, LOOSE, Hole
from blendtpl.compiler.mail.scanning import HOLE, attributes_of
from blendtpl.compiler.mail.selectors import Known
from blendtpl.compiler.mail.tree import Node

_NUMBER = re.compile(f"{FIRST}(\\d+){LAST}")
_MOST = 64  # texts that one attribute may have


class Knowledge:
    """What is known of the elements of one message."""

    def __init__(self, holes: Sequence[Hole]) -> None:
        self.holes = holes
        self._facts: dict[int, Known] = {}

    def facts_of(self, node: Node) -> Known:
        """Return what is known of an element."""
        if id(node) not in self._facts:
            self._facts[id(node)] = self._find(node, {})
        return self._facts[id(node)]

    def tag(self, node: Node) -> tuple[Choices, ...]:
        """Return what is printed in an element's tag of which conditions decide, but for its style."""
        printed = (self.holes[number].choices for number in self._numbers(node))
        return tuple(choices for choices in printed if choices is not None and len(choices) > 1)

    def under(self, node: Node, assumed: Assumed) -> Known:
        """Return what is known of an element where these conditions hold, or do not."""
        holes = {}
        for number in self._numbers(node):
            hole = self.holes[number]
            text = None if hole.choices is None else decided(hole.choices, assumed)
            if text is not None:
                holes[number] = replace(hole, values=(text,))
        return self._find(node, holes)

    def _numbers(self, node: Node) -> Iterator[int]:
        for name, value in node.attributes.items():
            for text in (name, "" if name == "style" else value):
                yield from (int(match[1]) for match in _NUMBER.finditer(text))

    def filled(self, text: str, *, unescape: bool = False) -> str:
        """Return a text with those holes filled that always print the same; `unescape` is for values of attributes."""

        def fill(match: re.Match[str]) -> str:
            values = self.holes[int(match[1])].values
            if values is None or len(set(values)) > 1:
                return match[0]
            return html.unescape(values[0]) if unescape else values[0]

        return _NUMBER.sub(fill, text)

    def _find(self, node: Node, holes: Mapping[int, Hole]) -> Known:
        """Return what is known where these holes print something else than all that they may."""
        values: dict[str, frozenset[str | None]] = {}
        unknown: set[str] = set()
        opaque, sure = False, frozenset[str]()
        for name, text in node.attributes.items():
            if FIRST in name:
                number = _NUMBER.search(name)
                may_be = _attributes(holes.get(int(number[1]), self.holes[int(number[1])])) if number else None
                if may_be is None:
                    opaque = True
                    continue
                for attribute in {key for branch in may_be for key in branch}:
                    possible = {branch.get(attribute) for branch in may_be}
                    if attribute in values or any(text is not None and HOLE in text for text in possible):
                        unknown.add(attribute)
                    else:
                        values[attribute] = frozenset(possible)
            elif name in values:
                unknown.add(name)
            elif (texts := self._texts(text, holes)) is None:
                unknown.add(name)
                if name == "class":
                    sure = frozenset(_certain(text))
            else:
                values[name] = frozenset(texts)
        present = frozenset(name for name in node.attributes if FIRST not in name)
        loose = bool({LOOSE, FROZEN} & node.attributes.keys())
        return Known(None if ANY in node.name else node.name, values, frozenset(unknown), opaque, loose, sure, present)

    def _texts(self, text: str, holes: Mapping[int, Hole]) -> list[str] | None:
        """Return all that the value of an attribute may be."""
        texts, at = [""], 0
        for match in _NUMBER.finditer(text):
            values = holes.get(int(match[1]), self.holes[int(match[1])]).values
            if values is None or len(texts) * len(values) > _MOST:
                return None
            before = text[at : match.start()]
            texts = [prefix + before + html.unescape(value) for prefix in texts for value in dict.fromkeys(values)]
            at = match.end()
        return [prefix + text[at:] for prefix in texts]


def _certain(text: str) -> Iterator[str]:
    """Yield the words of a text that no hole touches."""
    for word in text.split():
        if FIRST not in word and LAST not in word:
            yield word


def _attributes(hole: Hole) -> list[dict[str, str]] | None:
    """Return the attributes that a hole in a tag may print, for each of its branches, or `None`."""
    branches: list[str] = []
    if hole.values is not None:
        branches = list(hole.values)
    elif isinstance(hole.node, nodes.If):
        bodies = [hole.node.body, *(branch.body for branch in hole.node.elif_), hole.node.else_]
        branches = ["".join(map(_holed, body)) for body in bodies]
    else:
        return None
    attributes_of_branches = []
    for branch in branches:
        attributes = attributes_of(branch)
        if attributes is None:
            return None
        attributes_of_branches.append({name: html.unescape(value) for name, value in attributes.items()})
    return attributes_of_branches


def _holed(node: nodes.Node) -> str:
    if isinstance(node, nodes.TemplateData):
        return node.data
    if isinstance(node, nodes.Output):
        return "".join(map(_holed, node.nodes))
    return HOLE
