"""Derived registry: one that is the same as another, but for what its templates and messages do beside rendering.

Enters: a registry, and templates and messages that were made of its own. Leaves: a `Registry`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from blendtpl.errors import ConfigError
from blendtpl.runtime.messages import MessageTemplate
from blendtpl.runtime.registry import Registry
from blendtpl.runtime.template import Template

_SAME = ("digest", "manifest", "_environment", "_file", "_recompile", "_spellings", "_units")


def check_registry(registry: object, done: str) -> None:
    """Raise `ConfigError` for what is no registry; `done` is what was to be done with it."""
    if not isinstance(registry, Registry):
        kind = type(registry).__name__
        raise ConfigError(f"only a registry can be {done}, what `blendtpl.load` returns, not a {kind}")


class DerivedRegistry(Registry):
    """What registries that were made of others are. `original` is that which it was made of."""

    __slots__ = ("original",)

    original: Registry

    def _derive(
        self,
        original: Registry,
        templates: Mapping[str, Template],
        messages: Mapping[str, MessageTemplate],
        **others: object,
    ) -> None:
        """Fill in what a registry has, and `others`."""
        values = {name: getattr(original, name) for name in _SAME}
        values |= {"original": original, "messages": MappingProxyType(messages), **others}
        values["_templates"] = MappingProxyType(templates)
        for name, value in values.items():
            object.__setattr__(self, name, value)
