"""Scanning: where the start tags of an HTML text are, and in what part of HTML a place of it is.

Enters: text in which what Jinja2 prints is masked by one character. Leaves: elements with the places of their names and
attributes. Nothing here knows Jinja2, and nothing is made of the text: a tree is the business of an HTML parser.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

HOLE = "\ue000"  # stands for each character of what is printed, or decided, by Jinja2
NOTHING = "\ue001"  # stands for each character of what prints nothing

_KNOWN = frozenset(
    (
        *[
            "a",
            "abbr",
            "address",
            "area",
            "article",
            "aside",
            "audio",
            "b",
            "bdi",
            "bdo",
            "big",
            "blockquote",
            "body",
            "br",
            "button",
            "canvas",
            "caption",
            "center",
        ],
        *[
            "cite",
            "code",
            "col",
            "colgroup",
            "data",
            "dd",
            "del",
            "details",
            "dfn",
            "dialog",
            "dir",
            "div",
            "dl",
            "dt",
            "em",
            "embed",
            "fieldset",
            "figure",
            "font",
        ],
        *[
            "footer",
            "form",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "head",
            "header",
            "hr",
            "html",
            "i",
            "iframe",
            "img",
            "input",
            "ins",
            "kbd",
            "label",
            "legend",
            "li",
            "link",
        ],
        *[
            "main",
            "map",
            "mark",
            "meta",
            "nav",
            "noscript",
            "object",
            "ol",
            "optgroup",
            "option",
            "p",
            "param",
            "picture",
            "pre",
            "q",
            "s",
            "samp",
            "section",
        ],
        *[
            "select",
            "small",
            "source",
            "span",
            "strike",
            "strong",
            "style",
            "sub",
            "summary",
            "sup",
            "table",
            "tbody",
            "td",
            "template",
            "textarea",
        ],
        *["tfoot", "th", "thead", "time", "title", "tr", "tt", "u", "ul", "var", "video", "wbr"],
    )
)
VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
RAW = ("style", "script", "title", "textarea", "xmp", "iframe", "noembed", "noframes")

_OPENING = re.compile(rf"<(?:(?P<comment>!--)|(?P<other>[!?])|(?P<close>/)?(?P<name>[A-Za-z{HOLE}][^\s/>{NOTHING}]*))")
_PLAIN = re.compile(r"[A-Za-z0-9]+")
_BLANK = re.compile(rf"[\s/{NOTHING}]*")
_NAME = re.compile(rf"{HOLE}+|=?[^\s/>=<{HOLE}{NOTHING}]+")
_EQUALS = re.compile(r"\s*=\s*")
_VALUE = re.compile(rf"\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^\s>\"'{NOTHING}]+)")
_HOLED = re.compile(f"[{HOLE}{NOTHING}]")


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute's name in lower case, and where it begins, its value, with the quotes, begins, and both end.

    One without a value has an empty one behind its name. A name that is a hole is no name.
    """

    name: str
    start: int
    value: int
    end: int


@dataclass(frozen=True, slots=True)
class Element:
    """A start tag: its name in lower case (with holes), where the tag begins, its name ends and its last character, or
    the slash before that, is. `content` is what is between the tags, of those that have raw text, else empty.
    """

    name: str
    start: int
    named: int
    closed: int
    end: int
    attributes: tuple[Attribute, ...]
    content: tuple[int, int]

    def attribute(self, name: str) -> Attribute | None:
        """Return the attribute of that name: the first, as in HTML."""
        return next((attribute for attribute in self.attributes if attribute.name == name), None)


def elements(text: str) -> Iterator[Element]:
    """Yield the elements of a masked text whose start tags are whole, in order."""
    at = 0
    while opening := _OPENING.search(text, at):
        at = opening.end()
        if opening["comment"] or opening["other"]:
            end = text.find("-->" if opening["comment"] else ">", at)
            at = len(text) if end < 0 else end + 1
        elif opening["close"]:
            end = text.find(">", at)
            at = len(text) if end < 0 else end + 1
        else:
            plain = _PLAIN.match(opening["name"])
            if plain and plain[0].lower() in _KNOWN:  # what is printed behind the name are attributes
                at = opening.start("name") + plain.end()
            name, named = text[opening.start("name") : at].lower(), at
            attributes, closed, end = _attributes(text, at)
            if end < 0:  # another tag begins in this one, or the text ends: parts of it are elsewhere
                at = closed
                continue
            at = end
            content = (at, at)
            if name in RAW:
                behind = re.compile(f"</{name}(?=[\\s/>])", re.IGNORECASE).search(text, at)
                content = (at, behind.start() if behind else len(text))
                at = content[1]
            yield Element(name, opening.start(), named, closed, end, tuple(attributes), content)


