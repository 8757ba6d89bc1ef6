"""Shared metrics: the figures of all workers of a pool, in memory that they share.

Enters: how many workers there may be at a time, and the names of templates and messages. Leaves: a row of figures for
each worker and for each template in it, which only that worker writes, and sums that only go up. Any process that has
the memory can answer for all: those that were forked, and by the file that it has in ``/proc`` any other of the same
user. Nothing is ever locked for writing, and the memory stays as large as it was made.
"""

import fcntl
import mmap
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from blendtpl.errors import ConfigError
from blendtpl.metrics.name_table import NameTable
from blendtpl.metrics.slot import SlotStats
from blendtpl.walker.stats import Stats

if TYPE_CHECKING:
    from blendtpl.runtime.registry import Registry

OTHERS = "(others)"  # the row of templates that came when there was no room for more
MOST_REASONS = 32

_DOUBLE, _PAGE = 8, 4096
_FORMAT = 20260101.0  # the first number, of this layout
_HEADER = 16  # numbers: the format, four sizes, and how much each name table uses
_NAME = 64  # bytes for a name, on average
_ROOM = 64  # names that may come later, at least


class TemplateFigures(NamedTuple):
    """What was counted of a template, or of a message; `characters` of a message are those of its texts."""

    renders: float
    characters: float
    seconds: float
    errors: float


class Sizes(NamedTuple):
    """How many there is room for."""

    slots: int
    templates: int
    messages: int
    names: int


FIGURES = len(TemplateFigures._fields)


