"""Live environments: their defaults, and what their templates can do that those of a registry can."""

import copy
import inspect
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
import jinja2.sandbox
import pytest

import blendtpl
from blendtpl.bundle.environment import autoescape_by_name
from testkit import TEMPLATES
from tests.run.test_blocks import SET

KINDS = (blendtpl.Environment, blendtpl.SandboxedEnvironment, blendtpl.ImmutableSandboxedEnvironment)
PAGE = json.loads((TEMPLATES / "pages/dashboard.examples.json").read_text(encoding="utf-8"))["ordinary"]
MAIL = json.loads((TEMPLATES / "emails/welcome/examples.json").read_text(encoding="utf-8"))["ordinary"]
TO: dict[str, Any] = {"to": ["Ada <ada@example.org>"], "sender": "hello@example.com"}

ESCAPED = [
    f"{before}page{engine}{kind}{behind}"
    for kind in (".html", ".htm", ".xhtml", ".xml", ".svg")
    for engine in ("", ".jinja", ".jinja2", ".j2", ".tmpl", ".tpl")
    for behind in ("", ".jinja", ".jinja2", ".j2", ".tmpl", ".tpl", ".tmpl.j2")
    for before in ("", "sub/")
] + ["PAGE.HTML", "Page.Html.J2", "PAGE.JINJA2.XHTML", ".html", "a.html.html", "a.txt.html"]
PLAIN = ["page.txt", "page.j2", "page.jinja", "page", "html", "html.j2", "page.html.txt", "page.html.j2x", "page.htmlx"]
PLAIN += [
    "emails/alert/subject.txt",
    "page.html.en",
    "page.html/",
    "x.svgz",
    "page.xml.bak",
    ".j2",
    "page.html.j2\n",
    "",
]


@pytest.mark.parametrize("name", ESCAPED)
def test_what_ends_like_markup_is_escaped_with_suffixes_of_engines_before_and_behind(name: str) -> None:
    assert autoescape_by_name(name)


@pytest.mark.parametrize("name", PLAIN, ids=ascii)
def test_what_does_not_is_left_as_it_is(name: str) -> None:
    assert not autoescape_by_name(name)


def test_a_bundle_escapes_by_these_names_and_subjects_are_never_escaped() -> None:
    names = ["a.xhtml", "a.html.jinja2", "a.tpl.svg", "a.xml.tmpl", "mail/body.html"]
    plain = ["a.j2", "mail/subject.txt", "mail/body.txt"]
    registry = blendtpl.load(blendtpl.compile(dict.fromkeys([*names, *plain], "{% block b %}{{ x }}{% endblock %}")))
    assert {registry.render(name, x="<") for name in names} == {"&lt;"}
    assert {registry[name].render_block("b", x="<") for name in plain} == {"<"}
    assert registry.message("mail", x="<", **TO).subject == "<"


@pytest.mark.parametrize("kind", KINDS)
def test_a_live_environment_has_jinja2s_defaults_but_for_tags_that_would_be_errors(
    kind: type[blendtpl.Environment],
) -> None:
    live, stock = kind(), jinja2.Environment()
    for option in inspect.signature(jinja2.Environment).parameters:
        if option not in {"extensions", "cache_size", "enable_async"}:
            assert getattr(live, option) == getattr(stock, option), option
    for text in ("{{ missing }}", "{{ '<' }}", "{{ x }}{% if missing %}{% endif %}", "a\n"):
        assert live.from_string(text).render(x="<b>") == stock.from_string(text).render(x="<b>")
    text = "{% do x.append(1) %}{% for i in x %}{% trans %}one{% endtrans %}{% break %}{% endfor %}{{ _('two') }}"
    if kind.__name__ != "ImmutableSandboxedEnvironment":
        assert live.from_string(text).render(x=[]) == "onetwo"
    stock_kind = getattr(jinja2.sandbox, kind.__name__, jinja2.Environment)
    taken = {name: parameter.kind for name, parameter in inspect.signature(kind).parameters.items()}
    if stock_kind is not jinja2.Environment:
        assert taken.pop("budget") is inspect.Parameter.KEYWORD_ONLY
    assert taken == {name: parameter.kind for name, parameter in inspect.signature(stock_kind).parameters.items()}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rendered", [False, True])
