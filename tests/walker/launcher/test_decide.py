"""What the launcher decides, in histories that are made up: no process, no clock."""

import math
import random
from itertools import pairwise

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from blendtpl.walker.launcher import pool as pools
from blendtpl.walker.launcher.decide import Fork, GiveUp, decide
from blendtpl.walker.launcher.pool import LONGEST_BACK_OFF, Policy, Pool, Reason, State, Worker, back_off
from tests.walker.launcher.made_up import TICK, Life, World

FEW = settings(max_examples=6, deadline=None, phases=(Phase.explicit, Phase.generate, Phase.shrink))
SEEDS = st.integers(0, 10**6)


def a_world(policy: Policy, seed: int, *, start: float = 0.3, cycle: float = 0.4, deadline: float = math.inf) -> World:
    """Return a world of workers that start and go round in about those times, and never fail."""
    drawn = random.Random(seed)

    def live(world: World, action: Fork) -> Life:
        return Life(world.now + drawn.uniform(0.5, 1.5) * start, drawn.uniform(0.5, 1.5) * cycle)

    return World(policy, live, drawn, deadline)


@given(SEEDS, st.integers(1, 20), st.floats(5, 100))
@FEW
def test_workers_that_never_fail_are_replaced_one_at_a_time_and_none_is_missing_meanwhile(
    seed: int, workers: int, max_age: float
) -> None:
    world = a_world(Policy(workers, max_age=max_age * workers / 4), seed).run(30)
    assert min(world.ready()) >= workers
    assert max(world.pairs()) <= 1
    assert max(len(pool.workers) for _, pool in world.pools) <= workers + 1


@given(SEEDS, st.integers(1, 12))
@FEW
def test_it_is_the_oldest_of_those_that_are_due_that_is_replaced(seed: int, workers: int) -> None:
    world = a_world(Policy(workers, max_age=8), seed).run(25)
    replaced = [(at, action.replaces) for at, action, _ in world.forks if action.replaces]
    assert replaced
    born = {worker.number: worker.forked for _, _, worker in world.forks}
    before = dict(world.pools)
    for at, number in replaced:
        pool = before[max(time for time in before if time < at)]
        due = [each.number for each in pool if each.due(pool)[0] <= at - TICK and each.state is State.READY]
        assert all(born[number] <= born[each] for each in due)


@given(SEEDS, st.integers(2, 16), st.floats(0.2, 3))
@FEW
def test_only_a_death_makes_fewer_ready_by_as_many_as_died(seed: int, workers: int, every: float) -> None:
    drawn = random.Random(seed)
    world = a_world(Policy(workers, max_age=workers), seed)
    for _ in range(6):
        world.run(every + 2)
        ready = [each.number for each in world.pool if each.state is State.READY]
        if len(ready) >= workers:
            world.lives[drawn.choice(ready)].dies_at = world.now
    assert min(world.ready()) >= workers - 1
    assert max(world.pairs()) <= 1
    assert world.pool.count(State.READY) >= workers - 1


@given(SEEDS)
@FEW
def test_one_that_is_told_has_a_replacement_that_is_ready(seed: int) -> None:
    world = a_world(Policy(6, max_age=5), seed).run(20)
    assert len(world.told) > 10
    for _, action, pool in world.told:
        others = [each for each in pool if each.replaces == action.number]
        assert [each.state for each in others] == [State.READY]
        assert action.reason is Reason.AGE


@given(SEEDS)
@FEW
def test_nobody_is_killed_who_keeps_to_its_deadline_however_long_a_cycle_is(seed: int) -> None:
    world = a_world(Policy(4, max_age=10, patience=1, grace=2), seed, cycle=20, deadline=100).run(90)
    assert len(world.told) > 4
    assert world.killed == []


def test_as_many_are_replaced_at_once_as_are_late_but_never_more_than_a_quarter() -> None:
    policy = Policy(16, max_age=20)
    slow = a_world(policy, 1, start=9).run(150)  # a start takes nine seconds, where sixteen have twenty
    assert max(slow.pairs()) == 4
    assert min(slow.ready()) >= 16
    assert max(a_world(policy, 1, start=0.5).run(150).pairs()) == 1


