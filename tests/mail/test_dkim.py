"""DKIM: what is signed is verified by another implementation, whatever the message; what changes it is found."""

import sys
from base64 import b64decode, b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from dkim.canonicalization import Relaxed
from hypothesis import example, given
from hypothesis import strategies as st

import blendtpl
from blendtpl import MessageError, NotInstalledError
from blendtpl.mail import relaxed
from blendtpl.mail.dkim import DkimSigner, DkimSigners, canonical
from blendtpl.mail.relaxed import BodyHash, body_digest, relaxed_lines
from testkit.memory import measure
from tests.mail.signing import ED25519_KEY, ED25519_SIGNER, RSA_KEY, RSA_SIGNER, received, tags, verified

SIGNERS = (RSA_SIGNER, ED25519_SIGNER)
HEAD = (
    b"From: Feedwhip <alerts@example.com>\r\nTo: Ada <ada@example.org>\r\nSubject: Hi\r\n"
    b"Date: Mon, 30 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@example.com>\r\n"
)
DATA = HEAD + b"\r\nHello\r\n"

blanks = st.sampled_from([b"", b" ", b"  ", b"\t", b" \t ", b"        "])
words = st.one_of(
    st.binary(max_size=12).map(lambda data: data.translate(None, b"\r\n\0\t\x0b\x0c ")),
    st.sampled_from([b"caf\xc3\xa9", b"=3D", b".", b"--", b"x" * 300]),
)
lines = st.builds(lambda parts, end: b"".join(parts) + end, st.lists(st.tuples(blanks, words).map(b"".join)), blanks)
bodies = st.builds(
    lambda rows, end: b"\r\n".join(rows) + end,
    st.lists(lines, max_size=8),
    st.sampled_from([b"", b"\r\n", b"\r\n\r\n", b"\r\n \r\n\t\r\n", b" ", b"\r\n  "]),
)
printable = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30)
folds = st.sampled_from([" ", "  ", "\t", "\r\n ", " \r\n\t", "\r\n  "])
values = st.lists(st.tuples(folds, printable).map("".join), min_size=1, max_size=6).map("".join)
headers = st.lists(
    st.tuples(st.sampled_from(["Subject", "TO", "cc", "X-Own", "Comments", "list-unsubscribe", "Date"]), values),
    max_size=8,
)


def message(fields: list[tuple[str, str]], body: bytes) -> bytes:
    return (
        HEAD[: HEAD.index(b"To")] + "".join(f"{name}:{value}\r\n" for name, value in fields).encode() + b"\r\n" + body
    )


@given(headers, bodies, st.sampled_from(SIGNERS))
@example([], b"", RSA_SIGNER)
@example([], b"\r\n\r\n", RSA_SIGNER)
@example([("Subject", " a"), ("subject", " b"), ("Subject", " a")], b"x", RSA_SIGNER)
@example([("To", ",\r\n ".join(f" {n}@example.org" for n in range(200)))], b" \t\r\n", ED25519_SIGNER)
def test_dkimpy_verifies_every_message(fields: list[tuple[str, str]], body: bytes, signer: DkimSigner) -> None:
    data = message(fields, body)
    assert verified(signer.sign(data) + received(data), signer)


@given(bodies, st.lists(st.integers(0, 400), max_size=4))
@example(b"a \r\n\r\n\r\nb\r\n\r\n", [1, 2, 3, 4, 5, 6, 7, 8])
@example(b"    a", [1, 2, 3])
@example(b"\r\n \r\n", [1, 2, 3, 4])
def test_a_body_has_the_same_hash_however_it_comes(body: bytes, cuts: list[int]) -> None:
    wanted = sha256(Relaxed.canonicalize_body(received(body)) if body.strip(b"\r\n\t ") else b"").digest()
    hashed = BodyHash()
    places = sorted({0, *cuts, len(body)} & set(range(len(body) + 1)))
    for start, end in pairwise(places):
        hashed.update(body[start:end])
    assert hashed.digest() == hashed.copy().digest() == wanted
    if not body.startswith(b"\n"):
        assert canonical(HEAD + b"\r\n" + body)[1] == wanted


