"""nbclassic: the pages of the server of notebooks."""

import asyncio
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.real.package import Package
from bench.real.projects import write


def _run(folder: Path, stack: ExitStack) -> None:
    from jupyter_server.serverapp import ServerApp
    from nbclassic.notebookapp import NotebookApp
    from tornado.httpclient import AsyncHTTPClient

    write(folder, {"shop.ipynb": '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "a.txt": "a"})

    async def visit() -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        options = {
            "root_dir": str(folder),
            "token": "",
            "password": "",
            "open_browser": False,
            "port": port,
            "ip": "127.0.0.1",
        }
        server: Any = ServerApp(**options, allow_root=True, log_level="ERROR", disable_check_xsrf=True)
        server.initialize(argv=[], find_extensions=False, starter_extension=None)
        page: Any = NotebookApp()
        page._link_jupyter_server_extension(server)
        page.initialize()
        client = AsyncHTTPClient()
        for path in ("/tree", "/notebooks/shop.ipynb", "/edit/a.txt"):
            await client.fetch(f"http://127.0.0.1:{port}{path}")
        server.http_server.stop()

    asyncio.run(visit())


PACKAGES = (
    Package(
        "nbclassic",
        "a folder with a notebook",
        {"jupyter files": "tree.html", "jupyter notebook": "notebook.html", "jupyter editor": "edit.html"},
        _run,
        ("nbclassic", "jupyter-server"),
    ),
)
