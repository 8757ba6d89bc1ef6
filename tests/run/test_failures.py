# ruff: noqa: E501  # template texts and tables are easier to read in one line
"""A failing render says where in the templates it failed, keeps Jinja2's type and message, and leaves nothing behind."""

import gc
import linecache
import pickle
import traceback
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType
from typing import Any

import jinja2
import pytest
from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedEnvironment

import blendtpl
from testkit.oracle import load

TEXTS = {
    "main.html": "{% import 'lib.html' as lib %}\n{% extends 'base.html' %}\n{% block body %}\n{{ how }}\n{% if how == 'include' %}\n{% include 'inc.html' %}\n"
    "{% elif how == 'macro' %}\n{{ lib.m() }}\n{% elif how == 'super' %}\n{{ super() }}\n{% elif how == 'call' %}\n{% call lib.c() %}\n{{ usr.name }}\n{% endcall %}\n"
    "{% elif how == 'self' %}\n{{ self.other() }}\n{% elif how == 'attribute' %}\n{{ user.nme }}\n{% else %}\n{{ usr }}\n{% endif %}\n{% endblock %}\n",
    "base.html": "base\n\n{% block body %}\n\n{{ usr }}{% endblock %}\n{% block other %}{{ usr }}{% endblock %}",
    "inc.html": "\n{{ user }}\n{% for x in [1] %}\n{% include 'inner.html' %}{% endfor %}",
    "inner.html": "{{ usr }}",
    "lib.html": "{% macro m() %}\n{{ usr }}\n{% endmacro %}{% macro c() %}\n{{ caller() }}{% endmacro %}",
}  # fmt: skip


@pytest.fixture(scope="module")
def small() -> blendtpl.Registry:
    return load(TEXTS)


@pytest.mark.parametrize(
    ("how", "name", "line", "chain"),
    [
        ("variable", "main.html", 20, ("base.html:3", "main.html:2")),
        ("include", "inner.html", 1, ("inc.html:4", "main.html:6", "base.html:3", "main.html:2")),
        ("macro", "lib.html", 2, ("main.html:8", "base.html:3", "main.html:2")),
        ("super", "base.html", 5, ("main.html:10", "base.html:3", "main.html:2")),
        ("call", "main.html", 13, ("lib.html:4", "main.html:12", "base.html:3", "main.html:2")),
        ("self", "base.html", 6, ("main.html:16", "base.html:3", "main.html:2")),
    ],
)
def test_a_missing_variable_is_named_with_template_line_and_the_way_there(
    small: blendtpl.Registry, how: str, name: str, line: int, chain: tuple[str, ...]
) -> None:
    with pytest.raises(blendtpl.UndefinedError) as caught:
        small.render("main.html", how=how, user={})
    error = caught.value
    assert (error.name, error.line, error.chain) == (name, line, chain)
    assert error.message == "'usr' is undefined"
    hint = "did you mean `user`?"
    assert error.hint == hint
    assert str(error) == f"{name}:{line}: 'usr' is undefined; {hint} (from {', from '.join(chain)})"
    assert isinstance(error, jinja2.UndefinedError)
    assert isinstance(error, blendtpl.RenderError)
    assert not hasattr(error, "__notes__")


def test_a_missing_attribute_has_jinja2s_message_and_no_hint(small: blendtpl.Registry) -> None:
    with pytest.raises(blendtpl.UndefinedError) as caught:
        small.render("main.html", how="attribute", user={})
    assert caught.value.message == "'dict object' has no attribute 'nme'"
    assert caught.value.hint == ""
    assert str(caught.value).startswith("main.html:18: 'dict object' has no attribute 'nme' (from ")


def test_a_missing_variable_in_a_block_alone_or_a_stream_is_told_as_well(small: blendtpl.Registry) -> None:
    with pytest.raises(blendtpl.UndefinedError) as caught:
        small["main.html"].render_block("body", how="", user={})
    assert (caught.value.name, caught.value.line, caught.value.chain) == ("main.html", 20, ())
    with pytest.raises(blendtpl.UndefinedError) as caught:
        list(small["main.html"].stream(how="", user={}))
    assert caught.value.chain == ("base.html:3", "main.html:2")


def test_a_missing_variable_at_the_top_level_of_a_fragment_is_told() -> None:
    registry = load({"a.txt": "\n{% set x = nope.y %}{% block b %}{% endblock %}"})
    with pytest.raises(blendtpl.UndefinedError, match=r"^a\.txt:2: 'nope' is undefined$"):
        registry["a.txt"].render_block("b")


def test_the_way_through_a_child_is_told_by_the_line_of_its_extends() -> None:
    registry = load({"a.txt": "{% extends 'b.txt' %}\n{% set x = 1 %}\n{% set y = 2 %}", "b.txt": "{{ nope }}"})
    with pytest.raises(blendtpl.UndefinedError) as caught:
        registry.render("a.txt")
    assert caught.value.chain == ("a.txt:1",)


