"""`blendtpl verify`: a template that nothing rendered is no success, and what is printed by accident is told."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest
from click.testing import CliRunner, Result

import blendtpl
from blendtpl.cli import command
from blendtpl.tools.verify import verify
from tests.compiling.support import write


def run(folder: Path, *more: str) -> Result:
    return CliRunner().invoke(command, ["verify", str(folder), "--environment", f"{__name__}:environment", *more])


class Thing:
    """An object without a text of its own."""

    label = "x"

    def method(self) -> str:
        return "m"


class Told:
    def __str__(self) -> str:
        return "<told>"


async def fetched() -> str:
    return "x"


async def streamed() -> AsyncIterator[str]:
    yield "x"


def numbers() -> Iterator[int]:
    yield 1


def environment() -> jinja2.Environment:
    made = blendtpl.default_environment()
    names = {"raw": b"raw", "fetched": fetched, "streamed": streamed, "numbers": numbers, "thing": Thing()}
    made.globals.update(names, told=Told(), Thing=Thing, asyncio=asyncio, mutable=bytearray(b"x"))
    made.filters["encoded"] = lambda value: str(value).encode()
    return made


def test_a_template_that_no_context_renders_fails_with_what_to_do(tmp_path: Path) -> None:
    folder = write(tmp_path / "t", {"good.html": "{{ a }}", "pages/bad.html": "{{ 1 // 0 }}{{ a }}"})

    result = run(folder, "-n", "2")

    assert result.exit_code == 1
    assert result.stdout == (
        "error: `pages/bad.html` is rendered by none of 15 contexts:"
        " most raise ZeroDivisionError: 'integer division or modulo by zero'\n"
        "  remedy:   write `pages/bad.examples.json`, with a context that it can be rendered with\n"
        "            or pass `--allow-unrendered 'pages/bad.html'`\n"
        "\n"
        "1 of 2 templates were rendered by no context, after 54 renders (6 gave a text, 48 raised an error)\n"
    )


def test_missing_variables_are_named_the_most_frequent_first(tmp_path: Path) -> None:
    folder = write(tmp_path / "t", {"a.html": "{{ first }}{{ second }}{{ 1 // 0 }}"})

    (found,) = verify(folder, count=0).unrendered

    assert (found.template, found.contexts, found.missing, found.required) == ("a.html", 1, ("first",), ())
    assert found.error.error == "UndefinedError"
    assert "  missing:  `first`\n" in run(folder, "-n", "0").stdout


@pytest.mark.parametrize("how", ["option", "setting", "argument"])
def test_what_is_allowed_to_be_unrendered_is_told_and_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    folder = write(tmp_path / "t", {"old/a.html": "{{ 1 // 0 }}", "old/b.html": "{{ 1 // 0 }}", "c.html": "c"})
    monkeypatch.chdir(tmp_path)
    if how == "setting":
        (tmp_path / "pyproject.toml").write_text('[tool.blendtpl]\nallow-unrendered = ["old/*"]\n')

    if how == "argument":
        found = verify(folder, count=1, allow_unrendered=["old/*"])
        assert [(each.template, each.allowed) for each in found.unrendered] == [
            ("old/a.html", True),
            ("old/b.html", True),
        ]
        assert found.passed
        assert not verify(folder, count=1, allow_unrendered=["old/a*"]).passed
        return
    result = run(folder, "-n", "1", *(["--allow-unrendered", "old/*"] if how == "option" else []))
    assert result.exit_code == 0
    assert result.stdout.count("warning: `old/") == 2
    assert "were the same as Jinja2's" in result.stdout.splitlines()[-1]


def test_machines_are_told_what_was_rendered(tmp_path: Path) -> None:
    folder = write(tmp_path / "t", {"a.html": "{{ a }}{{ 1 // 0 }}", "b.html": "{{ raw }}"})

    told = json.loads(run(folder, "-n", "0", "--format", "json").stdout)

    assert (told["renders"], told["rendered"], told["raised"]) == (6, 3, 3)
    assert told["unrendered"] == [
        {
            "template": "a.html",
            "contexts": 1,
            "error": "UndefinedError",
            "text": "'a' is undefined",
            "missing": ["a"],
            "required": [],
            "allowed": False,
        }
    ]
    assert told["printed"] == [
        {
            "template": "b.html",
            "line": 1,
            "what": "bytes as `b'…'`",
            "remedy": "decode them first, as by `.decode()`",
            "context": "no variables",
        }
    ]


BASE = "<title>{% block title required %}{% endblock %}</title>"


def test_a_layout_is_rendered_when_what_extends_it_is(tmp_path: Path) -> None:
    page = "{% extends 'base.html' %}{% block title %}x{% endblock %}"
    folder = write(tmp_path / "t", {"base.html": BASE, "page.html": page})
    assert verify(folder, count=1).passed

    (folder / "page.html").write_text(page.replace("%}x{%", "%}{{ 1 // 0 }}{%"))
    result = run(folder, "-n", "1")
    assert result.exit_code == 1
    assert "remedy:   it has required blocks (`title`): add a template that extends it, with examples" in result.stdout


def test_what_is_included_or_imported_is_rendered_when_that_comes_to_its_end(tmp_path: Path) -> None:
    templates = {
        "page.html": "{% from 'macros.html' import m %}{{ m() }}{% include 'part.html' %}"
        "{% if no %}{% include 'never.html' %}{% endif %}",
        "page.examples.json": '{"one": {"no": false, "deep": {"er": 1}}}',
        "macros.html": "{{ 0 / deep.er if deep is defined }}{% macro m() %}{% endmacro %}",
        "part.html": "{{ (deep.er + 1) // deep.er }}",
        "never.html": "{{ 1 // 0 }}",
    }
    folder = write(tmp_path / "t", templates)

    assert [each.template for each in verify(folder, count=0).unrendered] == ["never.html"]


FITTING = {
    "rows": "{% for row in rows %}{{ row.title.split('x') }}{{ row.cells.total + 1 }}{% endfor %}{{ rows[0].title }}",
    "pairs": "{% for name, value in pairs %}{{ name }}{{ value.text }}{% endfor %}",
    "functions": "{{ url_for('x', id=user.id) }}{{ user.is_admin() }}{{ form.field(size=3).data }}",
    "dicts": "{% for key, value in settings.items() %}{{ key }}{{ value.x.y }}{% endfor %}",
    "numbers": "{{ '%.2f'|format(price) }}{{ price * 2 }}{{ '{:,}'.format(total.sum) }}{{ share|round(1) }}",
    "through macros": "{% macro show(item) %}{{ item.name }}{% endmacro %}{{ show(thing) }}{{ show(other.one) }}",
    "through set and with": "{% set a = b.c %}{% with d = a.e %}{{ d.f.g }}{% endwith %}",
    "filters": "{{ words|join(', ') }}{{ text|upper }}{{ users|map(attribute='name')|join }}{{ users|length }}",
    "deep": "{{ a.b.c.d.e }}{% for x in a.b.xs %}{% for y in x.ys %}{{ y.z }}{% endfor %}{% endfor %}",
    "templates": "{% include name %}{{ x }}",
}


@pytest.mark.parametrize("case", FITTING)
def test_contexts_are_made_that_fit_what_a_template_does(tmp_path: Path, case: str) -> None:
    text = FITTING[case] if case == "templates" else FITTING[case] + "{{ a1.b }}{{ a2.b }}{{ a3.b }}{{ a4.b }}"
    folder = write(tmp_path / "t", {"a.html": text, "leaf.html": "x"})

    found = verify(folder, count=1)

    assert found.differences == ()
    assert found.unrendered == ()


PRINTED = {
    "{{ raw }}": "bytes as `b'…'`",
    "{{ mutable }}": "bytearray as `bytearray'…'`",
    "{{ 'x'|encoded }}": "bytes as `b'…'`",
    "{{ [raw] }}": "bytes in a list",
    "{{ {'a': raw} }}": "bytes in a dict",
    "{{ fetched() }}": "a coroutine",
    "{{ streamed() }}": "a generator",
    "{{ numbers() }}": "a generator",
    "{{ fetched }}": "the function `fetched`",
    "{{ thing.method }}": "the function `method`",
    "{{ 'x'.upper }}": "the function `upper`",
    "{{ thing }}": "a value of type Thing by its address",
    "{{ [1, thing] }}": "a value of type list by its address",
    "{{ [1]|map('string') }}": "a generator",
    "{{ cycler(1) }}": "a value of type Cycler by its address",
    "{{ Thing }}": "the type `Thing`",
    "{{ asyncio }}": "the module `asyncio`",
    "{% macro m() %}{% endmacro %}{{ m }}": "the macro `m`",
    "{% block b %}{% endblock %}{{ self.b }}": "a value of type BlockReference by its address",
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("text", PRINTED)
def test_what_is_printed_by_accident_is_told_with_its_line(tmp_path: Path, text: str) -> None:
    folder = write(tmp_path / "t", {"a.html": f"first\n\n{text}", "b.html": "{% include 'a.html' %}"})

    found = verify(folder, environment(), count=1)

    assert {(each.template, each.line, each.what) for each in found.printed} == {("a.html", 3, PRINTED[text])}
    assert found.passed
    result = run(folder, "-n", "0")
    assert result.exit_code == 0
    assert f"warning: `a.html`, line 3, prints {PRINTED[text]}, with no variables: " in result.stdout
    assert run(folder, "-n", "0", "--strict").exit_code == 1


def test_what_was_made_a_text_before_it_was_printed_is_told_without_a_line(tmp_path: Path) -> None:
    folder = write(tmp_path / "t", {"a.html": "\n{{ [thing, 1]|join(',') }}", "b.txt": "{{ 'a' ~ thing }}"})

    found = verify(folder, environment(), count=0)

    assert [(each.template, each.line, each.what.startswith("`<")) for each in found.printed] == [
        ("a.html", 0, True),
        ("b.txt", 0, True),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{{ told }}{{ 1 }}{{ none }}{{ true }}{{ 1.5 }}{{ [1, 'a'] }}{{ {'a': none} }}",
        "b'…' b\"x\" and <function f at noon>",
        "{% for x in numbers() %}{{ x }}{{ loop }}{% endfor %}{{ namespace(a=1) }}{{ self }}",
        "{{ raw.decode() }}{{ raw|length }}{{ fetched is callable }}{{ thing.label }}{{ thing.method() }}",
        "{{ ('<b>'|safe) }}{{ range(3) }}{{ {'a': 1}.items() }}",
    ],
)
def test_what_has_a_text_of_its_own_is_printed_without_a_word(tmp_path: Path, text: str) -> None:
    assert verify(write(tmp_path / "t", {"a.html": text}), environment(), count=0).printed == ()


def test_a_finalize_of_the_project_is_asked_first(tmp_path: Path) -> None:
    @jinja2.pass_context
    def decoded(context: jinja2.runtime.Context, value: Any) -> Any:
        return value.decode() if isinstance(value, bytes) else value

    made = environment()
    made.finalize = decoded

    found = verify(write(tmp_path / "t", {"a.html": "{{ raw }}{{ thing }}"}), made, count=0)

    assert [each.what for each in found.printed] == ["a value of type Thing by its address"]
