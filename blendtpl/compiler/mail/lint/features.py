"""Features: which feature of the data a property, a value, a selector, an element or an attribute is.

Names of features are mostly the names of properties, so that those which a renewal brings are known as well. What
stands here by hand are features of values and of several properties, and those that nobody misses.
"""

import re
from collections.abc import Iterator, Mapping

from blendtpl.compiler.mail.lint.support import Feature

_PROPERTY = re.compile(r"-?[a-z]+(?:-[a-z]+)*")

# what only decorates, or makes better what is there without it: a client that lacks it shows the same message
_DECORATIONS = (
    *("accent-color", "animation", "at-font-face", "at-keyframes", "at-media", "at-supports", "backdrop-filter"),
    *("at-media-device-pixel-ratio", "at-media-hover", "at-media-orientation", "at-media-prefers-color-scheme"),
    *("at-media-prefers-reduced-motion", "border-image"),
    *(
        "border-radius",
        "border-radius-logical",
        "box-shadow",
        "box-sizing",
        "caption-side",
        "clear",
        "color-scheme",
        "cursor",
    ),
    *("empty-cells", "filter", "font-kerning", "font-size-adjust", "font-stretch", "hyphenate-character", "hyphens"),
    *("hyphenate-limit-chars", "list-style-image", "list-style-position", "orphans", "outline", "outline-offset"),
    *("overflow-wrap", "resize", "scroll-snap", "sytem-ui", "tab-size", "text-align-last", "text-decoration-color"),
    *("text-decoration-line", "text-decoration-skip-ink", "text-decoration-style", "text-decoration-thickness"),
    *("text-emphasis", "text-emphasis-position", "text-justify", "text-overflow", "text-shadow", "text-wrap"),
    *("text-underline-offset", "text-underline-position", "transition", "user-select", "white-space-collapse"),
    *("widows", "word-break", "word-spacing", "word-wrap", "z-index", "border-spacing", "table-layout", "max-height"),
    *("mix-blend-mode", "background-blend-mode", "background-clip", "background-origin", "background-position"),
    *("background-repeat", "background-size", "overflow", "comments", "important", "height", "min-height"),
    *("left-right-top-bottom", "inset", "object-fit", "object-position", "transform", "opacity", "unit-initial"),
    *("pseudo-class-active", "pseudo-class-focus", "pseudo-class-focus-visible", "pseudo-class-focus-within"),
    *("pseudo-class-hover", "pseudo-class-link", "pseudo-class-target", "pseudo-class-visited"),
    *("pseudo-element-first-letter", "pseudo-element-first-line", "pseudo-element-marker"),
    *("pseudo-element-placeholder", "selector-universal"),
    # these are what one client is told from the others by: `u + .body`, `[data-ogsc]`, `a[x-apple-data-detectors]`
    *("selector-attribute", "selector-adjacent-sibling"),
)
# elements whose text stays, and attributes for whoever knows them
_EXTRAS = (
    *(
        "abbr",
        "acronym",
        "aria-describedby",
        "aria-hidden",
        "aria-label",
        "aria-labelledby",
        "aria-live",
        "bdi",
        "body",
    ),
    *("dir", "doctype", "lang", "loading-attribute", "meta-color-scheme", "picture", "role", "rp", "rt", "ruby"),
    *("semantics", "srcset", "target", "wbr", "required", "comments", "input-hidden"),
)
HARMLESS = frozenset([*(f"css-{name}" for name in _DECORATIONS), *(f"html-{name}" for name in _EXTRAS)])

