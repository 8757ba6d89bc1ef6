"""Texts go over the wire as octets that every reader takes, in C as in Python."""

from binascii import a2b_base64, a2b_qp
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blendtpl.mail import transfer

PIECES = [
    *("a", " ", "\t", ".", "From ", "From", "\n", "\r", "\r\n", "=", "ü", "王", "🙂", "\x1b", "\x7f"),
    *("x" * 70, "y" * 998),
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=60).map("".join) | st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=300
)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(text=TEXTS, eight_bit=st.booleans())
def test_what_is_written_is_what_is_read_in_c_and_in_python(text: str, eight_bit: bool) -> None:
    way, data = transfer.transferred(text, eight_bit)
    assert (way, data) == transfer._transferred(text, eight_bit)
    wanted = b"\r\n".join((*(text.encode().splitlines() or [b""]), b""))
    readers: dict[str, Callable[[bytes], bytes]] = {"quoted-printable": a2b_qp, "base64": a2b_base64}
    assert readers.get(transfer.NAMES[way], bytes)(data) == wanted
    lines = data.split(b"\r\n")
    assert max(map(len, lines)) <= (76 if way > 1 else 998)
    assert b"\n" not in data.replace(b"\r\n", b"")
    if transfer.NAMES[way] == "quoted-printable":
        assert not any(line.startswith((b".", b"From ")) or line.endswith((b" ", b"\t")) for line in lines)
    assert data.isascii() or (eight_bit and transfer.NAMES[way] == "8bit")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("plain", "7bit"),
        ("x" * 998, "7bit"),
        ("x" * 999, "quoted-printable"),
        ("Grüße, viele davon, und noch mehr", "quoted-printable"),
        ("Привет всем", "base64"),
        ("", "7bit"),
    ],
)
def test_the_shortest_way_that_every_server_takes_is_taken(text: str, name: str) -> None:
    assert transfer.NAMES[transfer.transferred(text, False)[0]] == name


@settings(deadline=None, derandomize=True)
@given(text=st.text() | st.text(st.characters()))
def test_what_no_part_may_have_is_found_in_c_and_in_python(text: str) -> None:
    wanted = next((at for at, each in enumerate(text) if each == "\0" or "\ud800" <= each <= "\udfff"), -1)
    assert transfer.refused_at(text) == transfer._refused_at(text) == wanted


@pytest.mark.parametrize("text", ["\ud800", "ü" * 40 + "\udfff", "🙂\udc00"])
def test_half_a_pair_is_refused_as_python_does(text: str) -> None:
    for way in (transfer.transferred, transfer._transferred):
        with pytest.raises(UnicodeEncodeError):
            way(text, False)


@pytest.mark.parametrize("given", [b"x", None, 1])
def test_what_is_no_text_is_refused(given: object) -> None:
    for way in (transfer.transferred, transfer._transferred):
        with pytest.raises((TypeError, AttributeError)):
            way(given, False)  # type: ignore[arg-type]
