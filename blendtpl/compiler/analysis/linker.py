"""Link: from the summaries of all templates to one closed program.

Enters: summaries. Leaves: a program in which every constant reference resolves, with what each template reaches
and reads from the context; or every fault at once. No source and no tree is looked at, but for the place of a fault.
"""

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, replace

import jinja2

from blendtpl.bundle.environment import passed_argument, prints_in_order
from blendtpl.bundle.manifest import Needs
from blendtpl.compiler.analysis.computed_names import matching
from blendtpl.compiler.analysis.program_facts import (
    Computed,
    ProgramFacts,
    context_free,
    singletons,
    stable_autoescape,
    string_functions,
)
from blendtpl.compiler.analysis.summary import Link, TemplateSummary, Use
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

    summary: TemplateSummary
    reach: tuple[str, ...]
    variables: tuple[str, ...]
    blocks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """The linked, closed set of templates, by name."""

    templates: Mapping[str, Linked]
    needs: Needs
    facts: ProgramFacts


def check(
    summaries: Mapping[str, TemplateSummary],
    broken: Set[str],
    binary: Mapping[str, Fault],
    environment: jinja2.Environment,
    locate: Locate,
) -> list[Fault]:
    """Return every fault of how the templates use their environment and each other.

    `broken` are the names of templates that exist, but have no summary, `binary` files beside templates that are no
    text. `locate` gives the positions of a template; it is called for faulty ones only.
    """
    existing = summaries.keys() | broken | binary.keys()
    faults: list[Fault] = []
    for name, summary in summaries.items():
        for what, uses, available in (
            ("filter", summary.filters, environment.filters),
            ("test", summary.tests, environment.tests),
        ):
            faults += [
                diagnostics.unknown_callable(
                    name, locate(name).of_word(use.line, use.name, _BEFORE[what]), what, use.name, available
                )
                for use in uses
                if use.name not in available and not use.soft
            ]
        faults += [
            diagnostics.missing_reference(name, locate(name).of_word(link.line, link.names[0]), link.names, existing)
            for link in summary.links
            if link.names and not link.optional and existing.isdisjoint(link.names)
        ]
        faults += [
            diagnostics.binary_reference(name, _spot(locate(name), summary, link.line, resolved), binary[resolved])
            for link in summary.links
            for resolved in link.names
            if resolved in binary
        ]
        faults += _second_extends(name, summary, locate)
    faults += _cycles(summaries, locate)
    return faults


def _spot(positions: Positions, summary: TemplateSummary, line: int, resolved: str) -> Spot:
    """Return where a line, or one below it, names a template, in whatever spelling."""
    written = (written for written, name in summary.spellings if name == resolved)
    spots = [positions.of_word(line, word) for word in (resolved, *written)]
    return next((spot for spot in spots if spot.column), spots[0])


def _second_extends(name: str, summary: TemplateSummary, locate: Locate) -> Iterator[Fault]:
    """Yield a fault for an `extends` that surely comes second: rendering would always fail there."""
    first, *others = [link.line for link in summary.links if link.kind == "extends" and not link.guarded] or [0]
    for line in others:
        spot = locate(name).of_word(line, "extends", ["block_begin"])
        yield diagnostics.second_extends(name, spot, first)


def link(summaries: Mapping[str, TemplateSummary], environment: jinja2.Environment, *, speedups: bool) -> Program:
    """Return the program of templates in which `check` finds no fault; `speedups` is what `ProgramFacts` says of it."""
    reads = _reads(summaries, {})
    extends = {name: summary.facts.extends for name, summary in summaries.items()}
    computed = {
        link.patterns: matching(link.patterns, extends)
        for summary in summaries.values()
        for link in summary.links
        if link.patterns
    }
    seen = _reads(summaries, computed) if any(computed.values()) else reads
    templates = {}
    for name, summary in summaries.items():
        templates[name] = Linked(
            summary=summary,
            reach=tuple(sorted(_reach(name, summaries))),
            variables=tuple(sorted(reads[name] - environment.globals.keys())),
            blocks=tuple(
                dict.fromkeys(block.name for part in _chain(name, summaries) for block in summaries[part].blocks)
            ),
        )
    facts = {name: summary.facts for name, summary in summaries.items()}
    ready = singletons(facts)
    program_facts = ProgramFacts(
        facts,
        {name: frozenset(names) for name, names in seen.items()},
        stable_autoescape(facts),
        referred=frozenset(name for summary in summaries.values() for link in summary.links for name in link.names)
        | {template for names in computed.values() for _, template in names},
        singletons=ready,
        context_free=context_free(facts, ready, reads),
        speedups=speedups,
        computed=computed,
    )
    if not prints_in_order(environment):
        program_facts = replace(program_facts, string_functions=string_functions(program_facts))
    return Program(templates, _needs(summaries, environment), program_facts)


def _target(link: Link, summaries: Mapping[str, TemplateSummary]) -> str | None:
    return next((name for name in link.names if name in summaries), None)


