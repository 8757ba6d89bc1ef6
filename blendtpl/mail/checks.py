"""Checks: what no field of a message may have in it.

Enters: a value, and what it is called. Leaves: nothing, or a `MessageError` that names the field and the remedy.
"""

import re
import unicodedata
from collections.abc import Mapping

from blendtpl.errors import MessageError
from blendtpl.mail.addresses import refuse_encoded_word, shortened
from blendtpl.mail.headers import check_name
from blendtpl.mail.transfer import refused_at

# the message's own headers, with what to give for them
_OWN_HEADERS = {
    **{name: f"give `{name}=[...]`" for name in ("to", "cc", "bcc")},
    "subject": "it is what its template prints",
    "from": "give `sender=`, or `from_=[...]` for several",
    "reply-to": "give `reply_to=`",
    "mime-version": "it is always the same",
}
_BREAKS = frozenset(("Cc", "Zl", "Zp"))  # categories of Unicode
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")  # RFC 5646, as far as its form goes


def check_line(label: str, value: object) -> None:
    """Raise `MessageError` for what is no one line of text."""
    if not isinstance(value, str):
        raise MessageError(f"{label} takes a `str`, and is {kind_of(value)}")
    if not value.isprintable():  # nearly all are; and what is printable can be encoded
        odd = next((character for character in value if unicodedata.category(character) in _BREAKS), None)
        if odd is not None:
            what = f"a line break or a control character, {odd!a}"
            remedy = "that is no header name" if label == "header name" else "a header is one line of text"
            raise MessageError(f"{label} has {what}: {shortened(value)}; {remedy}")
        _check_encodable(label, value)
    if "=?" in value:
        refuse_encoded_word(label, value)


def check_names(headers: Mapping[str, str]) -> None:
    """Raise `MessageError` for names of headers that are none, that are there twice, or that are the message's own."""
    spellings: dict[str, str] = {}
    for name in headers:
        check_line("header name", name)
        check_name(name)
        kind = name.lower()
        if kind in _OWN_HEADERS or kind.startswith("content-"):
            remedy = _OWN_HEADERS.get(kind, "it cannot be given in `headers`")
            raise MessageError(f"header `{name}` is the message's own: {remedy}")
        if kind in spellings:
            raise MessageError(f"headers `{spellings[kind]}` and `{name}` are the same: give one of them")
        spellings[kind] = name


def check_body(label: str, value: object) -> None:
    """Raise `MessageError` for what cannot be the text of a part."""
    if value is None:
        return
    if not isinstance(value, str):
        raise MessageError(f"{label} takes a `str`, and is {kind_of(value)}")
    at = refused_at(value)
    if at >= 0:
        _check_encodable(label, value)
        raise MessageError(f"{label} has a NUL character at {at}, which no e-mail may have: take it out")


def check_language(value: object) -> None:
    """Raise `MessageError` for what is no tag of a language."""
    if not isinstance(value, str) or not _LANGUAGE.fullmatch(value):
        raise MessageError(f"`language` is {shortened(str(value))}: write it as `de` or `pt-BR`")


def check_priority(value: object) -> None:
    """Raise `MessageError` for what is no priority."""
    if value not in ("high", "normal", "low"):
        raise MessageError(f'`priority` is {shortened(str(value))}: write "high", "normal" or "low"')


def kind_of(value: object) -> str:
    """Return what a value is, as errors say it."""
    return f"of the type `{type(value).__name__}`"


def _check_encodable(label: str, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        message = f"{label} cannot be encoded as UTF-8: {error.reason} at {error.start}; it was decoded wrongly before"
        raise MessageError(message) from None
