"""Values that templates are given: as Python expressions, so that a case can be printed, pasted and made anew."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import jinja2
from jinja2 import Undefined
from jinja2.nodes import EvalContext
from jinja2.runtime import ChainableUndefined, Context, StrictUndefined
from markupsafe import Markup

from tests.fuzz import hostile


class Thing(SimpleNamespace):
    """An object with attributes."""

    def __repr__(self) -> str:
        return f"<thing {', '.join(vars(self))}>"


class Odd:
    """An object whose attributes and items misbehave."""

    a = "attribute"

    @property
    def b(self) -> str:
        raise AttributeError("not what it seems")

    @property
    def name(self) -> str:
        raise KeyError("not an attribute")

    @property
    def title(self) -> str:
        raise ZeroDivisionError("not now")

    def __getitem__(self, name: Any) -> str:
        if name == 0:
            raise IndexError("no such item")
        return f"<item {name}>"

    def __repr__(self) -> str:
        return "<odd>"


class Dynamic:
    """An object that has every attribute but `b`."""

    def __getattr__(self, name: str) -> str:
        if name.startswith("__") or name == "b":
            raise AttributeError(name)
        return f"<dynamic {name}>"

    def __repr__(self) -> str:
        return "<dynamic>"


class Defaults(dict[str, Any]):
    """A dict that has every key."""

    def __missing__(self, key: str) -> str:
        return f"<missing {key}>"


class Attributes(dict[str, Any]):
    """A dict whose keys are attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Html:
    def __html__(self) -> str:
        return "<b>html</b>"

    def __str__(self) -> str:
        return "<no html>"


class Formatted:
    def __format__(self, spec: str) -> str:
        return "format"

    def __str__(self) -> str:
        return "<str>"

    def __repr__(self) -> str:
        return "<repr>"


class Text(str):
    """A string that prints as something else."""

    __slots__ = ()

    def __str__(self) -> str:
        return "<text>"


class Plain(str):
    __slots__ = ()


class Number(int):
    def __str__(self) -> str:
        return "<number>"


class Pair(tuple[Any, ...]):
    __slots__ = ()


class Stack(list[Any]):
    def __len__(self) -> int:
        return 7


class Broken:
    """An object that nothing can be done with."""

    def __bool__(self) -> bool:
        raise ValueError("no truth")

    def __str__(self) -> str:
        raise ValueError("no text")

    def __repr__(self) -> str:
        return "<broken>"

    def __iter__(self) -> Iterator[Any]:
        raise ValueError("no items")

    def __eq__(self, other: object) -> bool:
        raise ValueError("no equal")

    __hash__ = object.__hash__


class Half:
    """An iterable that fails on its way."""

    def __iter__(self) -> Iterator[Any]:
        yield 1
        yield "<2>"
        raise KeyError("no third")

    def __repr__(self) -> str:
        return "<half>"


class Sized:
    """An iterable with a length that is wrong."""

    def __len__(self) -> int:
        return 9

    def __iter__(self) -> Iterator[int]:
        return iter((1, 2))

    def __repr__(self) -> str:
        return "<sized>"


class Items:
    """A sequence of the old kind."""

    def __getitem__(self, index: int) -> int:
        if index > 2:
            raise IndexError(index)
        return index

    def __repr__(self) -> str:
        return "<items>"


class Operand:
    """An object with operators, which compares to something else than a truth."""

    def __add__(self, other: object) -> str:
        return f"<{other} added>"

    def __radd__(self, other: object) -> str:
        return f"<added to {other}>"

    def __lt__(self, other: object) -> Any:
        return ["<less>"]

    def __eq__(self, other: object) -> Any:
        return "<equal>"

    def __neg__(self) -> str:
        return "<negative>"

    def __contains__(self, item: object) -> bool:
        return item == 1

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return "<operand>"


