"""The bundle: one file that holds every template, compiled. The build half makes it, the run half opens it.

A bundle is a zip archive that ``unzip -l`` lists: `manifest.json`, `code.marshal` (what
`blendtpl.codes` reads) and, unless left out, `sources.json` for error excerpts. Members are
stored, not deflated: the bytes of a deflated member depend on the zlib at hand. The archive's comment, at its very end,
seals everything before it::

    blendtpl <format>
    hmac-sha256 <64 hexadecimal digits, or 64 dashes when it is not signed>
    sha256 <64 hexadecimal digits: the digest>

A bundle is code. Nothing here unmarshals it: whoever does so gets it from an opened `Bundle` only, whose seal,
digest, signature, versions and manifest have been checked.
"""

import hashlib
import hmac
import io
import os
import re
import stat
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from blendtpl.atomic import remove_abandoned, replace_file, resolved
from blendtpl.codes import start_of_tuple
from blendtpl.errors import BundleError
from blendtpl.manifest import Manifest, Versions, from_json, this_process, to_json
from blendtpl.reprs import counted, sized

FORMAT = 1

CERTIFICATE = ".soak.json"  # the end of the name of what a soak writes beside a bundle

MANIFEST, CODE, SOURCES = "manifest.json", "code.marshal", "sources.json"

_SEAL = re.compile(rb"blendtpl (\d{1,4})\nhmac-sha256 ([0-9a-f]{64}|-{64})\nsha256 ([0-9a-f]{64})\n")
_UNSIGNED = b"-" * 64
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip archive can hold
_ABANDONED = 3600.0  # seconds after which a temporary file has no writer any more


