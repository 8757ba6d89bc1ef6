"""Dark: what mail clients make of colours when they force a dark scheme on a message that has none of its own.

Enters: HTML. Leaves: the same with other colours. As Outlook and others do it, light backgrounds become dark and dark
texts light, each in its own hue; what is dark already, or light on dark, stays, and so do images. Clients differ in how
far they go: this shows what to look out for, and no client to the pixel.
"""

import colorsys
import re

_HEX, _NUMBER = r"#(?:[0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3,4})(?![0-9a-z])", r"rgba?\([\d\s.,%/]*\)"
_NAMED = {
    "black": "#000000", "silver": "#c0c0c0", "gray": "#808080", "grey": "#808080", "white": "#ffffff",
    "maroon": "#800000", "red": "#ff0000", "purple": "#800080", "fuchsia": "#ff00ff", "green": "#008000",
    "lime": "#00ff00", "olive": "#808000", "yellow": "#ffff00", "navy": "#000080", "blue": "#0000ff",
    "teal": "#008080", "aqua": "#00ffff", "orange": "#ffa500", "whitesmoke": "#f5f5f5", "lightgray": "#d3d3d3",
    "lightgrey": "#d3d3d3", "darkgray": "#a9a9a9", "darkgrey": "#a9a9a9", "snow": "#fffafa", "ivory": "#fffff0",
}  # fmt: skip
_COLOUR = re.compile(rf"{_HEX}|{_NUMBER}|(?<![\w#-])(?:{'|'.join(_NAMED)})(?![\w-])", re.IGNORECASE)
_DECLARATION = re.compile(
    r"(?<![\w-])(background(?:-color)?|border[\w-]*|outline(?:-color)?|color)(\s*:)([^;{}\"']*)", re.I
)
_ATTRIBUTE = re.compile(r"""(?<=\s)(bgcolor|color|text|link)(=["']?)([^"'\s>]+)""", re.IGNORECASE)
_STYLE = re.compile(r"""(?<=\sstyle=)("[^"]*"|'[^']*')""", re.IGNORECASE)

# what is behind a document that says nothing of it
DARK_PAGE = "<style>:root{background:#1f1f1f;color:#fff}a:where(:link){color:#8ab4f8}</style>"
_DARKEST = 0.12  # the lightness that white becomes


def invert_colours(html: str, markup: re.Pattern[str]) -> str:
    """Return the document with the colours of its tags and style sheets turned round; `markup` finds both."""
    return markup.sub(_piece, html)


def _piece(match: re.Match[str]) -> str:
    if match["raw"]:
        text = _declared(match["text"]) if match["raw"].lower() == "style" else match["text"]
        return f"<{match['raw']}{match['open']}>{text}{match['close']}"
    if match[0].startswith("<!--"):
        return match[0]
    tag = _ATTRIBUTE.sub(
        lambda attribute: attribute[1] + attribute[2] + _turned(attribute[3], attribute[1].lower()), match[0]
    )
    return _STYLE.sub(lambda style: _declared(style[0]), tag)


def _declared(css: str) -> str:
    return _DECLARATION.sub(lambda match: match[1] + match[2] + _turned(match[3], match[1].lower()), css)


def _turned(value: str, what: str) -> str:
    behind = what.startswith(("background", "bgcolor", "border", "outline"))
    return _COLOUR.sub(lambda match: _other(match[0], behind), value)


def _other(colour: str, behind: bool) -> str:
    parsed = _parsed(colour)
    if parsed is None:
        return colour
    red, green, blue, alpha = parsed
    hue, light, _ = colorsys.rgb_to_hls(red, green, blue)
    seen = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    if (seen < 0.5) if behind else (seen > 0.5):
        return colour
    turned = max(1 - light, _DARKEST) if behind else 1 - light
    if not behind:
        turned = max(turned, 0.7)
    # as colourful as before: a white that is hardly warm becomes no brown
    saturation = min((max(red, green, blue) - min(red, green, blue)) / max(1 - abs(2 * turned - 1), 0.01), 1)
    channels = (round(channel * 255) for channel in colorsys.hls_to_rgb(hue, turned, saturation))
    return (
        f"rgb({', '.join(map(str, channels))})" if alpha == 1 else f"rgba({', '.join(map(str, channels))}, {alpha:g})"
    )


def _parsed(colour: str) -> tuple[float, float, float, float] | None:
    """Return the channels and the opacity of a colour, each from 0 to 1."""
    colour = _NAMED.get(colour.lower(), colour)
    if colour.startswith("#"):
        digits = colour[1:] if len(colour) > 5 else "".join(digit * 2 for digit in colour[1:])
        parts = [int(digits[at : at + 2], 16) / 255 for at in range(0, len(digits), 2)]
    else:
        numbers = re.findall(r"[\d.]+%?", colour)
        try:
            parts = [_channel(text, 255 if number < 3 else 1) for number, text in enumerate(numbers)]
        except ValueError:
            return None
    if len(parts) not in {3, 4}:
        return None
    red, green, blue, alpha = (*parts, 1.0)[:4]
    return red, green, blue, alpha


def _channel(text: str, whole: int) -> float:
    return min(float(text[:-1]) / 100 if text.endswith("%") else float(text) / whole, 1.0)
