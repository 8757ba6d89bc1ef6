"""Link: from the outlines of all templates to one closed program.

Enters: outlines. Leaves: a program in which every constant reference resolves, with what each template reaches
and reads from the context; or every fault at once. No source and no tree is looked at, but for the place of a fault.
"""

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, replace

import jinja2

from blendtpl.bundle.environment import passed_argument, prints_in_order
from blendtpl.bundle.manifest import Needs
from blendtpl.compiler.analysis.program_facts import Links, statics, texts, uniform
from blendtpl.compiler.analysis.summary import Link, Outline, Use
from blendtpl.compiler.frontend import diagnostics
from blendtpl.compiler.frontend.positions import Positions, Spot
from blendtpl.errors import Fault

Locate = Callable[[str], Positions]

# what stands before the name of a filter or test
_BEFORE = {"filter": ("|", "filter"), "test": ("is", "not")}


@dataclass(frozen=True, slots=True)
class Linked:
    """One template of a program. `reach` are the templates it refers to, directly or through others, sorted;
    `variables` what all of them read from the context; `blocks` its own and those of what it surely extends.
    """

    outline: Outline
    reach: tuple[str, ...]
    variables: tuple[str, ...]
    blocks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """The linked, closed set of templates, by name."""

    templates: Mapping[str, Linked]
    needs: Needs
    links: Links


def check(
    outlines: Mapping[str, Outline],
    broken: Set[str],
    binary: Mapping[str, Fault],
    environment: jinja2.Environment,
    locate: Locate,
) -> list[Fault]:
    """Return every fault of how the templates use their environment and each other.

    `broken` are the names of templates that exist, but have no outline, `binary` files beside templates that are no
    text. `locate` gives the positions of a template; it is called for faulty ones only.
    """
    existing = outlines.keys() | broken | binary.keys()
    found: list[Fault] = []
    for name, outline in outlines.items():
        for what, uses, known in (
            ("filter", outline.filters, environment.filters),
            ("test", outline.tests, environment.tests),
        ):
            found += [
                diagnostics.unknown_callable(
                    name, locate(name).of_word(use.line, use.name, _BEFORE[what]), what, use.name, known
                )
                for use in uses
                if use.name not in known and not use.soft
            ]
        found += [
            diagnostics.missing_reference(name, locate(name).of_word(link.line, link.names[0]), link.names, existing)
            for link in outline.links
            if link.names and not link.optional and existing.isdisjoint(link.names)
        ]
        found += [
            diagnostics.binary_reference(name, _spot(locate(name), outline, link.line, meant), binary[meant])
            for link in outline.links
            for meant in link.names
            if meant in binary
        ]
        found += _second_extends(name, outline, locate)
    found += _cycles(outlines, locate)
    return found


def _spot(positions: Positions, outline: Outline, line: int, meant: str) -> Spot:
    """Return where a line, or one below it, names a template, in whatever spelling."""
    asked = (asked for asked, found in outline.asked if found == meant)
    spots = [positions.of_word(line, word) for word in (meant, *asked)]
    return next((spot for spot in spots if spot.column), spots[0])


def _second_extends(name: str, outline: Outline, locate: Locate) -> Iterator[Fault]:
    """Yield a fault for an `extends` that surely comes second: rendering would always fail there."""
    first, *others = [link.line for link in outline.links if link.kind == "extends" and not link.guarded] or [0]
    for line in others:
        spot = locate(name).of_word(line, "extends", ["block_begin"])
        yield diagnostics.second_extends(name, spot, first)


def link(outlines: Mapping[str, Outline], environment: jinja2.Environment, *, speedups: bool) -> Program:
    """Return the program of templates in which `check` finds no fault; `speedups` is what `Links` says of it."""
    reads = _reads(outlines)
    templates = {}
    for name, outline in outlines.items():
        templates[name] = Linked(
            outline=outline,
            reach=tuple(sorted(_reach(name, outlines))),
            variables=tuple(sorted(reads[name] - environment.globals.keys())),
            blocks=tuple(
                dict.fromkeys(block.name for part in _chain(name, outlines) for block in outlines[part].blocks)
            ),
        )
    facts = {name: outline.facts for name, outline in outlines.items()}
    links = Links(
        facts,
        {name: frozenset(found) for name, found in reads.items()},
        uniform(facts),
        referred=frozenset(name for outline in outlines.values() for found in outline.links for name in found.names),
        statics=statics(facts),
        speedups=speedups,
    )
    if not prints_in_order(environment):
        links = replace(links, texts=texts(links))
    return Program(templates, _needs(outlines, environment), links)


def _target(link: Link, outlines: Mapping[str, Outline]) -> str | None:
    return next((name for name in link.names if name in outlines), None)


