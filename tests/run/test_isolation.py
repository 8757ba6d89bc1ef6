"""Rendering needs nothing of the system: no file, no import, no compiler, from the very first render on."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jinja2
import pytest
from jinja2.filters import FILTERS
from jinja2.tests import TESTS

import blendtpl
from blendtpl.tools.soak.growth import open_files
from testkit import PATIENCE, ROOT, language
from testkit.examples import context_of, every_example
from testkit.oracle import stock_environment

UNLOADED = ("blendtpl.compiler", "blendtpl.cli", "diskcache", "click", "rich")


@pytest.fixture
def folder(tmp_path: Path, bundle: blendtpl.Bundle) -> Path:
    bundle.write(tmp_path / "whole.blend")
    blendtpl.compile(language.TEXTS).write(tmp_path / "small.blend")
    examples = [(name, example, context_of(name, example)) for name, example in every_example()]
    (tmp_path / "examples.json").write_text(json.dumps(examples))
    return tmp_path


def run(folder: Path, renders: int, *before: str, planted: bool = False) -> dict[str, Any]:
    command = [*before, sys.executable, "-X", "utf8", "-m", "tests.run.everything", str(folder), str(renders)]
    if planted:
        command.append("planted")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def between_markers(trace: Path) -> list[str]:
    """Return the calls between the two markers, but for `mmap` and `munmap`, which get memory."""
    calls = trace.read_text().splitlines()
    begin, end = ([index for index, call in enumerate(calls) if f'"/marker/{at}"' in call] for at in ("begin", "end"))
    assert (len(begin), len(end)) == (1, 1)
    return [call for call in calls[begin[0] + 1 : end[0]] if "MAP_ANONYMOUS" not in call and " munmap(" not in call]


def test_every_built_in_filter_and_test_is_used_and_does_what_it_does_in_jinja2() -> None:
    assert set(language.FILTERS) == set(FILTERS)
    assert set(language.TESTS) == set(TESTS)
    registry = blendtpl.load(blendtpl.compile(language.TEXTS))
    stock = stock_environment(language.TEXTS, blendtpl.default_environment)
    for name in registry:
        if name.startswith(("filter/", "tests", "named")):
            assert registry.render(name, language.VARIABLES) == stock.get_template(name).render(language.VARIABLES)


def test_over_10_000_renders_an_audit_hook_sees_nothing_though_the_bundles_are_gone(folder: Path) -> None:
    report = run(folder, 10_000)
    assert report["count"] >= 10_000
    assert report["seen"] == []
    assert report["modules"] == []


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_over_10_000_renders_a_tracer_sees_no_file_system_call(folder: Path) -> None:
    trace = folder / "trace"
    report = run(folder, 10_000, "strace", "-f", "-e", "trace=%file,%desc", "-o", str(trace))
    assert report["count"] >= 10_000
    assert between_markers(trace) == []


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_a_file_that_is_opened_meanwhile_is_seen_by_both(folder: Path) -> None:
    trace = folder / "trace"
    report = run(folder, 1, "strace", "-f", "-e", "trace=%file,%desc", "-o", str(trace), planted=True)
    assert any(event.startswith("open ('/dev/null'") for event in report["seen"])
    assert any('"/dev/null"' in call for call in between_markers(trace))


def test_loading_and_rendering_leave_the_build_half_unloaded(folder: Path) -> None:
    program = f"""
import sys, blendtpl
registry = blendtpl.load({str(folder / "small.blend")!r})
registry.render("p.html", x=1)
registry["language.html"].render_block
try:
    registry.render("bad/undefined.html")
except blendtpl.UndefinedError as error:
    str(error)
print([name for name in sys.modules if name.startswith({UNLOADED!r})])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd="/")
    assert done.stdout == "[]\n"


def test_a_registry_goes_on_when_its_file_is_deleted_or_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.blend"
    blendtpl.compile({"a.txt": "{% include 'b.txt' %}", "b.txt": "old"}).write(path)
    registry = blendtpl.load(path)
    blendtpl.compile({"a.txt": "new"}).write(path)
    assert registry.render("a.txt") == "old"
    path.unlink()
    assert registry.render("a.txt") == "old"
    assert registry["a.txt"].source == "{% include 'b.txt' %}"


def test_no_file_stays_open_and_no_module_is_left_by_loading(tmp_path: Path) -> None:
    path = tmp_path / "a.blend"
    blendtpl.compile({"a.txt": "x"}).write(path)
    blendtpl.load(path)
    modules = dict(sys.modules)
    files = open_files()
    registries = [blendtpl.load(path) for _ in range(5)]
    assert dict(sys.modules) == modules
    assert files == (open_files())
    assert isinstance(registries[0]["a.txt"], blendtpl.Template)


def test_the_loader_of_the_environment_is_never_asked() -> None:
    class Loader(jinja2.DictLoader):
        def get_source(self, environment: jinja2.Environment, template: str) -> Any:
            asked.append(template)
            return super().get_source(environment, template)

    asked: list[str] = []
    environment = jinja2.Environment(loader=Loader({"a.txt": "{% include n %}", "b.txt": "b", "c.txt": "c"}))
    registry = blendtpl.load(blendtpl.compile(environment), environment=environment)
    asked.clear()
    assert registry.render("a.txt", n="b.txt") == "b"
    with pytest.raises(blendtpl.TemplateNotFound):
        registry.render("a.txt", n="d.txt")
    assert asked == []