def test_a_large_body_is_hashed_in_pieces_of_bounded_size() -> None:
    class Counting(BodyHash):
        longest = 0

        def update(self, piece: bytes) -> None:
            Counting.longest = max(Counting.longest, len(piece))
            super().update(piece)

    body = (b"QUJDREVGR0g=" * 6 + b"\r\n") * 40_000 + b"end  of it \r\n\r\n"
    assert body_digest(body, 0, Counting()) == sha256(Relaxed.canonicalize_body(body)).digest()
    assert Counting.longest == 1 << 18


def test_the_relaxed_form_is_that_of_the_examples_of_rfc_6376_section_3_4_5() -> None:
    data = b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n"
    fields, digest = canonical(data)
    assert fields == {b"a": [b"a:X"], b"b": [b"b:Y Z"]}
    assert relaxed_lines(b" C \r\nD \t E\r\n") == b" C\r\nD E\r\n"
    assert digest == sha256(b" C\r\nD E\r\n").digest()
    assert b64encode(canonical(b"A: X\r\n\r\n")[1]) == b"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


RFC_8463 = (
    b"From: Joe SixPack <joe@football.example.com>\r\nTo: Suzie Q <suzie@shopping.example.net>\r\n"
    b"Subject: Is dinner ready?\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    b"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\r\n"
    b"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"
)
RFC_8463_FIELD = (
    b"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    b" d=football.example.com; i=@football.example.com;\r\n"
    b" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n subject : date : message-id : from : subject : date;\r\n"
    b" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b="
)
RFC_8463_SECRET = b64decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
RFC_8463_SIGNATURE = "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="


def test_the_signature_of_rfc_8463_appendix_a_comes_out_to_the_bit() -> None:
    fields, digest = canonical(RFC_8463)
    assert b64encode(digest) == b"2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="
    ((own,),) = canonical(RFC_8463_FIELD + b"\r\n\r\n")[0].values()
    order = (b"from", b"to", b"subject", b"date", b"message-id")
    key = ed25519.Ed25519PrivateKey.from_private_bytes(RFC_8463_SECRET)
    signer = DkimSigner("football.example.com", "brisbane", key, identity="@football.example.com")
    signed = b"\r\n".join([*(fields[name][0] for name in order), own])
    assert b64encode(signer._key.sign(signed)).decode() == RFC_8463_SIGNATURE
    assert signer.dns_record == "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    assert verified(signer.sign(RFC_8463) + RFC_8463, signer)


def test_a_field_is_folded_and_says_what_was_asked_for() -> None:
    signer = DkimSigner(
        "Example.COM",
        "mail2026",
        ED25519_KEY,
        headers=["Subject", "X-Own"],
        oversign=["Subject", "Cc", "Date"],
        identity="ada lovelace;+x@mail.example.com",
        expires=timedelta(days=7),
        now=lambda: 1_796_040_000.9,
    )
    data = DATA.replace(b"Date:", b"X-Own: 1\r\nX-OWN: 2\r\nX-Date:")
    field = signer.sign(data)
    signature = field[field.index(b"b=", field.index(b"bh=") + 2) :]
    assert field.removesuffix(signature).decode() == (
        "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.com;\r\n"
        " s=mail2026; i=ada=20lovelace=3B+x@mail.example.com;\r\n"
        " t=1796040000; x=1796644800;\r\n"
        " h=from:from:subject:subject:x-own:x-own:cc;\r\n"
        f" bh={b64encode(sha256(b'Hello' + bytes([13, 10])).digest()).decode()};\r\n "
    )
    assert verified(field + data, signer)


@given(headers)
def test_no_line_of_a_field_is_longer_than_78(fields: list[tuple[str, str]]) -> None:
    data = message(fields, b"")
    for signer in SIGNERS:
        field = signer.sign(data)
        assert field.endswith(b"\r\n")
        rows = field.removesuffix(b"\r\n").split(b"\r\n")
        assert max(map(len, rows)) <= 78
        assert all(row[:1] == b" " and row.strip() for row in rows[1:])


