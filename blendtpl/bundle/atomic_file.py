"""Atomic files: written so that at every moment the old one is there or the new one, whole.

Enters: a path and bytes. Leaves: a file, on the disk. What a writer that was killed leaves behind has a dot, the name
of the file, a dot, sixteen hexadecimal digits and ``.tmp`` for a name; nothing else is ever taken for such.
"""

import errno
import hashlib
import os
import re
import secrets
import stat
import time
from contextlib import suppress
from pathlib import Path

_NAME_BYTES = 255  # of the longest file name that common file systems hold
_ROOM = _NAME_BYTES - len(f"..{'0' * 16}.tmp")  # for the name of the file in that of the temporary one
_DIGITS = 16


def resolved(path: Path) -> Path:
    """Return the file that a path means, through however many symbolic links; it need not be there.

    Raises `OSError` for links that run in a circle.
    """
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return target


def replace_file(target: Path, data: bytes, mode: int | None = None) -> None:
    """Write a file with the permissions `mode`, or else those of the file that is there; a new one is for its owner
    alone to write. `target` is no symbolic link: it would be replaced.

    Raises `OSError`.
    """
    temporary = target.with_name(f".{_shortened(target.name)}.{secrets.token_hex(_DIGITS // 2)}.tmp")
    old = None if mode is not None else _state(target)
    # never writable by all, whatever the umask: a bundle that is would be refused
    permissions = mode if old is None else stat.S_IMODE(old.st_mode) & 0o775
    begun = 0o644 if permissions is None else 0o600
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, begun)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if old is not None:
                _give_to_owner(temporary, old)
            if permissions is not None:
                temporary.chmod(permissions)
            os.fsync(descriptor)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    directory = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)  # or the new name may be gone after a crash
    finally:
        os.close(directory)


def remove_abandoned(target: Path, seconds: float) -> None:
    """Remove what writers of that file that were killed left behind, so long ago that none writes to it any more.

    It is of this user, and has a name that `replace_file` makes for this very file.
    """
    pattern = re.compile(rf"\.{re.escape(_shortened(target.name))}\.[0-9a-f]{{{_DIGITS}}}\.tmp")
    with suppress(OSError):
        for name in os.listdir(target.parent):  # noqa: PTH208  # names are all that is wanted
            if pattern.fullmatch(name):
                _remove_old(target.parent / name, seconds)


def _remove_old(abandoned: Path, seconds: float) -> None:
    with suppress(OSError):
        state = abandoned.lstat()
        own = not hasattr(os, "geteuid") or state.st_uid == os.geteuid()
        if own and stat.S_ISREG(state.st_mode) and time.time() - state.st_mtime > seconds:
            abandoned.unlink()


def _shortened(name: str) -> str:
    """Return what the name of a temporary file has of that of the file: all, or what there is room for and a digest."""
    data = os.fsencode(name)
    if len(data) <= _ROOM:
        return name
    digest = hashlib.sha256(data).hexdigest()[:_DIGITS]
    return f"{os.fsdecode(data[: _ROOM - len(digest) - 1]).encode(errors='ignore').decode()}~{digest}"


def _state(target: Path) -> os.stat_result | None:
    with suppress(FileNotFoundError):
        return target.lstat()
    return None


def _give_to_owner(file: Path, old: os.stat_result) -> None:
    """Give a file the owner and group of the one that it replaces, as far as this user may."""
    if not hasattr(os, "chown"):
        return
    for owner, group in ((-1, old.st_gid), (old.st_uid, -1)):
        with suppress(OSError):
            os.chown(file, owner, group)
