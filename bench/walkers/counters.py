"""Numbers in memory that the processes share.

Enters: how many walkers there are, then the descriptor. Leaves: a view of 64-bit numbers. Each number is written by
one process only, in one store, so that there is no lock that a process could die with.
"""

import mmap
import os

STOP, RECEIVED, WRONG = range(3)
_FIRST = 8  # of the walkers


def create(walkers: int) -> int:
    """Return the descriptor of new numbers, all 0."""
    file = os.memfd_create("walkers")
    os.ftruncate(file, 8 * (_FIRST + walkers))
    return file


def view(file: int) -> memoryview:
    """Return the numbers behind a descriptor."""
    return memoryview(mmap.mmap(file, 0)).cast("Q")


def sent_by(walker: int) -> int:
    """Return where the number of a walker's e-mails is, the first walker being 1."""
    return _FIRST + walker - 1
