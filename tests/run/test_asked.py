"""Values are asked what Jinja2 asks them, in its order, and no more often."""

import random
from collections.abc import Callable
from itertools import product
from typing import Any

import jinja2
import pytest
from jinja2 import sandbox

import blendtpl
from testkit.oracle import live_environment, load, outcome, stock_environment
from tests.run.counting import Asked, Counting, Html, template

Made = dict[str, Callable[[str, dict[str, Any]], str]]

TEMPLATES = (
    "{% if a or b or c %}y{% endif %}",
    "{% if a and b and c %}y{% endif %}",
    "{% if (a or b) and (b or c) %}y{% endif %}",
    "{% if a.k or b.k or c.k %}y{% endif %}",
    "{% if not (a.k and b.k) or c.k %}y{% endif %}",
    "{% if a < b.k < c.k %}y{% endif %}",
    "{% if (a.k if b or c else c.k or a) %}y{% endif %}",
    "{% for x in [a, b, c] if x or a or b.k %}{{ loop.index }}{% endfor %}",
    "{% for x in [a, b, c] if x or a or b.k %}{{ loop.last }}{% endfor %}",
    "{{ a or b.k or c.k }}",
    "{{ (a and b.k) or c.k }}",
    "{{ (a.k or b) and c.k }}",
    "{{ not (a or b) }}{{ not a.k }}{{ not (a == b) }}",
    "{{ 'y' if a or b else 'n' }}{{ (a or b) if c else (b and a) }}",
    "{{ a if a and b }}",
    "{% set v = a or b.k %}{{ v|default(c, a or b) }}",
    "{{ a.k == b.k in c.k }}",
    "{% macro m(x) %}{% if x or a.k %}{{ x }}{% endif %}{% endmacro %}{{ m(a or b) }}",
)


def make() -> jinja2.Environment:
    return jinja2.Environment(autoescape=True)


def make_sandboxed() -> jinja2.Environment:
    return sandbox.SandboxedEnvironment(autoescape=True)


def sides(templates: dict[str, str], make: Callable[[], jinja2.Environment]) -> Made:
    stock, live = stock_environment(templates, make), live_environment(templates, make)
    plain, portable = load(templates, make), load(templates, make, portable=True)
    return {
        "jinja2": lambda name, given: stock.get_template(name).render(given),
        "live": lambda name, given: live.get_template(name).render(given),
        "bundle": lambda name, given: plain[name].render(given),
        "portable": lambda name, given: portable[name].render(given),
        "stream": lambda name, given: "".join(plain[name].stream(given)),
    }


def check(templates: dict[str, str], make: Callable[[], jinja2.Environment]) -> int:
    """Assert that all sides ask the same; return how often Jinja2 asked anything."""
    made, count = sides(templates, make), 0
    for name, truths in product(templates, product((True, False), repeat=3)):
        found = {}
        for side, render in made.items():
            asked: Asked = []
            given = {called: Counting(called, true, asked) for called, true in zip("abc", truths, strict=True)}
            given["h"] = Html("h", truths[0], asked)
            found[side] = outcome(lambda: render(name, given)), asked  # noqa: B023  # it is called here
        expected = found.pop("jinja2")
        count += len(expected[1])
        for side, other in found.items():
            assert other == expected, (side, templates[name], truths)
    return count


def test_each_operand_of_a_condition_is_asked_as_often_as_jinja2_asks() -> None:
    assert check({f"t{number}.html": text for number, text in enumerate(TEMPLATES)}, make) > 500


@pytest.mark.parametrize("kind", [make, make_sandboxed])
def test_values_are_asked_the_same_in_templates_made_at_random(kind: Callable[[], jinja2.Environment]) -> None:
    choices = random.Random(15)
    templates = {f"t{number}.html": template(choices) for number in range(30)}
    stock = stock_environment(templates, kind)
    for name in list(templates):
        try:
            stock.get_template(name)
        except Exception:  # Jinja2's optimizer runs into the error of a constant expression
            del templates[name]
    assert check(templates, kind) > 500


