"""Generated loops that print rows, with loops, includes, macros and `call` blocks in them, do what Jinja2 does."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markupsafe import Markup

import blendtpl
from blendtpl.runtime.speedups import ACTIVE
from testkit.oracle import load, outcome, stock_environment
from tests.run.test_rows import lenient, lines_of

EXAMPLES = int(os.environ.get("ROWS", "60"))  # more are for a long run
TEXTS = st.sampled_from(["", "<p>", "\n", "ü", " text\n", "'"])
ATTRIBUTES = st.sampled_from(["a", "b", "fails", "none"])
MACROS = ("m.p0", "m.p1", "m.p2", "own")  # those before may be called by those behind
BOXES = ("m.box0", "m.box1")
INCLUDES = ("i0", "i1", "i2")


class Failing:
    """What has one attribute that fails."""

    a = "<a>"
    b = ("x", 1)

    @property
    def fails(self) -> str:
        raise KeyError("it fails")

    def __repr__(self) -> str:
        return "<failing>"


class Once:
    """What can be gone through once."""

    def __init__(self, items: Sequence[Any]) -> None:
        self._items = iter(items)

    def __iter__(self) -> Iterator[Any]:
        return self._items

    def __repr__(self) -> str:
        return "<once>"


VALUES = st.sampled_from(["", "<", "x", 0, 2.5, None, Markup("<i>"), True])
RECORDS: st.SearchStrategy[Callable[[], Any]] = st.recursive(
    st.one_of(VALUES.map(lambda value: lambda: value), st.just(Failing)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda made: lambda: [make() for make in made]),
        st.lists(inner, max_size=2).map(lambda made: lambda: Once([make() for make in made])),
        st.dictionaries(ATTRIBUTES, inner, max_size=3).map(lambda made: lambda: {k: v() for k, v in made.items()}),
        st.dictionaries(ATTRIBUTES, inner, max_size=3).map(
            lambda made: lambda: SimpleNamespace(**{k: v() for k, v in made.items()})
        ),
    ),
    max_leaves=6,
)


@st.composite
def holes(draw: st.DrawFn, names: Sequence[str]) -> str:
    name = draw(st.sampled_from(names))
    return draw(st.sampled_from([name, f"{name}.{draw(ATTRIBUTES)}"]))


@st.composite
def bodies(draw: st.DrawFn, names: Sequence[str], macros: int, includes: int, depth: int, looping: bool) -> str:
    """Return the source of something that only prints; `macros` and `includes` say how many of them it may use."""

    def body(names: Sequence[str] = names, looping: bool = looping) -> str:
        return draw(bodies(names, macros, includes, depth - 1, looping)) if depth else draw(TEXTS)

    def hole() -> str:
        return draw(holes(names))

    kinds = ["text", "hole", "hole", "concat", "if", "inline"]
    kinds += ["for", "if"] * (depth > 0) + ["macro", "box"] * (macros > 0) + ["include"] * (includes > 0)
    kinds += ["index", "first", "cycle"] * looping
    made = []
    for kind in draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=4)):
        match kind:
            case "text":
                made.append(draw(TEXTS))
            case "hole":
                made.append(f"{{{{ {hole()} }}}}")
            case "concat":
                made.append(f"{{{{ {hole()} ~ {draw(st.sampled_from(['-', '<']))!r} ~ {hole()} }}}}")
            case "if":
                test = draw(st.sampled_from([hole(), f"not {hole()}", f"{hole()} == 'x'", f"{hole()} == {hole()}"]))
                made.append(f"{{% if {test} %}}{body()}{{% elif {hole()} %}}{body()}{{% else %}}{body()}{{% endif %}}")
            case "inline":
                made.append(f"{{{{ {hole()} if {hole()} else '<' }}}}")
            case "for":
                target = draw(st.sampled_from(["x", "y", "n", "n, o", "x, n"]))
                inner = body((*names, *target.split(", ")), looping=True)
                made.append(f"{{% for {target} in {hole()} %}}{inner}{{% endfor %}}")
            case "macro":
                called = draw(st.sampled_from(MACROS[:macros]))
                more = draw(st.sampled_from(["", f", {hole()}", f", b={hole()} ~ '!'", ", b='<b>'"]))
                made.append(f"{{{{ {called}({hole()}{more}) }}}}")
            case "box":
                called = draw(st.sampled_from(BOXES))
                made.append(f"{{% call {called}({hole()}) %}}{body(looping=False)}{{% endcall %}}")
            case "include":
                made.append(f"{{% include '{draw(st.sampled_from(INCLUDES[:includes]))}.html' %}}")
            case "index":
                made.append("{{ loop.index }}")
            case "first":
                made.append("{{ ', ' if not loop.first }}")
            case "cycle":
                made.append("{{ loop.cycle('a', '<') }}")
    return "".join(made)


@st.composite
def sets(draw: st.DrawFn) -> Mapping[str, str]:
    """Return a set of templates."""
    library = "".join(
        f"{{% macro p{number}(a, b='<') %}}{draw(bodies(('a', 'b'), 0, 0, 1, looping=False))}{{% endmacro %}}\n"
        for number in range(3)
    )
    for number in range(2):
        before, behind = (draw(bodies(("a",), 0, 0, 1, looping=False)) for _ in range(2))
        library += f"{{% macro box{number}(a) %}}{before}{{{{ caller() }}}}{behind}{{% endmacro %}}"
    seen = ("x", "y", "z", "gone")
    made = {f"{name}.html": draw(bodies(seen, 0, number, 1, looping=False)) for number, name in enumerate(INCLUDES)}
    own = draw(bodies(("a", "b"), 0, 0, 1, looping=False))
    before = draw(
        st.sampled_from(
            ["", "{% set y = z %}", "{% for y in [z, 1] %}", "{% block all %}", "{% if z %}{% set x = 1 %}{% endif %}"]
        )
    )
    after = {"{% for": "{% endfor %}", "{% blo": "{% endblock %}"}.get(before[:6], "")
    head = "{% import 'm.html' as m %}{% macro own(a, b=1) %}" + own + "{% endmacro %}"
    target = draw(st.sampled_from(["x", "x", "x, n"]))
    row = draw(bodies((*seen, *target.split(", ")), 4, 3, 2, looping=True))
    main = f"{head}{before}{{% for {target} in xs %}}{row}{{% endfor %}}{after}"
    return {**made, "m.html": library, "main.html": main, "main.txt": main}


@pytest.mark.slow
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    name=st.sampled_from(["main.html", "main.html", "main.txt"]),
    make=st.sampled_from([blendtpl.default_environment, lenient]),
    templates=sets(),
    xs=st.lists(RECORDS, max_size=3),
    y=RECORDS,
    z=VALUES,
)
def test_generated_rows_are_what_jinja2_prints(
    name: str,
    make: Callable[[], jinja2.Environment],
    templates: Mapping[str, str],
    xs: Sequence[Callable[[], Any]],
    y: Callable[[], Any],
    z: Any,
) -> None:
    stock = stock_environment(templates, make)

    def variables() -> dict[str, Any]:
        return {"xs": [each() for each in xs], "y": y(), "z": z}

    def theirs() -> str:
        return stock.get_template(name).render(variables())

    expected = outcome(theirs), lines_of(theirs, "<template>")
    for portable in (False, True) if ACTIVE else (True,):
        registry = load(templates, make, portable=portable)

        def ours(registry: blendtpl.Registry = registry) -> str:
            return registry.render(name, variables())

        assert (outcome(ours), lines_of(ours, *templates)) == expected
        assert outcome(lambda: "".join(registry[name].stream(variables()))) == expected[0]  # noqa: B023
