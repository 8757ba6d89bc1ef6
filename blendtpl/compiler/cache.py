"""The build cache: summaries and emitted code, by the content that they were made from.

Enters: keys, which hold everything that a result depends on, and bytes. Leaves: the bytes, or nothing. It can
make a compile faster, but never wrong and never fail: whatever is odd about the folder or an entry is a miss,
told as a warning where somebody should do something about it.

Nothing is ever unpickled (CVE-2025-69872): values are `bytes`, keys `str`, and the folder is this user's alone.
"""

import hashlib
import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import diskcache

from blendtpl.disk import PlainDisk, folder_problem

_SIZE_LIMIT = 512 * 2**20
_PATIENCE = 5.0  # seconds to wait for another compiler that writes
_SEAL = hashlib.sha256().digest_size

# a broken, full, locked, read-only or planted cache raises errors of many types, and none of them may end a compile
_TROUBLE = Exception


def default_folder() -> Path:
    """Return the folder of the build cache of this user."""
    if folder := os.environ.get("BLENDTPL_CACHE_DIR"):
        return Path(folder)
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "blendtpl"


class _Cache(diskcache.Cache):  # type: ignore[misc]
    """A cache that leaves no connection open when it cannot be opened."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        try:
            super().__init__(*arguments, **options)
        except _TROUBLE:
            with suppress(_TROUBLE):
                self.close()
            raise


class BuildCache:
    """A build cache in a folder. When the folder cannot be used it holds nothing, and `warnings` says why."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cache: Any = None
        self._fresh: dict[str, bytes] = {}
        self.warnings: list[str] = []
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if problem := folder_problem(folder):
                self._give_up(problem)
                return
            _wait_for_others(folder / "cache.db")
            self._cache = _Cache(
                str(folder), disk=PlainDisk, size_limit=_SIZE_LIMIT, timeout=_PATIENCE, disk_min_file_size=2**20
            )
        except _TROUBLE as error:
            self._give_up(_error_text(error))

    def get(self, key: str) -> bytes | None:
        """Return the value of a key, or `None`: a value that is not whole, or is another key's, is none."""
        if self._cache is None:
            return None
        try:
            sealed = self._cache.get(key)
        except _TROUBLE as error:
            self._give_up(_error_text(error))
            return None
        if type(sealed) is not bytes or sealed[:_SEAL] != _seal(key, sealed[_SEAL:]):
            return None
        return sealed[_SEAL:]

    def put(self, key: str, value: bytes) -> None:
        """Keep a value for `flush`."""
        self._fresh[key] = _seal(key, value) + value

    def flush(self) -> None:
        """Write what was put, in one transaction, and close."""
        if self._cache is None:
            return
        try:
            with self._cache.transact():
                for key, sealed in self._fresh.items():
                    self._cache.set(key, sealed)
            self._cache.close()
        except _TROUBLE as error:
            self._give_up(_error_text(error))
        self._fresh.clear()

    def _give_up(self, problem: str) -> None:
        cache, self._cache = self._cache, None
        self.warnings.append(f"the build cache `{self._folder}` is not used: {problem}")
        if cache is not None:
            with suppress(_TROUBLE):
                cache.close()


def _wait_for_others(database: Path) -> None:
    """Return once nobody writes; raises `sqlite3.OperationalError` when that takes long. diskcache waits a minute."""
    if database.exists():
        with closing(sqlite3.connect(database, timeout=_PATIENCE, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")


def _error_text(error: Exception) -> str:
    if isinstance(error, diskcache.Timeout) or "locked" in str(error):
        return "another process holds it"
    damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)
    return f"{error}" + ("; remove that folder, and it is made anew" if damaged else "")


def _seal(key: str, value: bytes) -> bytes:
    return hashlib.sha256(key.encode() + b"\0" + value).digest()
