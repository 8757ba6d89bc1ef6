"""Keys and digests that are none are told as such, on both sides, before anything is compiled or read."""

import os
import secrets
from pathlib import Path
from typing import Any

import pytest

import blendtpl
from blendtpl.bundle.signing import SHORTEST_KEY, check_key
from tests.run.sealing import SEAL_SIZE, refused, reseal

KEY = b"a key of some length"
SMALL = blendtpl.compile({"a.html": "{{ user }}"})

NO_TEMPLATES = {"a.html": "{% if %}"}  # whose faults would come first if a key were looked at late


@pytest.mark.parametrize("size", [1, 2, 15])
def test_a_key_that_can_be_guessed_is_refused_on_both_sides(size: int) -> None:
    key = b"k" * size
    told = f"the key has {size} byte{'s' if size > 1 else ''}, and one of fewer than 16 can be guessed: make one with"
    with pytest.raises(blendtpl.BundleError, match=told):
        blendtpl.compile(NO_TEMPLATES, key=key)
    assert told in refused(reseal(SMALL.data[:-SEAL_SIZE], key=key), key=key)
    assert told in refused(SMALL, key=key)
    assert told in refused("no.such.blend", key=key)


def test_a_key_of_16_bytes_is_one() -> None:
    key = secrets.token_bytes(SHORTEST_KEY)
    assert len(key) == 16
    signed = blendtpl.compile({"a.html": "{{ user }}"}, key=key)
    assert blendtpl.load(signed.data, key=key).render("a.html", user=1) == "1"
    assert "not signed with this key" in refused(signed, key=key + b"x")


def test_an_empty_key_is_refused_though_the_bundle_is_signed_with_it() -> None:
    for signed in (SMALL.data, reseal(SMALL.data[:-SEAL_SIZE], key=bytes(1))):  # HMAC fills keys up with null bytes
        assert "an empty key signs nothing, and is what a variable gives that is not set" in refused(signed, key=b"")
    with pytest.raises(blendtpl.BundleError, match="an empty key signs nothing"):
        blendtpl.compile(NO_TEMPLATES, key=b"")


@pytest.mark.parametrize("size", [1, 16, 32, 64, 100])
def test_a_key_of_null_bytes_is_the_empty_one_and_as_much_refused(size: int) -> None:
    empty = reseal(SMALL.data[:-SEAL_SIZE], key=bytes(1))
    assert (size > 64) or empty == reseal(SMALL.data[:-SEAL_SIZE], key=bytes(size))
    assert f"a key of {size} null bytes signs nothing" in refused(empty, key=bytes(size))
    with pytest.raises(blendtpl.BundleError, match="null bytes signs nothing"):
        blendtpl.compile(NO_TEMPLATES, key=bytes(size))


def test_the_command_that_a_message_names_makes_a_key(capfd: pytest.CaptureFixture[str]) -> None:
    message = refused(SMALL, key=b"short")
    assert os.system(message.split("`")[1].replace("python", "python3", 1)) == 0
    check_key(capfd.readouterr().out.strip().encode())


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("a key of some length", "a str: encode it, as in `key.encode()`"),
        ("", "a str: encode it"),
        (bytearray(KEY), "a bytearray"),
        (memoryview(KEY), "a memoryview"),
        (0, "an int"),
        (False, "a bool"),
        (1.5, "a float"),
        ([KEY], "a list"),
        (Path("key"), "a PosixPath"),
        (object(), "an object"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_key_of_another_type_is_told_on_both_sides(key: Any, shown: str) -> None:
    told = f"`key` is bytes, not {shown}"
    for call in (
        lambda: blendtpl.compile(NO_TEMPLATES, key=key),
        lambda: blendtpl.load(SMALL, key=key),
        lambda: blendtpl.load("no.such.blend", key=key),
    ):
        with pytest.raises(blendtpl.BundleError) as caught:
            call()
        assert told in str(caught.value)
        assert isinstance(caught.value, TypeError)


DIGEST = SMALL.digest


@pytest.mark.parametrize(
    "digest",
    [
        "",
        " ",
        DIGEST.upper(),
        f"sha256:{DIGEST}",
        f"sha256 {DIGEST}",
        f" {DIGEST}",
        f"{DIGEST}\n",
        DIGEST[:-1],
        DIGEST[:12],
        f"{DIGEST}0",
        f"{DIGEST[:-1]}g",
        f"{DIGEST[:-1]}\u0661",  # a digit, but no hexadecimal one
        "ünï",
        "\ud800",
        "x" * 100_000,
    ],
    ids=lambda digest: ascii(digest[:20]),
)
def test_a_digest_that_is_none_is_told_with_what_one_is(digest: str) -> None:
    for source in (SMALL, "no.such.blend"):
        message = refused(source, digest=digest)
        assert "which is no digest: that is 64 hexadecimal digits, in lower case and with nothing around" in message
        assert repr(digest[:100]) in message
        assert len(message) < 400


@pytest.mark.parametrize(
    "digest", [DIGEST.encode(), bytes.fromhex(DIGEST), 0, True, int(DIGEST, 16), Path("a.blend"), SMALL, [DIGEST]]
)
def test_a_digest_of_another_type_is_told(digest: Any) -> None:
    for source in (SMALL, "no.such.blend"):
        with pytest.raises(blendtpl.BundleError, match="`digest` is a str of 64 hexadecimal digits") as caught:
            blendtpl.load(source, digest=digest)
        assert type(digest).__name__ in str(caught.value)
        assert isinstance(caught.value, TypeError)


def test_another_digest_is_none_of_these_mistakes() -> None:
    assert f"digest is {DIGEST}, not {'0' * 64} as required" in refused(SMALL, digest="0" * 64)
    assert blendtpl.load(SMALL, digest=DIGEST).digest == DIGEST


@pytest.mark.parametrize(
    "source",
    [None, 5, ["a.blend"], {"a.html": ""}, object(), DIGEST.encode().decode],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_is_no_bundle_by_its_type_is_told(source: Any) -> None:
    with pytest.raises(blendtpl.BundleError, match="give the name of a file, the bytes of a bundle, or a `Bundle`"):
        blendtpl.load(source)


def test_a_bundle_may_be_in_any_kind_of_bytes_and_those_may_change_afterwards() -> None:
    for kind in (bytearray, memoryview):
        data = bytearray(SMALL.data)
        registry = blendtpl.load(kind(data))
        data[:] = bytes(len(data))
        assert registry.render("a.html", user="<") == "&lt;"
        assert registry["a.html"].source == "{{ user }}"
