"""Program facts: what the emitter of one template may take for granted about the others.

Enters: the facts of all templates of a closed set and what each reads. Leaves: answers about a name. Without a
closed set there are no links, and everything stays as dynamic as Jinja2 has it.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field

from blendtpl.bundle import abi
from blendtpl.bundle.abi import TUPLE_FREELIST_LIMIT
from blendtpl.compiler.analysis.computed_names import Pattern
from blendtpl.compiler.analysis.facts import Facts, MacroShape
from blendtpl.compiler.analysis.string_functions import Prints

Computed = Mapping[tuple[Pattern, ...], tuple[tuple[str, str], ...]]  # names, each with its template


@dataclass(frozen=True, slots=True)
class Layout:
    """Where code finds its variables and blocks in a scope: a template's begin with those of what it extends, so
    that the code of both runs with the same scope. A name that ends with ``=`` is there for what is set alone.
    """

    slots: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()


def above(facts: Mapping[str, Facts], template: str) -> frozenset[str]:
    """Return all of a closed set that a template may extend, or what it extends may, and so on."""
    names: set[str] = set()
    waiting = [template]
    while waiting:
        extensible = facts[waiting.pop()].extensible
        # a name that is made at run time may be any of them
        if extensible is None:
            return frozenset(facts)
        fresh = facts.keys() & set(extensible) - names
        names |= fresh
        waiting += fresh
    return frozenset(names)


def stable_autoescape(facts: Mapping[str, Facts]) -> frozenset[str]:
    """Return the templates of a closed set whose code surely runs where output is escaped as it was when it was
    compiled. A template runs in the context of whatever extends it, which may escape otherwise, and an `autoescape` tag
    may surround a block of another.
    """
    mixed: set[str] = set()
    for name, template in facts.items():
        chain = above(facts, name)
        if template.modifies or any(facts[other].modifies for other in chain):
            mixed |= {name, *chain}
        else:
            mixed |= {other for other in chain if facts[other].escaped is not template.escaped}
    return frozenset(facts.keys() - mixed)


def singletons(facts: Mapping[str, Facts]) -> frozenset[str]:
    """Return the templates of which an import without context finds the same module at every render, which nothing
    changes: it has macros and constants, and modules of that kind.

    A dict or a list in it could be changed, if only by what it is given to. So nothing may be done with what has its
    name, or that of the module, but to look things up.
    """
    handled = frozenset().union(*(template.handled for template in facts.values()))
    unsafe = {name for name, template in facts.items() if template.changeable & handled}
    for alias, origin, called in {imported for template in facts.values() for imported in template.modules}:
        if alias in handled:
            unsafe |= {
                name
                for name in ([origin] if origin else facts)
                if name in facts and (called in facts[name].changeable if called else facts[name].changeable)
            }
    ready: set[str] = set()
    waiting = {name for name, template in facts.items() if template.is_singleton} - unsafe
    # a module is made when what it imports is; of a circle none ever is
    while fresh := {name for name in waiting if ready.issuperset(origin for _, origin, _ in facts[name].modules)}:
        ready |= fresh
        waiting -= fresh
    return frozenset(ready)


def context_free(facts: Mapping[str, Facts], ready: Iterable[str], reads: Mapping[str, Set[str]]) -> frozenset[str]:
    """Return which of the singletons are the same when they are imported with context: they read nothing of it, run
    nothing that may be given it, and nothing can tell that each import with context makes a module of its own.
    """
    if any(template.hands_caller for template in facts.values()):
        return frozenset()
    handled = frozenset().union(*(template.handled for template in facts.values()))
    told = {origin for template in facts.values() for alias, origin, _ in template.in_context if alias in handled}
    return frozenset(name for name in ready if facts[name].context_free and not reads[name] and name not in told)


# so many values, with or without what comes behind them, would be a tuple that is kept
_NEVER_CALLED_WITH = frozenset(
    TUPLE_FREELIST_LIMIT - len(others) for others in ((), ("context",), ("context", "out", "limit"))
)


@dataclass(frozen=True, slots=True)
class ProgramFacts:
    """The links of a closed set. `reads` are the names that a template and all that shares its context read.

    `stable_autoescape` are the templates whose code surely runs where output is escaped as it was when it was compiled.
    `string_functions` are the functions of each template's code that return a text; `referred` are the templates that
    others extend, include or import by a name that is known, or that one is compared with; `singletons` those that are
    modules which never change.
    `context_free` are those of the singletons that are the same when they are imported with context.
    `computed` are the templates that an include may mean by a name that is made at run time, by what is known of that.
    `speedups`: whether what runs the code is taken to have `blendtpl.runtime._speedups`. `alone` are the facts of the
    one template that there is where no set is closed, so that all others may change, and `given` the names that its
    code is called with, when it is. Something may extend it, too, which escapes otherwise.
    """

    facts: Mapping[str, Facts] = field(default_factory=dict)
    reads: Mapping[str, frozenset[str]] = field(default_factory=dict)
    stable_autoescape: frozenset[str] = frozenset()
    string_functions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    referred: frozenset[str] = frozenset()
    singletons: frozenset[str] = frozenset()
    context_free: frozenset[str] = frozenset()
    speedups: bool = False
    computed: Computed = field(default_factory=dict)
    alone: Facts | None = None
    given: tuple[str, ...] | None = None

    def returns_text(self, template: str | None, function: str) -> bool:
        """Return whether a function of a template's code returns a text, rather than write to a list."""
        return template is not None and function in self.string_functions.get(template, ())

    def block_returns_text(self, template: str | None, block: str) -> bool:
        """Return whether a block that a template has, or something it surely extends, returns a text."""
        while template is not None and block not in self.facts[template].blocks:
            template = self.parent(template)
        return self.returns_text(template, abi.block_function(block))

    def parameters(self, template: str | None) -> tuple[str, ...] | None:
        """Return the names that the code of an included template is called with; `None` when it needs a context."""
        if self.alone is not None:
            return self.given
        return tuple(sorted(self.reads[template])) if template is not None and self.is_part(template) else None

    def is_part(self, template: str) -> bool:
        """Return whether the code of a template is called with the names that it reads. One that something may extend
        which escapes otherwise needs more: how output is escaped.
        """
        if template not in self.stable_autoescape or not self.facts[template].part:
            return False
        return len(self.reads[template]) not in _NEVER_CALLED_WITH

    def entry(self, template: str | None) -> str | None:
        """Return the function of an included template that is called with the names that it reads, or with a scope that
        has them; `None` when it needs a context.
        """
        if self.parameters(template) is not None:
            return abi.INCLUDED
        if self.layout(template) is None:
            return None
        return None if any(map(self.macros_hold_scope, self.names_of_chain(template))) else abi.ROOT

    def macros_hold_scope(self, template: str | None) -> bool:
        """Return whether the macros that a template makes at its top level hold its scope, which some of them need."""
        facts = self.facts.get(str(template))
        if facts is None or not facts.leaves or facts.modifies or self.layout(template) is None:
            return facts is None or facts.closes
        return facts.closes and template not in self.stable_autoescape

    def chain(self, template: str | None) -> Iterator[Facts]:
        """Yield the facts of a template, of what it surely extends, and so on."""
        return (self.facts[name] for name in self.names_of_chain(template))

    def names_of_chain(self, template: str | None) -> Iterator[str]:
        """Yield a template, what it surely extends, and so on."""
        while template is not None:
            yield template
            template = self.parent(template)

    def needs_context(self, template: str | None) -> bool:
        """Return whether an included template may in rare cases need a true context."""
        if self.alone is not None:  # what it includes may do anything
            return True
        waiting, seen = [template], set()
        while waiting:
            name = waiting.pop()
            # a template may include itself, by whatever way
            if name in seen:
                continue
            seen.add(name)
            entry = self.entry(name)
            if name is None or entry is None or self.facts[name].needs_context:
                return True
            if entry == abi.ROOT and name not in self.stable_autoescape:  # how output is escaped is in the context
                return True
            waiting += [*self.facts[name].included, *filter(None, [self.parent(name)])]
        return False

    def layout(self, template: str | None) -> Layout | None:
        """Return the layout of the scope that a template's code runs with; `None` when it needs a context."""
        facts = self.facts.get(template) if template is not None else None
        if (
            template is None
            or facts is None
            or self.is_part(template)
            or template in self.singletons
            or not facts.slotted
        ):
            return None
        above = Layout()
        if facts.extends:
            parent = self.layout(self.parent(template)) if self.whole(template) else None
            if parent is None:
                return None
            above = parent
        slots = {*self.reads[template], *facts.stored, *facts.shadows, *(f"{name}=" for name in facts.inner)}
        return Layout(
            (*above.slots, *sorted(slots.difference(above.slots))),
            (*above.blocks, *(block for block in facts.blocks if block not in above.blocks)),
        )

    def above(self, template: str, block: str) -> str | None:
        """Return the template that has the body which ``super()`` renders in a block of a chain that is known."""
        ancestor = self.parent(template)
        while ancestor is not None and block not in self.facts[ancestor].blocks:
            ancestor = self.parent(ancestor)
        return ancestor

    def recursive(self, template: str | None) -> bool:
        """Return whether a template includes itself, in whatever way."""
        start = self.facts.get(template) if template is not None else None
        waiting = list(start.included) if start is not None else []
        seen: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name == template:
                return True
            if name in self.facts and name not in seen:
                seen.add(name)
                waiting += self.facts[name].included
        return False

    def is_singleton(self, template: str) -> bool:
        """Return whether an import without context finds the same module at every render, which nothing changes."""
        return template in self.singletons

    def macro(self, template: str, called: str) -> MacroShape | None:
        """Return the macro of a static module."""
        if not self.is_singleton(template):
            return None
        return next((shape for shape in self.facts[template].macros if shape.name == called), None)

    def final_names(self, template: str | None, block: str) -> frozenset[str] | None:
        """Return the names that what a block's template extends may set over its own; `None` when that is not known,
        or when the block may run in a context of its own.
        """
        over: set[str] = set()
        facts = self.facts.get(template) if template is not None else None
        facts = facts or self.alone
        while facts is not None and block not in facts.scoped:
            if not facts.extends:
                return frozenset(over)
            facts = self.facts.get(facts.parent) if facts.parent is not None else None
            if facts is not None:
                over |= facts.stored
        return None

    def macros(self, template: str | None) -> dict[str, MacroShape]:
        """Return the macros of a template's own top level that are always there."""
        facts = self.facts.get(template, self.alone) if template is not None else self.alone
        return {shape.name: shape for shape in facts.macros} if facts is not None else {}

    def parent(self, template: str | None) -> str | None:
        """Return what a template surely extends before it does anything else, when that is in the set."""
        facts = self.facts.get(template) if template is not None else None
        return facts.parent if facts is not None and facts.first and facts.parent in self.facts else None

    def whole(self, template: str | None) -> bool:
        """Return whether all of the chain that a template extends is known, so that its blocks stand ready at load."""
        passed = set()
        while template is not None and template not in passed:
            passed.add(template)
            if not self.facts[template].extends:
                return True
            template = self.parent(template)
        return False

    def imported(self, template: str) -> dict[str, tuple[str, str]]:
        """Return what names of a template's top level are static modules, or macros of them."""
        facts = self.facts.get(template)
        if facts is None:
            return {}
        return {
            name: (origin, macro)
            for name, origin, macro in facts.imported
            if self.is_singleton(origin)
            and (origin in self.context_free or (name, origin, macro) not in facts.in_context)
        }

    def inherited(self, template: str, block: str) -> dict[str, tuple[str, str]]:
        """Return the like for a block: names that what its template surely extends has bound before the block runs."""
        bound: dict[str, tuple[str, str]] = {}
        above: str | None = template if self.final_names(template, block) is not None else None
        while above is not None:
            parent, facts = self.parent(above), self.facts[above]
            if above != template:
                early = facts.early if parent is None else facts.stored
                bound = {name: origin for name, origin in bound.items() if name not in facts.stored}
                bound |= {name: origin for name, origin in self.imported(above).items() if name in early}
            if facts.ahead and parent is not None:  # it may run blocks before what it extends does anything
                return {}
            above = parent
        return bound


