"""What templates call ``caller``, ``varargs``, ``kwargs``, ``self``, ``super`` and ``loop``, wherever that is asked."""

from collections.abc import Iterator, Mapping
from typing import Any

import jinja2
import pytest

from testkit.oracle import every_way, outcome, stock_environment

USES = (
    "{{ 'yes' if caller else 'no' }}", "{{ caller() }}", "{{ caller(1) }}", "{{ caller }}", "{{ caller is defined }}",
    "{% if caller %}{{ caller() }}{% endif %}", "{{ varargs }}", "{{ kwargs }}", "{{ kwargs.z }}{{ varargs[0] }}",
    "{{ box(caller=caller) }}", "{{ loose(*varargs, **kwargs) }}", "{{ show(caller=caller, v=varargs) }}",
    "{% set caller = 1 %}{{ caller }}", "{{ self.one() }}{{ super is defined }}",
    "{{ loop is defined }}{{ self is defined }}",
)  # fmt: skip
# `{}` is where a use stands
PLACES = {
    "macro": "{}",
    "block of a call": "{{% call box() %}}{}{{% endcall %}}",
    "block of a call, and behind it": "{{% call box() %}}{0}{{% endcall %}}{0}",
    "block of a call in one": "{{% call box() %}}{{% call lib.box() %}}{}{{% endcall %}}{{% endcall %}}",
    "block with an argument": "{{% call(v) with_one() %}}{}{{% endcall %}}",
    "block with a caller that is none": "{{% call(caller=none) box() %}}{}{{% endcall %}}",
    "block of a function": "{{% call show() %}}{}{{% endcall %}}",
    "macro in a macro": "{{% macro inner() %}}{}{{% endmacro %}}{{{{ inner() }}}}{{{{ inner(1, z=2) }}}}",
    "filter in a block": "{{% call box() %}}{{% filter upper %}}{}{{% endfilter %}}{{% endcall %}}",
    "set in a block": "{{% call box() %}}{{% set s %}}{}{{% endset %}}{{{{ s }}}}{{% endcall %}}",
    "set": "{{% set s %}}{}{{% endset %}}{{{{ s }}}}",
    "loop in a block": "{{% call box() %}}{{% for x in xs %}}{}{{% endfor %}}{{% endcall %}}",
    "block in a loop": "{{% for x in xs %}}{{{{ x }}}}{{% call box() %}}{}{{% endcall %}}{{% endfor %}}",
    "block in a printing loop": "{{% for x in xs %}}{{% call lib.box() %}}{}{{{{ x }}}}{{% endcall %}}{{% endfor %}}",
    "recursive loop": "{{% for x in xs recursive %}}{}{{{{ loop([]) }}}}{{% endfor %}}",
    "filtered loop": "{{% for x in xs if caller or varargs or x %}}{}{{% endfor %}}",
    "filtered loop in a block": "{{% call box() %}}{{% for x in xs if not caller %}}{}{{% endfor %}}{{% endcall %}}",
    "with": "{{% with caller = varargs %}}{}{{% endwith %}}",
    "include": "{{{{ caller() if caller }}}}{{% include 'asks {number}' %}}",
    "include beside a call": "{{{{ caller() }}}}{{% include 'asks {number}' %}}",
    "include in a block": "{{% call box() %}}{{% include 'asks {number}' %}}{{% endcall %}}",
    "scoped block": "{{{{ caller() }}}}{{% block b scoped %}}{}{{% endblock %}}",
    "default": "{{% macro inner(a=caller, b=varargs) %}}{{{{ a }}}}{{{{ b }}}}{}{{% endmacro %}}{{{{ inner() }}}}",
}
# how what is asked is called
CALLS = (
    "{{ asked() }}",
    "{{ asked(caller=none) }}",
    "{{ asked(caller=other) }}",
    "{{ asked(1, 2) }}",
    "{{ asked(z=1) }}",
    "{{ asked(1, z=2, caller=other) }}",
    "{{ asked(*xs, **{'z': 3}) }}",
    "{% call asked() %}x{% endcall %}",
    "{% call asked(1, 2, z=3) %}{{ caller is defined }}{{ varargs }}{% endcall %}",
    "{% call(v=5) asked() %}{{ v }}{{ kwargs }}{% endcall %}",
)
HEADS = ("", "a=1", "caller=none", "varargs=4, kwargs=a")
BOX = "{% macro box() %}[{{ caller() }}]{% endmacro %}"
LIBRARY = (
    "{% macro with_one() %}({{ caller(7) }}){% endmacro %}{% macro loose() %}{{ varargs }}{{ kwargs }}{% endmacro %}"
)


def environment() -> jinja2.Environment:
    return jinja2.Environment(autoescape=True)


def show(*arguments: object, **keywords: object) -> str:
    caller = keywords.pop("caller", None)
    return f"<{arguments} {keywords} {caller() if callable(caller) else caller}>"


def other(*arguments: object) -> str:
    return f"other {arguments}"


def calls(first: int) -> tuple[str, int]:
    """Return the code of every second call, of which `k` chooses one, and how many they are."""
    chosen = CALLS[first % 2 :: 2]
    branches = (f"{{% {'el' if at else ''}if k == {at} %}}{text}" for at, text in enumerate(chosen))
    return "".join(branches) + "{% endif %}", len(chosen)


def templates() -> Iterator[tuple[str, str, int]]:
    """Yield names, sources, and by how many values of `k` they are rendered."""
    yield "lib", LIBRARY + BOX, 0
    for number, use in enumerate(USES):
        yield f"asks {number}", use, 0
        for at, (place, around) in enumerate(PLACES.items()):
            head = HEADS[(number + at) % 8] if (number + at) % 8 < len(HEADS) else ""
            macro = f"{{% macro asked({head}) %}}{around.format(use, number=number)}{{% endmacro %}}"
            macro = f"{{% import 'lib' as lib %}}{{% from 'lib' import with_one, loose %}}{BOX}{macro}"
            called, count = calls(number + at)
            if (number + at) % 3:
                yield f"{place}, {number}", f"{macro}{{% block one %}}{{% endblock %}}{called}", count
            else:
                yield f"{place}, {number}, lib", macro, 0
                yield f"{place}, {number}", f"{{% from '{place}, {number}, lib' import asked %}}{called}", count


def contexts(count: int) -> Iterator[Mapping[str, Any]]:
    for k in range(count):
        yield {"k": k, "xs": [1, "<"], "other": other, "show": show}
        yield {"k": k, "xs": [], "other": other, "show": show, "caller": "of the context", "varargs": 8, "kwargs": 9}


@pytest.mark.slow
def test_special_names_mean_what_they_mean_in_jinja2() -> None:
    made = {name: source for name, source, _ in templates()}
    stock = stock_environment(made, environment)
    expected = [
        (name, each, outcome(lambda: stock.get_template(name).render(each)))  # noqa: B023
        for name, _, count in templates()
        for each in contexts(count)
    ]

    for way, render in every_way(made, environment, portable=False).items():
        for name, each, wanted in expected:
            assert outcome(lambda: render(name, each)) == wanted, f"{name} ({way}, {each}): {made[name]}"  # noqa: B023
