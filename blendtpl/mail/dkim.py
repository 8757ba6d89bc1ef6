"""DKIM: signatures of messages by RFC 6376, RFC 8301 and RFC 8463, always relaxed/relaxed and by SHA-256.

Enters: the bytes of a message as they go out. Leaves: the header field that is put in front of them. Nothing is kept of
a message, so that one signer serves all messages of a process and all of its threads; nothing is asked of the DNS.

1. A header is *oversigned* when it is named once more than it stands in the message: nobody can add another one.
2. What servers add on the way when it is missing (`Date`, `Message-ID`, `Sender`) is signed where it is there, and left
   for them where it is not.
3. The body is always signed whole: there is no ``l=``, behind which anything could be added.
"""

import time
from binascii import b2a_base64
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from blendtpl.errors import MessageError
from blendtpl.mail.addresses import shortened
from blendtpl.mail.dkim_keys import ED25519, ascii_domain, signing_key
from blendtpl.mail.headers import check_name
from blendtpl.mail.relaxed import body_digest, signed_fields

if TYPE_CHECKING:
    from blendtpl.mail.dkim_keys import Key

OVERSIGNED = (
    *("From", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To", "In-Reply-To", "References"),
    *("List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"),
)
SIGNED = (*OVERSIGNED, "Sender", "List-Id", "Auto-Submitted", "Feedback-ID", "Content-Language")
_ADDED_BY_SERVERS = frozenset((b"date", b"message-id", b"sender"))  # RFC 6409 section 8
_NEVER = frozenset(("dkim-signature", "return-path", "received", "bcc", "comments", "keywords"))  # RFC 6376 section 5.4
_LINE = 76
_PLAIN_LOCAL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/?^_`{|}~.")


class DkimSigner:
    """Signs messages for one domain, with one key, which `selector` names in the DNS.

    - `key` is PEM (text or bytes), the `Path` of such a file, a private key of `cryptography`, or a callable, which
      keeps the key to itself. RSA keys have 2048 to 4096 bits; the other kind is Ed25519.
    - `algorithm` is ``rsa-sha256`` or ``ed25519-sha256``, and needed for a callable alone. By RSA it is called with
      the bytes that PKCS #1 v1.5 with SHA-256 is to sign, by Ed25519 with the 32 bytes of their SHA-256.
    - `headers` are those that are signed where they are there, `oversign` those of which nobody can add one either;
      `From` is always among both.
    - `identity` is the ``i=``: an address of the domain or below it, or ``@`` and such a domain.
    - `expires` is how long a signature holds. `now` gives the seconds since 1970.

    A domain with other letters is written as A-labels. Raises `MessageError`, which names the argument, and
    `NotInstalledError` where the extra `dkim` is missing.
    """

    __slots__ = ("_begin", "_expires", "_key", "_names", "_now", "domain", "selector")

    def __init__(
        self,
        domain: str,
        selector: str,
        key: "Key",
        *,
        algorithm: str | None = None,
        headers: Iterable[str] = SIGNED,
        oversign: Iterable[str] = OVERSIGNED,
        identity: str | None = None,
        expires: timedelta | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.domain = ascii_domain("domain", domain, parts=2)
        self.selector = ascii_domain("selector", selector, parts=1)
        self._key = signing_key(key, algorithm)
        self._names = _names(headers, oversign)
        self._expires = _seconds(expires)
        self._now = now
        tags = [f"v=1; a={self._key.algorithm}; c=relaxed/relaxed;", f"d={self.domain};", f"s={self.selector};"]
        if identity is not None:
            tags.append(f"i={_identity(identity, self.domain)};")
        self._begin = f"DKIM-Signature: {_folded(tags)}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.dns_name}, {self._key.algorithm}>"

    @property
    def dns_name(self) -> str:
        """The name of the TXT record that has the public key."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def dns_record(self) -> str:
        """The text of that record; raises `MessageError` where the key is a callable."""
        if not self._key.public:
            raise MessageError("key is called to sign, and does not say what its public key is: ask where it is kept")
        kind = "ed25519" if self._key.algorithm == ED25519 else "rsa"
        return f"v=DKIM1; k={kind}; p={self._key.public}"

    def sign(self, data: bytes) -> bytes:
        """Return the header field, with its line ends, that signs a message when it is put in front of it.

        Raises `MessageError` for what is no message with CRLF line ends and one `From`.
        """
        return self.sign_canonical(*canonical(data))

    def sign_canonical(self, fields: dict[bytes, list[bytes]], digest: bytes) -> bytes:
        """Return what `sign` does, of what `canonical` made of the message."""
        if len(fields.get(b"from", ())) != 1:
            raise MessageError("the message has no `From`, or more than one: what is signed has one")
        listed: list[str] = []
        signed: list[bytes] = []
        for name, text, oversigned in self._names:
            rows = fields.get(name)
            if rows:
                signed += rows if len(rows) == 1 else reversed(rows)  # RFC 6376 section 5.4.2: from the last up
                listed += [text] * (len(rows) + oversigned)
            elif oversigned and name not in _ADDED_BY_SERVERS:
                listed.append(text)
        moment = int(self._now())
        expiry = f" x={moment + self._expires};" if self._expires else ""
        field = (
            f"{self._begin}\r\n t={moment};{expiry}\r\n h={_colons(listed)};"
            f"\r\n bh={b2a_base64(digest, newline=False).decode()};\r\n b="
        )
        signed.append(b"dkim-signature:" + field[16:].replace("\r\n ", " ").encode())
        signature = b2a_base64(self._key.sign(b"\r\n".join(signed)), newline=False).decode()
        rows_of_it = [signature[at : at + _LINE - 4] for at in range(0, len(signature), _LINE - 4)]
        return (field + "\r\n ".join(rows_of_it) + "\r\n").encode()


class DkimSigners:
    """Several signers as one, for a message that is signed by each: the message is prepared once for all of them."""

    __slots__ = ("signers",)

    def __init__(self, *signers: DkimSigner) -> None:
        if not signers or not all(isinstance(signer, DkimSigner) for signer in signers):
            raise MessageError("signers: give one `DkimSigner` or more, each as an argument of its own")
        self.signers = signers

    def sign(self, data: bytes) -> bytes:
        """Return the header fields of all signers, one after the other."""
        fields, digest = canonical(data)
        return b"".join([signer.sign_canonical(fields, digest) for signer in self.signers])


def canonical(data: bytes) -> tuple[dict[bytes, list[bytes]], bytes]:
    """Return what is signed of a message: its header fields, and the digest of its body."""
    if type(data) is not bytes:
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise MessageError(f"what is signed is the bytes of a message, and not of the type `{type(data).__name__}`")
        data = bytes(data)
    end = data.find(b"\r\n\r\n")
    start = end + 4 if end >= 0 else len(data)
    fields = signed_fields(data[:end] if end >= 0 else data.removesuffix(b"\r\n"))
    return fields, body_digest(data, start)


def _names(headers: Iterable[str], oversign: Iterable[str]) -> tuple[tuple[bytes, str, bool], ...]:
    """Return the names that are signed, in order: as they are found, as they are written, and whether once more."""
    signed = {"from": True}
    for label, names in (("headers", headers), ("oversign", oversign)):
        if isinstance(names, (str, bytes)):
            raise MessageError(f"{label} takes a list of names: give `{label}=[{names!r}]`")
        for name in names:
            if not isinstance(name, str):
                raise MessageError(f"{label} takes names, and has one of the type `{type(name).__name__}`")
            check_name(name)
            if ";" in name or name.lower() in _NEVER:
                raise MessageError(f"{label} has `{name}`, which is not to be signed: take it out")
            signed[name.lower()] = signed.get(name.lower(), False) or label == "oversign"
    return tuple((name.encode(), name, once_more) for name, once_more in signed.items())


def _seconds(expires: timedelta | None) -> int:
    if expires is None:
        return 0
    if not isinstance(expires, timedelta) or expires < timedelta(seconds=1):
        raise MessageError(
            f"expires is {expires!r}: give a `timedelta` of a second or more, such as `timedelta(days=7)`"
        )
    return int(expires.total_seconds())


def _identity(identity: str, domain: str) -> str:
    """Return the ``i=``, whose local part is written by RFC 6376 section 2.11."""
    if not isinstance(identity, str) or "@" not in identity or any(character in identity for character in "\r\n\0"):
        raise MessageError(f"identity is {shortened(str(identity))}: write it as `name@{domain}` or `@{domain}`")
    local, _, host = identity.rpartition("@")
    where = ascii_domain("identity", host, parts=2)
    if where != domain and not where.endswith(f".{domain}"):
        raise MessageError(f"identity is {shortened(identity)}, which is neither in the domain `{domain}` nor below it")
    try:
        written = "".join(
            character if character in _PLAIN_LOCAL else "".join(f"={octet:02X}" for octet in character.encode())
            for character in local
        )
    except UnicodeEncodeError:
        raise MessageError(f"identity cannot be encoded as UTF-8: {identity!a}") from None
    return f"{written}@{where}"


def _folded(tags: list[str]) -> str:
    """Return tags in lines, for what stands behind the name of the field."""
    text, width = tags[0], len("DKIM-Signature: ") + len(tags[0])
    for tag in tags[1:]:
        broken = width + 1 + len(tag) > _LINE
        text += f"\r\n {tag}" if broken else f" {tag}"
        width = (0 if broken else width) + 1 + len(tag)
    return text


def _colons(names: list[str]) -> str:
    """Return names with colons between them, folded behind some of these."""
    lines, line = [], names[0]
    for name in names[1:]:
        if len(line) + len(name) > _LINE - 5:
            lines.append(line + ":")
            line = name
        else:
            line += f":{name}"
    return "\r\n ".join([*lines, line])
