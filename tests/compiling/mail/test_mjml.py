"""A `body.mjml` becomes HTML in the build, with its tags, and in their lines."""

import re

import pytest

import blendtpl
from blendtpl.compiler.build import build
from blendtpl.compiler.mail.project_settings import MailSettings

MAIL = """\
<mjml>
  <mj-head>
    <mj-title>{{ title }}</mj-title>
    <mj-attributes><mj-text color="red" /></mj-attributes>
  </mj-head>
  <mj-body>
    {% if changes %}
    <mj-section background-color="{{ colour }}">
      {% for change in changes %}
      <mj-column>
        <mj-text>Hello {{ change }}, {% trans %}you <b>there</b>{% endtrans %}</mj-text>
        {# a note #}
        <mj-button href="{{ url }}">Go</mj-button>
      </mj-column>
      {% endfor %}
    </mj-section>
    {% endif %}
    {% include "part.mjml" %}
  </mj-body>
</mjml>
"""
PART = '<mj-section><mj-column width="30%"><mj-text>{{ name }}</mj-text></mj-column></mj-section>\n{{ missing }}'


def compiled(**texts: str) -> blendtpl.Registry:
    files = {"mail/subject.txt": "s", **{name.replace("__", "."): text for name, text in texts.items()}}
    return blendtpl.load(blendtpl.compile(files))


def of_mail(text: str) -> blendtpl.Registry:
    return compiled(**{"mail/body.mjml": text})


def test_tags_in_texts_values_and_between_elements_do_what_they_did() -> None:
    made = compiled(**{"mail/body.mjml": MAIL, "part.mjml": PART.partition("\n")[0]})
    assert sorted(made) == ["mail/body.html", "mail/subject.txt", "part.mjml"]
    text = made.render(
        "mail/body.html", title="T & T", changes=["one", "<two>"], colour="#abc", url="https://e.org/?a&b", name="<Ada>"
    )
    assert text.startswith("<!doctype html>")
    assert "<title>T &amp; T</title>" in text
    assert text.count("background:#abc") == 2
    assert re.findall("Hello ([^,]*), you <b>there</b>", text) == ["one", "&lt;two&gt;"]
    assert text.count('<a href="https://e.org/?a&amp;b"') == 2
    assert "blendtpl" not in text
    assert "color:red" in text.partition("&lt;Ada&gt;")[0][-200:]  # a part is compiled within the head of its message
    assert ".mj-column-per-30 {" in text.partition("</head>")[0]
    empty = made.render("mail/body.html", title="", changes=[], colour="", url="", name="")
    assert "Hello" not in empty
    assert "mj-column-per-30" in empty


@pytest.mark.parametrize("line", [3, 7, 8, 9, 11, 13, 18])
def test_an_error_has_the_line_of_the_mjml(line: int) -> None:
    lines = MAIL.replace('{% include "part.mjml" %}', "{{ last }}").split("\n")
    lines[line - 1] = re.sub(r"\{\{ [\w.]+ \}\}", "{{ nothing.here }}", lines[line - 1])
    lines[line - 1] = lines[line - 1].replace("if changes", "if nothing.here").replace("in changes", "in nothing.here")
    made = of_mail("\n".join(lines))
    values = {"title": "", "changes": ["x"], "colour": "", "url": "", "last": ""}
    with pytest.raises(blendtpl.UndefinedError) as caught:
        made.render("mail/body.html", values)
    assert f"mail/body.html:{line}:" in str(caught.value)


def test_an_error_in_a_part_has_its_line() -> None:
    made = compiled(**{"mail/body.mjml": MAIL, "part.mjml": PART})
    with pytest.raises(blendtpl.UndefinedError, match=r"part.mjml:2:") as caught:
        made.render("mail/body.html", title="", changes=[], name="")
    assert "missing" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("<mjml>\n<mj-body>\n<mj-foo>x</mj-foo></mj-body></mjml>", "3:1", "there is no element `mj-foo` in MJML"),
        ("<mjml><mj-body>\n<mj-section></mj-body></mjml>", "2:13", "`</mj-body>` closes nothing"),
        ("<mjml><mj-body>\n\n<mj-section>", "3:1", "`<mj-section>` is not closed"),
        ("<mjml><mj-body>\n<mj-section {{ x }}></mj-section></mj-body></mjml>", "2:13", "between attributes of MJML"),
        (
            "<mjml><mj-body>\n<mj-section><mj-column width='{{ w }}'></mj-column></mj-section></mj-body></mjml>",
            "2:1",
            "leaves `{{ w }}` out: its value must be known in the build",
        ),
        ("<div></div>", "1:1", "MJML is refused"),
        ("\n{% extends 'x' %}<mjml></mjml>", "2:1", "MJML cannot extend another template"),
    ],
)
def test_what_is_no_mjml_is_told_with_its_place(text: str, place: str, message: str) -> None:
    with pytest.raises(blendtpl.SourceError) as caught:
        of_mail(text)
    (fault,) = [fault for fault in caught.value.faults if fault.kind == "mjml"]
    assert (fault.name, f"{fault.line}:{fault.column}") == ("mail/body.mjml", place)
    assert message in fault.message


def test_a_mistake_in_a_tag_is_told_as_in_any_template() -> None:
    with pytest.raises(blendtpl.SourceError) as caught:
        of_mail("<mjml>\n<mj-body>{% if %}</mj-body></mjml>")
    assert caught.value.faults[0].line == 2


def test_mjml_beside_html_is_one_too_many() -> None:
    with pytest.raises(blendtpl.SourceError, match=r"there is `mail/body.html` as well"):
        compiled(**{"mail/body.mjml": "<mjml></mjml>", "mail/body.html": ""})


def test_a_part_that_two_messages_include_has_one_head() -> None:
    other = MAIL.replace('color="red"', 'color="blue"')
    with pytest.raises(blendtpl.SourceError, match=r"includes it with another `mj-head` than others do"):
        compiled(**{"mail/body.mjml": MAIL, "other/body.mjml": other, "part.mjml": PART})


def test_what_mjml_makes_is_inlined_like_other_html() -> None:
    text = MAIL.replace("</mj-head>", "<mj-style>p b{font-weight:400} b{color:teal}</mj-style></mj-head>")
    files = {"mail/subject.txt": "s", "mail/body.mjml": text, "part.mjml": PART}
    bundle = build(files, mail=MailSettings(inline_css=True)).bundle
    shown = blendtpl.load(bundle).render(
        "mail/body.html", title="", changes=["x"], colour="", url="", name="", missing=""
    )
    assert "<b>there</b>" in shown  # which is translated: its rule stays
    assert "b{color:teal}" in shown
    assert 'border="0"' in shown
