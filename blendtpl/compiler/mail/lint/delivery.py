"""Delivery: what a message as a whole lacks, or has too much of.

Enters: all variants of its parts. Leaves: findings. What may be there in one of the variants is not missing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from blendtpl.compiler.mail.lint.css import has_hole
from blendtpl.compiler.mail.lint.document import Document, Element, Place
from blendtpl.compiler.mail.lint.finding import Finding
from blendtpl.compiler.mail.lint.values import ANY, HOLES

CLIPPED = 102 * 1024  # bytes of HTML, behind which Gmail shows a link instead

_INVISIBLE = "\u200b\u200c\u200d\u034f\ufeff\xad\xa0 \n\t\r"
_HIDDEN = re.compile(
    r"display\s*:\s*none|mso-hide\s*:\s*all|max-height\s*:\s*0|font-size\s*:\s*[01]px|visibility\s*:\s*hidden|opacity\s*:\s*0"
)
_PREHEADER = re.compile(r"pre-?header|preview|snippet", re.IGNORECASE)
_UNSUBSCRIBE = re.compile(
    r"unsubscri|opt.?out|preferences|abbestell|abmeld|désabonn|desabonn|desuscri|darse de baja|cancelar.+suscripci|"
    r"disiscri|annulla l.iscrizione|uitschrijv|afmeld",
    re.IGNORECASE,
)
_LETTERS = 20  # of text, which is more than a year and a name below a picture


@dataclass(frozen=True, slots=True)
class Part:
    """A part in all of its variants. `documents` are those of HTML, `reads` the variables that any of it asks for,
    `shown` those that it prints as text, where that can be told.
    """

    name: str
    documents: tuple[Document, ...]
    reads: frozenset[str]
    shown: Mapping[str, Place] | None


@dataclass(frozen=True, slots=True)
class Message:
    """A message. `text` is its other part, where there is one; `category` is what it says to be, and `unsubscribe`
    whether its header offers that; `text_from_html`: whether the text part is made of the other.
    """

    name: str
    html: Part
    text: Part | None
    category: str = ""
    unsubscribe: bool = False
    text_from_html: bool = False


def delivery(message: Message) -> Iterator[Finding]:
    """Yield what is wrong with a message."""
    yield from _size(message.html)
    yield from _preheader(message.html)
    yield from _unsubscribe(message)
    yield from _images_only(message.html)
    if message.text is None and not message.text_from_html:
        yield Finding(
            "mail-text-part",
            Place(message.html.name, 1),
            "",
            "the message has no text part",
            "a `body.txt` beside it, or a block `text`: watches, screen readers and spam filters read that",
        )
    elif message.text is not None:
        yield from _variables(message.html, message.text)


def _size(part: Part) -> Iterator[Finding]:
    largest = max((_constant(document) for document in part.documents), default=0)
    if largest > CLIPPED:
        message = (
            f"the HTML has at least {largest / 1024:.0f} kB, without what variables bring: Gmail clips it at 102 kB"
        )
        yield Finding("mail-size", Place(part.name, 1), "", message, "less of it, or a link to the rest")


def _constant(document: Document) -> int:
    return len(document.text.encode("utf-8", "replace")) - sum(document.text.count(hole) * 3 for hole in HOLES)


def _preheader(part: Part) -> Iterator[Finding]:
    bodies = [next(document.root.all("body"), None) for document in part.documents]
    if not bodies or any(body is None for body in bodies) or any(_begins_hidden(body) for body in bodies if body):
        return
    body = bodies[0]
    if body is not None:
        message = "the message has no preheader: clients show its first words beside the subject"
        hint = "a hidden `<div>` first in `<body>`, with a sentence that goes on where the subject ends"
        yield Finding("mail-preheader", part.documents[0].place(body.start), "<body", message, hint)


def _begins_hidden(body: Element) -> bool:
    """Return whether there is a hidden text before any other, or may be."""
    for text in body.texts():
        around = [text.parent, *text.parent.above()]
        if ANY in text.data:
            return True
        if any(_may_hide(element) for element in around):
            return True
        if text.data.strip(_INVISIBLE):
            return False
    return False


def _may_hide(element: Element) -> bool:
    attributes = element.attributes
    names = f"{attributes.get('class', '')} {attributes.get('id', '')}"
    hidden = _HIDDEN.search(attributes.get("style", "")) or _PREHEADER.search(names) or "hidden" in attributes
    return bool(hidden) or not element.is_certain


def _unsubscribe(message: Message) -> Iterator[Finding]:
    if not message.category or message.category == "transactional" or message.unsubscribe:
        return
    if not any(_may_unsubscribe(document) for document in message.html.documents):
        problem = f"a message of category `{message.category}` offers no way to unsubscribe"
        hint = "`unsubscribe = true` in message.toml, and a link in the body"
        yield Finding("mail-unsubscribe", Place(message.html.name, 1), "", problem, hint)


def _may_unsubscribe(document: Document) -> bool:
    names = {name for piece in document.pieces for name in piece.names}
    return ANY in document.text or bool(_UNSUBSCRIBE.search(document.text)) or any(map(_UNSUBSCRIBE.search, names))


def _images_only(part: Part) -> Iterator[Finding]:
    for document in part.documents:
        body = next(document.root.all("body"), document.root)
        texts = "".join(
            text.data for text in body.texts() if not any(map(_may_hide, (text.parent, *text.parent.above())))
        )
        letters = sum(letter.isalpha() for letter in texts)
        if letters >= _LETTERS or has_hole(texts):
            return
    images = [image for document in part.documents[:1] for image in document.root.all("img")]
    if images:
        place = part.documents[0].place(images[0].start)
        message = "all that the message says is in images, which most clients hide at first"
        yield Finding("mail-images-only", place, "<img", message, "the words as text, beside the images")


def _variables(html: Part, text: Part) -> Iterator[Finding]:
    if html.shown is None or text.shown is None:
        return
    for part, other, what in ((html, text, "text"), (text, html, "HTML")):
        for name, place in sorted((part.shown or {}).items()):
            if name not in other.reads:
                message = f"`{name}` is shown here, and is not in the {what} part"
                hint = f"show it in `{other.name}`, too, so that everybody reads the same"
                yield Finding("mail-part-variables", place, name, message, hint)


def shown(document: Document) -> dict[str, Place]:
    """Return the variables that a variant of HTML prints in text, each with a place."""
    names: dict[str, Place] = {}
    for text in document.root.texts():
        if has_hole(text.data) and not any(map(_may_hide, (text.parent, *text.parent.above()))):
            for name, place in document.printed(text.start, text.end):
                names.setdefault(name, place)
    return names
