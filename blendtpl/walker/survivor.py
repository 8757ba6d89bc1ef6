"""Survivor: an object that outlived the cycle in whose cache it was, and what holds it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Survivor:
    """An object that was in the cache of a cycle, or that was reached from there, and is alive though it ended.

    `key` is the key under which it was, or from whose object it was reached, as `repr` shows it; `kind` the name of its
    type; `held_by` what those that hold it are called; `chain` each object on the way from what has a name to it.
    """

    cycle: int
    key: str
    kind: str
    direct: bool  # whether the loader returned it, and not what it refers to
    held_by: tuple[str, ...]
    chain: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = "of" if self.direct else "reached from"
        holders = " and by ".join(self.held_by) or "something that was not looked for, as there are many"
        return f"{self.kind} {where} key {self.key} outlived cycle {self.cycle}: it is held by {holders}"
