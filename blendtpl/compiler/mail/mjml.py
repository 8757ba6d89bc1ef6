"""MJML: a `body.mjml` becomes a `body.html` in the build.

Enters: the sources. Leaves: sources in which MJML is HTML, or a fault at a line of the MJML. The compiler of MJML sees
names in place of Jinja2's tags: words in values and texts, comments between elements. Where it writes these the tags
come back, each in the line that it had, by way of comments of Jinja2 that hold line ends.

A part that is included between elements is compiled within the head of the message that includes it.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import jinja2
import mjml
from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.lexer import newline_re

from blendtpl.bundle.environment import ENGINE_ENDING, autoescape_of, without_engine_ending
from blendtpl.compiler.frontend.positions import Positions
from blendtpl.compiler.frontend.reader import Source
from blendtpl.compiler.mail.bindings import constant_name
from blendtpl.compiler.mail.marked import tags_of
from blendtpl.errors import Fault, did_you_mean

KIND = "mjml"  # of the faults

_ENDING = re.compile(rf"\.mjml(?={ENGINE_ENDING}*\Z)")
_TAG = re.compile(
    r"<!--.*?-->|<(?P<close>/?)(?P<name>[A-Za-z][\w-]*)(?:\"[^\"]*\"|'[^']*'|[^>\"'])*?(?P<empty>/?)>", re.DOTALL
)
_WORD = re.compile(r"(?:<!--)?xblendtpl(\d+)x(?:-->)?")
_HEAD = re.compile(r"<mj-head\b.*?</mj-head>", re.DOTALL)
_ONCE = re.compile(r"<(mj-style|mj-title|mj-preview|mj-font|mj-raw)\b.*?(?:</\1>|/>)", re.DOTALL)
_STYLES = re.compile(r"<style[^>]*>.*?</style>", re.DOTALL)
_START, _END = "<!--blendtplstart-->", "<!--blendtplend-->"

# what has elements of MJML in it, and what has text or HTML
_HOLDERS = frozenset(
    (
        *(
            "mjml",
            "mj-head",
            "mj-body",
            "mj-attributes",
            "mj-html-attributes",
            "mj-selector",
            "mj-wrapper",
            "mj-section",
        ),
        *(
            "mj-group",
            "mj-column",
            "mj-hero",
            "mj-accordion",
            "mj-accordion-element",
            "mj-carousel",
            "mj-navbar",
            "mj-social",
        ),
    )
)
_LEAVES = frozenset(
    (
        *("mj-all", "mj-class", "mj-breakpoint", "mj-font", "mj-html-attribute", "mj-preview", "mj-style", "mj-title"),
        *(
            "mj-accordion-title",
            "mj-accordion-text",
            "mj-button",
            "mj-carousel-image",
            "mj-divider",
            "mj-image",
            "mj-table",
        ),
        *("mj-navbar-link", "mj-raw", "mj-social-element", "mj-spacer", "mj-text", "mj-include"),
    )
)
# within what a part stands that begins with one of these
_WITHIN = {
    "mj-section": ("<mj-body>", "</mj-body>"),
    "mj-wrapper": ("<mj-body>", "</mj-body>"),
    "mj-hero": ("<mj-body>", "</mj-body>"),
    "mj-column": ("<mj-body><mj-section>", "</mj-section></mj-body>"),
    "mj-group": ("<mj-body><mj-section>", "</mj-section></mj-body>"),
}
_INMOST = ("<mj-body><mj-section><mj-column>", "</mj-column></mj-section></mj-body>")


class _Refused(Exception):  # noqa: N818
    """What MJML cannot be made of: where in the source, and what to do."""

    def __init__(self, offset: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.offset, self.message, self.hint = offset, message, hint


@dataclass(frozen=True, slots=True)
class _Masked:
    """A source whose tags are words: the text, the tags, and the line of each."""

    source: Source
    text: str
    tags: list[str]
    lines: list[int]


def is_body(name: str) -> bool:
    """Return whether a template is the MJML of a message."""
    return html_name(name) != name and without_engine_ending(name).rpartition("/")[2] == "body.mjml"


def html_name(name: str) -> str:
    """Return the name that the HTML of an MJML template has."""
    return _ENDING.sub(".html", name)


def to_html(sources: Mapping[str, Source], environment: jinja2.Environment) -> tuple[dict[str, Source], list[Fault]]:
    """Return all sources, with HTML in place of MJML, and the faults of the MJML."""
    converted = dict(sources)
    faults: list[Fault] = []
    parts: dict[str, tuple[str, Source]] = {}  # by name: the head that a part was compiled with, and its HTML
    for name in sorted(filter(is_body, sources)):
        del converted[name]
        target = html_name(name)
        if target in sources:
            faults.append(Fault(name, 0, 0, KIND, f"there is `{target}` as well", "remove one of them"))
            continue
        try:
            converted[target] = _message(sources[name], target, sources, environment, parts)
        except _Refused as refused:
            faults.append(_fault(sources[name], environment, refused))
        except _PartError as error:
            faults.append(error.fault)
        except TemplateSyntaxError:  # which is told when it is parsed
            converted[target] = replace(sources[name], name=target)
    return {**converted, **{name: source for name, (_, source) in parts.items()}}, faults


class _PartError(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


def _message(
    source: Source,
    target: str,
    sources: Mapping[str, Source],
    environment: jinja2.Environment,
    parts: dict[str, tuple[str, Source]],
) -> Source:
    included = list(_included(source, sources, environment))
    masked = _masked(source, environment)
    html = _compiled(masked, masked.text)
    head = match[0] if (match := _HEAD.search(masked.text)) else ""
    head = _WORD.sub("", _ONCE.sub("", head))  # what parts need to know of it
    styles: dict[str, None] = {}
    for name in included:
        styles |= dict.fromkeys(_part(sources[name], head, source.name, environment, parts))
    more = "".join(style for style in styles if style not in html)
    text = _written(masked, html.replace("</head>", f"{more}</head>", 1), environment)
    return replace(source, name=target, text=text, digest=hashlib.sha256(text.encode()).hexdigest())


def _included(source: Source, sources: Mapping[str, Source], environment: jinja2.Environment) -> Iterator[str]:
    """Yield the parts in MJML that a source includes, and those that these do."""
    seen, waiting = {source.name}, [source]
    while waiting:
        part = waiting.pop()
        tree = environment.parse(part.text, part.name)
        for link in tree.find_all((nodes.Extends, nodes.Include)):
            template: nodes.Expr = getattr(link, "template")  # noqa: B009
            name = constant_name(template, part.name, environment.join_path)
            if isinstance(link, nodes.Extends):
                raise _Refused(_offset(part.text, link.lineno), "MJML cannot extend another template", "include parts")
            if name is not None and name in sources and name not in seen and _ENDING.search(name):
                seen.add(name)
                waiting.append(sources[name])
                yield name


def _part(
    source: Source,
    head: str,
    message: str,
    environment: jinja2.Environment,
    parts: dict[str, tuple[str, Source]],
) -> list[str]:
    """Compile a part within the head of a message; return the styles that it needs in the head of the HTML."""
    try:
        masked = _masked(source, environment)
        first = next((tag["name"] for tag in _TAG.finditer(masked.text) if tag["name"]), "")
        before, behind = _WITHIN.get(first, _INMOST)
        opening = f"<mjml>{head}{before}{_START}"
        html = _compiled(masked, f"{opening}{masked.text}{_END}{behind}</mjml>", len(opening))
        inner = html[html.index(_START) + len(_START) : html.index(_END)]
        text = _escaped(_written(masked, inner, environment), source.name, environment)
        compiled = replace(source, text=text, digest=hashlib.sha256(text.encode()).hexdigest())
        first_use = parts.setdefault(source.name, (head, compiled))
        if first_use[1].text != text:
            raise _Refused(0, f"`{message}` includes it with another `mj-head` than others do", "give them the same")
    except _Refused as refused:
        raise _PartError(_fault(source, environment, refused)) from None
    return _STYLES.findall(html.partition("</head>")[0])


def _escaped(text: str, name: str, environment: jinja2.Environment) -> str:
    """Return a part whose values are escaped as in HTML, which its name does not say."""
    if autoescape_of(environment, name) or not autoescape_of(environment, html_name(name)):
        return text
    begin, end = environment.block_start_string, environment.block_end_string
    return f"{begin} autoescape true {end}{text}{begin} endautoescape {end}"


def _masked(source: Source, environment: jinja2.Environment) -> _Masked:
    """Return a source with words in place of tags: comments where elements of MJML stand."""
    text = "\n".join(newline_re.split(source.text)[::2])
    pieces: list[str] = []
    tags: list[str] = []
    lines: list[int] = []
    at = 0
    for start, end in tags_of(environment, source.name, text):
        pieces.append(text[at:start])
        word = f"xblendtpl{len(tags)}x"
        before = "".join(pieces)
        within = _within(before)
        if within == "<":
            raise _Refused(start, "a tag of Jinja2 stands between attributes of MJML", "put it into a value")
        pieces.append(f"<!--{word}-->" if within in _HOLDERS else word)
        tags.append(text[start:end])
        lines.append(text.count("\n", 0, start) + 1)
        at = end
    masked = "".join([*pieces, text[at:]])
    _check(masked, source, text)
    return _Masked(source, masked, tags, lines)


def _within(text: str) -> str:
    """Return the element of MJML that the end of a text is in: ``<`` for a tag, `"` for a value."""
    inmost, at = ["mj-body"], 0  # as a part is in
    for tag in _TAG.finditer(text):
        at = tag.end()
        name = tag["name"]
        if not name or not name.startswith("mj"):
            continue
        if tag["close"]:
            if len(inmost) > 1:
                inmost.pop()
        elif not tag["empty"]:
            inmost.append(name)
    rest = re.sub(r"\"[^\"]*\"|'[^']*'", "", text[at:])
    if re.search(r"<mj[\w-]*[^>]*\Z", rest):
        return '"' if re.search(r"=\s*[\"'][^\"']*\Z", rest) else "<"
    return inmost[-1]


def _check(masked: str, source: Source, text: str) -> None:
    """Raise for elements of MJML that are not known, or not closed."""
    opened: list[tuple[str, int]] = []
    for tag in _TAG.finditer(masked):
        name = tag["name"]
        if not name or not name.startswith("mj"):
            continue
        offset = _back(masked, text, tag.start())
        if name not in _HOLDERS | _LEAVES:
            elements = sorted(_HOLDERS | _LEAVES)
            raise _Refused(offset, f"there is no element `{name}` in MJML", did_you_mean(name, elements))
        if tag["empty"]:
            continue
        if not tag["close"]:
            opened.append((name, offset))
        elif not opened or opened[-1][0] != name:
            hint = f"the `{opened[-1][0]}` before it is not closed" if opened else "nothing is open here"
            raise _Refused(offset, f"`</{name}>` closes nothing", hint)
        else:
            opened.pop()
    if opened:
        raise _Refused(opened[-1][1], f"`<{opened[-1][0]}>` is not closed")


def _back(masked: str, text: str, offset: int) -> int:
    """Return the offset in a source of a place in its masked text: the line is right, which is what is told."""
    line = masked.count("\n", 0, offset)
    tags = list(_WORD.finditer(masked, 0, offset))
    at = text.find(masked[offset : offset + 8])
    if not tags:
        return offset
    while at >= 0 and text.count("\n", 0, at) < line:
        at = text.find(masked[offset : offset + 8], at + 1)
    return max(at, 0)


def _compiled(masked: _Masked, text: str, before: int = 0) -> str:
    """Return the HTML of MJML; raises `_Refused` for what its compiler refuses or drops."""
    try:
        html = str(mjml.mjml2html(text))
    except ValueError as error:
        raise _Refused(_position(str(error), before), f"MJML is refused: {error}") from None
    written = {int(word[1]) for word in _WORD.finditer(html)}
    for number, tag in enumerate(masked.tags):
        if number not in written and not tag.startswith("{#"):
            raise _Refused(
                _offset(masked.source.text, masked.lines[number]),
                f"the compiler of MJML leaves `{tag}` out: its value must be known in the build",
                "write the value, or put the tag elsewhere",
            )
    return html


def _position(message: str, before: int) -> int:
    match = re.search(r"at position (\d+)", message)
    return max(int(match[1]) - before, 0) if match else 0


def _written(masked: _Masked, html: str, environment: jinja2.Environment) -> str:
    """Return HTML with the tags in it again, each in its line where what stands before it allows that."""
    pieces: list[str] = []
    line, at = 1, 0
    ends = [(word.start(), word.end(), int(word[1])) for word in _WORD.finditer(html)]
    total = masked.source.text.count("\n") + 1
    for start, end, number in [*ends, (len(html), len(html), -1)]:
        target = masked.lines[number] if number >= 0 else total
        static = html[at:start]
        if line + static.count("\n") > target:  # line ends of the compiler's own
            static = static.replace("\n", " ")
        line += static.count("\n")
        pieces.append(static)
        if line < target:
            comment = environment.comment_start_string, environment.comment_end_string
            pieces.append(f"{comment[0]}{chr(10) * (target - line)}{comment[1]}")
            line = target
        if number >= 0:
            pieces.append(masked.tags[number])
            line += masked.tags[number].count("\n")
        at = end
    return "".join(pieces)


def _offset(text: str, line: int) -> int:
    return sum(len(previous) + 1 for previous in text.split("\n")[: line - 1])


def _fault(source: Source, environment: jinja2.Environment, refused: _Refused) -> Fault:
    spot = Positions(environment, source.name, source.text).of_offset(refused.offset, 1)
    return Fault(source.name, spot.line, spot.column, KIND, refused.message, refused.hint, spot.width, spot.source_line)
