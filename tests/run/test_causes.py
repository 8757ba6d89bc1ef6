"""What went wrong inside of what a template looked up is named by the error that comes of it, and is its cause.

What is undefined for that stays so: whether it is defined, its default and its text are Jinja2's.
"""

import gc
import pickle
import traceback
import weakref
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

import jinja2
import pytest
from jinja2 import sandbox

import blendtpl
from testkit.oracle import live_environment, load, outcome, stock_environment


class Order:
    """Whose attributes fail in ways of their own."""

    @property
    def total(self) -> object:
        return self.helper()

    def helper(self) -> object:
        return self.no_such  # type: ignore[attr-defined]

    @cached_property
    def cached(self) -> object:
        return self.no_such  # type: ignore[attr-defined]

    @property
    def chained(self) -> object:
        try:
            return dict[str, object]()["key"]
        except KeyError as error:
            raise AttributeError("no total") from error

    @property
    def plain(self) -> object:
        raise AttributeError("said by itself")


class Descriptor:
    def __get__(self, owner: object, kind: type) -> object:
        return owner.no_such  # type: ignore[attr-defined]


class Described:
    total = Descriptor()


class Delegating:
    def __getattr__(self, name: str) -> object:
        return getattr(Order(), name)


class Misspelt:
    def __getattr__(self, name: str) -> object:
        return object.__getattribute__(self, "wrapped")


class Items:
    def __init__(self, error: type[Exception]) -> None:
        self.error = error

    def __getitem__(self, key: object) -> object:
        raise self.error("inside")


class Slotted:
    __slots__ = ("total",)


class Missing:
    def __getattr__(self, name: str) -> object:
        raise AttributeError(name)


class NoItem:
    def __getitem__(self, key: object) -> object:
        raise KeyError(key)


NO_SUCH = "AttributeError: 'Order' object has no attribute 'no_such'"

# a value, what is looked up in it, and what went wrong inside
INSIDE: Mapping[str, tuple[Callable[[], object], str, str]] = {
    "a property": (Order, ".total", NO_SUCH),
    "a cached property": (Order, ".cached", NO_SUCH),
    "a property that raises from another error": (Order, ".chained", "AttributeError: no total"),
    "a property that says so by itself": (Order, ".plain", "AttributeError: said by itself"),
    "a property, by its key": (Order, "['total']", NO_SUCH),
    "a property, by an attribute of an attribute": (lambda: {"o": Order()}, ".o.total", NO_SUCH),
    "an attribute of what has none": (Order, ".total.x.y", NO_SUCH),
    "a descriptor": (Described, ".total", "AttributeError: 'Described' object has no attribute 'no_such'"),
    "a method that delegates": (Delegating, ".total", NO_SUCH),
    "a method that fails": (Misspelt, ".total", "AttributeError: 'Misspelt' object has no attribute 'wrapped'"),
    "an item that lacks a key": (lambda: Items(KeyError), ".total", "KeyError: 'inside'"),
    "an item, by its key": (lambda: Items(KeyError), "['total']", "KeyError: 'inside'"),
    "an item, by its number": (lambda: Items(IndexError), "[0]", "IndexError: inside"),
    "an item of a wrong type": (lambda: Items(TypeError), ".total", "TypeError: inside"),
    "a call of what is none": (Order, ".total()", NO_SUCH),
    "the filter map": (lambda: [Order()], "|map(attribute='total')|join", NO_SUCH),
    "the filter attr": (lambda: [Order()], "|sum(attribute='total')", NO_SUCH),
}

# what says no more than that there is nothing of that name
NOTHING: Mapping[str, tuple[Callable[[], object], str]] = {
    "an attribute": (Order, ".nope"),
    "a slot that is not set": (Slotted, ".total"),
    "a method that says so": (Missing, ".total"),
    "an item that says so": (NoItem, ".total"),
    "a key of a dict": (dict, ".total"),
    "an item of a list": (list, "[0]"),
    "a number": (lambda: 1, ".total"),
}

