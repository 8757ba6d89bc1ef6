"""Celery's prefork pool, whose processes leave when they have grown, not when they are large.

Enters: the registry of an app, which is loaded and frozen here, just before the first process forks. Leaves: processes
that end behind a task at which their memory, since they forked, has grown by more than ``worker_max_memory_per_child``.

Celery compares that limit with the whole size of a process. One that forks from a large parent has that size from the
start, so that each leaves after its first task; here the limit is on top of what a process began with. Celery asks for
the most memory that a process ever had (``ru_maxrss``), and so does this: a process that needed much for once leaves.
"""

import gc
from typing import Any

from billiard.compat import mem_rss
from billiard.pool import Pool as BilliardPool
from billiard.pool import Worker as BilliardWorker
from celery.concurrency.asynpool import AsynPool
from celery.concurrency.asynpool import Worker as AsynWorker
from celery.concurrency.prefork import TaskPool as PreforkPool


class _Growth:
    """A worker process whose limit of memory is what it may grow by."""

    max_memory_per_child: int | None

    def workloop(self, *arguments: Any, **options: Any) -> Any:
        """Set the limit, as the process has just forked, and go on as Celery does."""
        if self.max_memory_per_child:
            self.max_memory_per_child += mem_rss()
        return super().workloop(*arguments, **options)  # type: ignore[misc]


class _AsynWorker(_Growth, AsynWorker):  # type: ignore[misc]  # Celery has no types
    """One whose parent runs an event loop: with Redis, say."""


class _BlockingWorker(_Growth, BilliardWorker):  # type: ignore[misc]
    """One whose parent waits in threads: with the file system as a broker."""


class _AsynPool(AsynPool):  # type: ignore[misc]
    Worker = _AsynWorker


class _BlockingPool(BilliardPool):  # type: ignore[misc]
    Worker = _BlockingWorker


class TaskPool(PreforkPool):  # type: ignore[misc]
    """Prefork, with ``worker_max_memory_per_child`` (KiB) as the growth of a process since it forked."""

    Pool = _AsynPool
    BlockingPool = _BlockingPool

    def on_start(self) -> None:
        """Put what there is out of the collector's reach, so that its passes write to none of it; then fork."""
        gc.collect()
        gc.freeze()
        super().on_start()
