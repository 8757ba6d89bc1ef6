"""What measures one render beside another."""

import re
from pathlib import Path

import pytest

from bench import ratio

ROOT = Path(__file__).resolve().parents[2]


def test_a_case_is_measured_beside_jinja2_unless_it_is_about_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    ratio.main(["the_least_and_the_most", "--rounds", "2"])
    (line,) = capsys.readouterr().out.splitlines()
    assert re.match(r"the least and the most of a list.* \d+\.\d+ times as long as Jinja2 \(\d", line)


def test_another_tree_renders_in_a_process_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    ratio.main(["the_least", "static", "--rounds", "2", "--beside", str(ROOT)])
    *lines, mean = capsys.readouterr().out.splitlines()
    assert len(lines) >= 2
    assert all(str(ROOT) in line for line in lines)
    assert mean.startswith(f"geometric mean of {len(lines)}: ")


def test_who_begins_a_round_alternates() -> None:
    asked: list[str] = []

    def side(name: str, seconds: float) -> ratio.Turns:
        def take(count: int) -> float:
            asked.append(name)
            return seconds * count

        return take

    assert ratio.ratios(side("a", 1.0), side("b", 3.0), 3) == [3.0, 3.0, 3.0]
    assert "".join(asked) == "ab" + "ba" + "ab" + "ba"


def test_words_that_nothing_has_in_its_name_are_told() -> None:
    with pytest.raises(SystemExit, match="no case and no workload has `nothing_like_it` in its name"):
        ratio.main(["nothing_like_it"])
