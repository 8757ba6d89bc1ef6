"""The README: every block in it runs, and says what it claims."""

import os
import re
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from blendtpl.compiler.config import find_config
from testkit import ROOT
from tests.blocks import Block, blocks_of, run_in_order, run_shell

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = blocks_of(ROOT / "README.md")
SET_UP, TESTS, FEEDWHIP, *SHELL = [block for block in BLOCKS if block.language == "sh"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the templates and settings of this project, and nothing else."""
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BLENDTPL_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what a clone has."""
    for part in (
        "pyproject.toml",
        "README.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "blendtpl",
        "docs",
        "examples",
        "templates",
        "tests",
        "bench",
    ):
        source, target = ROOT / part, tmp_path / part
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return tmp_path


def run_alone(block: Block, folder: Path, **environment: str) -> str:
    """Run a block as a person would who has nothing but a shell; return what it printed."""
    return run_shell(block.text, folder, PATH=os.environ["PATH"], PYTHONPATH="", **environment)


def test_it_has_under_200_lines_and_only_blocks_that_these_tests_run() -> None:
    assert TEXT.count("\n") < 200
    assert {block.language for block in BLOCKS} == {"sh", "python", "toml", "text"}
    assert len(SHELL) == 1


@pytest.mark.slow
@pytest.mark.skipif(not (ROOT / "blendtpl").is_dir(), reason="needs the sources beside the tests, to install them")
def test_the_first_command_sets_up_and_renders_an_e_mail_and_a_page(checkout: Path) -> None:
    shown = run_alone(SET_UP, checkout)
    assert SET_UP.text.count("\n") == 1
    assert "Subject: 3 changes on Night train" in shown
    assert shown.count("times faster") == 2
    assert re.search(r"objects to be collected +[1-9][\d,]* +0\n", shown)
    assert max(map(len, shown.splitlines())) <= 100
    assert (checkout / "build/dashboard.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.slow(first=True)
@pytest.mark.skipif(not (ROOT / "blendtpl").is_dir(), reason="needs the sources beside the tests, to install them")
def test_the_second_command_sets_up_and_runs_the_tests(checkout: Path) -> None:
    # the tests that it would run are running: collecting them shows that they are found and can be imported
    shown = run_alone(TESTS, checkout, PYTEST_ADDOPTS="--collect-only")
    assert TESTS.text.count("\n") == 1
    assert "tests collected" in shown


@pytest.mark.slow(first=True)
@pytest.mark.skipif(not (ROOT / "blendtpl").is_dir(), reason="needs the sources beside the tests, to install them")
def test_the_third_command_shows_a_small_feedwhip(checkout: Path) -> None:
    shortened = replace(FEEDWHIP, text=FEEDWHIP.text.rstrip("\n") + " --seconds 6\n")
    shown = run_alone(shortened, checkout)
    assert "0 are missing" in shown
    assert (checkout / "build/feedwhip.svg").is_file()


def test_the_python_and_shell_blocks_run_in_order_and_print_what_it_says(project: Path) -> None:
    shown = run_in_order([block for block in BLOCKS if block not in (SET_UP, TESTS, FEEDWHIP)], project)
    assert "Welcome" in shown
    assert [block.language for block in BLOCKS].count("text") == 1


def test_the_settings_are_ones_that_blendtpl_reads(tmp_path: Path) -> None:
    (block,) = [block.text for block in BLOCKS if block.language == "toml"]
    (tmp_path / "pyproject.toml").write_text(block, encoding="utf-8")
    config = find_config(tmp_path)
    assert config.environment == tomllib.loads(block)["tool"]["blendtpl"]["environment"]
    assert config.output == tmp_path / "build/feedwhip.blend"
