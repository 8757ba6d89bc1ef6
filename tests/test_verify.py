"""`blendtpl verify`: it finds what differs from Jinja2, says where, and is quiet about what does not."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import jinja2
import pytest
from click.testing import CliRunner, Result

import blendtpl
from blendtpl.cli import command
from blendtpl.runtime import helpers
from blendtpl.tools.verify import Outcome, verify
from testkit import TEMPLATES

_turns: Iterator[int] = count()


@jinja2.pass_environment
def _side(environment: jinja2.Environment, value: object) -> str:
    return f"{value} in blendtpl" if hasattr(environment, "compiled_templates") else f"{value} in Jinja2"


def telling() -> jinja2.Environment:
    made = blendtpl.default_environment()
    made.filters["side"] = _side
    return made


def restless() -> jinja2.Environment:
    made = blendtpl.default_environment()
    made.globals["turn"] = lambda: next(_turns)
    return made


def folder_of(root: Path, templates: dict[str, str]) -> Path:
    folder = root / "templates"
    for name, text in templates.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def run(folder: Path, *more: str) -> Result:
    return CliRunner().invoke(command, ["verify", str(folder), *more])


@pytest.mark.slow
def test_the_templates_of_the_project_are_the_same_as_in_jinja2() -> None:
    found = verify(TEMPLATES, count=2)

    assert found.differences == ()
    assert found.unsteady == ()
    assert found.unrendered == ()
    assert found.printed == ()
    assert found.passed
    assert found.rendered + found.raised == found.renders
    assert found.templates == len(blendtpl.compile(TEMPLATES).manifest.templates)
    assert found.renders > 9 * found.templates  # three sides, at least three contexts


def test_a_filter_that_tells_the_sides_apart_is_found(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, {"a.html": "same", "b.html": "<p>{{ 'x' | side }}</p>{{ 'y' | side }}"})

    result = run(folder, "--environment", f"{__name__}:telling")

    assert result.exit_code == 1
    assert result.stdout == (
        "error: `b.html` differs in the bundle, with no variables, at character 8\n"
        "  jinja2:   '<p>x in Jinja2</p>y in Jinja2'\n"
        "  blendtpl: '<p>x in blendtpl</p>y in blendtpl'\n"
        "\n"
        "1 of 2 templates differ from Jinja2, after 66 renders\n"
    )


def test_code_that_forgets_to_escape_is_found_by_generated_contexts_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(tmp_path, {"a.html": "{% for word in words %}{{ word }}{% endfor %}"})
    assert verify(folder).differences == ()

    for name in ("escape_str", "escape_any"):
        monkeypatch.setitem(helpers.NAMES, name, str)
    difference = verify(folder).differences[0]

    assert "&lt;" in difference.expected.text
    assert difference.found.text != difference.expected.text


def test_another_error_and_another_message_are_differences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of(tmp_path, {"a.html": "{{ user.name }}"})

    def broken(undefined: Any, value: Any, attr: str, called: str = "") -> Any:
        raise ZeroDivisionError("at 0x7f00deadbeef")

    for name in ("attribute", "field", "escaped_field"):
        monkeypatch.setitem(helpers.NAMES, name, broken)
    found = verify(folder, count=50)

    assert found.differences[0].found == Outcome("at 0x0", "ZeroDivisionError")


def test_errors_that_are_the_same_on_both_sides_are_no_differences(tmp_path: Path) -> None:
    folder = folder_of(
        tmp_path,
        {"a.html": "{{ nope.x }}", "b.html": "{% include name %}", "c.html": "{{ 1 // 0 }}", "d.html": "{{ x[1:] }}"},
    )

    assert verify(folder).differences == ()


def test_what_jinja2_itself_renders_differently_each_time_is_not_compared(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, {"a.html": "{{ turn() }}", "b.html": "{{ [1, 2, 3, 4] | random }}{{ lipsum() }}"})

    result = run(folder, "--environment", f"{__name__}:restless")

    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == (
        "warning: `a.html` is not compared: Jinja2 renders it differently each time"
    )
    assert result.stdout.splitlines()[1].endswith("of 2 templates were the same as Jinja2's")


def test_a_live_environment_of_the_project_is_compared_with_jinja2_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(tmp_path, {"a.html": "{{ x }}"})
    environment = blendtpl.Environment(autoescape=True)
    assert verify(folder, environment).differences == ()

    for name in ("escape_str", "escape_any"):
        monkeypatch.setitem(helpers.NAMES, name, str)

    assert len(verify(folder, environment).differences) == 1


def test_a_module_that_remembers_is_made_anew_for_each_render(tmp_path: Path) -> None:
    folder = folder_of(
        tmp_path,
        {
            "a.html": "{% import 'm.html' as m %}{{ m.next() }}{{ m.next() }}",
            "m.html": "{% set ns = namespace(n=0) %}"
            "{% macro next() %}{% set ns.n = ns.n + 1 %}{{ ns.n }}{% endmacro %}",
        },
    )

    assert verify(folder).differences == ()


def test_examples_are_rendered_with_and_the_seed_decides_the_rest(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, {"a.txt": "{{ x }}", "a.examples.json": '{"short": {"x": "s"}, "long": {"x": "l"}}'})

    result = run(folder, "--environment", f"{__name__}:telling", "-n", "0", "--format", "json")
    assert json.loads(result.stdout) == {
        "templates": 1,
        "renders": 9,
        "rendered": 6,
        "raised": 3,
        "unsteady": [],
        "differences": [],
        "unrendered": [],
        "printed": [],
    }

    (folder / "a.txt").write_text("{{ x | side }}", encoding="utf-8")
    rows = json.loads(run(folder, "--environment", f"{__name__}:telling", "--format", "json").stdout)["differences"]
    assert rows == [
        {
            "template": "a.txt",
            "side": "the bundle",
            "context": "the example `short`",
            "at": 5,
            "jinja2": {"error": None, "text": "s in Jinja2"},
            "blendtpl": {"error": None, "text": "s in blendtpl"},
        }
    ]

    (folder / "a.txt").write_text("{% if x is mapping or x is sequence %}{{ x | side }}{% endif %}", encoding="utf-8")
    (folder / "a.examples.json").unlink()
    shown = [run(folder, "--environment", f"{__name__}:telling", "--seed", seed).stdout for seed in ("1", "1", "2")]
    assert shown[0] == shown[1]
    assert "differs in the bundle, with the generated context" in shown[0]
    assert shown[0] != shown[2]


@pytest.mark.parametrize(
    ("templates", "expected"),
    [
        ({"a.html": "{% if %}"}, "error: "),
        ({"a.html": "{% include 'nope.html' %}"}, "error: "),
        ({"a.html": "x", "a.examples.json": "["}, "no valid JSON"),
        ({}, "there is no folder"),
    ],
)
def test_a_mistake_is_one_text_and_no_traceback(tmp_path: Path, templates: dict[str, str], expected: str) -> None:
    result = run(folder_of(tmp_path, templates))

    assert result.exit_code == 1
    assert expected in result.stderr
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
