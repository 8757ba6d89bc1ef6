"""Loops that print one row for each item do what Jinja2 does: text, error, and the line of that."""

import traceback
from collections import UserList
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest

import blendtpl
from blendtpl.runtime.speedups import ACTIVE
from testkit.oracle import MakeEnvironment, load, outcome, stock_environment

ROWS = (
    "{{ x }}",
    "<{{ x.a }}>",
    '<i class="{{ x.a }}">{{ x.b }}</i>\n',
    "\n\n{{ x.a }}{{ y }}{{ y.a }}{{ z.a }}\n\n",
    "{{ loop.index }}: {{ x }}{{ ', ' if not loop.last }}",
    "{% if not loop.first %}, {% endif %}{{ x }}{% if loop.last %}.{% else %}<{% endif %}",
    "{{ loop.cycle('<', 'even') }} {{ x }}",
    "{{ '<a>' if x.a else '&' }}{{ x.b }}",
    "{% if x.a == y %}same{% endif %}{% if x == 'b' %}b{% else %}{{ '<' }}{% endif %}{{ x }}",
    "{% if not x %}no{% endif %}{% if x.a == x.b %}={% endif %}",
    '<a{% if x.b %} title="{{ x.b }}"{% endif %}>{{ x.a if x.b else y }}</a>{% if loop.last %}{{ y.a }}{% endif %}',
    "{% if x == 'b' %}1{% elif x.a %}{{ x.a }}{% elif loop.last %}l{% else %}{% if z %}{{ z }}{% endif %}-{% endif %}",
    "{{ gone }}{{ x }}",
    "{{ x.no_such }}",
    "{{ x.failing }}",
    "{{ x }}\n{{ x.a }}",
    "\n{{ x.a }}\n{% if x.b == y %}\n{{ x.failing }}{% elif x.a %}\n{{ x }}{% endif %}\n"
    "{{ y.a }}{{\nx.b }}\n{{ gone }}",
    "{{ x.a ~ '/' ~ y.a }}{{ x ~ z }}\n{{ x.a ~ x.failing }}",
    "{% for y in x %}{{ y }}{% endfor %}",
    "\n{% for y in x.b %}\n{{ loop.index }}{{ y.a }}{% for x in xs %}\n{{ x.b }}{{ y }}{% endfor %}"
    "{% endfor %}\n{{ y.a }}",
    "{% for k, v in x.a %}\n{{ k }}={{ v.b }}{% if loop.first %}{{ x }}{% endif %}{% endfor %}{{ k }}",
    "{{ x['a'] }}{{ x.a.b }}",  # more than that
    "{{ loop.index0 }}{{ x }}{{ loop.length }}",
    "{% if loop.changed(x.a) %}\n{{ x.a }}{% endif %}{{ loop.changed(x, y) }}{{ loop.index }}{{ loop.cycle('<', 1) }}",
    "{{ loop.previtem }}{% if loop.nextitem is defined %}\n{{ loop.nextitem.b }}{% endif %}{{ loop.previtem.a }}",
    "{% for y in x.a %}\n{% if loop.changed(y) %}{{ y }}{% endif %}{{ loop.nextitem }}{% endfor %}{{ loop.previtem }}",
)
PAIRS = (
    "{{ k }}={{ v }}",
    "{{ k.a }}{% if k == v %} selected{% endif %}{{ v.b }}{{ ', ' if not loop.last }}",
    "{{ y }}{{ k }}",
    "\n{{ k }}\n{% for x in v %}\n{{ k }}{{ x.a }}{% endfor %}",
)
# rows with other templates in them, and those
REFERRING = (
    "{% include 'part.html' %}\n{{ x.a }}",
    "\n{% if x.a %}\n{% include 'outer.html' %}{% endif %}{% include 'part.html' %}",
    "{% for y in x.b %}\n{% include 'outer.html' %}{% endfor %}{{ y.a }}",
    "{{ m.link(x.a) }}{{ m.link(x.failing, y.a) }}",
    "\n{{ m.link('/', label=x) }}\n{{ m.link(x ~ '/a', kind='b') }}{{ m.outer(x.b, loop.first) }}",
    "\n{% call m.box(x.a, open=loop.first) %}\n{{ x.b }}{{ own(x.a) }}\n{{ m.link(x, x.failing) }}{% endcall %}\n"
    "{{ y.a }}",
    "{{ own(x) }}{{ own(gone) }}\n{{ own(x.failing) }}",
    "{% call m.box(title=gone) %}{% include 'outer.html' %}{% endcall %}",
    "{% for x in x.a %}{% call m.box(x) %}\n{{ loops }}{{ x.b }}{% endcall %}{% endfor %}",
    "{{ m.many(x.a) }}\n{{ m.many(x.b, x.failing) }}",
    "{{ m.shadowing(x.a, x.b) }}",
    "{% call m.each(x.a) %}\n{{ x.b }}{{ y }}{% endcall %}{{ y.a }}",
    "{% include 'looping.html' %}{{ x.b }}",
    "{{ m.many(x.a, loop.first) }}",
    "{{ m.looking(x) }}",
    "{{ m.reading(x) }}",
    "{% include 'looking.html' %}",
    "{% include 'setting.html' %}{{ x }}",
    "{% include 'gone.html' ignore missing %}{{ x }}",
    "{{ m.many() }}",
    "{{ m.many(x.a, what=1) }}",
)
NO_ROWS = (
    "{% call(a) m.each(x.a) %}{{ x }}{% endcall %}",
    "{{ m.many(*[x.a]) }}",
)
OTHERS = {
    "part.html": "<p>\n{{ x.b }}{% if x.a %}\n{{ y.a }}{% endif %}</p>{{ gone.a }}",
    "outer.html": "\n\n{% include 'inner.html' %}{{ x.failing }}",
    "inner.html": "{{ x }}\n{% for y in x.a %}{{ y }}\n{{ x.b }}{{ z.a }}{% endfor %}{{ y }}",
    "looping.html": "{% for y in x.b %}\n{{ loop.index }}{{ loop.cycle('a', '<') }}{{ y }}{% endfor %}",
    "looking.html": "{{ x }}{{ loop.index }}",
    "setting.html": "{% set x = 1 %}{{ x }}",
    "macros.html": """{% macro link(href, label='<Here>', kind='') %}
<a{% if kind %} class="{{ kind }}"{% endif %} href="{{ href }}">
{{ label }}</a>{% if label == 'b' %}!{% endif %}{% endmacro %}
{% macro outer(what, first=false) %}{% if first %}1{% else %}
{{ link(what) }}{% endif %}{% endmacro %}
{% macro box(title, open=false) %}<b>{% if open %}{{ title }}{% endif %}
{{ caller() }}{{ title }}</b>{% endmacro %}
{% macro many(what, first='') %}{% for x in what %}
{{ loop.index }}{{ x }}{% if first %}{{ first }}{% endif %}{% endfor %}{{ first }}{% endmacro %}
{% macro shadowing(x, y) %}{% for x in x %}{% for y in y %}{{ x }}{{ y }}{% endfor %}{% endfor %}
{{ x }}{% endmacro %}
{% macro each(what) %}{% for x in what %}
{{ caller() }}{{ x.b }}{% endfor %}{% endmacro %}
{% macro looking(x) %}{{ loop.index }}{% endmacro %}
{% macro reading(x) %}{{ y }}{{ x }}{% endmacro %}""",
}


