"""Feedwhip's own templates: complete, rendering with every example, and well-formed."""

import re
from pathlib import Path

import html5lib
import jinja2
import pytest

import blendtpl
from blendtpl.compiler.frontend.examples import read_examples
from testkit import TEMPLATES
from testkit.examples import context_of, every_example

EMAILS = sorted(path.name for path in (TEMPLATES / "emails").iterdir())
PAGES = sorted(path.stem for path in (TEMPLATES / "pages").glob("*.html"))
CONSTRUCTS = (
    *(r"super\(\)", "scoped", "required", "import .* with context", "import (?!.*with context)", "from .* import"),
    *("call", "filter", r"set \w+ ?-?%", "recursive", "trans", "include", "with ", "raw", "do ", "break", "continue"),
)


def test_there_are_fourteen_e_mails_of_three_parts_and_fourteen_pages() -> None:
    assert len(EMAILS) >= 14
    assert len(PAGES) >= 14
    for name in EMAILS:
        assert {"subject.txt", "body.txt", "body.html"} <= {
            path.name for path in (TEMPLATES / "emails" / name).iterdir()
        }


@pytest.mark.parametrize(
    "name", [*(f"emails/{name}/body.html" for name in EMAILS), *(f"pages/{name}.html" for name in PAGES)]
)
def test_each_has_an_ordinary_and_a_hard_example(name: str) -> None:
    examples = read_examples(TEMPLATES, name)
    assert {"ordinary", "hard"} <= set(examples)
    assert "<script>" in str(examples["hard"])


@pytest.mark.parametrize("construct", CONSTRUCTS)
def test_together_they_use_the_language(construct: str) -> None:
    pattern = re.compile(r"\{[%{]-?[^%}]*" + construct)
    texts = [path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*") if path.suffix in {".html", ".txt"}]
    assert any(pattern.search(text) for text in texts)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "example"), list(every_example()))
def test_an_example_renders_as_with_jinja2_and_is_well_formed(
    name: str, example: str, registry: blendtpl.Registry, stock: jinja2.Environment
) -> None:
    context = context_of(name, example)
    text = registry.render(name, context)
    assert text == stock.get_template(name).render(context)
    assert "".join(registry[name].stream(context)) == text
    if name.endswith("subject.txt"):
        assert len(text.strip().splitlines()) == 1
    if name.endswith(".html") and "<html" in text:
        html5lib.HTMLParser(strict=True).parse(text)
        assert "<script>alert" not in text


def test_the_settings_of_the_project_are_the_folder_and_the_bundle_of_the_readme() -> None:
    text = Path(TEMPLATES.parent, "pyproject.toml").read_text(encoding="utf-8")
    assert 'templates = "templates"' in text
    assert 'output = "build/feedwhip.blend"' in text
