"""Listing: all messages of a program, each once, for everybody who asks which there are.

Enters: the names of sources, what `message.toml` files say, and the linked program. Leaves: definitions. What leaves a
block for others to fill is a layout, and no message, unless it has a `message.toml`, which says that it is one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from jinja2 import nodes

from blendtpl.compiler.analysis.linker import Program
from blendtpl.compiler.mail.folders import Definition, folders, whole
from blendtpl.compiler.mail.settings import FILE, KIND, Settings
from blendtpl.errors import Fault

Tree = Callable[[str], nodes.Template | None]
PARTS = ("subject", "text", "html")

_NOT_ALWAYS = (nodes.If, nodes.For, nodes.Macro, nodes.CallBlock)


@dataclass(frozen=True, slots=True)
class Place:
    """A block, and the template that has it."""

    template: str
    block: nodes.Block


@dataclass(frozen=True, slots=True)
class Listing:
    """The messages of a program, folders first, and what is wrong with those that say to be one."""

    definitions: tuple[Definition, ...]
    faults: tuple[Fault, ...]


def listing(program: Program, names: Iterable[str], files: Mapping[str, Settings | None], tree: Tree) -> Listing:
    """Return the messages of a program; `names` are those of all sources, with those that cannot be parsed."""
    definitions, faults = [], []
    for definition in folders(names, files).values():
        lacking = [place for part in definition.parts.values() for place in unfilled(program, tree, part)]
        if not lacking or f"{definition.name}/{FILE}" in files:
            definitions.append(definition)
            faults += [*whole(definition), *_lacking(program, tree, definition)]
    return Listing((*definitions, *_in_blocks(program, tree)), tuple(faults))


def innermost(program: Program, tree: Tree, name: str, block: str) -> Place | None:
    """Return the block of that name which a template prints, its own or one of what it extends."""
    return next((place for place in _places(program, tree, name) if place.block.name == block), None)


def unfilled(
    program: Program, tree: Tree, name: str, blocks: Iterable[str] | None = None, *, always: bool = False
) -> Iterator[Place]:
    """Yield the blocks that a template prints, or some of its blocks do, and that another template must fill; `always`:
    only those that each render comes to.
    """
    chain = _chain(program, name)
    if not _may_lack(program, chain):
        return  # of which nothing has to be parsed
    places: dict[str, list[Place]] = {}
    for place in _places(program, tree, name):
        places.setdefault(place.block.name, []).append(place)
    root = tree(chain[-1])
    pending: list[tuple[nodes.Node, str, int]] = [] if blocks is not None or root is None else [(root, "", 0)]
    entered = [(block, 0) for block in blocks or ()]
    seen: set[tuple[str, int]] = set()
    while pending or entered:
        if not pending:
            block, depth = entered.pop()
            if (block, depth) in seen or depth >= len(places.get(block, ())):
                continue
            seen.add((block, depth))
            place = places[block][depth]
            if depth == 0 and place.block.required:
                yield place
            pending = [(child, block, depth) for child in place.block.body]
            continue
        node, block, depth = pending.pop()
        if isinstance(node, nodes.Block):
            entered.append((node.name, 0))
        elif not (always and isinstance(node, _NOT_ALWAYS)):
            if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name == "super":
                entered.append((block, depth + 1))
            pending += [(child, block, depth) for child in node.iter_child_nodes()]


def _lacking(program: Program, tree: Tree, definition: Definition) -> Iterator[Fault]:
    for part, name in definition.parts.items():
        for place in unfilled(program, tree, name, always=True):
            problem = f"the message has no whole {part}: nothing fills the block `{place.block.name}` of "
            hint = f"fill it or, if others are to extend this message, remove its `{FILE}`"
            yield Fault(name, 1, 0, KIND, f"{problem}`{place.template}`, which is required", hint)


def _in_blocks(program: Program, tree: Tree) -> Iterator[Definition]:
    """Yield the templates that are messages by their blocks."""
    for name, linked in program.templates.items():
        parts = [part for part in PARTS if part in linked.blocks]
        if "subject" not in parts or len(parts) == 1:
            continue
        if any(innermost(program, tree, name, part) is None for part in parts):
            continue  # a template of the chain is broken, which is told
        if not any(unfilled(program, tree, name, parts)):
            yield Definition(name, {part: part for part in parts}, template=name)


def _may_lack(program: Program, chain: list[str]) -> bool:
    """Return whether a chain has a block that is required and that no template before fills, by their summaries."""
    seen: set[str] = set()
    for name in chain:
        summary = program.templates[name].summary
        if not seen.issuperset(summary.facts.required):
            return True
        seen.update(block.name for block in summary.blocks)
    return False


def _places(program: Program, tree: Tree, name: str) -> Iterator[Place]:
    for template in _chain(program, name):
        for block in getattr(tree(template), "find_all", lambda kind: ())(nodes.Block):
            yield Place(template, block)


def _chain(program: Program, name: str) -> list[str]:
    """Return a template and what it extends, one after another; of several that it may extend, the first."""
    chain: list[str] = []
    while name not in chain and name in program.templates:
        chain.append(name)
        links = program.templates[name].summary.links
        name = next((link.names[0] for link in links if link.kind == "extends" and link.names), name)
    return chain