def test_a_message_is_signed_by_several_and_each_is_right() -> None:
    both = DkimSigners(RSA_SIGNER, ED25519_SIGNER)
    for signed in (both.sign(DATA) + DATA, RSA_SIGNER.sign(DATA) + ED25519_SIGNER.sign(DATA) + DATA):
        assert signed.count(b"DKIM-Signature:") == 2
        for index in (0, 1):
            assert verified(signed, *SIGNERS, index=index)


@pytest.mark.parametrize("name", ["From", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To", "Content-Type"])
def test_another_header_that_is_put_in_breaks_the_signature(name: str) -> None:
    field = RSA_SIGNER.sign(DATA)
    assert verified(field + DATA, RSA_SIGNER)
    assert not verified(field + name.encode() + b": x\r\n" + DATA, RSA_SIGNER)
    assert not verified(field + DATA.replace(b"\r\n\r\n", b"\r\n" + name.encode() + b": x\r\n\r\n", 1), RSA_SIGNER)


def test_the_pair_for_unsubscribing_is_covered() -> None:
    own = b"List-Unsubscribe: <https://example.com/stop/7>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    data = own + DATA
    field = RSA_SIGNER.sign(data)
    listed = tags(field)["h"].split(":")
    assert listed.count("list-unsubscribe") == listed.count("list-unsubscribe-post") == 2
    assert verified(field + data, RSA_SIGNER)
    assert not verified(field + data.replace(b"stop/7", b"stop/8"), RSA_SIGNER)


@pytest.mark.parametrize("name", [b"Date", b"Message-ID", b"Sender"])
def test_what_a_server_adds_when_it_is_missing_breaks_nothing(name: bytes) -> None:
    data = HEAD[: HEAD.index(b"Date")] + b"\r\nHello\r\n"
    assert verified(RSA_SIGNER.sign(data) + name + b": x\r\n" + data, RSA_SIGNER)


@pytest.mark.parametrize(
    ("old", "new"), [(b"Hello", b"Hallo"), (b"Hi", b"hi"), (b"Ada <", b"Ada\r\n <"), (b"lo", b"lo ")]
)
def test_what_changes_the_text_is_found_and_blank_space_is_not(old: bytes, new: bytes) -> None:
    changed = DATA.replace(old, new)
    assert verified(RSA_SIGNER.sign(DATA) + changed, RSA_SIGNER) == (b" " in new)


def pem(key: Any, encryption: Any = None, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    data: bytes = key.private_bytes(Encoding.PEM, form, encryption or NoEncryption())
    return data


def test_a_key_is_pem_a_file_an_object_or_called(tmp_path: Path) -> None:
    file = tmp_path / "dkim.pem"
    for key in (RSA_KEY, ED25519_KEY):
        file.write_bytes(pem(key))
        form = PrivateFormat.TraditionalOpenSSL if key is RSA_KEY else PrivateFormat.PKCS8
        for given_key in (file, pem(key), pem(key).decode(), pem(key, form=form), key):
            signer = DkimSigner("example.com", "mail2026", given_key)
            assert verified(signer.sign(DATA) + DATA, signer)


def test_a_key_that_is_called_gets_what_is_to_be_signed() -> None:
    def by_rsa(data: bytes) -> bytes:
        return RSA_KEY.sign(data, padding.PKCS1v15(), hashes.SHA256())

    for call, signer, algorithm in (
        (by_rsa, RSA_SIGNER, "rsa-sha256"),
        (ED25519_KEY.sign, ED25519_SIGNER, "ed25519-sha256"),
    ):
        called = DkimSigner("example.com", signer.selector, call, algorithm=algorithm, now=lambda: 1)
        assert verified(called.sign(DATA) + DATA, signer)
        with pytest.raises(MessageError, match="does not say what its public key is"):
            _ = called.dns_record


def test_what_a_called_key_raises_is_raised() -> None:
    def away(data: bytes) -> bytes:
        raise OSError("the device is away")

    with pytest.raises(OSError, match="the device is away"):
        DkimSigner("example.com", "a", away, algorithm="rsa-sha256").sign(DATA)


@pytest.mark.parametrize("returned", [b"short", "text", None, b"x" * 65])
def test_what_a_called_key_returns_must_be_a_signature(returned: Any) -> None:
    with pytest.raises(MessageError, match=r"key returned .* which is no signature by `ed25519-sha256`"):
        DkimSigner("example.com", "a", lambda data: returned, algorithm="ed25519-sha256").sign(DATA)


WEAK = rsa.generate_private_key(65537, 1024)
PUBLIC = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
DAMAGED = pem(RSA_KEY).replace(b"\nM", b"\nX", 1)
LOCKED = pem(RSA_KEY, BestAvailableEncryption(b"secret"))
LOCKED_OF_OLD = pem(RSA_KEY, BestAvailableEncryption(b"secret"), PrivateFormat.TraditionalOpenSSL)
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"key": b"a key"}, "key is no PEM: a private key begins with `-----BEGIN PRIVATE KEY-----`; give a file as a"),
    ({"key": "/etc/dkim.pem"}, "key is no PEM"),
    ({"key": "\ud800"}, "key is no PEM"),
    ({"key": Path("/nowhere/dkim.pem")}, "key: the file '/nowhere/dkim.pem' cannot be read: No such file"),
    ({"key": DAMAGED}, "key is no private key that can be read"),
    ({"key": LOCKED}, "key is encrypted: write it without a password"),
    ({"key": LOCKED_OF_OLD}, "key is encrypted"),
    ({"key": PUBLIC}, "key is a public key: give the private key"),
    ({"key": b"-----BEGIN CERTIFICATE-----\n"}, "key is a certificate: give the private key"),
    ({"key": b"-----BEGIN DH PARAMETERS-----\n"}, "key is PEM of another kind: give the private key"),
    ({"key": pem(ec.generate_private_key(ec.SECP256R1()))}, "DKIM has RSA and Ed25519 keys"),
    ({"key": pem(WEAK)}, "key has 1024 bits: an RSA key for DKIM has 2048 at least"),
    ({"key": WEAK}, "key has 1024 bits"),
    ({"key": RSA_KEY.public_key()}, "key is of the type"),
    ({"key": 7}, "key is of the type `int`: give PEM"),
    ({"key": len}, "algorithm is None: say of a key that is called"),
    ({"key": len, "algorithm": "rsa-sha1"}, "algorithm is 'rsa-sha1'"),
    ({"key": ED25519_KEY, "algorithm": "rsa-sha256"}, "key is one for `ed25519-sha256`"),
    ({"domain": "localhost"}, "domain is 'localhost': write it of letters"),
    ({"domain": "example.com\r\nBcc: x"}, r"domain is 'example\.com\\r\\nBcc: x'"),
    ({"domain": "example..com"}, "domain is"),
    ({"domain": "-a.example.com"}, "domain is"),
    ({"domain": "a_b.example.com"}, "domain is"),
    ({"domain": f"{'a' * 64}.com"}, "domain is"),
    ({"domain": ".".join(["abcdefgh"] * 30)}, "domain has 269 characters: a name in the DNS holds 253"),
    ({"domain": "straße.example"}, "domain has 'straße', which can be written in ASCII in more ways"),
    ({"domain": "\ud800.example"}, "domain has"),
    ({"domain": b"example.com"}, "domain takes a `str`"),
    ({"selector": ""}, "selector is ''"),
    ({"selector": "a;b"}, "selector is 'a;b'"),
    ({"selector": "mail 2026"}, "selector is 'mail 2026'"),
    ({"identity": "ada"}, "identity is 'ada': write it as `name@example.com`"),
    ({"identity": "ada@example.org"}, "identity is 'ada@example.org', which is neither in the domain"),
    ({"identity": "ada@xexample.com"}, "identity is 'ada@xexample.com', which is neither"),
    ({"identity": "a\r\nb@example.com"}, "identity is"),
    ({"identity": "\ud800@example.com"}, "identity cannot be encoded as UTF-8"),
    ({"identity": 7}, "identity is '7'"),
    ({"expires": 60}, "expires is 60: give a `timedelta`"),
    ({"expires": timedelta(0)}, "expires is"),
    ({"headers": "From"}, r"headers takes a list of names: give `headers=\['From'\]`"),
    ({"headers": ["From:"]}, "'From:' is no header name"),
    ({"headers": ["Subject\r\nBcc"]}, "is no header name"),
    ({"headers": [7]}, "headers takes names, and has one of the type `int`"),
    ({"oversign": ["a;b"]}, "oversign has `a;b`, which is not to be signed"),
    ({"oversign": ["DKIM-Signature"]}, "oversign has `DKIM-Signature`, which is not to be signed"),
]


