"""WsgiDAV: a folder of thirty files in a browser."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.real.package import Package
from bench.real.projects import COUNT, write


def _run(folder: Path, stack: ExitStack) -> None:
    from werkzeug.test import Client
    from wsgidav.wsgidav_app import WsgiDAVApp

    write(folder, {f"shared/file {number} & more.txt": "x" * number for number in range(COUNT)})
    options: dict[str, Any] = {"provider_mapping": {"/": str(folder / "shared")}, "verbose": 0}
    options["simple_dc"] = {"user_mapping": {"*": True}}
    answer = Client(WsgiDAVApp(options)).get("/")
    assert answer.status_code == 200, answer.get_data(as_text=True)


PACKAGES = (
    Package("wsgidav", "a folder of 30 files", {"WebDAV folder": "template.html"}, _run, ("wsgidav", "werkzeug")),
)
