"""Cache keys: by what a result is found in the build cache, and whether it may be there.

Enters: everything that a result depends on. Leaves: a text that is another when any of it is. Nothing here opens the
cache, or needs the libraries that it is made of.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2


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


def make_key(kind: str, content: Mapping[str, Any]) -> str:
    """Return the key of a result of that kind made from that content, which is turned into text by `repr`."""
    return f"{kind}:{hashlib.sha256(repr(sorted(content.items())).encode()).hexdigest()}"


def foreign(environment: jinja2.Environment) -> bool:
    """Return whether code that is neither Jinja2's nor ours has a say in what is parsed or emitted.

    What it does may change while its name stays, so nothing may be kept that it had a hand in.
    """
    kind = type(environment)
    decisive = (kind.preprocess, kind._tokenize, kind._parse, kind.join_path, kind.iter_extensions)
    parts = (*decisive, *(type(extension) for extension in environment.iter_extensions()))
    return any(part.__module__.partition(".")[0] not in {"jinja2", "blendtpl"} for part in parts)
