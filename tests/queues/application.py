"""An app of Celery as its users write one: the tests run workers of it, and send tasks to them.

What it is depends on the environment: `QUEUES_FOLDER` has its bundle and its results, and without `CELERY_BROKER_URL`
its messages too.
"""

import os
import time
from pathlib import Path
from typing import Any

from celery import Celery, shared_task

from blendtpl import Registry
from blendtpl.queues.celery import BlendCelery

FOLDER = Path(os.environ["QUEUES_FOLDER"])
BALLAST = bytearray(b"x") * int(os.environ.get("QUEUES_BALLAST", "0"))  # what a fat parent has

app = Celery("application", backend=f"file://{FOLDER / 'results'}")
app.conf.update(broker_connection_retry_on_startup=True, task_acks_late=True, task_reject_on_worker_lost=True)
blend = BlendCelery(app, FOLDER / "feedwhip.blend", max_growth="24MB", check=True)
OPENED_BY = os.getpid() if os.environ.get("QUEUES_WORKER") else 0
kept: list[bytearray] = []


class User:
    """An object that holds itself, as those of ORMs do."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.itself = self


@app.task
def greet(name: str) -> dict[str, Any]:
    """Render with an object of the cycle's cache, and tell where."""
    cache = blend.cycle.cache
    user = cache.get_or_load(("user", name), lambda: User(name))
    same = cache.get_or_load(("user", name), lambda: User("nobody")) is user
    text = blend.registry.render("hello.html", name=user.name)
    return {"text": text, "pid": os.getpid(), "parent": os.getppid(), "same": same, "found": blend.cycle.number}


@shared_task
def shared() -> int:
    """Be a task that knows no app when it is written."""
    return blend.cycle.number


@app.task
def fail(kind: str) -> str:
    """Fail in a template, with an object in the cache."""
    blend.cycle.cache.get_or_load("user", lambda: User("Ada"))
    return blend.registry.render(kind)


@app.task(soft_time_limit=1)
def endless() -> str:
    """Render what takes years."""
    return blend.registry.render("endless.html", n=10**12)


@app.task
def given(registry: Registry, name: str, again: Registry | None = None) -> tuple[str, bool]:
    """Render with a registry that came in the message."""
    return registry.render("hello.html", name=name), registry is again


@app.task
def grow(size: int) -> int:
    """Keep some memory for good, as a leak would."""
    kept.append(bytearray(b"x") * size)
    return os.getpid()


@app.task(bind=True)
def once_more(task: Any, flag: str) -> int:
    """End the process in the middle of the first attempt, as a crash in a library does."""
    if not Path(flag).exists():
        Path(flag).touch()
        os._exit(7)
    return os.getpid()


@app.task
def alive() -> tuple[int, float]:
    """Tell which process this is."""
    return os.getpid(), time.monotonic()
