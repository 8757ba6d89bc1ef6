"""Unsubscribing: the pair of headers by which a mail provider shows a button that works with one click (RFC 8058).

Enters: where a recipient says that no more is wanted. Leaves: the values of `List-Unsubscribe` and
`List-Unsubscribe-Post`.
"""

import re
from dataclasses import dataclass

from blendtpl.errors import MessageError
from blendtpl.mail.addresses import shortened

_LONGEST = 900  # octets: with its header's name it stands in one line, which no reader has to unfold
_ONE_CLICK = "List-Unsubscribe=One-Click"  # RFC 8058 section 3.2
_URL = re.compile(r"https://[!-;=?-~]+")
_MAILTO = re.compile(r"mailto:[!-;=?-~]+@[!-;=?-~]+")


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Where to unsubscribe: by a `url`, to which the provider sends a POST, by writing to `mailto`, or both.

    `url` is an ``https:`` URL for this one recipient and list, as there is nothing else in that request; `mailto` is an
    address, or a ``mailto:`` URL. A signature by DKIM has to cover both headers, as that of `DkimSigner` does.

    Raises `MessageError` for what no provider takes.
    """

    url: str | None = None
    mailto: str | None = None

    def __post_init__(self) -> None:
        if self.url is None and self.mailto is None:
            raise MessageError("`unsubscribe` says neither a `url` nor a `mailto`: give one of them")
        for label, value in (("url", self.url), ("mailto", self.mailto)):
            if value is not None and not isinstance(value, str):
                raise MessageError(f"`unsubscribe`: {label} takes a `str`, and is of the type `{type(value).__name__}`")
        if self.url is not None:
            _check("url", self.url, _URL, "an `https:` URL, encoded: providers follow no other")
        if self.mailto is not None:
            if not self.mailto.startswith("mailto:"):
                object.__setattr__(self, "mailto", f"mailto:{self.mailto}")
            _check("mailto", self.mailto, _MAILTO, "an address, or a `mailto:` URL, encoded")

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The headers, by name."""
        if self.url is None:
            return (("List-Unsubscribe", f"<{self.mailto}>"),)
        both = f"<{self.url}>" if self.mailto is None else f"<{self.url}>, <{self.mailto}>"
        return ("List-Unsubscribe", both), ("List-Unsubscribe-Post", _ONE_CLICK)


def as_unsubscribe(value: object) -> Unsubscribe | None:
    """Return what a caller gave: nothing, an `Unsubscribe`, or the URL or ``mailto:`` of one."""
    if value is None or isinstance(value, Unsubscribe):
        return value
    if not isinstance(value, str):
        raise MessageError(
            f"`unsubscribe` takes a URL or an `Unsubscribe`, and is of the type `{type(value).__name__}`"
        )
    return Unsubscribe(mailto=value) if value.startswith("mailto:") else Unsubscribe(url=value)


def _check(label: str, value: str, pattern: re.Pattern[str], remedy: str) -> None:
    if not pattern.fullmatch(value) or "=?" in value:
        raise MessageError(f"`unsubscribe`: {label} is {shortened(value)}: give {remedy}")
    if len(value) > _LONGEST:
        raise MessageError(f"`unsubscribe`: {label} has {len(value)} characters: give {_LONGEST} at most")
