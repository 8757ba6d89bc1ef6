"""Derived registry: one that is the same as another, but for what its templates and messages do beside rendering.

Enters: a registry, and what makes templates and messages of its own. Leaves: a `Registry`.
"""

import os
from abc import abstractmethod
from dataclasses import replace
from types import MappingProxyType

from blendtpl.errors import BundleError, ConfigError
from blendtpl.runtime.generation import Generation
from blendtpl.runtime.messages import MessageTemplate
from blendtpl.runtime.registry import Key, Registry
from blendtpl.runtime.template import Template


def check_registry(registry: object, done: str) -> None:
    """Raise `ConfigError` for what is no registry; `done` is what was to be done with it."""
    if not isinstance(registry, Registry):
        kind = type(registry).__name__
        raise ConfigError(f"only a registry can be {done}, what `blendtpl.load` returns, not a {kind}")


class DerivedRegistry(Registry):
    """What registries that were made of others are. `original` is that which it was made of, which it is reloaded with;
    when that is reloaded by itself, this one stays as it was.
    """

    __slots__ = ("original",)

    original: Registry

    def _derive(self, original: Registry, **others: object) -> None:
        """Fill in what a registry has, and `others`."""
        same = {name: getattr(original, name) for name in ("_environment", "_recompile")}
        for name, value in {**same, "original": original, **others}.items():
            object.__setattr__(self, name, value)
        self._follow()

    def _follow(self) -> None:
        """Take the generation that the original has, with templates and messages of our own."""
        theirs = self.original._generation
        messages = {name: self._message(message, theirs) for name, message in theirs.messages.items()}
        own = replace(theirs, registry=self, templates={}, messages=MappingProxyType(messages))
        own.templates.update((name, self._template(template, own)) for name, template in theirs.templates.items())
        self._take(own)

    @abstractmethod
    def _template(self, template: Template, generation: Generation) -> Template:
        """Return the template of our own for one of the original."""

    @abstractmethod
    def _message(self, message: MessageTemplate, generation: Generation) -> MessageTemplate:
        """Return the message of our own for one of the original, which has that generation."""

    def reload_from(self, path: str | os.PathLike[str], *, digest: str | None = None, key: bytes | None = None) -> bool:
        """Reload the original, as `Registry.reload_from` does, and this with it."""
        changed = self.original.reload_from(path, digest=digest, key=key)
        self._follow()
        return changed

    def _key(self, generation: Generation) -> Key:
        raise BundleError("its registry was reloaded, and it is of the old templates: get it from the registry again")
