"""A cache of fragments in a folder, for all processes of a machine.

Enters: keys and texts. Leaves: texts. Nothing is ever unpickled, the folder is this user's alone, and what is kept in
it is bounded.
"""

import os
from pathlib import Path
from typing import Any

import diskcache

from blendtpl.disk import PlainDisk, folder_problem
from blendtpl.errors import ConfigError


class DiskCache:
    """Fragments in a folder, by `diskcache`: the processes of a machine share them, and they outlive these.

    `size_limit` is how many bytes they may take together; those that were kept first go first. `timeout` is how many
    seconds to wait for another process that writes, before an entry counts as missing. Raises `ConfigError` when the
    folder is not this user's alone, or cannot be used.
    """

    def __init__(self, folder: str | os.PathLike[str], *, size_limit: int = 256 * 2**20, timeout: float = 1.0) -> None:
        path = Path(folder)
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if problem := folder_problem(path):
                raise ConfigError(f"the cache of fragments `{path}` cannot be used: {problem}")
            self._cache: Any = diskcache.Cache(str(path), disk=PlainDisk, size_limit=size_limit, timeout=timeout)
        except (OSError, diskcache.Timeout) as error:
            raise ConfigError(f"the cache of fragments `{path}` cannot be used: {error}") from error

    def get(self, key: str) -> str | None:
        """Return the text of a key, `None` when there is none that is young enough."""
        data = self._cache.get(key)
        return None if data is None else data.decode("utf-8", "surrogatepass")

    def set(self, key: str, text: str, seconds: float | None = None) -> None:
        """Keep a text, for so many seconds at most."""
        self._cache.set(key, text.encode("utf-8", "surrogatepass"), expire=seconds)

    def clear(self) -> None:
        """Forget all."""
        self._cache.clear()

    def close(self) -> None:
        """Close the folder; it is opened again when somebody asks."""
        self._cache.close()
