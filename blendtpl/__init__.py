"""blendtpl renders Jinja2 templates that were compiled ahead of time into one bundle.

Compile with `compile`, load the bundle once with `load`, render from the registry ever after. Importing this
package, loading and rendering never import the compiler; `compile` does so when it is called.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from blendtpl._version import __version__
from blendtpl.bundle import Bundle
from blendtpl.environments import EnvironmentSource, default_environment
from blendtpl.errors import (
    BlendError,
    BlockNotFound,
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

__all__ = [
    "BlendError",
    "BlockNotFound",
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
    source: str | os.PathLike[str] | Mapping[str, str] | jinja2.BaseLoader | jinja2.Environment | None = None,
    /,
    *,
    environment: EnvironmentSource = None,
    sources: bool = True,
    key: bytes | None = None,
    portable: bool = False,
) -> Bundle:
    """Compile every template of `source` into one bundle.

    `source` is a folder, a mapping from names to texts, a Jinja2 loader, or an environment with a loader; left
    out, it and `environment` are what ``[tool.blendtpl]`` of the nearest `pyproject.toml` says. `sources` puts
    the template texts into the bundle, for excerpts in errors; `key` signs it (HMAC-SHA-256). Where this
    installation has `blendtpl.speedups`, the code is made for such: `portable` makes what is as fast without them.

    Raises `SourceError` or `LinkError` with all faults of all templates, `ConfigError` for a bad setting.
    """
    from blendtpl.compiler.build import build  # the build half, which a process that only renders never loads

    return build(source, environment=environment, with_sources=sources, key=key, portable=portable).bundle


def __getattr__(name: str) -> object:
    """Import the live environments, which need the build half, when somebody asks for one."""
    if name in {"Environment", "ImmutableSandboxedEnvironment", "SandboxedEnvironment"}:
        from blendtpl import live

        return getattr(live, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
