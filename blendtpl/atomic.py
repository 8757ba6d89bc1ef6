"""Atomic files: written so that at every moment the old one is there or the new one, whole.

Enters: a path and bytes. Leaves: a file, on the disk. What a writer that was killed leaves behind begins with a dot and
ends with ``.tmp``.
"""

import os
import secrets
from pathlib import Path


def replace_file(target: Path, data: bytes, mode: int | None = None) -> None:
    """Write a file with the permissions `mode`, or else those of a new file that only its owner may write.

    Raises `OSError`.
    """
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}.tmp")
    # never writable by others, whatever the umask: a bundle that is would be refused
    begun = 0o644 if mode is None else 0o600
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, begun)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if mode is not None:
                temporary.chmod(mode)
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
