"""The bundle: one file that holds every template, compiled. The build half makes it, the run half opens it.

A bundle is a zip archive that ``unzip -l`` lists: `manifest.json`, `code.marshal` (what
`blendtpl.bundle.code_member` reads), `files.bin` with the images of messages and the catalogues of languages, one
behind the other, and, unless left out, `sources.json` for error excerpts. Members are stored, not deflated: the bytes
of a deflated member depend on the zlib at hand. The archive's comment, at its very end, seals everything before it::

    blendtpl <format>
    hmac-sha256 <64 hexadecimal digits, or 64 dashes when it is not signed>
    sha256 <64 hexadecimal digits: the digest>

A bundle is code. Nothing here unmarshals it: whoever does so gets it from an opened `Bundle` only, whose seal,
digest, signature, versions and manifest have been checked.
"""

import encodings.cp437  # noqa: F401  # which `zipfile` asks for by name: a process may have lost the way to it by then
import hashlib
import hmac
import io
import os
import re
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from blendtpl.bundle.atomic_file import remove_abandoned, replace_file, resolved
from blendtpl.bundle.code_member import start_of_tuple
from blendtpl.bundle.manifest import Manifest, Versions, from_json, read_versions, this_process, to_json
from blendtpl.bundle.permissions import check_writers
from blendtpl.bundle.signing import check_digest, check_key, signature
from blendtpl.errors import BundleArgumentError, BundleError, TemplateWarning
from blendtpl.printable import one_line
from blendtpl.reprs import counted, sized

FORMAT = 1
LARGEST = 2**30  # bytes of a bundle, two hundred times what 2,000 templates take

CERTIFICATE = ".soak.json"  # the end of the name of what a soak writes beside a bundle

MANIFEST, CODE, FILES, SOURCES = "manifest.json", "code.marshal", "files.bin", "sources.json"

# a number has one form only, and there is nothing behind the seal
_SEAL = re.compile(rb"blendtpl ([1-9][0-9]{0,3})\nhmac-sha256 ([0-9a-f]{64}|-{64})\nsha256 ([0-9a-f]{64})\n\Z")
_NO_BUNDLE = "this is no blendtpl bundle, or its end is missing: compile it again"
_UNSIGNED = b"-" * 64
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip archive can hold
_ABANDONED = 3600.0  # seconds after which a temporary file has no writer any more


@dataclass(frozen=True, slots=True, repr=False)
class Bundle:
    """A checked bundle in memory. `digest` is the SHA-256 over the whole file, in 64 hexadecimal digits.

    `warnings` are what `compile` has to say of templates that it compiled; they are not in the file, and one that was
    read has none.
    """

    data: bytes
    digest: str
    manifest: Manifest
    code: bytes | memoryview
    sources: bytes
    files: bytes | memoryview = b""
    warnings: tuple[TemplateWarning, ...] = field(default=(), compare=False)

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


def seal(
    manifest: Manifest, code: bytes, sources: bytes | None, key: bytes | None = None, files: bytes | None = None
) -> Bundle:
    """Return the bundle of these members, signed with `key` when one is given."""
    check_key(key)
    index = to_json(manifest)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.comment = _seal_line(_UNSIGNED, _UNSIGNED)
        for name, member in ((MANIFEST, index), (CODE, code), (FILES, files or None), (SOURCES, sources)):
            if member is not None:
                info = zipfile.ZipInfo(name, _EPOCH)
                info.create_system = 3  # Unix, wherever it is built
                info.external_attr = (stat.S_IFREG | 0o644) << 16
                archive.writestr(info, member)
    body = buffer.getvalue()[: -len(archive.comment)] + b"blendtpl %d\n" % FORMAT
    body += b"hmac-sha256 %s\n" % (signature(key, body) if key else _UNSIGNED)
    if len(body) > LARGEST:
        raise BundleError(
            f"the bundle has more than {LARGEST:,} bytes, which is the most: make several of its templates"
        )
    digest = hashlib.sha256(body).hexdigest()
    # the manifest as whoever opens the bundle gets it: frozen to the bottom
    return Bundle(body + b"sha256 %s\n" % digest.encode(), digest, from_json(index), code, sources or b"", files or b"")


def is_bundle(data: bytes) -> bool:
    """Return whether `data` ends like a bundle of any format."""
    return _SEAL.search(data[-_SEAL_SIZE - 3 :]) is not None


