"""Serving: the preview on a port of this machine, until somebody ends it.

Enters: a project and a port. Leaves: nothing; what is open is closed, and every page that is open is told. Nothing but
this machine can reach it: it listens on the loopback address alone.
"""

import asyncio
import errno
import socket
import webbrowser
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from blendtpl.errors import CompileError, ConfigError
from blendtpl.preview.application import Listeners, application
from blendtpl.preview.pages import Pages, own_templates
from blendtpl.preview.watching import Watcher
from blendtpl.preview.workspace import Project, Workspace

HOST = "127.0.0.1"
_PATIENCE = 2  # seconds for answers that are under way when it ends


class _Server(uvicorn.Server):
    """A server that lets go of those who listen for changes before it waits for what is under way."""

    def __init__(self, config: uvicorn.Config, listeners: Listeners) -> None:
        super().__init__(config)
        self._listeners = listeners

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._listeners.close()
        await super().shutdown(sockets)


def serve(
    project: Project, *, port: int, browser: bool, say: Callable[[str], None], warn: Callable[[str], None]
) -> None:
    """Show a project until SIGINT or SIGTERM; `port` 0 is any that is free, and `browser` has one opened.

    Raises `ConfigError` for a port that cannot be had, and what is wrong with the project but for its templates: that
    is shown on the page.
    """
    with _bound(port) as listening:
        workspace = Workspace(project)
        error = workspace.refresh().error
        if error is not None and not isinstance(error, CompileError):
            raise error
        listeners = Listeners()
        watcher: list[Watcher] = []

        @asynccontextmanager
        async def watched(app: Any) -> AsyncIterator[None]:
            watcher.append(Watcher(workspace, listeners, warn))
            task = asyncio.create_task(watcher[0].run())
            yield
            await watcher[0].stop()
            await task

        async def again() -> None:
            await watcher[0].refresh()

        app = application(Pages(workspace, own_templates(project.cache)), listeners, again, watched)
        config = uvicorn.Config(
            app,
            log_level="error",
            access_log=False,
            server_header=False,
            ws="none",
            lifespan="on",
            timeout_graceful_shutdown=_PATIENCE,
        )
        url = f"http://{HOST}:{listening.getsockname()[1]}/"
        say(f"{_what(project)} on {url} (Ctrl-C ends it)")
        if browser:
            webbrowser.open(url)
        try:
            _Server(config, listeners).run(sockets=[listening])
        except KeyboardInterrupt:  # which is how this ends, and no mistake
            say("")


def _bound(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigError(f"port {port} is in use: take another with `--port`, or `--port 0` for any") from None
        raise ConfigError(f"cannot listen on port {port}: {error.strerror}") from None


def _what(project: Project) -> str:
    folders = ", ".join(f"`{project.shown(folder)}`" for folder in project.folders)
    return f"preview of {folders or 'the templates of the environment'}"