class Record:
    """What a model may be: an attribute of the instance, one of the class, and one that fails."""

    b = "<b>"

    def __init__(self) -> None:
        self.a = "'a'"

    @property
    def failing(self) -> str:
        raise KeyError("it fails")

    def __str__(self) -> str:
        return "<record>"


class Longer(list[Any]):
    """A list of a type of its own."""


def growing() -> list[Any]:
    """Return a list that becomes longer while it is printed."""
    found: list[Any] = []

    class Adding:
        def __html__(self) -> str:
            if len(found) < 4:
                found.append("<new>")
            return "<adds>"

        __str__ = __html__

    found += [Adding(), "x", Adding()]
    return found


def changing() -> dict[Any, Any]:
    """Return a dict that gets a key while it is printed."""
    found: dict[Any, Any] = {}

    class Adding:
        def __str__(self) -> str:
            found["more"] = 1
            return "adds"

    found[Adding()] = 1
    return found


def failing() -> Iterator[int]:
    yield 1
    raise OSError("no more")


ITEMS: dict[str, Callable[[], Any]] = {
    "dicts": lambda: [{"a": "<a>", "b": 1}, {"a": None, "b": 1.5}, {"a": 2, "b": 2, "items": 3}],
    "objects": lambda: [Record(), SimpleNamespace(a="€<", b="\U0001f600")],
    "texts": lambda: ["<a>", "b", "", "ü&", "日本<", "\U0001f600"],
    "values": lambda: [1, 2.5, None, True, [1, "<"], {}, ()],
    "nothing": list,
    "one": lambda: ["<"],
    "tuple": lambda: ("a", "b"),
    "range": lambda: range(3, -2, -2),
    "dict": lambda: {"a": 1, "b": 2},
    "items": lambda: {"a": 1, "<b>": "<"}.items(),
    "keys": lambda: {"a": 1}.keys(),
    "values of a dict": lambda: {"a": "<"}.values(),
    "generator": lambda: (each for each in ("<", 1)),
    "generator that fails": failing,
    "set": lambda: {1},
    "list of its own kind": lambda: Longer(["<", 1]),
    "user's list": lambda: UserList(["<"]),
    "text": lambda: "a<",
    "number": lambda: 5,
    "none": lambda: None,
    "growing": growing,
    "changing": changing,
    "pairs": lambda: [("a", "<"), ("b", "b"), [1, 2], "xy"],
    "triples": lambda: [(1, 2), (1, 2, 3)],
    "singles": lambda: [(1, 2), (1,)],
    "undefined items": lambda: [1, jinja2.Undefined(name="inner"), 2],
}