def test_an_undefined_error_of_another_source_can_be_shown() -> None:
    assert str(blendtpl.UndefinedError("x is undefined")) == "x is undefined"
    assert pickle.loads(pickle.dumps(blendtpl.UndefinedError("x"))).message == "x"


class Mine(jinja2.UndefinedError):
    pass


def failing(error: Exception) -> Callable[[], str]:
    def fail() -> str:
        raise error

    return fail


@pytest.mark.parametrize(
    "error",
    [ValueError("v"), KeyError("k"), Mine("m"), jinja2.TemplateRuntimeError("r"), SecurityError("s"), OSError(5, "five"), RecursionError("r")],
    ids=repr,
)  # fmt: skip
def test_any_other_error_keeps_its_type_and_message_and_gets_one_note(error: Exception) -> None:
    registry = load({"a.txt": "\n{% include 'b.txt' %}", "b.txt": "\n\n{{ fail() }}"})
    text, kind = str(error), type(error)
    with pytest.raises(Exception) as caught:  # noqa: PT011
        registry.render("a.txt", fail=failing(error))
    found = caught.value
    assert found is error
    assert type(found) is kind
    assert str(found) == text
    assert found.__notes__ == ["in template b.txt:3 (from a.txt:2)"]
    assert "in template b.txt:3 (from a.txt:2)" in "".join(traceback.format_exception(found))


def test_a_template_that_is_missing_at_run_time_is_told_with_its_place() -> None:
    registry = load({"a.txt": "\n{% include n %}", "part.txt": ""})
    with pytest.raises(blendtpl.TemplateNotFound) as caught:
        registry.render("a.txt", n="prt.txt")
    assert caught.value.__notes__ == ["in template a.txt:2"]
    assert caught.value.hint == "did you mean `part.txt`?"


def test_an_error_object_that_is_raised_again_and_again_does_not_grow() -> None:
    registry = load({"a.txt": "{% include 'b.txt' %}", "b.txt": "{{ fail() }}", "c.txt": "{{ fail() }}"})
    error = ValueError("kept")
    for _ in range(50):
        for name in ("a.txt", "c.txt"):
            with pytest.raises(ValueError, match="kept"):
                registry.render(name, fail=failing(error))
    assert error.__notes__ == ["in template b.txt:1 (from a.txt:1)", "in template c.txt:1"]


def test_an_error_in_a_render_within_a_render_is_told_by_each_for_itself() -> None:
    registry = load({"outer.txt": "\n{{ inner() }}", "inner.txt": "\n\n{{ 1 / 0 }}", "undefined.txt": "{{ nope }}"})
    with pytest.raises(ZeroDivisionError) as caught:
        registry.render("outer.txt", inner=registry["inner.txt"].render)
    assert caught.value.__notes__ == ["in template inner.txt:3", "in template outer.txt:2"]
    with pytest.raises(blendtpl.UndefinedError, match=r"^undefined\.txt:1: 'nope' is undefined$"):
        registry.render("outer.txt", inner=registry["undefined.txt"].render)


def test_an_endless_recursion_is_an_error_with_a_short_note() -> None:
    registry = load(
        {"a.txt": "{% if 1 %}{% include 'b.txt' %}{% endif %}", "b.txt": "{% if 1 %}{% include 'a.txt' %}{% endif %}"}
    )
    with pytest.raises(RecursionError) as caught:
        registry.render("a.txt")
    (note,) = caught.value.__notes__
    assert note.startswith("in template ")
    assert note.endswith(" more)")
    assert len(note) < 300


def test_what_is_no_error_passes_untouched() -> None:
    class Stop(BaseException):
        pass

    def stop() -> None:
        raise Stop

    with pytest.raises(Stop) as caught:
        load({"a.txt": "{{ stop() }}"}).render("a.txt", stop=stop)
    assert not hasattr(caught.value, "__notes__")


def test_a_traceback_shows_the_templates_names_lines_and_source_after_the_file_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "a.blend"
    blendtpl.compile(TEXTS).write(path)
    registry = blendtpl.load(path)
    path.unlink()
    with pytest.raises(blendtpl.UndefinedError) as caught:
        registry.render("main.html", how="macro", user={})
    shown = "".join(traceback.format_exception(caught.value))
    for lines in (
        "File \"main.html\", line 2, in top-level template code\n    {% extends 'base.html' %}\n",
        'File "base.html", line 3, in top-level template code\n    {% block body %}\n',
        "File \"main.html\", line 8, in block 'body'\n    {{ lib.m() }}\n",
        "File \"lib.html\", line 2, in macro 'm'\n    {{ usr }}\n",
    ):
        assert lines in shown
    assert shown.rstrip().endswith(
        "lib.html:2: 'usr' is undefined; did you mean `user`? (from main.html:8, from base.html:3, from main.html:2)"
    )


