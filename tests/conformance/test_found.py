"""What the templates of packages brought to light, each as the smallest template that shows it."""

from typing import Any

import jinja2
import pytest
from jinja2 import ext, nodes

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

    texts = {
        "t": "{{ 'a.html' is existing }} {{ 'b.html' is existing }} {{ 'c.txt' is existing }}",
        "a.html": "",
        "c.txt": "",
    }
    stock = jinja2.Environment(loader=jinja2.DictLoader(texts))
    stock.tests["existing"] = existing
    registry = blendtpl.load(blendtpl.compile(texts, environment=stock), environment=stock)
    assert registry.render("t") == stock.get_template("t").render() == "True False False"


class _Default(ext.Extension):
    """A tag for a macro that is there unless there is one of that name: two in place of one, without lines."""

    tags = {"defaultmacro"}  # noqa: RUF012

    def parse(self, parser: Any) -> list[nodes.Node]:
        macro = nodes.Macro(lineno=next(parser.stream).lineno)
        macro.name = parser.parse_assign_target(name_only=True).name
        parser.parse_signature(macro)
        macro.body = parser.parse_statements(("name:enddefaultmacro",), drop_needle=True)
        again = nodes.Macro(macro.name, macro.args, macro.defaults, macro.body)
        macro.name = f"default_{macro.name}"
        return [macro, nodes.If(nodes.Not(nodes.Name(again.name, "load")), [again], [], [])]


def test_nodes_of_an_extension_need_no_lines() -> None:
    # pdoc 16.0.0, default/module.html.jinja2
    text = "{% defaultmacro f(a) %}<{{ a }}>{% for b in a %}{{ b }}{% endfor %}{% enddefaultmacro %}\n{{ f([1, 2]) }}"
    stock = jinja2.Environment(extensions=[_Default], loader=jinja2.DictLoader({"t": text}))
    expected = stock.get_template("t").render()
    assert expected == "\n<[1, 2]>12"
    assert blendtpl.Environment(extensions=[_Default]).from_string(text).render() == expected
    assert blendtpl.load(blendtpl.compile(stock), environment=stock).render("t") == expected


class _Cache(jinja2.BytecodeCache):
    def __init__(self) -> None:
        self.kept = dict[str, bytes]()

    def load_bytecode(self, bucket: Any) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Any) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


def test_a_live_environment_takes_what_jinja2_left_in_a_cache_of_code() -> None:
    # xsdata 26.10 keeps one
    options: dict[str, Any] = {"loader": jinja2.DictLoader({"t": "<{{ a }}>"}), "bytecode_cache": _Cache()}
    assert jinja2.Environment(**options).get_template("t").render(a=1) == "<1>"
    assert options["bytecode_cache"].kept
    assert blendtpl.Environment(**options).get_template("t").render(a=1) == "<1>"