SHAPES = {
    "top": "a\n{% for TARGET in xs %}ROW{% endfor %}\nb",
    "macro": "{% macro m(xs, y) %}{% for TARGET in xs %}ROW{% endfor %}{% endmacro %}\n{{ m(xs, y) }}",
    "block": "{% block b %}{% for TARGET in xs %}ROW{% endfor %}{% endblock %}",
    "loop": "{% for y in [y, 2] %}{% set z = y %}{% for TARGET in xs %}ROW{% endfor %}{% endfor %}",
    "referring": "{% import 'macros.html' as m %}{% macro own(a, b='-') %}\n{{ a }}{{ b }}{% endmacro %}\n"
    "{% for TARGET in xs %}ROW{% endfor %}",
    "referring, set": "{% import 'macros.html' as m %}{% macro own(a, b='-') %}{{ a }}{{ b }}{% endmacro %}"
    "{% if xs %}{% set y = z %}{% endif %}{% for z in [y, 1] %}{% for TARGET in xs %}ROW{% endfor %}{% endfor %}",
    "referring, block": "{% block b %}{% import 'macros.html' as m %}{% macro own(a) %}{{ a }}{% endmacro %}"
    "{% for TARGET in xs %}ROW{% endfor %}{% endblock %}{% set y = 1 %}",
    "referring, macro": "{% import 'macros.html' as m %}{% macro own(a) %}{{ a }}{% endmacro %}"
    "{% macro all(xs, y, x=3) %}{% for TARGET in xs %}ROW{% endfor %}{% endmacro %}{{ all(xs) }}{{ all(xs, y=z) }}",
    "set": "{% set all %}{% for TARGET in xs %}ROW{% endfor %}{% endset %}{{ all }}{{ TARGET_NAME is defined }}",
}


