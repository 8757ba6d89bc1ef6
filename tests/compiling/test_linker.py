"""What linking knows of a program: which templates a template reaches, what it reads, which blocks it has."""

from collections.abc import Mapping
from typing import Any

import jinja2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import blendtpl


def entries(source: dict[str, str], **options: Any) -> Mapping[str, blendtpl.Entry]:
    return blendtpl.compile(source, **options).manifest.templates


def reads(text: str, **others: str) -> str:
    return " ".join(entries({"a": text, **others})["a"].variables)


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("{{ x.y.z }}{{ y['k'] }}", "x y"),
        ("{% set x = 1 %}{{ x }}", ""),
        ("{{ x }}{% set x = 1 %}", "x"),
        ("{% set x = x %}{{ x }}", "x"),
        ("{% set x, y = z %}{{ x }}{{ y }}", "z"),
        ("{% if a %}{% set x = 1 %}{% endif %}{{ x }}", "a x"),
        ("{% if a %}{% set x = 1 %}{% else %}{% set x = 2 %}{% endif %}{{ x }}", "a"),
        ("{% if a %}{% set x = 1 %}{% elif b %}{% else %}{% set x = 2 %}{% endif %}{{ x }}", "a b x"),
        ("{% for x in y %}{{ x }}{{ loop.index }}{% endfor %}{{ x }}{{ loop }}", "loop x y"),
        ("{% for x in y %}{% set z = 1 %}{% endfor %}{{ z }}", "y z"),
        ("{% for x in y %}{{ z }}{% set z = 1 %}{% endfor %}", "y z"),
        ("{% for x in x %}{{ x }}{% endfor %}", "x"),
        ("{% for x, y in z if x and w %}{{ y }}{% else %}{{ v }}{% endfor %}", "v w z"),
        ("{% for x in y %}{% else %}{{ x }}{% endfor %}", "x y"),
        ("{% with x = 1, y = x %}{{ x }}{{ y }}{% endwith %}{{ y }}", "x y"),
        ("{% macro m(x, y=z, w=x) %}{{ x }}{{ y }}{{ v }}{{ m(1) }}{{ caller() }}{{ kwargs }}{% endmacro %}", "v z"),
        ("{{ m() }}{% macro m() %}{% endmacro %}", "m"),
        ("{% macro m() %}{{ x }}{% endmacro %}{% set x = 1 %}{{ m() }}", "x"),
        ("{% call(x) f(y) %}{{ x }}{{ z }}{% endcall %}", "f y z"),
        ("{% set x %}{{ x }}{{ y }}{% endset %}{{ x }}", "x y"),
        ("{% filter replace(x, y) %}{{ z }}{% endfilter %}", "x y z"),
        ("{% set ns = namespace(a=b) %}{% set ns.a = c %}{{ ns.a }}", "b c"),
        ("{% set ns.a = 1 %}", "ns"),
        ("{{ range(x) }}{{ dict(a=y) }}{{ lipsum() }}{{ cycler(1) }}{{ joiner() }}", "x y"),
        ("{% trans n=x, z %}{{ n }} {{ y }}{% pluralize z %}{{ z }}{% endtrans %}", "x y z"),
        ("{{ true and none and True }}{{ x is defined }}{{ y|default(z) }}", "x y z"),
        ("{% autoescape x %}{{ y }}{% endautoescape %}{% do x.append(z) %}", "x y z"),
        ("{{ self.b() }}{% block b %}{{ super }}{{ x }}{% endblock %}", "x"),
        ("{% set x = 1 %}{% block b %}{{ x }}{% endblock %}", ""),
        ("{% block b %}{{ x }}{% endblock %}{% set x = 1 %}", "x"),
        ("{% for x in y %}{% block b %}{{ x }}{% endblock %}{% endfor %}", "x y"),
        ("{% for x in y %}{% block b scoped %}{{ x }}{% endblock %}{% endfor %}", "y"),
        ("{% block b %}{% set x = 1 %}{% endblock %}{{ x }}", "x"),
        ("{% include x %}{% import y as z %}{% from w if v else u import q %}{{ z }}{{ q }}", "u v w x y"),
        ("{{ x if y else z }}{{ [a, {b: c}] }}{{ d[e:f] }}{{ not g }}", "a b c d e f g x y z"),
    ],
)
def test_variables_are_the_names_that_a_template_reads_without_having_set_them(text: str, variables: str) -> None:
    assert reads(text) == variables


