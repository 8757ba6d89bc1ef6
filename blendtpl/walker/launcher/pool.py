"""The pool: what is known of the workers at one moment, and what each thing that happens makes of it.

Enters: a pool, what happened, and when. Leaves: the pool after it. Nothing here knows processes, rows or clocks, so
that any history can be made up and looked at; `decide.py` says what is to be done next.

Times are seconds of a clock that never goes back. A worker is known by its number, which no other ever has: a process's
own may come back.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

BACK_OFF = 0.25  # seconds until the next try after the second failure, doubled with each one more
LONGEST_BACK_OFF = 30.0


class State(StrEnum):
    """What a worker is doing. One that is gone is in no pool."""

    STARTING = "starting"
    READY = "ready"
    LEAVING = "leaving"  # it was told to, and finishes its cycle


class Reason(StrEnum):
    """Why a worker leaves."""

    AGE = "max age"
    GROWTH = "max growth"
    RSS = "max rss"
    BUNDLE = "new bundle"
    HUNG = "hung"
    NOT_READY = "never ready"
    ENDED = "asked to end"
    DIED = "died"
    RETURNED = "returned"  # by itself, and in order


@dataclass(frozen=True, slots=True)
class Policy:
    """How a pool is to be kept. Sizes are bytes, times seconds; `math.inf` where there is no limit."""

    workers: int
    max_age: float = math.inf
    max_growth: float = math.inf
    max_rss: float = math.inf
    jitter: float = 0.1  # the part of `max_age` by which some leave earlier
    ready_within: float = 60.0  # from the fork to the first cycle
    patience: float = 10.0  # for one that was told that it is late, or has nothing left to finish
    grace: float = 60.0  # for all, when the pool ends
    trial: float = 30.0  # after which the first worker with a new bundle is good, if its first cycle takes longer
    give_up: int = 5  # failures, before the first worker was ever ready

    @property
    def steady(self) -> float:
        """How long a worker must have gone on for failures before it to be forgotten."""
        return min(10.0, self.max_age / 2)

    @property
    def late(self) -> float:
        """How long one that is due may wait until others are replaced beside it."""
        return max(5.0, min(self.max_age, 240.0) / 4)

    @property
    def rows(self) -> int:
        """How many workers there can be at once: all of them told, and as many in their place, and one more."""
        return 2 * self.workers + 1


@dataclass(frozen=True, slots=True)
class Seen:
    """What the row of a worker said."""

    ready: bool = False
    cycles: int = 0
    busy: bool = False  # in the middle of a cycle
    deadline: float = math.inf  # of that cycle
    growth: float = 0.0
    rss: float = 0.0


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker, from its fork until it is gone."""

    number: int
    row: int
    pid: int
    generation: int  # of the bundle that it has
    forked: float
    lifetime: float = math.inf  # seconds, after which it is due
    replaces: int = 0  # the number of the one in whose place it comes; 0: of one that is gone, or of nobody
    state: State = State.STARTING
    ready: float = math.inf  # when it was seen to be
    proven: bool = False  # a cycle of it went well
    over: float = math.inf  # since when it has been over a limit of memory
    over_reason: Reason = Reason.GROWTH
    told: float = math.inf  # when it was told to leave
    reason: Reason = Reason.DIED  # why it leaves
    killed: bool = False
    seen: Seen = Seen()

    def due(self, pool: "Pool") -> tuple[float, Reason]:
        """Return since when it is to be replaced, which may be in the future, and why."""
        bundle = pool.rolled if self.generation != pool.target else math.inf
        reasons = ((self.forked + self.lifetime, Reason.AGE), (self.over, self.over_reason), (bundle, Reason.BUNDLE))
        return min(reasons, key=lambda each: each[0])


@dataclass(frozen=True, slots=True)
class Pool:
    """All workers that are not gone, in the order of their forks, and what of the past still counts."""

    workers: tuple[Worker, ...] = ()
    settled: int = 1  # the generation of the bundle that is known to work
    target: int = 1  # the one that workers are rolled onto: another than `settled` while it is on trial
    rolled: float = math.inf  # when that began
    ever_ready: bool = False
    failures: int = 0  # one after the other, without one worker between them that went on
    newest_failed: int = 0  # the number of the newest worker that there was at the last failure
    not_before: float = -math.inf  # when the next worker may be forked
    ending: float = math.inf  # when it was asked to end
    forced: bool = False  # now

    def __iter__(self) -> Iterator[Worker]:
        return iter(self.workers)

    def get(self, number: int) -> Worker | None:
        """Return the worker of that number, unless it is gone."""
        return next((worker for worker in self.workers if worker.number == number), None)

    def count(self, state: State) -> int:
        """Return how many workers are in that state."""
        return sum(worker.state is state for worker in self.workers)

    @property
    def on_trial(self) -> bool:
        """Whether there is a bundle of which it is not known yet that it works."""
        return self.target != self.settled

    @property
    def canary(self) -> Worker | None:
        """The worker that tries a bundle."""
        if not self.on_trial:
            return None
        return next((worker for worker in self.workers if worker.generation == self.target), None)

    def with_worker(self, changed: Worker) -> "Pool":
        """Return the pool in which that worker stands in the place of the one of its number."""
        workers = tuple(changed if worker.number == changed.number else worker for worker in self.workers)
        return replace(self, workers=workers)


