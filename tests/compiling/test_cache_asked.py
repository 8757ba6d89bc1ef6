"""`blendtpl.compile(cache=…)`: the build cache for whoever asks for it, with the checks that the command makes."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import blendtpl
from blendtpl.compiler import build as stages
from blendtpl.compiler.assemble.template_code import emit
from tests.compiling.support import invoke, write

SOURCE = {
    "layout.html": "<p>{% block content %}{% endblock %}</p>",
    "page.html": "{% extends 'layout.html' %}{% block content %}{{ name }}{% endblock %}",
}
PLAIN = blendtpl.compile(SOURCE).data


@pytest.fixture
def emitted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the templates that are compiled, rather than taken from a cache."""
    names: list[str] = []

    def noted(name: str, *rest: Any) -> bytes:
        names.append(name)
        return emit(name, *rest)

    monkeypatch.setattr(stages, "emit", noted)
    return names


@pytest.mark.parametrize("given", [str, Path])
def test_a_second_compile_compiles_nothing(tmp_path: Path, emitted: list[str], given: Callable[[Path], Any]) -> None:
    folder = tmp_path / "cache"

    first = blendtpl.compile(SOURCE, cache=given(folder))
    assert sorted(emitted) == sorted(SOURCE)
    second = blendtpl.compile(SOURCE, cache=given(folder))

    assert sorted(emitted) == sorted(SOURCE)
    assert first.data == second.data == PLAIN
    assert folder.stat().st_mode & 0o077 == 0


def test_true_is_the_folder_of_the_command(tmp_path: Path, emitted: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLENDTPL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "templates", SOURCE)
    assert invoke("compile", "templates", "-o", "app.blend", "-j", "1").exit_code == 0
    emitted.clear()

    assert blendtpl.compile("templates", cache=True).data == (tmp_path / "app.blend").read_bytes()
    assert emitted == []


@pytest.mark.parametrize("off", [None, False])
def test_without_it_there_is_no_cache(
    tmp_path: Path, emitted: list[str], monkeypatch: pytest.MonkeyPatch, off: bool | None
) -> None:
    monkeypatch.setenv("BLENDTPL_CACHE_DIR", str(tmp_path / "cache"))

    for _ in range(2):
        assert blendtpl.compile(SOURCE, cache=off).data == PLAIN

    assert len(emitted) == 2 * len(SOURCE)
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_is_damaged_is_a_miss_and_a_warning(tmp_path: Path, emitted: list[str]) -> None:
    folder = tmp_path / "cache"
    blendtpl.compile(SOURCE, cache=folder)
    (folder / "cache.db").write_bytes(b"no database")

    with pytest.warns(blendtpl.BuildWarning, match="the build cache .* is not used: .*") as caught:
        assert blendtpl.compile(SOURCE, cache=folder).data == PLAIN

    assert len(emitted) == 2 * len(SOURCE)
    assert caught[0].filename == __file__


def test_a_folder_that_others_may_enter_is_not_used(tmp_path: Path, emitted: list[str]) -> None:
    folder = tmp_path / "cache"
    folder.mkdir()
    folder.chmod(0o777)

    with pytest.warns(blendtpl.BuildWarning, match="others can enter it"):
        assert blendtpl.compile(SOURCE, cache=folder).data == PLAIN

    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("wrong", ["", 1, 0, b"cache", [], object])
def test_what_is_no_folder_is_told_before_anything_is_compiled(emitted: list[str], wrong: Any) -> None:
    with pytest.raises(blendtpl.ConfigError, match="`cache` is True, False or the path of a folder, not"):
        blendtpl.compile(SOURCE, cache=wrong)

    assert emitted == []


def test_a_missing_library_is_told_with_what_to_install(tmp_path: Path) -> None:
    script = """
import sys
sys.modules["diskcache"] = None
import blendtpl
try:
    blendtpl.compile({"a.html": "x"}, cache=True)
except blendtpl.BlendError as error:
    print("install" in str(error) and "build" in str(error))
"""
    environment = {**os.environ, "BLENDTPL_CACHE_DIR": str(tmp_path / "cache")}
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    assert shown.stdout == "True\n"
