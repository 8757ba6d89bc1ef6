"""Compatibility: the HTML and CSS of a variant that mail clients don't support.

Enters: a document, and which clients matter. Leaves: findings. Nothing is found in what is for one client, in what only
decorates, or in what has something else for clients that lack it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from blendtpl.compiler.mail.lint import css, features
from blendtpl.compiler.mail.lint.basis import Basis
from blendtpl.compiler.mail.lint.document import Document, Element
from blendtpl.compiler.mail.lint.finding import Finding

# a message with conditional comments for Outlook on Windows has in them what that needs
_OUTLOOK = frozenset({"outlook.windows", "outlook.windows-mail"})
_STYLE = re.compile(r"""(?<=[\s"'])style\s*=\s*["']?""", re.IGNORECASE)
# selectors that are there for one client: Outlook on the web, Gmail, Yahoo, Apple, Samsung, Thunderbird
_FOR_ONE = re.compile(
    r"\[|\bu\s*[+~]|#MessageView|#outlook|\.ExternalClass|\.ReadMsgBody|\.moz-text-html|\.yshortcuts|@-ms-|^_|"
    r"\binput\b.*:checked|\.im\b|#msg",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Use:
    slug: str
    needle: str
    at: int
    shown: str


def compatibility(document: Document, basis: Basis) -> Iterator[Finding]:
    """Yield what is not supported."""
    supported, settings = basis.support.features, basis.settings
    without = _OUTLOOK if document.for_outlook else frozenset[str]()
    for use in _uses(document, basis):
        feature = supported.get(use.slug)
        if feature is None or use.slug in features.HARMLESS:
            continue
        lacking = [client for client in feature.unsupported if client not in without]
        kind = "css" if feature.category == "css" else "image-format" if feature.category == "image" else "html"
        partial = [(client, note) for client, note in feature.partial if client not in without]
        notes = " ".join(dict.fromkeys(note for _, note in partial if note))
        if lacking and feature.share(without) < settings.support:
            message = f"{use.shown} is not supported by {basis.support.shown(lacking)}"
            yield Finding(f"mail-{kind}", document.place(use.at), use.needle, message, f"see {feature.url}")
        elif partial and settings.partial:
            shown = basis.support.shown(client for client, _ in partial)
            message = f"{use.shown} is supported in part by {shown}"
            hint = f"{notes} See {feature.url}" if notes else f"see {feature.url}"
            yield Finding("mail-partial", document.place(use.at), use.needle, message, hint)


def _uses(document: Document, basis: Basis) -> Iterator[_Use]:
    for element in document.root.all():
        if element.tag == "style":
            yield from _of_sheet(element, basis)
            continue
        yield from _of_tag(element)
        start = _STYLE.search(element.raw)
        if start is not None and element.attributes.get("style"):
            for use in basis.css.uses(basis.css.declarations(element.attributes["style"])):
                yield _shown(use, element.start + start.end(), basis)


def _of_sheet(element: Element, basis: Basis) -> Iterator[_Use]:
    if not element.is_certain:
        return
    for child in element.children:
        if isinstance(child, Element):
            continue
        rules, uses = basis.css.sheet(child.data)
        for use in uses:
            yield _shown(use, child.start, basis)
        for rule in rules:
            # what is in a query is for those who know the query
            if not rule.media and not _FOR_ONE.search(rule.selector):
                for use in (*css.uses_of_selector(rule), *basis.css.uses(rule.declarations)):
                    yield _shown(use, child.start, basis)


def _of_tag(element: Element) -> Iterator[_Use]:
    slug = features.of_element(element.tag, element.attributes)
    # what is in such an element is for clients that don't know it
    instead = element.tag in ("audio", "video", "object", "svg") and any(
        child.tag not in ("source", "track", "param") for child in element.all("a", "img", "p", "table")
    )
    if slug is not None and element.is_certain and not instead:
        yield _Use(slug, f"<{element.tag}", element.start, f"`<{element.tag}>`")
    for name, value in element.attributes.items():
        of_attribute = features.of_attribute(name, value)
        if of_attribute is not None:
            shown = "a link to a place in the message" if name == "href" else f"the attribute `{name}`"
            yield _Use(of_attribute, name, element.start, shown)
    source = element.attributes.get("src", "")
    if element.tag == "img" and not css.has_hole(source[-8:]):
        image = features.of_image(source)
        if image is not None:
            what = "an image in a `data:` URL" if image == "image-base64" else f"an image of format {image[6:]}"
            yield _Use(image, "src", element.start, what)


def _shown(use: css.Use, start: int, basis: Basis) -> _Use:
    feature = basis.support.features.get(use.slug)
    return _Use(use.slug, use.needle, start + use.at, f"`{feature.title}`" if feature else "")
