"""Verify: whether blendtpl renders the templates of a folder as Jinja2 does, with Jinja2 itself as the oracle.

Enters: a folder and an environment. Leaves: how many renders were the same, and for each template the first that was
not. Every side renders with a copy of the environment that nobody shares, from a context made anew for it. Nothing of
the project is changed or written.
"""

import copy
import random
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.runtime import Context
from markupsafe import Markup

from blendtpl.compiler import build
from blendtpl.contexts import FastContext
from blendtpl.environments import EnvironmentSource, resolve_environment
from blendtpl.examples import read_examples
from blendtpl.live import LiveTemplate, _Live
from blendtpl.registry import load

Variables = dict[str, Any]
Make = Callable[[], Variables]
Render = Callable[[str, Variables], str]

_ADDRESS = re.compile(r"0x[0-9a-f]{6,}", re.IGNORECASE)
_BUDGET = 300  # values in a context made from nothing, beyond which there are plain ones only
_LONG = 60  # items of a long sequence


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
    folder: Path,
    environment: EnvironmentSource = None,
    *,
    seed: int = 0,
    count: int = 20,
    output: Path | None = None,
) -> Verification:
    """Render every template of `folder` in Jinja2 and in blendtpl, and compare.

    Each is rendered with its examples and with `count` contexts made of them and of the variables that it reads, always
    the same for a `seed`. `output` is a file that is no template. Raises what `blendtpl.compile` does.
    """
    given = resolve_environment(environment)
    bundle = build(folder, environment=given, output=output).bundle
    registry = load(bundle, environment=given)
    stock, live = (_copy_of(given, folder, kind) for kind in (_stock_class(given), _live_class(given)))
    made = _Contexts(folder, stock, bundle.manifest.templates, seed, count)
    sides: tuple[tuple[str, Render], ...] = (
        ("the bundle", lambda name, context: registry[name].render(context)),
        ("the bundle, streamed", lambda name, context: "".join(registry[name].stream(context))),
        ("blendtpl.Environment", _by_environment(live)),
    )
    stock_side = _by_environment(stock)
    renders, differences, unsteady = 0, [], []
    for name in registry:
        for label, make in made.of(name):
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


def _copy_of(environment: jinja2.Environment, folder: Path, kind: type[jinja2.Environment]) -> jinja2.Environment:
    """Return an environment of that class with the same options, filters, tests and globals, for a folder."""
    made = object.__new__(kind)
    for name, value in vars(environment).items():
        if name not in {"context_class", "template_class"}:
            setattr(made, name, copy.copy(value) if type(value) in {dict, list, set} else value)
    made.policies = dict(environment.policies)
    made.loader, made.bytecode_cache, made.cache = _Folder(folder), None, {}
    made.auto_reload, made.shared = False, False
    made.extensions = {name: extension.bind(made) for name, extension in environment.extensions.items()}
    return made


class _Folder(jinja2.FileSystemLoader):
    """A folder that says no more of a name that no template has than a bundle does, whatever the name is."""

    def get_source(self, environment: jinja2.Environment, template: str) -> Any:
        with suppress(jinja2.TemplateNotFound):
            if isinstance(template, str):
                return super().get_source(environment, template)
        raise jinja2.TemplateNotFound(template)


class Thing:
    """An object with attributes, whose representation does not depend on where it is in memory."""

    def __init__(self, attributes: Mapping[str, Any]) -> None:
        vars(self).update(attributes)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {', '.join(vars(self))}>"


class Lazy:
    """An iterable that has no length and cannot be gone through twice, like a generator."""

    def __init__(self, items: list[Any]) -> None:
        self._rest = iter(items)

    def __iter__(self) -> Iterator[Any]:
        return self._rest

    __repr__ = Thing.__repr__


