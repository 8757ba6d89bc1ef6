"""What functions that are passed a context find in it, and what is made for that."""

from typing import Any

import jinja2
import pytest
from jinja2.utils import missing

import blendtpl


def rendered(source: str, function: Any, **variables: Any) -> tuple[str, str]:
    """Return what blendtpl renders with a function named `f`, and what Jinja2 does."""
    texts = {"a.html": source, "base.html": "[{% block b %}{% endblock %}]{{ f() }}"}
    environment = jinja2.Environment(loader=jinja2.DictLoader(texts))
    environment.globals["f"] = jinja2.pass_context(function)
    ours = blendtpl.load(blendtpl.compile(texts, environment=environment), environment=environment)
    return ours["a.html"].render(variables), environment.get_template("a.html").render(variables)


SOURCES = [
    "{{ f() }}",
    "{{ x }}{% set y = 3 %}{{ f() }}",
    "{% set range = 3 %}{{ f() }}{% set x = 5 %}{{ f() }}",
    "{% extends 'base.html' %}{% set x = 9 %}{% block b %}{{ x }}{{ f() }}{% endblock %}",
    "{% extends layout %}{% set x = 9 %}{% block b %}{{ x }}{{ f() }}{% endblock %}",
    "{% for x in [7] %}{{ f() }}{% endfor %}",
]
VARIABLES = {"b": 1, "x": 2, "layout": "base.html", "dict": None, "gone": missing}


@pytest.mark.parametrize("source", SOURCES)
def test_a_context_has_what_jinja2_has_in_it_in_the_same_order(source: str) -> None:
    def function(context: Any) -> str:
        kept = {name: value for name, value in context.get_all().items() if isinstance(value, int | None)}
        found = [context.get(name, "none") for name in ("x", "y", "range", "dict", "nothing", "gone")]
        return f"{kept} {found} {'x' in context} {'y' in context} {context.resolve('nothing')!r} {len(context.keys())}"

    ours, theirs = rendered(source, function, **{name: value for name, value in VARIABLES.items() if name != "gone"})
    assert ours == theirs
    ours, theirs = rendered(source, lambda context: context.resolve_or_missing("gone") is missing, **VARIABLES)
    assert ours == theirs


def test_a_function_that_looks_one_name_up_has_no_dict_of_all_names_made() -> None:
    made = []

    def function(context: Any) -> Any:
        found = context["x"], context.get("nothing"), context.resolve("range")
        made.append("parent" in vars(context))
        return found

    ours, theirs = rendered("{{ f() }}", function, **VARIABLES)
    assert ours == theirs
    assert made == [False, True]  # ours, then Jinja2's


def test_variables_are_those_of_when_the_render_began() -> None:
    variables: dict[str, Any] = {"x": 1, "change": lambda: variables.update(x=2)}
    environment = jinja2.Environment()
    environment.globals["f"] = jinja2.pass_context(lambda context: context["x"])
    registry = blendtpl.load(
        blendtpl.compile({"a": "{{ change() }}{{ f() }}"}, environment=environment), environment=environment
    )
    assert registry["a"].render(variables) == "None1"
