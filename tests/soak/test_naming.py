"""What objects are called, and what a circle of them looks like."""

import functools
import gc
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

import blendtpl
from blendtpl.heap.naming import called, circle
from blendtpl.tools.contexts import Thing
from blendtpl.tools.soak.referrers import find_retained, lengths

HERE = __name__


class Slotted:
    __slots__ = ("first", "second")


class Liar:
    """Fails when it is asked for anything, its class too."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("it is not to be asked")


plain: list[object] = []
nested: dict[object, Any] = {"a": [[]], ("t",): {}, 5: {1}}
thing = Thing({"inner": Thing({"rows": deque([[]])})})
slotted: Any = Slotted()
slotted.second = [object()]
bound = plain.append
partial = functools.partial(print, [], end=[])


class Holder:
    rows: list[object] = []  # noqa: RUF012  # it is what the test is about
    by_name: dict[str, list[object]] = {"a": []}  # noqa: RUF012


def with_defaults(first: object, second: object = [[]], third: object = {}) -> None:
    """Has defaults."""


function: Any = with_defaults
function.kept = [[]]


def enclosing() -> Any:
    rows: list[list[object]] = [[]]

    def inner() -> list[list[object]]:
        return rows

    return inner


closure = enclosing()


@functools.lru_cache(maxsize=7)
def bounded(value: object) -> list[object]:
    return [value]


@pytest.mark.parametrize(
    ("get", "name"),
    [
        (lambda: plain, f"list `plain` of module {HERE}"),
        (lambda: nested["a"], f"list `nested['a']` of module {HERE}"),
        (lambda: nested["a"][0], f"list `nested['a'][0]` of module {HERE}"),
        (lambda: nested[("t",)], f"dict `nested[a tuple]` of module {HERE}"),
        (lambda: nested[5], f"set `nested[5]` of module {HERE}"),
        (lambda: thing.inner.rows, f"collections.deque `thing.inner.rows` of module {HERE}"),
        (lambda: thing.inner.rows[0], f"list `thing.inner.rows[0]` of module {HERE}"),
        (lambda: slotted.second, f"list `slotted.second` of module {HERE}"),
        (lambda: partial.args[0], f"list `partial.args[0]` of module {HERE}"),
        (lambda: partial.keywords["end"], f"list `partial.keywords['end']` of module {HERE}"),
        (lambda: Holder.rows, f"list `rows` of class {HERE}.Holder"),
        (lambda: Holder.by_name["a"], f"list `by_name['a']` of class {HERE}.Holder"),
        (lambda: function.__defaults__[0], f"list `second` of function {HERE}.with_defaults"),
        (lambda: function.__defaults__[0][0], f"list `second[0]` of function {HERE}.with_defaults"),
        (lambda: function.kept, f"list `kept` of function {HERE}.with_defaults"),
        (lambda: closure(), f"list `rows` of function {HERE}.enclosing.<locals>.inner"),
        (lambda: closure()[0], f"list `rows[0]` of function {HERE}.enclosing.<locals>.inner"),
        (lambda: bounded(1), f"the cache of {HERE}.bounded, which has a limit of 7"),
        (lambda: Holder, f"class {HERE}.Holder"),
    ],
)
def test_an_object_is_called_by_the_shortest_way_to_it(get: Callable[[], Any], name: str) -> None:
    assert called(get()) == name


def test_what_nothing_leads_to_says_so() -> None:
    assert called([[]]) == "list that no module, class or function is found to lead to"


def test_the_environment_and_the_code_of_a_template_are_called_what_they_are() -> None:
    environment = blendtpl.default_environment()
    environment.globals["log"] = log = []  # type: ignore[var-annotated]
    registry = blendtpl.load(blendtpl.compile({"a.txt": "{{ log }}"}, environment=environment), environment=environment)

    assert called(log) == "list `globals['log']` of the environment"
    assert called(registry["a.txt"]._compiled.space) == "the code of template a.txt"


def test_an_object_is_not_asked_for_anything() -> None:
    kept = [Liar()]
    plain.append(kept)
    try:
        assert called(kept) == f"list `plain[0]` of module {HERE}"
        assert called(kept, kept[0]) == f"{HERE}.Liar `plain[0][0]` of module {HERE}"
    finally:
        plain.clear()


def garbage_of(make: Callable[[], object]) -> list[Any]:
    """Return what the collector finds of what a function makes and drops."""
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        make()
        gc.collect()
        return [*gc.garbage]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()


def thing_in_a_circle() -> None:
    first, second = Thing({}), Thing({})
    first.others, second.first = [{"it": second}], first


def list_in_itself() -> None:
    rows: list[object] = []
    rows.append(rows)


def kept_exception() -> None:
    try:
        raise ValueError("kept")
    except ValueError as error:
        kept = error  # noqa: F841  # the frame holds it, and it holds the frame


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (thing_in_a_circle, "blendtpl.tools.contexts.Thing `.others[0]['it'].first`"),
        (list_in_itself, "list `[0]`"),
        (kept_exception, "ValueError `.__traceback__.tb_frame.f_locals['kept']`"),
        (lambda: [[], {}], ""),
    ],
)
def test_a_circle_is_told_from_the_object_that_tells_most(make: Callable[[], object], told: str) -> None:
    assert circle(garbage_of(make)) == told


@pytest.mark.slow
def test_what_was_added_to_anything_is_found_with_who_holds_it() -> None:
    gc.collect()
    before = lengths()
    gc.freeze()
    plain.extend([[1000 + number], "text" * number] for number in range(50))
    nested["a"].append(None)
    new = gc.get_objects()
    gc.unfreeze()
    try:
        found, referrers = find_retained(before, new, [each for each in gc.get_objects() if each is not new])
    finally:
        plain.clear()
        del nested["a"][1:]

    assert referrers == (f"list `plain` of module {HERE}",)
    assert sum(type(each) is list for each in found) == 100
    assert sum(type(each) is str for each in found) == 50
    assert sum(type(each) is int for each in found) == 50
