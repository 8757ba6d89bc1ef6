"""Edits of texts.

Enters: a text, and what goes where in it. Leaves: the text with all of that.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """A text that goes between two offsets of a source."""

    start: int
    end: int
    text: str


def applied(text: str, changes: Sequence[Edit]) -> str:
    """Return a text with edits made, which are apart from each other."""
    pieces, at = [], 0
    for edit in sorted(changes, key=lambda edit: (edit.start, edit.end)):
        pieces += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*pieces, text[at:]])
