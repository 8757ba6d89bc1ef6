"""Bytecode caches of live environments: what Jinja2's `BytecodeCache` keeps, by everything that the code depends on.

Enters: a cache of an application. Leaves: the same, whose buckets have another key for another version of this package,
for code that calls functions in C or has none, and for an environment whose options, filters or tests make other code.
Jinja2 goes by a template's name, its file and its source alone, as all of its environments make much the same of these.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import jinja2
from jinja2.bccache import Bucket, BytecodeCache
from jinja2.filters import FILTERS
from jinja2.tests import TESTS

from blendtpl._version import __version__
from blendtpl.bundle.environment import GETTEXT_ALIAS, autoescape_of, fingerprint, passed_argument
from blendtpl.compiler.digest import compiler_digest
from blendtpl.runtime.speedups import ACTIVE


class KeyedCache(BytecodeCache):
    """A cache of an application, to whoever asks what it is, with keys of its own."""

    def __init__(self, cache: BytecodeCache) -> None:
        self._cache = cache

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self._cache)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cache, name)

    def get_bucket(self, environment: jinja2.Environment, name: str, filename: str | None, source: str) -> Bucket:
        """Return the bucket of a template, as the cache finds it by a name that has all of that in it."""
        return self._cache.get_bucket(environment, f"{name} ({code_key(environment, name)})", filename, source)

    def set_bucket(self, bucket: Bucket) -> None:
        """Put a bucket into the cache."""
        self._cache.set_bucket(bucket)

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill a bucket from the cache."""
        self._cache.load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write a bucket to the cache."""
        self._cache.dump_bytecode(bucket)

    def clear(self) -> None:
        """Empty the cache."""
        self._cache.clear()


def code_key(environment: jinja2.Environment, name: str) -> str:
    """Return a digest of all that the code of a template depends on beside its source."""
    compiler: str | None = vars(environment).get("_blendtpl_compiler")
    if compiler is None:
        compiler = vars(environment)["_blendtpl_compiler"] = compiler_digest()
    content = (
        *(__version__, compiler, jinja2.__version__, ACTIVE, autoescape_of(environment, name)),
        *sorted(fingerprint(environment).items()),
        *(environment.optimized, getattr(environment, "newstyle_gettext", False)),
        environment.globals.get("_") is GETTEXT_ALIAS,
        environment.concat is jinja2.Environment.concat,
        *(_others("filter", environment.filters, FILTERS), _others("test", environment.tests, TESTS)),
    )
    return hashlib.sha256(repr(content).encode()).hexdigest()


def _others(kind: str, functions: Mapping[str, Any], own: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return what is not Jinja2's own among filters or tests, with what it asks for, and what of that is not there."""
    other = [(name, passed_argument(function)) for name, function in functions.items() if own.get(name) is not function]
    missing = [(name, "none") for name in own.keys() - functions.keys()]
    return sorted((kind, name, passed) for name, passed in (*other, *missing))
