"""Render: an alert e-mail and a page of `templates/`, by a registry against stock Jinja2, the collector off."""

import gc
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import blendtpl
from bench.measure import compare, jinja2_environment
from blendtpl.examples import read_examples

FOLDER = Path(__file__).parents[1] / "templates"

each = pytest.mark.parametrize("name", ["emails/alert/body.html", "pages/dashboard.html"])


@pytest.fixture(scope="module")
def texts() -> Mapping[str, str]:
    """Give the sources of `templates/`."""
    bundle = blendtpl.compile(FOLDER)
    registry = blendtpl.load(bundle)
    return {name: template.source or "" for name, template in registry.items()}


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@each
def test_registry(benchmark: BenchmarkFixture, texts: Mapping[str, str], name: str) -> None:
    """A template of a registry."""
    _render(benchmark, name, blendtpl.load(blendtpl.compile(texts))[name].render)


@each
def test_jinja2(benchmark: BenchmarkFixture, texts: Mapping[str, str], name: str) -> None:
    """`get_template(name).render` of an environment that never looks whether a source changed and keeps all."""
    environment = jinja2_environment(texts)
    expected = blendtpl.load(blendtpl.compile(texts)).render(name, _example(name))

    def render(context: Mapping[str, Any]) -> str:
        return environment.get_template(name).render(context)

    assert _render(benchmark, name, render, peer=True) == expected


def _render(
    benchmark: BenchmarkFixture, name: str, render: Callable[[Mapping[str, Any]], str], *, peer: bool = False
) -> str:
    compare(benchmark, f"render {name}", peer=peer, collector="off")
    example = _example(name)
    render(example)  # Jinja2 compiles at its first render
    return str(benchmark(render, example))


def _example(name: str) -> Mapping[str, Any]:
    return next(iter(read_examples(FOLDER, name).values()))
