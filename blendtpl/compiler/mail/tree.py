"""Tree: the elements of a flattened text, as an HTML parser puts them.

Enters: HTML as a serializer writes it, in which each element that is opened is closed. Leaves: nodes that know those
around and beside them. What is not there in each render, and what is printed, stands between them as a boundary.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from blendtpl.compiler.mail.scanning import VOID

_ENDING = ("a", "button", "nobr")


@dataclass(eq=False, slots=True)
class Node:
    """An element. `children` has `None` where a boundary is: beside one, what comes first or next is not known."""

    name: str
    attributes: dict[str, str]
    parent: Node | None
    children: list[Node | None] = field(default_factory=list)
    text: str = ""
    adrift: bool = False


class _Parser(HTMLParser):
    def __init__(self, boundary: str) -> None:
        super().__init__(convert_charrefs=True)
        self.boundary, self.nodes = boundary, []  # type: tuple[str, list[Node]]
        self.at: Node | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs}, self.at)
        if self.at is not None:
            self.at.children.append(node)
        self.nodes.append(node)
        if tag not in VOID:
            self.at = node

    def handle_endtag(self, tag: str) -> None:
        above = self.at
        while above is not None and above.name != tag:
            above = above.parent
        if above is not None:
            self.at = above.parent

    def handle_data(self, data: str) -> None:
        if self.at is not None:
            self.at.text += data

    def handle_comment(self, data: str) -> None:
        if self.at is not None and data.startswith(self.boundary):
            self.at.children.append(None)


def nodes_of(html: str, boundary: str) -> list[Node]:
    """Return the elements of a serialized document, in order."""
    parser = _Parser(boundary)
    parser.feed(html)
    parser.close()
    return parser.nodes


def find_adrift(nodes: list[Node], written: list[Node], mark: str, unknown: str) -> None:
    """Tell which nodes of a parser's tree are adrift: those that stand in another element than in `written`, which is
    read from the text as it was. What an element holds whose name is `unknown` is adrift too, and all that is beside a
    paragraph that may end before such an element; and everything, where a link stands in a link: a parser takes the
    outer one apart, in a way that differs with how often a loop runs.
    """
    if any(map(_ends_its_like, written)):
        for node in nodes:
            node.adrift = True
        return
    within = {id(node) for node in nodes if unknown in node.name}
    for node in nodes:
        if unknown in node.name and (paragraph := _paragraph(node)) is not None:
            within.add(id(paragraph.parent))
    parents: dict[str, list[str]] = {}
    for node in written:
        parents.setdefault(node.attributes.get(mark, ""), []).append(_above(node, mark))
    places: dict[str, list[str]] = {}
    for node in nodes:
        places.setdefault(node.attributes.get(mark, ""), []).append(_above(node, mark))
    for node in nodes:  # parents come first
        own = node.attributes.get(mark, "")
        if node.parent is not None and id(node.parent) in within:
            within.add(id(node))
            node.adrift = True
            continue
        node.adrift = bool(own) and sorted(places[own]) != sorted(parents.get(own, []))


def _ends_its_like(node: Node) -> bool:
    """Tell whether an element ends another of its name that it stands in (HTML, section 13.2.6.4.7)."""
    above = node.parent if node.name in _ENDING else None
    while above is not None and above.name != node.name:
        above = above.parent
    return above is not None


def _paragraph(node: Node) -> Node | None:
    above: Node | None = node.parent
    while above is not None and above.name != "p":
        above = above.parent
    return above


def _above(node: Node, mark: str) -> str:
    above = node.parent
    while above is not None and mark not in above.attributes:
        above = above.parent
    return "" if above is None else above.attributes[mark]