@pytest.mark.parametrize(("arguments", "told"), WRONG, ids=[f"{n}-{next(iter(w))}" for n, (w, _) in enumerate(WRONG)])
def test_what_is_wrong_is_named(arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(MessageError, match=told) as caught:
        DkimSigner(**{"domain": "example.com", "selector": "mail2026", "key": ED25519_KEY, **arguments})
    secret = pem(RSA_KEY).decode().splitlines()[1]
    assert secret not in str(caught.value)
    assert secret not in repr(caught.value)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "a line among its headers that is none: b''"),
        (b"\r\nbody", "a line among its headers that is none: b''"),
        (b"Subject: x\r\n\r\nbody\r\n", "no `From`, or more than one"),
        (HEAD + HEAD + b"\r\n", "no `From`, or more than one"),
        (DATA.replace(b"\r\n", b"\n"), "a line break that is not CRLF"),
        (DATA.replace(b"Hi", b"H\ri"), "a line break that is not CRLF"),
        (HEAD + b"\r\none\ntwo\r\nthree\r\n", "a line break that is not CRLF"),
        (HEAD + b"\r\none\r\ntwo\nthree", "a line break that is not CRLF"),
        (HEAD + b"\r\none\r\ntwo\nthree\r\n", "a line break that is not CRLF"),
        (HEAD + b"\r\none\r\ntwo\n\rthree\r\n", "a line break that is not CRLF"),
        (HEAD + b"\r\none\r\ntwo\r", "a line break that is not CRLF"),
        (HEAD + b"\r\n\n", "a line break that is not CRLF"),
        (b"no header\r\n" + DATA, "a line among its headers that is none: b'no header'"),
        (b": x\r\n" + DATA, "a line among its headers that is none"),
        ("text", "the bytes of a message, and not of the type `str`"),
    ],
)
def test_what_is_no_message_is_not_signed(data: Any, told: str) -> None:
    with pytest.raises(MessageError, match=told):
        RSA_SIGNER.sign(data)


