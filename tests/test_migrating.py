"""The guide to moving over: every block in it runs, and it has every difference from PHP."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.blocks import blocks_of, run_in_order, run_shell
from tests.compat.oracle.cases import every_case
from tests.conftest import ROOT

GUIDE = ROOT / "docs" / "migrating.md"
BLOCKS = blocks_of(GUIDE)
TEXT = GUIDE.read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("BLENDTPL_CACHE_DIR", str(tmp_path / "cache"))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_all_of_it_runs_in_order(folder: Path) -> None:
    run_in_order(BLOCKS, folder)


def test_it_has_only_blocks_that_these_tests_run() -> None:
    assert {block.language for block in BLOCKS if not block.title} == {"python", "sh", "text", "console"}


def test_the_benchmark_that_it_names_has_what_its_table_has() -> None:
    (command,) = [block.text.removeprefix("$ ").strip() for block in BLOCKS if block.language == "console"]
    listed = run_shell(f"{command} --list", ROOT)
    subjects = re.findall(r"^\|.*\|.*\|.*\|.*\| `(.*)` \|$", TEXT, re.MULTILINE)
    assert len(subjects) == 7
    for subject in subjects:
        assert f"{subject}: alert" in listed


def test_every_difference_from_php_is_told_as_its_case_has_it() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \| ", TEXT, re.MULTILINE))
    cases = {case.name.removeprefix("differences/"): case for case in every_case() if case.differs}
    assert rows == {name: case.title for name, case in cases.items()}
    for name, case in cases.items():
        assert f"| `{name}` | {case.title} | {case.differs} |" in TEXT