@pytest.mark.parametrize(
    ("source", "variables"),
    [
        ({"a": "{% include 'b' %}", "b": "{{ x }}"}, "x"),
        ({"a": "{% include 'b' without context %}", "b": "{{ x }}"}, ""),
        ({"a": "{% set x = 1 %}{% include 'b' %}", "b": "{{ x }}{{ y }}"}, "y"),
        ({"a": "{% for x in z %}{% include 'b' %}{% endfor %}", "b": "{{ x }}{{ loop }}"}, "loop z"),
        ({"a": "{% include 'b' %}{{ x }}", "b": "{% set x = 1 %}"}, "x"),
        ({"a": "{% import 'b' as b %}{{ b.m() }}", "b": "{% macro m() %}{{ x }}{% endmacro %}"}, ""),
        ({"a": "{% import 'b' as b with context %}", "b": "{% macro m() %}{{ x }}{% endmacro %}"}, "x"),
        ({"a": "{% from 'b' import m with context %}{{ m }}", "b": "{{ x }}"}, "x"),
        ({"a": "{% include ['no', 'b'] %}", "b": "{{ x }}"}, "x"),
        ({"a": "{% include 'b' if c else 'd' %}", "b": "{{ x }}", "d": "{{ y }}"}, "c x y"),
        ({"a": "{% include 'b' %}", "b": "{% include 'd' %}{% set y = 1 %}", "d": "{{ x }}{{ y }}"}, "x y"),
        ({"a": "{% if n %}{% include 'a' %}{% endif %}{{ x }}"}, "n x"),
        ({"a": "{% extends 'b' %}{{ dead }}", "b": "{{ x }}"}, "x"),
        ({"a": "{% extends 'b' %}{% set x = y %}", "b": "{{ x }}"}, "y"),
        (
            {
                "a": "{% extends 'b' %}{% block c %}{{ y }}{% endblock %}",
                "b": "{% block c %}{{ x }}{% endblock %}",
            },
            "y",
        ),
        (
            {
                "a": "{% extends 'b' %}{% block c %}{{ super() }}{{ y }}{% endblock %}",
                "b": "{% block c %}{{ x }}{% endblock %}",
            },
            "x y",
        ),
        (
            {
                "a": "{% extends 'b' %}{% set x = 1 %}{% block c %}{{ x }}{{ super() }}{% endblock %}",
                "b": "{% extends 'd' %}{% block c %}{{ y }}{{ super() }}{% endblock %}",
                "d": "{% for i in l %}{% block c scoped %}{{ i }}{{ x }}{% endblock %}{% endfor %}",
            },
            "l y",
        ),
        (
            {
                "a": "{% extends 'b' %}{% block c %}{% include 'd' %}{% endblock %}",
                "b": "{% block c %}{% include 'e' %}{% endblock %}",
                "d": "{{ x }}",
                "e": "{{ y }}",
            },
            "x",
        ),
    ],
)
def test_variables_are_those_of_everything_that_sees_the_context(source: dict[str, str], variables: str) -> None:
    names = entries(source)["a"].variables
    assert " ".join(names) == variables


def test_globals_of_the_environment_are_no_variables() -> None:
    environment = jinja2.Environment()
    environment.globals["site"] = "s"
    assert entries({"a": "{{ site }}{{ x }}"}, environment=environment)["a"].variables == ("x",)
    assert blendtpl.compile({"a": "{{ site }}"}, environment=environment).manifest.needs.globals == ("site",)


def test_blocks_are_its_own_and_those_of_what_it_surely_extends() -> None:
    source = {
        "a": "{% extends 'b' %}{% block own %}{% block inner %}{% endblock %}{% endblock %}"
        "{% block top %}{% endblock %}",
        "b": "{% extends 'c' if x else 'c' %}{% block middle %}{% endblock %}",
        "c": "{% block top %}{% endblock %}",
        "d": "{% extends 'b' %}",
        "e": "{% include 'c' %}",
    }
    found = entries(source)
    assert set(found["a"].blocks) == {"own", "inner", "top", "middle"}
    assert [found[name].blocks for name in "bcde"] == [("middle",), ("top",), ("middle",), ()]


def test_references_are_told_in_order_with_their_names_and_lines() -> None:
    text = "{% extends 'b' %}\n{% include ['c', 'b'] ignore missing %}\n{% import 'b' as x %}{% from y import z %}"
    assert [
        (found.kind, found.names, found.line) for found in entries({"a": text, "b": "", "c": ""})["a"].references
    ] == [("extends", ("b",), 1), ("include", ("c", "b"), 2), ("import", ("b",), 3), ("from", (), 3)]


def test_references_are_joined_as_the_environment_joins_them() -> None:
    class Relative(jinja2.Environment):
        def join_path(self, template: str, parent: str) -> str:
            return f"{parent.rpartition('/')[0]}/{template[2:]}" if template.startswith("./") else template

    source = {"x/a": "{% include './b' %}", "x/b": "{{ y }}"}
    environment = Relative()
    bundle = blendtpl.compile(source, environment=environment)
    assert bundle.manifest.templates["x/a"].variables == ("y",)
    assert blendtpl.load(bundle, environment=environment).render("x/a", y=1) == "1"
    with pytest.raises(blendtpl.LinkError, match="no template `x/c`"):
        blendtpl.compile({**source, "x/a": "{% include './c' %}"}, environment=environment)


NAMES = list("abcdef")
name = st.sampled_from(NAMES)
template_name = st.sampled_from(["t1", "t2", "t3"])