def test_bytes_of_other_types_are_signed() -> None:
    others: list[Any] = [bytearray(DATA), memoryview(DATA)]
    for data in others:
        assert verified(RSA_SIGNER.sign(data) + DATA, RSA_SIGNER)


def test_a_message_without_a_body_is_signed() -> None:
    for data in (HEAD, HEAD.removesuffix(b"\r\n"), HEAD + b"\r\n"):
        assert tags(RSA_SIGNER.sign(data))["bh"] == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    assert verified(RSA_SIGNER.sign(HEAD) + HEAD + b"\r\n", RSA_SIGNER)


@pytest.mark.parametrize("name", ["bücher.example.com", "bu\u0308cher.example.com", "BÜCHER.example.com"])
def test_a_domain_with_other_letters_is_written_as_a_labels(name: str) -> None:
    signer = DkimSigner(name, "mail", ED25519_KEY, identity=f"@post.{name}")
    assert signer.dns_name == "mail._domainkey.xn--bcher-kva.example.com"
    assert tags(signer.sign(DATA))["i"] == "@post.xn--bcher-kva.example.com"
    assert verified(signer.sign(DATA) + DATA, signer)


def test_signers_are_one_or_more() -> None:
    several: list[Any] = [(), (SIGNERS,), (RSA_SIGNER, "x")]
    for wrong in several:
        with pytest.raises(MessageError, match="signers: give one `DkimSigner` or more"):
            DkimSigners(*wrong)


