"""The corpus: each old program becomes the one that was reviewed, prints the same, and does not change again."""

from pathlib import Path

import pytest

from tests.migrate.migrated import migrated, new_bytes, told
from tests.migrate.support import CORPUS, cases, placed, project, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return project(tmp_path_factory.mktemp("project"))


@pytest.mark.parametrize("name", cases())
def test_a_program_becomes_the_one_that_was_reviewed(name: str, folder: Path) -> None:
    program = placed(name, "before.txt", folder)
    found = migrated(program, folder / "includes.py", folder=folder)
    assert new_bytes(found, program.read_bytes()) == (CORPUS / name / "after.txt").read_bytes()
    assert told(found, folder) == (CORPUS / name / "told.txt").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("name", cases())
def test_it_prints_the_same_before_and_after(name: str, folder: Path) -> None:
    outputs = []
    for version in ("before.txt", "after.txt"):
        done = run(placed(name, version, folder), folder)
        assert (done.returncode, done.stderr) == (0, b"")
        outputs.append(done.stdout)
    assert outputs[0] == outputs[1]
    assert outputs[0]


@pytest.mark.parametrize("name", cases())
def test_a_second_time_nothing_changes(name: str, folder: Path) -> None:
    program = placed(name, "after.txt", folder)
    found = migrated(program, folder / "includes.py", folder=folder)
    assert new_bytes(found, b"unchanged") == b"unchanged"
    assert found.rewritten == 0
