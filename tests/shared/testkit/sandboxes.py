"""Sandboxes: environments that decide as Jinja2's do, and what makes one that decides by itself."""

from collections.abc import Callable
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedEnvironment

MakeSandbox = Callable[[], SandboxedEnvironment]

USUAL: tuple[MakeSandbox, ...] = (
    SandboxedEnvironment,
    ImmutableSandboxedEnvironment,
    lambda: SandboxedEnvironment(undefined=jinja2.StrictUndefined),
)


def replaced(method: str, function: Callable[..., Any]) -> SandboxedEnvironment:
    """Return an environment that itself has what its class has not."""
    made = SandboxedEnvironment()
    vars(made)[method] = function
    return made