def test_a_live_environment_can_be_pickled_as_jinja2s_can(kind: type[blendtpl.Environment], rendered: bool) -> None:
    live = kind()
    live.globals["site"] = "here"
    text = "{{ site }}{% trans n=2 %}one{% pluralize %}{{ n }}{% endtrans %}{{ pgettext('a', 'b') }}"
    if rendered:
        assert live.from_string(text).render() == "here2b"
    back, copied = pickle.loads(pickle.dumps(live)), copy.copy(live)
    for each in (back, copied, pickle.loads(pickle.dumps(back))):
        assert each.from_string(text).render() == "here2b"
        assert each.globals.keys() == live.globals.keys()
    live.globals["gettext"] = str.upper
    live.newstyle_gettext = False  # type: ignore[attr-defined]  # the i18n extension's own
    back = pickle.loads(pickle.dumps(live))
    assert back.from_string("{% trans %}x{% endtrans %}").render() == "X"


@pytest.mark.parametrize("extensions", [[], ["jinja2.ext.i18n"], ["jinja2.ext.debug"]])
def test_extensions_that_are_given_are_all_that_are_there(extensions: list[str]) -> None:
    live, stock = blendtpl.Environment(extensions=extensions), jinja2.Environment(extensions=extensions)
    assert live.extensions.keys() == stock.extensions.keys()
    assert live.globals.keys() == stock.globals.keys()
    positional = [value.default for value in inspect.signature(jinja2.Environment).parameters.values()]
    assert not blendtpl.Environment(*positional).extensions


@pytest.mark.parametrize("kind", KINDS)
def test_with_defaults_it_has_those_of_a_bundle(kind: type[blendtpl.Environment]) -> None:
    live = kind.with_defaults(loader=jinja2.DictLoader({"a.html": "{{ x }}", "a.txt": "{{ x }}"}))
    assert type(live) is kind
    assert (live.get_template("a.html").render(x="<"), live.get_template("a.txt").render(x="<")) == ("&lt;", "<")
    with pytest.raises(jinja2.UndefinedError):
        live.from_string("{{ missing }}").render()
    default = blendtpl.default_environment()
    assert live.extensions.keys() == default.extensions.keys()
    bundle = blendtpl.compile({"a.html": "{% trans %}x{% endtrans %}{{ y|upper }}"}, environment=live)
    assert blendtpl.load(bundle, environment=kind.with_defaults).render("a.html", y="<") == "x&lt;"


def test_what_is_given_goes_before_the_defaults() -> None:
    live = blendtpl.Environment.with_defaults(autoescape=True, undefined=jinja2.Undefined, extensions=["jinja2.ext.do"])
    assert live.from_string("{{ x }}{{ y }}").render(x="<") == "&lt;"
    assert "gettext" not in live.globals
    with pytest.raises(jinja2.TemplateSyntaxError):
        live.from_string("{% trans %}{% endtrans %}")


