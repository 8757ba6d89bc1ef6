"""blendtpl renders Jinja2 templates that were compiled ahead of time into one bundle.

Compile with `compile`, load the bundle once with `load`, render from the registry ever after. Importing this
package, loading and rendering never import the compiler; `compile` does so when it is called.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from blendtpl._version import __version__
from blendtpl.bundle.archive import Bundle
from blendtpl.bundle.budget import Budget, BudgetError
from blendtpl.bundle.environment import EnvironmentSource, default_environment
from blendtpl.bundle.flush import FlushExtension
from blendtpl.bundle.manifest import Entry, Manifest, Reference
from blendtpl.errors import (
    BlendError,
    BlockNotFound,
    BuildWarning,
    BundleError,
    CompileError,
    ConfigError,
    ContextError,
    Fault,
    LinkError,
    MessageError,
    RenderError,
    SourceError,
    TemplateNotFound,
    TemplateWarning,
    UndefinedError,
)
from blendtpl.extras import NotInstalledError, not_installed
from blendtpl.mail.message import Message
from blendtpl.runtime.languages import Translations, language
from blendtpl.runtime.messages import MessageTemplate
from blendtpl.runtime.registry import Registry
from blendtpl.runtime.registry import load as _load
from blendtpl.runtime.speedups import ACTIVE
from blendtpl.runtime.template import Template

if TYPE_CHECKING:
    import jinja2

    from blendtpl.live import Environment, ImmutableSandboxedEnvironment, SandboxedEnvironment
    from blendtpl.watched import WatchedRegistry

    OneSource = str | os.PathLike[str] | Mapping[str, str | bytes] | jinja2.BaseLoader | jinja2.Environment

__all__ = [
    "BlendError",
    "BlockNotFound",
    "Budget",
    "BudgetError",
    "BuildWarning",
    "Bundle",
    "BundleError",
    "CompileError",
    "ConfigError",
    "ContextError",
    "Entry",
    "Environment",
    "Fault",
    "FlushExtension",
    "ImmutableSandboxedEnvironment",
    "LinkError",
    "Manifest",
    "Message",
    "MessageError",
    "MessageTemplate",
    "NotInstalledError",
    "Reference",
    "Registry",
    "RenderError",
    "SandboxedEnvironment",
    "SourceError",
    "Template",
    "TemplateNotFound",
    "TemplateWarning",
    "Translations",
    "UndefinedError",
    "__version__",
    "compile",
    "default_environment",
    "language",
    "load",
    "watch",
]


def compile(
    source: OneSource | Sequence[OneSource] | None = None,
    /,
    *,
    environment: EnvironmentSource = None,
    exclude: str | Iterable[str] = (),
    sources: bool = True,
    key: bytes | None = None,
    portable: bool = False,
    cache: bool | str | os.PathLike[str] | None = None,
    ignore: str | Iterable[str] = (),
    lint: bool = False,
    locales: str | os.PathLike[str] | None = None,
) -> Bundle:
    """Compile every template of `source` into one bundle.

    - `source` is a folder, a mapping from names to texts, a Jinja2 loader, an environment with a loader, or a list of
      such, of which the first that has a name gives it. Left out, it and `environment` are what ``[tool.blendtpl]`` of
      the nearest `pyproject.toml` says; where that names no folder, it is what the loader of the environment has.
    - `environment` has the options, filters, tests and globals: a `jinja2.Environment`, a callable that makes it, or
      its name as ``"module:name"``. Left out, it is that of `default_environment`. Nothing of it is run.
    - `exclude` are patterns of what is no template, such as ``*.md`` or ``drafts/``.
    - `sources` puts the template texts into the bundle, for excerpts in errors and for `recompile` of `load`.
    - `key` signs it (HMAC-SHA-256): 16 bytes or more.
    - `portable` makes code that is as fast where there are no functions in C; without, it is for what this installation
      has. Any bundle renders the same anywhere.
    - `cache` is the folder of a build cache, from which comes what has not changed since; `True` is that of the
      command (``$BLENDTPL_CACHE_DIR`` where that is set). One that cannot be used makes a `BuildWarning`, not an error.
    - `ignore` are names of warnings that are not looked for.
    - `lint` looks at e-mails, too, for what mail clients and their readers cannot use.
    - `locales` is a folder of translations (``de/LC_MESSAGES/messages.po``), which go into the bundle; each text that
      one of them lacks is a warning.

    What is legal and hardly meant, such as a block that no extended template has, is in the bundle's `warnings`.

    Raises `SourceError` or `LinkError` with all faults of all templates, `ConfigError` for a bad setting, `BundleError`
    for a key that is none, and `NotInstalledError` where the build half was left out.
    """
    folder = _cache_folder(cache)
    try:
        from blendtpl.compiler.build import build  # the build half, which a process that only renders never loads
        from blendtpl.compiler.lint import ignores
        from blendtpl.compiler.mail.lint.settings import Settings
    except ImportError as error:
        raise not_installed("`compile`", error) from None
    built = build(
        source,
        environment=environment,
        exclude=exclude,
        with_sources=sources,
        key=key,
        speedups=ACTIVE and not portable,
        cache=folder,
        ignored=ignores(ignore),
        lint_mail=Settings() if lint else None,
        locales=None if locales is None else Path(locales),
    )
    for warning in built.warnings:
        warnings.warn(warning, BuildWarning, stacklevel=2)
    return built.bundle


def _cache_folder(cache: bool | str | os.PathLike[str] | None) -> Path | None:
    if cache is None or cache is False:
        return None
    if cache is not True and not (isinstance(cache, (str, os.PathLike)) and os.fspath(cache)):
        raise ConfigError(f"`cache` is True, False or the path of a folder, not {cache!r}")
    try:
        from blendtpl.compiler.cache import default_folder
    except ImportError as error:
        raise not_installed("`cache`", error) from None
    return default_folder() if cache is True else Path(cache)


def load(
    source: str | os.PathLike[str] | bytes | bytearray | memoryview | Bundle,
    /,
    *,
    environment: EnvironmentSource = None,
    digest: str | None = None,
    key: bytes | None = None,
    recompile: bool = False,
) -> Registry:
    """Return the registry of a bundle: a file, its bytes, or a `Bundle`.

    - `environment` gives filters, tests, globals and the options that the bundle was compiled for, as for `compile`;
      blendtpl's defaults when left out.
    - `digest` is the one that the bundle must have: SHA-256, in 64 hexadecimal digits.
    - `key` is the one that it must be signed with: 16 bytes or more. With a digest or a key it does not matter who may
      write the file; without, it must be one that only its reader, root and its owner's own group could have written.

    A bundle of another Python, Jinja2 or blendtpl is refused. With `recompile` it is compiled again, when all else is
    right and its sources are inside; what is in the file stays as it was, and so does the registry's `digest`, which is
    that of the file. Its `manifest` is that of the code that runs.

    Raises `BundleError`, before anything of the bundle is unmarshalled, when a check fails, and for all
    filters, tests and globals that `environment` lacks at once.
    """
    if not recompile:
        return _load(source, environment=environment, digest=digest, key=key)
    from blendtpl.recompile import recompiled  # which imports the build half when it has to

    return _load(source, environment=environment, digest=digest, key=key, recompile=recompiled)


def watch(
    source: OneSource | Sequence[OneSource] | None = None,
    /,
    *,
    environment: EnvironmentSource = None,
    exclude: str | Iterable[str] = (),
    on_change: Callable[[WatchedRegistry], object] | None = None,
) -> WatchedRegistry:
    """Return a registry that follows its sources, for development: it is compiled again when a file changes.

    - `source`, `environment` and `exclude` are those of `compile`. Sources are folders, or what has loaders of such.
    - `on_change` is called with the registry each time that it has looked at a change, in the thread that watches.

    Only what a change reaches is compiled. An edit that does not compile keeps the last that did, and is the registry's
    `fault`. Close it, or use it in a ``with``, to watch no longer.

    Raises what `compile` and `load` raise, for the sources as they are at first, `ConfigError` where they are in no
    folder, and `NotInstalledError` without the extra `watch`.
    """
    try:
        from blendtpl import watched
    except ImportError as error:
        raise not_installed("`watch`", error, "watch") from None
    build = partial(compile, source, environment=environment, exclude=exclude, cache=True)
    return watched.watch(build, source, environment, on_change)


def __getattr__(name: str) -> object:
    """Import the live environments, which need the build half, when somebody asks for one."""
    if name in {"Environment", "ImmutableSandboxedEnvironment", "SandboxedEnvironment"}:
        try:
            from blendtpl import live
        except ImportError as error:
            raise not_installed(f"`blendtpl.{name}`", error) from None
        return getattr(live, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