_GROUPS = (
    *(
        "css-border",
        "css-border-inline-block",
        "css-border-inline-block-individual",
        "css-border-inline-block-longhand",
    ),
    *("css-border-radius-logical", "css-column-layout-properties", "css-grid-template", "css-inset", "css-margin"),
    *("css-margin-block-start-end", "css-margin-inline-block", "css-margin-inline-start-end"),
    *("css-block-inline-size", "css-padding-block-start-end"),
)
_BY_HAND = {
    "column-gap": "css-gap",
    "row-gap": "css-gap",
    "left": "css-left-right-top-bottom",
    "right": "css-left-right-top-bottom",
    "top": "css-left-right-top-bottom",
    "bottom": "css-left-right-top-bottom",
    "height": "css-height",
    "width": "css-width",
    "max-height": "css-max-height",
    "min-height": "css-min-height",
    "min-width": "css-min-width",
    "color-scheme": "css-color-scheme",
    "font": "css-font",
    "padding-inline": "css-padding-inline-block",
    "padding-block": "css-padding-inline-block",
    "padding-inline-start": "css-padding-inline-start-end",
    "padding-inline-end": "css-padding-inline-start-end",
    **{f"padding-{side}": "css-padding" for side in ("left", "right", "top", "bottom")},
}
_KEYWORDS = {
    "display": {"flex": "css-display-flex", "inline-flex": "css-display-flex", "grid": "css-display-grid",
                "inline-grid": "css-display-grid", "none": "css-display-none"},
    "flex-direction": {"column": "css-flex-direction", "column-reverse": "css-flex-direction"},
    "flex-wrap": {"wrap": "css-flex-wrap", "wrap-reverse": "css-flex-wrap"},
}  # fmt: skip
# properties that matter with some values only: a box that is moved a little, or a line that breaks, hurts nobody
_ONLY = {
    "position": {"absolute", "fixed", "sticky"},
    "white-space": {"pre", "pre-wrap", "pre-line"},
    "visibility": {"hidden", "collapse"},
}
_INTRINSIC = {"fit-content", "min-content", "max-content"}
_FUNCTIONS = {
    **{name: f"css-{name}" for name in ("conic-gradient", "linear-gradient", "radial-gradient")},
    **{name: f"css-function-{name}" for name in ("clamp", "light-dark", "max", "min")},
    **dict.fromkeys(("lab", "lch", "oklab", "oklch"), "css-modern-color"),
    "calc": "css-unit-calc",
    "rgb": "css-rgb",
    "rgba": "css-rgba",
    "var": "css-variables",
}
_INPUTS = {"checkbox", "hidden", "radio", "reset", "submit", "text"}
_IMAGES = {"jpeg": "jpg", "tif": "tiff", "heic": "heif"}


def properties(features: Mapping[str, Feature]) -> Mapping[str, str]:
    """Return the feature of each property."""
    plain = {
        feature.title: slug
        for slug, feature in features.items()
        if slug.startswith("css-") and _PROPERTY.fullmatch(feature.title)
    }
    grouped = {word: slug for slug in _GROUPS if slug in features for word in features[slug].keywords}
    return {**{word: slug for word, slug in grouped.items() if _PROPERTY.fullmatch(word)}, **plain, **_BY_HAND}


def of_property(name: str, keywords: frozenset[str], by_property: Mapping[str, str]) -> Iterator[str]:
    """Yield the features that a property is, with the words of its value; `by_property` are those of properties."""
    if name.startswith("--"):
        yield "css-variables"
        return
    by_word = _KEYWORDS.get(name, {})
    yield from sorted({by_word[word] for word in keywords & by_word.keys()})
    if name not in by_word and not (name in _ONLY and keywords.isdisjoint(_ONLY[name])):
        slug = by_property.get(name)
        if slug is not None and name not in ("flex-direction", "flex-wrap"):
            yield slug
    if keywords & _INTRINSIC:
        yield "css-intrinsic-size"


def of_unit(unit: str) -> str:
    """Return the feature that a unit is."""
    return "css-unit-percent" if unit == "%" else f"css-unit-{unit}"


def of_function(name: str) -> str | None:
    """Return the feature that a function of CSS is, if any."""
    return _FUNCTIONS.get(name.removeprefix("repeating-"))


def of_at_rule(keyword: str) -> str:
    """Return the feature that a rule such as ``@import`` is."""
    return f"css-at-{keyword}"


def of_pseudo(name: str, *, element: bool) -> str:
    """Return the feature that ``:name`` or ``::name`` is."""
    element = element or name in ("after", "before", "first-letter", "first-line")
    return f"css-pseudo-{'element' if element else 'class'}-{name}"


def of_element(tag: str, attributes: Mapping[str, str]) -> str | None:
    """Return the feature that an element is, if any."""
    kind = attributes.get("type", "").strip().lower()
    if tag == "input":
        return f"html-input-{kind if kind in _INPUTS else 'text'}"
    if tag == "button":
        return "html-button-reset" if kind == "reset" else "html-button-submit"
    if tag == "link":
        href = attributes.get("href", "")
        # a font that is not loaded is one that decorates
        return "html-link" if "stylesheet" in attributes.get("rel", "").lower() and "font" not in href else None
    if tag == "map":
        return "html-image-maps"
    if tag == "embed":
        return "html-object"
    return None if tag in ("body", "meta", "p", "div", "a") else f"html-{tag}"


def of_attribute(name: str, value: str) -> str | None:
    """Return the feature that an attribute is, if any."""
    if name in ("background", "hidden", "popover"):
        return f"html-{name}"
    if name == "href" and len(value) > 1 and value.startswith("#"):
        return "html-anchor-links"
    return None


def of_image(address: str) -> str | None:
    """Return the feature that the format of an image is, as far as its address tells."""
    if address.lower().startswith("data:"):
        return "image-base64"
    ending = re.search(r"\.([a-z0-9]+)(?:[?#].*)?$", address.lower())
    return f"image-{_IMAGES.get(ending[1], ending[1])}" if ending else None
