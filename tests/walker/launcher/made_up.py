"""Made-up histories of a pool: workers that start, go round, hang and die when a random number says so, and a launcher
that does what `decide` says. Each history is a function of its seed; nothing forks, and time is a number.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from blendtpl.walker.launcher import pool as pools
from blendtpl.walker.launcher.decide import Finish, Fork, GiveUp, Kill, Settle, Tell, decide
from blendtpl.walker.launcher.pool import Policy, Pool, Reason, Seen, State, Worker

TICK = 0.1


@dataclass
class Life:
    """How one made-up worker goes on."""

    ready_at: float
    cycle: float  # how long each of its cycles takes
    dies_at: float = math.inf
    told: bool = False
    killed: bool = False
    growth: float = 0.0

    def seen(self, worker: Worker, now: float, deadline: float) -> Seen:
        ready = now >= self.ready_at
        cycles = int((now - self.ready_at) / self.cycle) if ready else 0
        began = self.ready_at + cycles * self.cycle
        return Seen(ready, cycles, ready, began + deadline, self.growth * cycles)


@dataclass(repr=False)
class World:
    """A pool and its policy, at a time, and all that happened."""

    policy: Policy
    live: Callable[["World", Fork], Life]
    random: random.Random
    deadline: float = math.inf
    pool: Pool = field(default_factory=Pool)
    now: float = 100.0
    lives: dict[int, Life] = field(default_factory=dict)
    numbers: int = 0
    forks: list[tuple[float, Fork, Worker]] = field(default_factory=list)
    told: list[tuple[float, Tell, Pool]] = field(default_factory=list)
    killed: list[tuple[float, Kill, Worker]] = field(default_factory=list)
    pools: list[tuple[float, Pool]] = field(default_factory=list)
    deaths: list[float] = field(default_factory=list)
    given_up: bool = False
    finished: bool = False

    def run(self, seconds: float) -> "World":
        """Go on for that long."""
        end = self.now + seconds
        while self.now < end and not self.finished and not self.given_up:
            self.now += TICK
            self.step()
        return self

    def step(self) -> None:
        seen = {each.number: self.lives[each.number].seen(each, self.now, self.deadline) for each in self.pool}
        self.pool = pools.observe(self.pool, self.policy, seen, self.now)
        for worker in self.pool:
            self._end(worker)
        for _ in range(200):
            actions = decide(self.pool, self.policy, self.now)
            if not actions:
                break
            for action in actions:
                self._do(action)
            if self.finished or self.given_up:
                break
        else:
            raise AssertionError(f"it never comes to an end: {actions}")
        self.pools.append((self.now, self.pool))

    def _end(self, worker: Worker) -> None:
        life = self.lives[worker.number]
        finished = life.told and (
            not worker.seen.busy or worker.seen.cycles > self._cycles_when_told.get(worker.number, -1)
        )
        if life.killed or self.now >= life.dies_at or finished:
            if not worker.told <= self.now:
                self.deaths.append(self.now)
            self.pool = pools.gone(self.pool, worker.number, self.now, orderly=finished)

    _cycles_when_told: dict[int, int] = field(default_factory=dict)

    def _do(self, action: object) -> None:
        match action:
            case Fork():
                self._fork(action)
            case Tell(number, reason):
                self.told.append((self.now, action, self.pool))
                worker = self.worker(number)
                self.lives[number].told = True
                self._cycles_when_told[number] = worker.seen.cycles
                self.pool = pools.told(self.pool, number, reason, self.now)
            case Kill(number, reason):
                self.killed.append((self.now, action, self.worker(number)))
                self.lives[number].killed = True
                self.pool = pools.killed(self.pool, number, reason, self.now)
            case Settle():
                self.pool = pools.settled(self.pool)
            case GiveUp():
                self.given_up = True
                self.pool = pools.asked_to_end(self.pool, self.now)
            case Finish():
                self.finished = True
            case _:
                raise AssertionError(action)

    def _fork(self, action: Fork) -> None:
        self.numbers += 1
        lifetime = pools.lifetime(self.policy, self.numbers, action.replaces, self.random.random())
        rows = {each.row for each in self.pool}
        row = next(row for row in range(self.policy.rows) if row not in rows)
        worker = Worker(self.numbers, row, 1000, action.generation, self.now, lifetime, action.replaces)
        self.lives[self.numbers] = self.live(self, action)
        self.pool = pools.forked(self.pool, worker)
        self.forks.append((self.now, action, worker))

    def worker(self, number: int) -> Worker:
        found = self.pool.get(number)
        assert found is not None
        return found

    def roll(self, generation: int) -> None:
        """Say that there is another bundle."""
        self.pool = pools.rolled(self.pool, generation, self.now)

    def ready(self) -> list[int]:
        """Return how many were ready, tick after tick, since all were for the first time."""
        counts = [pool.count(State.READY) for _, pool in self.pools]
        return counts[next(at for at, count in enumerate(counts) if count >= self.policy.workers) :]

    def pairs(self) -> list[int]:
        """Return how many were being replaced, tick after tick."""
        return [len({each.replaces for each in pool} & {each.number for each in pool}) for _, pool in self.pools]


__all__ = ["TICK", "Life", "Policy", "Reason", "World", "replace"]
