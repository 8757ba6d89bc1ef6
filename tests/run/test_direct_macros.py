# ruff: noqa: E501  # template texts are easier to read in one line
"""A macro whose definition is known is called as the function that it is, wherever a template first names it; one that
something in between may have replaced is not.
"""

import jinja2
import pytest
from jinja2.runtime import Macro

from testkit.oracle import every_way, load, outcome, stock_environment

LIBRARY = "{% macro m(x) %}<{{ x }}>{% endmacro %}{% macro box() %}[{{ caller() }}]{% endmacro %}"
# how a top level has two macros, and what it calls them
BOUND = {
    "own": (LIBRARY, "m", "box"),
    "module": ["{% import 'lib' as lib %}", "lib.m", "lib.box"],
    "imported": ("{% from 'lib' import m, box %}", "m", "box"),
    "renamed": ("{% from 'lib' import m as q, box as b %}", "q", "b"),
}
# `{}` is where it is first named
PLACES = (
    "{}",
    "{{% for x in xs %}}{}{{% endfor %}}",
    "{{% for x in xs %}}{{% if x %}}{}{{% endif %}}{{% endfor %}}",
    "{{% for x in xs %}}{{% if not x %}}{{% elif x %}}{}{{% else %}}{{% endif %}}{{% endfor %}}",
    "{{% for x in [] %}}{{% else %}}{}{{% endfor %}}",
    "{{% with z = 1 %}}{}{{% endwith %}}",
    "{{% for x in xs %}}{{% with z = x %}}{}{{% endwith %}}{{% endfor %}}",
    "{{% call echo() %}}{}{{% endcall %}}",
    "{{% for x in xs %}}{{% call echo() %}}{}{{% endcall %}}{{% endfor %}}",
    "{{% for x in xs if x %}}{}{{{{ loop.last }}}}{{% endfor %}}",
    "{{% for x in xs if {m}(x) %}}{}{{% endfor %}}",
    "{{% for x in xs recursive %}}{}{{{{ loop([]) }}}}{{% endfor %}}",
    "{{% filter upper %}}{}{{% endfilter %}}",
    "{{% for x in xs %}}{{% set s %}}{}{{% endset %}}{{{{ s }}}}{{% endfor %}}",
    "{{% for x in xs %}}{{% for y in xs %}}{}{{% endfor %}}{{% endfor %}}",
)
# what may have been put under the name since
REPLACED = (
    "{{% set {n} = f %}}{}",
    "{{% if xs %}}{{% set {n} = f %}}{{% endif %}}{}",
    "{{% for x in xs %}}{{% if loop.index > 1 %}}{{% set {n} = f %}}{{% endif %}}{}{{% endfor %}}",
    "{{% for x in xs %}}{}{{% set {n} = f %}}{{% endfor %}}{}",
    "{{% for {n} in [f, f] %}}{}{{% endfor %}}{}",
    "{{% with {n} = f %}}{}{{% endwith %}}{}",
    "{{% macro w({n}) %}}{}{{% endmacro %}}{{{{ w(f) }}}}{}",
    "{{% call({n}=f) echo() %}}{}{{% endcall %}}{}",
    "{{% set {n} %}}x{{% endset %}}{}",
    "{{% for x in xs %}}{{% from 'other' import m as {n} %}}{}{{% endfor %}}{}",
    "{{% for x in xs %}}{{% import 'other' as {n} %}}{}{{% endfor %}}{}",
    "{{% for x in xs %}}{{% macro {n}(x) %}}own{{% endmacro %}}{}{{% endfor %}}{}",
)
# where a block imports what it then uses
IN = (
    "{}",
    "{{% for _ in xs %}}{}{{% endfor %}}",
    "{{% with %}}{}{{% endwith %}}",
    "{{% filter upper %}}{}{{% endfilter %}}",
    "{{% macro in_it() %}}{}{{% endmacro %}}{{{{ in_it() }}}}",
    "{{% if xs %}}{{% for _ in xs %}}{}{{% endfor %}}{{% endif %}}",
)
SHARED = {"lib": LIBRARY, "other": "{% macro m(x) %}other {{ x }}{% endmacro %}"}


def environment() -> jinja2.Environment:
    made = jinja2.Environment(autoescape=True)
    made.globals["echo"] = lambda caller: caller()
    return made


def _in(body: str, number: int) -> str:
    """Return where a block imports something; a function may outlive any scope but the outermost of another."""
    makes_function = any(part in body for part in ("call echo", " if ", "recursive"))
    return "{}" if makes_function else IN[number % len(IN)]


