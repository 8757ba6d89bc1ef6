"""klaus: a repository of Git on the web; a folder of thirty files, its history, a file, and a change."""

import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.real.flask_pages import visit
from bench.real.package import Package
from bench.real.projects import COUNT, module, words, write


def _run(folder: Path, stack: ExitStack) -> None:
    import klaus

    repository = folder / "shop"
    write(repository, {f"part{number}.py": "".join(module(number, 2, 3)) for number in range(COUNT)})
    who = {f"GIT_{role}_{field}": "Ada" for role in ("AUTHOR", "COMMITTER") for field in ("NAME", "EMAIL")}
    when = {f"GIT_{role}_DATE": "2026-01-02T03:04:05" for role in ("AUTHOR", "COMMITTER")}
    settings: Any = {"cwd": repository, "check": True, "capture_output": True}
    settings["env"] = {**who, **when, "HOME": str(folder), "PATH": "/usr/bin:/bin"}
    subprocess.run(["git", "init", "--initial-branch", "main"], **settings)
    for number in range(COUNT):
        write(repository, {"part3.py": "".join(module(number, 2, 3))})
        subprocess.run(["git", "add", "-A"], **settings)
        subprocess.run(["git", "commit", "-m", f"{words(number, 5)}\n\n<{words(number, 20)}>"], **settings)
    app = klaus.make_app([str(repository)], "Shop & co")
    visit(app, "/", "/shop/", "/shop/tree/main/", "/shop/blob/main/part3.py", "/shop/commit/main/")


PACKAGES = (
    Package(
        "klaus",
        "a repository of 30 files and 30 commits",
        {
            "klaus folder": "index.html",
            "klaus history": "history.html",
            "klaus file": "view_blob.html",
            "klaus change": "view_commit.html",
        },
        _run,
        ("klaus",),
    ),
)
