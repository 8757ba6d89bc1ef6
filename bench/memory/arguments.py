"""What the commands of this package take.

Enters: words of a command line. Leaves: what they stand for; what stands for nothing is told, with what is like it.
"""

import argparse
from collections.abc import Iterable, Sequence

from blendtpl.errors import did_you_mean

_FEWEST = 4  # letters of a word that a misspelt part of a name may stand for


def count(text: str) -> int:
    """Return a number from 1 on, for `argparse`."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a number from 1 on, not {text!r}")
    return int(text)


def chosen(what: str, names: Iterable[str], parts: Sequence[str]) -> list[str]:
    """Return the names that have one of the parts in them, in capitals or not; all of them where there are no parts.

    Raises `LookupError`, whose message is for the user, when no name has one of the parts.
    """
    folded = {name: name.casefold() for name in names}
    for part in parts:
        if not any(part.casefold() in name for name in folded.values()):
            words = {word for name in folded.values() for word in name.split() if len(word) >= _FEWEST}
            hint = did_you_mean(part.casefold(), words.union(folded.values()))
            raise LookupError(f"no {what} has `{part}` in its name" + (f"; {hint}" if hint else ""))
    return [name for name, text in folded.items() if not parts or any(part.casefold() in text for part in parts)]
