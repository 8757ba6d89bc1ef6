"""Representations: what an object is, in one line, for a debugger, a log or the report of a failed assertion.

Enters: a value of any size. Leaves: a text of bounded length. Nothing here changes what `str` gives.
"""

import reprlib

_LONGEST = 200  # characters

_short = reprlib.Repr()
_short.maxstring = _short.maxother = _short.maxlong = _LONGEST
_short.maxtuple = _short.maxlist = _short.maxset = _short.maxfrozenset = _short.maxdict = 6
_short.maxlevel = 3


def brief(value: object) -> str:
    """Return the representation of a value, cut where it is long; whatever its own method raises is not raised."""
    text = _short.repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def counted(count: int, what: str) -> str:
    """Return ``1 template``, or ``3 templates``."""
    return f"{count:,} {what}{'s'[: count != 1]}"


def sized(count: int) -> str:
    """Return a number of bytes as people read it."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"
