"""Celery: the registry is loaded once, in the parent of a worker's processes, and each task is a cycle.

Enters: an app of Celery and a bundle. Leaves: `blend.registry` and, in a task, `blend.cycle`, whose cache is empty
when the task is over, however it ends. All of it hangs on signals of Celery's, so that a task is written as ever: a
function under ``@app.task`` or ``@shared_task``, a class, bound or not.
"""

import os
import threading
import weakref
from pathlib import Path
from typing import Any

from blendtpl.bundle.environment import EnvironmentSource
from blendtpl.errors import BlendError, ConfigError
from blendtpl.extras import not_installed
from blendtpl.runtime.registry import Registry, load
from blendtpl.walker.cycle import Cycle
from blendtpl.walker.units import duration, size
from blendtpl.walker.walker import Walker

try:
    from celery import Celery, bootsteps, signals
    from celery._state import get_current_worker_task
    from celery.utils.log import get_task_logger
except ImportError as error:
    raise not_installed("`BlendCelery`", error) from None

from blendtpl.queues.files import broker_settings
from blendtpl.queues.travel import Builds, registries_travel, resolve

_log = get_task_logger(__name__)
_POOL = "blendtpl.queues.pool:TaskPool"


class NoCycleError(BlendError, RuntimeError):
    """The cycle of a task was asked for where no task runs."""


class BlendCelery:
    """What an app of Celery has of blendtpl: ``blend = BlendCelery(app, "build/feedwhip.blend")``, beside the app.

    `environment`, `digest` and `key` are as for `blendtpl.load`. The file is opened by whoever asks for the registry: a
    worker does so when it starts, in the parent of its processes; a process that only sends tasks never does.

    `max_growth`, bytes or a text such as ``"40MB"``: a process of the prefork pool leaves, behind its task, when its
    memory has grown by that much since it forked. `check` looks whether what was in a task's cache is dead when the
    task is over, and logs what is not, which takes long: it is for tests. `deadline`, seconds or a text, is that of a
    cycle. Without a broker in the app's settings or in the environment there is one in `broker_folder`, by default
    beside the bundle, for trying things.
    """

    def __init__(
        self,
        app: Celery,
        bundle: str | os.PathLike[str],
        *,
        environment: EnvironmentSource = None,
        digest: str | None = None,
        key: bytes | None = None,
        max_growth: float | str | None = None,
        check: bool = False,
        deadline: float | str | None = None,
        broker_folder: str | os.PathLike[str] | None = None,
    ) -> None:
        if getattr(app, "blendtpl", None) is not None:
            raise ConfigError("this app of Celery has a `BlendCelery` already: use `app.blendtpl`")
        self.app, self.file = app, Path(os.fsdecode(bundle)).absolute()
        self._options: dict[str, Any] = {"environment": environment, "digest": digest, "key": key}
        self._max_growth = None if max_growth is None else size(max_growth, "max_growth")
        self._cycles: dict[str, Any] = {
            "check": check,
            "deadline": None if deadline is None else duration(deadline, "deadline"),
        }
        self._broker_folder = Path(broker_folder) if broker_folder else self.file.with_suffix(".queue")
        self._lock = threading.RLock()
        self._registry: Registry | None = None
        self._walker: tuple[int, Walker] | None = None
        self.builds = Builds(self.file, lambda: self.registry, self._load)
        app.blendtpl = self
        self._hang_on(app)

    def _hang_on(self, app: Celery) -> None:
        registries_travel()
        app.steps["worker"].add(_LoadRegistry)
        signals.task_prerun.connect(_begin)
        signals.task_postrun.connect(_end)
        if app.configured:
            self._configure()
        else:
            app.on_after_configure.connect(self._configure, weak=False)
        if hasattr(os, "register_at_fork"):
            here = weakref.ref(self)
            os.register_at_fork(after_in_child=lambda: _renew(here()))

    @property
    def registry(self) -> Registry:
        """The registry of the bundle; opened when it is asked for first."""
        if self._registry is None:
            with self._lock:
                if self._registry is None:
                    self._registry = self._load()
        return self._registry

    @property
    def cycle(self) -> Cycle:
        """The cycle that the running task is; raises `NoCycleError` outside of one."""
        task = get_current_worker_task()
        found = None if task is None else getattr(task.request, "blend_cycle", None)
        if found is None:
            raise NoCycleError(
                "no task of this app runs here, so there is no cycle: a task called as a function is none;"
                " `task.apply()` runs one without a worker"
            )
        cycle: Cycle = found
        return cycle

    def _load(self) -> Registry:
        return load(self.file, **self._options)

    def _configure(self, **_: Any) -> None:
        """Add what the settings leave open: a broker, and the pool whose limit of memory is that of growth."""
        settings = self.app.conf
        settings.update(broker_settings(settings, self._broker_folder))
        if settings.worker_pool in (None, "prefork"):
            settings.worker_pool = _POOL
        if self._max_growth is not None:
            if settings.worker_max_memory_per_child:
                raise ConfigError(
                    "both `max_growth` and `worker_max_memory_per_child` are set: with `BlendCelery` the latter is"
                    " growth as well, in KiB; leave one of them out"
                )
            settings.worker_max_memory_per_child = max(1, int(self._max_growth) // 1024)

    def _walker_here(self) -> Walker:
        """Return the walker of this process, whose cycles tasks are."""
        here, found = os.getpid(), self._walker
        if found is None or found[0] != here:
            with self._lock:
                found = self._walker
                if found is None or found[0] != here:
                    found = self._walker = here, Walker(self.registry, **self._cycles)
        return found[1]

    def begin(self, request: Any) -> None:
        """Begin the cycle of a task, and give it the registries that came in its message."""
        request.blend_cycle = self._walker_here().begin()
        resolve(request.args, request.kwargs, self.builds)

    def end(self, request: Any, name: str) -> None:
        """End the cycle of a task: what its cache had is let go of, and what outlives that is logged, where it is
        looked for.
        """
        cycle = request.__dict__.pop("blend_cycle", None)
        if cycle is None:
            return
        walker = self._walker_here()
        walker.finish(cycle)
        for survivor in walker.survivors:
            _log.warning("task %s: %s", name, survivor)


# Celery knows a method that listens to a signal by its function alone, and would take those of two apps for one.
def _begin(task: Any, **_: Any) -> None:
    blend: BlendCelery | None = getattr(task.app, "blendtpl", None)
    if blend is not None:
        blend.begin(task.request)


def _end(task: Any, **_: Any) -> None:
    blend: BlendCelery | None = getattr(task.app, "blendtpl", None)
    if blend is not None:
        blend.end(task.request, task.name)


def _renew(blend: BlendCelery | None) -> None:
    if blend is not None:
        blend._lock = threading.RLock()  # another thread may have held the old one while the process forked


class _LoadRegistry(bootsteps.Step):  # type: ignore[misc]  # Celery has no types
    """What a worker does before its pool starts: a bundle that cannot be used ends it here, with the reason."""

    def create(self, worker: Any) -> None:
        """Open the bundle, in the process that the others are forked from."""
        worker.app.blendtpl.registry  # noqa: B018
