"""Cycles of objects that only the collector can free: ``python -m tests.walker.cycles --cycles 10000 --objects 1000``.

Enters: how many cycles, of how many objects, and whether each is checked. Python's collector is off all the while.
Leaves: how many blocks of memory and how many bytes the process has in use, after a first part of the cycles and then
after each tenth of the others; what outlived its cycle; and how many of the objects are alive at the end.
"""

import argparse
import gc
import sys
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import process_time

import psutil

import blendtpl
from blendtpl.walker import Cycle, Walker

SPARE_BLOCKS = 200  # what Python does once: names that it interns, and dicts that grow with what is counted
SPARE_BYTES = 2_000_000
_PARTS = 10


class User:
    """Knows its watch, which knows it."""

    made = 0

    def __init__(self, number: int) -> None:
        User.made += 1
        self.name = f"user {number}"
        self.watch = Watch(self)
        self.row = {"id": number}


class Watch:
    """Knows whose it is, and nothing of it has a weak reference."""

    __slots__ = ("user",)

    def __init__(self, user: User) -> None:
        self.user = user


@dataclass(slots=True)
class Told:
    """What came of it."""

    blocks: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    survivors: int = 0
    alive: int = 0
    seconds: float = 0.0

    @property
    def is_flat(self) -> bool:
        """Whether nothing outlived anything, and nothing grew."""
        grown = self.blocks[-1] - self.blocks[0] > SPARE_BLOCKS or self.sizes[-1] - self.sizes[0] > SPARE_BYTES
        return not (grown or self.survivors or self.alive)

    def __str__(self) -> str:
        return "\n".join(
            (
                f"blocks of memory: {', '.join(map(str, self.blocks))}",
                f"bytes in use, in MB: {', '.join(f'{size / 1e6:.1f}' for size in self.sizes)}",
                f"survivors: {self.survivors}; objects alive at the end: {self.alive}",
                f"{self.seconds:.1f} seconds of the processor",
                "flat" if self.is_flat else "NOT FLAT",
            )
        )


def run(registry: blendtpl.Registry, cycles: int, objects: int, *, check: bool) -> Told:
    """Load so many objects in each of so many cycles, and render a text for each tenth."""
    process, told, was_on = psutil.Process(), Told(), gc.isenabled()
    template, last = registry["alert.txt"], weakref.WeakSet[User]()
    walker = Walker(registry, check=check)
    gc.disable()
    began = process_time()
    try:
        for cycle in walker.cycles():
            for number, user in enumerate(_users(cycle, objects)):
                if number % 10 == 0:
                    template.render(watch={"url": user.name})
                    last.add(user)
            del user
            if cycle.number % max(1, cycles // _PARTS) == 0:
                told.blocks.append(sys.getallocatedblocks())
                told.sizes.append(process.memory_info().rss)
            if cycle.number == cycles:
                walker.end()
    finally:
        if was_on:
            gc.enable()
    told.seconds = process_time() - began
    told.survivors, told.alive = int(walker.stats.survivors), len(last)
    return told


def _users(cycle: Cycle, objects: int) -> Iterator[User]:
    for number in range(objects):
        yield cycle.cache.get_or_load(("user", number), lambda number=number: User(number))  # type: ignore[misc]


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cycles", type=int, default=10_000)
    parser.add_argument("--objects", type=int, default=1000)
    options = parser.parse_args()
    registry = blendtpl.load(blendtpl.compile({"alert.txt": "{{ watch.url }} changed\n"}))
    flat = True
    for check in (False, True):
        told = run(registry, options.cycles, options.objects, check=check)
        print(f"{options.cycles} cycles of {options.objects} objects, {'each checked' if check else 'not checked'}")
        print(told, "\n", sep="")
        flat = flat and told.is_flat
    return 0 if flat else 1


if __name__ == "__main__":
    sys.exit(main())
