"""Compile: 1,000 templates for the first time, again, and after one change; and each phase by itself.

Sources come from memory, so that no phase but `read` touches a template's file. The collector is on.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
import pytest
from jinja2 import nodes
from pytest_benchmark.fixture import BenchmarkFixture

from bench.measure import COUNT, compare, jinja2_compile, rounds
from blendtpl import default_environment
from blendtpl.bundle.archive import Bundle, open_bundle, seal
from blendtpl.bundle.manifest import from_json, to_json
from blendtpl.compiler import build as stages
from blendtpl.compiler.analysis.linker import link
from blendtpl.compiler.analysis.summary import summarize
from blendtpl.compiler.assemble.template_code import emit
from blendtpl.compiler.build import Build
from blendtpl.compiler.frontend.parser import parse
from blendtpl.compiler.frontend.reader import Source, read
from blendtpl.errors import Fault
from blendtpl.runtime.registry import Registry
from blendtpl.runtime.speedups import ACTIVE
from testkit.generated import CHANGED_LAYOUT, CHANGED_LEAF, write

WHOLE = f"compile {COUNT} templates"
PHASES = f"phases of {COUNT} templates"

Cache = Callable[[], Path]
build = partial(stages.build, speedups=ACTIVE)  # as `blendtpl.compile` does it
jobs = pytest.mark.parametrize("jobs", [1, 2])


@jobs
def test_first_compile(benchmark: BenchmarkFixture, templates: Mapping[str, str], cache: Cache, jobs: int) -> None:
    """Nothing in the build cache."""
    compare(benchmark, WHOLE, peer=jobs == 1, collector="on", jobs=jobs)

    def setup() -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (templates,), {"cache": cache(), "jobs": jobs}

    built = rounds(benchmark, 2, build, setup=setup)
    assert (built.compiled, built.cached) == (COUNT, 0)


def test_compile_without_a_cache(benchmark: BenchmarkFixture, templates: Mapping[str, str]) -> None:
    """What `blendtpl.compile` does."""
    compare(benchmark, WHOLE, collector="on", jobs=1)
    built = rounds(benchmark, 2, build, templates)
    assert built.compiled == COUNT


@jobs
def test_unchanged_compile(benchmark: BenchmarkFixture, templates: Mapping[str, str], cache: Cache, jobs: int) -> None:
    """The same once more."""
    compare(benchmark, WHOLE, collector="on", jobs=jobs)
    folder = cache()
    first = build(templates, cache=folder, jobs=2)
    again = rounds(benchmark, 5, build, templates, cache=folder, jobs=jobs, warmup=1)
    assert (again.compiled, again.cached) == (0, COUNT)
    assert again.bundle.digest == first.bundle.digest


@jobs
@pytest.mark.parametrize("changed", [CHANGED_LEAF, CHANGED_LAYOUT])
def test_compile_after_a_change(
    benchmark: BenchmarkFixture, templates: Mapping[str, str], cache: Cache, changed: str, jobs: int
) -> None:
    """One template has another text each time: a leaf that nothing refers to, or a layout that many extend."""
    compare(benchmark, WHOLE, collector="on", jobs=jobs, changed=changed)
    folder = cache()
    build(templates, cache=folder, jobs=2)
    versions = iter(range(1000))

    def setup() -> tuple[tuple[Any, ...], dict[str, Any]]:
        text = templates[changed] + f"{{# version {next(versions)} #}}"
        return ({**templates, changed: text},), {"cache": folder, "jobs": jobs}

    built: Build = rounds(benchmark, 3, build, setup=setup)
    benchmark.extra_info["compiled"] = built.compiled
    assert (built.compiled == 1) == (changed == CHANGED_LEAF)
    assert built.compiled + built.cached == COUNT


def test_jinja2_compile(benchmark: BenchmarkFixture, templates: Mapping[str, str]) -> None:
    """What Jinja2 does at each start: a fresh environment, `get_template` of each name."""
    compare(benchmark, WHOLE, peer=True, collector="on")
    rounds(benchmark, 2, jinja2_compile, templates)


@pytest.fixture(scope="module")
def environment() -> jinja2.Environment:
    """Give blendtpl's default environment."""
    return default_environment()


