"""Feedwhip: its own e-mails and pages with all of their examples, one after the other, by a registry and by Jinja2.

The workloads of `test_render.py` are of one kind each, and those of `test_site.py` are generated; these were written by
hand, for people, with macros in modules, translations, filters for text and layouts that choose.
"""

import jinja2
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import blendtpl
from bench.measure import compare, jinja2_compile, rounds
from blendtpl.compiler.frontend.examples import read_examples
from testkit import TEMPLATES

_ROUNDS = 20

Example = tuple[str, dict[str, object]]  # the name of a template, and a context


@pytest.fixture(scope="module")
def registry() -> blendtpl.Registry:
    """Give the registry of all templates."""
    return blendtpl.load(blendtpl.compile(TEMPLATES))


@pytest.fixture(scope="module")
def environment(registry: blendtpl.Registry) -> jinja2.Environment:
    """Give Jinja2 with all of them compiled in its cache."""
    return jinja2_compile({name: (TEMPLATES / name).read_text(encoding="utf-8") for name in registry})


@pytest.fixture(scope="module", params=["emails", "pages"])
def examples(request: pytest.FixtureRequest, registry: blendtpl.Registry) -> list[Example]:
    """Give the examples of all templates in a folder."""
    names = [name for name in registry if name.startswith(f"{request.param}/")]
    return [(name, dict(context)) for name in names for context in read_examples(TEMPLATES, name).values()]


def test_feedwhip_by_blendtpl(
    benchmark: BenchmarkFixture, registry: blendtpl.Registry, examples: list[Example]
) -> None:
    """`registry.render` of each."""
    compare(benchmark, f"feedwhip, {examples[0][0].partition('/')[0]}", pages=len(examples))
    texts = rounds(benchmark, _ROUNDS, lambda: [registry.render(name, context) for name, context in examples], warmup=2)
    assert len(texts) == len(examples)


def test_feedwhip_by_jinja2(
    benchmark: BenchmarkFixture, environment: jinja2.Environment, examples: list[Example]
) -> None:
    """``environment.get_template(…).render`` of each."""
    compare(benchmark, f"feedwhip, {examples[0][0].partition('/')[0]}", peer=True, pages=len(examples))
    texts = rounds(
        benchmark,
        _ROUNDS,
        lambda: [environment.get_template(name).render(context) for name, context in examples],
        warmup=2,
    )
    assert len(texts) == len(examples)


def test_both_render_feedwhip_alike(
    registry: blendtpl.Registry, environment: jinja2.Environment, examples: list[Example]
) -> None:
    """To the byte."""
    for name, context in examples:
        assert registry.render(name, context) == environment.get_template(name).render(context), name
