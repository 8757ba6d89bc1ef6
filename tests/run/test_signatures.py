"""Filters, tests and functions with arguments of every shape do what Jinja2's call of them does: text, error, message.

What is written out for the usual arguments must be left for the call wherever these are not such.
"""

import itertools
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import jinja2
import pytest
from jinja2 import sandbox
from jinja2.filters import FILTERS
from jinja2.tests import TESTS

import blendtpl
from blendtpl.compiler.codegen import specialize
from blendtpl.compiler.lower import choices
from blendtpl.runtime.filters import FASTER, FASTER_TESTS
from testkit.oracle import Outcome, live_environment, load, outcome, stock_environment

_ADDRESS = re.compile(r"0x[0-9a-f]{6,}")


class Items:
    """What can be iterated over, but has no length; it prints the same each time."""

    def __iter__(self) -> Iterator[str]:
        return iter("ab")

    def __repr__(self) -> str:
        return "<items>"


# the arguments of a call; `t` notes what it is given, so that the order shows
SHAPES = (
    *("", "()", "(none)", "(true)", "(1)", "(0)", "(-1)", "(2.5)", "('')", "('a')", "('upper')", "('none')", "([])"),
    *("('no such')", "('a.b')", "(nope)", "(x)", "('a', 'b')", "('a', none)", "('a', 'eq', 1)", "(1, 2)", "(1, 2, 3)"),
    *("(none, none)", "(('a',))", "({'a': 1})", "('d', 'd')", "('odd')", "('map')", "('tojson')", "('join', ',')"),
    *("('a', 2, 3, 4, 5, 6, 7)", "(nokw=1)", "('a', nokw=1)", "(attribute='a')", "(attribute=none)", "(attribute=1)"),
    *("(attribute='a', default=1)", "('a', attribute='a')", "('x', default_value=1)", "('x', boolean=true)"),
    *("(default_value='x', boolean=true)", "(reverse=true)", "(case_sensitive=true)", "(value=1)", "(s='q')", "(d=1)"),
    *("(*[])", "(*['a'])", "(*[1, 2])", "(*nope)", "(*3)", "(**{})", "(**{'nokw': 1})", "(**{'attribute': 'a'})"),
    *("(**nope)", "('a', *['b'])", "(t(1))", "(boom())", "(t(1), boom())", "(y=t(1))", "(*t(['a']))", "(class=t(1))"),
    *("('upper', 1)", "('default', 'z')", "('in', x)", "('sameas', 1)", "('upper', *[])", "(none, 'a')", "('a', true)"),
)
VALUES: dict[str, Callable[[], Any]] = {
    "str": lambda: "a <b> c",
    "int": lambda: 4,
    "float": lambda: 2.5,
    "none": lambda: None,
    "list": lambda: ["b", "A", ""],
    "numbers": lambda: [3, 0, 1],
    "dicts": lambda: [{"a": 1, "b": "x"}, {"a": None, "b": "<"}],
    "dict": lambda: {"b": 1, "a": "<"},
    "items": lambda: Items(),
    "undefined": lambda: jinja2.Undefined(name="u"),
}
PLACES = (
    "{{ E }}",
    "{% for x in [x] %}{{ E }}{% endfor %}",
    "{% for x in [x] %}{% if E %}y{% else %}n{% endif %}{% endfor %}",
    "{{ (E)|list }}",
)
# all that have a form of our own: a new one is tested because it is there
WRITTEN_OUT = tuple(dict.fromkeys((*specialize._FILTERS, "default", "d", "map", *choices._CHOICES, *FASTER)))
TESTS_WRITTEN_OUT = tuple({**specialize._TESTS, **FASTER_TESTS})
_UNTESTED = {"random"}


def make() -> jinja2.Environment:
    return jinja2.Environment(autoescape=True)


def make_sandboxed() -> jinja2.Environment:
    return sandbox.SandboxedEnvironment()


