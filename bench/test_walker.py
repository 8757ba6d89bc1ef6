"""Walkers: what a cycle costs that renders 100 alert e-mails, and what its end does, without any check.

The peer is the same loop over a dict that is new in each round. The end is all that lies between the last mail of a
cycle and the first of the next: the cache emptied, what circles keep collected, some objects watched, and limits of age
and memory looked at. Each user is a circle, which the loop over a dict leaves for the collector.
"""

from collections.abc import Callable, Hashable, Iterator
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import blendtpl
from bench.measure import compare, rounds
from blendtpl.compiler.frontend.examples import read_examples
from blendtpl.walker import Cycle, Cycles, Walker
from testkit import TEMPLATES

_ROUNDS, _MAILS = 20, 100


class User:
    """One of those whom e-mails go to."""

    def __init__(self, number: int) -> None:
        self.address = f"user{number}@example.org"
        self.watches = [self]


Mail = Callable[[User], object]
Get = Callable[[Hashable, Callable[[], User]], User]


@pytest.fixture(scope="module")
def registry() -> blendtpl.Registry:
    """Give Feedwhip's own templates."""
    return blendtpl.load(blendtpl.compile(TEMPLATES))


@pytest.fixture(params=["rendered", "whole messages"])
def mail(request: pytest.FixtureRequest, registry: blendtpl.Registry) -> Mail:
    """Give what is done for one e-mail: its HTML is rendered, or its message is made."""
    context = next(iter(read_examples(TEMPLATES, "emails/alert/body.html").values()))
    template = registry["emails/alert/body.html"]
    if request.param == "rendered":
        return lambda user: template.render(context)
    sender = "Feedwhip <alerts@feedwhip.example>"
    return lambda user: registry.message("emails/alert", context, to=[user.address], sender=sender).as_bytes()


@pytest.fixture
def cycles(registry: blendtpl.Registry) -> Iterator[Cycles]:
    """Give a walker's cycles, with a limit of each kind."""
    running = Walker(registry, max_age="1d", max_growth="4GB", max_rss="8GB", deadline="1h").cycles()
    yield running
    running.close()


def _mails(get: Get, mail: Mail) -> None:
    for number in range(_MAILS):
        mail(get(number, lambda number=number: User(number)))  # type: ignore[misc]


def _group(benchmark: BenchmarkFixture, request: pytest.FixtureRequest, *, peer: bool = False) -> None:
    compare(benchmark, f"a cycle of {_MAILS} e-mails, {request.node.callspec.params['mail']}", peer=peer)


def test_loop_over_a_dict(benchmark: BenchmarkFixture, request: pytest.FixtureRequest, mail: Mail) -> None:
    """The same without a walker."""
    _group(benchmark, request, peer=True)

    def loop() -> None:
        cache: dict[Hashable, User] = {}

        def get(key: Hashable, loader: Callable[[], User]) -> User:
            if key not in cache:
                cache[key] = loader()
            return cache[key]

        _mails(get, mail)

    rounds(benchmark, _ROUNDS, loop, warmup=2)


def test_cycle(benchmark: BenchmarkFixture, request: pytest.FixtureRequest, mail: Mail, cycles: Cycles) -> None:
    """A whole cycle, with its end."""
    _group(benchmark, request)
    rounds(benchmark, _ROUNDS, lambda: _mails(next(cycles).cache.get_or_load, mail), warmup=2)


def test_end_of_a_cycle(
    benchmark: BenchmarkFixture, request: pytest.FixtureRequest, mail: Mail, cycles: Cycles
) -> None:
    """Its end alone, when the mails are made."""
    _group(benchmark, request)
    last: list[Cycle] = [next(cycles)]

    def mails() -> tuple[tuple[Any, ...], dict[str, Any]]:
        _mails(last[0].cache.get_or_load, mail)
        return (), {}

    def end() -> None:
        last[0] = next(cycles)

    rounds(benchmark, _ROUNDS, end, setup=mails, warmup=2)
