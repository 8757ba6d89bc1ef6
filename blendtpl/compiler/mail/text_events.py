"""Text events: an HTML template as start tags, end tags, data and tags of Jinja2, in order.

Enters: a marked source, and its pieces. Leaves: events with their offsets. What stands in a tag or a comment of HTML is
a part of that.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from blendtpl.compiler.mail.marked import Marked
from blendtpl.compiler.mail.scanning import HOLE, Element
from blendtpl.compiler.mail.text_tags import Piece, Tags

_SPECIAL = re.compile(r"\b(?:kwargs|varargs|caller)\b")
_CLOSING = re.compile(r"</([A-Za-z][^\s/>]*)[^>]*>")
_HOLED = re.compile(rf"</[A-Za-z]*{HOLE}+[^>]*>")
_COMMENT = re.compile(r"<!--.*?-->|<![^>]*>", re.DOTALL)

Event = tuple[int, str, Element | Piece | str]


def events_of(marked: Marked, pieces: Sequence[Piece], tags: Tags) -> list[Event]:
    """Return the events of a template. A closing tag whose name is printed is called by the sign of a hole."""
    spans = [(element.start, element.end) for element in marked.elements]
    spans += [(comment.start(), comment.end()) for comment in _COMMENT.finditer(marked.masked)]
    events: list[Event] = [(element.start, "open", element) for element in marked.elements]
    for close in _HOLED.finditer(marked.masked):
        spans.append((close.start(), close.end()))
        events.append((close.start(), "close", HOLE))
    spans.sort()
    index = 0
    for piece in pieces:
        while index < len(spans) and spans[index][1] <= piece.start:
            index += 1
        if piece.word:
            inside = index < len(spans) and spans[index][0] <= piece.start < spans[index][1]
            if not inside:
                events.append((piece.start, "tag", piece))
            elif special := sorted(set(_SPECIAL.findall(piece.text))):
                # a macro takes these only where they are named in it
                named = "".join(tags.value(name) for name in special)
                text = f"{tags.statement('if false')}{named}{tags.statement('endif')}"
                events.append((piece.start, "tag", replace(piece, text=text, word="if")))
            continue
        at = piece.start
        cuts = [span for span in spans[index:] if span[0] < piece.end]
        for start, end in [*cuts, (piece.end, piece.end)]:
            if at < start:
                events += _closings(marked, at, min(start, piece.end))
            at = max(at, end)
    return sorted(events, key=lambda event: event[0])


def _closings(marked: Marked, start: int, end: int) -> Iterator[Event]:
    text, at = marked.text[start:end], 0
    for close in _CLOSING.finditer(text):
        if close.start() > at:
            yield start + at, "data", text[at : close.start()]
        yield start + close.start(), "close", close[1].lower()
        at = close.end()
    if at < len(text):
        yield start + at, "data", text[at:]
