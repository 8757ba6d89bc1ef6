"""Include-style calls are served with PHP's meaning."""

import sys
import warnings
from collections import ChainMap
from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

import jinja2
import pytest

import blendtpl
from blendtpl import errors
from blendtpl.compat import (
    CaptureError,
    IncludeError,
    IncludeNotFound,
    IncludeShim,
    IncludeWarning,
    PathError,
    ReturnedError,
    ScopeError,
)
from blendtpl.errors import did_you_mean
from testkit.oracle import load
from testkit.shim_calls import environment
from tests.compat.support import shim_for

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

user = "the module's"  # what a template may see of this module


def test_output_goes_to_the_stream_and_the_value_is_1() -> None:
    shim, stream = shim_for({"hello.html": "Hello {{ name }}!"})
    assert shim.include("hello.php", {"name": "<Ada>"}) == 1
    assert stream.getvalue() == "Hello &lt;Ada&gt;!"


def test_the_stream_is_standard_output_at_the_time_of_the_call(capsys: pytest.CaptureFixture[str]) -> None:
    shim, _ = shim_for({"a.html": "a"}, stream=None)
    shim.include("a.php", {})
    assert capsys.readouterr().out == "a"


def test_the_variables_around_a_call_are_a_scope() -> None:
    shim, _ = shim_for({"a.html": "{{ user }} {{ local }} {{ around }}"})
    around = "around"

    def call() -> str:
        local = "local"
        assert around
        return shim.fetch("a.php") if local else ""

    assert call() == "the module&#39;s local around"


def test_local_variables_hide_global_ones_and_a_comprehension_sees_those_around_it() -> None:
    shim, _ = shim_for({"a.html": "{{ user }}{{ n }}"})
    user = "mine"
    assert [shim.fetch("a.php") for n in (1, 2)] == ["mine1", "mine2"]
    assert {n: shim.fetch("a.php") for n in (1, 2)} == {1: "mine1", 2: "mine2"}
    assert user


def test_a_template_that_needs_a_context_sees_all_variables_around_a_call() -> None:
    shim, _ = shim_for({"a.html": "{% include name %}", "b.html": "{{ user }} {{ unmentioned }}"})
    name, unmentioned = "b.html", "too"
    assert shim.fetch("a.php") == "the module&#39;s too"
    assert name
    assert unmentioned


def test_a_context_function_sees_what_the_template_does_not_name() -> None:
    def make() -> jinja2.Environment:
        made = environment()
        made.globals["peek"] = jinja2.pass_context(lambda context: context["unmentioned"])
        return made

    shim, _ = shim_for({"a.html": "{{ peek() }}"}, make=make)
    unmentioned = "seen"
    assert shim.fetch("a.php") == unmentioned


def test_a_missing_variable_is_an_error_that_names_template_and_line() -> None:
    shim, stream = shim_for({"a.html": "x\n{{ usr }}"})
    with pytest.raises(blendtpl.UndefinedError, match=r"a\.html:2: 'usr' is undefined; did you mean `user`\?"):
        shim.include("a.php")
    assert stream.getvalue() == ""


@pytest.mark.parametrize("scope", [{"a": 1}, ChainMap({"a": 1}), MappingProxyType({"a": 1})])
def test_any_mapping_is_a_scope(scope: Any) -> None:
    shim, _ = shim_for({"a.html": "{{ a }}"})
    assert shim.fetch("a.php", scope) == "1"
    assert shim.fetch("a.php", scope=scope) == "1"


@pytest.mark.parametrize("scope", [[("a", 1)], "a", 1, object()])
def test_a_scope_that_is_no_mapping_is_told_and_the_next_call_works(scope: Any) -> None:
    shim, stream = shim_for({"a.html": "{{ a }}"})
    with pytest.raises(ScopeError, match=f"no mapping from names to values, but of type {type(scope).__name__}"):
        shim.include("a.php", scope)
    assert shim.include("a.php", {"a": 1}) == 1
    assert stream.getvalue() == "1"


