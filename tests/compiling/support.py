"""What the tests of the build half share: files from a mapping, and the command line in and out of this process."""

import functools
import os
import subprocess
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path

from click.testing import CliRunner, Result

from blendtpl.cli import command
from blendtpl.compiler import build as stages
from blendtpl.runtime.speedups import ACTIVE
from testkit import PATIENCE

NOBODY = 65534

build = functools.partial(stages.build, speedups=ACTIVE)  # as `blendtpl.compile` does it


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files into a folder, which is made, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def invoke(*arguments: str | Path) -> Result:
    """Run the command line in this process; an exception that it lets through fails the test."""
    return CliRunner().invoke(command, [str(argument) for argument in arguments], catch_exceptions=False)


def as_nobody(*arguments: str | Path) -> str:
    """Run the command line as a user without rights; return its exit status and what it says."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            result = invoke(*arguments)
            os.write(writer, f"{result.exit_code} {result.stderr}".encode())
        except BaseException:  # whatever it is, this process ends here
            os.write(writer, traceback.format_exc().encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, encoding="utf-8") as file:
        told = file.read()
    os.waitpid(child, 0)
    return told


def run(
    *arguments: str | Path, cwd: Path, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run the command line in a process of its own, without the cache unless `environ` names one."""
    return subprocess.run(
        [sys.executable, "-m", "blendtpl", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "BLENDTPL_CACHE_DIR": str(cwd / ".cache"), **(environ or {})},
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
