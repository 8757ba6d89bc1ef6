"""Marked: a source whose elements have marks, and whose tags of Jinja2 are holes.

Enters: a source and the environment, whose own lexer says what is data and what is a tag. Leaves: where the elements of
the source are, and the same source with an attribute in each start tag that says which it is. The marks are in what
Jinja2 takes for data, so that they are in the data of its tree.
"""

from dataclasses import dataclass

import jinja2
from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.lexer import newline_re
from jinja2.parser import Parser

from blendtpl.compiler.frontend.reader import Source
from blendtpl.compiler.mail.scanning import HOLE, NOTHING, Element, elements

MARK = "blendtpl-mark"


@dataclass(frozen=True, slots=True)
class Marked:
    """A source as text whose line ends are ``\\n``, the same with holes, its elements, and the tree of the marked text.

    A mark is ``NUMBER.ELEMENT``; `number` is this source's. `translated` are the elements that translators see.
    """

    name: str
    number: int
    text: str
    masked: str
    elements: tuple[Element, ...]
    translated: frozenset[int]
    tree: nodes.Template

    def line(self, offset: int) -> int:
        """Return the line of an offset, from 1."""
        return self.text.count("\n", 0, offset) + 1


def mark(source: Source, number: int, environment: jinja2.Environment) -> Marked | None:
    """Return a source with marks, or `None` where it is none that Jinja2 reads, or an extension reads another."""
    text = "\n".join(newline_re.split(source.text)[::2])
    try:
        if str(environment.preprocess(text, source.name, source.name)) != text:
            return None
        masked, spans = _masked(environment, source.name, text)
        marked_elements = tuple(elements(masked))
        pieces, at = [], 0
        for index, element in enumerate(marked_elements):
            pieces += [text[at : element.named], f' {MARK}="{number}.{index}"']
            at = element.named
        marked = "".join([*pieces, text[at:]])
        tree = Parser(environment, marked, source.name, source.name).parse()
    except TemplateSyntaxError:
        return None
    translated = frozenset(
        index
        for index, element in enumerate(marked_elements)
        if any(start <= element.start < end for start, end in spans)
    )
    return Marked(source.name, number, text, masked, marked_elements, translated, tree)


def _masked(environment: jinja2.Environment, name: str, text: str) -> tuple[str, list[tuple[int, int]]]:
    """Return the text with the tags masked, and the spans of what is translated."""
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    at, tag, inside, opened, words = 0, "", "", 0, 0
    for _, kind, raw in environment.lexer.tokeniter(text, name, name):
        start = max(text.find(raw, at), at) if raw else at
        pieces.append(text[at:start])  # blanks that were stripped
        end = start + len(raw)
        at = end
        if kind == "data":
            pieces.append(raw)
            continue
        if kind.startswith(("comment", "linecomment", "raw")):
            pieces.append(NOTHING * len(raw))
            continue
        pieces.append(HOLE * len(raw))
        if kind.endswith("_begin"):
            tag, words = kind, 0
        elif kind == "name" and tag in {"block_begin", "linestatement_begin"} and words == 0:
            words, inside = 1, raw
            if raw == "endtrans":
                spans.append((opened, start))
        elif kind in {"block_end", "linestatement_end"} and inside == "trans":
            opened, inside = end, ""
    pieces.append(text[at:])
    return "".join(pieces), spans


def tags_of(environment: jinja2.Environment, name: str, text: str) -> list[tuple[int, int]]:
    """Return where Jinja2's tags and comments are in a text whose line ends are ``\\n``; raises what its lexer does."""
    spans: list[tuple[int, int]] = []
    at, begun = 0, -1
    for _, kind, raw in environment.lexer.tokeniter(text, name, name):
        start = max(text.find(raw, at), at) if raw else at
        at = start + len(raw)
        if kind == "data":
            continue
        if kind.startswith("raw") or kind in {"linecomment", "comment"}:
            begun = start if begun < 0 else begun
        if kind.endswith("_begin"):
            begun = start if begun < 0 else begun
        if kind.endswith("_end") or kind.startswith("raw"):
            spans.append((begun if begun >= 0 else start, start + len(raw.rstrip())))
            begun = -1
    return spans
