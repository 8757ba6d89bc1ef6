"""Contrast: text that can hardly be read on its background, by WCAG's measure.

Enters: a document. Leaves: findings, where both colours are certain: what a variable, an image or a selector that is
not understood may change is passed over.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tinycss2.color3 import RGBA, parse_color

from blendtpl.compiler.mail.lint.basis import Basis
from blendtpl.compiler.mail.lint.cascade import Styles
from blendtpl.compiler.mail.lint.css import has_hole
from blendtpl.compiler.mail.lint.document import Document, Element
from blendtpl.compiler.mail.lint.finding import Finding

LEAST = 4.5
LEAST_LARGE = 3.0
_LARGE, _LARGE_BOLD = 24.0, 18.66  # pixels: 18 and 14 points
_SIZES = {"h1": 32.0, "h2": 24.0, "h3": 18.72}
_BOLD = frozenset({"b", "strong", "th", "h1", "h2", "h3", "h4", "h5", "h6"})
_SAME = 1.1  # a text of this contrast or less is hidden on purpose

Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class _Look:
    """How text in an element looks; what is `None` is not known."""

    colour: Colour | None = None
    background: Colour | None = None
    size: float | None = 16.0
    bold: bool = False
    hidden: bool = False


def contrast(document: Document, basis: Basis) -> Iterator[Finding]:
    """Yield texts of too little contrast, in each template one of the same colours."""
    seen: set[tuple[str, str]] = set()
    for finding in _in(document.root, _Look(), Styles(document, basis.css), document):
        key = finding.place.template, finding.message
        if key not in seen:
            seen.add(key)
            yield finding


def _in(element: Element, look: _Look, styles: Styles, document: Document) -> Iterator[Finding]:
    for child in element.children:
        if isinstance(child, Element):
            if child.tag not in ("style", "script", "head", "title", "svg", "noscript"):
                yield from _in(child, _look(child, look, styles), styles, document)
        elif child.data.strip("\xa0\u200b\u200c\u034f\ufeff \n\t·|•—–-*/,.:;"):
            finding = _judged(element, look, document)
            if finding is not None:
                yield finding


def _judged(element: Element, look: _Look, document: Document) -> Finding | None:
    if look.hidden or look.colour is None or look.background is None:
        return None
    ratio = ratio_of(look.colour, look.background)
    size = _LARGE if look.size is None else look.size
    least = LEAST_LARGE if size >= _LARGE or (look.bold and size >= _LARGE_BOLD) else LEAST
    if not _SAME < ratio < least:
        return None
    colours = f"{_hex(look.colour)} on {_hex(look.background)}"
    message = f"text in {colours} has a contrast of {ratio:.2f}:1"
    return Finding(
        "mail-contrast",
        document.place(element.start),
        f"<{element.tag}",
        message,
        f"at least {least:g}:1 can be read by most",
    )


def _look(element: Element, around: _Look, styles: Styles) -> _Look:
    properties = styles.of(element)
    if properties is None:
        return _Look(None, None, None, around.bold, around.hidden)
    colour = around.colour
    if element.tag == "a":
        colour = None  # the client's own
    if "color" in properties:
        colour = around.colour if properties["color"] in ("inherit", "currentcolor") else _colour(properties["color"])
    background = _background(properties, around.background)
    size = _size(properties.get("font-size", ""), element.tag, around.size)
    weight = properties.get("font-weight", "")
    bold = weight in ("bold", "bolder", "600", "700", "800", "900") or (
        not weight and (around.bold or element.tag in _BOLD)
    )
    hidden = around.hidden or _is_hidden(properties, size) or "hidden" in element.attributes
    if "opacity" in properties or "filter" in properties or "mix-blend-mode" in properties:
        return _Look(None, None, size, bold, hidden)
    return _Look(colour, background, size, bold, hidden)


def _background(properties: Mapping[str, str], around: Colour | None) -> Colour | None:
    background = around
    for name in ("background", "background-color"):
        value = properties.get(name, "")
        if not value:
            continue
        if value in ("transparent", "none", "inherit", "initial", "unset"):
            continue
        background = _colour(value)
    image = properties.get("background-image", "none")
    return background if image in ("none", "initial") else None


def _is_hidden(properties: Mapping[str, str], size: float | None) -> bool:
    return (
        properties.get("display") == "none"
        or properties.get("visibility") in ("hidden", "collapse")
        or properties.get("mso-hide") == "all"
        or (size is not None and size <= 2)
        or any(re.fullmatch(r"0(?:px)?", properties.get(name, "")) for name in ("max-height", "height", "line-height"))
    )


def _colour(text: str) -> Colour | None:
    colour = None if has_hole(text) else parse_color(text)
    # half transparent, or the text's own: nobody knows what it is on
    if not isinstance(colour, RGBA) or colour.alpha != 1:
        return None
    return colour.red, colour.green, colour.blue


def _size(text: str, tag: str, around: float | None) -> float | None:
    if not text:
        return _SIZES.get(tag, around)
    match = re.fullmatch(r"(\d*\.?\d+)(px|pt)", text)
    return float(match[1]) * (4 / 3 if match[2] == "pt" else 1) if match else None


def ratio_of(one: Colour, other: Colour) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{round(max(0, min(part, 1)) * 255):02x}" for part in colour)
