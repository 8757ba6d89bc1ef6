"""The functions in C hold what they work with, whatever the methods of values do in the meantime.

The sanitizers run this: what is used after it is gone is an error there. Elsewhere it shows that they do what those in
Python do, and let go of everything.
"""

import gc
import sys
import weakref
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import jinja2
import pytest

from blendtpl.bundle.row_ops import GIVEN, Comparison, Counter
from blendtpl.bundle.row_ops import Opcode as O  # noqa: N817  # it is in every line
from blendtpl.runtime import attributes, lookahead
from blendtpl.runtime import rows as in_python
from testkit.oracle import load
from tests.run.mutating import CHANGES, CONTAINERS, KINDS, World

in_c: Any = pytest.importorskip(
    "blendtpl.runtime._speedups", reason="there was no C compiler when blendtpl was installed"
)


def shown(x: Any) -> Any:
    return (O.PRINT, None, x)


def field(x: Any, name: str = "a") -> Any:
    return (O.ATTR, None, x, name)


def chosen(x: Any, first: Any, second: Any) -> Any:
    return (O.IF, None, x, first, second)


def same(x: Any, y: Any) -> Any:
    return (O.COMPARE, None, Comparison.EQ, x, y)


def loop(place: int, items: Any, target: Any, *body: Any, test: Any = None, keeps: int = 0) -> Any:
    return (O.LOOP, place, items, target, test, body, "", keeps)


LAST = chosen((O.LAST, None), "l", "n")
LENGTH = shown((O.REVINDEX, 1))
INNER = (
    shown(4),
    chosen((O.LAST, None), "l", (shown(field(4)),)),
    chosen(4, (shown(4),), ""),
    chosen(same(4, 2), "e", (shown(4),)),
    (O.SET, 5, (O.CONCAT, None, 4, field(4))),
    shown(5),
)
PASSES = (O.OR, 2, field(0), (O.NOT, None, 0))
ROWS: dict[str, Any] = {
    "loop": loop(
        0,
        GIVEN,
        0,
        *(shown(0), LAST, shown(field(0)), chosen(0, (shown(0), shown(field(0))), "f")),
        *(chosen(same(0, 2), "e", (shown(0),)), LAST),
    ),
    "loop in a loop": loop(
        0, GIVEN, 0, shown(0), loop(1, 3, 4, *INNER), shown(field(0)), chosen((O.LAST, 2), "l", "n"), shown(0)
    ),
    "loop over itself": loop(
        0, GIVEN, 0, (O.SET, 4, 0), loop(1, 3, 0, shown(0), LAST), shown(0), shown(4), chosen((O.LAST, 1), "l", "n")
    ),
    "joined": loop(0, GIVEN, 0, (O.SET, 5, (O.CONCAT, None, 0, field(0), 0)), shown(5), chosen(field(0), (LAST,), "f")),
    "counted": loop(0, GIVEN, 0, shown(0), LENGTH, LAST, shown((O.LENGTH, None)), loop(1, 3, 4, LENGTH, shown(4))),
    "chosen": loop(0, GIVEN, 0, shown(0), LAST, shown(0), test=PASSES),
    "chosen and counted": loop(0, GIVEN, 0, shown(0), LENGTH, shown(0), LAST, test=PASSES),
    "beside each other": loop(
        0,
        GIVEN,
        0,
        chosen((O.COUNTER, Counter.FIRST), "", (shown((O.PREVITEM, 1)),)),
        chosen((O.LAST, 2), "", (shown((O.NEXTITEM, None)),)),
        *(shown((O.CHANGED, 3, 0)), shown(0)),
        keeps=1,
    ),
    "items": loop(0, GIVEN, 0, shown((O.ITEM, 1, 3, (O.COUNTER, 1))), shown(0), shown((O.ITEM, 2, 3, 2))),
    "pieces": loop(
        0,
        GIVEN,
        0,
        shown((O.MARKUP, (shown(0), LAST))),
        (O.GUARD, 1, (shown(0), LAST), 2),
        (O.DO, (O.SLICE, 2, 3, None, 2, None)),
        shown((O.ITEM, 3, (O.TUPLE, 0, (O.TEXT, (shown(0),)), 0), (O.COUNTER, Counter.DEPTH))),
    ),
}
Done = tuple[Any, ...]


