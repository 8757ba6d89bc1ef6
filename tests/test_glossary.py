"""The glossary: each word is there once, and what it names exists."""

import re
from importlib import import_module
from pathlib import Path

import pytest

TEXT = (Path(__file__).parent.parent / "docs" / "glossary.md").read_text(encoding="utf-8")
ENTRIES = {entry.split("\n", 1)[0]: entry.split("\n", 1)[1].strip() for entry in TEXT.split("\n### ")[1:]}
WHERE = re.compile(r"Where: `([\w/]+)\.py`: (`[\w.]+`(?:, `[\w.]+`)*)")


def test_the_words_stand_in_alphabetical_order_each_once() -> None:
    words = re.findall(r"^### (.+)$", TEXT, re.MULTILINE)
    assert len(words) >= 40
    assert words == sorted(set(words), key=lambda word: re.sub("[-_]", " ", word).lower())


@pytest.mark.parametrize("word", ENTRIES)
def test_a_word_is_explained_in_a_few_sentences_and_what_it_names_exists(word: str) -> None:
    *explained, last = ENTRIES[word].split("\n\n")
    assert 1 <= len(re.findall(r"[.!?)](?:\s|$)", " ".join(explained))) <= 4
    where = WHERE.fullmatch(last)
    assert where is not None, last
    module = import_module(f"blendtpl.{where[1].replace('/', '.')}")
    for name in re.findall(r"[\w.]+", where[2]):
        found = module
        for part in name.split("."):
            found = getattr(found, part)
