"""Site: every page and e-mail of the generated templates, one after the other, by a registry and by Jinja2.

The workloads of `test_render.py` are of one kind each; here all kinds come together, in templates of the sizes of real
ones, each of which is rendered once before the next.
"""

from collections.abc import Mapping, Sequence

import jinja2
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import blendtpl
from bench.measure import compare, jinja2_compile, rounds
from testkit.generated import CONTEXT

_ROUNDS = 20


def _rendered(templates: Mapping[str, str]) -> Sequence[str]:
    return [name for name in templates if name.startswith(("pages/", "emails/"))]


@pytest.fixture(scope="session")
def registry(templates: Mapping[str, str]) -> blendtpl.Registry:
    """Give the registry of all of them."""
    return blendtpl.load(blendtpl.compile(templates))


@pytest.fixture(scope="session")
def environment(templates: Mapping[str, str]) -> jinja2.Environment:
    """Give Jinja2 with all of them compiled in its cache."""
    return jinja2_compile(templates)


def test_site_by_blendtpl(
    benchmark: BenchmarkFixture, registry: blendtpl.Registry, templates: Mapping[str, str], collector: str
) -> None:
    """`registry.render` of each."""
    names = _rendered(templates)
    compare(benchmark, f"site, collector {collector}", collector=collector, pages=len(names))
    texts = rounds(benchmark, _ROUNDS, lambda: [registry.render(name, CONTEXT) for name in names], warmup=2)
    assert len(texts) == len(names)


def test_site_by_jinja2(
    benchmark: BenchmarkFixture, environment: jinja2.Environment, templates: Mapping[str, str], collector: str
) -> None:
    """``environment.get_template(…).render`` of each."""
    names = _rendered(templates)
    compare(benchmark, f"site, collector {collector}", peer=True, collector=collector, pages=len(names))
    rounds(benchmark, _ROUNDS, lambda: [environment.get_template(name).render(CONTEXT) for name in names], warmup=2)


def test_both_render_the_same(
    registry: blendtpl.Registry, environment: jinja2.Environment, templates: Mapping[str, str]
) -> None:
    """To the byte."""
    for name in _rendered(templates):
        assert registry.render(name, CONTEXT) == environment.get_template(name).render(CONTEXT), name
