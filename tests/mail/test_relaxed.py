"""The relaxed form of headers and bodies, in C and in Python, which do the same."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from blendtpl import MessageError
from blendtpl.mail import relaxed
from blendtpl.mail.relaxed import relaxed_lines

octets = st.lists(
    st.sampled_from([b"a", b" ", b"  ", b"\t", b"\r\n", b"\r", b"\n", b"\xff", b" " * 9]),
    max_size=40,
)


@given(octets.map(b"".join))
@example(b"")
@example(b" \r\n\r\n")
def test_in_c_lines_are_relaxed_as_in_python(lines: bytes) -> None:
    assert relaxed_lines(lines) == relaxed._relaxed_lines(lines)


@pytest.mark.parametrize(
    "blanks", [b" ", b"\t", b"  ", b" \t", b"\t ", b"\t\t", b"   ", b" \r\n", b"\t\r\n", b" \t\r\n "]
)
def test_blanks_at_the_edges_of_what_is_copied_together_are_found(blanks: bytes) -> None:
    for place in range(300):
        for before in (b"", b"\t"):
            lines = before + b"a" * place + blanks + b"b" * 150 + b"\r\n"
            assert relaxed_lines(lines) == relaxed._relaxed_lines(lines)


pieces = st.sampled_from([b"A", b"b:", b":", b" ", b"  ", b"\t", b"\r\n", b"\r", b"\n", b"\xff", b"\r\n ", b"Name: x"])


@given(st.lists(pieces, max_size=20).map(b"".join))
@example(b"")
@example(b"A: X\r\nB : Y\t\r\n\tZ  ")
@example(b"A:\r\n \r\n x\r\n ")
@example(b"A\r\n :")
@example(b"A: x\r\n")
@example(b"A: x\r")
@example(b" A: x")
@example(b"A b: x")
def test_in_c_headers_are_relaxed_as_in_python(head: bytes) -> None:
    assert relaxed.relaxed_head(head) == relaxed._relaxed_head(head)
    if relaxed.relaxed_head(head) is None:
        with pytest.raises(MessageError, match=r"a line among its headers that is none|a line break that is not CRLF"):
            relaxed.signed_fields(head)


def test_lines_that_are_relaxed_are_not_copied() -> None:
    lines = b"one line\r\n and another\r\n" * 9
    assert relaxed_lines(lines) is lines
    assert relaxed._relaxed_lines(lines) is lines


@pytest.mark.parametrize("name", ["relaxed_head", "relaxed_lines"])
def test_in_c_what_is_no_bytes_is_refused(name: str) -> None:
    transfer = pytest.importorskip("blendtpl.mail._transfer")
    for wrong in ("text", bytearray(b"x"), None):
        with pytest.raises(TypeError, match=name):
            getattr(transfer, name)(wrong)