def back_off(failures: int) -> float:
    """Return the seconds until the next try after so many failures, one after the other."""
    return 0.0 if failures < 2 else min(LONGEST_BACK_OFF, BACK_OFF * 2.0 ** min(failures - 2, 32))


def lifetime(policy: Policy, number: int, replaces: int, drawn: float) -> float:
    """Return the seconds after which a worker is due; `drawn` is a random number from 0 to 1.

    Those that start together are to leave one after the other, so what begins in nobody's place gets a part of the age,
    by its number. What takes the place of another follows it at its distance.
    """
    if replaces:
        return policy.max_age * (1 - policy.jitter * drawn)
    return policy.max_age * ((number - 1) % policy.workers + 1) / policy.workers


def forked(pool: Pool, worker: Worker) -> Pool:
    """Return the pool with one worker more."""
    return replace(pool, workers=(*pool.workers, worker))


def fork_failed(pool: Pool, now: float) -> Pool:
    """Return the pool after the system refused a process."""
    failures = pool.failures + 1
    return replace(pool, failures=failures, not_before=now + max(BACK_OFF, back_off(failures)))


def observe(pool: Pool, policy: Policy, seen: Mapping[int, Seen], now: float) -> Pool:
    """Return the pool after the rows were read; `seen` has what they said, by the number of a worker."""
    workers = tuple(
        _observed(worker, policy, seen[worker.number], now) if worker.number in seen else worker for worker in pool
    )
    pool = replace(pool, workers=workers, ever_ready=pool.ever_ready or any(each.ready <= now for each in workers))
    if pool.failures and any(
        each.state is State.READY and each.number > pool.newest_failed and now - each.ready >= policy.steady
        for each in workers
    ):
        return replace(pool, failures=0)
    return pool


def _observed(worker: Worker, policy: Policy, seen: Seen, now: float) -> Worker:
    if worker.seen != seen:
        worker = replace(worker, seen=seen)
    if worker.state is State.STARTING and seen.ready:
        worker = replace(worker, state=State.READY, ready=now)
    if not worker.proven and (seen.cycles > 0 or now - worker.ready >= policy.trial):
        worker = replace(worker, proven=True)
    if worker.over == math.inf:
        for value, limit, reason in (
            (seen.growth, policy.max_growth, Reason.GROWTH),
            (seen.rss, policy.max_rss, Reason.RSS),
        ):
            if value > limit:
                return replace(worker, over=now, over_reason=reason)
    return worker


def told(pool: Pool, number: int, reason: Reason, now: float) -> Pool:
    """Return the pool after that worker was told to leave."""
    worker = pool.get(number)
    if worker is None or worker.told <= now:
        return pool
    return pool.with_worker(replace(worker, state=State.LEAVING, told=now, reason=reason))


def killed(pool: Pool, number: int, reason: Reason, now: float) -> Pool:
    """Return the pool after that worker was killed, which it is not gone by."""
    worker = pool.get(number)
    if worker is None:
        return pool
    return pool.with_worker(
        replace(worker, state=State.LEAVING, told=min(worker.told, now), reason=reason, killed=True)
    )


def gone(pool: Pool, number: int, now: float, *, orderly: bool) -> Pool:
    """Return the pool without that worker. `orderly`: it finished its cycle, and had a reason to leave."""
    worker = pool.get(number)
    if worker is None:
        return pool
    tried = pool.canary is not None and pool.canary.number == number and not worker.proven
    newest = max(each.number for each in pool)
    pool = replace(pool, workers=tuple(each for each in pool if each.number != number))
    if tried:  # the bundle is no good; what it was to take the place of goes on
        pool = replace(pool, target=pool.settled, rolled=now)
    asked = worker.told <= now and worker.reason not in (Reason.HUNG, Reason.NOT_READY)
    if asked or orderly or (tried and worker.replaces):
        return pool
    if number <= pool.newest_failed:  # it was there at the last failure: of the same cause, perhaps, and no further one
        return pool
    failures = pool.failures + 1
    return replace(pool, failures=failures, newest_failed=newest, not_before=now + back_off(failures))


def rolled(pool: Pool, generation: int, now: float) -> Pool:
    """Return the pool that is to go over to another bundle. What failed so far failed with the one before."""
    return replace(pool, target=generation, rolled=now, not_before=min(pool.not_before, now))


def settled(pool: Pool) -> Pool:
    """Return the pool in which the bundle on trial is found to work."""
    return replace(pool, settled=pool.target, failures=0, not_before=-math.inf)


def asked_to_end(pool: Pool, now: float) -> Pool:
    """Return the pool that was asked to end; the second time, at once."""
    return replace(pool, ending=min(pool.ending, now), forced=pool.ending <= now)
