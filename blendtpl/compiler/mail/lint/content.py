"""Content: what people cannot read, hear or follow in a variant: images, links, headings, language.

Enters: a document. Leaves: findings.
"""

import re
from collections.abc import Iterator

from blendtpl.compiler.mail.lint.basis import Basis
from blendtpl.compiler.mail.lint.css import has_hole
from blendtpl.compiler.mail.lint.document import Document, Element
from blendtpl.compiler.mail.lint.finding import Finding
from blendtpl.compiler.mail.lint.values import ANY

# link texts that say nothing where they are read alone, as screen readers list them
_SAYS_NOTHING = frozenset(
    (
        *("click", "click here", "click this", "click this link", "here", "link", "more", "more info", "read more"),
        *("right here", "this", "this link", "hier", "hier klicken", "klicken sie hier", "mehr", "ici", "cliquez ici"),
        *("aquí", "haga clic aquí", "clic aquí", "qui", "clicca qui", "klik hier"),
    )
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
# a path; what other tools put their own names into, such as `%%url%%` or `*|url|*`, is none
_PATH = re.compile(r"(?:\.{0,2}/|[\w-]+(?:/|\.\w+$|\?|$))[\w./~?=&%#+:;,@!-]*")
_ADDRESSES = ("href", "src", "background", "poster", "action")


def content(document: Document, basis: Basis) -> Iterator[Finding]:
    """Yield what is wrong with the content."""
    yield from _language(document)
    yield from _headings(document)
    styled = _sizes_images(document, basis)
    has_base = any(base.attributes.get("href") for base in document.root.all("base"))
    for element in document.root.all():
        if element.tag == "img":
            yield from _image(element, document, basis, styled=styled)
        if element.tag == "a":
            yield from _link(element, document)
        if not has_base:
            yield from _addresses(element, document)


def _language(document: Document) -> Iterator[Finding]:
    for element in document.root.all("html"):
        if element.is_certain and not element.attributes.get("lang", "").strip():
            message = "the message does not say which language it is in"
            hint = '`<html lang="en">`: screen readers choose their voice by it'
            yield Finding("mail-lang", document.place(element.start), "<html", message, hint)
        return


def _headings(document: Document) -> Iterator[Finding]:
    if ANY in document.text:
        return  # there may be headings in it
    before = 0
    for element in document.root.all(*(f"h{level}" for level in range(1, 7))):
        level = int(element.tag[1])
        if before and level > before + 1:
            message = f"`<h{level}>` comes after `<h{before}>`: a level is left out"
            yield Finding(
                "mail-heading-order", document.place(element.start), f"<h{level}", message, f"`<h{before + 1}>`"
            )
        before = level


def _sizes_images(document: Document, basis: Basis) -> bool:
    """Return whether a style sheet may set the width of images."""
    if any("stylesheet" in link.attributes.get("rel", "") for link in document.root.all("link")):
        return True
    for element in document.root.all("style"):
        for child in element.children:
            if not isinstance(child, Element):
                for rule in basis.css.sheet(child.data)[0]:
                    image = re.search(r"\bimg\b|[.#]", rule.selector)
                    if image and any(
                        declaration.name in ("width", "height") or not declaration.is_known
                        for declaration in rule.declarations
                    ):
                        return True
    return False


def _image(element: Element, document: Document, basis: Basis, *, styled: bool) -> Iterator[Finding]:
    attributes = element.attributes
    if not element.is_certain or {attributes.get("width"), attributes.get("height")} & {"0", "1", "1px", "0px"}:
        return  # a pixel that counts readers
    place = document.place(element.start)
    if "alt" not in attributes:
        hint = 'say what it shows, or `alt=""` where it only decorates: most clients hide images at first'
        yield Finding("mail-image-alt", place, "<img", "the image has no `alt`", hint)
    style = attributes.get("style", "")
    sized = {declaration.name for declaration in basis.css.declarations(style)} & {"width", "height"}
    if not ({"width", "height"} & attributes.keys() or sized or has_hole(style) or styled):
        message = "the image has no `width`: Outlook shows it in its full size"
        yield Finding("mail-image-width", place, "<img", message, "its width in pixels, as an attribute")


def _link(element: Element, document: Document) -> Iterator[Finding]:
    if "href" not in element.attributes or not element.is_certain:
        return
    labels = [element.attributes.get(name, "") for name in ("aria-label", "title")]
    labels += [image.attributes.get("alt", "") for image in element.all("img", "svg", "object")]
    uncertain = any(not image.is_certain for image in element.all())
    text = " ".join("".join([*(text.data for text in element.texts()), " ", " ".join(labels)]).split())
    place = document.place(element.start)
    if not text.strip("\u200b\u200c\ufeff\u034f\xad ") and not uncertain:
        images = any(True for _ in element.all("img", "svg", "object"))
        hint = "say where it leads, in the `alt` of the image" if images else "say where it leads"
        yield Finding("mail-link-text", place, "<a", "the link has no text", hint)
    elif text.strip(" .!…»›→>:").lower() in _SAYS_NOTHING:
        message = f"the link says “{text}”, which tells nobody where it leads"
        yield Finding("mail-link-text", place, "<a", message, "name what is there: screen readers list links alone")


def _addresses(element: Element, document: Document) -> Iterator[Finding]:
    for name in _ADDRESSES:
        address = element.attributes.get(name, "").strip()
        if name == "href" and element.tag not in ("a", "area", "link"):
            continue
        if not address or has_hole(address[0]) or address.startswith("#"):
            continue
        place = document.place(element.start)
        if address.lower().startswith("http:"):
            message = f"`{_short(address)}` is sent in the clear"
            yield Finding("mail-insecure-url", place, f"{name}=", message, "write `https:`")
        elif address.startswith("//") or (not _SCHEME.match(address) and _PATH.fullmatch(address.split("\ue000")[0])):
            message = f"`{_short(address)}` leads nowhere: a message has no address that it could begin at"
            yield Finding("mail-relative-url", place, f"{name}=", message, "write it in full, with `https://`")


def _short(address: str) -> str:
    shown = address.replace("\ue000", "…").replace("\ue001", "…")
    return shown if len(shown) <= 60 else f"{shown[:59]}…"
