"""Values: contexts made up for the templates of a set, the same for the same seed.

Enters: shapes, a seed. Leaves: a dict of variables: dicts, objects, both in one, missing values, HTML in strings,
markup, empty and lazy sequences, functions. No text of them has an address in it or depends on the hash seed.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from markupsafe import Markup

from tests.conformance.packages.shapes import Shapes

_DEPTH, _VALUES = 5, 1_500  # how deep a context goes, and how many values it has at most
_TEXTS = ("", "a", "<b>&amp;\"'</b>", "Grüße & <i>", "12", "a b/c.html", "  x\n\n y ", "{{ x }}", "True", "None")


class Thing:
    """An object with attributes."""

    def __init__(self, name: str, values: dict[str, Any]) -> None:
        self._name = name
        self.__dict__.update(values)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name!r}>"


class Marked(Thing):
    """An object with markup of its own."""

    def __html__(self) -> str:
        return f"<em>{self._name}</em>"


class Mixed(Thing):
    """An object with items and attributes that can be called and looped over, like a form."""

    def __getitem__(self, key: Any) -> Any:
        return vars(self)[key]

    def __iter__(self) -> Iterator[Any]:
        return iter([value for name, value in vars(self).items() if name != "_name"])

    def __call__(self, *args: Any, **kwargs: Any) -> str:
        return Markup("<input {} {}>").format(self._name, sorted(kwargs))


class Stubborn(Thing):
    """An object that raises KeyError for what it lacks, and AttributeError of its own making for one name."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise KeyError(name) if len(name) % 2 else AttributeError(f"no {name}")


class Defaults(dict[str, Any]):
    """A dict that has a value for every name."""

    def __missing__(self, key: Any) -> Any:
        return f"<default {key}>"


class Text(str):
    """A string of a class of its own."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"~{str.__str__(self)}"


class Lazy:
    """A sequence that is iterable again and again, and nothing else."""

    def __init__(self, items: list[Any]) -> None:
        self._items = items

    def __iter__(self) -> Iterator[Any]:
        yield from self._items


_OBJECTS: tuple[Callable[[str, dict[str, Any]], Any], ...] = (Thing, Marked, Mixed, Stubborn)


class Maker:
    """Makes one context. `wild` is the share of values that are not what the templates seem to expect.

    With `lasting`, what it makes is the same however often it is read, as no iterator is.
    """

    def __init__(self, shapes: Shapes, seed: str, wild: float, lasting: bool = False) -> None:
        self.shapes, self.random, self.wild, self.lasting = shapes, Random(seed), wild, lasting
        self.left = _VALUES

    def context(self, names: list[str]) -> dict[str, Any]:
        """Return variables of these names, but for some that are missing."""
        return {name: self.value(name) for name in names if self.random.random() >= self.wild / 2}

    def value(self, name: str, depth: int = 0) -> Any:
        self.left -= 1
        if depth >= _DEPTH or self.left < 0:
            return self.random.choice(("", "leaf", 0, None, ()))
        if self.random.random() < self.wild:
            return self.anything(name, depth)
        fields = bool(self.shapes.fields.get(name))
        if fields and (name in self.shapes.items or name in self.shapes.called) and self.random.random() < 0.7:
            return Mixed(name, self.fields(name, depth))
        if name in self.shapes.called:
            return self.function(name, depth)
        return self.plain(name, depth)

    def plain(self, name: str, depth: int) -> Any:
        if name in self.shapes.references:
            return self.random.choice(self.shapes.templates)
        builtin = self.shapes.builtin.get(name)
        if builtin == "dict":
            return self.mapping(name, depth)
        if name in self.shapes.items or builtin == "list":
            return self.sequence(name, depth)
        if self.shapes.fields.get(name):
            return self.object(name, depth)
        if builtin == "text":
            return self.random.choice(_TEXTS)
        return self.random.randrange(-2, 40) if builtin == "number" else self.scalar()

    def anything(self, name: str, depth: int) -> Any:
        makers = (self.function, self.mapping, self.sequence, self.object, lambda *_: self.scalar(), lambda *_: None)
        return self.random.choice(makers)(name, depth)

    def function(self, name: str, depth: int) -> Any:
        result = self.plain(name, depth + 1)

        def function(*args: Any, **kwargs: Any) -> Any:
            return result

        function.__qualname__ = function.__name__ = name.replace("-", "_") or "function"
        return function

    def scalar(self) -> Any:
        choice = self.random.randrange(9)
        if choice < 3:
            return self.random.choice(_TEXTS)
        odd = (self.random.randrange(-2, 40), True, False, 2.5, Markup("<u>m&amp;</u>"), Text("<s>"))
        return odd[choice - 3]

    def fields(self, name: str, depth: int) -> dict[str, Any]:
        known = sorted(self.shapes.fields.get(name, ()))
        return {key: self.value(key, depth + 1) for key in known if self.random.random() >= self.wild}

    def object(self, name: str, depth: int) -> Any:
        fields = self.fields(name, depth)
        choice = self.random.randrange(7)
        if choice < 3:
            return Defaults(fields) if choice == 2 else fields
        return _OBJECTS[choice - 3](name, fields)

    def mapping(self, name: str, depth: int) -> Any:
        targets = self.shapes.items.get(name, ())
        inner = targets[-1] if targets else name
        some = {key: self.value(inner, depth + 1) for key in ("k", "<k>")[: self.random.randrange(3)]}
        return {**self.fields(name, depth), **some}

    def sequence(self, name: str, depth: int) -> Any:
        targets = self.shapes.items.get(name, (name,))
        items = [self.item(targets, depth) for _ in range(self.random.choice((0, 1, 2, 2, 3)))]
        choice = self.random.randrange(1, 4) if self.lasting else self.random.randrange(6)
        if choice == 0:
            return (item for item in items)
        return (list, tuple, Lazy, iter, list)[choice - 1](items)

    def item(self, targets: tuple[str, ...], depth: int) -> Any:
        if len(targets) == 1:
            return self.value(targets[0], depth + 1)
        return tuple(self.value(target, depth + 1) for target in targets)