MAKERS: dict[str, Callable[..., blendtpl.Environment]] = {
    "plain": blendtpl.Environment,
    "with defaults": blendtpl.Environment.with_defaults,
    "sandboxed": blendtpl.SandboxedEnvironment.with_defaults,  # type: ignore[dict-item]  # a sibling
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_it_renders_the_templates_of_the_readme_as_a_registry_does(
    make: Callable[..., blendtpl.Environment], bundle: blendtpl.Bundle
) -> None:
    live, registry = make(loader=jinja2.FileSystemLoader(TEMPLATES)), blendtpl.load(bundle)
    name = "pages/dashboard.html"
    template: Any = live.get_template(name)
    assert template.render(PAGE) == registry.render(name, PAGE)
    assert template.render_block("content", PAGE) == registry[name].render_block("content", PAGE)
    assert "".join(template.stream(PAGE)) == registry.render(name, PAGE)
    made, expected = (each.message("emails/welcome", MAIL, **TO) for each in (live, registry))
    assert made == expected
    assert live.message("emails/welcome", {"user": None}, MAIL, **TO) == expected


FRAGMENTS = [("page.html", name) for name in ("head", "foot", "deep", "body", "list")]
FRAGMENTS += [("mid.html", "body"), ("mid.html", "deep"), ("base.html", "head"), ("base.html", "body")]


@pytest.mark.parametrize(("name", "block"), FRAGMENTS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_block_of_a_live_template_is_what_it_is_in_a_registry(
    kind: type[blendtpl.Environment], name: str, block: str
) -> None:
    options: dict[str, Any] = {"autoescape": True, "extensions": []}
    live = kind(loader=jinja2.DictLoader(SET), **options)
    stock = jinja2.Environment(**options)
    registry = blendtpl.load(blendtpl.compile(SET, environment=stock), environment=stock)

    def costly() -> None:
        raise AssertionError

    variables = {"user": "<", "title": "t", "costly": costly}
    template: Any = live.get_template(name)
    assert template.render_block(block, variables) == registry[name].render_block(block, variables)
    assert template.render_block(block, {"user": "x"}, **variables) == registry[name].render_block(block, variables)


def test_a_block_of_a_live_template_sees_what_a_parent_chosen_when_it_renders_sets() -> None:
    texts = {
        "one": "{% set who = 'one' %}{% block b %}1{% endblock %}",
        "two": "{% set who = 'two' %}{% macro m() %}{{ who }}{% endmacro %}nothing{{ costly() }}",
        "child": "{% extends name %}{% block b %}{{ who }}{{ own }}{% endblock %}{% set own = 1 %}",
        "middle": "{% extends 'child' %}{% if x %}{% set own = 2 %}{% endif %}",
    }
    live = blendtpl.Environment(loader=jinja2.DictLoader(texts))
    stock = jinja2.Environment()
    registry = blendtpl.load(blendtpl.compile(texts, environment=stock), environment=stock)
    for name in ("child", "middle"):
        template: Any = live.get_template(name)
        for parent in ("one", "two"):
            for x in (0, 1):
                variables = {"name": parent, "x": x, "costly": str}
                assert template.render_block("b", variables) == registry[name].render_block("b", variables)


def test_a_template_from_a_string_has_blocks_too() -> None:
    template: Any = blendtpl.Environment().from_string("{% set a = 1 %}{% block b %}{{ a }}{{ x }}{% endblock %}")
    assert template.render_block("b", x=2) == "12"
    with pytest.raises(blendtpl.BlockNotFound, match="no block `c` in template `<template>`; it has `b`"):
        template.render_block("c")


def test_the_stream_of_a_live_template_is_jinja2s(tmp_path: Path) -> None:
    template = blendtpl.Environment().from_string("{% for i in x %}{{ i }},{% endfor %}")
    stream = template.stream(x=range(5))
    stream.enable_buffering(3)
    assert "".join(stream) == "0,1,2,3,4,"
    template.stream(x=[1]).dump(str(tmp_path / "file"))
    assert (tmp_path / "file").read_text() == "1,"


def test_a_message_that_is_not_there_is_told_as_a_registry_tells_it() -> None:
    texts = {"mail/alert/subject.txt": "S", "mail/alert/body.txt": "B"}
    live, registry = blendtpl.Environment(loader=jinja2.DictLoader(texts)), blendtpl.load(blendtpl.compile(texts))
    for each in (live, registry):
        assert each.message("mail/alert", **TO).html is None
        with pytest.raises(blendtpl.TemplateNotFound) as caught:
            each.message("mail/alarm", **TO)
        assert (caught.value.name, caught.value.hint) == (
            "mail/alarm/subject.txt",
            "did you mean `mail/alert/subject.txt`?",
        )
        with pytest.raises(blendtpl.MessageError):
            each.message("mail/alert", to=["a@b.example\n"], sender="a@b.example")
    bare = blendtpl.Environment(loader=jinja2.FunctionLoader(lambda name: None))
    with pytest.raises(blendtpl.TemplateNotFound) as caught:
        bare.message("mail", **TO)
    assert str(caught.value) == "no template `mail/subject.txt` where the environment's loader looks"


def test_a_body_that_includes_what_is_missing_is_no_missing_body() -> None:
    texts = {"m/subject.txt": "S", "m/body.txt": "B", "m/body.html": "{% include 'nowhere' %}"}
    live = blendtpl.Environment(loader=jinja2.DictLoader(texts))
    with pytest.raises(jinja2.TemplateNotFound, match="nowhere"):
        live.message("m", **TO)
