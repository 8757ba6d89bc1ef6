"""Copies of a context: like it, but for values that no other copy has."""

from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup

import blendtpl
from blendtpl.tools.contexts import Lazy, Samples, Thing, copied, watchable
from tests.compiling.support import write


def plain(value: Any) -> Any:
    """Return the values that a copy can be compared by."""
    if isinstance(value, Thing):
        return ("thing", plain(vars(value)))
    if isinstance(value, Lazy):
        return ("lazy", [plain(part) for part in value])
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(plain, value)) if type(value) in {list, tuple} else [*map(plain, value)]
    return value


def context() -> dict[str, Any]:
    return {
        "user": {"name": "Ada", "tags": ["a", ("b", None)], "ok": True},
        "things": [Thing({"name": "x", "inner": Thing({"n": 1})}), Lazy([1, {"a": "b"}])],
        "total": 1250,
        "few": 3,
        "share": 0.5,
    }


def test_a_copy_has_the_same_values_and_no_container_in_common() -> None:
    pattern = context()
    first, second = copied(pattern, 0), copied(pattern, 0)

    assert plain(first) == plain(second) == plain(context())
    assert first["user"] is not second["user"]
    assert first["user"]["tags"] is not pattern["user"]["tags"]
    assert first["things"][0].inner is not second["things"][0].inner


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("Ada", "Ada000000007"),
        ("ada@example.org", "000000007ada@example.org"),
        (Markup("<b>"), Markup("<b>000000007")),
        ("", ""),
        (1250, 1257),
        (-1250, -1243),
        (999, 999),
        (0, 0),
        (True, True),
        (None, None),
        (0.5, 0.500000007),
        ({"a": ["b"]}, {"a": ["b000000007"]}),
    ],
)
def test_a_numbered_copy_has_values_of_its_own(value: object, found: object) -> None:
    copy = copied(value, 7)

    assert copy == found
    assert type(copy) is type(value)


def test_no_two_numbered_copies_have_a_text_or_a_fraction_in_common_and_all_are_as_long() -> None:
    numbers = [copied(0.5, number) for number in range(1, 20_000)]
    texts = [copied("Ada", number) for number in range(1, 20_000)]

    assert len(set(numbers)) == len(numbers)
    assert len(set(texts)) == len(texts)
    assert len({len(text) for text in texts}) == 1


def test_a_watchable_copy_can_be_referred_to_weakly_and_is_the_same() -> None:
    copy = watchable(context())

    assert plain(copy) == plain(context())
    assert type(copy).__weakrefoffset__
    assert type(copy["user"]["tags"]).__weakrefoffset__
    assert copy["user"]["tags"][1] == ("b", None)


def test_examples_are_preferred_and_others_are_the_same_for_a_seed(tmp_path: Path) -> None:
    texts = {"a.html": "{{ user.name }}", "b.html": "{{ user.name }}{{ total }}"}
    folder = write(tmp_path, {**texts, "a.examples.json": '{"one": {"user": {"name": "A"}}, "two": {}}'})
    registry = blendtpl.load(blendtpl.compile(texts))

    def samples(seed: int, folder: Path | None = folder) -> Samples:
        return Samples(registry, blendtpl.default_environment(), folder, seed=seed, count=5)

    examples = samples(0).fewest_of("a.html")
    assert [(each.label, each.variables, each.example) for each in examples] == [
        ("the example `one`", {"user": {"name": "A"}}, True),
        ("the example `two`", {}, True),
    ]
    generated = samples(0).fewest_of("b.html")
    assert [each.label for each in generated][:2] == ["no variables", "the generated context 0"]
    assert len(generated) == 6
    assert not any(each.example for each in generated)
    assert any("name" in str(each.variables) for each in generated)
    shown = [str(samples(seed).fewest_of("b.html")) for seed in (0, 0, 1)]
    assert shown[0] == shown[1]
    assert shown[0] != shown[2]
    assert not any(each.example for each in samples(0, None).fewest_of("a.html"))
