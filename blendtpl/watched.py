"""Watched: a registry that follows its sources, for development.

Enters: folders of templates. Leaves: a registry of what they hold, which takes a new generation when files change. An
edit that does not compile keeps the last that did, and is told as its `fault`.
"""

import gc
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, Self

import jinja2
from watchfiles import Change
from watchfiles import watch as watch_files

from blendtpl.bundle.archive import Bundle, open_bundle
from blendtpl.bundle.environment import EnvironmentSource, resolve_environment
from blendtpl.compiler.build import sources_of
from blendtpl.compiler.config import find_config
from blendtpl.errors import BlendError, BundleError, ConfigError
from blendtpl.runtime.generation import load_generation
from blendtpl.runtime.registry import Registry

_STEP, _MOST = 30, 200  # milliseconds: without another change before one is seen, and at most
_ARMED = 1000  # milliseconds, after which the first look has surely begun


def matters(change: Change, path: str) -> bool:
    """Return whether a file is one that a person has written: not what editors keep beside it."""
    name = Path(path).name
    return not (name.startswith(".") or name.endswith(("~", ".swp", ".tmp")))


class WatchedRegistry(Registry):
    """A `Registry` that is compiled again when its sources change. Get one from `blendtpl.watch`.

    It is used as any registry is. What renders while it changes ends with the templates that it began with. `fault` is
    what is wrong with the sources as they are now: an error of compiling, whose text has the excerpts, or of binding;
    while there is one, the templates are the last that were right. It watches until `close`, or the end of a ``with``,
    in a thread of its own, which a process that is forked does not have.
    """

    __slots__ = ("_build", "_fault", "_folders", "_listeners", "_stop", "_thread")

    _build: Callable[[], Bundle]
    _fault: BlendError | None
    _folders: tuple[Path, ...]
    _listeners: dict[object, Callable[["WatchedRegistry"], object]]
    _stop: threading.Event
    _thread: threading.Thread

    def __init__(
        self,
        build: Callable[[], Bundle],
        environment: EnvironmentSource,
        folders: Sequence[Path],
        on_change: Callable[["WatchedRegistry"], object] | None,
    ) -> None:
        super().__init__(open_bundle(build().data), environment, None)
        thread = threading.Thread(target=self._watch, args=(folders,), name="blendtpl.watch", daemon=True)
        for slot, value in (
            ("_build", build),
            ("_fault", None),
            ("_folders", tuple(folders)),
            ("_listeners", {} if on_change is None else {object(): on_change}),
            ("_stop", threading.Event()),
            ("_thread", thread),
        ):
            object.__setattr__(self, slot, value)
        thread.start()

    @property
    def fault(self) -> BlendError | None:
        """What is wrong with the sources as they are now, or `None`."""
        return self._fault

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders that are watched."""
        return self._folders

    def refresh(self) -> None:
        """Compile what has changed, and take it if all of it is right; a change that is seen does this by itself."""
        fault: BlendError | None = None
        try:
            bundle = open_bundle(self._build().data)
            if bundle.digest != self.digest:
                self._take(load_generation(self, bundle, self._environment, None, None))
                gc.collect()  # what was here is a net of templates that know each other
        except BlendError as error:
            fault = error.with_traceback(None)
        self._look_taken(fault)

    def subscribe(self, listener: Callable[["WatchedRegistry"], object]) -> Callable[[], None]:
        """Have a function called with the registry after each look at its sources, in the thread that looks, as
        `on_change` is. Return what ends that; it may be called again, and holds nothing of the listener then.
        """
        token = object()
        self._listeners[token] = listener

        def end() -> None:
            self._listeners.pop(token, None)

        return end

    def close(self) -> None:
        """Watch no longer. The templates stay as they are."""
        self._stop.set()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise BundleError("a registry that is watched is of this process and cannot be pickled: load a file instead")

    def _look_taken(self, fault: BlendError | None) -> None:
        object.__setattr__(self, "_fault", fault)
        for listener in [*self._listeners.values()]:
            listener(self)

    def _watch(self, folders: Sequence[Path]) -> None:
        options: dict[str, Any] = {"watch_filter": matters, "step": _STEP, "debounce": _MOST, "raise_interrupt": False}
        while not self._stop.is_set():
            known, armed = _identities(folders), False
            try:
                for changed in watch_files(
                    *(folder for folder in folders if folder.is_dir()),
                    stop_event=self._stop,
                    yield_on_timeout=True,
                    rust_timeout=_ARMED,
                    **options,
                ):
                    # what has changed before the first look began is not told, so it is looked for once
                    if changed or not armed:
                        self.refresh()
                    armed = True
                    if _identities(folders) != known:
                        break  # one was moved away, or put in the place of another, and is not seen any more
            except OSError as error:
                self._look_taken(ConfigError(f"changes are not seen: {error}"))
                self._stop.wait(_ARMED / 1000)


def _identities(folders: Sequence[Path]) -> list[tuple[int, int] | None]:
    """Return what tells each folder from another that comes to its place, or `None` for one that is not there."""
    found: list[tuple[int, int] | None] = []
    for folder in folders:
        try:
            stat = folder.stat()
            found.append((stat.st_dev, stat.st_ino))
        except OSError:
            found.append(None)
    return found


def watch(
    build: Callable[[], Bundle],
    source: Any,
    environment: EnvironmentSource,
    on_change: Callable[[WatchedRegistry], object] | None,
) -> WatchedRegistry:
    """Return a registry of sources that follows them; `build` compiles them. See `blendtpl.watch`."""
    if source is None:
        environment = environment or find_config(Path.cwd()).environment
    folders = _folders(source, environment)
    if isinstance(source, jinja2.Environment) and environment is None:
        environment = source
    return WatchedRegistry(build, environment, folders, on_change)


def _folders(source: Any, environment: EnvironmentSource) -> list[Path]:
    """Return the folders that sources are in. Raises `ConfigError` where there is none, or one is not there."""
    if source is None:
        source = sources_of(find_config(Path.cwd()), resolve_environment(environment))
    folders = sorted(set(_found(source)))
    if not folders:
        raise ConfigError("`watch` follows folders, and these sources are in none: give the path of one")
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"`{folder}` cannot be watched: it is no folder that is there")
    return folders


def _found(source: Any) -> list[Path]:
    if isinstance(source, (str, os.PathLike)):
        return [Path(source)]
    if isinstance(source, (list, tuple)):
        return [folder for each in source for folder in _found(each)]
    if isinstance(source, jinja2.Environment):
        return _found(source.loader)
    if isinstance(source, jinja2.FileSystemLoader):
        return [Path(folder) for folder in source.searchpath]
    inner = getattr(source, "loaders", getattr(source, "mapping", ()))
    if isinstance(source, jinja2.BaseLoader):
        return _found([*inner.values()] if isinstance(inner, dict) else [*inner])
    return []
