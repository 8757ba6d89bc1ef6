"""Watching: files change, templates are compiled again, and every open page is told.

Enters: a workspace and its folders. Leaves: events for those who listen.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import PurePath

from watchfiles import awatch

from blendtpl.compiler.frontend.examples import is_examples
from blendtpl.preview.application import Listeners
from blendtpl.preview.workspace import Workspace
from blendtpl.watched import matters

_STEP, _MOST = 30, 200  # milliseconds: without another change before one is told, and at most
_QUIET = 1.0  # seconds without a change before warnings are looked for


class Watcher:
    """Keeps a workspace up to date until it is told to stop; `warn` is called with what keeps it from doing so."""

    def __init__(self, workspace: Workspace, listeners: Listeners, warn: Callable[[str], None]) -> None:
        self._workspace, self._listeners, self._warn = workspace, listeners, warn
        self._stop = asyncio.Event()
        self._warnings: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Watch, until `stop` is called."""
        project = self._workspace.project
        folders = [folder for folder in (*project.folders, *project.translations) if folder.is_dir()]
        self._look_later(_QUIET)
        if not folders:
            self._warn("the templates are in no folder, so that their changes are not seen: press r to compile again")
            await self._stop.wait()
            return
        try:
            changes = awatch(*folders, watch_filter=matters, step=_STEP, debounce=_MOST, stop_event=self._stop)
            async for changed in changes:
                await self.refresh(path for _, path in changed)
        except OSError as error:
            self._warn(f"changes are not seen any more: {error}; press r to compile again")

    async def refresh(self, paths: Iterable[str] = ()) -> None:
        """Compile what has changed, tell everybody, and look for warnings when nothing more has changed for a while."""
        changed = list(paths)
        only = bool(changed) and all(is_examples(PurePath(path).name) for path in changed)
        await asyncio.to_thread(self._workspace.refresh, only_examples=only)
        self._listeners.tell("changed")
        self._look_later(_QUIET)

    async def stop(self) -> None:
        """Have `run` return."""
        self._stop.set()
        if self._warnings is not None:
            self._warnings.cancel()
            with suppress(asyncio.CancelledError):
                await self._warnings

    def _look_later(self, seconds: float) -> None:
        if self._warnings is not None:
            self._warnings.cancel()
        self._warnings = asyncio.create_task(self._look(seconds))

    async def _look(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await asyncio.to_thread(self._workspace.look_for_warnings)
        self._listeners.tell("warnings")
