"""The digest of the compiler: what caches of its results go by, beside versions.

Enters: nothing. Leaves: a text that is another when any module of this package is.
"""

import hashlib
from pathlib import Path


def compiler_digest() -> str:
    """Return the digest of this package's own code: two states of it may bear one version number.

    It is empty where that code is not in files, as in a zip archive or a frozen application.
    """
    digest = hashlib.sha256()
    package = Path(__file__).parent.parent
    paths = sorted(package.rglob("*.py"))
    for path in paths:
        digest.update(f"{path.relative_to(package).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest() if paths else ""
