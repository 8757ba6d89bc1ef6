"""Loops over what changes in them: values whose own methods change what is looped over, as a table of everything.

Jinja2 is the oracle, of the text or error and of the order in which values are asked. ``python -m tests.run.mutating``
runs the whole table; the suite runs a part of it, the same each time.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice, product
from typing import Any
from unittest import mock

import jinja2

import blendtpl
from blendtpl.runtime import attributes, entry, helpers, loader, lookahead, output, render, rows
from blendtpl.runtime.speedups import ACTIVE
from testkit.oracle import MakeEnvironment, live_environment, outcome, stock_environment

Log = list[str]

# what a body asks of its loop
ASKS = {
    "nothing": "",
    "index": "{{ loop.index }}{{ loop.index0 }}",
    "first": "{% if loop.first %}f{% endif %}",
    "last": "{% if loop.last %}l{% endif %}",
    "no comma": "{{ ',' if not loop.last }}",
    "length": "{{ loop.length }}",
    "revindex": "{{ loop.revindex }}",
    "revindex0": "{{ loop.revindex0 }}",
    "last and length": "{% if loop.last %}l{{ loop.length }}{% endif %}{{ loop.revindex0 }}",
    "nextitem": "{{ loop.nextitem.n }}",
    "previtem": "{{ loop.previtem.n }}",
    "changed": "{{ loop.changed(x.n) }}",
    "cycle": "{{ loop.cycle('a', 'b') }}{% if loop.last %}l{% endif %}",
    "argument": "{{ m(x, loop.last) }}",
    "argument, length": "{{ m(x, loop.length) }}",
    "call": "{% call b(loop.last) %}{{ x }}{% endcall %}",
    "caller": "{% call b(1) %}{{ loop.last }}{{ loop.length }}{% endcall %}",
    "loop": "{{ m(x, loop) }}",
    "inner test": "{% for z in 'ab' if loop.last %}{{ z }}{% endfor %}{% for z in 'a' if loop.length > 2 %}{{ z }}"
    "{% endfor %}",
}
# where it asks: before, between and behind what runs methods of values
PLACES = (
    "ASK{{ x }}{{ x.a }}",
    "{{ x }}{{ x.a }}{% if x %}t{% endif %}{% if x == y %}e{% endif %}ASK",
    "ASK{% if x %}t{% endif %}ASK{% if x == y %}e{% endif %}ASK{{ x.a }}\nASK{{ x }}ASK",
    "{% if x %}ASK{% endif %}{{ x.a ~ x }}{{ 'e' if x == y }}",
)
SHAPES = {
    "loop": "{% for x in xs %}BODY;{% endfor %}",
    "else": "{% for x in xs %}BODY;{% else %}none{% endfor %}",
    "filtered": "{% for x in xs if x %}BODY;{% endfor %}",
    "nested": "{% for x in xs %}{% for x in xs %}BODY;{% endfor %}BODY|{% endfor %}",
    "in a row": "{% for y in ys %}{% for x in xs %}BODY;{% endfor %}|{% endfor %}",
    "recursive": "{% for x in xs recursive %}BODY;{% if loop.depth < 2 %}({{ loop(xs) }}){% endif %}{% endfor %}",
    "macro": "{% macro w(xs) %}{% for x in xs %}BODY;{% endfor %}{% endmacro %}{{ w(xs) }}{{ w(ys) }}",
    "included": "{% for o in ys %}{% include 'INNER' %}{% endfor %}",
}
HEAD = (
    "{% macro m(x, l) %}{{ x }}{% if l %}L{% endif %}{{ l is sameas true }}{% endmacro %}"
    "{% macro b(l) %}{{ l }}{{ caller() }}{% if l %}L{% endif %}{% endmacro %}"
)


def templates(*shapes: str, one_in: int = 1) -> dict[str, str]:
    """Return the templates of some shapes, or one in so many of them, by their names."""
    made = {}
    for shape, ask, number in islice(product(shapes, ASKS, range(len(PLACES))), 0, None, one_in):
        body = PLACES[number].replace("ASK", ASKS[ask])
        name = f"{shape}-{ask}-{number}.html"
        made[name] = HEAD + SHAPES[shape].replace("BODY", body).replace("INNER", f"inner-{name}")
        if shape == "included":
            made[f"inner-{name}"] = HEAD + SHAPES["loop"].replace("BODY", body)
    return made


class World:
    """What is looped over, and how it changes: at a call of a hook, counted from 1."""

    def __init__(self, container: str, hook: str, change: str, at: int) -> None:
        self.hook, self.change, self.at = hook, change, at
        self.log: Log = []
        self.made = 0
        self.items: Any = CONTAINERS[container](self, [self.item() for _ in range(3)])
        self.xs: Any = VIEWS.get(container, lambda items: items)(self.items)

    def item(self) -> "Item":
        self.made += 1
        return KINDS[self.hook](self, self.made)

    def called(self, item: "Item", hook: str) -> None:
        if len(self.log) < 200:
            self.log.append(f"{item.n}.{hook}")
        if hook == self.hook:
            self.at -= 1
            if self.at == 0 or (self.at == -1 and self.change == "append"):
                CHANGES[self.change](self, self.items)


class Item:
    """A value with methods that are called while templates render."""

    def __init__(self, world: World, n: int) -> None:
        self.world, self.n = world, n

    @property
    def a(self) -> str:
        self.world.called(self, "a")
        return f"a{self.n}"

    def __bool__(self) -> bool:
        self.world.called(self, "bool")
        return self.n != 2

    def __eq__(self, other: object) -> bool:
        self.world.called(self, "eq")
        return self.n == 2

    def __lt__(self, other: Any) -> bool:
        return bool(self.n > other.n)

    def __hash__(self) -> int:
        return self.n  # lest the order of a set is that of addresses

    def __str__(self) -> str:
        self.world.called(self, "str")
        return f"<{self.n}>"


class Marked(Item):
    def __html__(self) -> str:
        self.world.called(self, "html")
        return f"<b>{self.n}</b>"


class Dynamic(Item):
    def __getattribute__(self, name: str) -> Any:
        found = object.__getattribute__(self, name)
        if name == "a":
            object.__getattribute__(self, "world").called(self, "getattribute")
        return found


KINDS: dict[str, type[Item]] = {
    "html": Marked,
    "str": Item,
    "a": Item,
    "bool": Item,
    "eq": Item,
    "getattribute": Dynamic,
}


class OldSequence:
    """A sequence of the old kind, with a length."""

    def __init__(self, items: list[Any]) -> None:
        self.items = items

    def __getitem__(self, at: int) -> Any:
        return self.items[at]

    def __len__(self) -> int:
        return len(self.items)


class Longer(list[Any]):
    """A list of a kind of its own."""


CONTAINERS: dict[str, Callable[[World, list[Item]], Any]] = {
    "list": lambda world, items: items,
    "longer": lambda world, items: Longer(items),
    "iterator": lambda world, items: items,
    "generator": lambda world, items: items,
    "sequence": lambda world, items: items,
    "deque": lambda world, items: deque(items),
    "set": lambda world, items: set(items),
    "dict": lambda world, items: dict.fromkeys(items, 1),
    "keys": lambda world, items: dict.fromkeys(items, 1),
    "values": lambda world, items: {item.n: item for item in items},
}
VIEWS: dict[str, Callable[[Any], Any]] = {
    "iterator": iter,
    "generator": lambda items: (item for item in items),
    "sequence": OldSequence,
    "keys": lambda items: items.keys(),
    "values": lambda items: items.values(),
}


def _put(world: World, items: Any, *, first: bool = False, times: int = 1) -> None:
    for _ in range(times):
        _put_one(world.item(), items, first=first)


def _put_one(item: Item, items: Any, *, first: bool) -> None:
    if isinstance(items, dict):
        items[item.n if isinstance(next(iter(items), None), int) else item] = item
    elif isinstance(items, set):
        items.add(item)
    elif first:
        items.insert(0, item)
    else:
        items.append(item)


def _take(items: Any, at: int) -> None:
    if isinstance(items, (dict, set)):
        for key in list(items)[at:][:1]:
            items.remove(key) if isinstance(items, set) else items.pop(key)
    elif items:
        del items[at]


def _arrange(items: Any) -> None:
    if isinstance(items, (dict, set)):
        kept = list(items.items()) if isinstance(items, dict) else list(items)
        items.clear()
        items.update(kept[::-1])
    elif isinstance(items, list):
        items.sort()
    else:
        items.reverse()


def _replace(world: World, items: Any) -> None:
    if isinstance(items, (dict, set)):
        _take(items, 0)
        _put(world, items)
    else:
        items[-1:] = [world.item()] if isinstance(items, list) else []
        if not isinstance(items, list) and items:
            items[-1] = world.item()


CHANGES: dict[str, Callable[[World, Any], object]] = {
    "append": _put,
    "insert": lambda world, items: _put(world, items, first=True),
    "pop": lambda world, items: _take(items, -1),
    "shift": lambda world, items: _take(items, 0),
    "clear": lambda world, items: items.clear(),
    "replace": lambda world, items: _replace(world, items) if not isinstance(items, deque) else items.rotate(1),
    "sort": lambda world, items: _arrange(items),
    "extend": lambda world, items: _put(world, items, times=3),
}
TIMES = (1, 2, 4)
Combination = tuple[str, str, str, str, int]


Render = Callable[[str, Any], str]


@contextmanager
def without_c() -> Iterator[None]:
    """Have nothing in C for a while, as where there is no such module."""
    names = ("attribute", "field", "escaped_field", "text_field")
    plain = {name: getattr(attributes, name) for name in names}
    plain |= {"escape_any": output.escape_any, "rows": rows.rows}
    with (
        mock.patch.dict(helpers.NAMES, plain),
        mock.patch.object(helpers, "new_lookahead", lookahead.Lookahead),
        mock.patch.object(helpers, "new_counted", lookahead.Counted),
        mock.patch.object(loader, "prepare", lambda code: code),
        mock.patch.object(render, "enter_template", entry.enter_template),
    ):
        yield


@dataclass(frozen=True, slots=True)
class Side:
    """Somebody who renders the templates of the table."""

    name: str
    render: Render
    around: Callable[[], AbstractContextManager[None]] = nullcontext


def sides(templates: Mapping[str, str], make: MakeEnvironment) -> list[Side]:
    """Return all that render the templates, Jinja2 first."""
    stock, live = stock_environment(templates, make), live_environment(templates, make)
    found = [
        Side("Jinja2", lambda name, given: stock.get_template(name).render(given)),
        Side("live", lambda name, given: live.get_template(name).render(given)),
        Side("live stream", lambda name, given: "".join(live.get_template(name).stream(given))),
    ]
    for kind in ("bundle", "portable") if ACTIVE else ("portable",):
        bundle = blendtpl.compile(templates, environment=make, portable=kind == "portable")
        registry = blendtpl.load(bundle, environment=make)
        with without_c():
            in_python = blendtpl.load(bundle, environment=make)
        found += [
            Side(kind, registry.render),
            Side(f"{kind} stream", _streaming(registry)),
            Side(f"{kind} without C", in_python.render, without_c),
        ]
    return found


def _streaming(registry: blendtpl.Registry) -> Render:
    return lambda name, given: "".join(registry[name].stream(given))


def _environment() -> jinja2.Environment:
    return jinja2.Environment(autoescape=True, undefined=jinja2.ChainableUndefined)


def _outcome(render: Render, combination: Combination) -> tuple[Sequence[str], Log]:
    name, container, hook, change, at = combination
    world = World(container, hook, change, at)
    done = outcome(lambda: render(name, {"xs": world.xs, "y": 2, "ys": (1, 2)}))
    return done, world.log


def differences(templates: Mapping[str, str], one_in: int) -> tuple[int, list[str]]:
    """Return how many combinations there were of templates with what their values do, one in so many of all, and who
    does something else than Jinja2 with which.
    """
    names = [name for name in templates if not name.startswith("inner-")]
    chosen = list(islice(product(names, CONTAINERS, KINDS, CHANGES, TIMES), 0, None, one_in))
    jinja, *others = sides(templates, _environment)
    expected = [_outcome(jinja.render, combination) for combination in chosen]
    found = []
    for side in others:
        with side.around():
            for combination, wanted in zip(chosen, expected, strict=True):
                other = _outcome(side.render, combination)
                if other != wanted:
                    found.append(f"{side.name} {combination}:\n  {wanted}\n  {other}")
    return len(chosen), found


def main(one_in: int) -> int:
    """Run all of the table, or one in so many."""
    count = 0
    found: list[str] = []
    for shape in SHAPES:
        more, differing = differences(templates(shape), one_in)
        count += more
        found += differing
        print(f"{shape}: {count} combinations, {len(found)} differences", *differing[:3], sep="\n", flush=True)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1))
