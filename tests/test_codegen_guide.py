"""The annotated code of `docs/codegen.md` is what is emitted today."""

import ast
import re
from pathlib import Path

import pytest

import blendtpl
from blendtpl.cli.explain import emitted_python
from blendtpl.compiler.frontend.reader import read
from blendtpl.runtime.speedups import ACTIVE
from tests.blocks import blocks_of, run_shell

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "docs" / "codegen.md"
TEXT = GUIDE.read_text(encoding="utf-8")
BLOCKS = blocks_of(GUIDE)
SITE = {block.title.removeprefix("site/"): block.text for block in BLOCKS if block.language == "jinja"}
# by themselves, for a piece has the indentation that it has in its function
SECTION = re.compile(r"^## `([^`\n]+)`\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
PIECE = re.compile(r"^```py\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PIECES = {name: PIECE.findall(text) for name, text in SECTION.findall(TEXT)}


def test_each_template_of_the_site_has_its_code_in_pieces() -> None:
    assert {block.language for block in BLOCKS} == {"jinja", "sh", "py"}
    assert set(PIECES) == set(SITE)
    assert sum(map(len, PIECES.values())) == sum(block.language == "py" for block in BLOCKS)
    assert len(PIECES["page.html"]) >= 10


@pytest.mark.parametrize("name", SITE)
def test_the_pieces_together_are_the_code_that_is_emitted_for_a_template(name: str) -> None:
    environment = blendtpl.default_environment()
    sources = {source.name: source for source in read(SITE, environment)[0]}
    emitted = ast.parse(emitted_python(sources, name, environment, speedups=True))
    shown = ast.parse("\n".join(PIECES[name]))
    if not any(isinstance(statement, ast.Assign) for statement in shown.body):
        # what a template says of itself is shown for one of them
        emitted.body = [statement for statement in emitted.body if not isinstance(statement, ast.Assign)]
    assert ast.unparse(shown) == ast.unparse(emitted)


@pytest.mark.skipif(not ACTIVE, reason="shows what is emitted where there is something in C")
def test_the_command_in_it_prints_what_it_shows(tmp_path: Path) -> None:
    for name, text in SITE.items():
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (command,) = [block.text for block in BLOCKS if block.language == "sh"]
    printed = run_shell(command, tmp_path)
    assert ast.dump(ast.parse(printed)) == ast.dump(ast.parse("\n".join(PIECES["page.html"])))


def test_a_page_of_the_site_renders() -> None:
    registry = blendtpl.load(blendtpl.compile(SITE))
    page = registry.render(
        "page.html",
        site="Feedwhip",
        user={"name": "Ada", "tags": ["a", "<b>"]},
        changes=[{"url": "/1", "title": "<One>", "size": 2000}],
    )
    assert "<title>Changes - Feedwhip</title>" in page
    assert '1. <a href="/1">&lt;One&gt;</a>\n<b class="plain">2.0 kB</b>' in page
    assert "<p> a &lt;b&gt;</p>" in page


def test_what_it_names_is_there() -> None:
    paths = re.findall(r"`([\w/]+\.(?:py|c))`", TEXT)
    assert len(paths) >= 10
    for path in paths:
        assert (ROOT / "blendtpl" / path).is_file() or (ROOT / path).is_file(), path
    for word, path in re.findall(r"`(\w+)`,? in\s+`([\w/]+\.(?:py|c))`", TEXT):
        assert re.search(rf"\b{word}\b", (ROOT / "blendtpl" / path).read_text(encoding="utf-8")), (word, path)