class SharedMetrics:
    """Memory for the figures of a pool, made before its workers are forked.

    `workers` is how many there are at most at a time, those that take another's place included. Each has a slot,
    from 0. `templates` and `messages` are names, most easily those of a registry (`SharedMetrics.of`); `add` takes
    those of another bundle later.
    """

    def __init__(self, workers: int, templates: Iterable[str] = (), messages: Iterable[str] = ()) -> None:
        if not isinstance(workers, int) or workers < 1:
            raise ConfigError(f"there must be a slot for one worker at least, not for {workers!r}")
        templates, messages = list(templates), list(messages)
        texts = sum(len(name.encode("utf-8", "surrogatepass")) for name in (*templates, *messages))
        sizes = Sizes(workers, _room(templates), _room(messages), _aligned(2 * texts + 2 * _ROOM * _NAME))
        self._open(_file(_size(sizes)), sizes)
        self._header[: 1 + len(sizes)] = memoryview(bytearray(_DOUBLE * (1 + len(sizes)))).cast("d")
        for at, value in enumerate(sizes, 1):
            self._header[at] = float(value)
        self._templates.add([OTHERS, *templates])
        self._messages.add([OTHERS, *messages])
        self._reasons.add([OTHERS])
        for slot in range(workers):
            self.stats(slot).reset()
        self._header[0] = _FORMAT  # the last, so that nobody opens what is not there yet

    @classmethod
    def of(cls, registry: "Registry", workers: int = 1) -> "SharedMetrics":
        """Make memory for the templates and the messages of a registry."""
        return cls(workers, registry, registry.messages)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> "SharedMetrics":
        """Open the memory that another process of this user made, by the `path` that it told."""
        found = cls.__new__(cls)
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        first = memoryview(os.pread(descriptor, _HEADER * _DOUBLE, 0))
        numbers = first.cast("d").tolist() if len(first) == _HEADER * _DOUBLE else [0.0]
        if numbers[0] != _FORMAT:
            os.close(descriptor)
            raise ConfigError(f"{os.fspath(path)} holds no metrics, or those of another version")
        found._open(descriptor, Sizes(*(int(number) for number in numbers[1 : 1 + len(Sizes._fields)])))
        return found

    def _open(self, descriptor: int, sizes: Sizes) -> None:
        self._descriptor, self._sizes = descriptor, sizes
        memory = memoryview(mmap.mmap(descriptor, _size(sizes)))
        self._numbers: memoryview[float] = memory.cast("d")
        self._header = self._numbers[:_HEADER]
        self._per_slot = _per_slot(sizes)
        self._first_slot = _before_slots(sizes) // _DOUBLE
        names = memory[_HEADER * _DOUBLE : _HEADER * _DOUBLE + 3 * sizes.names]
        tables = (
            NameTable(names[at * sizes.names : (at + 1) * sizes.names], self._header[8 + at : 9 + at], most)
            for at, most in enumerate((sizes.templates, sizes.messages, MOST_REASONS))
        )
        self._templates, self._messages, self._reasons = tables
        at = (_HEADER * _DOUBLE + 3 * sizes.names) // _DOUBLE
        self._rotations = self._numbers[at : at + MOST_REASONS]

    def __repr__(self) -> str:
        return f"<SharedMetrics of {self._sizes.slots} workers, {len(self._templates.names()) - 1} templates>"

    def __reduce__(self) -> "tuple[object, ...]":
        raise TypeError("shared metrics are inherited by a fork, or opened by their `path`; they cannot be pickled")

    @property
    def path(self) -> str:
        """The file by which other processes of this user may `open` it, as long as this process lives (Linux)."""
        return f"/proc/{os.getpid()}/fd/{self._descriptor}"

    @property
    def slots(self) -> range:
        """The numbers of the slots."""
        return range(self._sizes.slots)

    def add(self, templates: Iterable[str], messages: Iterable[str] = ()) -> None:
        """Make the names of another bundle known. One process may do so at a time, and before it is measured.

        Where there is no room any more, templates are counted together, as ``(others)``.
        """
        self._templates.add(templates)
        self._messages.add(messages)

    def stats(self, slot: int) -> SlotStats:
        """Return the figures of the worker in a slot."""
        at = self._at(slot)
        fields = len(Stats.FIELDS)
        row, before = (self._numbers[start : start + fields] for start in (at, at + fields))

        def counted(figure: int) -> float:
            return float(sum(self._figures(slot, self._sizes.templates, 0)[figure::FIGURES].tolist()))

        return SlotStats(row, before, counted)

    def template_row(self, slot: int, name: str) -> tuple["memoryview[float]", int]:
        """Return where a worker counts what it does with a template: a row, and where in it that begins."""
        return self._figures(slot, self._sizes.templates, 0), FIGURES * self._templates.number(name)

    def message_row(self, slot: int, name: str) -> tuple["memoryview[float]", int]:
        """Return the same for a message."""
        return self._figures(slot, self._sizes.messages, self._sizes.templates), FIGURES * self._messages.number(name)

    def take(self) -> int:
        """Return a slot that no process has, for this one, and begin its row anew.

        For servers that fork workers themselves: each calls it once, after the fork. A slot is free when its worker
        is gone. Raises `ConfigError` when none is.
        """
        return self._take_for(os.getpid())

    def _take_for(self, pid: int) -> int:
        fcntl.lockf(self._descriptor, fcntl.LOCK_EX)
        try:
            for slot in self.slots:
                stats = self.stats(slot)
                if not _lives(int(stats.pid)) or int(stats.pid) == pid:
                    stats.reset()
                    stats.pid, stats.started = float(pid), time.monotonic()
                    return slot
        finally:
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN)
        raise ConfigError(f"all {len(self.slots)} slots are taken: make `SharedMetrics` for more workers")

    def release(self, slot: int) -> None:
        """Tell that the worker of a slot is gone. What it counted stays in the sums."""
        self.stats(slot).pid = 0.0

    def rotated(self, reason: str) -> None:
        """Count a worker that left, by the reason for it. Only the process that starts workers may."""
        self._reasons.add([reason])
        self._rotations[self._reasons.number(reason)] += 1.0

    def workers(self) -> Iterator[tuple[int, SlotStats]]:
        """Yield the slots that have a live worker, each with its figures."""
        for slot in self.slots:
            stats = self.stats(slot)
            if _lives(int(stats.pid)):
                yield slot, stats

    def templates(self) -> dict[str, TemplateFigures]:
        """Return what all workers there ever were did with each template."""
        return self._sums(self._templates.names(), self._sizes.templates, 0)

    def messages(self) -> dict[str, TemplateFigures]:
        """Return what all workers there ever were did with each message."""
        return self._sums(self._messages.names(), self._sizes.messages, self._sizes.templates)

    def rotations(self) -> dict[str, float]:
        """Return how many workers left for each reason."""
        counts = zip(self._reasons.names(), self._rotations, strict=False)
        return {reason: count for reason, count in counts if count or reason != OTHERS}

    def _sums(self, names: Sequence[str], room: int, behind: int) -> dict[str, TemplateFigures]:
        rows = [self._figures(slot, room, behind).tolist() for slot in self.slots]
        sums = [sum(column) for column in zip(*rows, strict=True)]
        found = {
            name: TemplateFigures(*sums[FIGURES * number : FIGURES * (number + 1)]) for number, name in enumerate(names)
        }
        if not found[OTHERS].renders:
            del found[OTHERS]
        return found

    def _at(self, slot: int) -> int:
        if slot not in self.slots:
            raise ConfigError(f"there is no slot {slot!r} among {len(self.slots)}")
        return self._first_slot + slot * self._per_slot

    def _figures(self, slot: int, room: int, behind: int) -> "memoryview[float]":
        at = self._at(slot) + 2 * len(Stats.FIELDS) + FIGURES * behind
        return self._numbers[at : at + FIGURES * room]


def _room(names: Sequence[str]) -> int:
    """Return for how many names there is to be room: these, as many again, and the others."""
    return 1 + len(names) + max(len(names), _ROOM)


def _aligned(size: int) -> int:
    return -(-size // _PAGE) * _PAGE


def _per_slot(sizes: Sizes) -> int:
    """Return the numbers of a slot, in pages of its own: what two processes write next to each other is slow."""
    numbers = 2 * len(Stats.FIELDS) + FIGURES * (sizes.templates + sizes.messages)
    return _aligned(numbers * _DOUBLE) // _DOUBLE


def _before_slots(sizes: Sizes) -> int:
    return _aligned((_HEADER + MOST_REASONS) * _DOUBLE + 3 * sizes.names)


def _size(sizes: Sizes) -> int:
    return _before_slots(sizes) + sizes.slots * _per_slot(sizes) * _DOUBLE


def _file(size: int) -> int:
    """Return a file of so many zeros that no folder has."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("blendtpl-metrics", os.MFD_CLOEXEC)
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, size)
    return descriptor


def _lives(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
