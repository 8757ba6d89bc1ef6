"""What is written as UTF-8 in C is what Python encodes, for texts and for pieces of them."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

in_c: Any = pytest.importorskip(
    "blendtpl.runtime._speedups", reason="there was no C compiler when blendtpl was installed"
)

# the first and the last character of each length, and of each way in which Python holds a text
EDGES = "\0\x7f\x80\xff\u0100\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff"
HALVES = "\ud800\udbff\udc00\udfff"

runs = st.lists(
    st.tuples(st.sampled_from(EDGES + "a<ä«ж—式🎉"), st.integers(1, 20)).map(lambda run: run[0] * run[1]), max_size=8
).map("".join)
texts = st.one_of(runs, st.text(max_size=20))
pieces = st.one_of(texts, texts.map(str.encode))


class Text(str):
    __slots__ = ()


def text_of(piece: str | bytes) -> str:
    return piece if isinstance(piece, str) else piece.decode()


@given(texts)
def test_a_text_is_encoded_as_python_does_it(text: str) -> None:
    assert in_c.utf8(text) == text.encode()
    assert in_c.utf8(Text(text)) == text.encode()


@settings(max_examples=60)
@given(st.lists(pieces, max_size=8))
def test_pieces_are_encoded_as_their_text_is(found: list[str | bytes]) -> None:
    before = [*found]
    assert in_c.joined_utf8(found) == "".join(map(text_of, found)).encode()
    assert found == before


@pytest.mark.parametrize("first", EDGES)
def test_wherever_one_kind_of_character_follows_another(first: str) -> None:
    for second, length in product(EDGES, range(40)):
        for text in (first * length + second * (40 - length), (first + second) * length, first * length + second):
            assert in_c.utf8(text) == text.encode()


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("around", ["", *EDGES])
def test_half_of_a_surrogate_pair_is_pythons_error_wherever_it_is(around: str, half: str) -> None:
    for before, after in product((0, 1, 3, 7, 8, 15, 16, 31), repeat=2):
        text = around * before + half + around * after
        with pytest.raises(UnicodeEncodeError) as expected:
            text.encode()
        with pytest.raises(UnicodeEncodeError) as found:
            in_c.utf8(text)
        assert found.value.args == expected.value.args
        assert in_c.joined_utf8([b"\xc3\xa4", "x", b"y", text]) == "äxy" + text  # to be encoded by the caller


@pytest.mark.parametrize("character", ["a", "ä", "ж", "式", "🎉"])
@pytest.mark.parametrize("length", [127, 128, 341, 342, 511, 512, 1023, 1024, 1025, 70_000])
def test_texts_of_every_size_are_encoded(character: str, length: int) -> None:
    text = character * length
    assert in_c.utf8(text) == text.encode()
    assert in_c.joined_utf8([text[:1], text[1:-1].encode(), text[-1:]]) == text.encode()


def test_what_is_no_piece_is_the_error_of_joining() -> None:
    for odd in (1, None, ["a"]):
        with pytest.raises(TypeError) as expected:
            "".join(["ä", odd])  # type: ignore[list-item]
        with pytest.raises(TypeError) as found:
            in_c.joined_utf8(["ä", odd])
        assert str(found.value) == str(expected.value)
    for no_list in (("a",), "a", 1):
        with pytest.raises(TypeError, match="a list of pieces is wanted"):
            in_c.joined_utf8(no_list)
    with pytest.raises(AttributeError, match="'int' object has no attribute 'encode'"):
        in_c.utf8(1)


def test_a_program_whose_texts_are_kept_is_the_same_afterwards() -> None:
    def program() -> tuple[Any, ...]:
        return "é" * 30, ("ж" * 30, ("\ud800", b"\xff", 1, None, ("式" * 30,)), frozenset(("é",))), ...

    kept = program()
    in_c.keep_utf8(kept)
    assert kept == program()