def string_functions(program: ProgramFacts) -> dict[str, frozenset[str]]:
    """Return which functions of each template's code may return a text.

    All that such a function calls does too, and so do all blocks of that name in whatever extends the same template:
    code that calls a block does not know which of them it calls.
    """
    facts = program.facts
    waiting = {(name, printing.function): printing for name, template in facts.items() for printing in template.prints}
    ready = {name for name, _ in facts.items() if program.is_part(name) or program.layout(name) is not None}
    candidates = {(name, function) for name, function in waiting if name in ready or abi.is_macro_function(function)}
    families: dict[str, list[str]] = {}
    # what may be put into the templates of a family by what chooses at run time what it extends
    chosen: dict[str, set[str]] = {}
    for name in facts:
        families.setdefault(_outermost(program, name), []).append(name)
        if not program.whole(name):
            for other in {_outermost(program, other) for other in above(facts, name)}:
                chosen.setdefault(other, set()).update(facts[name].blocks)

    def holds(name: str, printing: Prints) -> bool:
        outermost = _outermost(program, name)
        family = families[outermost]
        blocks = printing.blocks
        own = abi.block_of(printing.function)
        if own is not None:
            blocks = (*blocks, own)
        above = program.parent(name) if printing.function == abi.ROOT else None
        return (
            (above is None or (above, abi.ROOT) in candidates)
            and all((other, program.entry(other)) in candidates for other in printing.included)
            and all(
                block not in chosen.get(outermost, ()) and (other, abi.block_function(block)) in candidates
                for block in blocks
                for other in family
                if block in facts[other].blocks
            )
            and all(called in candidates for called in _called(program, name, printing))
        )

    changed = True
    while changed:
        fallen = {key for key in candidates if not holds(key[0], waiting[key])}
        candidates -= fallen
        changed = bool(fallen)
    by_template: dict[str, set[str]] = {name: set() for name in facts}
    for name, function in candidates:
        by_template[name].add(function)
    return {name: frozenset(functions) for name, functions in by_template.items()}


