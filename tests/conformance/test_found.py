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


def test_a_test_that_is_passed_the_environment_lists_the_templates_of_the_bundle() -> None:
    # mkdocstrings-python 2.0.11, _base/language.html.jinja: `{% if lang_pth is existing_template %}`
    @jinja2.pass_environment
    def existing(environment: jinja2.Environment, name: str) -> bool:
        return name in environment.list_templates() and name in environment.list_templates(extensions=["html"])

    texts = {"t": "{{ 'a.html' is existing }} {{ 'b.html' is existing }} {{ 'c.txt' is existing }}", "a.html": "", "c.txt": ""}
    stock = jinja2.Environment(loader=jinja2.DictLoader(texts))
    stock.tests["existing"] = existing
    registry = blendtpl.load(blendtpl.compile(texts, environment=stock), environment=stock)
    assert registry.render("t") == stock.get_template("t").render() == "True False False"
