"""What is emitted: nobody's code runs then, constants are folded where that is safe, lines are the template's."""

import dis
import traceback
from collections.abc import Callable
from types import CodeType
from typing import Any, NoReturn

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.sandbox import SandboxedEnvironment

import blendtpl
from blendtpl.bundle.code_member import read_codes, read_metadata


class ForbiddenError(BaseException):
    """What must not run at build time; no `Exception`, since Jinja2 gives up folding at any of those and goes on."""


def forbidden(*arguments: object, **options: object) -> NoReturn:
    raise ForbiddenError


def code_of(text: str, environment: jinja2.Environment | None = None) -> list[CodeType]:
    bundle = blendtpl.compile({"a.txt": text}, environment=environment)
    found: list[CodeType] = []
    waiting: list[object] = [code for codes in read_codes(bundle.code, 1) for code in codes]
    while waiting:
        code = waiting.pop()
        if isinstance(code, CodeType):
            found.append(code)
            waiting += code.co_consts
    return found


def constants_of(text: str, environment: jinja2.Environment | None = None) -> set[str]:
    return {item for code in code_of(text, environment) for item in code.co_consts if isinstance(item, str)}


FILTERED = (
    "{{ 'x'|upper }}{% if 'x'|upper %}{% endif %}{{ 'x'|upper ~ 'y' }}{% set a = 'x'|upper %}{{ ['x'|upper][0] }}"
)


@pytest.mark.parametrize(
    "text",
    [
        "{{ 'x'|own }}{{ 'x' is own }}{{ 1|own(2, a='x'|own) }}",
        "{% filter own %}x{% endfilter %}{% set a|own %}x{% endset %}",
        "{% if 'x'|own %}{% elif 1 is own %}{% endif %}{{ 1 if 'x'|own else ('x' is own) }}",
        "{% for x in 'abc'|own if x|own %}{% endfor %}{% macro m(a='x'|own) %}{{ 1|own }}{% endmacro %}",
        "{{ ('x'|own)|upper }}{{ ['x'|own, 1]|join }}{{ {'a': 1|own} }}{{ 'a' ~ ('x'|own) }}",
        "{{ [1, 2]|map('own')|list }}{{ [1]|select('own')|list }}{{ [1]|groupby('own') }}",
    ],
)
def test_no_filter_or_test_of_a_user_runs_at_build_time(text: str) -> None:
    environment = jinja2.Environment()
    environment.filters["own"] = environment.tests["own"] = forbidden
    blendtpl.compile({"a": text}, environment=environment)


@pytest.mark.parametrize("mark", [lambda f: f, jinja2.pass_context, jinja2.pass_eval_context, jinja2.pass_environment])
def test_a_built_in_that_was_replaced_does_not_run_at_build_time(mark: Callable[[Any], Any]) -> None:
    environment = jinja2.Environment()

    @mark
    def own(*arguments: object) -> NoReturn:
        forbidden()

    environment.filters["upper"] = environment.tests["even"] = own
    blendtpl.compile({"a": FILTERED + "{{ 2 is even }}{{ 'x'|upper|lower }}"}, environment=environment)


def test_what_replaced_a_built_in_is_what_renders() -> None:
    environment = jinja2.Environment()
    environment.filters["upper"] = lambda value: "mine"
    environment.tests["even"] = lambda value: value == "x"
    bundle = blendtpl.compile({"a": "{{ 'x'|upper }}{{ 'x' is even }}"}, environment=environment)
    assert blendtpl.load(bundle, environment=environment).render("a") == "mineTrue"


@pytest.mark.parametrize("mark", [lambda f: f, jinja2.pass_context, jinja2.pass_eval_context, jinja2.pass_environment])
def test_a_finalize_does_not_run_at_build_time_and_runs_as_in_jinja2_when_rendering(mark: Callable[[Any], Any]) -> None:
    calls: list[object] = []

    @mark
    def finalize(*arguments: object) -> str:
        calls.append(arguments[-1])
        return f"<{arguments[-1]}>"

    environment = jinja2.Environment(finalize=finalize)
    text = "data{{ 1 }}{{ 'x' }}{{ x }}{% set a %}{{ 2 }}{% endset %}{{ a }}"
    bundle = blendtpl.compile({"a": text}, environment=environment)
    assert calls == []
    stock = jinja2.Environment(finalize=finalize).from_string(text).render(x=None)
    assert blendtpl.load(bundle, environment=environment).render("a", x=None) == stock