FLOWS = (
    "{% set x = 1 %}{% if true %}{% set y = x + 1 %}{% endif %}{% set z %}z{% endset %}{% set _under = 1 %}"
    "{% for i in [1] %}{% set inner = i %}{% endfor %}{% macro m() %}{% endmacro %}"
    "{% if false %}{% set no = 1 %}{% endif %}"
)


@pytest.mark.parametrize("more", ["", "{% include ['no.html', 'no.html'] ignore missing %}{{ self }}"])
def test_what_the_top_level_sets_flows_back_into_a_scope(more: str) -> None:
    shim, _ = shim_for({"a.html": FLOWS + more})
    scope: dict[str, Any] = {"x": 0, "kept": 1}
    shim.fetch("a.php", scope)
    assert scope == {"x": 1, "y": 2, "z": "z", "_under": 1, "kept": 1}


def test_what_a_parent_sets_flows_back_too_and_imports_and_macros_do_not() -> None:
    templates = {
        "a.html": "{% extends 'base.html' %}{% set child = 1 %}{% import 'm.html' as m %}{% from 'm.html' import f %}",
        "base.html": "{% set base = 2 %}{% block b %}{% set block = 3 %}{% endblock %}",
        "m.html": "{% macro f() %}f{% endmacro %}",
    }
    shim, _ = shim_for(templates)
    scope: dict[str, Any] = {}
    shim.fetch("a.php", scope)
    assert scope == {"child": 1, "base": 2}


def test_nothing_flows_into_what_cannot_be_changed_and_nothing_into_local_variables() -> None:
    shim, _ = shim_for({"a.html": "{% set user = 'new' %}{{ user }}"})
    frozen = MappingProxyType({"user": "old"})
    assert shim.fetch("a.php", frozen) == "new"
    assert frozen["user"] == "old"
    user = "old"
    assert shim.fetch("a.php") == "new"
    assert user == "old"
    assert globals()["user"] == "the module's"


def test_what_was_set_before_a_failure_flows_back() -> None:
    shim, _ = shim_for({"a.html": "{% set x = 1 %}{{ 1 // 0 }}{% set y = 1 %}"})
    scope: dict[str, Any] = {}
    with pytest.raises(ZeroDivisionError):
        shim.include("a.php", scope)
    assert scope == {"x": 1}


def test_an_include_of_what_is_missing_warns_at_the_caller_and_goes_on() -> None:
    shim, stream = shim_for({"alert.html": "a"})
    problem = r"`alret\.php`: no template `alret\.html` in the bundle; did you mean `alert\.html`\?"
    with pytest.warns(IncludeWarning, match=problem) as told:  # noqa: PT031
        assert shim.include("alret.php", {}) is False
        assert shim.include_once("alret.php", {}) is False
    assert told[0].filename == __file__
    assert stream.getvalue() == ""


def test_what_may_have_been_meant_is_looked_for_once_for_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []

    def counted(name: str, known: Iterable[str]) -> str:
        looked.append(name)
        return did_you_mean(name, known)

    monkeypatch.setattr(errors, "did_you_mean", counted)
    shim, _ = shim_for({"offer.html": ""})
    with pytest.warns(IncludeWarning, match=r"did you mean `offer\.html`\?") as told:
        assert [shim.include("ofer.php", {}) for _ in range(20)] == [False] * 20
    assert len(told) == 20
    assert looked == ["ofer.html"]


@pytest.mark.parametrize("call", ["require", "require_once", "fetch"])
def test_a_required_template_that_is_missing_is_an_error(call: str) -> None:
    shim, _ = shim_for({"alert.html": "a"})
    with pytest.raises(IncludeNotFound) as caught:
        getattr(shim, call)("alret.php", {})
    assert str(caught.value) == ("`alret.php`: no template `alret.html` in the bundle; did you mean `alert.html`?")
    assert isinstance(caught.value, (blendtpl.TemplateNotFound))
    assert caught.value.name == "alret.html"
    assert shim.fetch("alert.php", {}) == "a"


