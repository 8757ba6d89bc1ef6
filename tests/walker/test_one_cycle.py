"""Cycles that nobody loops over: the tasks of a queue."""

import pytest

import blendtpl
from blendtpl.walker import Walker, WalkerError


def test_a_cycle_is_begun_and_finished_without_a_loop(registry: blendtpl.Registry) -> None:
    walker = Walker(registry)
    for number in (1, 2):
        cycle = walker.begin()
        assert cycle.number == number
        assert cycle.cache.get_or_load("user", lambda: object()) in cycle.cache._values.values()
        walker.finish(cycle)
        assert len(cycle.cache) == 0
    assert (walker.stats.cycles, walker.stats.cache_misses, walker.stop) == (2, 2, None)


def test_cycles_that_are_begun_may_overlap(registry: blendtpl.Registry) -> None:
    walker = Walker(registry)
    one, other = walker.begin(), walker.begin()
    one.cache.get_or_load("user", lambda: "Ada")
    walker.finish(one)
    assert other.cache.get_or_load("user", lambda: "Bob") == "Bob"
    walker.finish(other)
    assert walker.stats.cycles == 2


def test_a_walker_whose_cycles_are_begun_has_no_loop(registry: blendtpl.Registry) -> None:
    walker = Walker(registry)
    walker.finish(walker.begin())
    with pytest.raises(WalkerError, match="one loop over its cycles at a time"):
        next(walker.cycles())
