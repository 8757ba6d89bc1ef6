"""What all tests share: Feedwhip's own templates, compiled once."""

import gc
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import jinja2
import pytest

import blendtpl
from blendtpl.compiler.frontend.examples import read_examples

ROOT = Path(__file__).parent.parent
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # `bench` stands beside `tests`; behind what is installed

# Standard error is compared, where progress comes after a second: a long time, or on a busy machine a short one.
os.environ["BLENDTPL_NO_PROGRESS"] = "1"
# What the tests start begins with the usual handlers, also where a shell runs them in the background, or `nohup` does.
for _number, _usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _usual)
PATIENCE = 600.0  # seconds until something that should happen is taken for something that does not

pytest.register_assert_rewrite("tests.run.oracle")

TEMPLATES = ROOT / "templates"


def pytest_pycollect_makemodule(module_path: Path) -> None:
    """Have no property fail because the machine is slow; whoever has none does not wait for Hypothesis."""
    if b"hypothesis" in module_path.read_bytes():
        from hypothesis import settings

        settings.register_profile("patient", deadline=None)
        settings.load_profile("patient")


@pytest.fixture(scope="session")
def bundle() -> blendtpl.Bundle:
    return blendtpl.compile(TEMPLATES)


@pytest.fixture(scope="session")
def registry(bundle: blendtpl.Bundle) -> blendtpl.Registry:
    return blendtpl.load(bundle)


@pytest.fixture(scope="session")
def stock() -> jinja2.Environment:
    """Jinja2 itself, with blendtpl's options: the oracle."""
    environment = blendtpl.default_environment()
    environment.loader = jinja2.FileSystemLoader(TEMPLATES)
    return environment


def every_example() -> Iterator[tuple[str, str]]:
    """Yield (template, example) for each template that has examples."""
    for path in sorted(TEMPLATES.rglob("*")):
        name = path.relative_to(TEMPLATES).as_posix()
        if path.is_file() and path.suffix != ".json":
            for example in read_examples(TEMPLATES, name):
                yield name, example


def context_of(name: str, example: str) -> dict[str, object]:
    return dict(read_examples(TEMPLATES, name)[example])


@pytest.fixture(scope="module")
def quick_collections() -> Iterator[None]:
    """Keep what the tests hold out of the collector's sight, which need not look it through each time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Have nothing collected but by hand."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def guide_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder in which the blocks of a guide run; what they import is forgotten."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("BLENDTPL_CACHE_DIR", str(tmp_path / "cache"))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]
