"""CSS goes onto elements where it is certain, and stays in the sheet where it is not."""

import jinja2
import pytest

from tests.compiling.mail.inlined import as_inlined, as_written, effective
from tests.compiling.mail.support import BODY, inlined, rendered

PAGE = "<html><head><style>{css}</style></head><body>{body}</body></html>"


def page(css: str, body: str, **others: str) -> dict[str, str]:
    return {BODY: PAGE.format(css=css, body=body), **others}


def test_a_rule_goes_onto_its_elements_and_the_sheet_is_gone() -> None:
    new, notes = inlined(page("p{color:red} .a{margin:0}", '<p class="a">x</p>{{ name }}'))
    assert new[BODY] == (
        '<html><head></head><body><p style="color: red;margin: 0;" class="a">x</p>{{ name }}</body></html>'
    )
    assert notes == []


def test_a_sheet_keeps_what_no_inliner_applies() -> None:
    css = "p, a:hover{color:red}\n@media (max-width:9px){p{color:blue}}\n@font-face{font-family:x}\n"
    css += "p::before{content:'x'}"
    new, notes = inlined(page(css, "<p>x</p>"))
    assert "<style>a:hover{color:red}\n@media (max-width:9px){p{color:blue}}\n@font-face{font-family:x}" in new[BODY]
    assert "p::before{content:'x'}</style>" in new[BODY]
    assert notes == []


def test_a_rule_that_matches_nothing_stays_for_what_a_reader_puts_around_the_mail() -> None:
    new, _ = inlined(page("#outlook a{padding:0} p{color:red}", "<p>x</p>"))
    assert "<style>#outlook a{padding:0}</style>" in new[BODY]


def test_every_branch_and_body_of_a_loop_is_given_its_style() -> None:
    body = "{% if x %}<p>a</p>{% else %}<b>b</b>{% endif %}{% for i in items %}<i>c</i>{% else %}<u>d</u>{% endfor %}"
    new, notes = inlined(page("p,b,i,u{color:red}", body))
    assert new[BODY].count('style="color: red;"') == 4
    assert notes == []


def test_what_is_included_inherited_and_called_is_matched_where_it_stands() -> None:
    texts = {
        "base.html": PAGE.format(
            css=".card a{color:red} a{margin:0}", body='<p class="card">{% block b %}{% endblock %}</p>'
        ),
        "part.html": "<a>in</a>",
        "m.html": "{% macro link() %}<a>{{ caller() }}</a>{% endmacro %}",
        BODY: '{% extends "base.html" %}{% from "m.html" import link %}'
        '{% block b %}{% include "part.html" %}{% call link() %}<b>x</b>{% endcall %}{% endblock %}',
    }
    new, notes = inlined(texts)
    assert new["part.html"] == '<a style="margin: 0;color: red;">in</a>'
    assert '<a style="margin: 0;color: red;">{{ caller() }}</a>' in new["m.html"]
    assert "<style" not in new["base.html"]
    assert notes == []
    assert as_written(rendered(new)) == as_inlined(rendered(texts))


def test_a_part_that_stands_in_two_places_keeps_the_rule_that_holds_in_one() -> None:
    texts = page(
        ".card a{color:red} a{margin:0}", '{% include "p.html" %}<div class="card">{% include "p.html" %}</div>'
    )
    texts["p.html"] = "<a>x</a>"
    new, notes = inlined(texts)
    assert new["p.html"] == '<a style="margin: 0;">x</a>'
    assert "<style>.card a{color:red}</style>" in new[BODY]
    assert [note.text for note in notes] == ["whether `.card a` matches is known in a render only"]
    assert effective(rendered(new)) == effective(rendered(texts))


def test_a_rule_that_may_lose_to_one_that_stays_stays_with_it() -> None:
    texts = page("p{color:red;margin:0} .warn{color:blue}", '<p class="{{ c }}">x</p>')
    new, notes = inlined(texts)
    assert '<p style="margin: 0;" class="{{ c }}">' in new[BODY]  # which nothing else sets
    assert "p{color:red;margin:0} .warn{color:blue}" in new[BODY]
    assert {note.line for note in notes} == {1}
    for value in ("warn", "other"):
        assert effective(rendered(new, c=value)) == effective(rendered(texts, c=value))


@pytest.mark.parametrize("important", ["", "!important"])
def test_the_cascade_holds_with_a_style_of_its_own(important: str) -> None:
    texts = page(
        f"p{{color:red{important};margin:1px}} p.a{{margin-top:2px}}",
        '<p class="a" style="color:pink;margin-left:3px">x',
    )
    new, _ = inlined(texts)
    assert as_written(rendered(new)) == as_inlined(rendered(texts))


def test_values_in_a_style_are_kept_as_they_are() -> None:
    texts = page("p{margin:0;color:red}", '<p style="color:{{ ink }};width:{{ n }}px">x</p>')
    new, _ = inlined(texts)
    assert '<p style="margin: 0;color: {{ ink }};width: {{ n }}px">' in new[BODY]
    assert as_written(rendered(new, ink="blue", n=3)) == as_inlined(rendered(texts, ink="blue", n=3))


def test_declarations_in_a_variable_come_behind_those_of_rules_and_before_important_ones() -> None:
    texts = page("p{color:red;margin:0 !important}", '<p style="{{ own }}">x</p>')
    new, _ = inlined(texts)
    assert '<p style="color: red;{{ own }};margin: 0 !important">' in new[BODY]
    own = "color:blue;padding:1px"
    assert effective(rendered(new, own=own)) == effective(rendered(texts, own=own))


