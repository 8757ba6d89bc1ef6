"""The bundle's file: the registry that workers are to have, and whether there is another by now.

Enters: a file, and what loads it. Leaves: registries, each once. A file that cannot be used is looked at again when it
changes, and not before.
"""

from collections.abc import Callable
from pathlib import Path

from blendtpl.runtime.registry import Registry

_PAUSE = 1.0  # seconds between two looks


class BundleFile:
    """A file that is replaced as a whole, as `Bundle.write` and deployments do it."""

    def __init__(self, path: Path, load: Callable[[], Registry]) -> None:
        self.path = path
        self._load = load
        self._state: tuple[int, ...] | None = None
        self._next = 0.0

    def load(self) -> Registry:
        """Load what is there now; raises what `blendtpl.load` raises."""
        self._state = self._look()  # before it is read: what comes meanwhile is another
        return self._load()

    def changed(self, now: float) -> bool:
        """Return whether there is another file than the one that was last looked at; asks the system now and then."""
        if now < self._next:
            return False
        self._next = now + _PAUSE
        state = self._look()
        if state is None or state == self._state:  # one that is being replaced may be missing
            return False
        self._state = state
        return True

    def _look(self) -> tuple[int, ...] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
