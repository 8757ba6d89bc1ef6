"""A registry as an argument of a task: it travels as the file and the digest of its bundle, in JSON.

Enters: a registry, where a task is sent. Leaves: the registry that the worker has of the same bundle.

A bundle is code, and whoever can write to a broker should not be able to have a worker load some. So a message never
says what to load: what it names is compared with the bundle that the worker was told of. Where another build of that
very file was deployed meanwhile, it is loaded by the worker's own rules; anything else is an error that says who has
what.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kombu.utils.json import register_type

from blendtpl.errors import BundleError
from blendtpl.runtime.registry import Registry

_MARKER = "blendtpl.registry"
_BUILDS_KEPT = 2  # of other builds than that which the worker began with


class UnknownBundleError(BundleError):
    """A task was given a registry whose bundle its worker does not have: `file`, `digest`, and why not."""

    def __init__(self, file: str, digest: str, problem: str) -> None:
        super().__init__(file, digest, problem)
        self.file, self.digest, self.problem = file, digest, problem

    def _text(self) -> str:
        return f"a task was given the bundle {self.file}, sha256 {self.digest[:12]}: {self.problem}"


class Builds:
    """The builds of one bundle that a worker has: that which it began with, and those that came while it ran."""

    def __init__(self, file: Path, registry: Callable[[], Registry], load: Callable[[], Registry]) -> None:
        self._file, self._registry, self._load = file, registry, load
        self._others: dict[str, Registry] = {}
        self._lock = threading.Lock()

    def find(self, file: str, digest: str) -> Registry:
        """Return the registry of that digest; raises `UnknownBundleError`, and what loading the worker's file does."""
        own = self._registry()
        if digest == own.digest:
            return own
        if Path(file) != self._file:
            raise UnknownBundleError(
                file, digest, f"this worker has {self._file}, sha256 {own.digest[:12]}, and loads no file by a message"
            )
        with self._lock:
            found = self._others.get(digest) or self._load()
            if found.digest != digest:
                raise UnknownBundleError(
                    file,
                    digest,
                    f"the file here is sha256 {found.digest[:12]}, and this worker began with {own.digest[:12]}:"
                    " deploy one build to all who send and to all who work",
                )
            self._others[digest] = found
            while len(self._others) > _BUILDS_KEPT:
                del self._others[next(iter(self._others))]
            return found


class Reference:
    """A registry that has arrived in a message, by its file and digest, and is not looked for yet.

    Celery reads a message in the parent of its processes too, and drops one that it cannot read; so this is all that
    reading gives. A task gets the registry in its place. Where the worker has none, the task gets this, any use of
    which raises why: the task fails, and neither its message nor its worker is lost.
    """

    __slots__ = ("digest", "file", "problem")

    def __init__(self, file: str, digest: str) -> None:
        self.file, self.digest = file, digest
        self.problem: BundleError | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):  # Python asks for these by itself
            raise AttributeError(name)
        raise self._missing()

    def __getitem__(self, name: object) -> Any:
        raise self._missing()

    def __iter__(self) -> Any:
        raise self._missing()

    def __len__(self) -> int:
        raise self._missing()

    def __contains__(self, name: object) -> bool:
        raise self._missing()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} to {self.file}, sha256 {self.digest[:12]}>"

    def _missing(self) -> BundleError:
        return self.problem or UnknownBundleError(
            self.file, self.digest, "it is looked for where it is an argument of a task of an app with a `BlendCelery`"
        )


def registries_travel() -> None:
    """Have kombu write registries into JSON and read them from it, in this process."""
    register_type(Registry, _MARKER, _departed)
    register_type(Reference, _MARKER, lambda each: {"file": each.file, "digest": each.digest}, _arrived)


def _departed(registry: Registry) -> dict[str, str]:
    generation = registry._generation
    if generation.file is None:
        raise BundleError("this registry was loaded from memory and cannot go to a worker: load it from a file")
    return {"file": generation.file, "digest": generation.digest}


def _arrived(value: dict[str, str]) -> Reference:
    return Reference(str(value["file"]), str(value["digest"]))


def resolve(args: Any, kwargs: Any, builds: Builds) -> None:
    """Put registries in place of references among the arguments of a task, which were read from JSON."""
    given = [*enumerate(args), *kwargs.items()] if isinstance(args, list) else kwargs.items()
    for key, value in [(key, value) for key, value in given if type(value) is Reference]:
        try:
            found = builds.find(value.file, value.digest)
        except BundleError as error:
            value.problem = error
        else:
            (args if isinstance(key, int) else kwargs)[key] = found
