"""Verify: whether blendtpl renders the templates of a project as Jinja2 does, with Jinja2 itself as the oracle.

Enters: folders, or an environment with a loader. Leaves: how many renders were the same, for each template the first
that was not, and the templates that nothing rendered. Every side renders with a copy of the environment that nobody
shares, from a context made anew for it. Nothing of the project is changed or written.
"""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import jinja2
from jinja2.runtime import Context

from blendtpl.bundle.environment import EnvironmentSource, resolve_environment
from blendtpl.compiler.build import build
from blendtpl.live import LiveTemplate, _Live
from blendtpl.runtime.context import FastContext
from blendtpl.runtime.registry import Registry, load
from blendtpl.runtime.speedups import ACTIVE
from blendtpl.tools.contexts import Make, Samples, Variables
from blendtpl.tools.printed import Printed, Watch, copy_of, coroutines_unawaited, stock_class

Render = Callable[[str, Variables], str]

_ADDRESS = re.compile(r"0x[0-9a-f]{6,}", re.IGNORECASE)
_MISSING = re.compile(r"'(\w+)' is undefined")
_REQUIRED = re.compile(r"Required block '(\w+)' not found")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a render came to: its text, or the class of its error and the message."""

    text: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """The first render of a template that was not the same. `side` says what rendered, `context` with what."""

    template: str
    side: str
    context: str
    expected: Outcome
    found: Outcome


@dataclass(frozen=True, slots=True)
class Unrendered:
    """A template that none of so many contexts rendered, neither alone nor as a part of another. `error` is what Jinja2
    raised most often, `missing` are the variables that were, the most frequent first, `required` the blocks that only a
    template which extends this one fills. `allowed`: whether that is all the same to whoever asked.
    """

    template: str
    contexts: int
    error: Outcome
    missing: tuple[str, ...]
    required: tuple[str, ...]
    allowed: bool


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of it. Of `renders`, so many were `rendered` to the same text, and so many `raised` the same error.
    `unsteady` are templates that Jinja2 itself does not render to the same text twice, `unrendered` those of which
    nothing was compared but errors, `printed` is what templates print by accident.
    """

    templates: int
    renders: int
    differences: tuple[Difference, ...]
    unsteady: tuple[str, ...]
    rendered: int = 0
    raised: int = 0
    unrendered: tuple[Unrendered, ...] = ()
    printed: tuple[Printed, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing differs, and every template was rendered that has to be."""
        return not self.differences and all(unrendered.allowed for unrendered in self.unrendered)


def verify(
    folder: Path | tuple[Path, ...] | jinja2.Environment,
    environment: EnvironmentSource = None,
    *,
    seed: int = 0,
    count: int = 20,
    portable: bool = False,
    output: Path | None = None,
    exclude: Iterable[str] = (),
    allow_unrendered: Iterable[str] = (),
) -> Verification:
    """Render every template of a folder, or of several, or of an environment's loader, in Jinja2 and in blendtpl, and
    compare.

    Each is rendered with its examples and with `count` contexts made of them and of the variables that it reads, always
    the same for a `seed`; one that none of them renders, and that is no part of another that is rendered, with contexts
    made to fit. `allow_unrendered` are patterns of names that need not be rendered. `portable` and `exclude` are for
    `blendtpl.compile`; `output` is a file that is no template. Raises what `blendtpl.compile` does.
    """
    resolved = resolve_environment(environment)
    compiled = build(folder, environment=resolved, speedups=ACTIVE and not portable, output=output, exclude=exclude)
    registry = load(compiled.bundle, environment=resolved)
    folders = () if isinstance(folder, jinja2.Environment) else folder if isinstance(folder, tuple) else (folder,)
    written = folder.loader if isinstance(folder, jinja2.Environment) else jinja2.FileSystemLoader(folders)
    # what the build makes of templates, such as HTML of MJML, is compared with Jinja2's render of that
    loader = _Texts(jinja2.ChoiceLoader([jinja2.DictLoader(compiled.made), written]) if written else None)
    run = _Run(resolved, registry, loader)
    samples = Samples(registry, run.stock, folders, seed=seed, count=count)
    with coroutines_unawaited():
        for name in registry:
            run.compare(name, samples.all_of(name))
        for name in registry:
            if name not in run.complete and count:
                run.compare(name, samples.fitting_for(name), until_rendered=True)
    return run.result(tuple(allow_unrendered))


class _Run:
    """One verification, and what has come of it so far."""

    def __init__(self, environment: jinja2.Environment, registry: Registry, loader: jinja2.BaseLoader) -> None:
        self.complete: set[str] = set()
        self.stock = copy_of(environment, loader, stock_class(environment))
        self._ended: list[str] = []
        self.stock.template_class = _noting(self.stock.template_class, self._ended)
        self._live = copy_of(environment, loader, _live_class(environment))
        self._watch = Watch(environment, loader)
        self._registry = registry
        self._sides: tuple[tuple[str, Render], ...] = (
            ("the bundle", lambda name, context: registry[name].render(context)),
            ("the bundle, streamed", lambda name, context: "".join(registry[name].stream(context))),
            ("blendtpl.Environment", _by_environment(self._live)),
        )
        self._counts: Counter[str] = Counter()
        self._differences: dict[str, Difference] = {}
        self._unsteady: dict[str, None] = {}
        self._errors: dict[str, list[Outcome]] = defaultdict(list)

    def compare(self, name: str, contexts: Iterable[tuple[str, Make]], *, until_rendered: bool = False) -> None:
        """Render a template with contexts on all sides, up to the first difference."""
        if name in self._differences:
            return
        for label, make in contexts:
            expected = self._expected(name, make)
            outcomes = [(side, _outcome(self._live, render, name, make)) for side, render in self._sides]
            self._counts["renders"] += len(outcomes)
            self._counts["raised" if expected.error else "rendered"] += sum(other == expected for _, other in outcomes)
            side, other = next(((side, other) for side, other in outcomes if other != expected), ("", expected))
            if side and self._expected(name, make) != expected:
                self._unsteady[name] = None
                self.complete.add(name)
            elif side:
                self._differences[name] = Difference(name, side, label, expected, other)
                return
            if expected.error is None:
                self._watch.render(name, label, make)
                if until_rendered:
                    return
            else:
                self._errors[name].append(expected)

    def _expected(self, name: str, make: Make) -> Outcome:
        self._ended.clear()
        outcome = _outcome(self.stock, _by_environment(self.stock), name, make)
        if outcome.error is None:
            self.complete.update(self._ended)
        return outcome

    def result(self, allowed: tuple[str, ...]) -> Verification:
        missed = [name for name in self._registry if name not in self.complete and name not in self._differences]
        return Verification(
            len(self._registry),
            self._counts["renders"],
            tuple(self._differences.values()),
            tuple(self._unsteady),
            self._counts["rendered"],
            self._counts["raised"],
            tuple(_unrendered(name, self._errors[name], allowed) for name in missed),
            self._watch.printed,
        )


def _unrendered(name: str, errors: list[Outcome], allowed: tuple[str, ...]) -> Unrendered:
    missing = Counter(match[1] for outcome in errors if (match := _MISSING.fullmatch(outcome.text)))
    required = {match[1]: None for outcome in errors if (match := _REQUIRED.fullmatch(outcome.text))}
    most = Counter(errors).most_common(1)
    return Unrendered(
        name,
        len(errors),
        most[0][0] if most else Outcome(""),
        tuple(variable for variable, _ in missing.most_common()),
        tuple(required),
        any(fnmatchcase(name, pattern) for pattern in allowed),
    )


def _noting(kind: type[jinja2.Template], ended: list[str]) -> type[jinja2.Template]:
    """Return a class of templates that tells which of them were rendered to their end, alone or in others."""

    def root(template: Any) -> Any:
        def run(context: Context) -> Iterator[str]:
            yield from template.root_of_code(context)
            ended.append(template.name)

        return run

    return type(kind.__name__, (kind,), {"root_render_func": property(root, _set_root)})


def _set_root(template: Any, function: Any) -> None:
    template.root_of_code = function


def _by_environment(environment: jinja2.Environment) -> Render:
    return lambda name, context: environment.get_template(name).render(context)


def _outcome(environment: jinja2.Environment, render: Render, name: str, make: Make) -> Outcome:
    """Return what a render comes to, in an environment that keeps nothing of the renders before it.

    Jinja2 keeps the module of an import without context for good, and what its macros change in it; blendtpl says
    that it does not.
    """
    for template in environment.cache.values():  # type: ignore[union-attr]  # these environments have one
        template._module = None
    context = make()
    state = random.getstate()
    random.seed(0)  # what the `random` filter and `lipsum` draw from
    try:
        return Outcome(_ADDRESS.sub("0x0", render(name, context)))
    except RecursionError:  # what it says more is what was called last, which differs by the depth that is left
        return Outcome("maximum recursion depth exceeded", "RecursionError")
    except (Exception, SystemExit) as error:
        kinds = (kind for kind in type(error).__mro__ if kind.__module__.partition(".")[0] != "blendtpl")
        try:
            message = str(error.message if isinstance(error, jinja2.TemplateError) else error)
        except Exception as failing:  # a message may be a value that cannot be shown
            message = repr(failing)
        return Outcome(_ADDRESS.sub("0x0", message), next(kinds).__qualname__)
    finally:
        random.setstate(state)


def _live_class(environment: jinja2.Environment) -> type[jinja2.Environment]:
    kind = type(environment)
    if issubclass(kind, _Live):
        return kind
    context = FastContext if kind.context_class is Context else kind.context_class
    return type(kind.__name__, (_Live, kind), {"context_class": context, "template_class": LiveTemplate})


class _Texts(jinja2.BaseLoader):
    """Gives what another loader does, without the mark of the order of bytes at its beginning, which blendtpl drops. It
    says no more of a name that no template has than a bundle does, whatever the name is.
    """

    def __init__(self, loader: jinja2.BaseLoader | None) -> None:
        self._loader = loader

    def get_source(self, environment: jinja2.Environment, template: str) -> Any:
        with suppress(jinja2.TemplateNotFound):
            if isinstance(template, str) and self._loader is not None:
                text, file, fresh = self._loader.get_source(environment, template)
                return text.removeprefix("\ufeff"), file, fresh
        raise jinja2.TemplateNotFound(template)
