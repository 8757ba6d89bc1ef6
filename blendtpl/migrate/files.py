"""Files: which files there are, what text is in them, and how a new text takes the place of an old one.

Enters: files and folders. Leaves: Python files, each once, with their text and encoding; or why one cannot be read.
A file is replaced whole, and keeps its mode, its encoding and its line ends.
"""

import codecs
import io
import os
import stat
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from blendtpl.bundle.atomic_file import replace_file

_SKIPPED = {"node_modules", "__pycache__", "site-packages", "__pypackages__"}
_ENVIRONMENT = "pyvenv.cfg"  # what each virtual environment has in its folder


@dataclass(frozen=True, slots=True)
class File:
    """A Python file: its path as it is shown, its text without a byte order mark, and how that is encoded."""

    path: Path
    text: str
    encoding: str
    marked: bool

    def encoded(self, text: str) -> bytes:
        """Return the bytes of a new text of it. Raises `UnicodeEncodeError` when its encoding lacks a character."""
        return (codecs.BOM_UTF8 if self.marked else b"") + text.encode(self.encoding)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that cannot be looked at, and why."""

    path: Path
    reason: str


def python_files(sources: Iterable[Path]) -> Iterator[Path]:
    """Yield the Python files of these files and folders, each once, in order.

    Hidden folders, virtual environments and packages of others are left out, and so are links that lead elsewhere.
    """
    seen: set[str] = set()
    for source in sources:
        for path in _below(source) if source.is_dir() else [source]:
            real = os.path.realpath(path)
            if real not in seen:
                seen.add(real)
                yield path


def _below(folder: Path) -> Iterator[Path]:
    top = os.path.realpath(folder)
    for base, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_skipped(Path(base, name)))
        for name in sorted(files):
            path = Path(base, name)
            inside = os.path.realpath(path).startswith(os.path.join(top, ""))  # noqa: PTH118
            if name.endswith((".py", ".pyw")) and not name.startswith(".") and (inside or not path.exists()):
                yield path


def _is_skipped(folder: Path) -> bool:
    return folder.name.startswith(".") or folder.name in _SKIPPED or (folder / _ENVIRONMENT).is_file()


def read_file(path: Path) -> File | Unreadable:
    """Return a file with its text, decoded as Python does it."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return Unreadable(path, "it is no regular file")
        data = path.read_bytes()
    except OSError as error:
        return Unreadable(path, f"cannot read it: {error.strerror or error}")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        marked = data.startswith(codecs.BOM_UTF8)
        encoding = "utf-8" if encoding == "utf-8-sig" else encoding
        return File(path, data[len(codecs.BOM_UTF8) if marked else 0 :].decode(encoding), encoding, marked)
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        return Unreadable(path, f"cannot read it: {error}")


def module_of(path: Path) -> str:
    """Return the name that a file has as a module, from the outermost folder that is a package; empty for a script."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100  # links keep their names
    parts = [absolute.stem] if absolute.stem != "__init__" else []
    folder = absolute.parent
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts)


def write_file(path: Path, data: bytes) -> None:
    """Write a file anew, atomically, with the permissions that it has. Raises `OSError`."""
    target = Path(os.path.realpath(path))
    mode = stat.S_IMODE(target.stat().st_mode)
    if not os.access(target, os.W_OK):
        raise PermissionError(13, "it is write-protected", str(path))
    replace_file(target, data, mode)