def test_a_traceback_without_sources_has_the_places_all_the_same() -> None:
    registry = blendtpl.load(blendtpl.compile({"a.txt": "\n{{ nope }}"}, sources=False))
    with pytest.raises(blendtpl.UndefinedError) as caught:
        registry.render("a.txt")
    assert 'File "a.txt", line 2, in top-level template code\n' in "".join(traceback.format_exception(caught.value))


def frames_of_templates(error: BaseException) -> Iterator[CodeType]:
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename in TEXTS:
            yield frame.f_code


def test_a_traceback_has_the_frames_that_ran_and_no_others(small: blendtpl.Registry) -> None:
    with pytest.raises(blendtpl.UndefinedError) as caught:
        small.render("main.html", how="include", user={})
    assert [code.co_filename for code in frames_of_templates(caught.value)] == [
        "main.html",
        "base.html",
        "main.html",
        "inc.html",
        "inner.html",
    ]


class Value:
    """Something whose death can be seen."""

    def __str__(self) -> str:
        return "value"


FAILING = {
    "a variable": "{{ nope }}",
    "an attribute": "{{ value.nope.x }}",
    "a filter": "{{ value | round }}",
    "a division": "{{ 1 / 0 }}",
    "a loop": "{% for x in [value, 1] %}{{ x.nope.y }}{% endfor %}",
    "an include": "{% include 'bad.txt' %}",
    "an include in a loop": "{% for x in [value] %}{% include 'bad.txt' %}{% endfor %}",
    "a missing template": "{% include gone %}",
    "a block": "{% block a %}{{ nope }}{% endblock %}",
    "a parent": "{% extends 'base.txt' %}{% block a %}{{ super() }}{% endblock %}",
    "a test": "{{ value is divisibleby 0 }}",
    "a call": "{{ value() }}",
    "a set block": "{% set x %}{{ value }}{{ nope }}{% endset %}",
    "a filter block": "{% filter upper %}{{ nope }}{% endfilter %}",
    "a user's function": "{{ fail(value) }}",
}
PARTS = {"bad.txt": "{{ value }}{{ nope }}", "base.txt": "{% block a %}{{ value }}{{ nope }}{% endblock %}"}


def fail_with(value: object) -> None:
    raise ValueError(value)


@pytest.fixture
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_collector")
@pytest.mark.parametrize("way", ["render", "stream", "render_block"])
@pytest.mark.parametrize("text", FAILING.values(), ids=list(FAILING))
def test_after_a_failing_render_nothing_waits_for_the_collector(text: str, way: str) -> None:
    body = text if "block a" in text else f"{{% block a %}}{text}{{% endblock %}}"
    template = load({"main.txt": body, **PARTS})["main.txt"]

    def run() -> weakref.ref[Value]:
        value = Value()
        variables = {"value": value, "gone": "gone.txt", "fail": fail_with}
        try:
            if way == "render":
                template.render(variables)
            elif way == "stream":
                list(template.stream(variables))
            else:
                template.render_block("a", variables)
        except Exception as error:
            str(error)
        else:
            pytest.fail("it did not fail")
        return weakref.ref(value)

    run()
    gc.collect()
    alive = run()
    assert alive() is None
    assert gc.collect() == 0


@pytest.mark.usefixtures("_no_collector")
def test_a_planted_cycle_is_noticed_by_the_check_above() -> None:
    def fail(value: object) -> None:
        error = ValueError(value)
        error.args += (error,)
        raise error

    registry = load({"a.txt": "{{ fail(1) }}"})
    with pytest.raises(ValueError, match="1"):
        registry.render("a.txt", fail=fail)
    assert gc.collect() > 0


def test_a_failure_leaves_nothing_in_the_next_render(small: blendtpl.Registry) -> None:
    good = load(
        {
            "a.txt": "{% import 'm.txt' as m %}{{ m.f() }}{{ x }}",
            "m.txt": "{% set n = namespace(v=0) %}{% macro f() %}{% set n.v = n.v + 1 %}{{ n.v }}{% endmacro %}",
        }
    )
    for _ in range(3):
        with pytest.raises(blendtpl.UndefinedError):
            good.render("a.txt")
        assert good.render("a.txt", x="ok") == "1ok"


def test_a_sandbox_tells_where_it_stepped_in() -> None:
    registry = load({"a.txt": "\n{{ x.__class__.mro() }}"}, SandboxedEnvironment)
    with pytest.raises(SecurityError) as caught:
        registry.render("a.txt", x="")
    assert caught.value.__notes__ == ["in template a.txt:2"]


def test_an_error_that_is_kept_and_raised_again_costs_no_more_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = ValueError("kept")

    def fail() -> str:
        raise kept

    class Counting(dict[str, Any]):
        asked = 0

        def get(self, *arguments: Any) -> Any:
            Counting.asked += 1
            return super().get(*arguments)

    monkeypatch.setattr(linecache, "cache", Counting(linecache.cache))
    template = load({"main.html": "{{ fail() }}"})["main.html"]
    for _ in range(100):
        with pytest.raises(ValueError, match="kept"):
            template.render(fail=fail)  # its traceback is longer each time
    assert Counting.asked == 100
