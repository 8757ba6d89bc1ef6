"""The way in: what CONTRIBUTING.md tells a newcomer to do is done in a copy of the tree, and does what it tells."""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

import pytest

from testkit import ROOT
from tests.blocks import Block, blocks_of

pytestmark = pytest.mark.skipif(not (ROOT / "blendtpl").is_dir(), reason="needs the sources beside the tests")

GUIDE = ROOT / "CONTRIBUTING.md"
BLOCKS = blocks_of(GUIDE)
CHANGES = [block for block in BLOCKS if block.language == "diff"]
NEW_CASE = next(block for block in BLOCKS if block.title.startswith("tests/cases/render/"))


def apply(change: Block, folder: Path) -> None:
    """Change a file as a block of `diff` says, which shows the lines around that."""
    lines = textwrap.dedent(change.text).splitlines(keepends=True)
    before = "".join(line[1:] or line for line in lines if not line.startswith("+"))
    after = "".join(line[1:] or line for line in lines if not line.startswith("-"))
    file = folder / change.title
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"CONTRIBUTING.md:{change.line}: {change.title} has no such lines\n{before}"
    file.write_text(text.replace(before, after), encoding="utf-8")


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree to which everything was done."""
    folder = tmp_path_factory.mktemp("evening")
    for part in ("blendtpl", "tests", "bench", "templates"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for block in BLOCKS:
        if block.language == "diff":
            apply(block, folder)
        elif block.title:
            path = folder / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
    return folder


def run(folder: Path, *command: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTEST_ADDOPTS": "", "BLENDTPL_NO_PROGRESS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def passing(folder: Path, words: str, *files: str) -> int:
    """Run tests, which pass; return how many there were."""
    found = re.search(r"(\d+) passed", run(folder, "pytest", "-n0", "-m", "", "-k", words, *files))
    assert found is not None
    return int(found[1])


def test_a_filter_gets_its_own_form(evening: Path) -> None:
    assert ".center(12)" in run(evening, "blendtpl", "explain", "demo", "main.html")
    assert ".center(12)" not in run(ROOT, "blendtpl", "explain", str(evening / "demo"), "main.html")


def test_its_form_is_among_those_that_get_arguments_of_every_shape(evening: Path) -> None:
    script = evening / "asked.py"
    script.write_text("from tests.run import test_signatures\nprint('center' in test_signatures.WRITTEN_OUT)\n")
    assert run(evening, "asked") == "True\n"


@pytest.mark.slow
def test_the_new_warning_is_told_at_its_place_and_by_its_tests(evening: Path) -> None:
    (evening / "warned").mkdir()
    (evening / "warned/a.html").write_text("{% if true %}x{% endif %}", encoding="utf-8")
    told = run(evening, "blendtpl", "compile", "warned", "-o", "a.blend", "--no-cache", "--format", "json")
    (warning,) = json.loads(told)["warnings"]
    assert (warning["kind"], warning["line"], warning["column"]) == ("constant-condition", 1, 7)
    assert passing(evening, "constant or cache", "tests/compiling/test_warnings.py") >= 3


@pytest.mark.slow
def test_the_new_error_is_told_once_and_as_its_case_has_it(evening: Path) -> None:
    assert passing(evening, "empty_name or missing_references", "tests/compiling/test_faults.py") == 2


@pytest.mark.slow
def test_the_new_case_is_run_in_every_way_there_is(evening: Path) -> None:
    assert passing(evening, "names and middle and twelve", "tests/run/test_equality.py") >= 1


def commands(text: str) -> Sequence[str]:
    return re.findall(r"nox -s (\w+)", text)


def test_every_session_that_it_names_is_there() -> None:
    sessions = set(re.findall(r"^@nox\.session.*\ndef (\w+)", (ROOT / "noxfile.py").read_text(encoding="utf-8"), re.M))
    named = set(commands(GUIDE.read_text(encoding="utf-8")))
    assert named
    assert named <= sessions


def test_every_file_that_it_names_is_there() -> None:
    named = set(re.findall(r"`((?:blendtpl|tests|bench|docs)/[\w./]+)`", GUIDE.read_text(encoding="utf-8")))
    assert {name for name in named if not (ROOT / name).exists()} == set()
