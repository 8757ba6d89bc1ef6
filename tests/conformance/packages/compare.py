"""Compare: a set's templates compiled and rendered by stock Jinja2 and by blendtpl.

Enters: a set and its texts. Leaves: counts, and each difference in text, exception type or message. blendtpl goes two
ways: `compile` and `load` for what of the set is closed, and its live environment for all of it.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import jinja2
from jinja2 import meta, nodes, sandbox

import blendtpl
from tests.conformance.packages.sets import EXTENSIONS, Templates, TemplateSet
from tests.conformance.packages.shapes import Shapes, shapes
from tests.conformance.packages.stubs import stub_into, without_addresses
from tests.conformance.packages.values import Maker

UNDEFINED = (jinja2.Undefined, jinja2.StrictUndefined, jinja2.ChainableUndefined, jinja2.DebugUndefined)
_WILD = (0.0, 0.05, 0.3, 0.6)  # shares of unexpected values, one seed after the other

_LIVE: dict[type[jinja2.Environment], type[jinja2.Environment]] = {
    jinja2.Environment: blendtpl.Environment,
    sandbox.SandboxedEnvironment: blendtpl.SandboxedEnvironment,
}

Outcome = tuple[str, str]  # "" and the text, or the exception's type and message


@dataclass(frozen=True, slots=True)
class Difference:
    """One template that does not do the same; `seed` is what makes its context."""

    package: str
    set: str
    template: str
    undefined: str
    way: str
    seed: str
    stock: Outcome
    ours: Outcome

    def __str__(self) -> str:
        at = next((i for i, (a, b) in enumerate(zip(self.stock[1], self.ours[1], strict=False)) if a != b), None)
        start = max((len(min(self.stock[1], self.ours[1], key=len)) if at is None else at) - 80, 0)
        stock, ours = (f"{kind or 'text'} {text[start : start + 240]!r}" for kind, text in (self.stock, self.ours))
        place = f"{self.package}/{self.set}: {self.template} ({self.way}, {self.undefined}, seed {self.seed})"
        return f"{place}\n  stock from {start}: {stock}\n  ours  from {start}: {ours}"


@dataclass(slots=True)
class Report:
    """Counts by what they count, and the differences."""

    counts: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)


def compare(found: TemplateSet, templates: Templates, seeds: range, undefined: type[jinja2.Undefined]) -> Report:
    """Return what comes of rendering each template of the set's own layers with a context for each seed."""
    report = Report()
    known = shapes(_trees(_environment(found, templates, undefined, Shapes(), found.kind), templates))
    stock = _environment(found, templates, undefined, known, found.kind)
    live = _environment(found, templates, undefined, known, _LIVE[found.kind])
    trees = _trees(stock, templates)
    asked = {name: _asked(tree, stock) for name, tree in trees.items()}
    registry = _registry(templates, stock, list(trees))
    report.counts.update(templates=len(templates.own), linked=len(registry.keys() & set(templates.own)))
    for name in templates.own:
        wanted, got = _compiled(stock, name), _compiled(live, name)
        if wanted != got:
            place = (found.package, found.name, name, undefined.__name__, "compile", "")
            report.differences.append(Difference(*place, wanted, got))
        if wanted[0] or got[0]:
            report.counts["refused by Jinja2 too"] += wanted == got
            continue
        report.counts["compiled"] += 1
        linked = {"linked": registry[name].render} if name in registry else {}
        ways = {"live": live.get_template(name).render, **linked}
        names = _variables(name, asked, trees)
        for number in seeds:
            seed = f"{found.package}/{found.name}/{name}/{number}"

            def context(seed: str = seed, number: int = number, names: list[str] = names) -> dict[str, Any]:
                return Maker(known, seed, _WILD[number % len(_WILD)]).context(names)

            expected = _outcome(stock.get_template(name).render, context())
            report.counts["contexts"] += 1
            report.counts["failing"] += bool(expected[0])
            for way, render in ways.items():
                ours = _outcome(render, context())
                report.counts["renders"] += 1
                if ours != expected:
                    place = (found.package, found.name, name, undefined.__name__, way, seed)
                    report.differences.append(Difference(*place, expected, ours))
    return report


def _environment(
    found: TemplateSet,
    templates: Templates,
    undefined: type[jinja2.Undefined],
    known: Shapes,
    kind: type[jinja2.Environment],
) -> jinja2.Environment:
    made = kind(
        loader=jinja2.DictLoader(templates.texts),
        extensions=EXTENSIONS,
        autoescape=found.autoescape,
        undefined=undefined,
        cache_size=-1,
        **found.options,
    )
    stub_into(made, known)
    return made


def _trees(environment: jinja2.Environment, templates: Templates) -> dict[str, nodes.Template]:
    trees = {}
    for name, text in templates.texts.items():
        with suppress(jinja2.TemplateSyntaxError):
            trees[name] = environment.parse(text, name)
    return trees


def _registry(templates: Templates, environment: jinja2.Environment, names: list[str]) -> dict[str, blendtpl.Template]:
    """Return what of the set can be compiled ahead of time: what is free of faults, and all that it refers to."""
    texts = {name: templates.texts[name] for name in names}
    while texts:
        try:
            bundle = blendtpl.compile(texts, environment=environment)
        except blendtpl.CompileError as error:
            for faulty in {fault.name for fault in error.faults}:
                del texts[faulty]
        else:
            return dict(blendtpl.load(bundle, environment=environment))
    return {}


def _variables(name: str, asked: dict[str, set[str]], trees: dict[str, nodes.Template]) -> list[str]:
    """Return the names that a template, and what it refers to by a constant name, takes from the context."""
    reached, waiting = {name}, [name]
    while waiting:
        found = {other for other in meta.find_referenced_templates(trees[waiting.pop()]) if other in trees}
        waiting += [other for other in found - reached if other is not None]
        reached |= {other for other in found if other is not None}
    return sorted(set[str]().union(*(asked[other] for other in reached)))


def _asked(tree: nodes.Template, environment: jinja2.Environment) -> set[str]:
    try:
        return meta.find_undeclared_variables(tree) - environment.globals.keys()
    except jinja2.TemplateAssertionError:  # it does not compile
        return set()


def _compiled(environment: jinja2.Environment, name: str) -> Outcome:
    try:
        environment.get_template(name)
    except jinja2.TemplateError as error:
        return _kind(error), str(error)
    return "", ""


def _outcome(render: Callable[[dict[str, Any]], str], context: dict[str, Any]) -> Outcome:
    try:
        return "", without_addresses(render(context))
    except Exception as error:  # whatever a template raises is what is compared
        return _kind(error), _message(error)


def _kind(error: Exception) -> str:
    """Return the name of an exception's type; of Jinja2's, where it is ours that is one of Jinja2's."""
    kinds = (kind for kind in type(error).__mro__ if not kind.__module__.startswith("blendtpl"))
    kind = next(kinds)
    return f"{kind.__module__}.{kind.__qualname__}"


def _message(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return ""  # it depends on which function was the last
    message = error.message if isinstance(error, jinja2.TemplateError) else str(error)
    return without_addresses(str(message or ""))


def merged(reports: Iterable[Report]) -> Report:
    """Return the sums of reports."""
    total = Report()
    for report in reports:
        total.counts.update(report.counts)
        total.differences += report.differences
    return total
