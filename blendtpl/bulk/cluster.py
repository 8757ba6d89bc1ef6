"""The cluster: chunks of a job, rendered by the workers of a Dask scheduler.

Enters: a job, the bytes of its bundle, and an address. Leaves: what came of each chunk. Bundle and job go to each
worker once, in a plugin, which workers that join later get too; each opens the bundle once, after its digest is
checked. Input and output are paths that all of them see. A worker that is lost loses nothing but the chunks that it was
at, which the scheduler gives to others.
"""

import threading
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from blendtpl.bulk.errors import BulkError
from blendtpl.bulk.job import Job
from blendtpl.bulk.sources import Chunk
from blendtpl.bulk.work import Done, Work
from blendtpl.errors import BlendError, described
from blendtpl.extras import not_installed
from blendtpl.runtime.registry import Registry, load

try:
    import distributed
    from distributed import WorkerPlugin, get_worker
    from distributed.scheduler import KilledWorker
except ImportError as missing:
    raise not_installed("`--scheduler`", missing) from None

_untyped: Any = distributed  # much of which says nothing of types

CONNECT_SECONDS = 10
_AHEAD = 4  # chunks for each thread that the scheduler knows of at one time


class BundlePlugin(WorkerPlugin):
    """What a worker has of a job. It opens the bundle when it renders the first chunk."""

    def __init__(self, job: Job, bundle: bytes, out: Path) -> None:
        self.name = plugin_name(job, out)
        self.job, self.bundle, self.out = job, bundle, out

    def setup(self, worker: Any) -> None:
        """Begin on a worker."""
        self._lock, self._local = threading.Lock(), threading.local()
        self._registry: Registry | None = None

    def teardown(self, worker: Any) -> None:
        """End on a worker."""
        self._registry = None

    def run(self, chunk: Chunk) -> Done:
        """Render a chunk in this thread."""
        work = getattr(self._local, "work", None)
        if work is None:
            with self._lock:
                if self._registry is None:
                    self._registry = load(self.bundle, environment=self.job.environment, digest=self.job.bundle)
            work = self._local.work = Work(self.job, self._registry, self.out)
        done: Done = work.run(chunk)
        return done


def plugin_name(job: Job, out: Path) -> str:
    """Return the name by which a worker finds what it has of a job."""
    return f"blendtpl-{job.bundle[:16]}-{job.source.digest[:16]}-{out}"


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why a worker could not do a chunk: an exception of ours would come without where it was raised."""

    worker: str
    problem: str


def render_chunk(name: str, chunk: Chunk) -> Done | _Failure:
    """Render a chunk on the worker that this runs on."""
    worker = get_worker()
    try:
        plugin: Any = worker.plugins[name]
        done: Done = plugin.run(chunk)
        return done
    except OSError as error:
        return _Failure(worker.address, f"`{error.filename}`: {error.strerror}" if error.filename else str(error))
    except BlendError as error:
        return _Failure(worker.address, str(error))
    except Exception as error:
        return _Failure(worker.address, described(error))


class Cluster:
    """A connection to a scheduler."""

    def __init__(self, address: str) -> None:
        """Connect; raises `BulkError` where nobody answers."""
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="Mismatched versions found", category=UserWarning)
                self._client: Any = _untyped.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise BulkError(f"no Dask scheduler answers at `{address}`: {_first_line(error)}") from error
        self._address = address

    def close(self) -> None:
        """Disconnect."""
        self._client.close()

    def run(self, job: Job, bundle: bytes, out: Path, chunks: Sequence[Chunk]) -> Iterator[Done]:
        """Yield what comes of each chunk. Raises `BulkError` with the worker on which one could not be done."""
        plugin = BundlePlugin(job, bundle, out.absolute())
        try:
            self._client.register_plugin(plugin)
        except Exception as error:  # whatever a worker raises that has another blendtpl, or none
            raise BulkError(f"a worker of `{self._address}` takes no job: {described(error)}") from error
        try:
            yield from self._run(plugin.name, chunks)
        finally:
            self._client.unregister_worker_plugin(plugin.name)

    def _run(self, name: str, chunks: Sequence[Chunk]) -> Iterator[Done]:
        waiting = iter(chunks)
        threads = sum(self._client.nthreads().values())
        if not threads:
            raise BulkError(f"the scheduler at `{self._address}` has no workers: start some")
        running = _untyped.as_completed(self._submit(name, waiting, threads * _AHEAD), loop=self._client.loop)
        try:
            for future in running:
                yield self._result(future)
                for each in self._submit(name, waiting, 1):
                    running.add(each)
        finally:
            self._client.cancel(list(running.futures))

    def _submit(self, name: str, waiting: Iterator[Chunk], count: int) -> list[Any]:
        taken = list(islice(waiting, count))
        return list(self._client.map(render_chunk, [name] * len(taken), taken, pure=False)) if taken else []

    def _result(self, future: Any) -> Done:
        try:
            found = future.result()
        except KilledWorker as error:
            raise BulkError(f"a chunk has ended worker after worker, the last {error.last_worker}") from error
        except Exception as error:
            raise BulkError(f"the cluster at `{self._address}` fails: {described(error)}") from error
        if isinstance(found, _Failure):
            raise BulkError(f"worker {found.worker}: {found.problem}")
        return found  # type: ignore[no-any-return]


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