@pytest.mark.parametrize("call", ["include", "include_once", "require", "require_once", "fetch"])
def test_a_path_out_of_the_roots_is_an_error_with_every_call_and_the_next_call_works(call: str) -> None:
    shim, stream = shim_for({"a.html": "a"}, roots="templates")
    for path in ("../secret.php", "/etc/passwd", "php://input"):
        with pytest.raises(PathError):
            getattr(shim, call)(path, {})
    assert shim.include("templates/a.php", {}) == 1
    assert stream.getvalue() == "a"


def test_a_returned_value_comes_back_with_what_was_printed_before() -> None:
    text = "a{% for i in range(9) %}{{ i }}{% if i == n %}{% return {'i': i} %}{% endif %}{% endfor %}b"
    shim, stream = shim_for({"a.html": text})
    assert shim.include("a.php", {"n": 2}) == {"i": 2}
    assert stream.getvalue() == "a012"
    assert shim.include("a.php", {"n": 99}) == 1
    assert stream.getvalue() == "a012a012345678b"


def test_a_return_without_a_value_gives_none_and_a_list_gives_a_tuple() -> None:
    shim, stream = shim_for({"a.html": "a{% return %}b", "b.html": "{% return 1, 2 %}"})
    assert shim.include("a.php", {}) is None
    assert shim.include("b.php", {}) == (1, 2)
    assert stream.getvalue() == "a"


@pytest.mark.parametrize("tag", ["macro m()", "call m()", "filter upper", "set x", "block x"])
def test_a_return_cannot_stand_where_output_is_not_the_templates(tag: str) -> None:
    text = f"{{% {tag} %}}{{% return 1 %}}{{% end{tag.split()[0]} %}}"
    with pytest.raises(
        blendtpl.CompileError, match=f"`return` ends a template, and cannot stand in `{tag.split()[0]}`"
    ):
        blendtpl.compile({"a.html": text}, environment=environment)


def test_a_return_without_a_shim_is_an_error_that_says_so() -> None:
    registry = load({"a.html": "{% return 1 %}"}, environment)
    with pytest.raises(ReturnedError, match="render it through one"):
        registry.render("a.html")


def test_a_return_of_a_render_within_is_not_that_of_the_template_around_it() -> None:
    registry = load({"a.html": "{{ inner() }}", "b.html": "{% return 1 %}"}, environment)
    shim = IncludeShim(registry)
    with pytest.raises(ReturnedError):
        shim.fetch("a.php", {"inner": lambda: registry.render("b.html")})


def test_once_is_once_in_a_request() -> None:
    shim, stream = shim_for({"a.html": "a", "b.html": "b"})
    for _ in range(2):
        with shim.request():
            assert shim.include_once("a.php", {}) == 1
            assert shim.include_once("./a.php", {}) is True
            assert shim.require_once("a.php", {}) is True
            assert shim.include("b.php", {}) == 1
            assert shim.include_once("b.php", {}) is True
            with shim.capture() as page:
                assert shim.include_once("a.php", {}) is True
            assert page.text == ""
    assert stream.getvalue() == "abab"


def test_once_is_once_in_the_outermost_include_when_there_is_no_request() -> None:
    templates = {"a.html": "{% do part() %}{% do part() %}{% do whole() %}", "b.html": "b"}
    shim, stream = shim_for(templates)
    scope = {"part": lambda: shim.include_once("b.php", {}), "whole": lambda: shim.include_once("a.php", {})}
    shim.include("a.php", scope)
    assert stream.getvalue() == "b"
    shim.include("a.php", scope)
    assert stream.getvalue() == "bb"
    shim.include_once("b.php", {})
    shim.include_once("b.php", {})
    assert stream.getvalue() == "bbbb"


