"""Bundles that `blendtpl.compile` would never make, sealed with a digest that is right."""

import hashlib
import hmac
import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

import blendtpl
from blendtpl.bundle.archive import MANIFEST

SEAL_SIZE = len(b"blendtpl 1\n") + len(b"hmac-sha256 \n") + 64 + len(b"sha256 \n") + 64

Member = tuple[str, bytes]

_watched: list[list[str]] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _watched and event in {"marshal.loads", "exec"}:
        for events in _watched:
            events.append(event)


sys.addaudithook(_hook)


@contextmanager
def unmarshalled() -> Iterator[list[str]]:
    """Give a list that gets each `marshal.loads` and `exec` of the block."""
    events: list[str] = []
    _watched.append(events)
    try:
        yield events
    finally:
        _watched.remove(events)


def refused(source: Any, **options: Any) -> str:
    """Return the message with which `load` refuses a bundle, none of whose code was looked at."""
    with unmarshalled() as events, pytest.raises(blendtpl.BundleError) as caught:
        blendtpl.load(source, **options)
    assert events == []
    assert not isinstance(caught.value.__context__, blendtpl.BundleError) or caught.value.__suppress_context__
    return str(caught.value)


def members(bundle: blendtpl.Bundle) -> list[Member]:
    with zipfile.ZipFile(io.BytesIO(bundle.data)) as archive:
        return [(info.filename, archive.read(info)) for info in archive.infolist()]


def reseal(body: bytes, *, form: bytes = b"1", key: bytes | None = None) -> bytes:
    """Return `body`, an archive up to its comment, with a seal of that format and a digest that is right."""
    signature = hmac.new(key, body + b"blendtpl 1\n", hashlib.sha256).hexdigest().encode() if key else b"-" * 64
    sealed = body + b"blendtpl %s\nhmac-sha256 %s\n" % (form, signature)
    return sealed + b"sha256 %s\n" % hashlib.sha256(sealed).hexdigest().encode()


def pack(found: Sequence[Member], compression: int = zipfile.ZIP_STORED, key: bytes | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        archive.comment = b" " * SEAL_SIZE
        for name, data in found:
            archive.writestr(zipfile.ZipInfo(name), data, compression)
    return reseal(buffer.getvalue()[:-SEAL_SIZE], key=key)


def with_member(bundle: blendtpl.Bundle, name: str, data: bytes) -> bytes:
    return pack([(found, data if found == name else old) for found, old in members(bundle)])


def with_manifest(bundle: blendtpl.Bundle, change: Callable[[dict[str, Any]], object]) -> bytes:
    """Return the bundle with a manifest that `change` has worked on, sealed again."""
    manifest = json.loads(dict(members(bundle))[MANIFEST])
    change(manifest)
    return with_member(bundle, MANIFEST, laid_out(manifest))


def laid_out(manifest: Any) -> bytes:
    """Return a manifest as JSON with each template on a line of its own, at the end of all, whatever it says."""
    templates = manifest.pop("templates", {})
    text = json.dumps(manifest).removesuffix("}")
    if not isinstance(templates, dict):
        return f'{text}, "templates": {json.dumps(templates)}}}\n'.encode()
    rows = ",\n".join(json.dumps({name: entry})[1:-1] for name, entry in templates.items())
    return f'{text}, "templates": {{\n{rows}\n}}}}\n'.encode()