PLACES = {
    "a template": {"main.html": "\n{{ v# }}"},
    "rows": {"main.html": "\n{% for x in [v] %}<b>{{ x# }}</b>{% endfor %}"},
    "a loop": {"main.html": "\n{% for x in [v] %}{{ loop.index }}{{ (x#)|string }}{% endfor %}"},
    "an include in a loop": {
        "main.html": "{% for x in [v] %}{% include 'p.html' %}{% endfor %}",
        "p.html": "\n{{ x# }}",
    },
    "a macro": {"main.html": "{% macro m(x) %}\n{{ x# }}{% endmacro %}{{ m(v) }}"},
}
STRICT = blendtpl.default_environment


def caught(render: Callable[[], object]) -> jinja2.UndefinedError:
    with pytest.raises(jinja2.UndefinedError) as found:
        render()
    return found.value


def ways(texts: Mapping[str, str]) -> Iterator[Callable[..., object]]:
    for portable in (False, True):
        template = load(texts, portable=portable)["main.html"]
        yield template.render
        yield lambda *given, template=template: list(template.stream(*given))
    yield live_environment(texts, STRICT).get_template("main.html").render


@pytest.mark.parametrize("place", PLACES)
def test_the_error_of_what_is_undefined_names_what_went_wrong_inside(place: str) -> None:
    for kind, (make, looked_up, inside) in INSIDE.items():
        texts = {name: text.replace("#", looked_up) for name, text in PLACES[place].items()}
        stock = stock_environment(texts, STRICT).get_template("main.html")
        expected = caught(lambda: stock.render({"v": make()})).message  # noqa: B023
        for render in ways(texts):
            error = caught(lambda: render({"v": make()}))  # noqa: B023
            assert (kind, error.message) == (kind, expected)
            told = f"{type(error.__cause__).__name__}: {error.__cause__}"
            assert (kind, told) == (kind, inside)
            shown = "".join(traceback.format_exception(error))
            assert f" raised {inside}" in shown
            assert "test_causes.py" in "".join(traceback.format_exception(error.__cause__))


@pytest.mark.parametrize("place", ["a template", "rows", "a loop"])
def test_what_is_just_not_there_has_no_cause(place: str) -> None:
    for make, looked_up in NOTHING.values():
        texts = {name: text.replace("#", looked_up) for name, text in PLACES[place].items()}
        for render in ways(texts):
            error = caught(lambda: render({"v": make()}))  # noqa: B023
            assert error.__cause__ is None
            assert " raised " not in str(error)
            assert not hasattr(error, "__notes__")


class Own(jinja2.Undefined):
    def __str__(self) -> str:
        return f"<{self._undefined_name}|{self._undefined_message}>"


@pytest.mark.parametrize(
    "kind", [jinja2.Undefined, jinja2.StrictUndefined, jinja2.ChainableUndefined, jinja2.DebugUndefined, Own]
)
def test_what_is_undefined_for_it_is_no_other_than_jinja2s(kind: type[jinja2.Undefined]) -> None:
    def make() -> jinja2.Environment:
        return jinja2.Environment(undefined=kind)

    for value, looked_up, _ in INSIDE.values():
        if "|" in looked_up:
            continue
        name = f"v{looked_up}"
        text = f"{{{{ ({name}) is defined }}}}{{{{ ({name})|default('d') }}}}{{{{ {name} }}}}"
        soft = looked_up.endswith(("()", ".y"))
        texts = {"main.html": f"{{{{ {name} }}}}" if soft else text}
        stock = stock_environment(texts, make).get_template("main.html")
        expected = outcome(lambda: stock.render(v=value()))  # noqa: B023
        for portable in (False, True):
            registry = load(texts, make, portable=portable)
            assert outcome(lambda: registry.render("main.html", v=value())) == expected  # noqa: B023
        live = live_environment(texts, make).get_template("main.html")
        assert outcome(lambda: live.render(v=value())) == expected  # noqa: B023


def test_each_is_asked_no_more_often_than_by_jinja2() -> None:
    class Counting:
        asked = 0

        @property
        def total(self) -> object:
            Counting.asked += 1
            return self.no_such  # type: ignore[attr-defined]

    for render in ways({"main.html": "{{ v.total }}"}):
        Counting.asked = 0
        caught(lambda: render({"v": Counting()}))  # noqa: B023
        assert Counting.asked == 1


