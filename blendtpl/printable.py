"""Printable text: what a terminal or a log shows as it stands, and takes no orders from.

Enters: a text that anybody may have written: the name of a template, a variable, a message. Leaves: the same, in which
all that Python calls not printable is an escape, as in ``\\x1b``: controls, marks that turn the direction of what
follows, what has no width, halves of surrogate pairs. `BlendError` says what it says through this, and so does the
command line.
"""

import unicodedata


def printable(text: str, keep: str = "\n") -> str:
    """Return a text with escapes for what is not printable, but for the characters in `keep`."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in keep else repr(character)[1:-1] for character in text
    )


def one_line(text: str) -> str:
    """Return a text with escapes for what is not printable, line ends too, so that it cannot look like more lines."""
    return printable(text, keep="")


def cells(text: str) -> int:
    """Return how many columns of a terminal a printable text takes."""
    return sum(
        0
        if unicodedata.category(character) in ("Mn", "Me")
        else 2
        if unicodedata.east_asian_width(character) in "WF"
        else 1
        for character in text
    )
