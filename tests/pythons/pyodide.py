"""One version of Pyodide: npm installs it, Node runs the tests in it.

Enters: a version of the npm package `pyodide`, and the tests to run. Leaves: what came of each of them.
"""

import json
import resource
import shutil
import subprocess
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from testkit import ROOT
from tests.conformance import fetch

HERE = Path(__file__).parent
PARTS = ("blendtpl", "docs", "templates", "tests", "pyproject.toml", "README.md", "CONTRIBUTING.md", "noxfile.py")

_STACK = 64 * 2**20  # a recursion of Python's is one of WebAssembly, and it ends in an error of Python's only with this
_SPARE = 4 * 2**20


class PyodideError(Exception):
    """Pyodide cannot be installed."""


@dataclass(frozen=True, slots=True)
class Pyodide:
    """A Pyodide in a folder, its version, that of its Python, and whether this has `sqlite3`."""

    folder: Path
    version: str
    python: str
    sqlite: bool


class Outcome(NamedTuple):
    """What came of a test: `passed`, `failed`, `skipped` for a reason, or `begun` when Pyodide itself failed in it."""

    outcome: str
    reason: str


def install(version: str, folder: Path) -> Pyodide:
    """Return that version of Pyodide from `folder`, where npm puts it unless it is there.

    Raises `PyodideError` with what npm says when it fails.
    """
    found = folder / "node_modules/pyodide"
    if not found.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(
            [*command, "--prefix", str(folder), f"pyodide@{version}"], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise PyodideError(f"npm cannot install pyodide {version}:\n{done.stderr}")
    exact = json.loads((found / "package.json").read_text(encoding="utf-8"))["version"]
    lock = json.loads((found / "pyodide-lock.json").read_text(encoding="utf-8"))
    # what the lock lists as a package comes from the network, at run time
    return Pyodide(found, exact, lock["info"]["python"], "sqlite3" not in lock["packages"])


def unpack(files: Mapping[str, Path], folder: Path) -> None:
    """Put packages where they can be imported from: wheels, and MarkupSafe's sources."""
    for name, file in files.items():
        if file.suffix == ".whl":
            with zipfile.ZipFile(file) as wheel:
                wheel.extractall(folder)
        else:
            with TemporaryDirectory() as temporary:
                fetch.unpack(file, Path(temporary))
                (sources,) = Path(temporary).glob(f"*/src/{name}")
                shutil.copytree(sources, folder / name, dirs_exist_ok=True)


def run(pyodide: Pyodide, packages: Path, files: Iterable[str], left_out: Iterable[str]) -> dict[str, Outcome]:
    """Run the tests of `files` but those left out; pytest prints what it always prints."""
    with TemporaryDirectory() as exchange:
        wanted = {"parts": PARTS, "files": list(files), "left out": list(left_out)}
        (Path(exchange) / "wanted.json").write_text(json.dumps(wanted), encoding="utf-8")
        mounts = {ROOT: "/host", packages: "/packages", exchange: "/exchange"}
        mounts[fetch.folder()] = f"/cache/{fetch.folder().name}"
        command = ["node", f"--stack-size={_widen_stack() // 1024}", str(HERE / "run.mjs")]
        arguments = [str(pyodide.folder), str(HERE / "inside.py"), *(f"{root}={to}" for root, to in mounts.items())]
        subprocess.run([*command, *arguments], check=False)
        record = Path(exchange) / "record.jsonl"
        return outcomes_of(record.read_text(encoding="utf-8")) if record.is_file() else {}


def _widen_stack() -> int:
    """Have a process started from here get a stack of the wanted size; return how much of it Node may use."""
    most = resource.getrlimit(resource.RLIMIT_STACK)[1]
    size = _STACK if most == resource.RLIM_INFINITY else min(_STACK, most)
    resource.setrlimit(resource.RLIMIT_STACK, (size, most))
    return size - _SPARE


def outcomes_of(record: str) -> dict[str, Outcome]:
    found: dict[str, Outcome] = {}
    for line in record.splitlines():
        told = json.loads(line)
        before = found.get(told["test"])
        if before is None or before.outcome != "failed":  # the worst of a test's setup, call and teardown
            found[told["test"]] = Outcome(told["outcome"], told["reason"])
    return found
