"""What an application changes in an environment is seen by a live one when Jinja2 sees it, and no earlier."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jinja2
import pytest

import blendtpl

Change = Callable[[Any, int], None]

# constants would not do: Jinja2 gives them to filters when it compiles
_TEMPLATES = {
    "page": """{% extends "base" %}{% import "macros" as m %}{% set early = a|own %}
{% block one %}{{ super() }}{{ change() }}{{ b|own }}{{ early }}{{ m.shout(c) }}{% endblock %}
{% block two %}{{ super() }}{% for x in [d, e] %}{% include "part" %}{% endfor %}{{ self.three() }}{% endblock %}
{% block three %}{{ [f, g]|map("own")|join }}{{ three if three is fine }}
{{- [none_, one]|select("fine")|list }}{% endblock %}""",
    "base": """{{ h|upper }}{% block one %}{{ i|own }}{% endblock %}{% block two %}{{ j|own }}{% endblock %}
{{ k|own }}{% block three %}{% endblock %}{{ glob }}""",
    "part": "<{{ x|own }}{{ x is fine }}{{ glob }}>",
    "macros": "{% macro shout(x) %}{{ x|own }}{{ glob }}{% endmacro %}",
    "alone": """{{ h|upper }}{{ l|own }}{% macro m(x) %}{{ x|own }}{% endmacro %}{{ m(p) }}{{ change() }}
{{- n|own }}{{ m(o) }}{% include "part" %}{{ glob }}""",
}


_CONTEXT = {letter: letter for letter in "abcdefghijklmnop"} | {"none_": 0, "one": 1, "three": 3, "x": 2}


def _again(number: int) -> Callable[[str], str]:
    return lambda text: f"{text}{number}"


def _streamed(template: jinja2.Template) -> str:
    return "".join(template.generate(_CONTEXT))


def _filters(environment: jinja2.Environment, number: int) -> None:
    environment.filters["own"] = _again(number)


def _own_of_jinja2(environment: jinja2.Environment, number: int) -> None:
    environment.filters["upper"] = lambda value: f"{number}{list(value)}"


def _tests(environment: jinja2.Environment, number: int) -> None:
    environment.tests["fine"] = lambda value: value == number


def _dicts(environment: jinja2.Environment, number: int) -> None:
    environment.filters = {**environment.filters, "own": _again(number)}
    environment.tests = {**environment.tests, "fine": lambda value: bool(number)}


def _absence(environment: jinja2.Environment, number: int) -> None:
    environment.filters.pop("own", None)


def _globals(environment: jinja2.Environment, number: int) -> None:
    environment.globals["glob"] = number


def _sources(environment: Any, number: int) -> None:
    environment.loader.mapping["part"] = f"[{number}{{{{ x }}}}]"
    environment.loader.mapping["base"] = _TEMPLATES["base"] + str(number)


def _changed(change: Change, environment: jinja2.Environment, number: int) -> str:
    change(environment, number)
    return ""


_CHANGES = (_filters, _own_of_jinja2, _tests, _dicts, _absence, _globals, _sources)


def _texts(
    kind: type[jinja2.Environment], name: str, change: Callable[[Any, int], None], within: bool
) -> Iterator[Any]:
    environment = kind(loader=jinja2.DictLoader(dict(_TEMPLATES)))
    environment.filters["own"], environment.tests["fine"] = _again(0), lambda value: value == 0
    environment.globals.update(glob="first", change=lambda: "")
    held = environment.get_template(name)
    for number in range(1, 4):
        if within:
            environment.globals["change"] = partial(_changed, change, environment, number)
        for template in (held, environment.get_template(name)):
            for render in (partial(template.render, _CONTEXT), partial(_streamed, template)):
                try:
                    yield render()
                except jinja2.TemplateError as error:
                    yield type(error), str(error)
        if not within:
            change(environment, number)


@pytest.mark.parametrize("within", [False, True], ids=["between renders", "in a render"])
@pytest.mark.parametrize("change", _CHANGES, ids=lambda change: change.__name__.strip("_"))
@pytest.mark.parametrize("name", ["page", "alone"])
def test_what_changes_is_seen_when_jinja2_sees_it(name: str, change: Change, within: bool) -> None:
    expected = list(_texts(jinja2.Environment, name, change, within))
    assert len(set(map(repr, expected))) > 1 or change is _absence
    assert list(_texts(blendtpl.Environment, name, change, within)) == expected


def test_a_template_keeps_the_code_of_the_last_change_alone() -> None:
    environment = blendtpl.Environment()
    environment.filters["own"] = _again(0)
    template: Any = environment.from_string("{{ x|own }}")
    asking = template.space["part"].__closure__[0].cell_contents.__self__
    for number in range(1, 5):
        environment.filters["own"] = _again(number)
        assert template.render(x="a") == f"a{number}"
        assert len(asking._state[2]) == 1
        assert asking._state[0] == (environment.filters["own"],)
