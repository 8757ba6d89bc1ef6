"""Changes: what a page in a browser is compared with, and who is told when that changes.

Enters: a registry that is watched, and folders of style sheets. Leaves: a `State`, and calls of those who listen. No
page, request or stream is known here.
"""

import hashlib
import json
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from watchfiles import watch as watch_files

from blendtpl.watched import WatchedRegistry

_STEP, _MOST = 30, 200  # milliseconds: without another change before one is seen, and at most
_ARMED = 1000  # milliseconds, after which the first look has surely begun


@dataclass(frozen=True, slots=True)
class State:
    """What there is now: `page` stands for the templates, or for what is wrong with them; `start` for this process;
    `styles` are the style sheets that have changed since that began, each with the time of its last change.
    """

    page: str
    start: str
    styles: Mapping[str, int]

    @property
    def data(self) -> str:
        """The same for a browser: JSON on one line."""
        return json.dumps({"page": self.page, "start": self.start, "styles": dict(self.styles)})


class Changes:
    """Tells those who listen of each change. It watches the folders of style sheets in a thread, until `close`."""

    def __init__(self, registry: WatchedRegistry, folders: Sequence[Path]) -> None:
        self.registry, self._folders = registry, folders
        self._start = secrets.token_hex(4)
        self._known, self._styles = _times(folders), dict[str, int]()
        self._listeners: dict[object, Callable[[], object]] = {}
        self._stop = threading.Event()
        self._round = 0
        self._end = registry.subscribe(lambda _: self._tell())
        if folders:
            threading.Thread(target=self._watch, name="blendtpl.styles", daemon=True).start()

    @property
    def state(self) -> State:
        """What there is now."""
        fault = self.registry.fault
        text = f"{self.registry.digest}\n{'' if fault is None else fault}"
        return State(hashlib.sha256(text.encode()).hexdigest()[:16], self._start, self._styles)

    @property
    def closed(self) -> bool:
        """Whether nobody is told any more."""
        return self._stop.is_set()

    @property
    def round(self) -> int:
        """A number that is another one when those who listen are to stop, and may begin anew."""
        return self._round

    @property
    def listening(self) -> int:
        """How many listen."""
        return len(self._listeners)

    def listen(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Have a function called after each change, and at the end. Return what ends that."""
        token = object()
        self._listeners[token] = listener

        def end() -> None:
            self._listeners.pop(token, None)

        return end

    def release(self) -> None:
        """Have those who listen now stop."""
        self._round += 1
        self._tell()

    def close(self) -> None:
        """Have those who listen stop, and watch no longer."""
        self._stop.set()
        self._end()
        self.release()

    def _tell(self) -> None:
        for listener in [*self._listeners.values()]:
            listener()

    def _watch(self) -> None:
        for _ in watch_files(
            *self._folders,
            stop_event=self._stop,
            yield_on_timeout=True,
            rust_timeout=_ARMED,
            step=_STEP,
            debounce=_MOST,
            raise_interrupt=False,
        ):
            # also where nothing is told: what has changed before the first look began is not
            now = _times(self._folders)
            changed = {name: time for name, time in now.items() if self._known.get(name) != time}
            self._known = now
            if changed:
                self._styles = {**self._styles, **changed}
                self._tell()


def _times(folders: Sequence[Path]) -> dict[str, int]:
    """Return the time of the last change of each style sheet, by its path within its folder."""
    found: dict[str, int] = {}
    for folder in folders:
        for path in folder.rglob("*.css"):
            try:
                found[path.relative_to(folder).as_posix()] = path.stat().st_mtime_ns
            except OSError:  # it has gone meanwhile
                continue
    return found
