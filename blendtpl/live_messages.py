"""Messages of a live environment: found whenever one is asked for, as its templates may come and go.

Enters: an environment and the name of a message. Leaves: what makes e-mails of it, by the rules of the compiler.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import jinja2
from jinja2 import meta, nodes

from blendtpl.bundle.environment import ENGINE_ENDINGS
from blendtpl.compiler.frontend.reader import file_reader
from blendtpl.compiler.mail.folders import Definition, folders, image_places, images_named, whole
from blendtpl.compiler.mail.settings import FILE, read_every
from blendtpl.errors import NotLoadedError, SourceError
from blendtpl.mail.attachments import Image
from blendtpl.runtime.arguments import merged
from blendtpl.runtime.compiled_template import CompiledTemplate
from blendtpl.runtime.messages import MessageTemplate, Texts
from blendtpl.runtime.render import block_texts
from blendtpl.runtime.template import Variables

_BLOCKS = ("subject", "text", "html")


class _Listed:
    """What a loader lists, looked for when somebody goes through it: nothing, where it cannot."""

    def __init__(self, loader: jinja2.BaseLoader | None) -> None:
        self._loader = loader

    def __iter__(self) -> Iterator[str]:
        with suppress(TypeError, OSError):
            if self._loader is not None:
                yield from self._loader.list_templates()


def live_message(environment: jinja2.Environment, name: str) -> MessageTemplate:
    """Return the message of that name; raises `TemplateNotFound` for none, `SourceError` for one that is not whole."""
    files = [
        f"{name}/{file}{end}" for file in ("subject.txt", "body.txt", "body.html") for end in ("", *ENGINE_ENDINGS)
    ]
    there = [file for file in files if _get(environment, file) is not None]
    text = _source(environment, f"{name}/{FILE}")
    if not there and text is None:
        template = _get(environment, name)
        if isinstance(template, CompiledTemplate) and "subject" in template.blocks:
            parts = {block: block for block in _BLOCKS if block in template.blocks}
            return _message_template(environment, Definition(name, parts, template=name))
        raise NotLoadedError(files[0], _Listed(environment.loader))
    settings, faults = read_every({} if text is None else {f"{name}/{FILE}": text})
    definitions = folders(there, settings)
    if name not in definitions:
        part = "body.txt" if _get(environment, files[0]) is not None else "subject.txt"
        raise NotLoadedError(f"{name}/{part}", _Listed(environment.loader))
    faults += whole(definitions[name])
    if faults:
        raise SourceError(faults)
    return _message_template(environment, definitions[name])


def _message_template(environment: jinja2.Environment, definition: Definition) -> MessageTemplate:
    names = [definition.template] if definition.template else list(definition.parts.values())
    trees = {name: tree for name in names for name, tree in _reached(environment, name, set())}
    read = frozenset(variable for tree in trees.values() for variable in meta.find_undeclared_variables(tree))

    def render_parts(mappings: Sequence[Variables], variables: dict[str, Any]) -> Texts:
        context = merged({}, definition.name, tuple(mappings), variables)
        if definition.template is not None:
            template: Any = environment.get_template(definition.template)
            texts = dict(zip(definition.parts, block_texts(template, definition.parts, (context,), {}), strict=True))
        else:
            texts = {
                part: environment.get_template(template_name).render(context)
                for part, template_name in definition.parts.items()
            }
        return texts["subject"], texts.get("text"), texts.get("html")

    images = tuple(_images(environment, definition, trees))
    return MessageTemplate(definition.name, definition.entry(), images, read, render_parts)


def _images(
    environment: jinja2.Environment, definition: Definition, trees: dict[str, nodes.Template]
) -> Iterator[Image]:
    read = file_reader(environment)
    candidates = {
        name: image_places(definition.name, definition.name, path) for name, path in definition.settings.images.items()
    }
    for template, tree in trees.items():
        for _, name in images_named(tree):
            candidates.setdefault(name, image_places(definition.name, template, name))
    for name, places in candidates.items():
        data = next((data for place in places if (data := read(place)) is not None), None)
        if data is not None:
            yield Image(name, data)


def _reached(environment: jinja2.Environment, name: str, seen: set[str]) -> Iterator[tuple[str, nodes.Template]]:
    """Yield a template and all that it refers to by constant names, parsed."""
    text = None if name in seen else _source(environment, name)
    seen.add(name)
    if text is not None:
        tree = environment.parse(text, name)
        yield name, tree
        for other in meta.find_referenced_templates(tree):
            if other is not None:
                yield from _reached(environment, environment.join_path(other, name), seen)


def _get(environment: jinja2.Environment, name: str) -> jinja2.Template | None:
    with suppress(jinja2.TemplateNotFound):
        return environment.get_template(name)
    return None


def _source(environment: jinja2.Environment, name: str) -> str | None:
    with suppress(jinja2.TemplateNotFound, TypeError):
        if environment.loader is not None:
            return environment.loader.get_source(environment, name)[0]
    return None
