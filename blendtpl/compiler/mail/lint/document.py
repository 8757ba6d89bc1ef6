"""Document: the elements of a variant's HTML, each with where it stands.

Enters: the pieces of a variant. Leaves: a tree. `html.parser` of the standard library reads the tags; elements that
HTML ends by itself (a paragraph before the next, a cell at the end of its row) end here as well. What is in a
conditional comment is for Outlook only, and no part of the tree.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from itertools import accumulate

from blendtpl.compiler.mail.lint.values import ANY, HOLES, Piece

VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "center",
        "div",
        "dl",
        "fieldset",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "ul",
    ]
)
_CELLS = frozenset({"td", "th", "tr", "tbody", "thead", "tfoot"})
_ENDED_BY = {  # what ends an element that is open
    "p": _BLOCKS,
    "li": frozenset({"li"}),
    "dt": frozenset({"dt", "dd"}),
    "dd": frozenset({"dt", "dd"}),
    "td": _CELLS,
    "th": _CELLS,
    "tr": _CELLS - {"td", "th"},
    "option": frozenset({"option"}),
}
_CLOSED = frozenset({"table", "ul", "ol", "dl", "select"})  # what nothing ends from inside
DEEPEST = 150  # of elements in each other; what is deeper stands beside
_MSO = re.compile(r"\[if [^\]]*mso", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a template."""

    template: str
    line: int


@dataclass(slots=True, eq=False)
class Element:
    """An element. `start` is the offset of its tag and `raw` the tag as it is written; `children` are elements, and
    texts with their offsets.
    """

    tag: str
    attributes: dict[str, str]
    start: int
    raw: str
    parent: "Element | None" = None
    depth: int = 0
    children: list["Element | Text"] = field(default_factory=list)

    @property
    def is_certain(self) -> bool:
        """Whether all of its attributes are known by name."""
        return not any(hole in name for name in self.attributes for hole in HOLES) and self.tag.isascii()

    def all(self, *tags: str) -> Iterator["Element"]:
        """Yield the elements in it, of these tags only where some are named."""
        for child in self.children:
            if isinstance(child, Element):
                if not tags or child.tag in tags:
                    yield child
                yield from child.all(*tags)

    def above(self) -> Iterator["Element"]:
        """Yield what it is in, the innermost first."""
        at = self.parent
        while at is not None:
            yield at
            at = at.parent

    def texts(self) -> Iterator["Text"]:
        """Yield the texts in it."""
        for child in self.children:
            if isinstance(child, Text):
                yield child
            elif child.tag not in ("style", "script", "title"):
                yield from child.texts()


@dataclass(slots=True, eq=False)
class Text:
    """A text in an element, entities read."""

    data: str
    start: int
    end: int
    parent: Element


@dataclass(frozen=True, slots=True)
class Document:
    """A variant's HTML. `for_outlook`: whether it has conditional comments for Outlook on Windows."""

    root: Element
    text: str
    pieces: tuple[Piece, ...]
    starts: tuple[int, ...]
    for_outlook: bool

    def place(self, offset: int) -> Place:
        """Return where in which template a character is from."""
        at = max(bisect_right(self.starts, offset) - 1, 0)
        piece = self.pieces[at]
        return Place(piece.template, piece.line + piece.text.count("\n", 0, offset - self.starts[at]))

    def printed(self, start: int, end: int) -> Iterator[tuple[str, Place]]:
        """Yield the variables that are printed between two characters, each with its place."""
        for at in range(max(bisect_right(self.starts, start) - 1, 0), len(self.pieces)):
            if self.starts[at] >= end:
                return
            piece = self.pieces[at]
            yield from ((name, Place(piece.template, piece.line)) for name in sorted(piece.names))


def document(pieces: Sequence[Piece]) -> Document:
    """Return the tree of a variant."""
    normalized = tuple(
        Piece(piece.text.replace("\r\n", "\n").replace("\r", "\n"), piece.template, piece.line, piece.names)
        for piece in pieces
        if piece.text
    ) or (Piece(" ", "", 1),)
    text = "".join(piece.text for piece in normalized)
    starts = tuple(accumulate((len(piece.text) for piece in normalized), initial=0))[:-1]
    builder = _Builder(text)
    try:
        builder.feed(text)
        builder.close()
    except AssertionError:  # by which the parser says that it cannot read a declaration
        return document([Piece(ANY, normalized[0].template, normalized[0].line)])
    return Document(builder.root, text, normalized, starts, builder.for_outlook)


class _Builder(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self.root = Element("", {}, 0, "")
        self.for_outlook = False
        self._at = self.root
        self._lines = [0, *(newline.end() for newline in re.finditer("\n", text))]

    def _offset(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._end_implied(tag)
        attributes: dict[str, str] = {}
        for name, value in attrs:
            attributes.setdefault(name, value or "")
        element = Element(tag, attributes, self._offset(), self.get_starttag_text() or "", self._at, self._at.depth + 1)
        self._at.children.append(element)
        if tag not in VOID and element.depth < DEEPEST:
            self._at = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)  # the slash means nothing in HTML

    def handle_endtag(self, tag: str) -> None:
        for element in (self._at, *self._at.above()):
            if element.tag == tag and element.parent is not None:
                self._at = element.parent
                return
            if element.tag in ("table", "td", "th") and tag not in (
                "table",
                "tr",
                "tbody",
                "thead",
                "tfoot",
                "body",
                "html",
            ):
                return  # an end tag in a cell ends nothing outside of it

    def handle_data(self, data: str) -> None:
        self._text(data, len(data))

    def handle_entityref(self, name: str) -> None:
        self._text(unescape(f"&{name};"), len(name) + 1)

    def handle_charref(self, name: str) -> None:
        self._text(unescape(f"&#{name};"), len(name) + 2)

    def _text(self, data: str, length: int) -> None:
        last = self._at.children[-1] if self._at.children else None
        start = self._offset()
        if isinstance(last, Text):
            last.data, last.end = last.data + data, start + length
        else:
            self._at.children.append(Text(data, start, start + length, self._at))

    def handle_comment(self, data: str) -> None:
        self.for_outlook = self.for_outlook or _MSO.match(data) is not None

    def unknown_decl(self, data: str) -> None:
        """`<![if !mso]>` and CDATA: what is in between is there."""
        self.for_outlook = self.for_outlook or "mso" in data

    def _end_implied(self, tag: str) -> None:
        for element in (self._at, *self._at.above()):
            if tag in _ENDED_BY.get(element.tag, ()) and element.parent is not None:
                self._at = element.parent
                if element.tag not in ("td", "th"):
                    return
            elif element.tag in _CLOSED or (element.tag in ("td", "th") and tag not in _CELLS):
                return