def _outermost(program: ProgramFacts, template: str) -> str:
    passed = {template}
    while (above := program.parent(template)) is not None and above not in passed:
        passed.add(template := above)
    return template


def _called(program: ProgramFacts, template: str, printing: Prints) -> Iterator[tuple[str, str]]:
    """Yield what of the names that a function calls are macros that it may write the text of without a list."""
    own, imported = program.macros(template), program.imported(template)
    for called, attr in printing.called:
        if called in own and not attr:
            yield template, abi.macro_function(called)
        elif called in imported:
            origin, macro = imported[called]
            shape = program.macro(origin, macro or attr)
            if shape is not None:
                yield origin, abi.macro_function(shape.name)


def open_set(
    facts: Facts, template: str | None, reads: frozenset[str], *, in_order: bool, speedups: bool
) -> ProgramFacts:
    """Return what is known of a template around which nothing is known; `reads` are the names that it reads itself.

    What it includes may be another template at the next render, or at the next turn of a loop.
    """
    part = facts.part and not facts.modifies and len(reads) not in _NEVER_CALLED_WITH
    printing = next((entry for entry in facts.prints if entry.function == abi.INCLUDED), None)
    text = part and template is not None and printing is not None and not printing.included and not in_order
    return ProgramFacts(
        string_functions={str(template): frozenset({abi.INCLUDED})} if text else {},
        speedups=speedups,
        alone=facts,
        given=tuple(sorted(reads)) if part else None,
    )
