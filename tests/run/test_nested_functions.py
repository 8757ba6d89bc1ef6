"""What a function that is made of a part of a template leaves alone: output that waits in the code around it.

Everything that opens a function stands directly behind each kind of output, in every kind of place.
"""

from collections.abc import Iterator
from functools import cache

import jinja2
import pytest

from testkit.oracle import every_way, outcome, stock_environment

PENDING = (
    "t", "{{ 1 }}", "{{ i.a }}", "{{ i.gone }}", "{{ o }}", "{{ gone }}", "{{ n }}", "{{ s }}", "{{ o | upper }}",
    "{{ o | safe }}", "{{ o ~ n }}", "{{ own(o) }}", "{{ lib.said(o) }}", "{% if o %}{{ n }}{% else %}e{% endif %}",
    "{{ o if n }}", "{{ 'y' if gone else n }}", "{% trans %}hello{% endtrans %}",
    "{% trans o=o %}hi {{ o }}{% endtrans %}",
    "{{ _('<b>') }}", "{{ ns.a }}", "{% include 'piece' %}", "{{ self }}", "{{ n + 1 }}", "{{ f }}",
)  # fmt: skip
COUNTERS = (
    "{{ loop.index }}",
    "{{ loop.first }}",
    "{{ loop.last }}",
    "{{ loop.cycle('<', 'b') }}",
    "{{ loop.cycle(o, n) }}",
)
OPENING = (
    "{% call f(1) %}c{{ i.a }}{{ o }}{% endcall %}",
    "{% call(v) g(o) %}{{ v }}{{ o }}{% endcall %}",
    "{% call box() %}c{{ i.a }}{{ o }}{% endcall %}",
    "{% call boxes(o) %}{{ o }}{{ n }}{% endcall %}",
    "{% call lib.box() %}c{{ o }}{% endcall %}",
    "{% call f(1) %}{{ o }}{{ n }}{% call f(2) %}{{ o }}{{ n }}{% endcall %}{{ o }}{% endcall %}",
    "{% call f(own(o)) %}{{ o }}{{ n }}{% endcall %}",
    "{% macro inner(v) %}{{ v }}{{ o }}{{ n }}{% endmacro %}{{ inner(i.a) }}",
    "{% for y in xs if y.a %}{{ y.a }}{{ o }}{% endfor %}",
    "{% for y in xs if y.a %}{{ y.a }}{{ o }}{{ loop.last }}{% endfor %}",
    "{% for y in xs recursive %}{{ y.a }}{{ o }}{{ loop(y.gone or []) }}{% endfor %}",
    "{% for y in xs recursive %}{{ y.a }}{{ o }}{{ loop(y.gone or []) ~ o }}{% endfor %}",
    "{% filter upper %}{{ o }}{{ n }}{% call f(1) %}{{ o }}{% endcall %}{% endfilter %}",
    "{% set q %}{{ o }}{{ n }}{% call f(1) %}{{ o }}{% endcall %}{% endset %}{{ q }}",
    "{% with q = o %}{{ q }}{{ o }}{% call f(1) %}{{ o }}{{ q }}{% endcall %}{% endwith %}",
    "{% if n %}{{ o }}{{ n }}{% call f(1) %}{{ o }}{% endcall %}{% endif %}",
    "{% include 'opens' %}",
    "{% autoescape n %}{{ o }}{{ n }}{% call f(1) %}{{ o }}{% endcall %}{% endautoescape %}",
)  # fmt: skip
# `{}` is where the rest stands; counters are those of the innermost loop there
PLACES = {
    "top": "{}",
    "loop": "{{% for i in xs %}}{}{{% endfor %}}",
    "loop in a loop": "{{% for _ in xs %}}{{{{ o }}}}{{% for i in xs %}}{}{{% endfor %}}{{% endfor %}}",
    "block": "{{% block b %}}{{% for i in xs %}}{}{{% endfor %}}{{% endblock %}}",
    "macro": "{{% macro m(xs, o) %}}{{% for i in xs %}}{}{{% endfor %}}{{% endmacro %}}{{{{ m(xs, o) }}}}",
    "call": "{{% call f(0) %}}{{% for i in xs %}}{}{{% endfor %}}{{% endcall %}}",
    "recursive": "{{% for i in xs recursive %}}{}{{% endfor %}}",
    "included": "{{% for i in xs %}}{{% include '{}' %}}{{% endfor %}}",
}
ESCAPES = ("on", "off", "volatile")
ROWS = 16  # of output and constructs, in a template
SAMPLE = 19  # which has no factor in common with what the rest counts in
HEAD = (
    "{% import 'lib' as lib %}{% set s = o ~ '&' %}{% set ns = namespace(a='<n>') %}"
    "{% macro own(v) %}({{ v }}){% endmacro %}{% macro box() %}[{{ caller() }}]{% endmacro %}"
    "{% macro boxes(v) %}{% for _ in [1, 2] %}{{ v }}{{ caller() }}{% endfor %}{% endmacro %}"
)


