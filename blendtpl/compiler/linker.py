"""Link: from the outlines of all templates to one closed program.

Enters: outlines. Leaves: a program in which every constant reference resolves, with what each template reaches
and reads from the context; or every fault at once. No source and no tree is looked at, but for the place of a fault.
"""

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass

import jinja2

from blendtpl.compiler import faults
from blendtpl.compiler.outline import Link, Outline, Use
from blendtpl.compiler.positions import Positions
from blendtpl.environments import passed_argument
from blendtpl.errors import Fault
from blendtpl.manifest import Needs

Locate = Callable[[str], Positions]


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


def check(
    outlines: Mapping[str, Outline], broken: Set[str], environment: jinja2.Environment, locate: Locate
) -> list[Fault]:
    """Return every fault of how the templates use their environment and each other.

    `broken` are the names of templates that exist, but have no outline. `locate` gives the positions of a template;
    it is called for faulty ones only.
    """
    existing = outlines.keys() | broken
    found: list[Fault] = []
    for name, outline in outlines.items():
        for what, uses, known in (
            ("filter", outline.filters, environment.filters),
            ("test", outline.tests, environment.tests),
        ):
            found += [
                faults.unknown_callable(name, locate(name).of_word(use.line, use.name), what, use.name, known)
                for use in uses
                if use.name not in known and not use.soft
            ]
        found += [
            faults.missing_reference(name, locate(name).of_word(link.line, link.names[0]), link.names, existing)
            for link in outline.links
            if link.names and not link.optional and existing.isdisjoint(link.names)
        ]
    found += _cycles(outlines, locate)
    return found


def link(outlines: Mapping[str, Outline], environment: jinja2.Environment) -> Program:
    """Return the program of templates in which `check` finds no fault."""
    reads = _reads(outlines)
    templates = {}
    for name, outline in outlines.items():
        templates[name] = Linked(
            outline=outline,
            reach=tuple(sorted(_reach(name, outlines))),
            variables=tuple(sorted(reads[name] - environment.globals.keys())),
            blocks=tuple(dict.fromkeys(_blocks(name, outlines))),
        )
    return Program(templates, _needs(outlines, environment))


def _target(link: Link, outlines: Mapping[str, Outline]) -> str | None:
    return next((name for name in link.names if name in outlines), None)


def _needs(outlines: Mapping[str, Outline], environment: jinja2.Environment) -> Needs:
    def passed(uses: Iterator[Use], known: Mapping[str, object]) -> dict[str, str]:
        return {name: passed_argument(known[name]) for name in sorted({use.name for use in uses}) if name in known}

    every = outlines.values()
    free = {name for outline in every for name in outline.free}
    return Needs(
        filters=passed((use for outline in every for use in outline.filters), environment.filters),
        tests=passed((use for outline in every for use in outline.tests), environment.tests),
        globals=tuple(sorted(free & environment.globals.keys())),
    )


def _reads(outlines: Mapping[str, Outline]) -> dict[str, set[str]]:
    """Return what each template and all it shares its context with read; goes round until it rests, for cycles."""
    reads = {name: set(outline.free) for name, outline in outlines.items()}
    changed = True
    while changed:
        changed = False
        for name, outline in outlines.items():
            for link in outline.links:
                target = _target(link, outlines)
                if target is None or not link.context:
                    continue
                # a template runs its whole top level before what it extends
                bound = link.bound | outline.top if link.kind == "extends" else link.bound
                more = reads[target] - bound - reads[name]
                if more:
                    reads[name] |= more
                    changed = True
    return reads


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


def _blocks(name: str, outlines: Mapping[str, Outline]) -> Iterator[str]:
    seen: set[str] = set()
    while name not in seen:
        seen.add(name)
        yield from outlines[name].blocks
        parents = [
            _target(link, outlines) for link in outlines[name].links if link.kind == "extends" and not link.guarded
        ]
        if not parents or parents[0] is None:
            return
        name = parents[0]


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
                yield faults.reference_cycle(path[-1], locate(path[-1]).of_word(line, name), [*circle, name])
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