@dataclass(frozen=True, slots=True, repr=False)
class Bundle:
    """A checked bundle in memory. `digest` is the SHA-256 over the whole file, in 64 hexadecimal digits."""

    data: bytes
    digest: str
    manifest: Manifest
    code: bytes | memoryview
    sources: bytes

    def __repr__(self) -> str:
        templates = counted(len(self.manifest.templates), "template")
        return f"<Bundle of {templates}, {sized(len(self.data))}, sha256 {self.digest[:12]}>"

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the bundle so that `path` holds, at every moment, the old file or the new one, whole.

        Raises `BundleError` when it cannot be written; the old file is then untouched.
        """
        write_whole(Path(path), self.data)


def write_whole(target: Path, data: bytes) -> None:
    """Write a file so that `target` is, at every moment, the old one or the new one, whole. Through a symbolic link it
    is written where that leads.

    Raises `BundleError` when it cannot be written; the old file is then untouched.
    """
    try:
        file = resolved(target)
        file.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(file, _ABANDONED)
        replace_file(file, data)
    except OSError as error:
        raise BundleError(f"cannot write `{target}`: {error.strerror or error}") from error


def seal(manifest: Manifest, code: bytes, sources: bytes | None, key: bytes | None = None) -> Bundle:
    """Return the bundle of these members, signed with `key` when one is given."""
    if key is not None and not key:
        raise BundleError("an empty key signs nothing: leave `key` out, or give one of 32 random bytes")
    index = to_json(manifest)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.comment = _seal_line(_UNSIGNED, _UNSIGNED)
        for name, member in ((MANIFEST, index), (CODE, code), (SOURCES, sources)):
            if member is not None:
                info = zipfile.ZipInfo(name, _EPOCH)
                info.create_system = 3  # Unix, wherever it is built
                info.external_attr = (stat.S_IFREG | 0o644) << 16
                archive.writestr(info, member)
    body = buffer.getvalue()[: -len(archive.comment)] + b"blendtpl %d\n" % FORMAT
    body += b"hmac-sha256 %s\n" % (_signature(key, body) if key else _UNSIGNED)
    digest = hashlib.sha256(body).hexdigest()
    # the manifest as whoever opens the bundle gets it: frozen to the bottom
    return Bundle(body + b"sha256 %s\n" % digest.encode(), digest, from_json(index), code, sources or b"")


def is_bundle(data: bytes) -> bool:
    """Return whether `data` ends like a bundle of any format."""
    return _SEAL.search(data[-_SEAL_SIZE - 3 :]) is not None


def open_bundle(data: bytes, *, digest: str | None = None, key: bytes | None = None) -> Bundle:
    """Return the bundle that `data` is, every check passed.

    Raises `BundleError` when it is damaged, of another format or of other versions, when its digest is not
    `digest`, or when `key` is given and did not sign it.
    """
    found = _check_seal(data, digest, key)
    members = _members(data)
    manifest = from_json(bytes(members[MANIFEST]))
    _check_versions(manifest.versions)
    count = len(manifest.templates)
    try:
        start_of_tuple(members[CODE], count)
    except ValueError:
        raise BundleError(f"the manifest counts {count} templates, and `{CODE}` is not the code of so many") from None
    return Bundle(data, found, manifest, members[CODE], bytes(members.get(SOURCES, b"")))


def read_bundle(path: str | os.PathLike[str]) -> bytes:
    """Return the bytes of the bundle at `path`.

    Raises `BundleError` when there is none, or when others than this user and root could have written it.
    """
    try:
        # a FIFO must not block, and what was checked must be what is read: one descriptor for both
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            if problem := _access_problem(os.fstat(descriptor)):
                raise BundleError(f"`{os.fspath(path)}` {problem}")
            with open(descriptor, "rb", closefd=False) as file:
                data = file.read()
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BundleError(f"cannot read the bundle `{os.fspath(path)}`: {reason}") from error
    if not data:
        raise BundleError(f"`{os.fspath(path)}` is empty")
    return data


def _access_problem(state: os.stat_result) -> str:
    if not stat.S_ISREG(state.st_mode):
        return "is a directory, not a bundle" if stat.S_ISDIR(state.st_mode) else "is no regular file"
    if state.st_uid not in {os.geteuid(), 0}:
        return (
            f"belongs to another user (uid {state.st_uid}): a bundle is code, so only its owner or root may provide it"
        )
    if state.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"can be written by others (mode {stat.S_IMODE(state.st_mode):o}): take that away with `chmod go-w`"
    return ""


def _check_seal(data: bytes, digest: str | None, key: bytes | None) -> str:
    match = _SEAL.search(data[-_SEAL_SIZE - 3 :])
    if match is None or not data.endswith(match[0]):
        raise BundleError("this is no blendtpl bundle, or its end is missing: compile it again")
    if int(match[1]) != FORMAT:
        raise BundleError(
            f"the bundle has format {int(match[1])}, this blendtpl reads format {FORMAT}: compile it again"
        )
    found = match[3].decode()
    if hashlib.sha256(memoryview(data)[: -len(b"sha256 \n") - 64]).hexdigest() != found:
        raise BundleError("the bundle is damaged: its bytes do not give the digest it was sealed with")
    if digest is not None and not hmac.compare_digest(digest.encode(), found.encode()):
        raise BundleError(f"the bundle's digest is {found}, not {digest} as required")
    if key is not None:
        body = data[: -len(match[0])] + b"blendtpl %d\n" % FORMAT
        if match[2] == _UNSIGNED:
            raise BundleError("the bundle is not signed, but a key is required")
        if not hmac.compare_digest(_signature(key, body), match[2]):
            raise BundleError("the bundle was not signed with this key")
    return found


def _members(data: bytes) -> dict[str, bytes | memoryview]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            names = [info.filename for info in infos]
            if names not in ([MANIFEST, CODE], [MANIFEST, CODE, SOURCES]):
                raise BundleError(f"the bundle's members are {', '.join(names) or 'none'}: this is no blendtpl bundle")
            for info in infos:
                # a stored member cannot be larger than the file, which is what a zip bomb would need
                if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
                    raise BundleError(f"the member `{info.filename}` is compressed, as no bundle's is")
            return dict(_slices(data, infos, archive.start_dir))
    except BundleError:
        raise
    except Exception as error:  # `zipfile` raises errors of many types for an archive that is made to break it
        raise BundleError(f"the bundle's archive is broken: {error}") from error


def _slices(data: bytes, infos: list[zipfile.ZipInfo], end: int) -> Iterator[tuple[str, memoryview]]:
    """Yield each member without a copy. The seal has answered for its bytes, so its checksum is not counted again;
    it lies where `seal` puts it: one after the other without a gap, up to the archive's directory.
    """
    start = 0
    for info in infos:
        name = info.filename.encode()
        body = start + 30 + len(name)  # the size of a local header, which has no extra fields
        if info.header_offset != start or data[start + 26 : body] != struct.pack("<HH", len(name), 0) + name:
            raise BundleError(f"the bundle's archive is broken: the member `{info.filename}` is not where it belongs")
        start = body + info.file_size
        yield info.filename, memoryview(data)[body:start]
    if start != end:
        raise BundleError("the bundle's archive is broken: its members do not end where its directory begins")


def _check_versions(versions: Versions) -> None:
    here = this_process()
    for label, compiled, running in (
        ("blendtpl", versions.blendtpl, here.blendtpl),
        ("Python", versions.python, here.python),
        ("bytecode", versions.bytecode, here.bytecode),
        ("Jinja2", versions.jinja2, here.jinja2),
    ):
        if compiled != running:
            raise BundleError(
                f"the bundle was compiled by {label} {compiled}, this is {label} {running}: compile it again"
            )


def _signature(key: bytes, body: bytes) -> bytes:
    return hmac.new(key, body, hashlib.sha256).hexdigest().encode()


def _seal_line(signature: bytes, digest: bytes) -> bytes:
    return b"blendtpl %d\nhmac-sha256 %s\nsha256 %s\n" % (FORMAT, signature, digest)


_SEAL_SIZE = len(_seal_line(_UNSIGNED, _UNSIGNED))
