"""blendtpl renders Jinja2 templates that were compiled ahead of time into one bundle.

Compile with `compile`, load the bundle once with `load`, render from the registry ever after. Importing this
package, loading and rendering never import the compiler; `compile` does so when it is called.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from blendtpl._version import __version__
from blendtpl.bundle import Bundle
from blendtpl.environments import EnvironmentSource, default_environment
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
    UndefinedError,
)
from blendtpl.manifest import Entry, Manifest, Reference
from blendtpl.message import Message
from blendtpl.registry import Registry, load
from blendtpl.template import Template

if TYPE_CHECKING:
    import jinja2

    from blendtpl.live import Environment, ImmutableSandboxedEnvironment, SandboxedEnvironment

    OneSource = str | os.PathLike[str] | Mapping[str, str] | jinja2.BaseLoader | jinja2.Environment

__all__ = [
    "BlendError",
    "BlockNotFound",
    "BuildWarning",
    "Bundle",
    "BundleError",
    "CompileError",
    "ConfigError",
    "ContextError",
    "Entry",
    "Environment",
    "Fault",
    "ImmutableSandboxedEnvironment",
    "LinkError",
    "Manifest",
    "Message",
    "MessageError",
    "Reference",
    "Registry",
    "RenderError",
    "SandboxedEnvironment",
    "SourceError",
    "Template",
    "TemplateNotFound",
    "UndefinedError",
    "__version__",
    "compile",
    "default_environment",
    "load",
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
) -> Bundle:
    """Compile every template of `source` into one bundle.

    `source` is a folder, a mapping from names to texts, a Jinja2 loader, or an environment with a loader, or a list of
    such, of which the first that has a name gives it. Left out, it and `environment` are what ``[tool.blendtpl]`` of
    the nearest `pyproject.toml` says; where that names no folder, it is what the loader of the environment has.
    `exclude` are patterns of what is no template, such as ``*.md`` or ``drafts/``. `sources` puts
    the template texts into the bundle, for excerpts in errors; `key` signs it (HMAC-SHA-256). Where this
    installation has `blendtpl.speedups`, the code is made for such: `portable` makes what is as fast without them.
    `cache` is the folder of a build cache, from which comes what has not changed since; `True` is that of the command
    (``$BLENDTPL_CACHE_DIR`` where that is set). One that cannot be used makes a `BuildWarning`, not an error.

    Raises `SourceError` or `LinkError` with all faults of all templates, `ConfigError` for a bad setting.
    """
    folder = _cache_folder(cache)
    from blendtpl.compiler.build import build  # the build half, which a process that only renders never loads

    made = build(
        source,
        environment=environment,
        exclude=exclude,
        with_sources=sources,
        key=key,
        portable=portable,
        cache=folder,
    )
    for warning in made.warnings:
        warnings.warn(warning, BuildWarning, stacklevel=2)
    return made.bundle


def _cache_folder(cache: bool | str | os.PathLike[str] | None) -> Path | None:
    if cache is None or cache is False:
        return None
    if cache is not True and not (isinstance(cache, (str, os.PathLike)) and os.fspath(cache)):
        raise ConfigError(f"`cache` is True, False or the path of a folder, not {cache!r}")
    try:
        from blendtpl.compiler.cache import default_folder
    except ModuleNotFoundError as error:
        message = f"`cache` needs `{error.name}`: install blendtpl with its extra `build`, or leave `cache` out"
        raise ConfigError(message) from None
    return default_folder() if cache is True else Path(cache)


def __getattr__(name: str) -> object:
    """Import the live environments, which need the build half, when somebody asks for one."""
    if name in {"Environment", "ImmutableSandboxedEnvironment", "SandboxedEnvironment"}:
        from blendtpl import live

        return getattr(live, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
