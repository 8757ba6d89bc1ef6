# ruff: noqa: E501  # template texts and tables are easier to read in one line
"""A block rendered alone is the part of the page that it is; a stream is the page in pieces."""

import gc
import itertools
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import jinja2
import pytest
from jinja2.runtime import Context

import blendtpl
from testkit import TEMPLATES
from testkit.examples import context_of, every_example
from testkit.oracle import load

SET = {
    "base.html": "{% set where = 'base' %}{% from 'lib.html' import bold %}{% macro own() %}own{% include 'inc.html' %}{% endmacro %}"
    "<head>{% block head %}<title>{{ title }}|{{ where }}</title>{% endblock %}</head>{{ costly() if costly is defined }}"
    "<body>{% block body %}{{ bold('base') }}{{ own() }}{% endblock %}</body>{% block foot %}{{ self.head() }}{% endblock %}",
    "mid.html": "{% extends 'base.html' %}{% set subtitle = 'mid' %}{% set level = 2 %}{% block body %}mid({{ super() }}){{ level }}{% block deep %}deep{% endblock %}{% endblock %}",
    "page.html": "{% extends 'mid.html' %}{% import 'lib.html' as lib %}{% set title = 'page ' ~ user %}"
    "{% set text %}[{% include 'inc.html' %}{{ title }}]{% endset %}{% macro local(x) %}{{ x }}{{ caller() if caller is defined }}{% include 'inc.html' %}{% endmacro %}"
    "{% block body %}{{ super() }}{{ lib.bold(title) }}{{ text }}{{ local(1) }}{% call local(2) %}c{% endcall %}{% include 'inc.html' %}{% endblock %}"
    "{% block list %}{% for x in [1, 2] %}{% block row scoped %}{{ x }}{{ user }}{% endblock %}{% endfor %}{% endblock %}",
    "lib.html": "{% macro bold(x) %}<b>{{ x }}</b>{% endmacro %}",
    "inc.html": "<i>{{ user }}</i>",
}  # fmt: skip


@pytest.fixture(scope="module")
def small() -> blendtpl.Registry:
    return load(SET)


@pytest.mark.parametrize(
    ("block", "text"),
    [
        ("head", "<title>page &lt;|base</title>"),
        ("foot", "<title>page &lt;|base</title>"),
        ("deep", "deep"),
        (
            "body",
            "mid(<b>base</b>own<i>&lt;</i>)2deep<b>page &lt;</b>[<i>&lt;</i>page &lt;]1<i>&lt;</i>2c<i>&lt;</i><i>&lt;</i>",
        ),
    ],
)
def test_a_block_sees_what_the_chain_sets_imports_and_defines_at_its_top(
    small: blendtpl.Registry, block: str, text: str
) -> None:
    assert small["page.html"].render_block(block, user="<") == text
    assert text in small.render("page.html", user="<")


def test_a_block_sees_what_a_page_sets_that_does_nothing_else_at_its_top() -> None:
    registry = load(
        {
            "page.html": "{% extends 'base.html' %}{% import 'lib.html' as lib %}{% set a = 1 %}{% set c = 'c' %}"
            "{% block body %}{{ lib.bold(a) }}{{ b }}{{ c }}{% endblock %}",
            "base.html": "{% set b = 2 %}{% set c = b ~ 'base' %}{% block body %}{% endblock %}{{ a }}",
            "bare.html": "{% extends 'none.html' %}{% set a = 1 %}{% block body %}{{ a }}{% endblock %}",
            "none.html": "<{% block body %}{% endblock %}>",
            "lib.html": SET["lib.html"],
        }
    )
    assert registry["page.html"].render_block("body") == "<b>1</b>22base"
    assert registry.render("page.html") == "<b>1</b>22base1"
    assert registry["bare.html"].render_block("body", a=0) == "1"
    assert "".join(registry["bare.html"].stream(a=0)) == "<1>"
    assert str(registry["bare.html"]._compiled.make_module({"a": 0})) == "<1>"


def test_nothing_else_of_the_page_runs_for_a_block(small: blendtpl.Registry) -> None:
    def costly() -> str:
        raise AssertionError

    assert small["page.html"].render_block("deep", user="", costly=costly) == "deep"
    with pytest.raises(AssertionError):
        small.render("page.html", user="", costly=costly)


def test_a_scoped_block_is_given_the_locals_of_its_loop(small: blendtpl.Registry) -> None:
    assert small["page.html"].render_block("row", user="u", x=5) == "5u"
    assert small["page.html"].render_block("list", user="u") == "1u2u"
    with pytest.raises(blendtpl.UndefinedError, match="'x' is undefined"):
        small["page.html"].render_block("row", user="u")


