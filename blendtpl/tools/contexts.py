"""Contexts: contexts to render a template with: its examples, and others made from them and from what it reads.

Enters: a registry, the folders that the examples are in, and a seed. Leaves: for each context what it is, and a
function that makes it anew; or copies of a context, of which no two have a value in common. Nothing is rendered here.
"""

import copy
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
from jinja2 import nodes
from markupsafe import Markup

from blendtpl.compiler.frontend.examples import read_examples
from blendtpl.runtime.template import Template
from blendtpl.tools.shapes import Fitting, Shapes, StandIn

Variables = dict[str, Any]
Make = Callable[[], Variables]

_BUDGET = 300  # values in a context made from nothing, beyond which there are plain ones only
_LONG = 60  # items of a long sequence
_COUNTED = 1000  # whole numbers below this may be how often something is to be done
_SMALL = 1e-9  # what makes another number of a fraction, of about the same size
_DIGITS = 9
_FITTING = 12  # contexts that are tried for a template that no other rendered


def copied(value: Any, number: int) -> Any:
    """Return a copy of a value of a context. Unless `number` is 0, it has texts and numbers that no other copy has.

    A cache that is never emptied would not grow if it were asked for the same values each time. Texts get the number at
    their end, or where they begin if they may be addresses. Of whole numbers, only large ones change: others may be how
    often something is to be done.
    """
    kind = type(value)
    if kind is dict:
        return {key: copied(part, number) for key, part in value.items()}
    if kind is list:
        return [copied(part, number) for part in value]
    if kind is tuple:
        return tuple([copied(part, number) for part in value])
    if kind is Thing:
        return Thing(copied(vars(value), number))
    if kind is Lazy:
        return Lazy(copied(value._items, number))
    if not number or not value:
        return value
    if kind is str or kind is Markup:
        mark = f"{number:0{_DIGITS}}"  # always as long, so that what holds a text does not seem to grow
        return mark + value if "@" in value else value + mark
    if kind is int:
        return value + number if abs(value) >= _COUNTED else value
    return value + number * _SMALL if kind is float else value


def watchable(value: Any) -> Any:
    """Return a copy of a value of a context whose dicts and lists can be referred to weakly."""
    kind = type(value)
    if kind is dict:
        return WatchedDict({key: watchable(part) for key, part in value.items()})
    if kind is list:
        return WatchedList(map(watchable, value))
    if kind is tuple:
        return tuple(map(watchable, value))
    if kind is Thing:
        return Thing({name: watchable(part) for name, part in vars(value).items()})
    return Lazy([watchable(part) for part in value._items]) if kind is Lazy else value


class WatchedDict(dict[str, Any]):
    """A dict that can be referred to weakly."""


class WatchedList(list[Any]):
    """A list that can be."""


class Thing(SimpleNamespace):
    """An object with attributes, whose representation does not depend on where it is in memory."""

    __eq__ = object.__eq__
    __hash__ = object.__hash__  # type: ignore[assignment]

    def __init__(self, attributes: Mapping[str, Any]) -> None:
        vars(self).update(attributes)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {', '.join(vars(self))}>"


class Lazy:
    """An iterable that has no length and cannot be gone through twice, like a generator."""

    def __init__(self, items: list[Any]) -> None:
        self._items = items
        self._rest = iter(items)

    def __iter__(self) -> Iterator[Any]:
        return self._rest

    __repr__ = Thing.__repr__


@dataclass(frozen=True, slots=True)
class Sample:
    """A context to make copies of, and what it is."""

    label: str
    variables: Variables
    example: bool


class Samples:
    """The contexts of each template of a registry. `folder`, or several, have the examples; for `None` none."""

    def __init__(
        self,
        registry: Mapping[str, Template],
        environment: jinja2.Environment,
        folder: Path | tuple[Path, ...] | None,
        *,
        seed: int,
        count: int,
    ) -> None:
        self._registry, self._environment, self._folder = registry, environment, folder
        self._seed, self._count = seed, count
        self._own_words: dict[str, set[str]] = {}

    def all_of(self, name: str) -> Iterator[tuple[str, Make]]:
        """Yield what each context of a template is, and the function that makes it anew."""
        yield from self.examples_of(name)
        yield from self.generated_for(name)

    def examples_of(self, name: str) -> Iterator[tuple[str, Make]]:
        """Yield the examples alone."""
        for title, example in self._examples(name).items():
            yield f"the example `{title}`", lambda example=example: copy.deepcopy(example)  # type: ignore[misc]

    def generated_for(self, name: str) -> Iterator[tuple[str, Make]]:
        """Yield the contexts that are made: one of nothing, and as many as were asked for, the same for each seed."""
        yield "no variables", dict
        examples = self._examples(name)
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
                variables = self._registry[name].variables
                return {key: maker.value(2) for key in variables if maker.random.random() > 0.1}

            yield label, make

    def fitting_for(self, name: str) -> Iterator[tuple[str, Make]]:
        """Yield contexts that are made after what the templates do with each name, for one that others do not fit."""
        trees = [
            self._environment.parse(self._registry[other].source or "", other) for other in sorted(self._reach(name))
        ]
        shapes = Shapes(trees, self._registry)
        for number in range(_FITTING):

            def make(number: int = number) -> Variables:
                fitting = Fitting(shapes, random.Random(f"{self._seed}/{name}/{number}"), Thing)  # noqa: S311
                names = self._registry[name].variables
                if number % 2:
                    return {key: fitting.value(key) if key in shapes.named else StandIn("1") for key in names}
                return {key: fitting.value(key) for key in names}

            yield f"the fitting context {number}", make

    def fewest_of(self, name: str) -> tuple[Sample, ...]:
        """Return the examples of a template, or what is made for one that has none, as patterns to copy."""
        examples = bool(self._examples(name))
        contexts = self.examples_of(name) if examples else self.generated_for(name)
        return tuple(Sample(label, make(), example=examples) for label, make in contexts)

    def _examples(self, name: str) -> Mapping[str, Variables]:
        return {} if self._folder is None else read_examples(self._folder, name)

    def _words(self, name: str) -> set[str]:
        """Return the attributes and keys that a template, and all that it refers to, ask of anything."""
        return set().union(*map(self._words_of, sorted(self._reach(name))))

    def _reach(self, name: str) -> set[str]:
        """Return a template, and all that it refers to by a constant name."""
        reached, waiting = {name}, [name]
        while waiting:
            new = {
                reference for reference in self._registry[waiting.pop()].references if reference in self._registry
            } - reached
            reached |= new
            waiting += new
        return reached

    def _words_of(self, name: str) -> set[str]:
        if name not in self._own_words:
            tree = self._environment.parse(self._registry[name].source or "", name)
            words = {node.attr for node in tree.find_all(nodes.Getattr)}
            keys = [node.arg for node in tree.find_all(nodes.Getitem)]
            words |= {key.value for key in keys if isinstance(key, nodes.Const) and isinstance(key.value, str)}
            self._own_words[name] = {word for word in words if not word.startswith("_") and not hasattr(dict, word)}
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
