"""``blendtpl explain``: every stage can be read."""

import re
from pathlib import Path

import jinja2
import pytest
from click.testing import CliRunner

from blendtpl.cli import command
from blendtpl.cli.explain import emitted_python
from blendtpl.compiler.frontend.reader import read
from blendtpl.compiler.passes.pipeline import PASSES
from blendtpl.runtime.speedups import ACTIVE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "page.html").write_text("{% include 'part.html' %}<b>{{ title|upper }}</b>", encoding="utf-8")
    (tmp_path / "part.html").write_text("{{ user.name }}", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("stage", "shown"),
    [
        ("tree", "    Filter name='upper', args=[]"),
        ("program", "variables=('title', 'user')"),
        ("ir", "part(p_title, p_user, context): a text"),
        ("python", "link_0(p_user, context)"),
    ],
)
def test_each_stage_of_a_template_is_shown(folder: Path, stage: str, shown: str) -> None:
    result = CliRunner().invoke(command, ["explain", str(folder), "page.html", "--stage", stage])
    assert result.exit_code == 0
    assert shown in result.output


def test_portable_code_can_be_read_too(folder: Path) -> None:
    (folder / "loop.html").write_text("{% for x in xs %}{{ x.y }}{% endfor %}", encoding="utf-8")
    shown = {
        options: CliRunner().invoke(command, ["explain", str(folder), "loop.html", *options]).output
        for options in ((), ("--portable",))
    }
    assert ("rows(out" in shown[()]) is ACTIVE
    assert "rows(out" not in shown["--portable",]
    assert "l_1_x['y']" in shown["--portable",]


def test_a_pass_may_be_left_out_of_the_intermediate_form_and_of_the_code(folder: Path) -> None:
    text = "{% for x in xs %}{{ loop.index }}{% include 'row.html' %}{% endfor %}"
    (folder / "loop.html").write_text(text, encoding="utf-8")
    (folder / "row.html").write_text("<td>{{ x }}", encoding="utf-8")

    def shown(*options: str) -> str:
        result = CliRunner().invoke(command, ["explain", str(folder), "loop.html", *options])
        assert result.exit_code == 0, result.output
        return result.output

    assert "counted for index" in shown("--stage", "ir")
    assert "text '<td>'" in shown("--stage", "ir")
    neither = shown("--stage", "ir", "--without", "counters", "--without", "inline")
    assert "counted" not in neither
    assert "include row.html: part(x = l_1_x)" in neither
    assert "LoopContext(" not in shown("--portable")
    assert "LoopContext(" in shown("--portable", "--without", "counters")


def test_a_pass_that_there_is_not_is_told_with_those_that_there_are(folder: Path) -> None:
    result = CliRunner().invoke(command, ["explain", str(folder), "page.html", "--without", "inlining"])
    assert result.exit_code == 2
    assert all(repr(name) in result.output for name in PASSES)


def test_the_code_that_is_shown_is_the_code_of_a_bundle(folder: Path) -> None:
    """With what is inlined, and without what a filter of one's own would have made of a constant."""
    (folder / "loop.html").write_text("{% for x in xs %}{% include 'row.html' %}{% endfor %}", encoding="utf-8")
    (folder / "row.html").write_text("{{ x }}{{ 'k'|upper }}", encoding="utf-8")
    shown = CliRunner().invoke(command, ["explain", str(folder), "loop.html", "--portable"]).output
    assert re.search(r"out\.append\(f'\{t_\d}K'\)", shown)

    def make() -> jinja2.Environment:
        made = jinja2.Environment()
        made.filters["upper"] = lambda value: pytest.fail("it runs")
        return made

    sources = {source.name: source for source in read(folder, make())[0]}
    assert "K" not in emitted_python(sources, "loop.html", make(), speedups=False)


def test_a_mistake_gets_a_text(folder: Path) -> None:
    unknown = CliRunner().invoke(command, ["explain", str(folder), "pag.html"])
    assert (unknown.exit_code, "did you mean `page.html`?" in unknown.output) == (1, True)
    (folder / "bad.html").write_text("{% fi %}", encoding="utf-8")
    broken = CliRunner().invoke(command, ["explain", str(folder), "bad.html"])
    assert (broken.exit_code, "unknown tag" in broken.output) == (1, True)
