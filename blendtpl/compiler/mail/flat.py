"""Flat: the text that a message is flattened to, and what is known of it.

Enters: pieces of HTML, holes and boundaries, in order. Leaves: one text, in whose tags holes have numbers. Nothing here
knows templates.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from jinja2 import nodes

from blendtpl.compiler.mail.choices import Choices
from blendtpl.compiler.mail.marked import MARK
from blendtpl.compiler.mail.scanning import VOID, advance

BOUNDARY, ANY, LOOSE, FROZEN = "blendtpl", "blendtpl-any", "blendtpl-loose", "blendtpl-frozen"
FIRST, LAST = "\ue002", "\ue003"  # around the number of a hole

_PARTIAL_NAME = re.compile(r"</?[A-Za-z][A-Za-z0-9]*\Z")
_TAGS = re.compile(r"<(/?)([A-Za-z][^\s/>]*)(?:\"[^\"]*\"|'[^']*'|[^>\"'])*>")


class Unreadable(Exception):  # noqa: N818  # it is no mistake
    """A message that cannot be flattened: where, and why."""

    def __init__(self, template: str, line: int, why: str) -> None:
        super().__init__(template, line, why)
        self.template, self.line, self.why = template, line, why


@dataclass(frozen=True, slots=True)
class Hole:
    """What is printed in a tag or a style sheet. `values` are all the texts that it may be, `None` where unknown;
    `choices` say under which conditions it is which, where that is known.
    """

    node: nodes.Node
    values: tuple[str, ...] | None
    choices: Choices | None = None


@dataclass(slots=True)
class Flat:
    """The texts of a message, its holes, the marks that are not there in each render, where markup may come from of
    which nothing is known, and the templates that were looked at.
    """

    texts: list[str] = field(default_factory=list)
    holes: list[Hole] = field(default_factory=list)
    maybe: set[str] = field(default_factory=set)
    markup: list[tuple[str, int]] = field(default_factory=list)
    reached: set[str] = field(default_factory=set)


class Text:
    """A text that is being written. `mode` is the part of HTML that its end is in, `opened` the tags that are open."""

    def __init__(self, flat: Flat, conditions: int = 0) -> None:
        self._flat = flat
        self._pieces: list[str] = []
        self.length, self.mode, self.conditions = 0, "text", conditions
        self.opened: list[str] = []
        self.least = 0  # how few tags have been open
        self._pending = ""

    def __str__(self) -> str:
        return "".join(self._pieces)

    def data(self, text: str) -> None:
        """Write data of a template."""
        if self.conditions:
            self._flat.maybe.update(re.findall(rf'{MARK}="([\d.]+)"', text))
        text = re.sub(r"<link(?=[\s/>])", "<meta", text)  # the inliner would look for the file
        self.mode = advance(self.mode, text)
        self.emit(text)

    def emit(self, text: str) -> None:
        """Write HTML that leaves the mode as it is."""
        self._pieces.append(text)
        self.length += len(text)
        self._pending += text
        if self.mode != "text" and not self.mode.startswith("raw"):
            return
        text, self._pending = self._pending, ""
        for close, name in _TAGS.findall(text):
            if close and name in self.opened:
                while self.opened and self.opened.pop() != name:
                    pass
                self.least = min(self.least, len(self.opened))
            elif close:
                self.least = -1
            elif name.lower() not in VOID:
                self.opened.append(name)

    def boundary(self, text: str = "") -> None:
        """Write that what stands here is not known."""
        if self.mode == "text":
            self._pieces.append(f"<!--{BOUNDARY}{text}-->")

    def region(self) -> Callable[[], None]:
        """Begin what is not there in each render, or more than once; return how to end it."""
        self.boundary("(")
        self.conditions += 1

        def end() -> None:
            self.conditions -= 1
            self.boundary(")")

        return end

    def hole(self, node: nodes.Node, values: tuple[str, ...] | None, choices: Choices | None = None) -> None:
        """Write a hole in a tag, a value or a sheet."""
        if self.mode in {"comment", "other"} or (self.mode.startswith("raw") and self.mode != "raw style"):
            return
        written = "".join(self._pieces[-2:])
        if written.endswith(("<", "</")) or (self.mode == "tag" and _PARTIAL_NAME.search(written)):
            self.emit(ANY)
            return
        separate = self.mode.startswith("tag") and not written[-1:].isspace() and not written.endswith("=")
        self.emit(f"{' ' * separate}{FIRST}{self._number(node, values, choices)}{LAST}")

    def links(self, node: nodes.Node) -> None:
        """Write that links may be printed here whose attributes are not known."""
        self.emit(f"<a {FIRST}{self._number(node, None)}{LAST}></a>")
        self.boundary()

    def _number(self, node: nodes.Node, values: tuple[str, ...] | None, choices: Choices | None = None) -> int:
        self._flat.holes.append(Hole(node, values, choices))
        return len(self._flat.holes) - 1


def wrapped(text: str, *, frozen: bool) -> str:
    """Return a loose text as a document, within what its first element can stand in."""
    attribute = FROZEN if frozen else LOOSE
    first = re.search(r"<([A-Za-z0-9]+)", text)
    name = first[1].lower() if first else ""
    around = {"tr": ["table", "tbody"], "td": ["table", "tbody", "tr"], "th": ["table", "tbody", "tr"]}.get(
        name, ["div"]
    )
    if name in {"tbody", "thead", "tfoot", "caption", "colgroup"}:
        around = ["table"]
    opening = "".join(f"<{tag} {attribute}>" for tag in around)
    return f"<html {attribute}><body {attribute}>{opening}{text}</body></html>"
