"""Messages: what a message is flattened to, and the sheets that it has.

Enters: a message's flattened texts. Leaves: its elements by the tags that they come from, and its sheets in order.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

import css_inline

from blendtpl.compiler.mail.flat import ANY, BOUNDARY, FIRST, FROZEN, LAST, LOOSE, Flat
from blendtpl.compiler.mail.knowledge import Knowledge
from blendtpl.compiler.mail.marked import MARK
from blendtpl.compiler.mail.sheets import Rule, rules
from blendtpl.compiler.mail.tree import Node, find_adrift, nodes_of

_PARSER = css_inline.CSSInliner(inline_style_tags=False, keep_style_tags=True, load_remote_stylesheets=False)
_WRAPPERS = {LOOSE, FROZEN}

NUMBERED = re.compile(f"{FIRST}\\d+{LAST}")


@dataclass(slots=True)
class Sheet:
    """A `<style>` of a message. `rules` are `None` where they may be anything, `certain`: whether it is there in each
    render and for all media.
    """

    mark: str
    raw: str
    text: str
    rules: tuple[Rule, ...] | None
    certain: bool


@dataclass(slots=True)
class Message:
    """A message: its flattened texts, their elements by mark, and its sheets in order, with the rules by `key`."""

    name: str
    flat: Flat
    knowledge: Knowledge
    places: dict[str, list[Node]]
    unmarked: list[Node]
    sheets: list[Sheet]
    index: dict[str, set[tuple[int, int]]] = field(default_factory=dict)


def read_message(name: str, flat: Flat, parsed: dict[str, tuple[Rule, ...] | None]) -> Message:
    """Return a message; `parsed` are the rules of sheets that were read before."""
    places: dict[str, list[Node]] = defaultdict(list)
    unmarked: list[Node] = []
    orders: list[list[str]] = []
    texts: dict[str, str] = {}
    raws: dict[str, str] = {}
    other: set[str] = set()
    knowledge = Knowledge(flat.holes)
    for written in flat.texts:
        styles = []
        nodes = nodes_of(_PARSER.inline(written), BOUNDARY)
        if f"<!--{BOUNDARY}" in written:
            find_adrift(nodes, nodes_of(written, BOUNDARY), MARK, ANY)
        for node in nodes:
            own = node.attributes.get(MARK, "")
            if own:
                places[own].append(node)
            elif not _WRAPPERS & node.attributes.keys() and not (node.name == "head" and _is_wrapper(node.parent)):
                unmarked.append(node)
            if node.name == "style":
                styles.append(own)
                raws.setdefault(own, node.text)
                text = knowledge.filled(node.text)
                if NUMBERED.sub(FIRST, texts.setdefault(own, text)) != NUMBERED.sub(FIRST, text):
                    other.add(own)
                if node.attributes.get("media", "all").lower() not in {"", "all", "screen"} or "data-css-inline" in (
                    node.attributes
                ):
                    flat.maybe.add(own)
        orders.append(styles)
    main = [styles for styles in orders if styles] or [[]]
    steady = all(styles == main[0] for styles in main)
    sheets = []
    for own in dict.fromkeys(mark for styles in main for mark in styles):
        text = texts[own]
        if text not in parsed:
            parsed[text] = rules(text)
        certain = steady and bool(own) and own not in flat.maybe and all(s.count(own) == 1 for s in main)
        sheets.append(Sheet(own, raws[own], text, None if own in other else parsed[text], certain))
    return Message(name, flat, knowledge, dict(places), unmarked, sheets)


def _is_wrapper(node: Node | None) -> bool:
    return node is not None and bool(_WRAPPERS & node.attributes.keys())
