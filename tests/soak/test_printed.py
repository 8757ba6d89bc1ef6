"""Soak tells what is printed by accident, as verify does."""

import json
from pathlib import Path

import jinja2
import pytest

import blendtpl
from tests.compiling.support import invoke, write


async def fetched() -> str:
    return "x"


def environment() -> jinja2.Environment:
    made = blendtpl.default_environment()
    made.globals.update(raw=b"raw", fetched=fetched)
    return made


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    texts = {"a.html": "first\n{{ raw }}{% include 'b.html' %}", "b.html": "\n{{ fetched() }}", "c.html": "{{ name }}"}
    write(tmp_path / "templates", {**texts, "examples.json": '{"one": {"name": "x"}}'})
    (tmp_path / "pyproject.toml").write_text(f'[tool.blendtpl]\nenvironment = "{__name__}:environment"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_bytes_and_coroutines_are_told_with_their_lines_and_fail_when_strict(project: Path) -> None:
    assert invoke("compile", "-o", "app.blend", "--no-cache").exit_code == 0

    found = invoke("soak", "app.blend", "-n", "100", "--no-certificate")

    assert found.exit_code == 0
    assert found.stderr == ""
    assert [line for line in found.stdout.splitlines() if line.startswith("warning")] == [
        "warning: `a.html`, line 2, prints bytes as `b'…'`, with the example `one`:"
        " decode them first, as by `.decode()`",
        "warning: `b.html`, line 2, prints a coroutine, with the example `one`:"
        " await it, and pass what it gives to the template",
    ]
    strict = invoke("soak", "app.blend", "-n", "100", "--no-certificate", "--strict", "--format", "json")
    assert strict.exit_code == 1
    rows = json.loads(strict.stdout)["templates"]
    assert [row["what"] for row in rows["b.html"]["printed"]] == ["a coroutine"]
    assert "printed" not in rows["c.html"]


def test_without_sources_nothing_is_said_of_what_is_printed(project: Path) -> None:
    assert invoke("compile", "-o", "app.blend", "--no-cache", "--no-sources").exit_code == 0

    found = invoke("soak", "app.blend", "-n", "100", "--no-certificate", "--strict")

    assert found.exit_code == 0
    assert "prints" not in found.stdout