def _needs(outlines: Mapping[str, Outline], environment: jinja2.Environment) -> Needs:
    def passed(uses: Iterator[Use], known: Mapping[str, object]) -> dict[str, str]:
        return {name: passed_argument(known[name]) for name in sorted({use.name for use in uses}) if name in known}

    every = outlines.values()
    free = {
        name for outline in every for part in (outline.free, *(block.free for block in outline.blocks)) for name in part
    }
    return Needs(
        filters=passed((use for outline in every for use in outline.filters), environment.filters),
        tests=passed((use for outline in every for use in outline.tests), environment.tests),
        globals=tuple(sorted(free & environment.globals.keys())),
    )


def _reads(outlines: Mapping[str, Outline]) -> dict[str, set[str]]:
    """Return what each template, and all that sees its context, reads; goes round until it rests, for cycles."""
    parts = {name: list(_parts(name, outlines)) for name in outlines}
    reads: dict[str, set[str]] = {name: set() for name in outlines}
    changed = True
    while changed:
        changed = False
        for name, found in parts.items():
            more = set().union(*(part.free | _linked_reads(part, reads, outlines) - part.bound for part in found))
            if more != reads[name]:
                reads[name] = more
                changed = True
    return reads


@dataclass(frozen=True, slots=True)
class _Part:
    """A body that runs when a template is rendered: it reads `free`, and through links what they read, but `bound`."""

    free: frozenset[str]
    links: tuple[Link, ...]
    bound: frozenset[str]


def _linked_reads(part: _Part, reads: Mapping[str, set[str]], outlines: Mapping[str, Outline]) -> set[str]:
    found: set[str] = set()
    for link in part.links:
        target = _target(link, outlines)
        if target is not None and link.context:
            found |= reads[target] - link.bound
    return found


def _parts(name: str, outlines: Mapping[str, Outline]) -> Iterator[_Part]:
    """Yield what runs for a template: the top levels of its chain, and the bodies of each block that nothing overrides.

    The top levels run in the order of the chain, so that each sees what those before it set; a block runs where the
    outermost template has it, and sees all that is set there.
    """
    chain = [outlines[part] for part in _chain(name, outlines)]
    before: frozenset[str] = frozenset()
    for outline in chain:
        links = tuple(link for link in outline.links if not link.block and not _in_chain(link, chain, outlines))
        yield _Part(outline.free - before, links, before)
        if outline is not chain[-1]:
            before |= outline.top
    for block in dict.fromkeys(block.name for outline in chain for block in outline.blocks):
        bodies = [(outline, body) for outline in chain for body in outline.blocks if body.name == block]
        bound = before | bodies[-1][1].visible
        for outline, body in bodies:
            links = tuple(link for link in outline.links if link.block == block)
            yield _Part(body.free - bound, links, bound)
            if not body.supers:
                break


def _in_chain(link: Link, chain: list[Outline], outlines: Mapping[str, Outline]) -> bool:
    target = _target(link, outlines)
    return link.kind == "extends" and target is not None and outlines[target] in chain


def _reach(name: str, outlines: Mapping[str, Outline]) -> set[str]:
    reached: set[str] = set()
    waiting = [name]
    while waiting:
        for link in outlines[waiting.pop()].links:
            for target in link.names:
                if target in outlines and target not in reached:
                    reached.add(target)
                    waiting.append(target)
    return reached


def _chain(name: str, outlines: Mapping[str, Outline]) -> list[str]:
    """Return the template, what it surely extends, what that extends, and so on."""
    chain: list[str] = []
    found: str | None = name
    while found is not None and found not in chain:
        chain.append(found)
        parents = [link for link in outlines[found].links if link.kind == "extends" and not link.guarded]
        found = _target(parents[0], outlines) if parents else None
    return chain


def _cycles(outlines: Mapping[str, Outline], locate: Locate) -> Iterator[Fault]:
    """Yield one fault for each circle of references that no condition guards, by a depth-first search."""
    done: set[str] = set()
    for start in outlines:
        path: list[str] = []
        edges = [iter([(start, 0)])]
        while edges:
            step = next(edges[-1], None)
            if step is None:
                edges.pop()
                if path:
                    done.add(path.pop())
                continue
            name, line = step
            if name in path:
                circle = path[path.index(name) :]
                spot = _spot(locate(path[-1]), outlines[path[-1]], line, name)
                yield diagnostics.reference_cycle(path[-1], spot, [*circle, name])
            elif name not in done:
                path.append(name)
                edges.append(iter(_unguarded(outlines[name], outlines)))


def _unguarded(outline: Outline, outlines: Mapping[str, Outline]) -> list[tuple[str, int]]:
    found = []
    for link in outline.links:
        target = _target(link, outlines)
        if target is not None and not link.guarded:
            found.append((target, link.line))
    return found