def test_the_block_is_the_innermost_templates_of_the_chain(small: blendtpl.Registry) -> None:
    assert small["base.html"].render_block("body", user="u") == "<b>base</b>own<i>u</i>"
    assert small["mid.html"].render_block("body", user="u").startswith("mid(<b>base")


def test_extends_by_a_name_of_run_time_or_under_a_condition_holds_for_blocks_too() -> None:
    registry = load(
        {
            "page.txt": "{% if wide %}{% extends 'wide.txt' %}{% elif other %}{% extends other %}{% else %}{% set w = 'no' %}{% endif %}{% block a %}{{ super() if wide or other }}{{ w }}{% endblock %}",
            "wide.txt": "{% set w = 'wide' %}{% block a %}a{% endblock %}{% block b %}b{{ w }}{% endblock %}{{ boom }}",
            "thin.txt": "{% extends 'wide.txt' %}{% set w = 'thin' %}{% block b %}thin{{ super() }}{% endblock %}",
        }
    )
    page = registry["page.txt"]
    assert page.render_block("a", wide=1) == "awide"
    assert page.render_block("b", wide=1) == "bwide"
    assert page.render_block("b", wide=0, other="thin.txt") == "thinbwide"
    assert page.render_block("b", wide=0, other=registry["thin.txt"]) == "thinbwide"
    assert page.render_block("a", wide=0, other=None) == "no"
    with pytest.raises(blendtpl.BlockNotFound):
        page.render_block("b", wide=0, other=None)
    with pytest.raises(blendtpl.TemplateNotFound):
        page.render_block("a", wide=0, other="nope.txt")


def test_extending_a_handle_of_another_registry_runs_only_its_top_level_for_a_block() -> None:
    other = load({"page.txt": "{% set w = 'theirs' %}{{ boom }}{% block a %}a{{ w }}{% endblock %}"})
    registry = load({"page.txt": "{% extends layout %}{% block a %}{{ super() }}!{% endblock %}"})
    assert registry["page.txt"].render_block("a", layout=other["page.txt"]) == "atheirs!"


def test_some_blocks_are_rendered_in_one_call_and_share_what_is_computed(small: blendtpl.Registry) -> None:
    page = small["page.html"]
    each = [page.render_block(block, user="<") for block in ("deep", "head", "deep")]
    assert page.render_blocks(["deep", "head", "deep"], user="<") == "".join(each)
    assert page.render_blocks([], {"user": "<"}) == ""
    templates = {"main.html": "{% set x = f() %}{% block a %}{{ x }}{% endblock %}{% block b %}<{{ x }}{% endblock %}"}
    live = blendtpl.Environment(loader=jinja2.DictLoader(templates), autoescape=True)
    kinds: list[Any] = [load(templates)["main.html"], live.get_template("main.html")]
    for template in kinds:
        assert template.render_blocks(iter("ba"), f=itertools.count(1).__next__) == "<11"


def test_one_name_in_place_of_several_blocks_is_an_error_that_says_what_to_write(small: blendtpl.Registry) -> None:
    with pytest.raises(TypeError, match=r"write `render_blocks\(\['deep'\]\)`"):
        small["page.html"].render_blocks("deep", user="")
    with pytest.raises(blendtpl.BlockNotFound):
        small["page.html"].render_blocks(["deep", "bdy"], user="")


def test_a_block_that_is_missing_is_an_error_with_a_hint(small: blendtpl.Registry) -> None:
    with pytest.raises(blendtpl.BlockNotFound) as caught:
        small["page.html"].render_block("bdy", user="")
    error = caught.value
    assert isinstance(error, KeyError)
    assert isinstance(error, blendtpl.RenderError)
    assert (error.name, error.block) == ("page.html", "bdy")
    assert str(error) == "no block `bdy` in template `page.html`; did you mean `body`?"
    with pytest.raises(blendtpl.BlockNotFound, match="it has none"):
        small["inc.html"].render_block("x")
    with pytest.raises(blendtpl.BlockNotFound, match="it has `body`, `list`, `row`"):
        small["page.html"].render_block("qqqq", user="")


def test_the_blocks_that_a_template_names_are_those_that_it_renders(small: blendtpl.Registry) -> None:
    for template in small.values():
        for block in template.blocks:
            assert isinstance(template.render_block(block, user="u", x=1, title="t"), str)


Blocks = dict[str, list[str]]


