"""Jinja2 3.1.6's own test suite, from its source distribution, with blendtpl's environments in place of Jinja2's."""

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conformance.fetch import UnreachableError, fetch, unpack

HERE = Path(__file__).parent

TESTS = 909  # that Jinja2 3.1.6 has
COMPILED = 800  # templates that blendtpl compiles for them at least: 882 when this was written


@dataclass(frozen=True, slots=True)
class Run:
    """What came of the suite: the outcome of each test by its id, the templates compiled by blendtpl, the output."""

    outcomes: dict[str, str]
    compiled: int
    output: str

    def ids(self, outcome: str) -> set[str]:
        return {test for test, found in self.outcomes.items() if found == outcome}


def read_exceptions(text: str) -> dict[str, str]:
    """Return the reason for each test on the list."""
    reasons: dict[str, str] = {}
    test = ""
    for line in text.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if line.startswith(" "):
            reasons[test] = f"{reasons[test]} {line.strip()}".strip()
        else:
            test = line.strip()
            assert test not in reasons, f"{test} is on the list twice"
            reasons[test] = ""
    return reasons


@pytest.fixture(scope="module")
def exceptions() -> dict[str, str]:
    return read_exceptions((HERE / "exceptions.txt").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    if importlib.util.find_spec("trio") is None:
        pytest.skip("trio is not installed, which Jinja2's own tests import")
    try:
        archive = fetch(HERE / "jinja2.txt")["jinja2"]
    except UnreachableError as error:
        pytest.skip(f"Jinja2's source distribution cannot be fetched: {error}")
    work = tmp_path_factory.mktemp("jinja2")
    unpack(archive, work)
    (root,) = work.glob("jinja2-*")
    report = work / "report.json"
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV_"))}
    environ |= {"PYTHONPATH": str(HERE), "BLENDTPL_CONFORMANCE_REPORT": str(report)}
    plugins = ["-p", "swapped", "-p", "no:cacheprovider", "-p", "no:benchmark"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--tb=short", *plugins, "-c", "pyproject.toml", "tests"],
        cwd=root,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    output = done.stdout + done.stderr
    assert report.is_file(), output
    found = json.loads(report.read_text(encoding="utf-8"))
    return Run(found["outcomes"], found["compiled"], output)


def test_all_of_jinja2s_tests_run(run: Run) -> None:
    assert len(run.ids("passed") | run.ids("failed")) >= TESTS, run.output
    assert not run.ids("skipped"), run.output


def test_it_is_blendtpl_that_they_test(run: Run) -> None:
    assert run.compiled >= COMPILED


def test_only_tests_on_the_list_fail(run: Run, exceptions: dict[str, str]) -> None:
    assert not run.ids("failed") - exceptions.keys(), run.output


def test_every_test_on_the_list_fails(run: Run, exceptions: dict[str, str]) -> None:
    assert not exceptions.keys() - run.ids("failed"), "take them off the list"


def test_every_test_on_the_list_has_a_reason(exceptions: dict[str, str]) -> None:
    assert not [test for test, reason in exceptions.items() if not reason]