def done(rows: Callable[..., Any], spec: Any, world: World) -> Done:
    """Return what rows do, and what was asked; of an error, which it is."""
    out: list[str] = []
    try:
        found = rows(out, spec, jinja2.Undefined, world.xs, True, None, 2, world.xs, None, None)
    except Exception as error:
        found = error
    if isinstance(found, list):
        out.append(str(found[0]))
        found = found[1]
    return (str(found), out, world.log)


@pytest.mark.parametrize("spec", ROWS)
@pytest.mark.parametrize("change", CHANGES)
def test_a_list_that_changes_in_its_own_rows(spec: str, change: str) -> None:
    for container, hook, at in product(CONTAINERS, KINDS, (1, 2, 4)):
        found = done(in_c.rows, ROWS[spec], World(container, hook, change, at))
        assert found == done(in_python.rows, ROWS[spec], World(container, hook, change, at)), (container, hook, at)


class Emptying:
    """What empties everything that it knows of when it is asked for anything, and is held by nothing else then."""

    def __init__(self, *known: Any) -> None:
        self.known = known

    def empty(self) -> None:
        for known in self.known:
            known.clear()

    def __repr__(self) -> str:
        return "<emptying>"

    @property
    def a(self) -> str:
        self.empty()
        return "a" * 100

    def __str__(self) -> str:
        self.empty()
        return "text" * 100

    def __bool__(self) -> bool:
        self.empty()
        return True

    def __iter__(self) -> Iterator[Any]:
        self.empty()
        yield from (Emptying(*self.known), "<")
        self.empty()

    def __eq__(self, other: object) -> bool:
        self.empty()
        return True

    def __hash__(self) -> int:
        return hash("a")


PARTS: tuple[Any, ...] = (
    shown(0),
    shown(field(0)),
    shown(field(0, "gone")),
    chosen(0, (shown(0), shown(field(0))), ""),
    chosen(same(0, field(0)), (shown(0),), "n"),
    (O.SET, 1, field(0)),
    (O.SET, 1, (O.CONCAT, None, 0, field(0), 0)),
    loop(0, 0, 0, shown(0), chosen((O.LAST, None), (shown(field(0)),), (shown(0),))),
    loop(1, 0, (1, 2), shown(1), shown(2)),
    chosen((O.LAST, None), (shown(0),), (shown(field(0)),)),
    loop(0, 0, 1, shown(1), shown((O.LENGTH, None)), test=(O.NOT, None, (O.NOT, None, 0))),
    shown((O.AND, None, field(0), (O.OR, None, 0, 0))),
    shown((O.CHOOSE, None, (O.AND, None, 0, 0), (O.TUPLE, 0, 0), 1)),
    (O.GUARD, 0, (shown(0), shown((O.CHANGED, 0, 0, field(0)))), 0),
    shown((O.MARKUP, (shown(0), shown((O.NEXTITEM, None))))),
    shown((O.COMPARE, None, Comparison.IN, 0, (O.LIST, (O.TEXT, (shown(0),)), 0))),
    shown((O.CYCLE, 0, field(0))),
)


@pytest.mark.parametrize("part", PARTS)
def test_what_is_at_hand_is_held_though_its_list_and_the_output_are_emptied(part: Any) -> None:
    def through(rows: Callable[..., Any]) -> tuple[Any, ...]:
        items: list[Any] = []
        out: list[str] = []
        items += [Emptying(items, out), "b", Emptying(items, out)]
        try:
            found = rows(out, loop(0, GIVEN, 0, part, part, "-", shown(0)), jinja2.Undefined, items, False, None, None)
        except ValueError as error:
            return str(error), out
        return str(found), out

    assert through(in_c.rows) == through(in_python.rows)


