"""What the guides say of the benchmarks is what these do."""

import re
import shlex

import pytest

from bench.memory import command
from testkit import ROOT


def test_the_command_of_the_guide_to_moving_over_has_what_its_table_has(capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "docs/migrating.md").read_text(encoding="utf-8")
    (given,) = re.findall(r"^\$ python -m bench\.memory (.*)$", text, re.MULTILINE)
    assert command.main(["--list", *shlex.split(given)]) == 0
    listed = capsys.readouterr().out
    subjects = re.findall(r"^\|.*\|.*\|.*\|.*\| `(.*)` \|$", text, re.MULTILINE)
    assert len(subjects) == 7
    for subject in subjects:
        assert f"{subject}: alert" in listed