def test_globals_do_not_run_at_build_time() -> None:
    environment = jinja2.Environment()
    environment.globals["own"] = forbidden
    blendtpl.compile({"a": "{{ own() }}{{ own('x') ~ 1 }}{% if own() %}{% endif %}"}, environment=environment)


class Looking(jinja2.Environment):
    """Looks attributes and items up in a way of its own."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        forbidden()

    def getitem(self, obj: Any, argument: Any) -> Any:
        forbidden()


class Guarded(SandboxedEnvironment):
    """A sandbox that has its own idea of what is safe."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return forbidden()


class Missing(jinja2.Undefined):
    """An undefined that is not Jinja2's."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        forbidden()


@pytest.mark.parametrize(
    "environment",
    [Looking(), Guarded(), jinja2.Environment(undefined=Missing), SandboxedEnvironment(undefined=Missing)],
    ids=["environment", "sandbox", "undefined", "both"],
)
def test_no_lookup_of_a_user_runs_at_build_time(environment: jinja2.Environment) -> None:
    blendtpl.compile(
        {
            "a": "{{ 'x'.upper }}{{ 'x'['y'] }}{{ {'a': 1}.a ~ {'a': 1}['b'] }}{{ [1][5]|default(2) }}"
            "{{ 'a'|attr('b') }}"
        },
        environment=environment,
    )


def test_pure_expressions_are_folded_into_the_text_around_them() -> None:
    text = "a{{ 'x'|upper }}b{{ 1 + 2 }}c{{ [3, 1]|sort|join('-') }}d{{ 2 is even }}e{{ {'k': 'v'}.k }}f{{ 'x' ~ 1 }}"
    assert "aXb3c1-3dTrueevfx1" in constants_of(text)
    assert "aXb3c1-3dTrueevfx1" in constants_of(text, SandboxedEnvironment())


def test_folding_does_not_change_what_is_rendered() -> None:
    text = (
        FILTERED
        + "{{ 'x'.nope|default('d') }}{{ 1 // 3 }}{{ '%s'|format('<') }}{{ '<'|e }}{{ [1, 2]|last }}{{ 3|pprint }}"
    )
    for autoescape in (True, False):
        environment = jinja2.Environment(autoescape=autoescape)
        bundle = blendtpl.compile({"a": text}, environment=environment)
        assert blendtpl.load(bundle, environment=environment).render("a") == environment.from_string(text).render()


def test_an_error_in_a_constant_is_one_of_rendering_as_in_jinja2() -> None:
    registry = blendtpl.load(blendtpl.compile({"a": "\n{{ 1 // 0 }}", "b": "{{ 'x'|int + 'y' }}"}))
    with pytest.raises(ZeroDivisionError):
        registry.render("a")
    with pytest.raises(TypeError):
        registry.render("b")


def test_emitted_code_bears_names_and_lines_of_the_template_and_no_path() -> None:
    codes = code_of("{% macro m() %}\n{{ x }}{% endmacro %}\n{% block b %}{{ m() }}{% endblock %}")
    assert {code.co_filename for code in codes} == {"a.txt"}
    assert {code.co_name for code in codes} >= {"top-level template code", "macro 'm'", "block 'b'"}
    lines = {line for code in codes for _, _, line in code.co_lines() if line}
    assert lines <= {1, 2, 3}


def test_emitted_code_has_no_columns_which_would_be_those_of_other_text() -> None:
    for code in code_of("{% for a in b %}\n{{ a.c|upper }}{% endfor %}" + "\n" * 300 + "{{ d }}"):
        assert {(start, end) for _, _, start, end in code.co_positions()} == {(None, None)}
        assert list(dis.findlinestarts(code))


RAISING = [
    "{{ boom() }}",
    "{{ 1 + boom() }}",
    "{% set a = boom() %}",
    "{% if boom() %}{% endif %}",
    "{% for a in boom() %}{% endfor %}",
    "{% for a in [1] %}{{ boom() }}{% endfor %}",
    "{% for a in [1] if boom() %}{% endfor %}",
    "{% with a = boom() %}{% endwith %}",
    "{% filter upper %}{{ boom() }}{% endfilter %}",
    "{% set a %}{{ boom() }}{% endset %}",
    "{{ [boom()] }}",
    "{{ 'x'|replace(boom(), 'y') }}",
    "{% include boom() %}",
    "{% import boom() as a %}",
    "{% do boom() %}",
    "{% call boom() %}{% endcall %}",
    "{% autoescape boom() %}{% endautoescape %}",
    "{% if false %}{% elif boom() %}{% endif %}",
    "{{ missing }}",
    "{{ missing.attribute }}",
    "{{ 1 // zero }}",
    "{% block b%d %}{{ boom() }}{% endblock %}",
    "{% macro m%d() %}{{ boom() }}{% endmacro %}{{ m%d() }}",
]
QUIET = [
    "text",
    "",
    "{{ 1 }}",
    "{# a\ncomment #}",
    "{% set q = 1 %}",
    "{{ zero\n }}",
    "{% if zero %}\n{% endif %}",
    "<p>\n</p>",
]


class Boom(Exception):
    """What the templates of this file raise."""


def boom(**options: object) -> NoReturn:
    raise Boom


@st.composite
def broken_templates(draw: st.DrawFn) -> tuple[str, int]:
    """Templates of many lines one of which raises, and its number."""
    before = draw(st.lists(st.sampled_from(QUIET), max_size=6))
    after = draw(st.lists(st.sampled_from([*QUIET, *RAISING]), max_size=3))
    raising = draw(st.sampled_from(RAISING))
    lines = [text.replace("%d", str(number)) for number, text in enumerate([*before, raising, *after])]
    return "\n".join(lines), "\n".join([*lines[: len(before)], ""]).count("\n") + 1


@given(broken_templates(), st.booleans())
def test_whatever_raises_is_reported_at_its_own_line(template: tuple[str, int], block: bool) -> None:
    text, line = template
    source = {"a.txt": f"{{% block outer %}}{text}{{% endblock %}}" if block else text}
    registry = blendtpl.load(blendtpl.compile(source))
    with pytest.raises((Boom, ZeroDivisionError, jinja2.UndefinedError)) as caught:
        registry.render("a.txt", boom=boom, zero=0)
    frames = [frame for frame in traceback.extract_tb(caught.value.__traceback__) if frame.filename == "a.txt"]
    assert frames[-1].lineno == line
    if isinstance(caught.value, blendtpl.UndefinedError):
        assert caught.value.line == line
    else:
        assert caught.value.__notes__[0].startswith(f"in template a.txt:{line}")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{{ [1,\n 2,\n boom()] }}", 3),
        ("{{ 'grüße, 日本' ~ x\n ~ boom()\n ~ x }}", 2),
        ("{% set a, b =\n 1,\n boom() %}", 3),
        ("{% for a in\n boom() %}\n{% endfor %}", 2),
        ("{% if x\n and boom() %}\n{% endif %}", 2),
        ("{% with a = 1,\n b = boom(),\n c = 1 %}{% endwith %}", 2),
        ("{{ x\n|replace('a',\n boom()) }}", 3),
        ("{{ m(\n 1,\n a=boom()) }}{% macro m(b, a) %}{% endmacro %}", 3),
        ("{% macro m(b,\n a=boom()) %}\n{% endmacro %}\n{{ m(1) }}", 2),
        ("{% macro m() %}\n{{ caller() }}{% endmacro %}\n{% call m() %}\n\n{{ boom() }}{% endcall %}", 5),
        ("{% trans %}\n{% endtrans %}\n{% trans a=boom() %}{{ a }}{% endtrans %}", 3),
    ],
)
def test_what_raises_in_an_expression_of_many_lines_is_reported_at_its_own(text: str, line: int) -> None:
    registry = blendtpl.load(blendtpl.compile({"a": text}))
    with pytest.raises(Boom) as caught:
        registry.render("a", boom=boom, x="x")
    assert caught.value.__notes__[0].partition(" (")[0] == f"in template a:{line}"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("trim", [True, False])
def test_lines_are_right_with_any_line_end_and_trimmed_blocks(newline: str, trim: bool) -> None:
    environment = jinja2.Environment(trim_blocks=trim, lstrip_blocks=trim)
    text = newline.join(
        ["{%- if true -%}", "", "  {% set a = 1 %}", "{#", "#}", "{{- a }}", "{% raw %}", "{% endraw %}", "{{ x() }}"]
    )
    registry = blendtpl.load(
        blendtpl.compile({"a": text + "{% endif %}"}, environment=environment), environment=environment
    )
    with pytest.raises(Boom) as caught:
        registry.render("a", x=boom)
    assert caught.value.__notes__ == ["in template a:9"]


def test_emitted_code_imports_nothing() -> None:
    codes = code_of(
        "{% import 'b' ~ 1 as a %}{% include 'b' ignore missing %}{{ x|tojson }}{% macro m() %}{% endmacro %}"
    )
    assert not [op for code in codes for op in dis.get_instructions(code) if op.opname.startswith("IMPORT")]


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=30))
def test_any_text_is_data_and_never_code(text: str) -> None:
    literal = text.replace("\\", "\\\\").replace('"', '\\"')
    source = {"a.txt": f"{text}", "b.txt": f'{{{{ "{literal}" }}}}{{% set x = "{literal}" %}}{{{{ x }}}}'}
    stock = jinja2.Environment(loader=jinja2.DictLoader(source))
    try:
        stock.get_template("a.txt")
    except jinja2.TemplateSyntaxError:
        source.pop("a.txt")
    try:
        stock.get_template("b.txt")
    except jinja2.TemplateSyntaxError:
        source.pop("b.txt")
    registry = blendtpl.load(blendtpl.compile(source, environment=stock), environment=stock)
    for name in source:
        try:
            expected = stock.get_template(name).render()
        except jinja2.UndefinedError:
            continue
        assert registry.render(name) == expected


@pytest.mark.parametrize("text", ["{{ 'x'.upper }}", "{{ 'x'|attr('upper') }}"])
def test_an_address_is_never_part_of_the_code(text: str) -> None:
    assert not any(" at 0x" in found for found in constants_of(text))


@pytest.mark.filterwarnings("error")
def test_python_warns_of_nothing_that_is_emitted() -> None:
    texts = (
        "{% set a = 1[:-1] %}",
        "{% if none[1:] %}{% endif %}",
        "{{ 1() }}",
        "{{ 'a'['b'] }}",
        "{{ 1 is sameas 1 }}",
    )
    for text in texts:
        code_of(text)


def names_of(templates: dict[str, str], name: str) -> tuple[str, ...]:
    """Return the functions of a template's code."""
    bundle = blendtpl.compile(templates)
    every = zip(bundle.manifest.templates, read_metadata(bundle.code, len(templates)), strict=True)
    functions: tuple[str, ...] = next(told[0] for found, told in every if found == name)
    return functions


@pytest.mark.parametrize(
    ("top", "functions"),
    [
        ("", ("block_b",)),
        ("{% set a = 1 %}{% import 'm.html' as m %}{% from 'm.html' import f %}", ("block_b",)),
        ("{% set a = x %}", ("root", "block_b")),
        ("{% set a = [1] %}", ("root", "block_b")),
        ("{% macro g() %}{% endmacro %}", ("macro_g", "root", "block_b")),
        ("{% for x in y %}{% endfor %}", ("root", "block_b")),
    ],
)
def test_a_top_level_that_only_names_things_has_no_function(top: str, functions: tuple[str, ...]) -> None:
    templates = {
        "page.html": "{% extends 'base.html' %}" + top + "{% block b %}{{ a }}{% endblock %}",
        "base.html": "<{% block b %}{% endblock %}>",
        "m.html": "{% macro f() %}{% endmacro %}",
    }
    assert [found for found in names_of(templates, "page.html") if found != "preamble"] == list(functions)
    # one that is referred to by name has it: what refers to it calls it
    assert "root" in names_of({**templates, "child.html": "{% extends 'page.html' %}"}, "page.html")