def test_what_is_at_hand_is_held_though_its_dict_is_emptied() -> None:
    for function in ("attribute", "field", "escaped_field", "text_field"):
        for part in ("a", "gone"):
            found, expected = ({} for _ in range(2))  # type: dict[Any, Any], dict[Any, Any]
            for items in (found, expected):
                items |= {Emptying(items): Emptying(items), "other": object()}
            texts = [
                str(getattr(module, function)(jinja2.Undefined, items, part))
                for module, items in ((in_c, found), (attributes, expected))
            ]
            assert texts[0] == texts[1]


def test_variables_may_be_emptied_while_they_are_looked_up() -> None:
    looping = "{% block x %}{{ a }}{% for c in b %}{{ c }}{% endfor %}{% endblock %}"
    registry = load({"a": "{{ a }}{{ b }}", "b": looping}, jinja2.Environment)
    for name in registry:
        compiled = registry[name]._compiled
        given: dict[Any, Any] = {"b": World("list", "str", "pop", 0).items}
        seen = weakref.ref(given["b"][0])
        given |= {Emptying(given): ["y" * 100]}

        text = in_c.enter_template(compiled.plan, compiled, given)

        assert text == ""
        assert given == {}
        gc.collect()
        assert seen() is None


KINDS_OF_LOOKAHEAD: tuple[Any, ...] = (in_c.Lookahead, lookahead.Lookahead)


def test_an_item_that_was_looked_at_comes_next() -> None:
    for kind in KINDS_OF_LOOKAHEAD:
        items = [1, 2, 3]
        ahead = kind(items)
        found = []
        for item in ahead:
            found.append((item, ahead.last, ahead.length))
            items.clear()
        assert found == [(1, False, 3), (2, True, 3)]


def test_what_is_asked_of_a_lookahead_may_fail() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise OSError("no more")

    for kind in KINDS_OF_LOOKAHEAD:
        with pytest.raises(TypeError, match="'int' object is not iterable"):
            kind(5)
        with pytest.raises(TypeError):
            kind()
        with pytest.raises(TypeError):
            kind([], items=[])
        ahead = kind(failing())
        assert next(iter(ahead)) == 1
        with pytest.raises(OSError, match="no more"):
            _ = ahead.last
        assert ahead.last
        with pytest.raises(TypeError, match=r"has no len\(\)"):
            _ = ahead.length


def test_what_stands_for_nothing_is_nothing_that_follows() -> None:
    for kind in KINDS_OF_LOOKAHEAD:
        ahead = kind([1, jinja2.utils.missing, 2])
        assert [(item, ahead.last) for item in ahead] == [(1, True), (2, True)]


def test_a_lookahead_may_be_asked_by_what_it_goes_through() -> None:
    def asking(known: list[Any]) -> Iterator[int]:
        yield 1
        try:
            yield 2 + known[0].last
        except ValueError:
            yield 3
        yield 4

    for kind in KINDS_OF_LOOKAHEAD:
        known: list[Any] = []
        known.append(kind(asking(known)))
        found = []
        for item in known[0]:
            found.append(item)
            _ = known[0].last
        assert found == [1, 3, 4]
        known.clear()


def test_nothing_is_kept_of_what_a_lookahead_goes_through() -> None:
    for kind in KINDS_OF_LOOKAHEAD:
        items = [Emptying() for _ in range(3)]
        ahead = kind(items)
        assert next(iter(ahead)) is items[0]
        assert not ahead.last
        seen = [weakref.ref(item) for item in items]
        del items, ahead
        assert [ref() for ref in seen] == [None] * 3
        circle: list[Any] = []
        circle.append(kind(circle))
        seen.append(weakref.ref(Emptying()))
        del circle
        gc.collect()
    assert isinstance(in_c.Lookahead([]), in_c.Lookahead)
    before = sys.getrefcount(in_c.Lookahead)
    for _ in range(100):
        in_c.Lookahead([1])
    after = sys.getrefcount(in_c.Lookahead)
    assert after == before
