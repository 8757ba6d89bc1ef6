"""Catalogue: what there is to look at, e-mails and pages, each with its examples.

Enters: a registry and the folders of its sources. Leaves: items, by name. A template that is only a part of others is
none, unless it has examples of its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from blendtpl.bundle.manifest import MessageEntry
from blendtpl.compiler.frontend.examples import examples_file
from blendtpl.errors import ConfigError
from blendtpl.preview.example_files import open_examples
from blendtpl.runtime.registry import Registry

MESSAGE, PAGE = "message", "page"


@dataclass(frozen=True, slots=True)
class Item:
    """An e-mail, which has the name of a message of the registry, or a page.

    `parts` are the templates that it is made of, by what each is; an e-mail in blocks has them all in one. `file` has
    its examples, `problem` is what is wrong with that, and `missing` the file that would have them where there is none.
    """

    name: str
    kind: str
    parts: Mapping[str, str]
    examples: tuple[str, ...]
    file: Path | None
    problem: str
    missing: str


def catalogue(registry: Registry, folders: Iterable[Path]) -> dict[str, Item]:
    """Return the items of a registry in the order of their names, e-mails first."""
    roots = tuple(folders)
    messages = {name: _parts(message.entry) for name, message in sorted(registry.messages.items())}
    used = {part for parts in messages.values() for part in parts.values()}
    referred = {reference for template in registry.values() for reference in template.references}
    items = {name: _item(name, MESSAGE, parts, roots) for name, parts in messages.items()}
    for name in registry:
        if name not in used and (name not in referred or _has_own_examples(roots, name)):
            items[name] = _item(name, PAGE, {"page": name}, roots)
    return items


def variables_of(registry: Registry, item: Item) -> tuple[str, ...]:
    """Return the names that any part of an item reads."""
    return tuple(sorted({name for part in item.parts.values() for name in registry[part].variables}))


def templates_of(registry: Registry, item: Item) -> frozenset[str]:
    """Return the names of all templates that an item is rendered from, as far as they are known."""
    reached: set[str] = set()
    pending = list(item.parts.values())
    while pending:
        name = pending.pop()
        if name not in reached and name in registry:
            reached.add(name)
            pending += registry[name].references
    return frozenset(reached)


def _parts(entry: MessageEntry) -> Mapping[str, str]:
    return {part: entry.template or entry.parts[part] for part in ("subject", "text", "html") if part in entry.parts}


def _item(name: str, kind: str, parts: Mapping[str, str], roots: tuple[Path, ...]) -> Item:
    first = next(iter(parts.values()))
    file = examples_file(roots, first)
    examples: tuple[str, ...] = ()
    problem = ""
    if file is not None:
        try:
            examples = tuple(open_examples(file).spans)
        except ConfigError as error:
            problem = str(error)
    return Item(name, kind, parts, examples, file, problem, _missing_file(name, first))


def _missing_file(name: str, template: str) -> str:
    """Return the file of examples that is missing: that of the folder of an e-mail, or of the template itself."""
    if name != template:
        return f"{name}/examples.json"
    folder, slash, file = name.rpartition("/")
    return f"{folder}{slash}{file.partition('.')[0]}.examples.json"


def _has_own_examples(roots: tuple[Path, ...], name: str) -> bool:
    file = examples_file(roots, name)
    return file is not None and file.name == f"{name.rpartition('/')[2].partition('.')[0]}.examples.json"