class Sides:
    """The same templates in Jinja2 and in all that blendtpl has."""

    def __init__(self, texts: list[str], make: Callable[[], jinja2.Environment]) -> None:
        self.templates = {f"t{number}": text for number, text in enumerate(dict.fromkeys(texts))}
        self.stock = stock_environment(self.templates, make)
        for name in list(self.templates):
            try:
                self.stock.get_template(name)
            except (jinja2.TemplateError, SyntaxError):
                del self.templates[name]
        self.live = live_environment(self.templates, make)
        self.bundles = [load(self.templates, make), load(self.templates, make, portable=True)]

    def check(self, name: str, variables: Callable[[], dict[str, Any]]) -> Outcome:
        expected = self._outcome(self.stock.get_template(name), variables)
        for template in (self.live.get_template(name), *(bundle[name] for bundle in self.bundles)):
            assert self._outcome(template, variables) == expected, (self.templates[name], variables())
        return expected[0]

    @staticmethod
    def _outcome(template: Any, variables: Callable[[], dict[str, Any]]) -> tuple[Outcome, list[Any]]:
        noted: list[Any] = []

        def note(*given: Any, **named: Any) -> Any:
            noted.append(_ADDRESS.sub("0x", str((given, named))))
            return given[0] if given else "noted"

        def boom() -> None:
            noted.append("boom")
            raise ValueError("boom")

        found = outcome(lambda: template.render({**variables(), "t": note, "boom": boom, "f": note}))
        return tuple(_ADDRESS.sub("0x", part) for part in found), noted


def expressions() -> dict[str, list[str]]:
    """Return calls of each filter and test, by its name with ``|`` or ``is`` before it: more of what is written out."""
    filters = {f"x|{name}": name in WRITTEN_OUT for name in FILTERS if name not in _UNTESTED}
    tests = {f"x is {name}": name in TESTS_WRITTEN_OUT for name in TESTS if name.isidentifier()}
    choices, made = random.Random(3), {}
    for begin, every in {**filters, **tests}.items():
        made[begin] = [begin + shape for shape in choices.sample(SHAPES, 5 if every else 1)]
    return made


@pytest.mark.parametrize("kind", [make, make_sandboxed])
def test_every_filter_and_test_takes_or_refuses_arguments_as_in_jinja2(kind: Callable[[], jinja2.Environment]) -> None:
    choices = random.Random(kind.__name__)
    calls = list(itertools.chain.from_iterable(expressions().values()))
    if kind is make_sandboxed:
        calls = choices.sample(calls, 60)
    sides = Sides([choices.choice(PLACES).replace("E", found) for found in calls], kind)
    found = set()
    for name in sides.templates:
        for value in choices.sample(list(VALUES), 2):
            found.add(sides.check(name, lambda: {"x": VALUES[value]()})[:2])  # noqa: B023  # it is called here
    assert {kind for _, kind in found} >= {"TypeError", "ValueError"}


