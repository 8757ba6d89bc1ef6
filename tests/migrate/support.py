"""The old programs, and a project around them."""

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
