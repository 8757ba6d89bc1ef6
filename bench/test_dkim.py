"""DKIM: the alert e-mail signed by blendtpl and by dkimpy, beside the signature of `cryptography` alone.

The bare signature is of bytes that are there already; what a signer has to do around it (the headers, the hash of the
body, the field) is what the ratio to it says. Bodies are quoted-printable, as they go out, and indented HTML is most of
them. RSA has 2048 bits; of Ed25519, which is faster by ten times, whatever is done around it is the larger part.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import dkim
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pytest_benchmark.fixture import BenchmarkFixture

import blendtpl
from bench.measure import compare, rounds
from blendtpl.compiler.frontend.examples import read_examples
from blendtpl.mail.dkim import DkimSigner, canonical
from testkit import TEMPLATES

_ROUNDS, _CALLS = 200, 4
_HEADERS = (b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type", b"reply-to")


@pytest.fixture(scope="module")
def data() -> bytes:
    """Give the bytes of an alert e-mail."""
    registry = blendtpl.load(blendtpl.compile(TEMPLATES))
    name = "emails/alert"
    context = next(iter(read_examples(TEMPLATES, f"{name}/body.html").values()))
    message = registry.message(
        name,
        context,
        to=["Ada Lovelace <ada@example.org>"],
        sender="Feedwhip <alerts@feedwhip.example>",
        reply_to="help@feedwhip.example",
        headers={
            "Date": "Mon, 30 Nov 2026 12:00:00 +0000",
            "List-Unsubscribe": "<https://feedwhip.example/stop/7>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
    return message.as_bytes()


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    """Give a key of 2048 bits."""
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def pem(key: rsa.RSAPrivateKey) -> bytes:
    """Give it as dkimpy takes it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def _by_dkimpy(data: bytes, pem: bytes) -> bytes:
    signature: bytes = dkim.sign(
        data, b"mail2026", b"feedwhip.example", pem, canonicalize=(b"relaxed", b"relaxed"), include_headers=_HEADERS
    )
    return signature


def _measured(benchmark: BenchmarkFixture, group: str, call: Callable[[], object], *, peer: bool) -> None:
    compare(benchmark, group, peer=peer)

    def calls() -> None:
        for _ in range(_CALLS):
            call()

    rounds(benchmark, _ROUNDS, calls, warmup=2)


def test_rsa_bare_signature(benchmark: BenchmarkFixture, key: rsa.RSAPrivateKey, data: bytes) -> None:
    """`private_key.sign` of what is signed of the e-mail, and nothing else."""
    signed = b"\r\n".join(row for rows in canonical(data)[0].values() for row in rows)
    pkcs1, digest = padding.PKCS1v15(), hashes.SHA256()
    _measured(benchmark, "DKIM, RSA-2048", lambda: key.sign(signed, pkcs1, digest), peer=True)


def test_rsa_by_blendtpl(benchmark: BenchmarkFixture, key: rsa.RSAPrivateKey, data: bytes) -> None:
    """`DkimSigner.sign` of the whole e-mail."""
    signer = DkimSigner("feedwhip.example", "mail2026", key)
    _measured(benchmark, "DKIM, RSA-2048", lambda: signer.sign(data), peer=False)


def test_rsa_by_dkimpy(benchmark: BenchmarkFixture, pem: bytes, data: bytes) -> None:
    """`dkim.sign` of the whole e-mail."""
    _measured(
        benchmark,
        "DKIM, RSA-2048",
        lambda: _by_dkimpy(data, pem),
        peer=True,
    )


def test_ed25519_bare_signature(benchmark: BenchmarkFixture) -> None:
    """`private_key.sign` of a digest."""
    private = ed25519.Ed25519PrivateKey.generate()
    _measured(benchmark, "DKIM, Ed25519", lambda: private.sign(b"\x07" * 32), peer=True)


def test_ed25519_by_blendtpl(benchmark: BenchmarkFixture, data: bytes) -> None:
    """`DkimSigner.sign` of the whole e-mail."""
    signer = DkimSigner("feedwhip.example", "mail2026", ed25519.Ed25519PrivateKey.generate())
    _measured(benchmark, "DKIM, Ed25519", lambda: signer.sign(data), peer=False)


def test_preparing_a_message(benchmark: BenchmarkFixture, data: bytes) -> None:
    """What is done once for any number of signatures."""
    _measured(benchmark, "DKIM, without any signature", lambda: canonical(data), peer=False)


def test_all_signatures_are_verified(key: rsa.RSAPrivateKey, pem: bytes, data: bytes) -> None:
    """By dkimpy, each."""
    signer = DkimSigner("feedwhip.example", "mail2026", key)
    published: Mapping[bytes, bytes] = MappingProxyType({f"{signer.dns_name}.".encode(): signer.dns_record.encode()})
    for field in (signer.sign(data), _by_dkimpy(data, pem)):
        assert dkim.verify(field + data, dnsfunc=lambda name, timeout=5: published[name])
