"""Where conditions decide the class of an element, they decide its style, which is what inlining each render gives."""

from itertools import product

import pytest

from blendtpl.compiler.mail.sheets import touches
from tests.compiling.mail.cascade import cascaded
from tests.compiling.mail.inlined import as_inlined, as_written
from tests.compiling.mail.support import BODY, inlined, rendered

CSS = ".a{color:red;margin:1px}.b{color:blue}p{padding:3px}.c{font-size:9px}.a.c{top:0}"

DECIDED = {
    "an expression": "<p class=\"{{ 'a' if x else 'b' }}\">t</p>",
    "an expression without else": "<p class=\"c {{ 'a' if x }}\">t</p>",
    "a statement": '<p class="{% if x %}a{% else %}b{% endif %} c">t</p>',
    "a statement with elif": '<p class="{% if x %}a{% elif y %}b{% endif %}" style="color:green">t</p>',
    "a statement in a statement": '<p class="{% if x %}a{% if y %} c{% endif %}{% else %}b{% endif %}">t</p>',
    "the attribute": '<p{% if x %} class="a"{% endif %}>t</p>',
    "an id, and a selector of attributes": "<p title=\"{{ 'a' if x else 'b' }}\">t</p>",
    "two conditions": "<p class=\"{{ 'a' if x else 'b' }} {{ 'c' if y }}\">t</p>",
    "the same condition twice": "<p class=\"{{ 'a' if x else 'b' }} {{ 'c' if x }}\">t</p>",
    "a comparison": "<p class=\"{{ 'a' if x and name == 'q' or name in 'rs' else 'b' }}\">t</p>",
    "a test": "<p class=\"{{ 'a' if not x is sameas false else 'b' }}\">t</p>",
    "a test with an argument": "<p class=\"{{ 'a' if n is divisibleby(2) and (n|default(1)) > x else 'b' }}\">t</p>",
    "what is asked where it is there": '<p class="{% if no is defined and no.a %}a{% else %}b{% endif %}">t</p>',
    "a loop": "{% for i in [1, 2] %}<p class=\"{{ 'a' if loop.first else 'b' }}\">t</p>{% endfor %}",
    "a macro": "{% macro m(k) %}<p class=\"{{ 'a' if k else 'b' }}\">t</p>{% endmacro %}{{ m(x) }}{{ m(y) }}",
    "a name that is set before": "{% set k = 'a' if x else 'b' %}{% set x = y %}<p class=\"{{ k }}\">t</p>",
    "a style with a value of the context": "<p class=\"{{ 'a' if x else 'b' }}\" style=\"color:{{ name }}\">t</p>",
    "a style with a condition": "<p class=\"{{ 'a' if x }}\" style=\"{% if y %}margin:2px;{% endif %}top:1px\">t</p>",
    "elements in an element": "<div class=\"{{ 'a' if x else 'b' }}\"><p class=\"{{ 'c' if y }}\">t</p></div>",
}  # fmt: skip


@pytest.mark.parametrize("body", DECIDED.values(), ids=DECIDED)
def test_each_branch_has_the_style_that_inlining_it_gives(body: str) -> None:
    css = CSS + ("#a{top:1px}[title=a]{left:1px}[title=b]{right:1px}" if "title" in body else "")
    texts = {BODY: f"<html><head><style>{css}</style></head><body>{body}</body></html>"}
    new, notes = inlined(texts)
    assert notes == []
    assert "title" in body or ".a{" not in new[BODY]
    for x, y in product((False, True), repeat=2):
        context = {"x": x, "y": y, "name": "q" if y else "z", "n": 3 + y}
        found, plain = rendered(new, **context), rendered(texts, **context)
        assert as_written(found) == as_inlined(plain)
        assert cascaded(found) == cascaded(plain)


UNDECIDED = {
    "what is called may say something else": "<p class=\"{{ 'a' if x() else 'b' }}\">t</p>",
    "a class that the context says": '<p class="{{ name }}">t</p>',
    "a branch that the context says": "<p class=\"{{ 'a' if x else name }}\">t</p>",
    "a class of what it stands in": "<div class=\"{{ 'a' if x else name }}\"><p>t</p></div>",
    "more ways than anybody wants to read": "<p class=\""
    + " ".join(f"{{{{ '{name}' if x.{name} else 'b' }}}}" for name in "acdefg")
    + '">t</p>',
}  # fmt: skip


@pytest.mark.parametrize("body", UNDECIDED.values(), ids=UNDECIDED)
def test_what_is_not_decided_stays_in_the_sheet_and_it_is_told_why(body: str) -> None:
    texts = {BODY: f"<html><head><style>{CSS} .a p{{left:0}}</style></head><body>{body}</body></html>"}
    new, notes = inlined(texts)
    assert ".a{color:red;margin:1px}" in new[BODY]
    assert "whether `.a` matches is known in a render only" in {note.text for note in notes}


def test_signs_of_the_environment_are_those_of_the_conditions() -> None:
    import jinja2

    environment = jinja2.Environment("[%", "%]", "[[", "]]", autoescape=True)
    texts = {
        BODY: "<style>.a{color:red}</style><p class=\"[[ 'a' if x.y[0] == 'it' or not x.z else 'b' ]]\">t</p>",
    }
    new, notes = inlined(texts, environment=environment)
    assert notes == []
    assert "<p[% if ((x.y[0] == 'it') or (not x.z)) %] style=\"color: red;\"[% endif %] class=" in new[BODY]


@pytest.mark.parametrize(
    ("css", "own", "written"),
    [
        (".c{border:4px}.d{border-left-width:8px;border:7px}", "", "border-left-width: 8px;border: 7px;"),
        (".d{margin-top:8px;margin:7px}p{margin:4px;}", "", "margin-top: 8px;margin: 7px;"),
        (".c{border:4px}.d{border-left-width:8px}", "", "border: 4px;border-left-width: 8px;"),
        (
            ".c{padding:1px!important}.d{padding-top:2px!important;padding:3px!important}",
            "top:0",
            "padding-top: 2px !important;padding: 3px !important;top: 0;",
        ),
    ],
)
def test_a_shorthand_stands_where_it_wins_and_not_where_the_inliner_leaves_it(css: str, own: str, written: str) -> None:
    style = f' style="{own}"' if own else ""
    texts = {BODY: f'<html><head><style>{css}</style></head><body><p class="c d"{style}>t</p></body></html>'}
    new, _ = inlined(texts)
    assert f'style="{written}"' in new[BODY]
    assert cascaded(new[BODY]) == cascaded(texts[BODY])


@pytest.mark.parametrize(
    ("name", "other", "expected"),
    [
        ("border", "border-left-width", True),
        ("border-left", "border-width", True),
        ("border-left-width", "border-width", True),
        ("border-left-width", "border-top-width", False),
        ("border-left", "border-top", False),
        ("border-left-width", "border-left-color", False),
        ("border-collapse", "border-left", False),
        ("margin", "margin-top", True),
        ("font", "line-height", True),
        ("font-size", "line-height", False),
        ("margin-top", "margin-left", False),
        ("color", "color", False),
    ],
)
def test_properties_touch_each_other_where_one_sets_a_part_of_the_other(name: str, other: str, expected: bool) -> None:
    assert touches(name, other) is touches(other, name) is expected
