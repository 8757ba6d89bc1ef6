"""Survivor: an object that outlived the cycle in whose cache it was, and what holds it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Survivor:
    r"""An object that was in the cache of a cycle, or that was reached from there, and is alive though it ended.

    `key` is the key under which it was, or from whose object it was reached, as `repr` shows it; `kind` the name of its
    type; `held_by` what it is called by the shortest way to it, such as ``\`seen[0]\` of module app``; `chain` what
    is on that way, from what has a name to the object itself.
    """

    cycle: int
    key: str
    kind: str
    direct: bool  # whether the loader returned it, and not what it refers to
    held_by: str
    chain: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = "of" if self.direct else "reached from"
        return f"{self.kind} {where} key {self.key} outlived cycle {self.cycle}: it is held as {self.held_by}"