def templates() -> dict[str, str]:
    found = {}
    for shape, text in SHAPES.items():
        for ending in ("html", "txt") if shape in {"top", "referring"} else ("html",):
            own = (("x", (*REFERRING, *NO_ROWS)),) if shape.startswith("referring") else (("x", ROWS), ("k, v", PAIRS))
            for target, rows in own:
                for number, row in enumerate(rows):
                    name = f"{shape}-{target[0]}{number}.{ending}"
                    found[name] = text.replace("TARGET_NAME", target[0]).replace("TARGET", target).replace("ROW", row)
    return found | OTHERS


def lenient() -> jinja2.Environment:
    return jinja2.Environment(autoescape=jinja2.select_autoescape())


TEMPLATES = templates()


def lines_of(render: Callable[[], object], *names: str) -> list[int | None]:
    """Return the lines of templates in which a render fails, if it does, the outermost first.

    What a handler raises again has its line twice.
    """
    try:
        render()
    except Exception as error:
        entries = [(frame, line) for frame, line in traceback.walk_tb(error.__traceback__)]
        return [
            line
            for (frame, line), following in zip(entries, [*entries[1:], (None, 0)], strict=True)
            if frame.f_code.co_filename in names and following[0] is not frame
        ]
    return []


@pytest.fixture(scope="module", params=[blendtpl.default_environment, lenient], ids=["strict", "lenient"])
def sides(request: pytest.FixtureRequest) -> tuple[blendtpl.Registry, blendtpl.Registry, jinja2.Environment]:
    make: MakeEnvironment = request.param
    return load(TEMPLATES, make), load(TEMPLATES, make, portable=True), stock_environment(TEMPLATES, make)


@pytest.mark.parametrize("items", ITEMS)
def test_rows_are_what_jinja2_prints(
    sides: tuple[blendtpl.Registry, blendtpl.Registry, jinja2.Environment], items: str
) -> None:
    *registries, stock = sides
    for name in TEMPLATES:

        def variables() -> dict[str, Any]:
            return {"xs": ITEMS[items](), "y": {"a": "<y>"}, "z": Record()}

        def theirs(name: str = name) -> str:
            return stock.get_template(name).render(variables())

        expected = outcome(theirs), lines_of(theirs, "<template>")
        for registry in registries:

            def ours(registry: blendtpl.Registry = registry, name: str = name) -> str:
                return registry.render(name, variables())

            def streamed(registry: blendtpl.Registry = registry, name: str = name) -> str:
                return "".join(registry[name].stream(variables()))

            assert (outcome(ours), lines_of(ours, name, *OTHERS)) == expected, name
            assert outcome(streamed) == expected[0], name


def written(row: str, target: str = "x", shape: str = "top", **options: Any) -> bool:
    """Return whether a loop is written by rows."""
    environment = jinja2.Environment(autoescape=True, **options)
    text = SHAPES[shape].replace("TARGET", target).replace("ROW", row)
    registry = load({"a.html": text, **OTHERS}, lambda: environment)
    compiled = registry["a.html"]._compiled
    names = compiled.space[compiled.entry].__code__.co_names
    return "rows" in names


@pytest.mark.skipif(not ACTIVE, reason="there are no functions in C")
def test_which_loops_are_rows() -> None:
    others = ("text", "{{ loop.index }}", "{{ x|upper }}", "{{ x() }}", "{{ x[0] }}", "{% set a = x %}{{ x }}")
    for row in (*ROWS, *others):
        assert written(row), row
    for row in REFERRING:
        assert written(row, shape="referring"), row
    for row in NO_ROWS:
        assert not written(row, shape="referring"), row
    for row in PAIRS:
        assert written(row, "k, v"), row
    for target in ("x, y, z", "(x, y), z", "x, x"):
        assert written("{{ x }}", target), target
    assert written("{{ x }}", finalize=str)
    assert written("{{ x }}{% else %}{{ y }}")
