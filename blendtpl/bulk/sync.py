"""Sync: what has been written is on the disk before it gets the name that says so.

Enters: an open file, or a folder. Leaves: nothing. A folder of thousands of files is synced by one call of the file
system where there is such a call: one for each file takes longer than rendering them.
"""

import ctypes
import os
from pathlib import Path
from typing import BinaryIO


def sync_file(file: BinaryIO) -> None:
    """Have what was written to a file on the disk."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Have a folder, and the files in it, on the disk."""
    if not _sync_file_system(path):
        for name in os.listdir(path):  # noqa: PTH208  # names are all that is wanted
            _sync(path / name)
    sync_names(path)


def sync_names(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    _sync(folder)


def _sync_file_system(path: Path) -> bool:
    """Sync all of the file system that a path is on; return whether that could be done. Linux has it since 2.6.39."""
    try:
        syncfs = ctypes.CDLL(None, use_errno=True).syncfs
    except (AttributeError, OSError):
        return False
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(path))
    finally:
        os.close(descriptor)
    return True


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
