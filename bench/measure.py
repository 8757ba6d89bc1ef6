"""Measuring: Jinja2 as the peer, set up for speed, and pytest-benchmark with types."""

import gc
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import jinja2

from blendtpl import default_environment

if TYPE_CHECKING:  # what only measures memory needs no pytest
    from pytest_benchmark.fixture import BenchmarkFixture

Name = TypeVar("Name")
Result = TypeVar("Result")

_ROUND = 0.002  # seconds: long for the clock, and short, so that something else seldom comes in between

COUNT = 1000


def jinja2_environment(templates: Mapping[str, str]) -> jinja2.Environment:
    """Return a fresh stock environment with the options that blendtpl has by default, set up for speed."""
    environment = default_environment()
    assert type(environment) is jinja2.Environment
    return environment.overlay(loader=jinja2.DictLoader(templates), auto_reload=False, cache_size=-1)


def jinja2_compile(templates: Mapping[str, str]) -> jinja2.Environment:
    """Return a fresh environment that has compiled every template from memory."""
    environment = jinja2_environment(templates)
    for name in templates:
        environment.get_template(name)
    return environment


def compare(benchmark: "BenchmarkFixture", group: str, *, peer: bool = False, **facts: object) -> None:
    """Put a benchmark into a group; `peer` makes it one that the others of the group are measured against."""
    benchmark.group = group
    benchmark.extra_info.update(facts, peer=peer)


def rounds(
    benchmark: "BenchmarkFixture",
    count: int,
    function: Callable[..., Result],
    *args: object,
    setup: Callable[[], tuple[tuple[Any, ...], dict[str, Any]]] | None = None,
    warmup: int = 0,
    **options: object,
) -> Result:
    """Run `function` so many times, each after a collection of garbage, and return its last result.

    `setup` runs before each, out of the measured time, and gives the arguments.
    """

    def collected() -> tuple[tuple[Any, ...], dict[str, Any]]:
        prepared = setup() if setup else (args, options)
        gc.collect()
        return prepared

    untyped: Any = benchmark
    result: Result = untyped.pedantic(function, setup=collected, rounds=count, warmup_rounds=warmup)
    return result


def best_rounds(renders: Mapping[Name, Callable[[], object]], rounds: int) -> dict[Name, float]:
    """Return the seconds of the processor that a call of each takes in its best round, the rounds of all in turn.

    Before each turn is a call that does not count: what was there in the processor's caches is another's, and after a
    collection, which comes once in a round, lists of free objects are empty. Another begins in each round.
    """
    best = dict.fromkeys(renders, 1.0)
    names = list(renders)
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            render = renders[name]
            render()
            best[name] = min(best[name], processor_time(render, max(1, int(_ROUND / best[name]))))
        gc.collect()
    return best


def processor_time(render: Callable[[], object], calls: int = 1) -> float:
    """Return the seconds that a call takes, of so many."""
    started = time.process_time()
    for _ in range(calls):
        render()
    return (time.process_time() - started) / calls
