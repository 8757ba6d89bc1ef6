"""Frames: the document that a reader's device shows, made of what was rendered.

Enters: HTML or a text, the colour scheme and what images are fetched. Leaves: a document, and the policy that it is
sent with. Nothing in it can run, be sent, lead away or ask another host for anything but images that somebody asked to
see.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape

from blendtpl.preview.dark import DARK_PAGE, invert_colours

LIGHT, DARK, PARTIAL, FULL = "light", "dark", "partial", "full"
SCHEMES = (LIGHT, DARK, PARTIAL, FULL)
OWN, REMOTE, OFF = "own", "remote", "off"
IMAGES = (OWN, REMOTE, OFF)

# a comment, an element whose content is no markup, or a tag; nothing in it is matched in two ways
_MARKUP = re.compile(
    r"""<!--.*?-->|<(?P<raw>style|script|title|textarea|xmp|noscript)\b(?P<open>(?:[^"'>]|"[^"]*"|'[^']*')*+)>"""
    r"""(?P<text>.*?)(?P<close></(?P=raw)\b[^>]*>|\Z)|<[a-zA-Z](?:[^"'>]|"[^"]*"|'[^']*')*+>""",
    re.DOTALL | re.IGNORECASE,
)
_DOCTYPE = re.compile(r"(\s|<!--.*?-->)*<!doctype[^>]*>", re.DOTALL | re.IGNORECASE)
_PREFERS = re.compile(r"\(\s*prefers-color-scheme\s*(?::\s*(?P<scheme>light|dark)\s*)?\)", re.IGNORECASE)
_BOTH = re.compile(r"\b(?:light\s+dark|dark\s+light)\b", re.IGNORECASE)
_DECLARED = re.compile(r"(?<![\w-])(color-scheme\s*:\s*)([^;}\"']*)", re.IGNORECASE)
_MEDIA = re.compile(r"""(?<=\smedia=)("[^"]*"|'[^']*'|[^\s"'>]+)""", re.IGNORECASE)
_IMAGE = re.compile(r"""(?<=\s)(src|srcset|background|poster)(?==)""", re.IGNORECASE)
_ALWAYS, _NEVER = "(min-width:0)", "(max-width:-1px)"

# no `allow-scripts`: nothing runs, and so nothing is done with the origin, which lets the page read where it is
_POLICY = "sandbox allow-same-origin; default-src 'none'; style-src 'unsafe-inline'{more}; img-src {images};"
_POLICY += " font-src data:{more};"
_POLICY += " base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

# what clients do that turn all colours round, images again
_INVERTED = (
    "<style>:root{background:#fff;filter:invert(1) hue-rotate(180deg)}"
    "img,video,picture,svg image,[background]{filter:invert(1) hue-rotate(180deg)}</style>"
)
_TEXT = (
    "<!doctype html><meta charset=utf-8><title>text</title><style>:root{{color-scheme:{scheme}}}"
    "pre{{margin:0;padding:20px;font:14px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;"
    "white-space:pre-wrap;overflow-wrap:anywhere}}body{{margin:0}}</style><pre dir=auto>{text}</pre>"
)


@dataclass(frozen=True, slots=True)
class Frame:
    """A document, and the content security policy that it is sent with."""

    document: bytes
    policy: str


def html_frame(html: str, *, scheme: str, images: str, own: Iterable[tuple[str, str]] = ()) -> Frame:
    """Return the document of an HTML part or page as it is shown in that scheme, with those images; `own` are the URLs
    of images that go with it, each with one that has the image in it.
    """
    dark = scheme == DARK
    shown = _MARKUP.sub(lambda match: _piece(match, _of_scheme(dark), images), html)
    if scheme == PARTIAL:
        shown = invert_colours(shown, _MARKUP)
    # where links lead is nobody's business here; a frame without pop-ups opens none
    top = '<base target="_blank">'
    top += {PARTIAL: DARK_PAGE, FULL: _INVERTED}.get(scheme, "")
    doctype = _DOCTYPE.match(shown)
    at = doctype.end() if doctype else 0
    for url, data in sorted(own, reverse=True) if images != OFF else ():  # of two, one may begin like the other
        shown = shown.replace(url, data)
    return Frame(f"{shown[:at]}{top}{shown[at:]}".encode("utf-8", "replace"), _policy(images))


def text_frame(text: str, *, scheme: str) -> Frame:
    """Return the document that shows a text as it is."""
    shown = "light" if scheme == LIGHT else "dark"
    return Frame(_TEXT.format(scheme=shown, text=escape(text)).encode("utf-8", "replace"), _policy(OFF))


def _policy(images: str) -> str:
    sources = {OWN: "data:", REMOTE: "data: http: https:", OFF: "'none'"}[images]
    return _POLICY.format(images=sources, more=" http: https:" if images == REMOTE else "")


def _of_scheme(dark: bool) -> Callable[[str], str]:
    """Return what makes a style sheet choose that scheme, whatever the browser prefers."""

    def preferred(match: re.Match[str]) -> str:
        scheme = match["scheme"]
        return _ALWAYS if scheme is None or (scheme.lower() == "dark") == dark else _NEVER

    def declared(match: re.Match[str]) -> str:
        return match[1] + _BOTH.sub("dark" if dark else "light", match[2])

    return lambda text: _DECLARED.sub(declared, _PREFERS.sub(preferred, text))


def _piece(match: re.Match[str], choose: Callable[[str], str], images: str) -> str:
    if match["raw"]:
        opened, text = _tag(f"<{match['raw']}{match['open']}>", choose, images), match["text"]
        return f"{opened}{choose(text) if match['raw'].lower() == 'style' else text}{match['close']}"
    return match[0] if match[0].startswith("<!--") else _tag(match[0], choose, images)


def _tag(tag: str, choose: Callable[[str], str], images: str) -> str:
    if tag[1:5].lower() == "meta" and "color-scheme" in tag.lower():
        return _BOTH.sub("dark" if "dark" in choose("color-scheme:light dark") else "light", tag)
    tag = _MEDIA.sub(lambda media: choose(media[0]), tag)
    if "style" in tag:
        tag = _DECLARED.sub(lambda match: choose(match[0]), tag)
    # an image whose source is another attribute's is one that has not come: its alternative text is shown
    return _IMAGE.sub(r"data-off-\1", tag) if images == OFF else tag
