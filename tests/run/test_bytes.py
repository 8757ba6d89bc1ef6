"""What is rendered to bytes is what is rendered to a text, encoded: to the byte, to the error, and to what is left."""

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import PurePath
from typing import Any

import jinja2
import pytest

import blendtpl
from blendtpl.runtime import entry, output, render, speedups
from testkit.cases import CASES, Case
from testkit.growth import BROKEN, FAILURES, LARGE
from testkit.memory import measure, survivors
from testkit.oracle import live_environment, load

Result = tuple[str, Any]

ROWS = """
<table>{% for row in rows %}<tr><td>{{ row.name }}</td><td>{{ row.n }}</td><td>Größe — 大きさ 🎉</td></tr>{% endfor %}
"""
NAMES = ("Ada", "Émilie & Söhne", "Софья", "紫式部", "🎉", "a" * 70, "ж" * 70, "式" * 70, "ÿ" * 70, "🎉" * 70)


def rows(names: tuple[str, ...] = NAMES, times: int = 1) -> list[dict[str, Any]]:
    return [{"name": name, "n": number} for number, name in enumerate(names * times)]


def result(render: Callable[[], object]) -> Result:
    """Return what is rendered, or all that an error says of itself but the notes that tell where it was."""
    try:
        return "rendered", render()
    except Exception as error:
        return type(error).__name__, str(error)


def both(
    render: Callable[..., str], render_bytes: Callable[..., bytes], given: Callable[[], Any]
) -> tuple[Result, Result]:
    return result(lambda: render(given()).encode()), result(lambda: render_bytes(given()))


