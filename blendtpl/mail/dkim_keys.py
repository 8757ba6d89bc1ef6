"""Keys that sign, and the names that they are published under.

Enters: a key as PEM, as a file, as an object of `cryptography` or as something that signs by itself; a domain, a
selector. Leaves: a function from the bytes to be signed to the signature, and names in ASCII. No error shows a key.
"""

import os
import re
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from blendtpl.errors import MessageError
from blendtpl.extras import not_installed
from blendtpl.mail.addresses import shortened

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    Key = str | bytes | os.PathLike[str] | RSAPrivateKey | Ed25519PrivateKey | Callable[[bytes], bytes]

RSA, ED25519 = "rsa-sha256", "ed25519-sha256"
_FEWEST_BITS, _MOST_BITS = 2048, 4096  # RFC 8301 section 3.2: what signers should have, and what verifiers must take
_LONGEST_PEM = 1 << 16
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")  # RFC 5321 section 4.1.2


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """What signs: `algorithm` is the ``a=`` of a signature, `public` the ``p=`` of the record, where it is known."""

    algorithm: str
    sign: Callable[[bytes], bytes]
    public: str


def signing_key(key: "Key", algorithm: str | None) -> SigningKey:
    """Return what signs with a key; raises `MessageError`, which names `key` and says nothing of what is in it."""
    if isinstance(key, (str, bytes, os.PathLike)):
        loaded = _loaded(_pem(key))
    elif hasattr(key, "private_bytes"):
        loaded = _of_object(key)
    elif callable(key):
        return _of_callable(key, algorithm)
    else:
        raise MessageError(
            f"key is of the type `{type(key).__name__}`: give PEM, the `Path` of a file, a private key of"
            " `cryptography`, or what is called with bytes and returns their signature"
        )
    if algorithm not in (None, loaded.algorithm):
        raise MessageError(
            f"algorithm is {algorithm!r}, and key is one for `{loaded.algorithm}`: leave `algorithm` out"
        )
    return loaded


def ascii_domain(label: str, name: str, *, parts: int) -> str:
    """Return a domain or selector in lower case and A-labels; raises `MessageError`, which says `label`."""
    if not isinstance(name, str):
        raise MessageError(f"{label} takes a `str`, and is of the type `{type(name).__name__}`")
    labels = [_a_label(label, part) for part in name.split(".")]
    if len(labels) < parts or not all(len(part) <= 63 and _LABEL.fullmatch(part) for part in labels):
        example = "example.com" if parts > 1 else "mail2026"
        raise MessageError(f"{label} is {shortened(name)}: write it of letters, digits and hyphens, as `{example}`")
    written = ".".join(labels)
    if len(written) > 253:
        raise MessageError(f"{label} has {len(written)} characters: a name in the DNS holds 253")
    return written


def _a_label(label: str, part: str) -> str:
    """Return one part of a name in ASCII. What the older and the newer rules for that write in two ways is refused."""
    if part.isascii():
        return part.lower()
    try:
        written = part.encode("idna").decode()
        back = written.encode().decode("idna")
    except UnicodeError:
        written = back = ""
    if not written or back != unicodedata.normalize("NFC", part).lower():
        raise MessageError(
            f"{label} has {shortened(part)}, which can be written in ASCII in more ways than one or in"
            " none: write it as `xn--…`"
        )
    return written.lower()


def _pem(key: "str | bytes | os.PathLike[str]") -> bytes:
    if isinstance(key, os.PathLike):
        try:
            with Path(key).open("rb") as file:
                data = file.read(_LONGEST_PEM)
        except OSError as error:
            raise MessageError(f"key: the file {os.fspath(key)!r} cannot be read: {error.strerror}") from error
    else:
        data = key.encode(errors="replace") if isinstance(key, str) else key
    if b"-----BEGIN " not in data:
        hint = "" if isinstance(key, os.PathLike) else "; give a file as a `Path`"
        raise MessageError(f"key is no PEM: a private key begins with `-----BEGIN PRIVATE KEY-----`{hint}")
    return data


def _loaded(pem: bytes) -> SigningKey:
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError as error:
        raise not_installed("signing with DKIM", error) from None
    if b" ENCRYPTED PRIVATE KEY-----" in pem or b"Proc-Type: 4,ENCRYPTED" in pem:
        raise MessageError(
            "key is encrypted: write it without a password (`openssl pkey -in KEY`), or load it by"
            " `cryptography.hazmat.primitives.serialization.load_pem_private_key` and give that object"
        )
    if b"PRIVATE KEY-----" not in pem:
        what = "a certificate" if b" CERTIFICATE-----" in pem else "a public key" if b"PUBLIC KEY-----" in pem else ""
        raise MessageError(f"key is {what or 'PEM of another kind'}: give the private key, which signs")
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise MessageError("key is no private key that can be read: its PEM is damaged, or of an odd kind") from None
    return _of_object(key)


def _of_object(key: object) -> SigningKey:
    try:
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
    except ImportError as error:
        raise not_installed("signing with DKIM", error) from None
    if isinstance(key, ed25519.Ed25519PrivateKey):
        raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
        sign_digest = key.sign
        public = b64encode(key.public_key().public_bytes(*raw)).decode()
        return SigningKey(ED25519, lambda data: sign_digest(sha256(data).digest()), public)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise MessageError(f"key is of the type `{type(key).__name__}`: DKIM has RSA and Ed25519 keys")
    if not _FEWEST_BITS <= key.key_size <= _MOST_BITS:
        raise MessageError(
            f"key has {key.key_size} bits: an RSA key for DKIM has {_FEWEST_BITS} at least, as less can be broken, and"
            f" {_MOST_BITS} at most, as no verifier has to take more"
        )
    pkcs1, digest, sign = padding.PKCS1v15(), hashes.SHA256(), key.sign  # made once, not for each message
    der = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    public = b64encode(key.public_key().public_bytes(*der)).decode()
    return SigningKey(RSA, lambda data: sign(data, pkcs1, digest), public)


def _of_callable(key: Callable[[bytes], bytes], algorithm: str | None) -> SigningKey:
    if algorithm not in (RSA, ED25519):
        raise MessageError(
            f"algorithm is {algorithm!r}: say of a key that is called what it signs by, `{RSA}` or `{ED25519}`"
        )
    lengths = range(64, 65) if algorithm == ED25519 else range(_FEWEST_BITS // 8, _MOST_BITS // 8 + 1)

    def sign(data: bytes) -> bytes:
        signature = key(sha256(data).digest() if algorithm == ED25519 else data)
        if not isinstance(signature, bytes) or len(signature) not in lengths:
            returned = f"{len(signature)} bytes" if isinstance(signature, bytes) else f"`{type(signature).__name__}`"
            raise MessageError(f"key returned {returned}, which is no signature by `{algorithm}`")
        return signature

    return SigningKey(algorithm, sign, "")
