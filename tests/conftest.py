"""What all tests share: Feedwhip's own templates, compiled once."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from testkit.fixtures import (
    all_in_sight,
    bundle,
    no_collector,
    prepare_process,
    pytest_collection_finish,
    pytest_sessionfinish,
    quick_collections,
    registry,
    stock,
)

__all__ = [
    "all_in_sight",
    "bundle",
    "no_collector",
    "pytest_collection_finish",
    "pytest_sessionfinish",
    "quick_collections",
    "registry",
    "stock",
]

prepare_process()
pytest.register_assert_rewrite("testkit.oracle")


def pytest_pycollect_makemodule(module_path: Path) -> None:
    """Have no property fail because the machine is slow; whoever has none does not wait for Hypothesis."""
    if b"hypothesis" in module_path.read_bytes():
        from hypothesis import settings

        settings.register_profile("patient", deadline=None)
        settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the longest begin first, so that no worker has one left to do when the others are done."""
    items.sort(key=lambda item: not any(mark.kwargs.get("first") for mark in item.iter_markers("slow")))


@pytest.fixture
def guide_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder in which the blocks of a guide run; what they import is forgotten, but for Python's own modules:
    those written in C would not be made anew, and know the exceptions of the first ones.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("BLENDTPL_CACHE_DIR", str(tmp_path / "cache"))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.partition(".")[0] not in sys.stdlib_module_names:
            del sys.modules[name]
