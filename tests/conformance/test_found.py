"""What the templates of packages brought to light, each as the smallest template that shows it."""

import jinja2
import pytest

import blendtpl

FOUND = {
    # flask-admin 2.2.1, admin/lib.html: `render_field(form, field, kwargs={}, caller=None)`
    "a macro's own argument called kwargs": "{% macro f(a, kwargs={}) %}{{ kwargs }}{% endmacro %}{{ f(1, {}) }}",
    "a macro's own argument called varargs": "{% macro f(varargs=3) %}{{ varargs }}{% endmacro %}{{ f() }}{{ f(1) }}",
    "a caller of a macro's own": (
        "{% macro f(kwargs={}, caller=None) %}{{ kwargs }}{{ caller(1) if caller }}{% endmacro %}"
        "{{ f({}) }}{% call(x) f() %}{{ x }}{% endcall %}"
    ),
}


@pytest.mark.parametrize("template", FOUND.values(), ids=FOUND.keys())
def test_it_renders_as_in_jinja2(template: str) -> None:
    expected = jinja2.Environment().from_string(template).render()
    assert blendtpl.Environment().from_string(template).render() == expected
    assert blendtpl.load(blendtpl.compile({"t": template})).render("t") == expected