@pytest.fixture(scope="module")
def sources(templates: Mapping[str, str], environment: jinja2.Environment) -> list[Source]:
    """Give what `read` makes."""
    return read(templates, environment)[0]


@pytest.fixture(scope="module")
def trees(sources: list[Source], environment: jinja2.Environment) -> dict[str, nodes.Template]:
    """Give what `parse` makes."""
    return _parse_all(sources, environment)


@pytest.fixture(scope="module")
def bundle(templates: Mapping[str, str]) -> Bundle:
    """Give the whole bundle."""
    return build(templates, jobs=2).bundle


def test_read(
    benchmark: BenchmarkFixture, templates: Mapping[str, str], environment: jinja2.Environment, tmp_path: Path
) -> None:
    """Files to texts and digests; the files are in the operating system's cache."""
    write(tmp_path, templates)
    listed, wrong = _phase(benchmark, read, tmp_path, environment)
    assert (len(listed), wrong) == (COUNT, [])


def test_parse(benchmark: BenchmarkFixture, sources: list[Source], environment: jinja2.Environment) -> None:
    """Texts to trees, by Jinja2's lexer and parser."""
    assert len(_phase(benchmark, _parse_all, sources, environment)) == COUNT


def test_outline(
    benchmark: BenchmarkFixture, trees: dict[str, nodes.Template], environment: jinja2.Environment
) -> None:
    """Trees to what `link` needs of them."""
    _phase(benchmark, lambda: {name: summarize(tree, environment, name) for name, tree in trees.items()})


def test_link(benchmark: BenchmarkFixture, trees: dict[str, nodes.Template], environment: jinja2.Environment) -> None:
    """Outlines to a closed program."""
    summaries = {name: summarize(tree, environment, name) for name, tree in trees.items()}
    assert len(_phase(benchmark, partial(link, summaries, environment, speedups=ACTIVE)).templates) == COUNT


def test_emit(benchmark: BenchmarkFixture, trees: dict[str, nodes.Template], environment: jinja2.Environment) -> None:
    """Trees to marshalled code, in one process."""
    summaries = {name: summarize(tree, environment, name) for name, tree in trees.items()}
    program_facts = link(summaries, environment, speedups=ACTIVE).facts
    _phase(benchmark, lambda: [emit(name, trees.get, environment, program_facts) for name in trees])


def test_pack(benchmark: BenchmarkFixture, bundle: Bundle) -> None:
    """Manifest, code and sources to the bytes of a bundle."""
    packed = _phase(benchmark, seal, bundle.manifest, bundle.code, bundle.sources)
    assert packed.digest == bundle.digest


def test_open(benchmark: BenchmarkFixture, bundle: Bundle) -> None:
    """Bytes to a checked bundle: seal, archive, manifest, versions."""
    assert _phase(benchmark, open_bundle, bundle.data).digest == bundle.digest


def test_open_manifest(benchmark: BenchmarkFixture, bundle: Bundle) -> None:
    """Of `open`, the manifest: JSON to records."""
    manifest = _phase(benchmark, from_json, to_json(bundle.manifest))
    assert asdict(manifest.versions) == asdict(bundle.manifest.versions)


def test_bind(benchmark: BenchmarkFixture, bundle: Bundle) -> None:
    """A checked bundle to a registry: the environment compared, all code unmarshalled and run once."""
    checked = open_bundle(bundle.data)
    assert len(_phase(benchmark, Registry, checked, None, None)) == COUNT


def _phase(benchmark: BenchmarkFixture, phase: Callable[..., Any], *args: object) -> Any:
    compare(benchmark, PHASES, collector="on")
    return rounds(benchmark, 4, phase, *args, warmup=1)


def _parse_all(sources: list[Source], environment: jinja2.Environment) -> dict[str, nodes.Template]:
    trees = {}
    for source in sources:
        tree = parse(source, environment)
        assert not isinstance(tree, Fault)
        trees[source.name] = tree
    return trees
