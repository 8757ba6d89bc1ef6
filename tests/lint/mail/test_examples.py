"""The variants of a message have what its renders have: each element of each example is in one of them."""

from functools import cache

import jinja2
import pytest

import blendtpl
from blendtpl.compiler.frontend.examples import read_examples
from blendtpl.compiler.mail.lint.decisions import LIMIT, variants
from blendtpl.compiler.mail.lint.document import Document, Element, document
from blendtpl.compiler.mail.lint.expand import Run
from blendtpl.compiler.mail.lint.pages import Templates
from blendtpl.compiler.mail.lint.values import HOLES, Piece
from testkit import TEMPLATES

MESSAGES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.glob("emails/*/body.html"))

Shape = tuple[str, tuple[str, ...], str]

OF_VARIABLES: set[Shape] = {("a", ("href", "rel"), "")}  # what `urlize` makes of a value


@cache
def environment() -> jinja2.Environment:
    made = blendtpl.default_environment()
    made.loader = jinja2.FileSystemLoader(TEMPLATES)
    return made


@cache
def templates() -> Templates:
    made = environment()
    loader = made.loader
    assert loader is not None
    names = [name for name in made.list_templates() if not name.endswith((".json", ".toml"))]
    return Templates(lambda name: made.parse(loader.get_source(made, name)[0], name), names)


def shapes(found: Document) -> set[Shape]:
    """Return of each element its tag, its attributes and its style, "?" for a style with holes."""
    return {shape(element) for element in found.root.all()}


def shape(element: Element) -> Shape:
    style = element.attributes.get("style", "")
    return element.tag, tuple(sorted(element.attributes)), "?" if any(hole in style for hole in HOLES) else style


@pytest.mark.parametrize("name", MESSAGES)
def test_every_element_of_every_example_is_in_a_variant(name: str) -> None:
    expanded = list(variants(lambda decisions: Run(templates(), environment(), decisions).expand(name)))
    assert 1 < len(expanded) < LIMIT
    known = set().union(*(shapes(document(each.pieces)) for each in expanded))
    examples = read_examples(TEMPLATES, name)
    assert examples
    for context in examples.values():
        rendered = environment().get_template(name).render(context)
        seen = shapes(document([Piece(rendered, name, 1)]))
        assert {each for each in seen - known - OF_VARIABLES if (*each[:2], "?") not in known} == set()