def test_each_pause_after_a_failure_is_twice_the_one_before_up_to_a_bound() -> None:
    pauses = [back_off(failures) for failures in range(1, 60)]
    assert pauses[:5] == [0, 0.25, 0.5, 1, 2]
    assert all(later == min(LONGEST_BACK_OFF, 2 * earlier) for earlier, later in pairwise(pauses[1:]))
    assert pauses[-1] == LONGEST_BACK_OFF


def test_workers_that_all_die_are_one_failure_and_then_one_is_tried_at_a_time() -> None:
    drawn = random.Random(3)
    world = World(
        Policy(8, give_up=100), lambda world, action: Life(world.now + 9, 1, dies_at=world.now + 0.01), drawn
    ).run(10)
    tries = [round(at, 2) for at, _, _ in world.forks]
    assert tries.count(tries[0]) == 8
    later = tries[8:]
    assert len(later) == len(set(later)) == world.pool.failures - 1  # one at a time, and each is a failure of its own
    gaps = [after - before for before, after in pairwise(later)]
    assert gaps == sorted(gaps)
    assert not world.pool.ever_ready


@given(SEEDS, st.integers(1, 16))
@FEW
def test_workers_that_die_at_whatever_times_are_not_forked_without_end(seed: int, workers: int) -> None:
    drawn = random.Random(seed)
    world = World(
        Policy(workers, give_up=1000),
        lambda world, action: Life(math.inf, 1, dies_at=world.now + drawn.uniform(0, 0.6)),
        drawn,
    ).run(30)
    assert world.pool.failures >= len(world.forks) - workers >= 3
    assert 0.25 * 2 ** (world.pool.failures - 3) <= 30  # they do not come faster than the pauses between them allow


def test_it_gives_up_when_none_was_ever_ready_and_never_later() -> None:
    drawn = random.Random(3)
    policy = Policy(2, give_up=4)
    never = World(policy, lambda world, action: Life(world.now + 9, 1, dies_at=world.now), drawn).run(60)
    assert never.given_up
    assert never.pool.failures == 4
    once = World(
        policy, lambda world, action: Life(world.now, 1, dies_at=103 if world.now < 103 else world.now), drawn
    ).run(60)
    assert once.pool.failures > 4
    assert not once.given_up


def test_failures_are_forgotten_when_one_has_gone_on_since() -> None:
    world = a_world(Policy(3), 1).run(5)
    world.lives[1].dies_at = world.now
    world.run(1)
    assert world.pool.failures == 1
    world.run(12)
    assert world.pool.failures == 0


def test_a_worker_that_is_never_ready_is_ended_and_counts_as_a_failure() -> None:
    world = World(Policy(2, ready_within=5), lambda world, action: Life(math.inf, 1), random.Random(1)).run(5.2)
    assert [action.reason for _, action, _ in world.killed] == [Reason.NOT_READY] * 2
    assert world.pool.failures == 1


def test_one_that_hangs_is_told_first_and_ended_when_it_does_not_listen() -> None:
    world = a_world(Policy(3, patience=4), 1, cycle=1, deadline=2).run(3)
    world.lives[1].cycle = 1000
    world.run(20)
    assert [(action.number, action.reason) for _, action, _ in world.told] == [(1, Reason.HUNG)]
    assert [(action.number, action.reason) for _, action, _ in world.killed] == [(1, Reason.HUNG)]
    assert world.killed[0][0] - world.told[0][0] >= 4 - TICK
    assert world.pool.count(State.READY) == 3


@given(SEEDS, st.integers(1, 10))
@FEW
def test_a_new_bundle_goes_from_one_to_the_next(seed: int, workers: int) -> None:
    world = a_world(Policy(workers), seed).run(3)
    world.roll(2)
    world.run(16)
    assert {each.generation for each in world.pool} == {2}
    assert (world.pool.settled, world.pool.target) == (2, 2)
    assert max(world.pairs()) == 1
    assert min(world.ready()) >= workers
    assert [action.reason for _, action, _ in world.told] == [Reason.BUNDLE] * workers


