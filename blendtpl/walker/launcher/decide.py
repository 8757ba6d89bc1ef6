"""What to do next: the whole mind of the launcher, without a process, a row or a clock.

Enters: a pool, its policy, and the time. Leaves: what has to be done now, in order. The rules, as the tests have them:

1. There are as many workers as were asked for: who is missing is forked, after failures with a pause that doubles, and
   then one alone until it is ready.
2. Who is due is replaced, the oldest first, and one at a time; its replacement is ready before it is told to leave.
   More at a time only when one has been due for so long that one at a time is too slow, and never more than a quarter.
3. Nobody is ended in the middle of a cycle, but for one that is past its deadline: it is told, and then ended.
4. The first worker with a new bundle is on trial until it has finished a cycle. Till then all others, and the one whose
   place it is to take, stay as they are.
"""

import math
from dataclasses import dataclass

from blendtpl.walker.launcher.pool import Policy, Pool, Reason, State, Worker


@dataclass(frozen=True, slots=True)
class Fork:
    """A worker is needed, with the bundle of that generation; in the place of another, or of nobody."""

    generation: int
    replaces: int = 0


@dataclass(frozen=True, slots=True)
class Tell:
    """A worker is to leave after its cycle."""

    number: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Kill:
    """A worker is to be ended."""

    number: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Settle:
    """The bundle on trial works."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No worker was ever ready, and there is no hope."""


@dataclass(frozen=True, slots=True)
class Finish:
    """All are gone, as was asked."""


Action = Fork | Tell | Kill | Settle | GiveUp | Finish


def decide(pool: Pool, policy: Policy, now: float) -> list[Action]:
    """Return what is to be done."""
    if pool.ending <= now:
        return _end(pool, policy, now)
    if pool.failures >= policy.give_up and not pool.ever_ready:
        return [GiveUp()]
    canary = pool.canary
    if canary is not None and canary.proven and canary.state is State.READY:
        return [Settle()]
    found = [*_late(pool, policy, now), *_relieved(pool)]
    if found or now < pool.not_before:  # what these make of the pool comes first
        return found
    return _missing(pool, policy) or _rotate(pool, policy, now)


def _end(pool: Pool, policy: Policy, now: float) -> list[Action]:
    if not pool.workers:
        return [Finish()]
    if pool.forced or now - pool.ending >= policy.grace:
        return [Kill(worker.number, Reason.ENDED) for worker in pool if not worker.killed]
    return [Tell(worker.number, Reason.ENDED) for worker in pool if worker.told > now]


def _late(pool: Pool, policy: Policy, now: float) -> list[Action]:
    """Return what is to be done about those that do not come to an end."""
    found: list[Action] = []
    for worker in pool:
        if worker.killed:
            continue
        overdue = worker.seen.busy and now > worker.seen.deadline
        if worker.state is State.STARTING:
            if now - worker.forked >= policy.ready_within:
                found.append(Kill(worker.number, Reason.NOT_READY))
        elif worker.state is State.READY:
            if overdue:
                found.append(Tell(worker.number, Reason.HUNG))
        else:
            # it was told; a cycle that has no deadline may take as long as it takes
            since = max(worker.told, worker.seen.deadline) if overdue else worker.told
            if now - since >= (policy.patience if overdue else math.inf if worker.seen.busy else policy.grace):
                found.append(Kill(worker.number, Reason.HUNG))
    return found


def _relieved(pool: Pool) -> list[Action]:
    """Return the orders to those whose replacement is ready, and to one that tries a bundle which is not the last."""
    found: list[Action] = []
    for worker in pool:
        if worker.state is not State.READY:
            continue
        old = pool.get(worker.replaces)
        if pool.settled < worker.generation != pool.target:
            found.append(Tell(worker.number, Reason.BUNDLE))
        elif old is not None and old.state is State.READY and worker is not pool.canary:
            found.append(Tell(old.number, old.due(pool)[1]))
    return found


def _missing(pool: Pool, policy: Policy) -> list[Action]:
    """Return the forks for places that nobody holds."""
    staying = {worker.number for worker in pool if worker.state is not State.LEAVING}
    held = sum(worker.replaces not in staying for worker in pool if worker.number in staying)
    missing = min(policy.workers - held, policy.rows - len(pool.workers))
    if missing <= 0:
        return []
    if pool.failures:
        canary = pool.canary
        if pool.on_trial and pool.failures > 1 and (canary is None or not canary.replaces):
            return [] if canary else [Fork(pool.target)]  # what they have may be why they fail
        since = [worker for worker in pool if worker.number > pool.newest_failed]
        if not any(worker.state is State.READY for worker in since):
            missing = 1 - sum(worker.state is State.STARTING for worker in since)
    return [Fork(pool.settled)] * missing


def _rotate(pool: Pool, policy: Policy, now: float) -> list[Action]:
    """Return the fork that begins to replace the oldest that is due, if it is time for one."""
    replacing = {worker.replaces for worker in pool}
    under_way = sum(worker.number in replacing for worker in pool)
    candidates = [worker for worker in pool if _may_go(worker, pool, now) and worker.number not in replacing]
    if not candidates or pool.count(State.READY) < policy.workers or len(pool.workers) >= policy.rows:
        return []
    if pool.canary is not None:
        return []
    if under_way >= 1 + (0 if pool.on_trial else _need(candidates, policy, now)):
        return []
    oldest = min(candidates, key=lambda worker: (worker.forked, worker.number))
    return [Fork(pool.target, oldest.number)]


def _may_go(worker: Worker, pool: Pool, now: float) -> bool:
    return worker.state is State.READY and worker.due(pool)[0] <= now


def _need(candidates: list[Worker], policy: Policy, now: float) -> int:
    """Return how many more have to be replaced at once than one, as those that are due have waited for so long.

    A new bundle is no such reason: it goes from one to the next, however long that takes.
    """
    since = min(min(worker.forked + worker.lifetime, worker.over) for worker in candidates)
    return max(0, min(int((now - since) / policy.late), policy.workers // 4 - 1)) if since <= now else 0
