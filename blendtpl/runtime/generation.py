"""Generations: all that one bundle gives a registry, which the registry takes, and lets go of, as one.

Enters: a checked bundle and an environment. Leaves: its templates and messages, bound to each other and to nothing of
another generation. A generation never changes; a registry that is reloaded gets the next.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import jinja2

from blendtpl.bundle.archive import Bundle
from blendtpl.bundle.environment import EnvironmentSource, resolve_environment
from blendtpl.bundle.manifest import Manifest, this_process
from blendtpl.bundle.names import Spellings, spellings
from blendtpl.errors import BundleError, TemplateNotFound
from blendtpl.runtime.compiled_template import CompiledTemplate
from blendtpl.runtime.environment_check import check_environment
from blendtpl.runtime.loader import load_templates
from blendtpl.runtime.messages import MessageTemplate, message_templates
from blendtpl.runtime.template import Template
from blendtpl.runtime.traceback import Sources

# makes of a checked bundle one with the same sources that this process can run
Recompile = Callable[[Bundle, jinja2.Environment], Bundle]


@dataclass(frozen=True, slots=True, eq=False, repr=False, weakref_slot=True)
class Generation:
    """What a registry has of one bundle. `file` is where that was read, if it was; `units` is what renders, by name."""

    registry: Any  # whose it is, for handles that travel
    file: str | None
    digest: str
    manifest: Manifest
    messages: Mapping[str, MessageTemplate]
    templates: dict[str, Template]
    units: Mapping[str, CompiledTemplate]
    spellings: Spellings

    def template(self, name: Any) -> Template:
        """Return the template of that name, in whatever spelling; raises `TemplateNotFound`."""
        try:
            return self.templates[name]
        except KeyError:
            template = self.resolve(name)
        if template is None:
            raise TemplateNotFound(_text(name), self.templates) from None
        return template

    def resolve(self, name: object) -> Template | None:
        """Return the template that is found by another spelling of its name, by a path, or by itself."""
        if isinstance(name, Template):
            return name if self.templates.get(name.name) is name else None
        text = _text(name)
        resolved = text if text in self.templates else self.spellings.resolve(text)
        return None if resolved is None else self.templates[resolved]

    def message(self, name: Any) -> MessageTemplate:
        """Return the message that is found by another spelling of its name, by a path, or by its template."""
        name = _text(name)
        files = {message.entry.parts["subject"].rpartition("/")[2] for message in self.messages.values()}
        for file in ("", *files):
            template = self.resolve(f"{name}/{file}" if file else name)
            if template is not None:
                message_name = template.name.rpartition("/")[0] if file else template.name
                if message_name in self.messages:
                    return self.messages[message_name]
        part = "body.txt" if self.resolve(f"{name}/subject.txt") else "subject.txt"
        raise TemplateNotFound(f"{name}/{part}", self.templates)


def load_generation(
    registry: object, bundle: Bundle, environment: EnvironmentSource, file: str | None, recompile: Recompile | None
) -> Generation:
    """Return what a bundle gives a registry. Raises `BundleError` when that does not fit the environment, or cannot be
    loaded.
    """
    sources = Sources(bundle.sources)
    resolved = resolve_environment(environment)
    check_environment(bundle.manifest, resolved)
    digest = bundle.digest  # of what was deployed, whatever is made of that here
    if bundle.manifest.versions != this_process():
        if recompile is None:
            raise BundleError("the bundle was compiled by other versions: compile it again")
        bundle = recompile(bundle, resolved)
    units, entries = load_templates(bundle, resolved, sources), bundle.manifest.templates
    messages = message_templates(bundle.manifest, units, bundle.files)
    generation = Generation(registry, file, digest, bundle.manifest, messages, {}, units, spellings(entries))
    generation.templates.update(
        (name, Template(name, compiled, entries[name], sources, generation)) for name, compiled in units.items()
    )
    return generation


def _text(name: Any) -> Any:
    """Return the name that a path stands for."""
    if isinstance(name, PurePath):
        return name.as_posix()
    return os.fspath(name) if isinstance(name, os.PathLike) else name
