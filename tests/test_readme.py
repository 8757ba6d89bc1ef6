"""The README: every block in it runs, and says what it claims."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from blendtpl.compiler.config import find_config

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = [(match[1], match[2]) for match in re.finditer(r"```(\w+)\n(.*?)```", TEXT, re.DOTALL)]
SET_UP, TESTS, *SHELL = [block for language, block in BLOCKS if language == "sh"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the templates and settings of this project, and nothing else."""
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BLENDTPL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what a clone has."""
    for part in ("pyproject.toml", "README.md", "LICENSE", "blendtpl", "examples", "templates", "tests", "bench"):
        source, target = ROOT / part, tmp_path / part
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return tmp_path


def run(block: str, folder: Path, **environment: str) -> str:
    """Run a block as a person would who has nothing but a shell; return what it printed."""
    shown = subprocess.run(
        ["bash", "-euc", block],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 0, shown.stdout + shown.stderr
    return shown.stdout


def test_it_has_under_200_lines_and_only_blocks_that_these_tests_run() -> None:
    assert TEXT.count("\n") < 200
    assert {language for language, _ in BLOCKS} == {"sh", "python", "toml", "text"}
    assert len(SHELL) == 1


@pytest.mark.skipif(not (ROOT / "blendtpl").is_dir(), reason="needs the sources beside the tests, to install them")
def test_the_first_command_sets_up_and_renders_an_e_mail_and_a_page(checkout: Path) -> None:
    shown = run(SET_UP, checkout)
    assert SET_UP.count("\n") == 1
    assert "Subject: 3 changes on Night train" in shown
    assert (checkout / "build/dashboard.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.skipif(not (ROOT / "blendtpl").is_dir(), reason="needs the sources beside the tests, to install them")
def test_the_second_command_sets_up_and_runs_the_tests(checkout: Path) -> None:
    # the tests that it would run are running: collecting them shows that they are found and can be imported
    shown = run(TESTS, checkout, PYTEST_ADDOPTS="--collect-only")
    assert TESTS.count("\n") == 1
    assert "tests collected" in shown


def test_the_python_and_shell_blocks_run_in_order(project: Path) -> None:
    space: dict[str, object] = {}
    shown = StringIO()
    with redirect_stdout(shown):
        for language, block in BLOCKS:
            if language == "python":
                exec(compile(block, "README.md", "exec"), space)
            elif language == "sh" and block in SHELL:
                print(run(block, project))
    assert "Welcome" in shown.getvalue()
    (expected,) = [block for language, block in BLOCKS if language == "text"]
    assert expected in shown.getvalue()


def test_the_settings_are_ones_that_blendtpl_reads(tmp_path: Path) -> None:
    (block,) = [block for language, block in BLOCKS if language == "toml"]
    (tmp_path / "pyproject.toml").write_text(block, encoding="utf-8")
    config = find_config(tmp_path)
    assert config.environment == tomllib.loads(block)["tool"]["blendtpl"]["environment"]
    assert config.output == tmp_path / "build/feedwhip.blend"
