"""Documents: which responses are whole HTML documents, and what is put at the end of one.

Enters: the status and headers of a response, and its body in pieces. Leaves: the headers that it is sent with, and the
script that follows the body. It is put behind all of a body, where every browser runs it, as a template that streams
has sent the rest long before; so nothing is searched for a place, and no text that looks like one is mistaken for it.
"""

import html
import json
import re
from collections.abc import Iterable, Mapping

from blendtpl.web.development.changes import State

Headers = list[tuple[str, str]]

_POLICY = "content-security-policy"
_NONCE = re.compile(r"'nonce-([A-Za-z0-9+/_=-]+)'")
_ENDS = re.compile(rb"</(?:body|html)[\s>]", re.IGNORECASE)
_KEPT = 7  # bytes of a piece that the next may complete to `</body>`

# what would have the browser show, or ask for, a document that was made before the last change
_OF_CACHES = {"etag", "last-modified", "expires", "cache-control", "age"}


def may_be_document(method: str, status: int, headers: Iterable[tuple[str, str]]) -> bool:
    """Return whether a response may be a document that a script can be added to, as far as its headers say."""
    known = {name.lower(): value for name, value in headers}
    return (
        method != "HEAD"
        and status >= 200
        and status not in {204, 205, 206, 304}
        and known.get("content-type", "").partition(";")[0].strip().lower() == "text/html"
        and known.get("content-encoding", "identity").lower() == "identity"
        and "content-range" not in known
    )


def has_length(headers: Iterable[tuple[str, str]]) -> bool:
    """Return whether the length of a body is told before it."""
    return any(name.lower() == "content-length" for name, _ in headers)


def fresh(headers: Iterable[tuple[str, str]], length: int | None = None) -> Headers:
    """Return the headers of a document that no cache keeps, with that length, or with none."""
    left = {*_OF_CACHES, "content-length"}
    kept = [(name, value) for name, value in headers if name.lower() not in left]
    kept.append(("Cache-Control", "no-store"))
    return kept if length is None else [*kept, ("Content-Length", str(length))]


class Seen:
    """Whether the end of a document has come by among the pieces of a body."""

    def __init__(self) -> None:
        self.is_whole, self._tail = False, b""

    def add(self, piece: bytes) -> None:
        """Take another piece."""
        if not self.is_whole:
            looked_at = self._tail + piece
            self.is_whole = _ENDS.search(looked_at) is not None
            self._tail = looked_at[-_KEPT:]


def script(prefix: str, state: State, headers: Iterable[tuple[str, str]] = (), *, stays: bool = False) -> bytes:
    """Return the element that keeps a document made for `state` up to date, with the nonce that its policy asks for.

    `stays` is for one that cannot be asked for again without sending a form again: only its styles change.
    """
    policies = [value for name, value in headers if name.lower() == _POLICY]
    attributes: Mapping[str, str | None] = {
        "src": f"{prefix}/reload.js",
        "data-events": f"{prefix}/events",
        "data-page": state.page,
        "data-styles": json.dumps(dict(state.styles)),
        "data-stays": "yes" if stays else None,
        "nonce": next(filter(None, map(_nonce, policies)), None),
    }
    shown = (f'{name}="{html.escape(value)}"' for name, value in attributes.items() if value is not None)
    return f"<script {' '.join(shown)}></script>".encode()


def _nonce(policy: str) -> str | None:
    """Return the nonce that a policy lets scripts run by, from the directive that is for them."""
    directives: dict[str, str] = {}
    for each in re.split("[;,]", policy):
        name, _, value = each.strip().partition(" ")
        directives.setdefault(name.lower(), value)
    for name in ("script-src-elem", "script-src", "default-src"):
        if name in directives:
            found = _NONCE.search(directives[name])
            return found[1] if found else None
    return None
