# ruff: noqa: E501  # template texts are easier to read in one line
"""`StopIteration` out of a value ends no loop and leaves no render: it becomes what Jinja2 makes of it.

Jinja2's templates are generators, out of which Python lets none come. Its macros, call blocks and recursive loops are
functions, and what calls them takes a `StopIteration` for a value that is undefined.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jinja2
import pytest

import blendtpl
from testkit.oracle import Outcome, load, outcome, stock_environment


def stop(*unused: object, **named: object) -> Any:
    raise StopIteration("gone")


def stopping(*methods: str) -> type:
    return type("Stopping", (), {"__repr__": lambda self: "stopping", **dict.fromkeys(methods, stop)})


class WithProperty:
    @property
    def p(self) -> object:
        return stop()


# what raises it, and where in a template
WAYS: Mapping[str, tuple[type, str]] = {
    "its text": (stopping("__str__"), "{{ v }}"),
    "its text in a filter": (stopping("__str__"), "{{ v|upper }}"),
    "its text beside another": (stopping("__str__"), "{{ v ~ 'x' }}"),
    "its markup": (stopping("__html__"), "{{ v }}"),
    "its truth": (stopping("__bool__"), "{% if v %}x{% endif %}"),
    "its length": (stopping("__len__"), "{{ v|length }}"),
    "its length as its truth": (stopping("__len__"), "{{ 'x' if v else 'y' }}"),
    "its equality": (stopping("__eq__"), "{{ v == 1 }}"),
    "its order": (stopping("__lt__"), "{{ v < 1 }}"),
    "its order in a filter": (stopping("__lt__"), "{{ [v, v]|sort }}"),
    "what it contains": (stopping("__contains__"), "{{ 1 in v }}"),
    "an item": (stopping("__getitem__"), "{{ v['x'] }}"),
    "an item by an attribute": (stopping("__getitem__"), "{{ v.x }}"),
    "an attribute": (stopping("__getattr__"), "{{ v.x }}"),
    "a property": (WithProperty, "{{ v.p }}"),
    "its iterator": (stopping("__iter__"), "{% for x in v %}x{% else %}e{% endfor %}"),
    "its iterator, taken apart": (stopping("__iter__"), "{% for a, b in [v] %}x{% endfor %}"),
    "its format": (stopping("__format__"), "{{ '{}'.format(v) }}"),
    "arithmetic": (stopping("__add__"), "{{ v + 1 }}"),
    "its negative": (stopping("__neg__"), "{{ -v }}"),
    "its hash": (stopping("__hash__"), "{{ {v: 1} }}"),
    "a call": (stopping("__call__"), "[{{ v() }}]"),
    "an attribute that a call asks for": (stopping("__getattr__"), "{{ v() }}"),
    "a filter": (WithProperty, "{{ v|stops }}"),
    "a test": (WithProperty, "{{ v is stops }}"),
    "a function": (WithProperty, "[{{ stops(v) }}]"),
    "what a loop chooses by": (stopping("__bool__"), "{% for x in [v] if v %}x{% endfor %}"),
    "a filter that goes through items": (WithProperty, "{{ [v]|map(attribute='p')|list }}"),
    "a filter that chooses": (WithProperty, "{{ [v]|select('stops')|list }}"),
    "a filter that sums": (stopping("__getitem__"), "{{ [v]|sum(attribute='x') }}"),
    "a filter that orders": (stopping("__getitem__"), "{{ [v, v]|sort(attribute='x')|length }}"),
    "a value that is set": (stopping("__str__"), "{% set q = v %}{{ q }}"),
}

GENERATORS: Mapping[str, Mapping[str, str]] = {
    "a template": {"main.html": "a{}b"},
    "a loop": {"main.html": "{% for i in xs %}a{}b{% endfor %}"},
    "a loop that asks for its object": {"main.html": "{% for i in xs %}{{ loop.nextitem }}a{}b{% endfor %}"},
    "a loop over an iterator": {"main.html": "{% for i in items() %}a{}b{% endfor %}c"},
    "a block": {"main.html": "{% extends 'p.html' %}{% block b %}a{}b{% endblock %}", "p.html": "p{% block b %}{% endblock %}"},
    "a block with a loop": {
        "main.html": "{% extends 'p.html' %}{% block b %}{% for i in xs %}a{}b{% endfor %}{% endblock %}",
        "p.html": "p{% block b %}{% endblock %}q",
    },
    "super that is set": {
        "main.html": "{% extends 'p.html' %}{% block b %}{% set s = super() %}[{{ s }}]{% endblock %}",
        "p.html": "p{% block b %}{}{% endblock %}q",
    },
    "self": {"main.html": "{% block b %}{% if on is defined %}{}{% endif %}{% endblock %}{% set on = 1 %}{{ self.b() }}"},
    "an include": {"main.html": "x{% include 'p.html' %}y", "p.html": "a{}b"},
    "an include in a loop": {"main.html": "{% for i in xs %}x{% include 'p.html' %}y{% endfor %}", "p.html": "a{}b"},
    "an include by name": {"main.html": "x{% include part %}y", "p.html": "a{}b"},
    "a set block": {"main.html": "{% set q %}a{}b{% endset %}[{{ q }}]"},
    "a filter block": {"main.html": "{% filter upper %}a{}b{% endfilter %}"},
    "a module": {"main.html": "{% import 'p.html' as l with context %}x", "p.html": "{}"},
    "an include in a macro": {"main.html": "{% macro m(v) %}a{% include 'p.html' %}b{% endmacro %}[{{ m(v) }}]", "p.html": "{}"},
    "an include in a macro by another name": {
        "main.html": "{% macro m(v) %}a{% include 'p.html' %}b{% endmacro %}{% set f = m %}[{{ f(v) }}]",
        "p.html": "{}",
    },
}  # fmt: skip
FUNCTIONS: Mapping[str, Mapping[str, str]] = {
    "a macro": {"main.html": "{% macro m(v) %}a{}b{% endmacro %}[{{ m(v) }}]"},
    "a macro in a loop": {"main.html": "{% macro m(v) %}a{}b{% endmacro %}{% for i in xs %}[{{ m(v) }}]{% endfor %}"},
    "a macro with a loop": {
        "main.html": "{% macro m(v) %}{% for i in xs %}c{}{% endfor %}{% endmacro %}{% for i in xs %}[{{ m(v) }}]{% endfor %}"
    },
    "a macro that is set": {"main.html": "{% macro m(v) %}a{}b{% endmacro %}{% set q = m(v) %}[{{ q }}]"},
    "a macro of a module": {"main.html": "{% from 'p.html' import m %}[{{ m(v) }}]", "p.html": "{% macro m(v) %}a{}b{% endmacro %}"},
    "a macro of a module in a loop": {
        "main.html": "{% from 'p.html' import m %}{% for i in xs %}[{{ m(v) }}]{% endfor %}",
        "p.html": "{% macro m(v) %}a{}b{% endmacro %}",
    },
    "a call block": {"main.html": "{% macro m() %}a{{ caller() }}b{% endmacro %}[{% call m() %}{}{% endcall %}]"},
    "a call block in a loop": {
        "main.html": "{% macro m() %}a{{ caller() }}b{% endmacro %}{% for i in xs %}[{% call m() %}{}{% endcall %}]{% endfor %}"
    },
    "a call block with arguments": {"main.html": "{% macro m() %}a{{ caller(1) }}{% endmacro %}[{% call(x) m() %}{}{% endcall %}]"},
    "a recursive loop": {"main.html": "{% for t in tree recursive %}{{ t.n }}{% if t.k %}{{ loop(t.k) }}{% else %}{}{% endif %}{% endfor %}"},
    "the first of a recursive loop": {"main.html": "{% for t in tree recursive %}{{ t.n }}{}{% endfor %}"},
}  # fmt: skip


def environment(undefined: type[jinja2.Undefined]) -> Callable[[], jinja2.Environment]:
    def make() -> jinja2.Environment:
        made = jinja2.Environment(autoescape=True, undefined=undefined)
        made.filters["stops"] = made.tests["stops"] = made.globals["stops"] = stop
        return made

    return make


def variables(kind: type) -> dict[str, Any]:
    tree = [{"n": 1, "k": [{"n": 2, "k": []}]}]
    return {"v": kind(), "xs": [1, 2], "items": lambda: iter([1, 2]), "part": "p.html", "tree": tree}


def live(texts: Mapping[str, str], make: Callable[[], jinja2.Environment]) -> jinja2.Template:
    made = blendtpl.Environment(autoescape=True, undefined=make().undefined, loader=jinja2.DictLoader(dict(texts)))
    made.filters["stops"] = made.tests["stops"] = made.globals["stops"] = stop
    return made.get_template("main.html")


def outcomes(
    texts: Mapping[str, str], make: Callable[[], jinja2.Environment], kind: type, portable: tuple[bool, ...]
) -> Iterator[tuple[str, Outcome]]:
    stock = stock_environment(texts, make).get_template("main.html")
    yield "Jinja2", outcome(lambda: stock.render(variables(kind)))
    for each in portable:
        template = load(texts, make, portable=each)["main.html"]
        yield f"render, portable: {each}", outcome(lambda: template.render(variables(kind)))  # noqa: B023
        yield f"stream, portable: {each}", outcome(lambda: "".join(template.stream(variables(kind))))  # noqa: B023
    yield "live", outcome(lambda: live(texts, make).render(variables(kind)))


def check(places: Mapping[str, Mapping[str, str]], place: str, undefined: type[jinja2.Undefined]) -> None:
    make = environment(undefined)
    # all of them in a template and in a macro; elsewhere some, in turn
    few = len(place) % 6 if place not in {"a template", "a macro"} else None
    for number, (way, (kind, text)) in enumerate(WAYS.items()):
        if few is not None and number % 6 != few and way != "its text":
            continue
        texts = {name: found.replace("{}", text) for name, found in places[place].items()}
        (_, expected), *found = outcomes(texts, make, kind, (False, True) if number % 2 else (True,))
        for how, made in found:
            assert (way, how, made) == (way, how, expected)


@pytest.mark.parametrize("place", GENERATORS)
def test_out_of_a_template_it_is_the_error_that_python_makes_of_it(place: str) -> None:
    check(GENERATORS, place, jinja2.StrictUndefined)


@pytest.mark.parametrize("place", ["a template", "a loop", "a block", "an include in a loop"])
def test_so_it_is_where_what_is_undefined_is_no_error(place: str) -> None:
    check(GENERATORS, place, jinja2.Undefined)


@pytest.mark.parametrize("place", FUNCTIONS)
def test_out_of_a_function_of_a_template_it_is_something_undefined(place: str) -> None:
    check(FUNCTIONS, place, jinja2.StrictUndefined)


@pytest.mark.parametrize("undefined", [jinja2.Undefined, jinja2.DebugUndefined], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("place", FUNCTIONS)
def test_what_such_a_function_has_printed_is_taken_back_where_it_is_no_error(
    place: str, undefined: type[jinja2.Undefined]
) -> None:
    check(FUNCTIONS, place, undefined)


def test_rows_that_were_written_before_are_not_written_twice() -> None:
    class Second:
        def __str__(self) -> str:
            return stop()  # type: ignore[no-any-return]

    macro = "{% macro m(x) %}<{{ x }}>{% endmacro %}"
    texts = {"main.html": macro + "a{% for x in xs %}{{ loop.index }}{{ m(x) }}{% else %}none{% endfor %}z"}
    for undefined in (jinja2.Undefined, jinja2.DebugUndefined, jinja2.StrictUndefined):
        make = environment(undefined)
        given: Mapping[str, Any] = {"xs": ["one", Second(), "<two>", Second()]}
        expected = outcome(lambda: stock_environment(texts, make).get_template("main.html").render(given))  # noqa: B023
        for portable in (False, True):
            template = load(texts, make, portable=portable)["main.html"]
            assert outcome(lambda: template.render(given)) == expected  # noqa: B023
            assert outcome(lambda: "".join(template.stream(given))) == expected  # noqa: B023


def test_the_error_tells_its_place_and_has_the_first_as_its_cause() -> None:
    registry = load({"a.txt": "\n{% include 'b.txt' %}", "b.txt": "\n\n{{ v }}"})
    with pytest.raises(RuntimeError, match="generator raised StopIteration") as caught:
        registry.render("a.txt", v=stopping("__str__")())
    error = caught.value
    assert error.__notes__ == ["in template b.txt:3 (from a.txt:2)"]
    assert repr(error.__cause__) == "StopIteration('gone')"
    steps = [entry for entry in caught.traceback if str(entry.path).endswith((".txt",))]
    assert [(entry.path, entry.lineno + 1) for entry in steps] == [("a.txt", 2), ("b.txt", 3)]


def test_the_error_of_what_is_undefined_is_told_where_the_function_was_called() -> None:
    registry = load({"a.txt": "{% macro m(x) %}\n\n{{ x }}{% endmacro %}\n{% for x in [v] %}\n{{ m(x) }}{% endfor %}"})
    for way in (registry.render, lambda name, **given: list(registry[name].stream(given))):
        with pytest.raises(blendtpl.UndefinedError) as caught:
            way("a.txt", v=stopping("__str__")())
        assert (caught.value.name, caught.value.line) == ("a.txt", 5)
        assert repr(caught.value.__cause__) == "StopIteration('gone')"


def test_the_iteration_around_a_render_goes_on() -> None:
    registry = load(
        {
            "a.txt": "{{ v }}",
            "b.txt": "{% block b %}{{ v }}{% endblock %}",
            "m/subject.txt": "s",
            "m/body.txt": "{{ v }}",
        }
    )
    value = stopping("__str__")()
    ways: list[Callable[[object], object]] = [
        lambda unused: registry.render("a.txt", v=value),
        lambda unused: registry["b.txt"].render_block("b", v=value),
        lambda unused: list(registry["a.txt"].stream(v=value)),
        lambda unused: registry.message("m", {"v": value}, to=["a@example.org"], sender="a@example.org"),
    ]
    for way in ways:
        with pytest.raises(RuntimeError, match="generator raised StopIteration"):
            list(map(way, [1, 2]))


@pytest.mark.parametrize("error", [StopAsyncIteration("x"), GeneratorExit("x")], ids=repr)
def test_what_is_like_it_comes_out_as_it_is(error: BaseException) -> None:
    class Raising:
        def __str__(self) -> str:
            raise error

    for text in ("{{ v }}", "{% for x in [v] %}{{ x }}{% endfor %}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(v) }}"):
        make = environment(jinja2.StrictUndefined)
        renders: list[Callable[..., object]] = [
            stock_environment({"main.html": text}, make).get_template("main.html").render,
            load({"main.html": text}, make)["main.html"].render,
            live({"main.html": text}, make).render,
            lambda text=text, **given: list(load({"main.html": text}, make)["main.html"].stream(given)),  # noqa: B023
        ]
        for render in renders:
            with pytest.raises(type(error)) as caught:
                render(v=Raising())
            assert caught.value is error