class _Contexts:
    """The contexts of each template: its examples, those made from them, and those made from its variables."""

    def __init__(
        self, folder: Path, environment: jinja2.Environment, entries: Mapping[str, Any], seed: int, count: int
    ) -> None:
        self._folder, self._environment, self._entries = folder, environment, entries
        self._seed, self._count = seed, count
        self._own_words: dict[str, set[str]] = {}

    def of(self, name: str) -> Iterator[tuple[str, Make]]:
        """Yield what each context of a template is, and the function that makes it anew."""
        examples = read_examples(self._folder, name)
        for title, example in examples.items():
            yield f"the example `{title}`", lambda example=example: copy.deepcopy(example)  # type: ignore[misc]
        yield "no variables", dict
        words = sorted(self._words(name))
        titles = list(examples)
        for number in range(self._count):
            title = titles[number // 2 % len(titles)] if titles and number % 2 else ""
            start = examples[title] if title else None
            label = f"the generated context {number}" + (f", from the example `{title}`" if title else "")

            def make(number: int = number, start: Variables | None = start) -> Variables:
                maker = _Maker(random.Random(f"{self._seed}/{name}/{number}"), words)  # noqa: S311
                if start is not None:
                    return {key: maker.like(value) for key, value in start.items() if maker.random.random() > 0.03}
                variables = self._entries[name].variables
                return {key: maker.value(2) for key in variables if maker.random.random() > 0.1}

            yield label, make

    def _words(self, name: str) -> set[str]:
        """Return the attributes and keys that a template, and all that it refers to, ask of anything."""
        reached, waiting = {name}, [name]
        while waiting:
            for reference in self._entries[waiting.pop()].references:
                new = {found for found in reference.names if found in self._entries} - reached
                reached |= new
                waiting += new
        return set().union(*map(self._words_of, sorted(reached)))

    def _words_of(self, name: str) -> set[str]:
        if name not in self._own_words:
            tree = self._environment.parse((self._folder / name).read_text(encoding="utf-8"), name)
            found = {node.attr for node in tree.find_all(nodes.Getattr)}
            keys = [node.arg for node in tree.find_all(nodes.Getitem)]
            found |= {key.value for key in keys if isinstance(key, nodes.Const) and isinstance(key.value, str)}
            self._own_words[name] = {word for word in found if not word.startswith("_") and not hasattr(dict, word)}
        return self._own_words[name]


class _Maker:
    """Makes the values of one context, the same ones for the same state of `random`."""

    def __init__(self, random: random.Random, words: list[str]) -> None:
        self.random, self._words, self._left = random, words, _BUDGET

    def value(self, depth: int) -> Any:
        """Return a value of any kind, with others in it as deep as that."""
        self._left -= 1
        kind = self.random.choice(_KINDS) if depth and self._left > 0 else "plain"
        if kind == "plain":
            return self._plain()
        if kind in {"dict", "thing"}:
            words = self._words if depth > 1 else self.random.sample(self._words, min(len(self._words), 8))
            members = {word: self.value(depth - 1) for word in words if self.random.random() > 0.1}
            return members if kind == "dict" else Thing(members)
        return self._sequence(kind, [self.value(depth - 1) for _ in range(self.random.randint(1, 3))])

    def like(self, value: Any) -> Any:
        """Return a value that is mostly like another: what may differ is its kind, its size and what is in it."""
        chance = self.random.random()
        if chance < 0.02:
            return self.value(2)
        if isinstance(value, dict):
            members = {key: self.like(part) for key, part in value.items() if self.random.random() > 0.02}
            return Thing(members) if chance < 0.3 else members
        if isinstance(value, list):
            items = [self.like(part) for part in value]
            return self._sequence("list" if chance < 0.6 else self.random.choice(_SEQUENCES), items)
        if chance < 0.8:
            return value
        if isinstance(value, str):
            markup = Markup("<b>") + value + Markup("</b>")
            return self.random.choice((f"<i>{value}</i>", markup, f"{value} & 'so' \"on\"", ""))
        return self.random.choice((*_NUMBERS, -1, 0.5))

    def _sequence(self, kind: str, items: list[Any]) -> Any:
        if kind == "long":
            return items * (_LONG // max(len(items), 1))
        if kind == "lazy":
            return Lazy(items)
        return {"tuple": tuple(items), "empty": [], "list": items}[kind]

    def _plain(self) -> Any:
        word = self.random.choice(("Ada", "x", "ünï\u2028", "two words", "2024-02-30", "https://example.org/?a=1&b=2"))
        number = self.random.choice(_NUMBERS)
        html, markup = f"<script>alert('{word}')</script> & \"{word}\"", Markup("<b>") + word + Markup("</b>")
        texts = (word, html, "{{ " + word + " }}{% raw %}", markup, "")
        return self.random.choice((*texts * 2, number, -number, number / 8, bool(number % 2), None, []))


_NUMBERS = (0, 1, 2, 3, 7, 1000, 10**20)
_SEQUENCES = ("list", "tuple", "lazy", "long", "empty")
_KINDS = (*("plain",) * 6, *("dict", "thing") * 3, *_SEQUENCES)
