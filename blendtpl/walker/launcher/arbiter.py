"""The arbiter: the launcher's one loop, which forks, tells, kills and reaps as `decide` says.

Enters: a job, a policy, and who wants to hear of it. Leaves: an exit status, when all workers have left. It has one
thread, waits for nobody, and goes by a clock that is never set. Whatever it opens is closed in its children.
"""

import gc
import os
import selectors
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from random import SystemRandom
from time import monotonic
from typing import Any, NoReturn

from blendtpl.runtime.registry import Registry
from blendtpl.walker.launcher import children
from blendtpl.walker.launcher import pool as pools
from blendtpl.walker.launcher.answers import Answers
from blendtpl.walker.launcher.bundle_file import BundleFile
from blendtpl.walker.launcher.companions import Companion, Companions
from blendtpl.walker.launcher.decide import Action, Finish, Fork, GiveUp, Kill, Settle, Tell, decide
from blendtpl.walker.launcher.notify import Notifier
from blendtpl.walker.launcher.output import Output
from blendtpl.walker.launcher.pool import Policy, Pool, Reason, State, Worker
from blendtpl.walker.launcher.reports import Reports
from blendtpl.walker.launcher.rows import Rows, seen
from blendtpl.walker.launcher.wakeup import Wakeup
from blendtpl.walker.launcher.worker import Tie, leave_process, work
from blendtpl.walker.stop import Stop
from blendtpl.walker.walker import Walker

ENDED, GAVE_UP, FORCED = 0, 3, 4  # exit statuses

_SOON, _LATER = 0.01, 0.1  # seconds between two looks at the rows, while something is awaited and otherwise
_ORDERLY = {float(Stop.AGE), float(Stop.GROWTH), float(Stop.RSS), float(Stop.TERMINATED), float(Stop.INTERRUPTED)}


@dataclass(frozen=True, slots=True)
class Job:
    """What the workers do, and with what."""

    name: str  # of the function, as it was given
    function: Callable[[Walker], object]
    bundle: BundleFile
    make: Callable[[Registry, Any], Walker]  # a walker, of a registry and its figures
    watch: bool = True  # the file of the bundle


