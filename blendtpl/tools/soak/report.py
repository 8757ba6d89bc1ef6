"""The report: what a soak has shown of a bundle, in a file beside it.

Enters: a soak, or the bytes of a file, which anybody may have written. Leaves: JSON, or a checked `Certificate`. A
certificate is of the bundle whose digest it has; of filters and other code of the application it says nothing more once
they have changed.
"""

import json
import os
import platform
import re
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jinja2

from blendtpl._version import __version__
from blendtpl.bundle.archive import CERTIFICATE, write_whole
from blendtpl.errors import CertificateError
from blendtpl.tools.soak.origins import Origins
from blendtpl.tools.soak.run import Soak, Soaked

FORMAT = 1

_LARGEST = 64 * 2**20  # bytes
_DIGEST = re.compile(r"[0-9a-f]{64}")
_DATE = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:\d\d)")
_VERSION = re.compile(r"[\w .+-]{1,80}", re.ASCII)
_VERSIONS = ("blendtpl", "jinja2", "markupsafe", "python")


@dataclass(frozen=True, slots=True)
class Certificate:
    """What `blendtpl list` tells of a soak. `unsound` are the templates that grew, or that could not be measured."""

    digest: str
    date: str
    renders: int
    templates: int
    unsound: tuple[str, ...]
    versions: Mapping[str, str]


def beside(bundle: Path) -> Path:
    """Return where the certificate of a bundle is, unless somebody says otherwise."""
    return bundle.with_name(f"{bundle.name}{CERTIFICATE}")


def record(result: Soak, *, digest: str, environment: str | None, seed: int) -> dict[str, Any]:
    """Return all that is to be known of a soak, as JSON values. It is dated now."""
    return {
        "format": FORMAT,
        "digest": digest,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "passed": not result.unsound,
        "renders": result.renders,
        "seed": seed,
        "environment": environment,
        "versions": {
            "blendtpl": __version__,
            "jinja2": jinja2.__version__,
            "markupsafe": version("markupsafe"),
            "python": f"{platform.python_implementation()} {platform.python_version()}",
        },
        "platform": platform.platform(),
        "templates": {soaked.template: _row(soaked) for soaked in result.templates},
    }


def _row(soaked: Soaked) -> dict[str, Any]:
    growth, origins_of = soaked.growth, soaked.origins_of
    return {
        "sound": soaked.sound,
        "renders": soaked.renders,
        "contexts": soaked.contexts,
        "examples": soaked.examples,
        "failures": dict(soaked.failures),
        "problem": soaked.problem,
        "growth": None
        if growth is None
        else {
            "blocks": growth.blocks,
            "bytes": growth.bytes,
            "collected": growth.collected,
            "changes": list(growth.changes),
        },
        "kept": list(soaked.kept),
        **({"printed": [asdict(printed) for printed in soaked.printed]} if soaked.printed else {}),
        "trail": None if origins_of is None else _trail(origins_of),
    }


def _trail(origins_of: Origins) -> dict[str, Any]:
    """Return where what is left comes from, in the words of the file, which outlive those of the code."""
    return {
        "renders": origins_of.renders,
        "types": dict(origins_of.types),
        "holders": origins_of.referrers,
        "circle": origins_of.circle,
        "places": origins_of.places,
    }


def write_certificate(path: Path, recorded: Mapping[str, Any]) -> None:
    """Write a record, whole or not at all. Raises `BundleError` when that cannot be done."""
    write_whole(path, (json.dumps(recorded, indent=1) + "\n").encode())


def read_certificate(path: Path) -> Certificate | None:
    """Return the certificate in a file, or `None` when there is no such file.

    Raises `CertificateError` when it is none, or cannot be read.
    """
    try:
        data = _read(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise CertificateError(f"cannot read `{path}`: {getattr(error, 'strerror', None) or error}") from error
    try:
        return from_json(data)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CertificateError(f"`{path}` is no certificate: {_error_text(error)}") from error


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a FIFO must not block
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is no regular file")
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(_LARGEST + 1)
    finally:
        os.close(descriptor)


def _error_text(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"it has no {error}"
    if type(error) is ValueError:
        return str(error)
    return "it is no JSON" if isinstance(error, (ValueError, RecursionError)) else "a part of it is of another type"


def from_json(data: bytes) -> Certificate:
    """Return the certificate of that JSON; raises `ValueError` and the like when it is none."""
    if len(data) > _LARGEST:
        raise ValueError("it is too large")
    loaded = json.loads(data)
    if type(loaded) is not dict:
        raise ValueError("it is no object")
    if loaded["format"] != FORMAT:
        raise ValueError("it has another format")
    rows = {_text(name, "a name"): row["sound"] is True for name, row in loaded["templates"].items()}
    unsound = tuple(name for name, sound in rows.items() if not sound)
    if loaded["passed"] is not (not unsound):
        raise ValueError("what it says of all templates is not what it says of each")
    renders = loaded["renders"]
    if type(renders) is not int or renders < 1:
        raise ValueError("`renders` is no count")
    versions = {name: _text(loaded["versions"][name], f"the version of {name}", _VERSION) for name in _VERSIONS}
    return Certificate(
        digest=_text(loaded["digest"], "the digest", _DIGEST),
        date=_text(loaded["date"], "the date", _DATE),
        renders=renders,
        templates=len(rows),
        unsound=unsound,
        versions=MappingProxyType(versions),
    )


def _text(value: object, what: str, pattern: "re.Pattern[str] | None" = None) -> str:
    if type(value) is not str or (pattern and not pattern.fullmatch(value)):
        raise ValueError(f"{what} is not what it should be")
    return value
