"""Places in HTML: what a browser takes the next character of a page for.

Enters: a place, and text or a hole, which is whatever a template prints. Leaves: the place behind that. This is what of
a tokenizer of HTML a hole has to do with: text, tags, attributes and their quotes, and elements whose text is raw.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

HOLE = "\ue000"  # in a name or a value, something that is printed there

TEXT, COMMENT, DECLARATION, RAW = "text", "comment", "declaration", "raw"
TAG_NAME, TAG, NAME, BEHIND_NAME, BEFORE_VALUE = "tag name", "tag", "name", "behind name", "before value"
DOUBLE, SINGLE, BARE = "double-quoted value", "single-quoted value", "unquoted value"
VALUES = frozenset((DOUBLE, SINGLE, BARE))

_RAW_TEXT = frozenset(("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"))
_KEPT = 64  # characters of a value: enough to know what kind of URL it is

_OPENS = re.compile(r"<(?:(?P<comment>!--)|(?P<declaration>[!?])|(?=/?[A-Za-z]))")
_ENDS = {
    COMMENT: re.compile(r"--!?>"),
    DECLARATION: re.compile(r">"),
    DOUBLE: re.compile(r'"'),
    SINGLE: re.compile(r"'"),
    BARE: re.compile(r"(?=[\s>])"),
}
_NAMES = {TAG_NAME: re.compile(r"[^\s/>]*"), NAME: re.compile(r"[^\s/>=]*")}
_BLANK = re.compile(r"\s*")
_BETWEEN = re.compile(r"[\s/]*")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is printed. `tag` is the element that is being opened, or whose raw text this is, with a slash
    before one that is being closed; `kind` what the `type` of a script says; `value` what of a value is before this.
    """

    mode: str = TEXT
    tag: str = ""
    attribute: str = ""
    value: str = ""
    kind: str = ""


def behind_text(place: Place, text: str) -> Place:
    """Return the place behind a text."""
    at = 0
    while at < len(text):
        place, at = _step(place, text, at)
    return place


def steps(place: Place, text: str) -> Iterator[tuple[Place, int, int, Place]]:
    """Yield the parts of a text that are in one place: that place, where they begin and end, and the place behind."""
    at = 0
    while at < len(text):
        before, start = place, at
        place, at = _step(place, text, at)
        yield before, start, at, place


def behind_hole(place: Place) -> Place:
    """Return the place behind something that is printed, and does not leave what it is in."""
    match place.mode:
        case "tag name":
            return replace(place, tag=place.tag + HOLE)
        case "tag" | "behind name":
            return replace(place, mode=NAME, attribute=HOLE)
        case "name":
            return replace(place, attribute=place.attribute + HOLE)
        case "before value":
            return replace(place, mode=BARE, value=HOLE)
        case "double-quoted value" | "single-quoted value" | "unquoted value":
            return replace(place, value=(place.value + HOLE)[:_KEPT])
    return place


def joined(places: list[Place | None]) -> Place | None:
    """Return the place behind branches, each of which ends in one; `None` where they cannot be told to be one."""
    known = [place for place in places if place is not None]
    if len(known) < len(places):
        return None
    if len(set(known)) == 1:
        return known[0]
    ended = [_without_name(place) for place in known]
    modes = {(place.mode, place.tag) for place in ended}
    if len(modes) > 1:
        return None
    first = max(ended, key=lambda place: len(place.value))
    attributes = {place.attribute for place in ended}
    return replace(first, attribute=first.attribute if len(attributes) == 1 else HOLE)


def _without_name(place: Place) -> Place:
    """Return a place in or behind a name in a tag as one where the next attribute may begin."""
    return replace(place, mode=TAG, attribute="") if place.mode in {TAG_NAME, NAME, BEHIND_NAME} else place


def _step(place: Place, text: str, at: int) -> tuple[Place, int]:
    match place.mode:
        case "text":
            return _in_text(place, text, at)
        case "raw":
            closing = re.compile(rf"</{re.escape(place.tag)}(?=[\s/>])", re.IGNORECASE).search(text, at)
            if closing is None:
                return place, len(text)
            return Place(TAG, f"/{place.tag}"), closing.end()
        case "comment" | "declaration":
            end = _ENDS[place.mode].search(text, at)
            return (Place(), end.end()) if end else (place, len(text))
        case "tag name" | "name":
            return _in_name(place, text, at)
        case "tag":
            return _in_tag(place, text, at)
        case "behind name":
            return _behind_name(place, text, at)
        case "before value":
            return _before_value(place, text, at)
    return _in_value(place, text, at)


def _in_text(place: Place, text: str, at: int) -> tuple[Place, int]:
    opens = _OPENS.search(text, at)
    if opens is None:
        return place, len(text)
    if opens["comment"]:
        return Place(COMMENT), opens.end()
    if opens["declaration"]:
        return Place(DECLARATION), opens.end()
    closes = text.startswith("/", opens.end())
    return Place(TAG_NAME, "/" if closes else ""), opens.end() + closes


def _in_name(place: Place, text: str, at: int) -> tuple[Place, int]:
    found = _NAMES[place.mode].match(text, at)
    end = found.end() if found else at
    word = text[at:end].lower()
    named = (
        replace(place, tag=place.tag + word)
        if place.mode == TAG_NAME
        else replace(place, attribute=place.attribute + word)
    )
    if end == len(text):
        return named, end
    return replace(named, mode=TAG if place.mode == TAG_NAME else BEHIND_NAME), end


def _in_tag(place: Place, text: str, at: int) -> tuple[Place, int]:
    blank = _BETWEEN.match(text, at)
    at = blank.end() if blank else at
    if at == len(text):
        return place, at
    if text[at] == ">":
        if place.tag in _RAW_TEXT:
            return Place(RAW, place.tag, kind=place.kind), at + 1
        return Place(), at + 1
    return replace(place, mode=NAME, attribute="=" if text[at] == "=" else ""), at + (text[at] == "=")


def _behind_name(place: Place, text: str, at: int) -> tuple[Place, int]:
    blank = _BLANK.match(text, at)
    at = blank.end() if blank else at
    if at == len(text):
        return place, at
    if text[at] == "=":
        return replace(place, mode=BEFORE_VALUE, value=""), at + 1
    return replace(place, mode=TAG, attribute=""), at


def _before_value(place: Place, text: str, at: int) -> tuple[Place, int]:
    blank = _BLANK.match(text, at)
    at = blank.end() if blank else at
    if at == len(text):
        return place, at
    if text[at] in {'"', "'"}:
        return replace(place, mode=DOUBLE if text[at] == '"' else SINGLE), at + 1
    return replace(place, mode=TAG if text[at] == ">" else BARE), at


def _in_value(place: Place, text: str, at: int) -> tuple[Place, int]:
    end = _ENDS[place.mode].search(text, at)
    value = (place.value + text[at : end.start() if end else None])[:_KEPT]
    if end is None:
        return replace(place, value=value), len(text)
    kind = value.strip().lower() if (place.tag, place.attribute) == ("script", "type") else place.kind
    return replace(place, mode=TAG, attribute="", value="", kind=kind), end.end()
