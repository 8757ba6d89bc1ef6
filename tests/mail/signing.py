"""Keys for tests, and dkimpy as the verifier, with a DNS that has what a signer says belongs there."""

from typing import cast

import dkim
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from blendtpl.mail.dkim import DkimSigner

RSA_KEY = rsa.generate_private_key(65537, 2048)
ED25519_KEY = ed25519.Ed25519PrivateKey.generate()
RSA_SIGNER = DkimSigner("example.com", "mail2026", RSA_KEY)
ED25519_SIGNER = DkimSigner("example.com", "ed2026", ED25519_KEY)


def verified(data: bytes, *signers: DkimSigner, index: int = 0) -> bool:
    """Tell whether the signature of that number, from the top, is right."""
    published = {f"{each.dns_name}.".encode(): each.dns_record.encode() for each in signers}

    def answer(name: bytes, timeout: int = 5) -> bytes | None:
        return published.get(name)

    try:
        return cast(bool, dkim.DKIM(data).verify(idx=index, dnsfunc=answer))
    except dkim.ValidationError:  # the body's hash is another
        return False


def received(data: bytes) -> bytes:
    """Return a message as it arrives: SMTP has no last line without an end."""
    return data if data.endswith(b"\r\n") else data + b"\r\n"


def tags(field: bytes) -> dict[str, str]:
    """Return the tags of a signature, without the blank space in them."""
    value = b"".join(field.partition(b":")[2].split()).decode()
    return dict(cast("tuple[str, str]", tuple(each.split("=", 1))) for each in value.split(";"))
