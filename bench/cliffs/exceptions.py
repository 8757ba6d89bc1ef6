"""The pairs that may cost more than the limit: `exceptions.toml`, each with what it cost when it was named, and why.

Enters: the file. Leaves: an `Excused` by the name of the pair. The list is there to shrink: whoever makes one of these
edits cheap takes its lines out.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("exceptions.toml")


class ExceptionsError(Exception):
    """The file of exceptions says something that it cannot mean; the message is for the user."""


@dataclass(frozen=True, slots=True)
class Excused:
    """How many times as much an edit costs, and what the compiler does there."""

    ratio: float
    reason: str


def read(names: frozenset[str], file: Path = FILE) -> Mapping[str, Excused]:
    """Return what the file says; raises `ExceptionsError` for what is no pair, no reason or no figure."""
    try:
        stated = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ExceptionsError(f"{file}: {error}") from None
    excused: dict[str, Excused] = {}
    for reason, costs in stated.items():
        if not isinstance(costs, dict) or not reason.strip():
            raise ExceptionsError(f"{file}: `{reason}` is no table of pairs under a reason")
        for name, ratio in costs.items():
            if name not in names:
                raise ExceptionsError(f"{file}: there is no pair `{name}`: take it out")
            if name in excused:
                raise ExceptionsError(f"{file}: `{name}` is there twice")
            if not isinstance(ratio, int | float):
                raise ExceptionsError(f"{file}: `{name}` has {ratio!r} for a figure, and not a number")
            excused[name] = Excused(float(ratio), reason)
    return excused
