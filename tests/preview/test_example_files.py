"""Examples in their files: one is taken out and put back, and nothing else changes."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blendtpl.errors import ConfigError
from blendtpl.preview.example_files import (
    ConflictError,
    ExampleError,
    open_examples,
    read_context,
    write_example,
)

TEXT = """{
    "first": {"a": 1.0, "b": [1, 2,
        3]},
    "second": {
        "c": "\\u00e9 é",
        "d": 1e3
    }
}
"""


def a_file(folder: Path, text: str = TEXT) -> Path:
    path = folder / "x.examples.json"
    path.write_bytes(text.encode())
    return path


def test_an_example_is_shown_as_it_stands_in_the_file_but_for_its_indent(tmp_path: Path) -> None:
    opened = open_examples(a_file(tmp_path))
    assert opened.example("second") == '{\n    "c": "\\u00e9 é",\n    "d": 1e3\n}'
    assert opened.example("first") == '{"a": 1.0, "b": [1, 2,\n        3]}'.replace("        3", "3")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_what_was_not_changed_is_written_back_to_the_byte(tmp_path: Path, newline: str) -> None:
    text = TEXT.replace("\n", newline)
    path = a_file(tmp_path, text)
    for name in ("first", "second"):
        opened = open_examples(path)
        write_example(path, opened.digest, name, opened.example(name))
        assert path.read_bytes() == text.encode()


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_only_the_example_that_was_changed_is_another(tmp_path: Path, newline: str) -> None:
    path = a_file(tmp_path, TEXT.replace("\n", newline))
    written = write_example(path, open_examples(path).digest, "second", '{\n    "c": 2.50,\n    "new": []\n}\n')
    after = TEXT.replace('"\\u00e9 é",\n        "d": 1e3', '2.50,\n        "new": []').replace("\n", newline)
    assert path.read_bytes() == after.encode()
    assert written == open_examples(path)


@settings(max_examples=40)
@given(
    st.dictionaries(st.text(max_size=5), st.dictionaries(st.text(max_size=5), st.lists(st.integers())), min_size=1),
    st.sampled_from([None, 1, 2, "\t"]),
    st.booleans(),
)
def test_any_file_keeps_its_bytes_and_its_other_examples(
    tmp_path_factory: pytest.TempPathFactory,
    examples: dict[str, dict[str, list[int]]],
    indent: int | str | None,
    ascii_only: bool,
) -> None:
    path = a_file(tmp_path_factory.getbasetemp(), json.dumps(examples, indent=indent, ensure_ascii=ascii_only))
    before = path.read_bytes()
    for name in examples:
        opened = open_examples(path)
        assert read_context(opened.example(name)) == examples[name]
        assert opened.replaced(name, opened.example(name)).encode() == before
        assert json.loads(opened.replaced(name, '{\n"other": 1\n}')) == {**examples, name: {"other": 1}}


def test_a_file_that_has_changed_meanwhile_is_left_as_it_is(tmp_path: Path) -> None:
    path = a_file(tmp_path)
    digest = open_examples(path).digest
    for text in (TEXT + "\n", "{", '{"first": {}}'):
        path.write_text(text)
        with pytest.raises(ConflictError, match="nothing was written"):
            write_example(path, digest, "second", "{}")
        assert path.read_text() == text
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"a": 1,}', "line 1, column"),
        ('{\n  "a" 1}', "line 2, column 7: expecting ':' delimiter"),
        ("", "line 1, column 1: expecting value"),
        ("[]", "an example is an object"),
        ('{"a": NaN}', "JSON has no NaN"),
        ('{"a": "\\ud800"}', "half of a surrogate pair"),
        ('{"a": ' * 20_000, "nested too deeply"),
        ('{"a": ' + "1" * 5000 + "}", "Exceeds the limit"),
    ],
)
def test_what_is_no_context_is_told_with_its_place_and_not_written(tmp_path: Path, text: str, told: str) -> None:
    path = a_file(tmp_path)
    with pytest.raises(ExampleError) as caught:
        write_example(path, open_examples(path).digest, "first", text)
    assert told in str(caught.value)
    assert path.read_text(encoding="utf-8") == TEXT


@pytest.mark.parametrize("text", ["[]", '{"a": 1}', "{", "\ufeff{}", "\xff"])
def test_a_file_without_examples_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "examples.json"
    path.write_bytes(text.encode("latin-1") if text == "\xff" else text.encode())
    with pytest.raises(ConfigError, match=r"examples\.json: (no valid JSON|must be an object)"):
        open_examples(path)


def test_a_name_that_is_there_twice_means_the_last(tmp_path: Path) -> None:
    path = a_file(tmp_path, '{"a": {"x": 1}, "a": {"x": 2}}')
    write_example(path, open_examples(path).digest, "a", '{"x": 3}')
    assert path.read_text() == '{"a": {"x": 1}, "a": {"x": 3}}'
