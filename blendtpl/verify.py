"""Verify: whether blendtpl renders the templates of a project as Jinja2 does, with Jinja2 itself as the oracle.

Enters: folders, or an environment with a loader. Leaves: how many renders were the same, and for each template the
first that was not. Every side renders with a copy of the environment that nobody shares, from a context made anew for
it. Nothing of the project is changed or written.
"""

import copy
import random
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from jinja2.runtime import Context

from blendtpl.compiler.build import build
from blendtpl.contexts import FastContext
from blendtpl.environments import EnvironmentSource, resolve_environment
from blendtpl.live import LiveTemplate, _Live
from blendtpl.registry import load
from blendtpl.samples import Make, Samples, Variables

Render = Callable[[str, Variables], str]

_ADDRESS = re.compile(r"0x[0-9a-f]{6,}", re.IGNORECASE)


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
class Verification:
    """What came of it. `unsteady` are templates that Jinja2 itself does not render to the same text twice."""

    templates: int
    renders: int
    differences: tuple[Difference, ...]
    unsteady: tuple[str, ...]


def verify(
    folder: Path | tuple[Path, ...] | jinja2.Environment,
    environment: EnvironmentSource = None,
    *,
    seed: int = 0,
    count: int = 20,
    portable: bool = False,
    output: Path | None = None,
    exclude: Iterable[str] = (),
) -> Verification:
    """Render every template of a folder, or of several, or of an environment's loader, in Jinja2 and in blendtpl, and
    compare.

    Each is rendered with its examples and with `count` contexts made of them and of the variables that it reads, always
    the same for a `seed`. `portable` and `exclude` are for `blendtpl.compile`; `output` is a file that is no template.
    Raises what `blendtpl.compile` does.
    """
    given = resolve_environment(environment)
    bundle = build(folder, environment=given, portable=portable, output=output, exclude=exclude).bundle
    registry = load(bundle, environment=given)
    folders = () if isinstance(folder, jinja2.Environment) else folder if isinstance(folder, tuple) else (folder,)
    loader = _Texts(folder.loader if isinstance(folder, jinja2.Environment) else jinja2.FileSystemLoader(folders))
    stock, live = (_copy_of(given, loader, kind) for kind in (_stock_class(given), _live_class(given)))
    made = Samples(registry, stock, folders, seed=seed, count=count)
    sides: tuple[tuple[str, Render], ...] = (
        ("the bundle", lambda name, context: registry[name].render(context)),
        ("the bundle, streamed", lambda name, context: "".join(registry[name].stream(context))),
        ("blendtpl.Environment", _by_environment(live)),
    )
    stock_side = _by_environment(stock)
    renders, differences, unsteady = 0, [], []
    for name in registry:
        for label, make in made.all_of(name):
            expected = _outcome(stock, stock_side, name, make)
            found = [(side, _outcome(live, render, name, make)) for side, render in sides]
            renders += len(found)
            side, other = next(((side, other) for side, other in found if other != expected), ("", expected))
            if side and _outcome(stock, stock_side, name, make) != expected:
                unsteady.append(name)
            elif side:
                differences.append(Difference(name, side, label, expected, other))
                break
    return Verification(len(registry), renders, tuple(differences), tuple(dict.fromkeys(unsteady)))


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
    except (Exception, SystemExit) as error:
        kinds = (kind for kind in type(error).__mro__ if kind.__module__.partition(".")[0] != "blendtpl")
        try:
            message = str(error.message if isinstance(error, jinja2.TemplateError) else error)
        except Exception as failing:  # a message may be a value that cannot be shown
            message = repr(failing)
        return Outcome(_ADDRESS.sub("0x0", message), next(kinds).__qualname__)
    finally:
        random.setstate(state)


def _stock_class(environment: jinja2.Environment) -> type[jinja2.Environment]:
    kind = type(environment)
    if not issubclass(kind, _Live):
        return kind
    own = {"compile": jinja2.Environment.compile, "template_class": jinja2.Template, "context_class": Context}
    return type(kind.__name__, (kind,), own)


def _live_class(environment: jinja2.Environment) -> type[jinja2.Environment]:
    kind = type(environment)
    if issubclass(kind, _Live):
        return kind
    context = FastContext if kind.context_class is Context else kind.context_class
    return type(kind.__name__, (_Live, kind), {"context_class": context, "template_class": LiveTemplate})


def _copy_of(
    environment: jinja2.Environment, loader: jinja2.BaseLoader, kind: type[jinja2.Environment]
) -> jinja2.Environment:
    """Return an environment of that class with the same options, filters, tests and globals, and another loader."""
    made = object.__new__(kind)
    for name, value in vars(environment).items():
        if name not in {"context_class", "template_class"}:
            setattr(made, name, copy.copy(value) if type(value) in {dict, list, set} else value)
    made.policies = dict(environment.policies)
    made.loader, made.bytecode_cache, made.cache = loader, None, {}
    made.auto_reload, made.shared = False, False
    made.extensions = {name: extension.bind(made) for name, extension in environment.extensions.items()}
    return made


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
