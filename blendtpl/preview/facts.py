"""Facts: what the tabs say of what was rendered: headers, sizes, variables, markup in colours.

Enters: a message's bytes, texts, contexts. Leaves: rows for the templates of the preview.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from html import unescape
from typing import Any

from blendtpl.errors import did_you_mean
from blendtpl.preview.catalogue import Item
from blendtpl.preview.rendering import Rendered
from blendtpl.reprs import sized
from blendtpl.runtime.registry import Registry

CLIPPED = 102 * 1024  # bytes of HTML beyond which Gmail shows a message cut off, with a link to the rest
_SUBJECT = 70  # characters of a subject that most clients show on a wide screen
_TOKENS = re.compile(
    r"""(?P<comment><!--.*?-->|<![^>]*>)|(?P<tag></?[a-zA-Z][\w:-]*)|(?P<end>/?>)"""
    r"""|(?P<name>(?<=\s)[\w:@-]+(?==))|(?P<text>="[^"]*"|='[^']*')""",
    re.DOTALL,
)
_HOST = re.compile(r"""(?:href|src|background)=["']?(?:https?:)?//([^/"'\s>?#]+)""", re.IGNORECASE)
_REMOTE = re.compile(r"""<img\b[^>]*?\ssrc=["']?\s*(?:https?:)?//""", re.IGNORECASE)
_UNSEEN = re.compile(r"<!--.*?-->|<(style|script|title)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)
# what senders put behind the first words, so that a list of messages shows no others
_PADDING = re.compile("[\u00a0\u00ad\u034f\u200b-\u200d\u2007\ufeff\\s]{20,}")
_LONGEST = 300  # characters of a value that are shown
_SNIPPET = 140  # characters of it that lists of messages have room for


@dataclass(frozen=True, slots=True)
class Size:
    """How large something is: `share` of what it should be at most, where that is known."""

    what: str
    value: str
    note: str = ""
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    """A name that templates read or an example has. `read_by` are the parts that read it, `value` is the example's."""

    name: str
    read_by: tuple[str, ...]
    in_example: bool
    value: str
    note: str


def remote_images(html: str) -> int:
    """Return how many images of other hosts a document shows."""
    return len(_REMOTE.findall(html))


def beginning(rendered: Rendered) -> str:
    """Return what a list of messages shows behind the subject: how the HTML begins, or the text."""
    text = _UNSEEN.sub(" ", rendered.html) if rendered.html is not None else rendered.text or ""
    return " ".join(_PADDING.split(unescape(text).lstrip())[0].split())[:_SNIPPET]


def headers(message: bytes) -> list[tuple[str, str]]:
    """Return the headers of a message as a reader shows them, in their order."""
    read = message_from_bytes(message, policy=policy.default)
    return [(name, str(value)) for name, value in read.items()]


def sizes(rendered: Rendered) -> list[Size]:
    """Return how large each part is, and what is to be known of that."""
    return list(_sizes(rendered))


def _sizes(rendered: Rendered) -> Iterator[Size]:
    if rendered.subject is not None:
        length = len(rendered.subject)
        note = f"many clients show about {_SUBJECT}" if length > _SUBJECT else ""
        yield Size("Subject", f"{length} characters", note, length / _SUBJECT)
    if rendered.html is not None:
        count = len(rendered.html.encode("utf-8", "replace"))
        mail = rendered.subject is not None
        note = "Gmail cuts it off at 102 kB and hides the rest" if mail and count > CLIPPED else ""
        limit = " of the 102 kB that Gmail shows" if mail and not note else ""
        yield Size("HTML", sized(count) + limit, note, count / CLIPPED if mail else None)
        for what, name in (("Images", "img"), ("Links", "a"), ("Style sheets", "style")):
            amount = len(re.findall(rf"<{name}[\s>]", rendered.html, re.IGNORECASE))
            yield Size(what, str(amount))
        hosts = sorted(set(map(str.lower, _HOST.findall(rendered.html))))
        yield Size("Hosts", str(len(hosts)), ", ".join(hosts))
    if rendered.text is not None:
        count, lines = len(rendered.text.encode("utf-8", "replace")), rendered.text.count("\n") + 1
        longest = max(map(len, rendered.text.splitlines()), default=0)
        yield Size("Text", sized(count), f"{lines} lines, the longest of {longest} characters")
    if rendered.message is not None:
        yield Size("As sent", sized(len(rendered.message)), "headers and all parts, as they are encoded")


def variables(registry: Registry, item: Item, context: Mapping[str, Any]) -> list[Variable]:
    """Return each name that a part reads, and each that the example has, with what is odd about it."""
    reads = {part: frozenset(registry[name].variables) for part, name in item.parts.items()}
    names = sorted({*context, *(name for read in reads.values() for name in read)})
    unread = [name for name in context if not any(name in read for read in reads.values())]
    return [_variable(name, reads, context, unread) for name in names]


def _variable(
    name: str, reads: Mapping[str, frozenset[str]], context: Mapping[str, Any], unread: Iterable[str]
) -> Variable:
    by = tuple(part for part, names in reads.items() if name in names)
    note = ""
    if name not in context:
        note = did_you_mean(name, unread) or "not in the example"
    elif not by:
        note = did_you_mean(name, {other for names in reads.values() for other in names}) or "read by no part"
    return Variable(name, by, name in context, _summary(context[name]) if name in context else "", note)


def _summary(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(value)} }}"[:_LONGEST] if value else "{ }"
    return f"list of {len(value)}" if isinstance(value, list) else json.dumps(value, ensure_ascii=False)[:_LONGEST]


def coloured(html: str) -> list[list[tuple[str, str]]]:
    """Return the lines of HTML as pieces: what each is, for a style sheet, and its text."""
    lines: list[list[tuple[str, str]]] = [[]]
    for kind, text in _pieces(html):
        first, *others = text.split("\n")
        lines[-1].append((kind, first))
        lines += [[(kind, other)] for other in others]
    return lines


def _pieces(html: str) -> Iterator[tuple[str, str]]:
    at = 0
    for token in _TOKENS.finditer(html):
        if token.start() > at:
            yield "", html[at : token.start()]
        yield token.lastgroup or "", token[0]
        at = token.end()
    yield "", html[at:]
