"""The manifest: the index of a bundle, and the one thing that both halves agree on.

Enters: records, or the JSON of an opened bundle, which may come from an attacker. Leaves: frozen records, or
canonical JSON, the same bytes for the same records. Nothing here reads a file or unmarshals anything.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.util import MAGIC_NUMBER
from types import MappingProxyType
from typing import Any

import jinja2

from blendtpl._version import __version__
from blendtpl.errors import BundleError


@dataclass(frozen=True, slots=True)
class Reference:
    """One `extends`, `include`, `import` or `from` of a template.

    `names` are the constant template names it may resolve to, in order; empty for a name made at run time.
    """

    kind: str
    names: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What the manifest knows of one template.

    `digest` is the SHA-256 of its source in hexadecimal; `variables` are the names it and all it refers to read
    from the context, beyond what they set themselves and what the environment has as globals; `size` counts the
    bytes of its marshalled code.
    """

    digest: str
    autoescape: bool
    blocks: tuple[str, ...]
    references: tuple[Reference, ...]
    variables: tuple[str, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Versions:
    """What emitted code fits: other versions of any of these need another compile."""

    blendtpl: str
    python: str
    bytecode: str
    jinja2: str


@dataclass(frozen=True, slots=True)
class Needs:
    """What templates use of their environment: filters and tests by name, with what each asks to be passed
    (`context`, `eval_context`, `environment` or nothing), and globals.
    """

    filters: Mapping[str, str]
    tests: Mapping[str, str]
    globals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """The index of a bundle. `environment` is the fingerprint of the options it was compiled for."""

    versions: Versions
    environment: Mapping[str, Any]
    needs: Needs
    templates: Mapping[str, Entry]


def this_process() -> Versions:
    """Return the versions that code emitted or run by this process has."""
    python = f"{sys.implementation.name} {sys.version_info.major}.{sys.version_info.minor}"
    return Versions(__version__, python, MAGIC_NUMBER.hex(), jinja2.__version__)


def to_json(manifest: Manifest) -> bytes:
    """Return the manifest as canonical JSON, one line per template."""
    head = {
        "versions": asdict(manifest.versions),
        "environment": thaw(manifest.environment),
        "needs": {
            "filters": dict(manifest.needs.filters),
            "tests": dict(manifest.needs.tests),
            "globals": list(manifest.needs.globals),
        },
    }
    rows = [f"{_dump(name)}: {_dump(asdict(entry))}" for name, entry in sorted(manifest.templates.items())]
    body, templates = _dump(head).removesuffix("}"), ",\n".join(rows)
    return f'{body}, "templates": {{\n{templates}\n}}}}\n'.encode("ascii")


def from_json(data: bytes) -> Manifest:
    """Return the manifest of that JSON; raises `BundleError` when it is not one, naming the part."""
    try:
        loaded = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"the manifest is no JSON: {error}") from None
    part = "versions"
    try:
        versions = Versions(**{field: _text(value) for field, value in loaded[part].items()})
        part = "environment"
        environment = _freeze(dict(loaded[part]))
        part = "needs"
        needs = Needs(
            filters=MappingProxyType(_texts(loaded[part]["filters"])),
            tests=MappingProxyType(_texts(loaded[part]["tests"])),
            globals=tuple(map(_text, loaded[part]["globals"])),
        )
        part = "templates"
        templates = {}
        for name, entry in loaded[part].items():
            part = name
            templates[name] = _entry(entry)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise BundleError(f"the manifest's `{part}` is malformed: {type(error).__name__}: {error}") from None
    return Manifest(versions, environment, needs, MappingProxyType(templates))


def _entry(loaded: dict[str, Any]) -> Entry:
    size = loaded["size"]
    if type(size) is not int or size < 0:
        raise ValueError(f"size {size!r}")
    if type(loaded["autoescape"]) is not bool:
        raise ValueError(f"autoescape {loaded['autoescape']!r}")
    return Entry(
        digest=_text(loaded["digest"]),
        autoescape=loaded["autoescape"],
        blocks=tuple(map(_text, loaded["blocks"])),
        references=tuple(
            Reference(_text(found["kind"]), tuple(map(_text, found["names"])), int(found["line"]))
            for found in loaded["references"]
        ),
        variables=tuple(map(_text, loaded["variables"])),
        size=size,
    )


def _dump(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _text(value: object) -> str:
    if type(value) is not str:
        raise TypeError(f"{value!r} is no string")
    return value


def _texts(values: dict[str, Any]) -> dict[str, str]:
    return {name: _text(value) for name, value in values.items()}


def _freeze(value: Any) -> Any:
    if isinstance(value, dict):
        return MappingProxyType({name: _freeze(inner) for name, inner in value.items()})
    return tuple(map(_freeze, value)) if isinstance(value, list) else value


def thaw(value: Any) -> Any:
    """Return the plain dicts and lists that a frozen JSON value was made of."""
    if isinstance(value, Mapping):
        return {name: thaw(inner) for name, inner in value.items()}
    return [thaw(inner) for inner in value] if isinstance(value, (list, tuple)) else value
