"""What a run was made on: the machine, the system, and the versions of all that took part."""

import contextlib
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

import blendtpl
from bench.memory.interpreters import HASH_SEED
from testkit import ROOT

_PACKAGES = ("Jinja2", "MarkupSafe", "minijinja", "Mako", "Chameleon", "Django", "psutil", "scipy", "matplotlib")


def describe() -> dict[str, str]:
    """Return what a reader needs to judge the figures, by what it is."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores, load {_load()} at the start",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}, {' '.join(platform.libc_ver()) or 'libc unknown'}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}, {platform.python_compiler()}",
        "blendtpl": f"{blendtpl.__version__}{_commit()}",
        **dict(_versions()),
        "PHP": _php(),
    }


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if sys.platform != "win32" else "unknown"


def _versions() -> Iterator[tuple[str, str]]:
    for name in _PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            yield name, importlib.metadata.version(name)


def _commit() -> str:
    """Return which commit the tree is at, where git knows."""
    described = _first_line(["git", "-C", str(ROOT), "describe", "--always", "--dirty"])
    return f", commit {described}" if described else ""


def _php() -> str:
    return _first_line(["php", "--version"]) or "not installed"


def _first_line(command: list[str]) -> str:
    if shutil.which(command[0]) is None:
        return ""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.partition("\n")[0].strip() if done.returncode == 0 else ""


def seeds(generated: int) -> Mapping[str, str]:
    """Return the seeds, by what they are of."""
    return {"seeds": f"PYTHONHASHSEED={HASH_SEED} in every process; {generated} for the generated templates"}