def test_a_sandbox_sees_the_operators_that_jinja2_lets_it_see_in_conditions_too() -> None:
    class Guarded(sandbox.SandboxedEnvironment):
        intercepted_binops = frozenset({"and", "or", "+", "**"})
        intercepted_unops = frozenset({"not", "not ", "-", "+"})
        seen: list[tuple[str, ...]] = []  # noqa: RUF012  # one for the test

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            self.seen.append((operator, str(left), str(right)))
            return left if operator in {"and", "or"} else self.binop_table[operator](left, right)

        def call_unop(self, context: Any, operator: str, arg: Any) -> Any:
            self.seen.append((operator, str(arg)))
            return arg

    templates = {
        "a.html": "{% if not x %}y{% else %}n{% endif %}{{ not x }}{{ 'y' if not x }}"
        "{% for i in [0, 1] if not i %}{{ i }}{% endfor %}{% if not (x and y) %}n{% endif %}"
        "{% if x and y or not y %}o{% endif %}{{ x and y }}"
        "{{ -x }}{{ +x }}{{ (-8) ** x }}{{ not 1 }}{% for i in [1] %}{{ i or x }}{% if i or x %}{% endif %}{% endfor %}"
    }
    kinds: dict[str, type] = {"plain": Guarded}
    for unops in ({"not"}, {"not "}, {"-"}):
        kinds[str(unops)] = type("Only", (Guarded,), {"intercepted_unops": frozenset(unops)})
    for kind in kinds.values():
        found = []
        for render in sides(templates, kind).values():
            Guarded.seen.clear()
            found.append((outcome(lambda: render("a.html", {"x": 2, "y": 0})), list(Guarded.seen)))  # noqa: B023
        assert all(other == found[0] for other in found), found
        assert found[0][0][0] == "text"


@pytest.mark.parametrize(
    "text",
    [
        "{{ (-8) ** m }} {{ -8 ** m }} {{ (-8)|abs ** m }} {{ (-x) ** m }} {{ -x ** m }} {{ (-0.5) ** m }}",
        "{{ (-8) ** m ** m }} {{ m ** -8 }} {{ 2 ** -1 ** m }} {{ (2 - 10) ** m }} {{ ('ab'|length - 9) ** m }}",
        "{{ (-8) ** m * -2 }} {{ -(-8) ** m }} {{ not (-8) ** m }} {{ (-8) ** m > 0 }} {{ (-8) ** m in [64, -64] }}",
        "{{ (-8).real }} {{ (-8)|abs }} {{ (-8) is odd }} {{ [(-8) ** m, (-1) ** m] }} {{ (-true) ** m }}",
        "{% if (-8) ** m > 0 %}p{% else %}n{% endif %}{% set v = (-2) ** m %}{{ v }}",
        "{% for i in [1, 2] %}{{ (-3) ** i }}{% endfor %}{% macro f(i) %}{{ (-3) ** i }}{% endmacro %}{{ f(m) }}",
        "{{ (-8) ** u }}",
        "{{ (-8) ** 'a' }}",
        "{% autoescape m %}{{ (-8) ** m }}{% endautoescape %}",
    ],
)
@pytest.mark.parametrize("optimized", [True, False])
def test_a_power_of_a_negative_constant_is_what_the_code_of_jinja2_says(text: str, optimized: bool) -> None:
    def make() -> jinja2.Environment:
        return jinja2.Environment(autoescape=True, optimized=optimized)

    found = [outcome(lambda: render("a.html", {"m": 2, "x": 8})) for render in sides({"a.html": text}, make).values()]  # noqa: B023
    assert found == [found[0]] * len(found)


def test_a_power_of_minus_eight_is_negative() -> None:
    assert blendtpl.load(blendtpl.compile({"a": "{{ (-8) ** m }}"})).render("a", m=2) == "-64"
