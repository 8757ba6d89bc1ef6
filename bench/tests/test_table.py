"""The README's table: it has the rows that its command prints, and the command says what it measured."""

from pathlib import Path

import pytest

from bench import table

README = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")


def firsts(lines: list[str]) -> list[str]:
    return [line.split("|")[1].strip() for line in lines if line.startswith("| ")]


def test_the_readme_has_the_rows_of_its_command_and_names_it() -> None:
    rows = [table.Row(title, 2.0) for title in table.titles()]
    assert firsts(README.splitlines()) == firsts(list(table.table(rows)))
    assert f"`python -m {table.__name__}`" in README


def test_a_row_says_how_much_faster_and_what_stays_for_the_collector() -> None:
    rows = [table.Row("page", 12.34, (32, 0)), table.Row("start", 3.21)]
    assert list(table.table(rows))[2:] == ["| page | 12 | 32 | 0 |", "| start | 3.2 |  |  |"]


def test_texts_that_differ_are_no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blendtpl.Registry.render", lambda *_: "something else")
    with pytest.raises(SystemExit, match="the texts differ"):
        next(table.rows())
