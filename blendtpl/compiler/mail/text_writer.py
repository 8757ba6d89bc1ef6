"""Text writer: the text of one template, from its HTML.

Enters: a marked source. Leaves: a text with Jinja2's tags in their lines. What an element means for a text is a break
before and behind it, and at most a word; breaks are printed by tags, so that no control of blanks takes them away.
"""

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jinja2

from blendtpl.compiler.mail.marked import Marked
from blendtpl.compiler.mail.scanning import HOLE, VOID, Attribute, Element, unquoted
from blendtpl.compiler.mail.text_events import Event, events_of
from blendtpl.compiler.mail.text_tags import Piece, Tags, depth, pieces, string

OVERRIDE = "data-text"  # what is written in place of an element; nothing where it is empty

_PARAGRAPHS = frozenset(
    (
        *("p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "dl", "blockquote", "pre", "figure", "address"),
        "hr",
    )
)
_INLINE = frozenset(
    (
        *("a", "abbr", "b", "bdi", "bdo", "big", "body", "br", "center", "cite", "code", "col", "colgroup", "data"),
        *("del", "dfn", "em", "font", "html", "i", "img", "input", "ins", "kbd", "label", "link", "mark", "meta", "q"),
        *(
            "s",
            "samp",
            "small",
            "span",
            "strike",
            "strong",
            "sub",
            "sup",
            "tbody",
            "td",
            "tfoot",
            "th",
            "thead",
            "time",
        ),
        *("tt", "u", "var", "wbr"),
    )
)
_UNSEEN = frozenset(("head", "style", "script", "title", "noscript", "template"))
_FILLER = re.compile("[\u034f\u200b-\u200f\u2007\u00ad\u2060\ufeff]")
_BLANK = re.compile(r"\s+")
_VALUE = ("print", "trans")


@dataclass(slots=True)
class _Open:
    """An element that is open: what is to be written where it ends, and how much of the text there was before it."""

    name: str
    behind: str = ""
    kind: str = ""  # of a table, or of a list
    count: int = 0
    unseen: bool = False
    loop: bool = False


class TextWriter:
    """Writes the text of one template."""

    def __init__(self, marked: Marked, environment: jinja2.Environment, twinned: Callable[[str], bool]) -> None:
        self._marked = marked
        self._pieces = list(pieces(environment, marked.name, marked.text, twinned))
        self._elements = {element.start: element for element in marked.elements}
        self._out: list[str] = []
        self._line = 1
        self._stack: list[_Open] = []
        self._fresh = True  # a line has begun
        self._ended = False  # an element that has lines of its own
        self._loops = 0
        self._tags = Tags(environment)

    def written(self) -> str:
        """Return the text, which has as many lines as the template."""
        self._run(events_of(self._marked, self._pieces, self._tags))
        self._pad(self._marked.text.count("\n") + 1)
        body = "".join(self._out)
        root = not any(piece.word == "extends" for piece in self._pieces)
        whole = root and "<body" in self._marked.text.lower()
        return self._tidied(body) if whole else body

    def _tidied(self, body: str) -> str:
        """Return a text whose render has no more blank lines than it should, nor lines that are too long."""
        once = 'replace("\\n\\n\\n", "\\n\\n")'
        # the first takes the blanks at the ends of lines along
        filters = f'wordwrap(76, false, "\\n", false)|replace("\\n ", "\\n")|{"|".join([once] * 6)}|trim'
        tags = self._tags
        return f"{tags.statement(f'filter {filters}')}{body}{tags.statement('endfilter')}{tags.value(string(chr(10)))}"

    def _run(self, events: Sequence[Event]) -> None:
        translated = ""
        for index, (offset, kind, what) in enumerate(events):
            line = self._marked.line(offset)
            if isinstance(what, Piece):
                if what.word == "trans":
                    translated = self._translation(index, events)
                    self._emit_filter(translated)
                self._jinja(what)
                if what.word == "endtrans" and translated:
                    self._emit(self._tags.statement("endfilter"))
                    translated = ""
            elif self._in_translation(index, events):
                self._verbatim(offset, kind, what)
            elif kind == "open" and isinstance(what, Element):
                self._opened(what, line)
            elif kind == "close":
                self._closed(str(what))
            else:
                self._data(str(what), line)

    def _in_translation(self, index: int, events: Sequence[Event]) -> bool:
        for _, _, what in reversed(events[:index]):
            if isinstance(what, Piece) and what.word in {"trans", "endtrans"}:
                return what.word == "trans"
        return False

    def _translation(self, index: int, events: Sequence[Event]) -> str:
        """Return the filters that take those tags and entities out of a translation that are in its text."""
        words: dict[str, str] = {}
        for _, kind, what in events[index + 1 :]:
            if isinstance(what, Piece):
                if what.word == "endtrans":
                    break
            elif kind == "open" and isinstance(what, Element):
                words[self._marked.text[what.start : what.end]] = "\n" if what.name == "br" else ""
            elif kind == "close":
                words[f"</{what}>"] = ""
            else:
                words |= {
                    entity: html.unescape(entity).replace("\xa0", " ") for entity in re.findall(r"&#?\w+;", str(what))
                }
        return "|".join(f"replace({string(word)}, {string(by)})" for word, by in words.items())

    def _emit_filter(self, filters: str) -> None:
        if filters:
            self._emit(self._tags.statement(f"filter {filters}"))

    def _verbatim(self, offset: int, kind: str, what: object) -> None:
        if kind == "open" and isinstance(what, Element):
            self._out.append(self._marked.text[what.start : what.end])
        elif kind == "close":
            self._out.append(f"</{what}>")
        else:
            self._out.append(str(what))
            self._line += str(what).count("\n")
        self._fresh = False

    # pieces

    def _emit(self, text: str) -> None:
        self._out.append(text)

    def _pad(self, line: int) -> None:
        """Begin a line of the template: what stands in it is to have the same in the text."""
        if line > self._line:
            self._out.append(self._tags.comment("\n" * (line - self._line)))
            self._line = line

    def _break(self, count: int) -> None:
        if not self._hidden():
            self._out.append(self._tags.value(string("\n" * count)))
            self._fresh, self._ended = True, False

    def _inlined(self) -> None:
        """Begin a line if something ended one and nothing did since."""
        if self._ended:
            self._break(1)

    def _hidden(self) -> bool:
        return any(opened.unseen for opened in self._stack)

    def _jinja(self, piece: Piece) -> None:
        if self._hidden() and piece.word == "print":
            return
        if piece.word in _VALUE:
            self._inlined()
        self._pad(piece.line)
        self._out.append(piece.text)
        self._line += piece.text.count("\n")
        self._loops += {"for": 1, "endfor": -1}.get(piece.word, 0)
        if piece.word in {"macro", "endmacro"} or (piece.word in {"block", "endblock"} and not self._stack):
            self._fresh = self._ended = False  # where this is printed is not known
        if piece.word in _VALUE:
            self._fresh = False

    def _data(self, text: str, line: int) -> None:
        if self._hidden():
            return
        if self._stack and self._stack[-1].name == "pre":
            self._out.append("".join(self._tags.value(string(part)) for part in [html.unescape(text)]))
            return
        shown = html.unescape(text)
        if _FILLER.search(shown) and not _FILLER.sub("", shown).strip():
            return  # which keeps a preview from going on
        shown = _BLANK.sub(" ", _FILLER.sub("", shown).replace("\xa0", " "))
        if self._fresh or self._ended:
            shown = shown.lstrip(" ")
        if not shown:
            return
        self._inlined()
        delimiters = self._tags.delimiters
        self._out.append(self._tags.value(string(shown)) if any(sign in shown for sign in delimiters) else shown)
        self._fresh = False

    # elements

    def _opened(self, element: Element, line: int) -> None:
        name = element.name
        override = element.attribute(OVERRIDE)
        opened = _Open(name, loop=bool(self._loops))
        if name in _UNSEEN or self._value(element, "aria-hidden") == "true" or override is not None:
            if override is not None and not self._hidden():
                self._starts(element, opened)
                self._shown(override, line)
                opened.behind = ""
            opened.unseen = True
            end = self._end_of(element)
            if end >= 0 and self._balanced(element.end, end):
                self._push(opened, self._tags.statement("if false"), self._tags.statement("endif"))
            else:
                self._push(opened, "", "")
            return
        self._starts(element, opened)
        if name == "br":
            self._break(1)
        elif name == "hr":
            self._emit("-" * 20)
            self._break(2)
        elif name == "img":
            alt = element.attribute("alt")
            if alt is not None:
                self._shown(alt, line)
        elif name == "a":
            before, opened.behind = self._link(element)
            if before:
                self._inlined()
                self._emit(before)
        self._push(opened, "", opened.behind)

    def _end_of(self, element: Element) -> int:
        """Return where an element's end tag is, or -1."""
        level, name = 0, re.escape(element.name)
        for tag in re.finditer(rf"<(/?){name}(?=[\s/>])", self._marked.masked[element.start :], re.IGNORECASE):
            level += -1 if tag[1] else 1
            if level == 0:
                return element.start + tag.start()
        return -1

    def _push(self, opened: _Open, before: str, behind: str) -> None:
        if opened.name in VOID:
            return
        if not self._hidden() and before:
            self._emit(before)
        opened.behind = behind
        self._stack.append(opened)

    def _starts(self, element: Element, opened: _Open) -> None:
        name = element.name
        if self._hidden():
            return
        if name in _PARAGRAPHS or name not in _INLINE:
            self._break(2 if name in _PARAGRAPHS else 1)
        if name == "table":
            opened.kind = "layout" if self._value(element, "role") in {"presentation", "none"} else "data"
        if name in {"td", "th"}:
            self._cell(element, opened)
        if name == "li":
            self._item()

    def _cell(self, element: Element, cell: _Open) -> None:
        """Begin a cell: a line in a table of layout, a column in one of data, or a word and what it is."""
        table = next((opened for opened in reversed(self._stack) if opened.name == "table"), None)
        row = next((opened for opened in reversed(self._stack) if opened.name == "tr"), None)
        if row is not None:
            row.count += 1
        if row is None or (table is not None and table.kind == "layout"):
            if row is None or row.count > 1:
                self._break(1)
            return
        if element.name == "th" and self._value(element, "scope") == "row":
            row.kind = "named"
            cell.behind = ": "
        elif table is None:  # a row of a table that is elsewhere
            self._emit("  " if row.count > 1 else "")
        elif row.kind != "named":
            end = self._end_of(element)
            if end >= 0 and self._balanced(element.end, end):
                self._emit(self._tags.statement("set blendtpl_cell"))
                width = 32 if row.count == 1 else 12
                side = "" if row.count > 1 and self._value(element, "align") == "right" else "-"
                padded = string(f"%{side}{width}s  ") + "|format(blendtpl_cell|trim)"
                cell.behind = f"{self._tags.statement('endset')}{self._tags.value(padded)}"
            else:
                cell.behind = "  "
        self._fresh = True

    def _item(self) -> None:
        above = next((opened for opened in reversed(self._stack) if opened.name in {"ul", "ol"}), None)
        if above is None or above.name == "ul":
            self._emit("* ")
        elif self._loops and not above.loop:
            self._emit(f"{self._tags.value('loop.index')}. ")
        else:
            above.count += 1
            self._emit(f"{above.count}. ")
        self._fresh = True

    def _closed(self, name: str) -> None:
        if name == HOLE:  # the end of an element whose name is printed
            name = next((opened.name for opened in reversed(self._stack) if HOLE in opened.name), name)
        if not any(opened.name == name for opened in self._stack):
            return
        while self._stack:
            closed = self._stack.pop()
            if not self._hidden():
                if closed.behind:
                    self._emit(closed.behind)
                if not closed.unseen and closed.name in _PARAGRAPHS:
                    self._break(2)
                elif not closed.unseen and closed.name not in _INLINE:
                    self._ended = True
                elif closed.behind and closed.name in {"td", "th"}:
                    self._fresh = True
            if closed.name == name:
                return

    def _link(self, element: Element) -> tuple[str, str]:
        """Return what stands before the text of a link, and behind it: its address, unless that is its text."""
        attribute = element.attribute("href")
        close = self._marked.masked.find("</a", element.end)
        if attribute is None or close < 0:
            return "", ""
        address = self._in_text(attribute)
        plain = re.sub(r"\A(?:mailto|tel):", "", address)
        label = _BLANK.sub("", self._marked.text[element.end : close])
        written = re.sub(r"\A(?:mailto|tel):", "", unquoted(self._marked.text[attribute.value : attribute.end]))
        if not address or address.startswith("#") or label == _BLANK.sub("", written):
            return "", ""
        printed = HOLE in self._marked.masked[element.end : close]
        if not (
            printed and any(sign in address for sign in self._tags.delimiters) and self._balanced(element.end, close)
        ):
            return "", f" ({address})"
        stored = f"{self._tags.statement('set blendtpl_address')}{plain}{self._tags.statement('endset')}"
        other = self._tags.statement("if blendtpl_label|trim != blendtpl_address|trim")
        address = self._tags.value("blendtpl_address")
        shown = f"{self._tags.value('blendtpl_label')}{other} ({address}){self._tags.statement('endif')}"
        return self._tags.statement("set blendtpl_label"), f"{self._tags.statement('endset')}{stored}{shown}"

    def _balanced(self, start: int, end: int) -> bool:
        """Return whether each tag of Jinja2 that begins between two offsets ends there."""
        level = 0
        for piece in self._pieces:
            if start <= piece.start < end and piece.word not in {"", "print"}:
                if level == 0 and piece.word in {"else", "elif", "pluralize", "break", "continue", "extends"}:
                    return False
                level += depth(piece)
                if level < 0:
                    return False
        return level == 0

    def _shown(self, attribute: Attribute, line: int) -> None:
        text = self._in_text(attribute)
        if text:
            self._pad(line)
            self._emit(text)
            self._line += text.count("\n")
            self._fresh = False

    def _in_text(self, attribute: Attribute) -> str:
        """Return the value of an attribute as text, with the tags in it."""
        parts = []
        start, end = attribute.value, attribute.end
        if self._marked.text[start : start + 1] in {'"', "'"}:
            start, end = start + 1, end - 1
        for piece in self._pieces:
            if piece.end <= start or piece.start >= end:
                continue
            if piece.word:
                parts.append(piece.text)
            else:
                parts.append(html.unescape(self._marked.text[max(piece.start, start) : min(piece.end, end)]))
        return "".join(parts)

    def _value(self, element: Element, name: str) -> str:
        attribute = element.attribute(name)
        return "" if attribute is None else unquoted(self._marked.text[attribute.value : attribute.end]).lower()