@pytest.fixture
def in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have all of it be done as where there is nothing in C."""
    monkeypatch.setattr(render, "enter_template", entry.enter_template)
    monkeypatch.setattr(render, "utf8", output.utf8)


@pytest.mark.slow  # `check_same` has bytes compared, too, in whatever else calls it
@pytest.mark.parametrize("case", [*CASES, *FAILURES, LARGE, BROKEN], ids=lambda case: case.title)
def test_bytes_are_those_of_the_text_in_every_case(case: Case) -> None:
    template = load(case.templates, case.make)["main.html"]

    expected, found = both(template.render, template.render_bytes, case.variables)

    assert found == expected


@pytest.mark.parametrize("case", CASES[::15], ids=lambda case: case.title)
@pytest.mark.usefixtures("in_python")
def test_bytes_are_those_of_the_text_where_there_is_nothing_in_c(case: Case) -> None:
    template = load(case.templates, case.make, portable=True)["main.html"]

    expected, found = both(template.render, template.render_bytes, case.variables)

    assert found == expected


@pytest.mark.parametrize("times", [0, 1, 40])
@pytest.mark.parametrize("around", ["", "ä", "ж", "式", "🎉"])
def test_rows_of_every_script_are_bytes(around: str, times: int) -> None:
    template = load({"p.html": f"{around}{ROWS}{around}{{{{ rows|length }}}}{around}{ROWS}"})["p.html"]
    given = {"rows": rows(times=times)}

    assert template.render_bytes(given) == template.render(given).encode()


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("{{ x }}", {"x": "a\ud800b"}),
        ("<{{ x }}>{% for y in x %}{{ loop.index }}{{ y }}{% endfor %}", {"x": "ж\ud800" + "ж" * 40}),
        (f"{ROWS}é", {"rows": rows((*NAMES, "\udfff", *NAMES), times=3)}),
        (f"🎉{ROWS}", {"rows": rows(("a", "🎉\ud83c"))}),
        ("{% autoescape x %}{{ y }}{% endautoescape %}", {"x": True, "y": "\udc00"}),
    ],
)
def test_half_of_a_surrogate_pair_is_the_error_of_encoding_the_whole_text(text: str, given: Mapping[str, Any]) -> None:
    template = load({"p.html": text})["p.html"]
    with pytest.raises(UnicodeEncodeError) as expected:
        template.render(given).encode()
    with pytest.raises(UnicodeEncodeError) as found:
        template.render_bytes(given)

    assert found.value.args == expected.value.args
    assert not hasattr(found.value, "__notes__")  # the template did nothing wrong


def test_an_error_of_the_template_is_told_with_its_place() -> None:
    registry = load({"p.html": "é{% for x in xs %}{{ x.y }}{% endfor %}\n{{ 1 // n }}"})
    for given in ({"xs": [{"y": 1}, {}], "n": 1}, {"xs": [], "n": 0}):
        with pytest.raises((jinja2.UndefinedError, ZeroDivisionError)) as expected:
            registry.render("p.html", given)
        with pytest.raises(expected.type) as found:
            registry.render_bytes("p.html", given)
        assert str(found.value) == str(expected.value)
        assert getattr(found.value, "__notes__", None) == getattr(expected.value, "__notes__", None)
    assert "p.html" in found.value.__notes__[0]


def test_a_registry_renders_bytes_by_whatever_finds_a_template_and_with_any_variables() -> None:
    registry = load({"a/p.html": "é{{ name }}{{ self_ }}"})
    expected = "é12".encode()
    assert registry.render_bytes("a/p.html", name=1, self_=2) == expected
    assert registry.render_bytes(PurePath("a", "p.html"), {"name": 1}, {"self_": 2}) == expected
    assert registry.render_bytes(registry["a/p.html"], {"name": 0, "self_": 2}, name=1) == expected
    with pytest.raises(blendtpl.TemplateNotFound):
        registry.render_bytes("a/q.html")


def test_an_environment_that_joins_output_in_its_own_way_does_so_for_bytes() -> None:
    def make() -> jinja2.Environment:
        made = blendtpl.default_environment()
        made.concat = lambda pieces: "|".join(pieces)  # type: ignore[method-assign]
        return made

    template = load({"p.html": "é{% for x in xs %}{{ x }}{% endfor %}"}, make)["p.html"]
    assert template.render_bytes(xs=[1, 2]) == template.render(xs=[1, 2]).encode() == "é|1|2".encode()


def test_a_live_template_renders_bytes() -> None:
    template: Any = live_environment({"p.html": "é{{ x }}"}, jinja2.Environment).get_template("p.html")
    assert template.render_bytes({"x": 1}) == template.render_bytes(x=1) == "é1".encode()


def test_a_value_is_as_large_afterwards_as_it_was_before() -> None:
    template = load({"p.html": f"{{{{ alone }}}}{ROWS}"})["p.html"]
    values = ["é" * 100, *("".join(list(name)) for name in NAMES)]  # which nobody has encoded
    before = [sys.getsizeof(value) for value in values]

    template.render_bytes(alone=values[0], rows=[{"name": name, "n": 1} for name in values])

    assert [sys.getsizeof(value) for value in values] == before


@pytest.mark.skipif(not speedups.ACTIVE, reason="there is nothing in C")
def test_the_constants_of_rows_have_their_utf8_from_the_start_and_no_others() -> None:
    template = load({"p.html": f"ausgewählt: {{{{ x }}}}{ROWS}"})["p.html"]
    code = template._compiled.space["part"].__code__
    # the same texts are there for streams, in which loops are no rows
    more = {
        text: sys.getsizeof(text) - sys.getsizeof("".join(list(text))) for text in code.co_consts if type(text) is str
    }
    of_rows = {text: size for text, size in more.items() if "大きさ" in text}

    assert of_rows == {text: len(text.encode()) + 1 for text in of_rows} != {}
    assert not any(size for text, size in more.items() if text not in of_rows)
    assert any("ausgewählt" in text for text in more)


@pytest.mark.parametrize(
    ("templates", "given"),
    [
        ({"main.html": ROWS}, lambda: {"rows": rows(times=3)}),
        ({"main.html": "é{{ x }}"}, lambda: {"x": "ж" * 2000}),
        ({"main.html": ROWS}, lambda: {"rows": rows(("a", "\ud800"))}),
        ({"main.html": "{{ x }}{{ nope }}"}, lambda: {"x": "é"}),
        (LARGE.templates, LARGE.variables),
        (BROKEN.templates, BROKEN.variables),
    ],
)
def test_bytes_leave_nothing_and_nothing_that_was_given_outlives_them(
    templates: Mapping[str, str], given: Callable[[], Mapping[str, Any]]
) -> None:
    registry = load(templates)

    def render(variables: Mapping[str, Any]) -> None:
        with suppress(jinja2.UndefinedError, UnicodeEncodeError, ZeroDivisionError):
            registry.render_bytes("main.html", variables)

    assert not measure(lambda: render(given()), 300, registry)
    assert survivors(render, given) == 0
