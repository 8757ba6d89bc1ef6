"""``blendtpl explain``: every stage can be read."""

from pathlib import Path

import jinja2
import pytest
from click.testing import CliRunner

from blendtpl.cli import command
from blendtpl.cli.explain import emitted_python
from blendtpl.compiler.frontend.reader import read
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


def test_the_code_that_is_shown_is_the_code_of_a_bundle(folder: Path) -> None:
    """With what is inlined, and without what a filter of one's own would have made of a constant."""
    (folder / "loop.html").write_text("{% for x in xs %}{% include 'row.html' %}{% endfor %}", encoding="utf-8")
    (folder / "row.html").write_text("{{ x }}{{ 'k'|upper }}", encoding="utf-8")
    shown = CliRunner().invoke(command, ["explain", str(folder), "loop.html", "--portable"]).output
    assert "out.append(f'{t_2}K')" in shown

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
