"""The benchmark of bytes compares what is the same."""

import pytest

import blendtpl
from bench import bytes as bench_bytes
from bench.languages import LANGUAGES, SHAPES, pages


def test_each_language_has_every_page_in_its_own_script() -> None:
    widest: dict[str, set[str]] = {}
    for page in pages():
        text = blendtpl.load(blendtpl.compile(page.sources)).render(page.entry, page.context)
        assert not any(word in text for word in ("LABEL", "SENTENCE", "PARAGRAPHS", "LANGUAGE"))
        widest.setdefault(page.language, set()).add(max(text))

    assert len(widest) == len(LANGUAGES)
    assert max(widest["English"]) < "\x80" <= min(widest["French"])
    assert max(widest["French"]) <= "\xff" < min(widest["Russian"])
    assert max(widest["Russian"]) < "\u0800" <= min(widest["Japanese"])


def test_it_prints_a_line_for_each_page_and_one_for_each_language(capsys: pytest.CaptureFixture[str]) -> None:
    bench_bytes.main(["--rounds", "2", "mail"])
    printed = capsys.readouterr().out.splitlines()[2:]
    assert [line.split(" | ")[1] for line in printed] == ["e-mail", "geometric mean"] * len(LANGUAGES)
    assert "e-mail" in SHAPES


def test_words_that_name_no_page_are_told() -> None:
    with pytest.raises(SystemExit, match="no page is called 'Klingon'"):
        bench_bytes.main(["Klingon"])