class Arbiter:
    """A pool of workers that does a job. `log` is given lines, `output` what workers print, if it is given."""

    def __init__(
        self,
        job: Job,
        policy: Policy,
        rows: Rows,
        *,
        log: Callable[[str], None],
        notifier: Notifier,
        output: Callable[[str], None] | None = None,
        show: Callable[[dict[str, Any]], None] | None = None,
        companions: tuple[Companion, ...] = (),
    ) -> None:
        self._job, self._policy, self._rows, self._notifier = job, policy, rows, notifier
        self._selector = selectors.DefaultSelector()
        self._answers = Answers(self._selector, monotonic)
        self._wakeup = Wakeup(self._selector)
        self._output = None if output is None else Output(self._selector, output)
        self._tie = Tie()
        self._pool = Pool()
        self._numbers = 0
        self._registries: dict[int, Registry] = {}
        self._generation = 0
        self._chance = SystemRandom()
        self._status: int | None = None
        self._companions = Companions(companions, self._begin_child, log)
        self._reports = Reports(job.name, policy, rows, notifier, log, show)

    def listen(
        self, listening: socket.socket, answer: Callable[[bytes, dict[str, Any]], bytes], *, asked: bool
    ) -> None:
        """Answer at a socket by what the pool is like."""
        self._answers.listen(listening, lambda request: answer(request, self._told()), asked=asked)

    def _told(self) -> dict[str, Any]:
        return self._reports.told(self._pool, self._registries, monotonic())

    def run(self) -> int:
        """Load the bundle, keep the pool until it ended, and return the exit status. Raises what loading raises."""
        self._load()
        self._pool = replace(self._pool, settled=1, target=1)
        self._wakeup.install()
        try:
            self._companions.start()
            while self._status is None:
                self._turn(monotonic())
            return self._status
        finally:
            self._end_all()
            self._wakeup.restore()

    def close(self) -> None:
        """Close what it has open. Called once, whether or not it ever ran."""
        self._answers.close()
        self._wakeup.close()
        self._selector.close()
        if self._output is not None:
            self._output.read()
            self._output.close()
        self._notifier.close()
        self._tie.close()

    def _turn(self, now: float) -> None:
        self._obey(now)
        self._reap(now)
        figures = {worker.number: seen(self._rows.stats(worker.row)) for worker in self._pool}
        before = self._pool
        self._pool = pools.observe(before, self._policy, figures, now)
        self._reports.compare(before, self._pool, now)
        while self._status is None and (actions := decide(self._pool, self._policy, now)):
            for action in actions:
                self._do(action, now)
        self._reports.look(self._pool, now)
        if self._job.watch and self._pool.ending > now and self._job.bundle.changed(now):
            self._roll(now, forced=False)
        self._let_go()
        self._answers.forget()
        self._companions.keep(now)
        self._reports.tick(self._pool, self._registries, now)
        if self._status is None:
            self._wait()

    def _wait(self) -> None:
        awaited = any(worker.state is State.STARTING for worker in self._pool) or self._pool.on_trial
        for key, _ in self._selector.select(_SOON if awaited else _LATER):
            key.data()

    def _obey(self, now: float) -> None:
        """Do what signals ask for."""
        asked = self._wakeup.take(signal.SIGTERM) + self._wakeup.take(signal.SIGINT)
        reload = self._wakeup.take(signal.SIGHUP)
        if reload and self._reports.terminal_is_gone():
            asked += 1
        for _ in range(min(asked, 2)):
            self._pool = pools.asked_to_end(self._pool, now)
        if asked:
            self._reports.ending(self._pool)
        elif reload and self._pool.ending > now:
            self._roll(now, forced=True)

    def _do(self, action: Action, now: float) -> None:
        match action:
            case Fork():
                self._fork(action, now)
            case Tell(number, reason):
                worker = self._worker(number)
                self._pool = pools.told(self._pool, number, reason, now)
                if reason is Reason.HUNG:
                    self._reports.hung(worker, now)
                    children.send(worker.pid, signal.SIGUSR1)  # it prints where
                children.send(worker.pid, signal.SIGTERM)
            case Kill(number, reason):
                worker = self._worker(number)
                self._pool = pools.killed(self._pool, number, reason, now)
                self._reports.killed(worker, reason, now)
                children.send(worker.pid, signal.SIGKILL)
            case Settle():
                self._pool = pools.settled(self._pool)
                self._reports.settled(self._registries[self._pool.settled])
            case GiveUp():
                self._reports.gave_up(self._pool)
                self._pool = pools.asked_to_end(self._pool, now)
                self._status = GAVE_UP
            case Finish():
                self._status = FORCED if self._reports.forced else ENDED

    def _worker(self, number: int) -> Worker:
        worker = self._pool.get(number)
        if worker is None:  # `decide` names those that it is given
            raise LookupError(number)
        return worker

    def _fork(self, action: Fork, now: float) -> None:
        taken = {worker.row for worker in self._pool}
        row = next(row for row in range(self._policy.rows) if row not in taken)
        self._rows.stats(row).reset()
        if old := self._pool.get(action.replaces):
            self._reports.replacing(old, self._pool, now)
        registry = self._registries[action.generation]
        number = self._numbers + 1

        def child() -> NoReturn:
            self._begin_child()
            leave_process(
                work(
                    self._job.function,
                    lambda: self._job.make(self._rows.registry(registry, row), self._rows.stats(row)),
                )
            )

        try:
            pid = children.fork(child)
        except OSError as error:
            self._pool = pools.fork_failed(self._pool, now)
            self._reports.fork_failed(error, self._pool, now)
            return
        self._numbers = number
        drawn = self._chance.random()
        lifetime = pools.lifetime(self._policy, number, action.replaces, drawn)
        worker = Worker(number, row, pid, action.generation, now, lifetime, action.replaces)
        self._pool = pools.forked(self._pool, worker)

    def _begin_child(self) -> None:
        """Let go, in a child, of all that is the launcher's."""
        self._tie.hold()
        signal.set_wakeup_fd(-1)
        self._wakeup.close()
        self._answers.close()
        self._notifier.close()
        self._selector.close()
        if self._output is not None:
            self._output.take_over()

    def _reap(self, now: float) -> None:
        if not self._wakeup.take(signal.SIGCHLD):
            return
        numbers = {worker.pid: worker.number for worker in self._pool}
        for pid, status in children.reap(numbers):
            worker = self._worker(numbers[pid])
            stats = self._rows.stats(worker.row)
            self._pool = pools.observe(self._pool, self._policy, {worker.number: seen(stats)}, now)
            orderly = stats.stop in _ORDERLY and status in (0, int(stats.stop), 130)
            reason = self._reports.reason(self._worker(worker.number), stats, orderly=orderly)
            before = self._pool
            self._pool = pools.gone(before, worker.number, now, orderly=orderly)
            self._reports.gone(before, self._pool, worker.number, reason, status, now)
            self._rows.rotated(worker.row, reason.value)
        self._companions.reap(now)
        if os.getpid() == 1:
            children.reap_strangers([*(worker.pid for worker in self._pool), *self._companions.pids()])

    def _load(self) -> None:
        """Load the bundle for another generation, into memory that children share as long as nobody writes there."""
        registry = self._job.bundle.load()
        self._generation += 1
        self._registries[self._generation] = registry
        self._rows.add(registry)
        gc.collect()
        gc.freeze()

    def _roll(self, now: float, *, forced: bool) -> None:
        """Load the bundle anew and go over to it; one that is as the last was is no news, unless somebody asked."""
        self._notifier.reloading(now)
        try:
            self._load()
        except Exception as error:  # a bundle, an environment or a filter of the application: whatever it raises
            self._reports.unreadable(error)
        else:
            same = {registry.digest for number, registry in self._registries.items() if number != self._generation}
            if self._registries[self._generation].digest in same and not forced:
                del self._registries[self._generation]
            else:
                self._pool = pools.rolled(self._pool, self._generation, now)
                self._reports.rolling(self._registries[self._generation])
        self._reports.reloaded()

    def _let_go(self) -> None:
        """Let go of the bundles that no worker has any more, nor will have."""
        kept = {self._pool.settled, self._pool.target, *(worker.generation for worker in self._pool)}
        if gone := self._registries.keys() - kept:
            for generation in gone:
                del self._registries[generation]
            gc.unfreeze()
            gc.collect()
            gc.freeze()

    def _end_all(self) -> None:
        """End whatever child is left: none, unless this loop itself was ended by an error, or gave up."""
        for worker in self._pool:
            children.send(worker.pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(worker.pid, 0)
        self._companions.end()