def recording(registry: blendtpl.Registry, texts: Blocks) -> jinja2.Environment:
    """Return Jinja2 itself with Feedwhip's templates, each block of which adds the text it gives to `texts`."""

    def recorded(block: str, function: Callable[[Context], Iterator[str]]) -> Callable[[Context], Iterator[str]]:
        def run(context: Context) -> Iterator[str]:
            text = "".join(function(context))
            texts.setdefault(block, []).append(text)
            yield text

        return run

    environment = blendtpl.default_environment()
    environment.loader = jinja2.FileSystemLoader(TEMPLATES)
    for name in registry:
        template = environment.get_template(name)
        for block, function in list(template.blocks.items()):
            wrapped = recorded(block, function)
            template.blocks[block] = wrapped
            template.root_render_func.__globals__[function.__name__] = wrapped  # what `super()` looks for
    return environment


def test_every_block_of_every_example_is_what_jinja2_puts_there_in_the_whole(registry: blendtpl.Registry) -> None:
    texts: Blocks = {}
    environment = recording(registry, texts)
    compared = 0
    for name, example in every_example():
        template, context = registry[name], context_of(name, example)
        texts.clear()
        environment.get_template(name).render(context)
        for block in texts.keys() & set(template.blocks):
            try:
                text = template.render_block(block, context)
            except blendtpl.UndefinedError:
                continue  # a scoped block, whose locals the example does not have
            assert text in texts[block], (name, example, block)
            compared += 1
    assert compared > 400


def test_a_block_given_a_namespace_or_a_mutable_value_changes_nothing_for_the_next(small: blendtpl.Registry) -> None:
    registry = load(
        {"a.txt": "{% set ns = namespace(n=0) %}{% block a %}{% set ns.n = ns.n + 1 %}{{ ns.n }}{% endblock %}"}
    )
    assert [registry["a.txt"].render_block("a") for _ in range(3)] == ["1", "1", "1"]


def test_a_stream_is_the_text_in_pieces_of_some_kilobytes() -> None:
    registry = load({"a.txt": "{% for x in xs %}{{ x }}{% endfor %}end"})
    pieces = list(registry["a.txt"].stream(xs=["x" * 1000] * 100))
    assert "".join(pieces) == "x" * 100_000 + "end"
    assert all(8192 <= len(piece) < 10_000 for piece in pieces[:-1])
    assert list(load({"a.txt": ""})["a.txt"].stream()) == []


def test_a_stream_is_lazy_and_takes_no_more_than_it_must() -> None:
    taken = []

    def source() -> Iterator[str]:
        for index in range(100):
            taken.append(index)
            yield "x" * 4096

    pieces = load({"a.txt": "{% for x in xs %}{{ x }}{% endfor %}"})["a.txt"].stream(xs=source())
    assert taken == []
    next(pieces)
    assert len(taken) <= 3


def test_a_stream_of_200_megabytes_is_never_in_memory() -> None:
    templates = {
        "a.html": "{% extends 'base.html' %}{% block body %}{% for x in xs %}{% include 'row.html' %}{% endfor %}{% endblock %}",
        "base.html": "{% block body %}{% endblock %}",
        "row.html": "{{ x }}",
    }
    piece = "x" * 100_000
    stream = load(templates)["a.html"].stream(xs=(piece for _ in range(2000)))
    tracemalloc.start()
    try:
        size = sum(map(len, stream))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size == 200_000_000
    assert peak < 2_000_000


@pytest.mark.parametrize("how", ["close", "drop"])
def test_a_stream_that_is_left_early_closes_what_it_was_reading(how: str) -> None:
    closed = []

    def source() -> Iterator[str]:
        try:
            while True:
                yield "x" * 10_000
        finally:
            closed.append(True)

    pieces = load({"a.txt": "{% for x in xs %}{{ x }}{% endfor %}"})["a.txt"].stream(xs=source())
    next(pieces)
    gc.disable()
    try:
        if how == "close":
            pieces.close()
        else:
            del pieces
        assert closed == [True]
    finally:
        gc.enable()


def test_a_stream_that_is_never_started_keeps_nothing() -> None:
    class Value:
        pass

    value = Value()
    alive = weakref.ref(value)
    pieces = load({"a.txt": "{{ x }}"})["a.txt"].stream(x=value)
    del value
    assert alive() is not None
    del pieces
    assert alive() is None


def test_an_error_in_a_stream_comes_after_what_was_before_it_and_ends_it() -> None:
    pieces = load({"a.txt": "{% for i in [1] %}{{ 'x' * 9000 }}{% endfor %}\n{{ nope }}"})["a.txt"].stream()
    assert len(next(pieces)) >= 9000
    with pytest.raises(blendtpl.UndefinedError) as caught:
        next(pieces)
    assert (caught.value.name, caught.value.line) == ("a.txt", 2)
    with pytest.raises(StopIteration):
        next(pieces)