def test_what_is_written_out_takes_each_value_and_each_constant_argument_as_in_jinja2() -> None:
    constant = [shape for shape in SHAPES if not re.search(r"[=*\[{]|\bx\b|nope|boom|t\(", shape)]
    names = [*(f"x|{name}" for name in specialize._FILTERS), *(f"x is {name}" for name in specialize._TESTS)]
    hot = "{% for x in [x] %}{{ E }}{% endfor %}"
    texts = {f"{name}{shape}": hot.replace("E", f"{name}{shape}") for name in names for shape in constant}
    stock = stock_environment(texts, make)
    for name in list(texts):
        try:
            stock.get_template(name)
        except jinja2.TemplateError:  # a test cannot be written with these
            del texts[name]
    bundle = load(texts, make)
    for name in texts:
        for value in VALUES.values():
            expected = outcome(lambda: stock.get_template(name).render(x=value()))  # noqa: B023  # it is called here
            found = outcome(lambda: bundle[name].render(x=value()))  # noqa: B023
            assert found == expected, (name, value())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "{% for x in [4] %}{{ x is even(3) }}{% endfor %}",
            "test_even() takes 1 positional argument but 2 were given",
        ),
        ("{% for x in [4] %}{{ x is odd(y=1) }}{% endfor %}", "test_odd() got an unexpected keyword argument 'y'"),
        ("{{ 4 is even(x) }}", "test_even() takes 1 positional argument but 2 were given"),
        ("{{ [1]|map(none)|list }}", "No filter named None."),
        ("{% for x in [[1]] %}{{ x|map(true)|list }}{% endfor %}", "No filter named True."),
        ("{{ [1]|map(3)|list }}", "No filter named 3."),
        ("{{ x|map(none, 1)|list }}", "No filter named None."),
        ("{{ x|reject(none)|list }}", "No test named None."),
        ("{{ x|select(none)|list }}", "No test named None."),
        ("{{ x|selectattr('a', none)|list }}", "No test named None."),
        ("{{ x|rejectattr('a', none, 1)|list }}", "No test named None."),
        ("{% for y in [x] %}{% if y|select(true)|list %}{% endif %}{% endfor %}", "No test named True."),
    ],
)
def test_a_name_that_is_none_and_an_argument_too_many_are_refused_when_they_are_reached(
    text: str, expected: str
) -> None:
    sides = Sides([text], make)
    assert sides.check("t0", lambda: {"x": [{"a": 1}]})[2] == expected


@pytest.mark.parametrize(
    "arguments",
    [
        *("t(1)", "*t([1])", "k=t(1)", "**t({'z': 1})", "k=t(1), *t([2])", "t(0), k=t(1), *t([2]), **t({'z': 3})"),
        *("class=t(1)", "class=t(1), k=t(2)", "class=1, class=2", "class=1, **{'class': 2}", "k=1, **{'k': 2}"),
        *("None=1", "true=1, **t({'q': 1})", "class=1, **5", "*5", "k=t(1), *5", "**5", "*none, **t({})", "self=1"),
        *(
            "_loop_vars=1",
            "_block_vars=1",
            "_Context__obj=1",
            "k=1, **{'caller': 2}",
            "a=1",
            "1, a=2",
            "b=t(1), a=t(2)",
        ),
    ],
)
def test_arguments_are_looked_at_in_the_order_of_python_whatever_they_are_called(arguments: str) -> None:
    macros = "{% macro m(a, b=2) %}{{ a }}{{ b }}{% endmacro %}{% macro n(a) %}{{ varargs }}{{ kwargs }}{% endmacro %}"
    texts = [
        macros + place.replace("A", arguments)
        for place in (
            *("{{ f(A) }}", "{{ m(A) }}", "{{ n(A) }}", "{{ x|default(A) }}", "{{ x is sameas(A) }}"),
            *("{% for i in [1] %}{{ m(A) }}{{ f(A) }}{% endfor %}", "{% call f(A) %}c{% endcall %}"),
            "{% call n(A) %}c{% endcall %}",
        )
    ]
    sides = Sides(texts, make)
    for name in sides.templates:
        sides.check(name, lambda: {"x": 1})


def test_what_is_not_optimized_is_not_folded() -> None:
    text = "{{ (-8) ** m }}{{ [1, 2]|first }}{% if 1 == 1 %}y{% endif %}{{ 'a' ~ 'b' }}"
    sides = Sides([text], lambda: jinja2.Environment(optimized=False))
    assert sides.check("t0", lambda: {"m": 2}) == ("text", "641yab")


def test_the_same_keyword_twice_is_a_fault_of_its_line() -> None:
    with pytest.raises(blendtpl.SourceError) as caught:
        blendtpl.compile({"a.html": "\n{{ f(k=1, k=2) }}"})
    assert [(fault.line, fault.message) for fault in caught.value.faults] == [
        (2, "the template cannot be compiled: keyword argument repeated: k")
    ]
