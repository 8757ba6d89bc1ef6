"""Folders of diskcache that nobody else can read or fill, and in which nothing is pickled.

Enters: a folder, keys and values. Leaves: what is wrong with the folder; the values. `diskcache` pickles what it does
not know, and whoever can write to its folder has that run (CVE-2025-69872): here it knows strings as keys and bytes as
values, and refuses all else.
"""

import os
import stat
from pathlib import Path
from typing import Any

import diskcache
from diskcache.core import MODE_BINARY, MODE_RAW


class PlainDisk(diskcache.Disk):  # type: ignore[misc]  # diskcache has no types
    """A disk format of `str` keys and `bytes` values, which refuses to pickle or unpickle anything."""

    def put(self, key: object) -> tuple[str, bool]:
        """Return what is stored for a key."""
        if type(key) is not str:
            raise TypeError(f"a key of a cache is a string, not a {type(key).__name__}")
        return key, True

    def get(self, key: object, raw: object) -> str:
        """Return the key of what is stored for one."""
        if type(key) is not str or not raw:
            raise TypeError("a foreign key in a cache")
        return key

    def store(self, value: object, read: bool, key: object = None) -> Any:
        """Return what is stored for a value."""
        if type(value) is not bytes or read:
            raise TypeError(f"a value of a cache is bytes, not {type(value).__name__}")
        return super().store(value, read, key)

    def fetch(self, mode: int, filename: str | None, value: object, read: bool) -> Any:
        """Return the value of what is stored for one."""
        if mode not in {MODE_RAW, MODE_BINARY} or read:
            raise TypeError("a foreign value in a cache")
        return super().fetch(mode, filename, value, read)


def folder_problem(folder: Path) -> str:
    """Return why a folder of diskcache is not this user's alone, or nothing."""
    for path in (folder, *sorted(folder.glob("cache.db*"))):
        try:
            state = path.lstat()
        except FileNotFoundError:  # another process closed the database, and its journal went
            continue
        if stat.S_ISLNK(state.st_mode):
            return f"`{path}` is a symbolic link"
        if state.st_uid != os.geteuid():
            return f"`{path}` belongs to another user (uid {state.st_uid})"
        # the files in a folder that nobody else can enter are out of reach, whatever their mode
        if path == folder and state.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            return (
                f"others can enter it (mode {stat.S_IMODE(state.st_mode):o}); take that away with `chmod 700 {folder}`"
            )
    return ""
