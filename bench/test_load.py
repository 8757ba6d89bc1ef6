"""Load: a bundle of 1,000 templates from its file, against Jinja2 compiling the same sources from memory.

Both make all that a process needs before its first render. The collector is on or off for both alike.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import blendtpl
from bench.measure import COUNT, compare, jinja2_compile, rounds


@pytest.fixture(scope="module")
def bundle(templates: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the file of the bundle."""
    path = tmp_path_factory.mktemp("load") / "generated.blend"
    blendtpl.compile(templates).write(path)
    return path


def _group(collector: str) -> str:
    return f"load {COUNT} templates, collector {collector}"


def test_load_bundle(benchmark: BenchmarkFixture, bundle: Path, collector: str) -> None:
    """`blendtpl.load`: every check, unmarshalling and binding."""
    compare(benchmark, _group(collector), collector=collector, bytes=bundle.stat().st_size)
    registry = rounds(benchmark, 15, blendtpl.load, bundle, warmup=2)
    assert len(registry) == COUNT


def test_jinja2_compile(benchmark: BenchmarkFixture, templates: Mapping[str, str], collector: str) -> None:
    """A fresh `jinja2.Environment`, `get_template` of each name."""
    compare(benchmark, _group(collector), peer=True, collector=collector)
    environment = rounds(benchmark, 2, jinja2_compile, templates)
    assert environment.cache is not None
    assert len(environment.cache) == COUNT
