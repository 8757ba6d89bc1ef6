"""What may have been meant is looked for among so many names at most; whatever they are, an error is told."""

import difflib
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import jinja2
import pytest

import blendtpl
from blendtpl import errors
from blendtpl.errors import BlockNotFound, TemplateNotFound, closest, did_you_mean
from testkit.oracle import load


def refuse(*unused: object) -> NoReturn:
    raise ZeroDivisionError("of a name")


class Hostile:
    """A key that may be held, and asked nothing; its hash is that of no other."""

    __eq__ = __len__ = __str__ = __repr__ = __bool__ = refuse

    def __hash__(self) -> int:
        return id(self)


class Name(str):
    __slots__ = ()
    __eq__ = __len__ = __str__ = __format__ = refuse
    __hash__ = str.__hash__


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give a list of what is compared with a word, letter by letter."""
    found: list[str] = []
    made = difflib.SequenceMatcher.set_seq1

    def noted(self: Any, text: str) -> None:
        if text:  # none yet, when it is made
            found.append(text)
        made(self, text)

    monkeypatch.setattr(difflib.SequenceMatcher, "set_seq1", noted)
    return found


def test_the_closest_is_found_among_a_hundred_thousand_with_few_compared(compared: list[str]) -> None:
    names = [f"name_{number:05}" for number in range(100_000)]
    names[17_000] = "usermane"
    assert closest("username", names) == "usermane"
    assert 0 < len(compared) <= 500


def test_no_more_than_so_many_are_looked_at() -> None:
    taken = 0

    def names() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield f"user{taken}"

    assert closest("user", names()).startswith("user")
    assert taken == errors._LOOKED_AT


def test_neither_words_nor_names_that_are_too_long_are_compared(compared: list[str]) -> None:
    assert closest("x" * 100_000, ["x" * 99_999]) == ""
    assert closest("user", ["user" * 100_000, "u", ""]) == ""
    assert compared == []


def test_a_misspelt_variable_is_hinted_at_beside_a_hundred_thousand_others(compared: list[str]) -> None:
    given: dict[Any, Any] = {f"name_{number}": 1 for number in range(100_000)}
    registry = load({"a.txt": "{{ usr }}"})
    with pytest.raises(blendtpl.UndefinedError) as caught:
        registry.render("a.txt", {"user": 1, **given})
    assert caught.value.hint == "did you mean `user`?"
    assert len(compared) <= 500


KEYS: tuple[Any, ...] = (
    1,
    None,
    b"usr",
    ("usr",),
    1.5,
    Hostile(),
    Name("usr_"),
    "us\udc80er",
    "us er",
    "",
    "usér\x1b[31m",
)


def test_keys_that_are_no_names_are_passed_over() -> None:
    registry = load({"a.txt": "{{ usr }}", "b.txt": "{% set y = 1 %}{% block b %}{{ usr }}{% endblock %}"})
    given: dict[Any, Any] = dict.fromkeys(KEYS, 1)
    renders: list[Callable[[dict[Any, Any]], object]] = [
        lambda given: registry.render("a.txt", given),
        lambda given: list(registry["a.txt"].stream(given)),
        lambda given: registry["b.txt"].render_block("b", given),
        lambda given: registry["b.txt"].render(given),
    ]
    for render in renders:
        with pytest.raises(blendtpl.UndefinedError, match="'usr' is undefined") as caught:
            render(given)
        assert caught.value.hint == ""
        with pytest.raises(blendtpl.UndefinedError) as caught:
            render({**given, "user": 1})
        assert caught.value.hint == "did you mean `user`?"


def test_a_mapping_whose_iteration_fails_comes_out_with_its_own_error() -> None:
    class Failing(dict[str, Any]):
        keys = items = __iter__ = refuse

    registry = load({"a.txt": "{{ usr }}"})
    with pytest.raises(ZeroDivisionError, match="of a name"):
        registry.render("a.txt", Failing(), user=1)


def test_a_hint_has_nothing_that_a_terminal_cannot_show() -> None:
    assert did_you_mean("title", ["tit\udce9le", "tit\x1ble", "titl\u202ee"]) == ""
    assert did_you_mean("títle", ["títles"]) == "did you mean `títles`?"


def test_an_error_of_a_name_that_is_none_can_be_told() -> None:
    names: list[Any] = [1, None, b"a.txt", ("a.txt",), Hostile(), Name("b.txt"), "b.tx\udc80", "x" * 100_000]
    for name in names:
        assert "no template" in str(TemplateNotFound(name, ["a.txt", "b.txt"]))
        assert "no block" in str(BlockNotFound("a.txt", name, ["body"]))


def test_an_error_of_a_block_says_some_of_those_that_there_are() -> None:
    told = str(BlockNotFound("a.txt", "zzz", [f"block{number}" for number in range(1000)]))
    assert told.endswith("`block19`, and 980 more")


def test_an_undefined_error_of_any_message_is_told() -> None:
    registry = load({"a.txt": "\n{{ fail() }}"})
    messages: list[Any] = [None, 1, "", ("x",), Name("'x' is undefined"), "'x' is undefined\x00" * 1000]
    for message in messages:

        def fail() -> NoReturn:
            raise jinja2.UndefinedError(message)  # noqa: B023

        with pytest.raises(blendtpl.UndefinedError) as caught:
            registry.render("a.txt", fail=fail)
        assert caught.value.line == 2