def test_a_request_within_a_request_has_its_own_list() -> None:
    shim, stream = shim_for({"a.html": "a"})
    with shim.request():
        shim.include_once("a.php", {})
        with shim.request():
            shim.include_once("a.php", {})
        shim.include_once("a.php", {})
    assert stream.getvalue() == "aa"


def test_buffers_nest() -> None:
    shim, stream = shim_for({"a.html": "{{ n }}"})
    with shim.capture() as outer:
        shim.include("a.php", {"n": 1})
        with shim.capture() as inner:
            shim.include("a.php", {"n": 2})
            assert inner.text == "2"
        shim.include("a.php", {"n": 3})
    assert (outer.text, str(inner), stream.getvalue()) == ("13", "2", "")


def test_a_buffer_may_be_closed_by_hand() -> None:
    shim, _ = shim_for({"a.html": "a"})
    page = shim.capture()
    shim.include("a.php", {})
    assert page.close() == "a"
    assert page.text == "a"


def test_a_buffer_is_closed_once_and_in_order() -> None:
    shim, stream = shim_for({"a.html": "a"})
    outer, inner = shim.capture(), shim.capture()
    with pytest.raises(CaptureError, match="a capture that was opened later is still open"):
        outer.close()
    shim.include("a.php", {})
    assert (inner.close(), outer.close()) == ("a", "")
    with pytest.raises(CaptureError, match="closed already"):
        inner.close()
    with pytest.raises(CaptureError, match="closed already"), shim.capture() as page:
        page.close()
    shim.include("a.php", {})
    assert stream.getvalue() == "a"


def test_an_error_drops_the_buffers_it_leaves() -> None:
    shim, stream = shim_for({"a.html": "a", "bad.html": "bad{% do deep() %}{{ nothing }}"})

    def deep() -> None:
        shim.capture()  # and never closed
        shim.include("a.php", {})

    with shim.capture() as outer:
        shim.include("a.php", {})
        with pytest.raises(blendtpl.UndefinedError):
            shim.include("bad.php", {"deep": deep})
        with pytest.raises(blendtpl.UndefinedError), shim.capture() as inner:  # noqa: PT012
            shim.include("a.php", {})
            shim.include("bad.php", {"deep": deep})
        shim.include("a.php", {})
    assert (outer.text, inner.text, stream.getvalue()) == ("aa", "", "")
    with pytest.raises(CaptureError, match="closed already"):
        inner.close()


def test_a_request_prints_what_is_still_open_at_its_end_and_drops_it_after_an_error() -> None:
    shim, stream = shim_for({"a.html": "{{ n }}"})
    with shim.request():
        shim.capture()
        shim.include("a.php", {"n": 1})
        left = shim.capture()
        shim.include("a.php", {"n": 2})
    assert stream.getvalue() == "12"
    with pytest.raises(CaptureError, match="not open here"):
        left.close()
    with pytest.raises(KeyError), shim.request():  # noqa: PT012
        shim.capture()
        shim.include("a.php", {"n": 3})
        raise KeyError
    assert stream.getvalue() == "12"
    request = shim.request()
    with request:
        pass
    with pytest.raises(CaptureError, match="this request is closed already"), request:
        pass


def test_what_a_function_prints_stands_where_the_template_calls_it() -> None:
    templates = {"a.html": "A{% do part(1) %}B{{ part(2) or '' }}C{% if part(3) %}D{% endif %}E", "b.html": "[{{ n }}]"}
    shim, stream = shim_for(templates)
    calls: list[int] = []

    def part(n: int) -> None:
        calls.append(shim.include("b.php", {"n": n}))

    shim.include("a.php", {"part": part})
    assert (stream.getvalue(), calls) == ("A[1]B[2]C[3]E", [1, 1, 1])