def _needs(summaries: Mapping[str, TemplateSummary], environment: jinja2.Environment) -> Needs:
    def passed(uses: Iterator[Use], available: Mapping[str, object]) -> dict[str, str]:
        return {
            name: passed_argument(available[name]) for name in sorted({use.name for use in uses}) if name in available
        }

    every = summaries.values()
    free = {
        name for summary in every for part in (summary.free, *(block.free for block in summary.blocks)) for name in part
    }
    return Needs(
        filters=passed((use for summary in every for use in summary.filters), environment.filters),
        tests=passed((use for summary in every for use in summary.tests), environment.tests),
        globals=tuple(sorted(free & environment.globals.keys())),
    )


def _reads(summaries: Mapping[str, TemplateSummary], computed: Computed) -> dict[str, set[str]]:
    """Return what each template, and all that sees its context, reads; goes round until it rests, for cycles.
    `computed` are the templates that names may mean which are made at run time.
    """
    parts = {name: list(_parts(name, summaries)) for name in summaries}
    reads: dict[str, set[str]] = {name: set() for name in summaries}
    changed = True
    while changed:
        changed = False
        for name, own_parts in parts.items():
            more = set().union(
                *(part.free | _linked_reads(part, reads, summaries, computed) - part.bound for part in own_parts)
            )
            if more != reads[name]:
                reads[name] = more
                changed = True
    return reads


@dataclass(frozen=True, slots=True)
class _Part:
    """A body that runs when a template is rendered: it reads `free`, and what is read by those it refers to, but
    `bound`.
    """

    free: frozenset[str]
    links: tuple[Link, ...]
    bound: frozenset[str]


def _linked_reads(
    part: _Part, reads: Mapping[str, set[str]], summaries: Mapping[str, TemplateSummary], computed: Computed
) -> set[str]:
    names: set[str] = set()
    for link in part.links:
        target = _target(link, summaries)
        if target is not None and link.context:
            names |= reads[target] - link.bound
        for _, chosen in computed.get(link.patterns, ()):
            names |= reads.get(chosen, set()) - link.bound
    return names


def _parts(name: str, summaries: Mapping[str, TemplateSummary]) -> Iterator[_Part]:
    """Yield what runs for a template: the top levels of its chain, and the bodies of each block that nothing overrides.

    The top levels run in the order of the chain, so that each sees what those before it set; a block runs where the
    outermost template has it, and sees all that is set there.
    """
    chain = [summaries[part] for part in _chain(name, summaries)]
    before: frozenset[str] = frozenset()
    for summary in chain:
        links = tuple(link for link in summary.links if not link.block and not _in_chain(link, chain, summaries))
        yield _Part(summary.free - before, links, before)
        if summary is not chain[-1]:
            before |= summary.top
    for block in dict.fromkeys(block.name for summary in chain for block in summary.blocks):
        bodies = [(summary, body) for summary in chain for body in summary.blocks if body.name == block]
        bound = before | bodies[-1][1].visible
        for summary, body in bodies:
            links = tuple(link for link in summary.links if link.block == block)
            yield _Part(body.free - bound, links, bound)
            if not body.supers:
                break


def _in_chain(link: Link, chain: list[TemplateSummary], summaries: Mapping[str, TemplateSummary]) -> bool:
    target = _target(link, summaries)
    return link.kind == "extends" and target is not None and summaries[target] in chain


def _reach(name: str, summaries: Mapping[str, TemplateSummary]) -> set[str]:
    reached: set[str] = set()
    waiting = [name]
    while waiting:
        for link in summaries[waiting.pop()].links:
            for target in link.names:
                if target in summaries and target not in reached:
                    reached.add(target)
                    waiting.append(target)
    return reached


def _chain(name: str, summaries: Mapping[str, TemplateSummary]) -> list[str]:
    """Return the template, what it surely extends, what that extends, and so on."""
    chain: list[str] = []
    template: str | None = name
    while template is not None and template not in chain:
        chain.append(template)
        parents = [link for link in summaries[template].links if link.kind == "extends" and not link.guarded]
        template = _target(parents[0], summaries) if parents else None
    return chain


def _cycles(summaries: Mapping[str, TemplateSummary], locate: Locate) -> Iterator[Fault]:
    """Yield one fault for each circle of references that no condition guards, by a depth-first search."""
    done: set[str] = set()
    for start in summaries:
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
                spot = _spot(locate(path[-1]), summaries[path[-1]], line, name)
                yield diagnostics.reference_cycle(path[-1], spot, [*circle, name])
            elif name not in done:
                path.append(name)
                edges.append(iter(_unguarded(summaries[name], summaries)))


def _unguarded(summary: TemplateSummary, summaries: Mapping[str, TemplateSummary]) -> list[tuple[str, int]]:
    targets = []
    for link in summary.links:
        target = _target(link, summaries)
        if target is not None and not link.guarded:
            targets.append((target, link.line))
    return targets
