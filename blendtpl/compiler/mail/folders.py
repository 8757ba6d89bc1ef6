"""Folders of messages: which there are, whether each is whole, and which images its templates name.

Enters: names of templates, and the texts of `message.toml` files. Leaves: definitions, and a fault for each that is not
whole. No template is linked here, so that a live environment can ask, too.
"""

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from jinja2 import nodes

from blendtpl.bundle.environment import without_engine_ending
from blendtpl.bundle.manifest import MessageEntry
from blendtpl.compiler.mail.settings import FILE, KIND, Settings
from blendtpl.errors import Fault

_PARTS = {"subject.txt": "subject", "body.txt": "text", "body.html": "html"}
_FILES = {part: file for file, part in _PARTS.items()}


@dataclass(slots=True)
class Definition:
    """A message: its parts, by what they are, and its settings. `template` is the one that has the parts as blocks."""

    name: str
    parts: dict[str, str]
    settings: Settings = field(default_factory=Settings)
    template: str | None = None

    def entry(self, images: tuple[tuple[str, str, int, int], ...] = ()) -> MessageEntry:
        """Return what a manifest says of it, where these are its images."""
        settings = self.settings
        return MessageEntry(
            self.parts,
            self.template,
            settings.fields,
            settings.headers,
            images,
            settings.unsubscribe,
            settings.category,
        )


def folders(names: Iterable[str], settings: Mapping[str, Settings | None]) -> dict[str, Definition]:
    """Return the folders that are messages, by name; `settings` are those of the `message.toml` files, as
    `blendtpl.compiler.mail.settings.read_every` gives them.

    A folder with a part of a message and no settings is none: a subject alone may be there for others to extend.
    """
    definitions: dict[str, Definition] = {}
    for name in sorted(names, key=lambda name: (len(name), name), reverse=True):  # the plain name comes last, and stays
        folder, _, file = name.rpartition("/")
        part = _PARTS.get(without_engine_ending(file))
        if folder and part:
            definitions.setdefault(folder, Definition(folder, {})).parts[part] = name
    in_folders = {name.removesuffix(FILE).rstrip("/"): table for name, table in settings.items()}
    for folder, table in in_folders.items():
        if table is not None:
            definitions.setdefault(folder, Definition(folder, {})).settings = table
    return {
        name: definition
        for name, definition in sorted(definitions.items())
        if name in in_folders or ("subject" in definition.parts and len(definition.parts) > 1)
    }


def whole(definition: Definition) -> Iterator[Fault]:
    """Yield a fault for each part that a folder lacks."""
    name, parts = definition.name, definition.parts
    missing = [] if "subject" in parts else ["subject"]
    missing += [part for part in definition.settings.required if part not in parts]
    for part in missing:
        yield Fault(name, 0, 0, KIND, f"the message has no {part}: there is no `{name}/{_FILES[part]}`", "add it")
    if not parts.keys() & {"text", "html"}:
        bodies = " nor ".join(f"`{name}/{_FILES[part]}`" for part in ("text", "html"))
        yield Fault(name, 0, 0, KIND, f"the message has no body: there is neither {bodies}", "add one of them")


def image_places(folder: str, template: str, name: str) -> list[str]:
    """Return where an image may be: beside the message, beside the template that names it, or at the root."""
    return [joined(directory, name) for directory in dict.fromkeys((folder, posixpath.dirname(template), ""))]


def joined(folder: str, path: str) -> str:
    """Return the name of what a path leads to from a folder."""
    return posixpath.normpath(posixpath.join(folder, path))


def images_named(tree: nodes.Template) -> Iterator[tuple[int, str]]:
    """Yield the images that a template names by constant calls of `cid`, with their lines."""
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "cid" and len(call.args) == 1:
            (argument,) = call.args
            if isinstance(argument, nodes.Const) and isinstance(argument.value, str):
                yield call.lineno, argument.value