def test_constants_of_an_import_are_written_out() -> None:
    brand = {"brand.html": '{% set ink = "#111" %}{% set p = "margin:0;color:" ~ ink %}'}
    texts = page("a{color:{{ b.ink }}}p{padding:1px}", '<a>x</a><p style="{{ b.p }}">y</p>', **brand)
    texts[BODY] = '{% import "brand.html" as b %}' + texts[BODY]
    new, notes = inlined(texts)
    assert '<a style="color: #111;">x</a><p style="padding: 1px;margin: 0;color: #111">' in new[BODY]
    assert notes == []


def test_a_value_of_the_context_stays_in_the_sheet() -> None:
    texts = page("a{color:{{ ink }}} a{margin:0}", "<a>x</a>")
    new, notes = inlined(texts)
    assert "<style>a{color:{{ ink }}}</style>" in new[BODY]
    assert '<a style="margin: 0;">' in new[BODY]
    assert [note.text for note in notes] == ["its values are known in a render only"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("{% trans %}a <b>b</b>{% endtrans %}", "it stands in a text that is translated"),
        ("<b {{ more|xmlattr }}>x</b>", "what is printed in its tag may be a `style` of its own"),
        ("{{ text|safe }}<b>x</b>", "what is printed here may hold elements"),
        ("{% filter upper %}<b>x</b>{% endfilter %}", "it is printed by way of a filter"),
    ],
)
def test_what_cannot_be_written_is_told_and_its_rule_stays(body: str, why: str) -> None:
    new, notes = inlined(page("b{color:red}", body))
    assert "b{color:red}" in new[BODY]
    assert why in [note.text for note in notes]


def test_a_page_that_shares_a_part_is_left_as_it_was() -> None:
    texts = page(
        "a{color:red}",
        '{% include "p.html" %}<a>y</a>',
        **{"p.html": "<a>x</a>", "page.html": '{% include "p.html" %}'},
    )
    new, notes = inlined(texts)
    assert new["p.html"] == texts["p.html"]
    assert '<a style="color: red;">y</a>' in new[BODY]
    assert [(note.template, note.text) for note in notes] == [("p.html", "`page.html` renders this template as well")]
    assert "a{color:red}" in new[BODY]


def test_messages_with_different_sheets_keep_their_rules_for_a_part_that_they_share() -> None:
    texts = {"p.html": "<a>x</a>"}
    for name, colour in (("one", "red"), ("two", "blue")):
        texts[f"{name}/body.html"] = PAGE.format(
            css=f"a{{color:{colour}}}b{{color:{colour}}}", body='{% include "p.html" %}<b>y</b>'
        )
    new, notes = inlined(texts, "one/body.html", "two/body.html")
    assert new["p.html"] == texts["p.html"]
    assert '<b style="color: red;">' in new["one/body.html"]
    assert "<style>a{color:red}</style>" in new["one/body.html"]
    assert "messages with different sheets share it" in [note.text for note in notes]


def test_tags_that_a_condition_opens_and_another_closes_are_followed_both_ways() -> None:
    body = '{% if url %}<a href="{{ url }}">{% else %}<b>{% endif %}<i>x</i>{% if url %}</a>{% else %}</b>{% endif %}'
    texts = page("a i{color:red} b i{margin:0} i{padding:0}", body)
    new, _ = inlined(texts)
    for url in ("u", ""):
        assert effective(rendered(new, url=url)) == effective(rendered(texts, url=url))
    assert '<i style="padding: 0;">' in new[BODY]


def test_elements_whose_place_is_a_value_are_matched_by_what_they_are_alone() -> None:
    texts = page(".card a{color:red} a{margin:0}", '{% set v = link() %}<div class="card">{{ v }}</div>{{ v }}')
    texts[BODY] = "{% macro link() %}<a>x</a>{% endmacro %}" + texts[BODY]
    new, _ = inlined(texts)
    assert '<a style="margin: 0;">x</a>' in new[BODY]
    assert effective(rendered(new)) == effective(rendered(texts))


def test_a_template_extended_under_a_condition_is_left_and_told() -> None:
    texts = {
        BODY: '{% if x %}{% extends "base.html" %}{% endif %}',
        "base.html": PAGE.format(css="p{color:red}", body="<p>x"),
    }
    new, notes = inlined(texts)
    assert new == texts
    assert "it extends another under a condition" in notes[0].text


def test_other_delimiters_are_read_by_jinjas_own_lexer() -> None:
    environment = jinja2.Environment(
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="[[",
        variable_end_string="]]",
        autoescape=True,
    )
    texts = page("p{color:red}", "<% if x %><p title='[[ \"</p>\" ]]'>{{ plain }}</p><% endif %>")
    new, _ = inlined(texts, environment=environment)
    assert '<p style="color: red;" title=\'[[ "</p>" ]]\'>{{ plain }}</p>' in new[BODY]


def test_a_sheet_whose_rules_are_printed_leaves_everything_in_sheets() -> None:
    new, _ = inlined(page("{{ rules }} p{color:red}", "<p>x</p>"))
    assert "<p>x</p>" in new[BODY]
    assert "{{ rules }} p{color:red}" in new[BODY]


def test_a_sheet_that_is_included_goes_onto_elements() -> None:
    texts = page('{% include "mail.css" %}', "<p>x</p>", **{"mail.css": "p{color:red}\n@media print{p{color:black}}\n"})
    new, _ = inlined(texts)
    assert '<p style="color: red;">' in new[BODY]
    assert "<style>@media print{p{color:black}}</style>" in new[BODY].replace("\n", "").replace("<style> ", "<style>")