def test_a_signer_shows_where_its_key_is_published_and_not_the_key() -> None:
    assert repr(RSA_SIGNER) == "<DkimSigner mail2026._domainkey.example.com, rsa-sha256>"
    assert RSA_SIGNER.dns_record.startswith("v=DKIM1; k=rsa; p=MII")


def test_one_signer_serves_several_threads() -> None:
    def signed(number: int) -> bytes:
        data = DATA.replace(b"Hello", b"Hello %d" % number)
        return ED25519_SIGNER.sign(data) + data

    with ThreadPoolExecutor(8) as pool:
        assert all(verified(each, ED25519_SIGNER) for each in pool.map(signed, range(200)))


@pytest.mark.parametrize("signer", [*SIGNERS, DkimSigners(*SIGNERS)], ids=["rsa", "ed25519", "both"])
def test_signing_leaves_nothing(signer: DkimSigner | DkimSigners) -> None:
    data = HEAD + b"Cc: a@example.org,\r\n b@example.org\r\n\r\n  two  blanks \r\n\r\n"
    found = measure(lambda: signer.sign(data), 300)
    assert not found, str(found)


@pytest.mark.parametrize("data", [DATA.replace(b"\r\n", b"\n"), b"x\r\n" + DATA, b"\r\n" + DATA])
def test_a_message_that_is_not_signed_leaves_nothing(data: bytes) -> None:
    def refused() -> str:
        try:
            return str(RSA_SIGNER.sign(data))
        except MessageError as error:
            return str(error)

    found = measure(refused, 300)
    assert not found, str(found)


def test_without_the_library_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives", None)
    for key in (pem(RSA_KEY), RSA_KEY):
        with pytest.raises(NotInstalledError, match=r"signing with DKIM needs `cryptography.*`: .* the extra `dkim`"):
            DkimSigner("example.com", "mail2026", key)


characters = st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])
prose = st.text(st.one_of(characters, st.sampled_from(" \n\t.-=")), max_size=300)
messages = st.builds(
    lambda subject, text, html, people, copied, files, url: blendtpl.Message(
        subject=subject,
        text=text,
        html=html,
        sender="Feedwhip <alerts@example.com>",
        to=tuple(f'"{name}" <{n}@example.org>' for n, name in enumerate(people)),
        cc=copied,
        attachments=files,
        unsubscribe=url,
    ),
    st.text(characters, max_size=120).map(lambda text: text.replace("=?", "=").strip()),
    prose,
    st.one_of(st.none(), prose),
    st.lists(st.sampled_from(["Ada", "Lovelace, Ada", "Владимир", 'Ada \\"x\\" \\\\ b']), min_size=1, max_size=50),
    st.sampled_from([(), ("c@example.org", "d@example.org")]),
    st.sampled_from([(), [("bücher.bin", bytes(range(256)))], [("a.txt", b"x \r\n\n.\n")]]),
    st.one_of(st.none(), st.integers(1, 850).map(lambda size: "https://example.com/" + "x" * size)),
)


@given(messages, st.booleans(), st.sampled_from([RSA_SIGNER, ED25519_SIGNER, [RSA_SIGNER, ED25519_SIGNER]]))
def test_dkimpy_verifies_messages_of_every_kind(
    message: blendtpl.Message, eight_bit: bool, sign: DkimSigner | list[DkimSigner]
) -> None:
    data = message.as_bytes(eight_bit=eight_bit, sign=sign)
    for index in range(len(sign) if isinstance(sign, list) else 1):
        assert verified(data, *SIGNERS, index=index)


@given(messages)
def test_without_c_the_signature_is_the_same(message: blendtpl.Message) -> None:
    data = message.as_bytes()
    signer = DkimSigner("example.com", "mail2026", ED25519_KEY, now=lambda: 1_796_040_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(relaxed, "relaxed_head", relaxed._relaxed_head)
        patch.setattr(relaxed, "relaxed_lines", relaxed._relaxed_lines)
        without = signer.sign(data)
    assert signer.sign(data) == without