def templates(places: tuple[str, ...], uses: tuple[str, ...]) -> dict[str, str]:
    """Return templates of a block for each place, in the template itself and in one that extends another."""
    made = dict(SHARED)
    for kind, (bound, m, box) in BOUND.items():
        used = [use.format(m=m, b=box) for use in uses]
        bodies = [place.format(use, use, m=m, n=m.partition(".")[0]) for place in places for use in used]
        blocks = "".join(f"{{% block b{at} %}}{body}{{% endblock %}}" for at, body in enumerate(bodies))
        extended = "".join(f"{{% block b{at} %}}{{% endblock %}}" for at in range(len(bodies)))
        made[f"{kind}, extended"], made[kind] = extended, bound + blocks
        if kind != "own":  # in each block by itself
            made[f"{kind}, inside"] = "".join(
                f"{{% block c{at} %}}{_in(body, at).format(bound + body)}{{% endblock %}}"
                for at, body in enumerate(bodies)
            )
        made[f"{kind}, extends"] = f"{{% extends '{kind}, extended' %}}{bound}{blocks}"
    return made


@pytest.mark.parametrize("portable", [False, True])
def test_a_known_macro_is_called_as_a_function_wherever_it_is_named_first(
    portable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = templates(PLACES, ("{{{{ {m}(1) }}}}", "{{% call {b}() %}}c{{% endcall %}}", "{{{{ {m}(2) ~ {m}(3) }}}}"))
    registry, stock = load(made, environment, portable=portable), stock_environment(made, environment)
    called: list[str | None] = []
    invoke = Macro._invoke

    def counted(macro: Macro, *arguments: object) -> str:
        called.append(macro.name)
        return invoke(macro, *arguments)  # type: ignore[arg-type]  # as it is called

    for name in made:
        expected = stock.get_template(name).render(xs=[1, 2])
        with monkeypatch.context() as patched:
            patched.setattr(Macro, "_invoke", counted)
            found = registry.render(name, xs=[1, 2])
        assert found == expected
        # the bodies of `call` blocks of a function, and a macro that is none of the top level
        assert {*called} <= {None, "in_it"}, name


@pytest.mark.parametrize("place", REPLACED)
def test_a_macro_that_something_may_have_replaced_is_asked_for(place: str) -> None:
    made: dict[str, str] = {}
    for at, use in enumerate(("{{{{ {m}(1) if {m} }}}}", "{{% call {b}() %}}c{{% endcall %}}")):
        made |= {
            name if name in SHARED else f"{name} {at}": text.replace("extended'", f"extended {at}'")
            for name, text in templates((place,), (use,)).items()
        }
    stock = stock_environment(made, environment)
    variables = {"xs": [1, 2], "f": lambda *given, **named: f"f{given}"}
    for way, render in every_way(made, environment, portable=False).items():
        for name in made:
            wanted = outcome(lambda: stock.get_template(name).render(variables))  # noqa: B023
            assert outcome(lambda: render(name, variables)) == wanted, f"{name} ({way})"  # noqa: B023


@pytest.mark.parametrize(
    "text",
    [
        "{% with %}{% import 'lib' as lib %}{% macro q() %}{{ lib.m(1) if lib }}{% endmacro %}{% set ns.f = q %}{% endwith %}",
        "{% for x in xs %}{% macro q() %}{{ lib.m(x) if lib }}{% endmacro %}{% import 'lib' as lib %}{{ q() }}{% endfor %}",
        "{% for x in xs %}{{ lib.m(x) if lib }}{% import 'lib' as lib %}{{ lib.m(x) }}{% endfor %}{{ lib.m(1) if lib }}",
        "{% for x in xs %}{% if x > 1 %}{% import 'lib' as lib %}{% endif %}{{ lib.m(x) if lib }}{% endfor %}",
        "{% with %}{% import 'lib' as lib %}{% endwith %}{% with %}{{ lib.m(1) if lib }}{% endwith %}",
        "{% import 'lib' as lib %}{% macro q() %}{{ lib.m(1) }}{% endmacro %}{% import 'other' as lib %}{{ q() }}{{ lib.m(2) }}",
        "{% import 'lib' as lib %}{% macro q() %}{{ lib.m(1) }}{% endmacro %}{% import 'lib' as lib with context %}{{ q() }}",
        "{% from 'lib' import m %}{{ m(1) }}{% with %}{% from 'other' import m %}{{ m(2) }}{% endwith %}{{ m(3) }}",
        "{% with %}{% import 'lib' as lib %}{% for y in xs recursive %}{{ lib.m(y) }}{{ loop([]) }}{% endfor %}{% endwith %}",
    ],
)
def test_what_a_scope_imports_is_known_there_only(text: str) -> None:
    block = f"{{% set ns = namespace() %}}{{% block b %}}{text}{{{{ ns.f() if ns.f }}}}{{% endblock %}}"
    made = {**SHARED, "main": block, "below": f"{{% macro a() %}}{text}{{% endmacro %}}{{{{ a() }}}}"}
    stock = stock_environment(made, environment)
    for way, render in every_way(made, environment, portable=False).items():
        for name in ("main", "below"):
            wanted = outcome(lambda: stock.get_template(name).render(xs=[1, 2], lib="", ns={}))  # noqa: B023
            assert outcome(lambda: render(name, {"xs": [1, 2], "lib": "", "ns": {}})) == wanted, way  # noqa: B023
