"""Usual calls of every filter and test of Jinja2, as a table: what is measured, and what property tests begin with.

Leaves: `CALLS`, each with the value that it is applied to, made anew each time, and the arguments behind that; and what
Jinja2 passes before the value, `passed`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from types import SimpleNamespace
from typing import Any

import jinja2
from jinja2.nodes import EvalContext
from markupsafe import Markup

from blendtpl.bundle.environment import passed_argument


@dataclass(frozen=True, slots=True)
class Call:
    """A filter or test (`kind`) applied to a value; `note` says what is special."""

    kind: str
    name: str
    make: Callable[[], Any]
    arguments: tuple[Any, ...] = ()
    keywords: dict[str, Any] = field(default_factory=dict)
    note: str = ""

    @property
    def title(self) -> str:
        shown = ", ".join([*map(repr, self.arguments), *(f"{name}={value!r}" for name, value in self.keywords.items())])
        call = f"{self.name}({shown})" if shown else self.name
        return f"{'|' if self.kind == 'filter' else 'is '}{call}{self.note and ' of '}{self.note}"


def passed(environment: jinja2.Environment, function: Any, *, escapes: bool) -> tuple[Any, ...]:
    """Return what is passed to a filter or test before the value."""
    wanted = passed_argument(function)
    if wanted == "environment":
        return (environment,)
    if wanted == "context":
        context = environment.from_string("").new_context()
        context.eval_ctx.autoescape = escapes
        return (context,)
    if wanted == "eval_context":
        evaluation = EvalContext(environment)
        evaluation.autoescape = escapes
        return (evaluation,)
    return ()


class Person:
    """What applications have for a row of a table."""

    def __init__(self, name: str, age: int, city: str) -> None:
        self.name, self.age = name, age
        self.address = {"city": city}

    @property
    def label(self) -> str:
        return f"{self.name} ({self.age})"


SENTENCE = "the quick brown fox jumps over the lazy dog and goes on"
WORDS = tuple(SENTENCE.split())
LINES = "\n".join([SENTENCE] * 4)
NAMES = ("Ada", "bob", "Cleo", "dan", "Eve", "fay", "Gus", "hal", "Ina", "jo", "Kim", "leo")
CITIES = ("Bonn", "Graz", "Bern")


def always(value: Any) -> Callable[[], Any]:
    """Return what gives a value."""
    return lambda: value


def people() -> list[Person]:
    return [Person(name, len(name) * 7 % 5 + at, CITIES[at % 3]) for at, name in enumerate(NAMES)]


def rows() -> list[dict[str, Any]]:
    return [{"name": person.name, "age": person.age, "address": person.address} for person in people()]


def _filters() -> Iterator[Call]:
    def of(name: str, make: Callable[[], Any], *arguments: Any, note: str = "", **keywords: Any) -> Call:
        return Call("filter", name, make, arguments, keywords, note)

    def text() -> str:
        return "Hello <World>"

    def marked() -> Markup:
        return Markup("Hello <b>World</b>")

    def numbers() -> list[int]:
        return [3, 1, 2, 7, 5, 4, 9, 8, 6, 12, 11, 10]

    def words() -> list[str]:
        return list(WORDS)

    yield of("abs", lambda: -5)
    yield of("attr", lambda: people()[0], "name", note="object")
    yield of("attr", lambda: people()[0], "label", note="property")
    yield of("attr", lambda: people()[0], "nothing", note="object, missing")
    yield of("attr", lambda: rows()[0], "items", note="dict")
    yield of("attr", lambda: "text", "upper", note="text")
    yield of("batch", numbers, 3)
    yield of("batch", numbers, 5, "-")
    for name in ("capitalize", "lower", "upper", "title", "trim", "string", "escape", "e", "forceescape", "safe"):
        yield of(name, text)
    for name in ("upper", "string", "escape", "safe", "forceescape"):
        yield of(name, marked, note="markup")
    yield of("string", lambda: 5, note="number")
    yield of("escape", lambda: 5, note="number")
    yield of("upper", lambda: 5, note="number")
    yield of("trim", text, "<H")
    yield of("center", text, 30)
    for name in ("count", "length"):
        yield of(name, words)
    for name in ("d", "default"):
        yield of(name, text, "-")
    yield of("default", lambda: "", "-", True)
    yield of("default", lambda: jinja2.Undefined(name="x"), "-", note="undefined")
    yield of("default", people, "-", note="list")
    yield of("default", lambda: people()[0], "-", note="object")
    yield of("dictsort", lambda: dict(zip(NAMES, range(12), strict=True)))
    yield of("dictsort", lambda: dict(zip(NAMES, range(12, 0, -1), strict=True)), by="value")
    for size in (1, 512, 123456, 9.5e9):
        yield of("filesizeformat", always(size), note=f"{size:g}")
    yield of("first", words)
    yield of("last", words)
    yield of("first", lambda: iter(WORDS), note="iterator")
    yield of("float", lambda: "3.5")
    yield of("float", lambda: 3)
    yield of("int", lambda: "42")
    yield of("int", lambda: 4.7)
    yield of("int", lambda: "x", note="no number")
    yield of("format", lambda: "%s and %s", "a", 5)
    yield of("groupby", rows, "name")
    yield of("groupby", people, "name", note="objects")
    yield of("groupby", rows, "address.city")
    yield of("indent", lambda: LINES, 4)
    yield of("indent", lambda: LINES, 2, True)
    yield of("indent", lambda: LINES.replace("fox", "\n"), 4, note="blank lines")
    yield of("items", lambda: dict(zip(NAMES, range(12), strict=True)))
    yield of("join", words, ", ")
    yield of("join", numbers, ", ", note="numbers")
    yield of("join", lambda: [Markup("<b>"), "a", "<"], ", ", note="markup")
    yield of("join", rows, ", ", attribute="name")
    yield of("join", people, ", ", "name", note="objects")
    yield of("list", words)
    yield of("list", lambda: map(str, range(12)), note="iterator")
    yield of("map", rows, attribute="name")
    yield of("map", people, attribute="name", note="objects")
    yield of("map", rows, attribute="address.city")
    yield of("map", people, attribute="address.city", note="objects")
    yield of("map", rows, attribute="name", default="-")
    yield of("map", words, "upper")
    yield of("map", people, "attr", "name", note="objects")
    yield of("map", words, "replace", "o", "0")
    yield of("map", numbers, "string")
    for name in ("max", "min"):
        yield of(name, numbers)
        yield of(name, words, note="texts")
        yield of(name, rows, attribute="age")
    yield of("pprint", numbers)
    yield of("random", numbers)
    for name in ("select", "reject"):
        yield of(name, numbers)
        yield of(name, numbers, "odd")
        yield of(name, numbers, "divisibleby", 3)
    for name in ("selectattr", "rejectattr"):
        yield of(name, rows, "age")
        yield of(name, rows, "age", "gt", 3)
        yield of(name, people, "name", "in", ["Ada", "jo"], note="objects")
        yield of(name, rows, "address.city", "equalto", "Bonn")
    yield of("replace", text, "l", "L")
    yield of("replace", marked, "l", "L", note="markup")
    yield of("reverse", words)
    yield of("reverse", text, note="text")
    yield of("round", lambda: 2.567, 1)
    yield of("round", lambda: 2.567)
    yield of("round", lambda: 2.567, 1, "floor")
    yield of("slice", numbers, 3)
    yield of("sort", words)
    yield of("sort", numbers, True)
    yield of("sort", rows, attribute="name")
    yield of("sort", people, attribute="age", note="objects")
    yield of("sort", rows, attribute="address.city")
    yield of("sort", rows, attribute="age,name")
    yield of("striptags", lambda: "<p>Hello  <b>World</b></p>")
    yield of("striptags", lambda: SENTENCE, note="plain text")
    yield of("striptags", lambda: Markup("<p>a &amp; b</p>"), note="markup")
    yield of("sum", numbers)
    yield of("sum", rows, attribute="age")
    yield of("sum", people, "age", note="objects")
    yield of("truncate", lambda: SENTENCE, 20)
    yield of("truncate", lambda: SENTENCE, 20, True)
    yield of("truncate", text, note="short text")
    yield of("unique", words)
    yield of("unique", rows, attribute="name")
    yield of("unique", rows, attribute="address.city")
    yield of("urlencode", text)
    yield of("urlencode", lambda: {"a": 1, "b": "x y"}, note="dict")
    yield of("urlize", lambda: f"{SENTENCE} https://example.org/a?b=c.")
    yield of("urlize", lambda: SENTENCE, note="plain text")
    yield of("wordcount", lambda: SENTENCE)
    yield of("wordwrap", lambda: LINES, 30)
    yield of("xmlattr", lambda: {"class": "a b", "id": 5, "title": None, "href": "<x>"})
    yield of("tojson", lambda: {"name": "<Ada>", "tags": ["a", "b"], "n": 5})
    yield of("tojson", text, note="text")
    yield of("tojson", numbers, 2)


def _tests() -> Iterator[Call]:
    def of(name: str, make: Callable[[], Any], *arguments: Any, note: str = "") -> Call:
        return Call("test", name, make, arguments, {}, note)

    kinds: dict[str, Any] = {"text": "abc", "number": 5, "list": [1], "dict": {"a": 1}, "object": SimpleNamespace(a=1)}
    for name in ("defined", "undefined", "none", "boolean", "false", "true", "integer", "float", "string"):
        yield of(name, lambda: "abc")
    yield of("defined", lambda: kinds["object"], note="object")
    yield of("undefined", lambda: jinja2.Undefined(name="x"), note="undefined")
    for name in ("mapping", "number", "sequence", "iterable", "escaped", "callable"):
        for kind, value in kinds.items():
            yield of(name, always(value), note=kind)
    yield of("number", lambda: date(2026, 1, 2), note="date")
    for name in ("lower", "upper"):
        yield of(name, lambda: "abc")
    for name in ("odd", "even"):
        yield of(name, lambda: 5)
    yield of("divisibleby", lambda: 12, 3)
    yield of("filter", lambda: "upper")
    yield of("test", lambda: "odd")
    yield of("in", lambda: "a", ["b", "a"])
    yield of("in", lambda: "a", "cab", note="text")
    yield of("sameas", lambda: "a", "a")
    operators = (
        "==",
        "eq",
        "equalto",
        "!=",
        "ne",
        ">",
        "gt",
        "greaterthan",
        "ge",
        ">=",
        "<",
        "lt",
        "lessthan",
        "<=",
        "le",
    )
    for name in operators:
        yield of(name, lambda: 5, 4)


CALLS = (*_filters(), *_tests())