@given(SEEDS, st.integers(1, 10), st.booleans())
@FEW
def test_a_new_bundle_whose_first_worker_fails_changes_nothing(seed: int, workers: int, starts: bool) -> None:
    world = a_world(Policy(workers), seed).run(3)
    before = {each.number for each in world.pool}
    good = world.live
    world.live = lambda world, action: Life(
        world.now + (0.2 if starts else 9), 5, dies_at=world.now + 1 if action.generation == 2 else math.inf
    )
    world.roll(2)
    world.run(10)
    assert {each.number for each in world.pool} == before
    assert world.told == []
    assert [action.generation for _, action, _ in world.forks].count(2) == 1
    assert (world.pool.target, world.pool.failures) == (1, 0)
    world.live = good
    world.roll(3)
    world.run(16)
    assert {each.generation for each in world.pool} == {3}


def test_while_a_bundle_is_on_trial_one_that_dies_is_replaced_by_one_with_the_old() -> None:
    world = a_world(Policy(4), 1, cycle=8).run(3)
    world.roll(2)
    world.run(1)
    assert world.pool.canary is not None
    world.lives[2].dies_at = world.now
    world.run(1)
    assert [action.generation for _, action, _ in world.forks[4:]] == [2, 1]


def test_a_bundle_that_comes_while_another_is_on_trial_takes_its_place() -> None:
    world = a_world(Policy(4), 1, cycle=8).run(3)
    world.roll(2)
    world.run(1)
    world.roll(3)
    world.run(200)
    assert {each.generation for each in world.pool} == {3}
    assert [action.generation for _, action, _ in world.forks].count(2) == 1
    assert min(world.ready()) == 4


def test_where_all_fail_a_new_bundle_is_tried_at_once() -> None:
    drawn = random.Random(3)

    def live(world: World, action: Fork) -> Life:
        good = action.generation == 2 or world.now < 101
        return Life(world.now + 0.1, 1, dies_at=math.inf if action.generation == 2 else 105 if good else world.now)

    world = World(Policy(4), live, drawn).run(60)
    assert world.pool.failures > 5
    world.roll(2)
    world.run(15)
    assert [each.generation for each in world.pool] == [2] * 4


@given(SEEDS, st.integers(1, 8))
@FEW
def test_all_finish_their_cycles_when_asked_to_end(seed: int, workers: int) -> None:
    world = a_world(Policy(workers, max_age=5), seed).run(8)
    world.pool = pools.asked_to_end(world.pool, world.now)
    forks = len(world.forks)
    world.run(10)
    assert world.finished
    assert world.killed == []
    assert len(world.forks) == forks


@pytest.mark.parametrize("forced", [True, False])
def test_those_that_do_not_finish_are_killed_after_the_grace_or_when_asked_twice(forced: bool) -> None:
    world = a_world(Policy(3, grace=5), 1, cycle=1000).run(3)
    world.pool = pools.asked_to_end(world.pool, world.now)
    if forced:
        world.run(1)
        world.pool = pools.asked_to_end(world.pool, world.now)
    asked = world.now
    world.run(100)
    assert world.finished
    assert len(world.killed) == 3
    assert (world.killed[0][0] - asked >= 4) is not forced


def test_memory_over_a_limit_makes_a_worker_due_whatever_its_age() -> None:
    world = a_world(Policy(3, max_growth=10), 1, cycle=1)
    world.run(2)
    world.lives[3].growth = 4.0
    world.run(10)
    assert [(action.number, action.reason) for _, action, _ in world.told] == [(3, Reason.GROWTH)]


def test_a_process_that_the_system_refuses_is_asked_for_again_after_a_pause() -> None:
    pool = pools.fork_failed(Pool(), 10.0)
    assert decide(pool, Policy(2), 10.1) == []
    assert decide(pool, Policy(2), 10.3) == [Fork(1)]
    for _ in range(5):
        pool = pools.fork_failed(pool, 10.0)
    assert decide(pool, Policy(2), 10.3) == [GiveUp()]


def test_what_happens_to_a_worker_that_is_gone_changes_nothing() -> None:
    pool = pools.forked(Pool(), Worker(1, 0, 1000, 1, 0.0))
    for after in (
        pools.told(pool, 2, Reason.AGE, 1.0),
        pools.killed(pool, 2, Reason.AGE, 1.0),
        pools.gone(pool, 2, 1.0, orderly=False),
    ):
        assert after == pool
