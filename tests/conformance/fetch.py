"""Fetch: what a requirements file pins, from PyPI into a folder of this user's cache.

Enters: a requirements file with hashes. Leaves: the files, whose hashes were checked. Nothing is installed. What is in
the folder already is taken from there, so that only a first run needs the network.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

_HASH = re.compile(r"^(?P<name>[\w-]+)==\S+ --hash=sha256:(?P<digest>[0-9a-f]{64})$", re.MULTILINE)
_NO_NETWORK = re.compile(
    r"from versions: none|NewConnectionError|ConnectTimeout|NameResolutionError|Network is unreachable", re.IGNORECASE
)


class UnreachableError(Exception):
    """The package index cannot be reached."""


def folder() -> Path:
    """Return where downloads are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "blendtpl-conformance"


def fetch(requirements: Path) -> dict[str, Path]:
    """Return the file of each package of `requirements`, by its name there.

    Raises `UnreachableError` without a network; any other trouble, such as a wrong hash, is a `RuntimeError`.
    """
    pinned = {found["name"]: found["digest"] for found in _HASH.finditer(requirements.read_text(encoding="utf-8"))}
    kept = folder()
    kept.mkdir(mode=0o700, parents=True, exist_ok=True)
    present = _present(kept)
    if not present.keys() >= set(pinned.values()):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        options = ["--no-deps", "--retries", "1", "--dest", str(kept), "--requirement", str(requirements)]
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
        if done.returncode:
            errors = [line for line in done.stderr.splitlines() if "ERROR" in line] or done.stderr.splitlines()
            reason = "\n".join(errors) or f"pip ended with {done.returncode}"
            raise (UnreachableError if _NO_NETWORK.search(done.stderr) else RuntimeError)(reason)
        present = _present(kept)
    return {name: present[digest] for name, digest in pinned.items()}


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a file that `fetch` gave, whose hash is what makes it safe."""
    # Python 3.11 before 3.11.4 has no filters, and 3.12 warns where none is chosen
    if hasattr(tarfile, "data_filter"):
        shutil.unpack_archive(archive, folder, filter="data")
    else:
        shutil.unpack_archive(archive, folder)


def _present(kept: Path) -> dict[str, Path]:
    return {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in kept.iterdir() if path.is_file()}