def environment() -> jinja2.Environment:
    made = jinja2.Environment(
        autoescape=lambda name: name is not None and not name.startswith("off"), extensions=["jinja2.ext.i18n"]
    )
    made.install_null_translations(newstyle=True)  # type: ignore[attr-defined]  # which the extension has
    return made


def rows_of(place: str, escape: str) -> Iterator[str]:
    """Yield, for each piece of output, constructs that stand directly behind it.

    All do so in a loop whose output is escaped; elsewhere each does behind some, which differ from place to place.
    """
    first = [*PLACES].index(place) + 3 * ESCAPES.index(escape)
    apart = 1 if (place, escape) == ("loop", "on") else SAMPLE
    for at, pending in enumerate(PENDING if place in {"top", "included"} else (*PENDING, *COUNTERS)):
        # another variable before or behind it, which is looked at before the loop
        before, behind = ("{{ o }}", "") if (at + first) % 2 else ("", "{{ n }}{{ o }}")
        chosen = [opening for number, opening in enumerate(OPENING) if (number + at + first) % apart == 0]
        yield "".join(f"{before}{pending}{behind}{opening}" for opening in chosen)


def templates_of(place: str, escape: str) -> Iterator[tuple[str, str]]:
    rows = [*rows_of(place, escape)]
    for at in range(0, len(rows), ROWS):
        name, body = f"{escape} {place} {at}", "|".join(rows[at : at + ROWS])
        if place == "included":
            yield f"{name} part", HEAD + body if at else body
            body = f"{name} part"
        text = HEAD + PLACES[place].format(body)
        yield name, f"{{% autoescape on %}}{text}{{% endautoescape %}}" if escape == "volatile" else text


def call(*arguments: object, caller: jinja2.runtime.Macro) -> str:
    return f"<{arguments}{caller()}>"


def pass_on(value: object, caller: jinja2.runtime.Macro) -> str:
    return f"<{caller(value)}>"


VARIABLES = {
    "xs": [{"a": 1}, {"a": "<2>"}],
    "i": {"a": "<i>"},
    "o": "<o>",
    "n": 7,
    "on": True,
    "f": call,
    "g": pass_on,
}


@cache
def every_template() -> dict[str, str]:
    made = {
        "lib": "{% macro said(v) %}{{ v }}!{% endmacro %}{% macro box() %}<{{ caller() }}>{% endmacro %}",
        "piece": "{{ o }}{{ i.a }}",
        "opens": "{{ o }}{{ n }}{% call f(1) %}{{ o }}{{ i.a }}{% endcall %}",
    }
    for place in PLACES:
        for escape in ESCAPES:
            made.update(templates_of(place, escape))
    return made


@pytest.mark.slow
def test_output_that_waits_stays_with_the_code_around_what_opens_a_function() -> None:
    templates = every_template()
    stock = stock_environment(templates, environment)
    expected = {name: outcome(lambda: stock.get_template(name).render(VARIABLES)) for name in templates}  # noqa: B023

    for way, render in every_way(templates, environment).items():
        for name, wanted in expected.items():
            found = outcome(lambda: render(name, VARIABLES))  # noqa: B023
            assert found == wanted, f"{name} ({way}): {templates[name]}"
