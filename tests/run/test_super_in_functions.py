"""What ``super()`` and ``self.block()`` render inside of functions that are made of parts of a block."""

from collections.abc import Iterator

import jinja2
import pytest

from testkit.oracle import every_way, outcome, stock_environment

USES = (
    "{{ super() }}", "a{{ super() }}{{ o }}{{ super() }}", "{{ super() | upper }}", "{{ super() ~ o }}",
    "{% set s = super() %}{{ s }}", "{{ super() if o }}",
    "{% if o %}{{ super() }}{% else %}{{ self.side() }}{% endif %}",
    "{{ self.side() }}", "{{ o }}{{ self.side() }}{{ super() }}", "{{ self.side() ~ super() }}",
    "{{ super.name }}{{ super is defined }}",
    "{{ self.gone() if self.gone }}{{ self.looped() }}",
)  # fmt: skip
PLACES = (
    "{}",
    "{{% macro m() %}}{}{{% endmacro %}}{{{{ m() }}}}",
    "{{% macro m() %}}{{% for x in xs %}}{}{{% endfor %}}{{% endmacro %}}{{{{ m() }}}}",
    "{{% macro m() %}}{{% macro n() %}}{}{{% endmacro %}}{{{{ n() }}}}{{% endmacro %}}{{{{ m() }}}}",
    "{{% call f() %}}{}{{% endcall %}}",
    "{{% call box() %}}{}{{% endcall %}}",
    "{{% call box() %}}{{% call f() %}}{}{{% endcall %}}{{% endcall %}}",
    "{{% for x in xs %}}{{% call box() %}}{}{{% endcall %}}{{% endfor %}}",
    "{{% macro m() %}}{{{{ caller() }}}}{}{{% endmacro %}}{{% call m() %}}{}{{% endcall %}}",
    "{{% filter upper %}}{}{{% endfilter %}}",
    "{{% set t %}}{}{{% endset %}}{{{{ t }}}}",
    "{{% for x in xs if x %}}{}{{% endfor %}}",
    "{{% for x in xs if super() %}}{}{{{{ loop.last }}}}{{% endfor %}}",
    "{{% for x in xs recursive %}}{}{{{{ loop([]) }}}}{{% endfor %}}",
    "{{% for x in xs recursive %}}{}{{{{ loop([]) ~ 1 }}}}{{% endfor %}}",
)
# what a block of the template further out has in it
BODIES = ("base", "{{ o }}{{ o.gone }}", "{% for x in xs %}{{ x }}{% endfor %}", "{% call f() %}{{ o }}{% endcall %}")
HEAD = "{% macro box() %}[{{ caller() }}]{% endmacro %}"
OTHERS = "{% block side %}side{{ o }}{% endblock %}{% block looped %}{% for x in xs %}{{ x }}{% endfor %}{% endblock %}"
PLACED = [*enumerate(place.format(use, use) for place in PLACES for use in USES)]
VARIABLES = {"o": "<o>", "xs": [1, "<2>"], "on": True, "f": lambda caller: f"<{caller()}>", "base": "base"}


def environment() -> jinja2.Environment:
    return jinja2.Environment(autoescape=lambda name: name != "between")


def templates() -> Iterator[tuple[str, str]]:
    """Yield a template of blocks that each have a use of ``super()``, by how it extends another."""
    blocks = "".join(f"|{{% block b{at} %}}{BODIES[at % len(BODIES)]}{{% endblock %}}" for at, _ in PLACED)
    yield "base", blocks + OTHERS
    yield "volatile", f"{{% autoescape on %}}{blocks}{{% endautoescape %}}{OTHERS}"
    above = "".join(f"{{% block b{at} %}}-{{{{ super() }}}}{{% endblock %}}" for at, _ in PLACED[::7])
    yield "between", f"{{% extends 'base' %}}{above}"
    own = "".join(f"{{% block b{number} %}}{text}{{% endblock %}}" for number, text in PLACED)
    for kind, extended in (
        ("known", "'base'"),
        ("chosen", "base"),
        ("further", "'between'"),
        ("escapes", "'volatile'"),
    ):
        yield kind, f"{{% extends {extended} %}}{HEAD}{own}"


@pytest.mark.slow
def test_super_renders_the_block_further_out_in_every_function() -> None:
    made = dict(templates())
    stock = stock_environment(made, environment)
    ways = every_way(made, environment, portable=False)
    for name in ("known", "chosen", "further", "escapes"):
        wanted = stock.get_template(name).render(VARIABLES)
        for way, render in ways.items():
            assert render(name, VARIABLES).split("|") == wanted.split("|"), f"{name} ({way})"


@pytest.mark.parametrize("place", PLACES)
def test_super_of_no_block_is_undefined_in_every_function(place: str) -> None:
    made = {"main": f"{HEAD}{{% block b %}}{place.format('{{ super() }}', 's')}{{% endblock %}}"}
    stock = stock_environment(made, environment)
    wanted = outcome(lambda: stock.get_template("main").render(VARIABLES))
    for way, render in every_way(made, environment, portable=False).items():
        assert outcome(lambda: render("main", VARIABLES)) == wanted, way  # noqa: B023