def test_a_template_gets_the_text_of_what_it_includes_in_place() -> None:
    templates = {
        "mail/a.html": "{% set r = shim.include('./b.php') %}<{{ r }}|{{ r.value }}|"
        "{{ shim.fetch('../c.php', {'x': '<'}) }}>",
        "mail/b.html": "{{ x }}{% set x = 2 %}{% return 'v' %}",
        "c.html": "{{ x }}",
        "text.txt": "{{ shim.include('./d.php') ~ '<' }}",
        "d.txt": "<&>",
    }
    shim, stream = shim_for(templates)
    scope: dict[str, Any] = {"x": "<", "shim": shim}
    shim.include("mail/a.php", scope)
    assert stream.getvalue() == "<&lt;|v|&lt;>"
    assert scope["x"] == "<"
    assert shim.fetch("text.php", scope) == "<&><"


def test_relative_paths_of_a_renamed_template_start_at_its_old_folder() -> None:
    templates = {
        "emails/alert/body.html": "{{ shim.fetch('./foot.php') }}{{ shim.fetch('../top.php') }}"
        "{% include 'x/part.html' %}",
        "emails/foot.html": "foot",
        "top.html": "top",
        "x/part.html": "{{ shim.fetch('./q.php') }}",
        "x/q.html": "q",
    }
    aliases = {"email/alert.php": "emails/alert/body.html", "email/": "emails/", ".php": ".html"}
    shim, _ = shim_for(templates, aliases=aliases)
    assert shim.fetch("email/alert.php", {"shim": shim}) == "foottopq"


def test_a_template_that_is_missing_in_a_template_warns_at_its_line() -> None:
    shim, _ = shim_for({"a.html": "\n{{ shim.include('no.php') }}.{{ shim.include('no.php').value }}"})
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("always", IncludeWarning)
        assert shim.fetch("a.php", {"shim": shim}) == "\n.False"
    assert [(found.filename, found.lineno) for found in told] == [("a.html", 2)] * 2


def test_shims_share_their_buffers() -> None:
    shim, stream = shim_for({"a.html": "a{% do other() %}c"})
    inner, elsewhere = shim_for({"a.html": "b"})
    shim.include("a.php", {"other": lambda: inner.include("a.php", {})})
    with shim.capture() as page:
        inner.include("a.php", {})
    assert (stream.getvalue(), elsewhere.getvalue(), page.text) == ("abc", "", "b")


def test_a_path_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    shim, _ = shim_for({"a.html": "a"})
    searches: list[object] = []
    find = type(shim._paths).find

    def counted(*given: Any) -> object:
        searches.append(given)
        return find(*given)

    monkeypatch.setattr(type(shim._paths), "find", counted)
    for _ in range(3):
        shim.fetch("a.php", {})
    assert len(searches) == 1
    for number in range(5000):
        with pytest.raises(IncludeNotFound):
            shim.require(f"{number}.php", {})
    assert len(shim._targets) == 4096


def test_what_is_no_registry_no_stream_and_no_root_is_told() -> None:
    registry = load({"a.html": "a"})
    with pytest.raises(blendtpl.ConfigError, match=r"what `blendtpl\.load` gives, not of a str"):
        IncludeShim("build/mail.blend")  # type: ignore[arg-type]
    with pytest.raises(blendtpl.ConfigError, match="nothing that can be written to, but a str"):
        IncludeShim(registry, stream="out.txt")  # type: ignore[arg-type]
    with pytest.raises(PathError, match="the path `` is empty"):
        IncludeShim(registry, roots=[""])


def test_a_shim_cannot_be_changed() -> None:
    shim, _ = shim_for({"a.html": "a"})
    with pytest.raises(AttributeError, match="IncludeShim is immutable"):
        shim.stream = sys.stderr


def test_every_error_is_one_of_blendtpls() -> None:
    for kind in (CaptureError, IncludeNotFound, PathError, ReturnedError, ScopeError):
        assert issubclass(kind, IncludeError)
        assert issubclass(kind, blendtpl.BlendError)
