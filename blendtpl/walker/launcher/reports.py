"""Reports: what is said of a pool while it runs, as lines, to the service manager, and to a table.

Enters: the pool before and after something happened. Leaves: lines that a person reads in a log years later, so each
says which worker, why, and what comes next.
"""

import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from blendtpl.printable import one_line
from blendtpl.runtime.registry import Registry
from blendtpl.walker.launcher import children
from blendtpl.walker.launcher.notify import Notifier
from blendtpl.walker.launcher.pool import Policy, Pool, Reason, State, Worker
from blendtpl.walker.launcher.rows import Rows
from blendtpl.walker.launcher.status import Rates, summary, walkers
from blendtpl.walker.stats import Stats
from blendtpl.walker.stop import Stop

_EVERY = 1.0  # seconds between two looks of a table, or words to the service manager
_OF_STOP = {float(Stop.AGE): Reason.AGE, float(Stop.GROWTH): Reason.GROWTH, float(Stop.RSS): Reason.RSS}


class Reports:
    """Whoever is told of a pool. `forced` says whether one was killed that had been asked to end."""

    def __init__(
        self,
        name: str,
        policy: Policy,
        rows: Rows,
        notifier: Notifier,
        log: Callable[[str], None],
        show: Callable[[dict[str, Any]], None] | None,
    ) -> None:
        self._name, self._policy, self._rows = name, policy, rows
        self._notifier, self._log, self._show = notifier, log, show
        self._rates, self._rotations = Rates(), Counter[str]()
        self._least_ready = policy.workers
        self._most_replaced = 0
        self._next = 0.0
        self._complete = False
        self._terminal = sys.stderr.fileno() if sys.stderr is not None and sys.stderr.isatty() else None
        self.forced = False

    def told(self, pool: Pool, registries: Mapping[int, Registry], now: float) -> dict[str, Any]:
        """Return what is known of the pool and of each worker; how fast they are, as of a second ago."""
        return {
            "function": self._name,
            "pid": os.getpid(),
            "digest": registries[pool.settled].digest,
            **summary(pool, self._policy, now),
            "least_ready": self._least_ready if self._complete else 0,
            "most_replaced": self._most_replaced,
            "rotations": dict(self._rotations),
            "walkers": walkers(pool, self._rows.stats, self._rates, now),
        }

    def tick(self, pool: Pool, registries: Mapping[int, Registry], now: float) -> None:
        """Tell what there is to tell now and then."""
        self._notifier.alive(now)
        if now < self._next:
            return
        self._next = now + _EVERY
        stats = {worker.number: self._rows.stats(worker.row) for worker in pool}
        self._rates.look({number: (each.renders, each.mails) for number, each in stats.items()}, now)
        found = self.told(pool, registries, now)
        self._notifier.alive(now, f"{found['ready']} of {found['workers']} walkers ready, {found['state']}")
        if self._show is not None:
            self._show(found)

    def compare(self, before: Pool, after: Pool, now: float) -> None:
        """Tell of those that became ready."""
        if before is after:
            return
        states = {worker.number: worker.state for worker in before}
        for worker in after:
            if worker.state is State.READY and states.get(worker.number) is State.STARTING:
                place = f", for walker {worker.replaces}" if after.get(worker.replaces) else ""
                self._log(f"{_name(worker)} is ready after {_seconds(now - worker.forked)}{place}")
        if not self._complete and after.count(State.READY) >= self._policy.workers:
            self._complete = True
            self._log(f"all {self._policy.workers} walkers are ready")
            self._notifier.send("READY=1", f"MAINPID={os.getpid()}")

    def look(self, pool: Pool, now: float) -> None:
        """Keep in mind how few there were, and how many were being replaced at a time."""
        if self._complete and pool.ending > now:
            self._least_ready = min(self._least_ready, pool.count(State.READY))
            numbers = {worker.number for worker in pool}
            self._most_replaced = max(self._most_replaced, len(numbers & {worker.replaces for worker in pool}))

    def reason(self, worker: Worker, stats: Stats, *, orderly: bool) -> Reason:
        """Return why a worker is gone."""
        if worker.state is State.LEAVING:
            return worker.reason
        if stats.stop == float(Stop.DONE):
            return Reason.RETURNED
        return _OF_STOP.get(stats.stop, Reason.ENDED) if orderly else Reason.DIED

    def gone(self, before: Pool, after: Pool, number: int, reason: Reason, status: int, now: float) -> None:
        """Tell of one that is gone."""
        worker = before.get(number)
        if worker is None:
            return
        self._rotations[reason.value] += 1
        how = f" ({children.shown(status)})" if reason in (Reason.DIED, Reason.HUNG, Reason.NOT_READY) else ""
        lived = f"after {_seconds(now - worker.forked)} and {_counted(worker.seen.cycles, 'cycle')}"
        self._log(f"{_name(worker)} is gone: {reason.value}{how}, {lived}{_pause(worker, before, after, now)}")
        if before.target != after.target:
            self._log(
                f"error: the new bundle is not taken: the first walker that had it is gone: {reason.value}{how};"
                f" all go on with the one before until there is another, or SIGHUP asks for it"
            )

    def replacing(self, worker: Worker, pool: Pool, now: float) -> None:
        """Tell of one that is replaced while another is."""
        numbers, taken = {each.number for each in pool}, {each.replaces for each in pool}
        if numbers & taken:
            waiting = [each for each in pool if each.state is State.READY and each.number not in taken]
            first = min(waiting, key=lambda each: each.due(pool)[0])
            waited = _seconds(now - first.due(pool)[0])
            self._log(f"walker {first.number} has been due for {waited}: {_name(worker)} is replaced beside another")

    def fork_failed(self, error: OSError, pool: Pool, now: float) -> None:
        """Tell that there is no process for another worker."""
        pause = _seconds(pool.not_before - now)
        self._log(f"error: no process can be made: {(error.strerror or '').lower()}; next try in {pause}")

    def hung(self, worker: Worker, now: float) -> None:
        """Tell that one is late."""
        late = _seconds(now - worker.seen.deadline)
        self._log(f"{_name(worker)} is {late} past the deadline of its cycle; it was told to leave")

    def killed(self, worker: Worker, reason: Reason, now: float) -> None:
        """Tell that one is ended."""
        if reason is Reason.ENDED:
            self.forced = True
        why = {
            Reason.NOT_READY: f"it had {_seconds(self._policy.ready_within)} to begin its first cycle",
            Reason.ENDED: "it has not finished its cycle in the time that there was",
        }
        self._log(f"{_name(worker)} is killed: {why.get(reason, 'it was told to leave and did not')}")

    def ending(self, pool: Pool) -> None:
        """Tell that all are to leave."""
        self._notifier.send("STOPPING=1")
        if pool.forced:
            self._log("asked to end at once: all walkers are killed")
        else:
            self._log(f"asked to end: {_counted(len(pool.workers), 'walker')} finish their cycles")

    def gave_up(self, pool: Pool) -> None:
        """Tell that there is no hope."""
        self._log(f"error: no walker was ever ready, and {pool.failures} tries failed; given up")

    def reloaded(self) -> None:
        """Tell the service manager that what could be loaded is."""
        if self._complete:
            self._notifier.send("READY=1")

    def rolling(self, registry: Registry) -> None:
        """Tell of another bundle."""
        self._log(f"another bundle, sha256 {registry.digest[:12]}: one walker tries it")

    def settled(self, registry: Registry) -> None:
        """Tell that the first worker with another bundle has gone round."""
        self._log(f"the bundle, sha256 {registry.digest[:12]}, works: all go over to it, one by one")

    def unreadable(self, error: Exception) -> None:
        """Tell that what there is of a bundle cannot be loaded."""
        said = one_line(f"{error}" if str(error) else type(error).__name__)
        self._log(f"error: the new bundle is not taken: {said}; all go on with the one before")

    def terminal_is_gone(self) -> bool:
        """Return whether there was a terminal that nobody sits at any more."""
        if self._terminal is None:
            return False
        try:
            os.tcgetpgrp(self._terminal)
        except OSError:
            return True
        return False


def _name(worker: Worker) -> str:
    return f"walker {worker.number} (pid {worker.pid})"


def _pause(worker: Worker, before: Pool, after: Pool, now: float) -> str:
    if after.failures == before.failures or (worker.state is State.LEAVING and after.not_before <= now):
        return ""  # another was begun when it was told
    if after.not_before <= now:
        return "; another is begun at once"
    return f"; failure {after.failures} in a row, the next try is in {_seconds(after.not_before - now)}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _seconds(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