@pytest.mark.usefixtures("no_collector")
def test_an_undefined_value_that_somebody_keeps_holds_no_frame_of_what_went_wrong() -> None:
    kept: list[object] = []

    class Held:
        pass

    class Failing:
        @property
        def total(self) -> object:
            held = Held()
            alive.append(weakref.ref(held))
            return held.no_such  # type: ignore[attr-defined]

    alive: list[weakref.ref[Held]] = []

    def keep(value: object) -> str:
        kept.append(value)
        return ""

    for text in ("{{ keep(v.total) }}", "{% for x in [v] %}{{ keep(x.total) }}{{ loop.index }}{% endfor %}"):
        for render in ways({"main.html": text}):
            render({"v": Failing(), "keep": keep})
            held = alive.pop()()
            # the error says of whose attribute it is, as Python's do, and that is all
            assert held is None or [type(found) for found in gc.get_referrers(held)] == [AttributeError]
            del held
    assert len(kept) == 10
    assert all(isinstance(found, jinja2.StrictUndefined) for found in kept)
    kept.clear()
    gc.collect()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("place", PLACES)
def test_nothing_waits_for_the_collector_behind_such_an_error(place: str) -> None:
    every = []
    for make, looked_up, _ in INSIDE.values():
        texts = {name: text.replace("#", looked_up) for name, text in PLACES[place].items()}
        every += [(render, make) for render in ways(texts)]

    def run() -> None:
        for render, make in every:
            try:
                render({"v": make()})
            except jinja2.UndefinedError:
                continue

    run()
    gc.collect()
    run()
    assert gc.collect() == 0


def test_the_error_that_is_being_handled_around_a_render_keeps_its_traceback() -> None:
    registry = load({"main.html": "{{ v.chained }}"})
    try:
        raise ValueError("outer")
    except ValueError as outer:
        error = caught(lambda: registry.render("main.html", v=Order()))
        kept = outer.__traceback__
    assert kept is not None
    assert kept.tb_frame.f_code.co_name == "test_the_error_that_is_being_handled_around_a_render_keeps_its_traceback"
    assert isinstance(error.__cause__, AttributeError)
    assert isinstance(error.__cause__.__context__, KeyError)


def test_the_name_of_what_is_undefined_travels_as_a_name() -> None:
    found: list[Any] = []

    def keep(value: Any) -> str:
        found.append(value._undefined_name)
        return ""

    load({"main.html": "{{ keep(v.total) }}{{ keep(w[0]) }}"}).render(
        "main.html", v=Order(), w=Items(IndexError), keep=keep
    )
    assert [pickle.loads(pickle.dumps(name)) for name in found] == ["total", 0]
    assert [type(pickle.loads(pickle.dumps(name))) for name in found] == [str, int]


@pytest.mark.parametrize("kind", [sandbox.SandboxedEnvironment, sandbox.ImmutableSandboxedEnvironment])
@pytest.mark.parametrize("text", ["{{ v.total }}", "{{ v['total'] }}", "{{ v.total.x }}", "{{ w[0] }}"])
def test_a_sandbox_is_asked_by_the_code_of_jinja2_which_loses_the_error(
    kind: type[sandbox.SandboxedEnvironment], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    for method in ("getattr", "getitem"):
        theirs = getattr(sandbox.SandboxedEnvironment, method)

        def watched(self: Any, value: Any, key: Any, theirs: Any = theirs) -> Any:
            asked.append(key)
            return theirs(self, value, key)

        monkeypatch.setattr(sandbox.SandboxedEnvironment, method, watched)

    def make() -> jinja2.Environment:
        return kind(undefined=jinja2.StrictUndefined)

    given = {"v": Order(), "w": Items(IndexError)}
    stock = stock_environment({"main.html": text}, make).get_template("main.html")
    error = caught(lambda: stock.render(given))
    expected, asked[:] = list(asked), []
    found = caught(lambda: load({"main.html": text}, make).render("main.html", given))
    assert asked == expected
    assert (type(found).__name__, found.message, found.hint) == ("UndefinedError", error.message, "")  # type: ignore[attr-defined]
    assert found.__cause__ is None