def attributes_of(text: str) -> dict[str, str] | None:
    """Return the attributes of a text that stands within a tag, or `None` where that is not all it is."""
    attributes, closed, _ = _attributes(text + ">", 0)
    if closed < len(text.rstrip(" /\n\t\r" + NOTHING)) or any(HOLE in attribute.name for attribute in attributes):
        return None
    values: dict[str, str] = {}
    for attribute in attributes:
        values.setdefault(attribute.name, unquoted(text[attribute.value : attribute.end]))
    return values


def unquoted(value: str) -> str:
    """Return a value without its quotes."""
    return value[1:-1] if value[:1] in {'"', "'"} and value[-1:] == value[:1] and len(value) > 1 else value


def _attributes(text: str, at: int) -> tuple[list[Attribute], int, int]:
    """Return the attributes behind a name, where the tag is closed and where it ends, which is -1 where it does not."""
    attributes: list[Attribute] = []
    while True:
        blank = _BLANK.match(text, at)
        before, at = at, blank.end() if blank else at
        if at >= len(text) or text[at] == "<":
            return attributes, at, -1
        if text[at] == ">":
            slash = text.rfind("/", before, at)
            return attributes, at if slash < 0 else slash, at + 1
        name = _NAME.match(text, at)
        if name is None:  # a sign that stands for itself
            at += 1
            continue
        value = end = name.end()
        equals = None if HOLE in name[0] else _EQUALS.match(text, end)
        if equals and (quoted := _VALUE.match(text, equals.end())):
            value, end = equals.end(), quoted.end()
        elif equals:
            end = value = equals.end()
        attributes.append(Attribute(name[0].lower(), at, value, end))
        at = end


_TURNS = {
    "text": re.compile(r"<(?:!--|[!?]|/?[A-Za-z]|/?\Z)"),
    "tag": re.compile(r"[>\"']"),
    "comment": re.compile(r"-->"),
    "other": re.compile(r">"),
    '"': re.compile(r'"'),
    "'": re.compile(r"'"),
}
_WORD = re.compile(r"[A-Za-z][^\s/>]*")


def advance(mode: str, text: str) -> str:
    """Return what part of HTML the end of a text is in whose beginning is in `mode`: ``text``, ``tag``, a value by its
    quote, ``comment``, ``other``, or ``raw NAME``. `` NAME`` stands behind the mode of the tags of raw elements.
    """
    at = 0
    while at < len(text):
        mode, _, name = mode.partition(" ")
        if mode == "raw":
            turn = re.compile(f"</{name}(?=[\\s/>])", re.IGNORECASE).search(text, at)
            if turn is None:
                return f"raw {name}"
            mode, at = "tag", turn.end()
            continue
        turn = _TURNS[mode].search(text, at)
        if turn is None:
            return f"{mode} {name}".rstrip()
        at = turn.end()
        mode, at = _turned(mode, name, turn[0], text, at)
    return mode


def _turned(mode: str, name: str, sign: str, text: str, at: int) -> tuple[str, int]:
    if mode == "text":
        if sign == "<!--":
            return "comment", at
        if sign in {"<!", "<?"}:
            return "other", at
        word = _WORD.match(text, at - 1) if sign[-1].isalpha() else None
        raw = word[0].lower() if word and not sign.startswith("</") and word[0].lower() in RAW else ""
        return f"tag {raw}".rstrip(), word.end() if word else at
    if mode == "tag":
        if sign == ">":
            return (f"raw {name}" if name else "text"), at
        return f"{sign} {name}".rstrip(), at
    return (f"tag {name}".rstrip() if mode in {'"', "'"} else "text"), at
