"""Content ids: how the HTML of a message names an image that goes with it (RFC 2392)."""

import re

from blendtpl.errors import MessageError

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._/-]*")
_DOMAIN = "blendtpl"  # it is looked for in its own message alone


def content_id(name: str) -> str:
    """Return what an image of that name is called in a message; raises `MessageError` for an odd name."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise MessageError(
            f"{str(name)[:200]!a} is no name of an image: it takes letters, digits, `.`, `_`, `-` and `/`"
        )
    return f"{name}@{_DOMAIN}"


def cid(name: str) -> str:
    """Return the URL of an image that goes with the message: ``<img src="{{ cid('logo.png') }}">``."""
    return f"cid:{content_id(name)}"