leaves = st.one_of(
    name.map(lambda n: f"{{{{ {n} }}}}"),
    st.tuples(name, name).map(lambda p: f"{{% set {p[0]} = {p[1]} %}}"),
    name.map(lambda n: f"{{% set {n} = 'set' %}}"),
    st.tuples(name, name).map(lambda p: f"{{{{ {p[0]}|default('-') ~ ({p[1]} is defined) }}}}"),
    st.tuples(name, name).map(lambda p: f"{{% macro {p[0]}(x={p[1]}) %}}{{{{ x }}}}{{{{ {p[1]} }}}}{{% endmacro %}}"),
    st.tuples(name, name).map(lambda p: f"{{{{ ({p[0]} if {p[1]} else 1) }}}}"),
)


def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(inner, max_size=3).map("".join)
    return st.one_of(
        st.tuples(name, body, body).map(lambda p: f"{{% if {p[0]} %}}{p[1]}{{% else %}}{p[2]}{{% endif %}}"),
        st.tuples(name, body).map(lambda p: f"{{% if {p[0]} %}}{p[1]}{{% endif %}}"),
        st.tuples(name, name, body, body).map(
            lambda p: f"{{% for {p[0]} in [{p[1]}, 2] %}}{p[2]}{{% else %}}{p[3]}{{% endfor %}}"
        ),
        st.tuples(name, name, body).map(lambda p: f"{{% for {p[0]} in 'xy' if {p[1]} %}}{p[2]}{{% endfor %}}"),
        st.tuples(name, name, name, body).map(
            lambda p: f"{{% with {p[0]} = {p[1]}, {p[2]} = {p[0]} %}}{p[3]}{{% endwith %}}"
        ),
        st.tuples(name, body).map(lambda p: f"{{% set {p[0]} %}}{p[1]}{{% endset %}}"),
        body.map(lambda text: f"{{% filter upper %}}{text}{{% endfilter %}}"),
        st.tuples(name, name, body).map(
            lambda p: f"{{% macro {p[0]}(x={p[1]}) %}}{p[2]}{{% endmacro %}}{{{{ {p[0]}() }}}}"
        ),
    )


statements = st.recursive(leaves, nested, max_leaves=8)
includes = st.one_of(
    st.just("{% include 'part' %}"),
    st.just("{% import 'part' as f with context %}"),
    st.just("{% from 'part' import a with context %}"),
    st.just("{% for d in 'uv' %}{% include 'part' %}{% endfor %}"),
    st.just("{% if a %}{% include 'part' %}{% endif %}"),
)
block = st.tuples(
    st.sampled_from("xyz"),
    st.sampled_from(["", " scoped"]),
    st.lists(st.one_of(statements, includes, st.just("{{ super() }}")), max_size=3).map("".join),
)


def blocks_of(found: list[tuple[str, str, str]], supers: bool, around: str) -> str:
    texts = []
    for number, (block_name, scoped, body) in enumerate({item[0]: item for item in found}.values()):
        text = body if supers else body.replace("{{ super() }}", "")
        whole = f"{{% block {block_name}{scoped} %}}{text}{{% endblock %}}"
        texts.append(f"{{% for {around} in 'pq' %}}{whole}{{% endfor %}}" if number == 0 and around else whole)
    return "".join(texts)


@st.composite
def programs(draw: st.DrawFn) -> dict[str, str]:
    """Sets of templates: a child, what it extends, and a part that either may include or import."""
    pieces = st.lists(st.one_of(statements, includes), min_size=1, max_size=5).map("".join)
    parent_blocks = draw(st.lists(block, max_size=3))
    child_blocks = [
        item for item in draw(st.lists(block, max_size=3)) if item[0] in {found[0] for found in parent_blocks}
    ]
    around = draw(st.sampled_from(["", "a", "b"]))
    parent = draw(pieces) + blocks_of(parent_blocks, False, around) + draw(pieces)
    child = "{% extends 'parent' %}" + draw(pieces) + blocks_of(child_blocks, True, "")
    return {"child": child, "parent": parent, "part": "".join(draw(st.lists(statements, min_size=1, max_size=3)))}


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(programs(), st.fixed_dictionaries(dict.fromkeys(NAMES, st.sampled_from(["text", "<b>", ""]))))
def test_the_variables_of_a_template_are_all_that_it_needs_of_a_context(
    source: dict[str, str], context: dict[str, str]
) -> None:
    environment = jinja2.Environment(undefined=jinja2.ChainableUndefined)
    registry = blendtpl.load(blendtpl.compile(source, environment=environment), environment=environment)
    for template_name in source:
        template = registry[template_name]
        needed = {key: value for key, value in context.items() if key in template.variables}
        assert outcome(template, needed) == outcome(template, context)


def outcome(template: blendtpl.Template, context: dict[str, str]) -> str:
    try:
        return template.render(context)
    except (TypeError, jinja2.TemplateError, RecursionError) as error:
        return type(error).__name__
