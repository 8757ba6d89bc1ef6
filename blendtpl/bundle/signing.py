"""Signing: the keys that sign bundles and the digests that pin them, as a caller gives them.

Enters: what a caller gives as ``key=`` or ``digest=``. Leaves: nothing, or an error that says what is wanted. A mistake
here is one of configuration, such as a variable that is not set, and must never be taken for "no check is wanted".
"""

import hashlib
import hmac
import re

from blendtpl.errors import BundleArgumentError, BundleError

SHORTEST_KEY = 16  # bytes: what half of the digest's length has is beyond guessing, see RFC 2104, section 3

_DIGEST = re.compile(r"[0-9a-f]{64}")
_NEW_KEY = 'make one with `python -c "import secrets; print(secrets.token_hex(32))"`'


def check_key(key: object) -> None:
    """Raise `BundleError` for what is no key, unless it is `None`, with which nothing is signed or checked."""
    if key is None:
        return
    if not isinstance(key, bytes):
        remedy = ": encode it, as in `key.encode()`" if isinstance(key, str) else ""
        raise BundleArgumentError(f"`key` is bytes, not {_shown_type(key)}{remedy}")
    if not key.strip(b"\0"):  # HMAC fills keys up with null bytes, so that one of these is the empty one
        kind = f"a key of {len(key)} null bytes" if key else "an empty key"
        raise BundleError(
            f"{kind} signs nothing, and is what a variable gives that is not set: leave `key` out, or {_NEW_KEY} and"
            " give that"
        )
    if len(key) < SHORTEST_KEY:
        raise BundleError(
            f"the key has {len(key)} byte{'s'[: len(key) != 1]}, and one of fewer than {SHORTEST_KEY} can be guessed:"
            f" {_NEW_KEY}"
        )


def check_digest(digest: object) -> None:
    """Raise `BundleError` for what is no digest, unless it is `None`, with which none is asked for."""
    if digest is None:
        return
    form = "64 hexadecimal digits, in lower case and with nothing around them, as `Bundle.digest` has them"
    if not isinstance(digest, str):
        raise BundleArgumentError(f"`digest` is a str of {form}, not {_shown_type(digest)}")
    if not _DIGEST.fullmatch(digest):
        raise BundleError(f"`digest` is {digest[:100]!r}, which is no digest: that is {form}")


def signature(key: bytes, body: bytes) -> bytes:
    """Return the HMAC-SHA-256 of `body`, in hexadecimal."""
    return hmac.new(key, body, hashlib.sha256).hexdigest().encode()


def _shown_type(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