def open_bundle(
    data: bytes | bytearray | memoryview,
    *,
    digest: str | None = None,
    key: bytes | None = None,
    any_version: bool = False,
) -> Bundle:
    """Return the bundle that `data` is, every check passed.

    `any_version` leaves one out: whether this process has the versions that the code was made for. Whoever asks for
    that must not unmarshal the code before having compared them.

    Raises `BundleError` when it is damaged, of another format or of other versions, when its digest is not
    `digest`, or when `key` is given and did not sign it.
    """
    if isinstance(data, (bytearray, memoryview)):
        data = bytes(data)  # nobody can change what has been checked
    elif not isinstance(data, bytes):
        raise BundleArgumentError(f"a bundle is bytes, not a {type(data).__name__}")
    sealed = _check_seal(data, digest, key)
    members = _members(data)
    index = bytes(members[MANIFEST])
    versions = read_versions(index)
    if not any_version:
        check_versions(versions, HAS_SOURCES if SOURCES in members else NO_SOURCES)
    try:
        manifest = from_json(index)
    except BundleError:
        if versions.blendtpl != this_process().blendtpl:  # of which it may be the right one
            raise BundleError(_version_problem(versions, "as this one cannot read its manifest")) from None
        raise
    count = len(manifest.templates)
    try:
        start_of_tuple(members[CODE], count)
    except ValueError:
        raise BundleError(f"the manifest counts {count} templates, and `{CODE}` is not the code of so many") from None
    files = members.get(FILES, b"")
    images = [image[2:] for message in manifest.messages.values() for image in message.images]
    for what, spans in (("images", images), ("catalogues", manifest.catalogues.values())):
        if any(not start <= end <= len(files) for start, end in spans):
            raise BundleError(f"the manifest has {what} that are not in `{FILES}`")
    return Bundle(data, sealed, manifest, members[CODE], bytes(members.get(SOURCES, b"")), files)


def read_bundle(path: str | os.PathLike[str], *, trusted: bool = False) -> bytes:
    """Return the bytes of the bundle at `path`; no more of a file is read than it takes to see that it is none.

    Raises `BundleError` when there is none, or when others than this user, the file's owner's own group and root
    could have written it. `trusted`: whoever calls checks what is in it by a digest or a key, so that does not matter.
    """
    shown = os.fsdecode(path)
    try:
        # a FIFO must not block, and what was checked must be what is read: one descriptor for both
        descriptor = os.open(path, _READING)
        try:
            state = os.fstat(descriptor)
            if not stat.S_ISREG(state.st_mode):
                kind = "is a directory, not a bundle" if stat.S_ISDIR(state.st_mode) else "is no regular file"
                raise BundleError(f"`{shown}` {kind}")
            if not trusted:
                check_writers(shown, descriptor)
            with open(descriptor, "rb", closefd=False) as file:
                return _read_whole(file, shown, state.st_size)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BundleError(f"cannot read the bundle `{shown}`: {reason}") from error


# some systems lack some of these
_READING = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_CLOEXEC", "O_NONBLOCK", "O_BINARY"))


def _read_whole(file: BinaryIO, shown: str, size: int) -> bytes:
    if not size:
        raise BundleError(f"`{shown}` is empty")
    if size > LARGEST:
        raise BundleError(f"`{shown}` has {size:,} bytes, and a bundle has at most {LARGEST:,}: this is none")
    file.seek(max(size - _SEAL_SIZE - 3, 0))
    if not is_bundle(file.read(_SEAL_SIZE + 3)):
        raise BundleError(f"{shown}: {_NO_BUNDLE}")
    file.seek(0)
    try:
        data = file.read(size + 1)
    except MemoryError:
        raise BundleError(f"there is no memory for the {size:,} bytes of `{shown}`") from None
    if len(data) != size:
        raise BundleError(
            f"`{shown}` was written to while it was read: have whoever writes it put a new file in its place, as"
            " `Bundle.write` and `blendtpl compile` do"
        )
    return data


