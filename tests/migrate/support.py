"""The old programs: a project around them, and what `blendtpl migrate` makes of each."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import jinja2

import blendtpl
from blendtpl.compat import IncludeExtension
from blendtpl.compat.paths import PHP
from blendtpl.migrate import Migration, Templates, migrate

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
PROJECT = HERE / "project"
OLD = 'from bridge import shim\n\n\ndef send(name):\n    shim.include("templates/hello.php")\n\n\nsend("Ada")\n'
ALIASES = {**PHP, ".tpl": ".txt", "legacy/report.py": "report.txt"}


def cases() -> list[str]:
    return sorted(path.name for path in CORPUS.iterdir())


@cache
def bundle() -> blendtpl.Bundle:
    return blendtpl.compile(PROJECT / "templates", environment=environment)


def environment() -> jinja2.Environment:
    made = blendtpl.default_environment()
    made.add_extension(IncludeExtension)
    made.globals["site"] = "feedwhip"
    return made


def migrated(*files: Path, folder: Path, registry: str = "bridge:registry") -> Migration:
    """Return what becomes of files in the folder of a project."""
    templates = Templates(bundle(), environment(), ("templates",), ALIASES, folder, own=True)
    return migrate(files, templates, registry=registry)


def told(found: Migration, folder: Path) -> str:
    """Return what is told of calls, a line each, without the folder."""
    rows = [
        f"{remark.line}: left: {remark.call}: {remark.text}" for each in found.results for remark in each.found.left
    ]
    notes = [f"{each.line}: note: {each.call}: {each.text}" for result in found.results for each in result.found.notes]
    text = "".join(f"{row}\n" for row in sorted((*rows, *notes), key=lambda row: int(row.partition(":")[0])))
    return text.replace(f"{folder}/", "")


def new_bytes(found: Migration, old: bytes) -> bytes:
    """Return the bytes of the one file, as they are or as they become."""
    return next((result.new for result in found.results if result.new is not None), old)


def project(folder: Path) -> Path:
    """Make a folder with the project, its bundle in it."""
    shutil.copytree(PROJECT, folder, dirs_exist_ok=True)
    bundle().write(folder / "project.blend")
    return folder


def placed(name: str, version: str, folder: Path) -> Path:
    """Put a program of the corpus into the folder of a project; it has one name, whichever version it is."""
    program = folder / f"{name}.py"
    program.write_bytes((CORPUS / name / version).read_bytes())
    return program


def run(program: Path, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Run a program as a process in the folder of a project."""
    root = str(Path(blendtpl.__file__).parent.parent)
    settings = {**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), root)), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-W", "ignore", str(program)]
    return subprocess.run(command, cwd=folder, env=settings, capture_output=True, check=False)