class Ticker:
    """Counts its calls: what is called in another order shows."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, *args: Any, **kwargs: Any) -> int:
        self.count += 1
        return self.count

    def __str__(self) -> str:
        self.count += 10
        return f"<tick {self.count}>"

    def __repr__(self) -> str:
        return "<ticker>"


class Method:
    @jinja2.pass_context
    def a(self, context: Context, *args: Any) -> str:
        return f"{context.name} {sorted(context.get_all().keys() - context.environment.globals.keys())} {args}"

    @jinja2.pass_eval_context
    def b(self, eval_ctx: EvalContext, *args: Any) -> str:
        return f"<{bool(eval_ctx.autoescape)}> {args}"

    @jinja2.pass_environment
    def name(self, environment: jinja2.Environment, *args: Any) -> str:
        return f"{environment.block_start_string} {args}"

    def title(self, *args: Any, **kwargs: Any) -> str:
        return f"<plain {args} {kwargs}>"

    @jinja2.pass_context
    def __call__(self, context: Context, *args: Any) -> str:
        return f"<called in {context.name} with {context.resolve('a')} {args}>"

    def __repr__(self) -> str:
        return "<method>"


@jinja2.pass_context
def find(context: Context, name: Any = "a", *args: Any) -> Any:
    return context.get(name, "<nowhere>") if isinstance(name, str) else context.name


@jinja2.pass_context
def names(context: Context, *args: Any) -> str:
    return f"{sorted(context.vars)} {sorted(context.exported_vars)} {sorted(context.blocks)}"


@jinja2.pass_eval_context
def escaping(eval_ctx: EvalContext, *args: Any) -> str:
    return f"<{bool(eval_ctx.autoescape)} {len(args)}>"


@jinja2.pass_environment
def start(environment: jinja2.Environment, *args: Any) -> str:
    return f"{environment.block_start_string}{len(args)}"


def echo(*args: Any, **kwargs: Any) -> Any:
    return args[0] if args else kwargs


def fail(*args: Any, **kwargs: Any) -> Any:
    raise ValueError(f"fails with {len(args)}")


def stop(*args: Any, **kwargs: Any) -> Any:
    raise StopIteration("stopped")


def absent(*args: Any, **kwargs: Any) -> Any:
    raise jinja2.TemplateNotFound("absent.html")


def gen(*items: Any) -> Iterator[Any]:
    yield from items


def pairs(mapping: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from mapping.items()


NAMES: dict[str, Any] = {
    **hostile.NAMES,
    **{kind.__name__: kind for kind in (Thing, Odd, Dynamic, Defaults, Attributes, Html, Formatted, Text, Plain)},
    **{kind.__name__: kind for kind in (Number, Pair, Stack, Broken, Half, Sized, Items, Operand, Ticker, Method)},
    **{kind.__name__: kind for kind in (Undefined, StrictUndefined, ChainableUndefined, Markup)},
    **{made.__name__: made for made in (find, names, escaping, start, echo, fail, stop, absent, gen, pairs)},
}

LEAVES = (
    "1", "'<b>'", "0", "-3", "2.5", "True", "False", "None", "''", "'a'", "'text & more'", "Markup('<i>')",
    "Markup('')", "Html()", "Formatted()", "Text('<x>')", "Plain('<p>')", "Number(2)", "b'<'", "'inc.html'",
    "'lib.html'", "'nope.html'", "Broken()", "Operand()", "Undefined(name='gone')", "StrictUndefined(name='gone')",
    "ChainableUndefined(name='gone')",
)  # fmt: skip
WHOLES = (
    "[1, 2, 3]", "['<', Markup('<'), 1]", "[]", "(1, 2)", "{}", "{'a': 1, 'b': '<'}", "{'a': {'b': [1, {'a': 2}]}}",
    "[{'a': 1, 'b': [{'a': 2, 'b': []}]}, {'a': '<3>', 'b': []}]", "[(1, 2), ('<', None)]", "[[1, [2]], [3]]",
    "gen(1, '<2>', 3)", "gen()", "gen((1, 2), (3, 4))", "pairs({'a': 1, 'b': 2})", "range(3)", "iter([1, 2])",
    "Thing(a=1, b='<')", "Thing(a=Thing(b=[1, 2]), name='n', items='<items>')", "Odd()", "Dynamic()",
    "Defaults(a='x')", "Attributes(a='<x>', name=Attributes(a=1))", "Pair((1, '<'))", "Stack([1, 2])", "Half()",
    "Sized()", "Items()", "Method()", "find", "names", "escaping", "start", "echo", "fail", "stop", "absent",
    "Ticker()", "{1: 2, 'a': None}", "'abc'", "['inc.html']", "['nope.html', 'part.txt']", "frozenset([1])",
    "{'a': Thing(b=Markup('<'))}",
)  # fmt: skip

# what a variable of that name mostly is
USUAL = {
    "xs": (*(value for value in WHOLES if value[0] in "[({g"), "range(3)", "iter([1, 2])", "Stack([1, 2])", "Half()"),
    "d": (
        "{'a': 1, 'b': '<'}",
        "{'a': {'b': [1, {'a': 2}]}}",
        "{}",
        "Attributes(a='<x>', name=Attributes(a=1))",
        "Defaults(a='x')",
    ),
    "o": tuple(value for value in WHOLES if value[0] in "TOAMD{"),
    "f": (
        "echo",
        "find",
        "names",
        "escaping",
        "start",
        "Method()",
        "Ticker()",
        "fail",
        "stop",
        "absent",
        "Thing(a=echo).a",
    ),
    "x": (*LEAVES, *WHOLES),
}


async def echo_later(*args: Any, **kwargs: Any) -> Any:
    await asyncio.sleep(0)
    return echo(*args, **kwargs)


async def fail_later(*args: Any, **kwargs: Any) -> Any:
    await asyncio.sleep(0)
    fail(*args)


async def gen_later(*items: Any) -> AsyncIterator[Any]:
    for item in items:
        await asyncio.sleep(0)
        yield item


async def pairs_later(mapping: Mapping[str, Any]) -> AsyncIterator[tuple[str, Any]]:
    for pair in mapping.items():
        yield pair


WAITING = {"echo": echo_later, "fail": fail_later, "gen": gen_later, "pairs": pairs_later}  # what takes their place


def make(recipe: Mapping[str, str], *, waits: bool = False) -> dict[str, Any]:
    """Return a new context of a recipe: from each name to a Python expression. Of what `waits`, some is awaited."""
    names = {**NAMES, **WAITING} if waits else dict(NAMES)
    return {name: eval(value, names) for name, value in recipe.items()}