def _check_seal(data: bytes, digest: str | None, key: bytes | None) -> str:
    check_digest(digest)
    check_key(key)
    match = _SEAL.search(data[-_SEAL_SIZE - 3 :])
    if match is None:
        raise BundleError(_NO_BUNDLE)
    if int(match[1]) != FORMAT:
        raise BundleError(
            f"the bundle has format {int(match[1])}, this blendtpl reads format {FORMAT}: compile it again"
        )
    sealed = match[3].decode()
    if hashlib.sha256(memoryview(data)[: -len(b"sha256 \n") - 64]).hexdigest() != sealed:
        raise BundleError("the bundle is damaged: its bytes do not give the digest it was sealed with")
    if digest is not None and not hmac.compare_digest(digest, sealed):
        raise BundleError(f"the bundle's digest is {sealed}, not {digest} as required")
    if key is not None:
        body = data[: -len(match[0])] + b"blendtpl %d\n" % FORMAT
        if match[2] == _UNSIGNED:
            raise BundleError("the bundle is not signed, but a key is required")
        if not hmac.compare_digest(signature(key, body), match[2]):
            raise BundleError("the bundle was not signed with this key")
    return sealed


def _members(data: bytes) -> dict[str, bytes | memoryview]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            names = [info.filename for info in infos]
            optional = [name for name in (FILES, SOURCES) if name in names]
            if names != [MANIFEST, CODE, *optional]:
                raise BundleError(f"the bundle's members are {', '.join(names) or 'none'}: this is no blendtpl bundle")
            for info in infos:
                # a stored member cannot be larger than the file, which is what a zip bomb would need
                if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
                    raise BundleError(f"the member `{one_line(info.filename)}` is compressed, as no bundle's is")
            if data[-_SEAL_SIZE - 2 : -_SEAL_SIZE] != _SEAL_SIZE.to_bytes(2, "little"):
                raise BundleError(
                    "the bundle's archive is broken: its comment is not the seal"
                )  # `zipfile` takes others
            return dict(_slices(data, infos, archive.start_dir))
    except BundleError:
        raise
    except Exception as error:  # `zipfile` raises errors of many types for an archive that is made to break it
        raise BundleError(f"the bundle's archive is broken: {error}") from error


def _slices(data: bytes, infos: list[zipfile.ZipInfo], end: int) -> Iterator[tuple[str, memoryview]]:
    """Yield each member without a copy. The seal has answered for its bytes, so its checksum is not counted again;
    it lies where `seal` puts it: one after the other without a gap, up to the archive's directory, which has nothing
    in it and behind it but what there is to say of them.
    """
    start, directory = 0, 0
    for info in infos:
        header = info.FileHeader()  # as the directory has it
        body = start + len(header)
        if info.header_offset != start or data[start:body] != header or info.extra or info.comment:
            raise BundleError(
                f"the bundle's archive is broken: the member `{one_line(info.filename)}` is not where it belongs"
            )
        start = body + info.file_size
        directory += _DIRECTORY_ENTRY + len(info.filename.encode())
        yield info.filename, memoryview(data)[body:start]
    if start != end:
        raise BundleError("the bundle's archive is broken: its members do not end where its directory begins")
    if end + directory + _DIRECTORY_END + _SEAL_SIZE != len(data):
        raise BundleError("the bundle's archive is broken: its directory does not end where its seal begins")


_DIRECTORY_ENTRY, _DIRECTORY_END = 46, 22  # bytes, without names and comments


HAS_SOURCES = "or load it with `recompile=True`, which compiles the sources inside it"
NO_SOURCES = "as its sources were left out, without which `recompile=True` cannot do that"


def check_versions(versions: Versions, way: str) -> None:
    """Raise `BundleError` when code of these versions cannot run in this process; `way` says what can be done."""
    if problem := _version_problem(versions, way):
        raise BundleError(problem)


def _version_problem(versions: Versions, way: str) -> str:
    here = this_process()
    for label, compiled, running in (
        ("blendtpl", versions.blendtpl, here.blendtpl),
        ("Python", versions.python, here.python),
        ("bytecode", versions.bytecode, here.bytecode),
        ("Jinja2", versions.jinja2, here.jinja2),
    ):
        if compiled != running:
            return f"the bundle was compiled by {label} {compiled}, this is {label} {running}: compile it again, {way}"
    return ""


def _seal_line(signature: bytes, digest: bytes) -> bytes:
    return b"blendtpl %d\nhmac-sha256 %s\nsha256 %s\n" % (FORMAT, signature, digest)


_SEAL_SIZE = len(_seal_line(_UNSIGNED, _UNSIGNED))
