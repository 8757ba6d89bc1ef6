"""What clients and readers cannot use is told by its name and place, and nothing that they can use is."""

import pytest

from tests.lint.mail.support import HIDDEN, message, told, told_of_each, warnings

# what stands in the body, from line 2 on; the style sheet in line 1; and what is told
FOUND = {
    "flex": ('<p style="display:flex">Text</p>', "", "mail-css 2:11"),
    "in a later line": ('<p\n  style="color:red;\n  display: grid">Text</p>', "", "mail-css 4:3"),
    "a unit": ('<p style="font-size:2rem">Text</p>', "", "mail-css 2:11"),
    "a function": ('<p style="width:calc(1px + 2px)">Text</p>', "", "mail-css 2:11"),
    "a gradient": ('<p style="background:linear-gradient(red, blue)">Text</p>', "", "mail-css 2:11"),
    "a place on the page": ('<p style="position:absolute">Text</p>', "", "mail-css 2:11"),
    "a selector": ("", "li:nth-child(2) { color: red }", "mail-css 1:32"),
    "a combinator": ("", "p > b { color: red }", "mail-css 1:30"),
    "a pseudo-element": ("", "p::before { content: 'x' }", "mail-css 1:32"),
    "an import": ("", "@import url(https://example.org/x.css);", "mail-css 1:30"),
    "a rule in a rule": ("", "div { color: red; & p { color: blue } }", "mail-css 1:30"),
    "a variable": ("", "p { --x: red }", "mail-css 1:34"),
    "a rule's property": ("", "p { float: left }", "mail-css 1:34"),
    "a video": ('<video src="https://example.org/x.mp4"></video>', "", "mail-html 2:1"),
    "a form": ('<form action="https://example.org/"></form>', "", "mail-html 2:1"),
    "a field": ("<input type=text>", "", "mail-html 2:1"),
    "a style sheet elsewhere": ('<link rel="stylesheet" href="https://example.org/x.css">', "", "mail-html 2:1"),
    "a hidden element": ("<p hidden>Text</p>", "", "mail-html 2:4"),
    "a link into the message": ('<a href="#below">Below</a>', "", "mail-html 2:4"),
    "an image in an address": ('<img src="data:image/png;base64,AA" alt="" width="9">', "", "mail-image-format 2:6"),
    "an image that Gmail does not show": (
        '<img src="https://example.org/x.svg?v=1" alt="" width="9">',
        "",
        "mail-image-format 2:6",
    ),
    "no alt": ('<p>Text</p>\n<img src="https://example.org/x.png" width="9">', "", "mail-image-alt 3:1"),
    "no width": ('<img src="https://example.org/x.png" alt="">', "", "mail-image-width 2:1"),
    "a level left out": ("<h1>One</h1>\n<h3>Three</h3>", "", "mail-heading-order 3:1"),
    "click here": ('<a href="https://example.org/">Click <b>here</b>!</a>', "", "mail-link-text 2:1"),
    "in another language": ('<a href="https://example.org/">hier</a>', "", "mail-link-text 2:1"),
    "a link without text": ('<a href="https://example.org/">&zwnj; </a>', "", "mail-link-text 2:1"),
    "a link of an image that says nothing": (
        '<a href="https://example.org/"><img src="https://example.org/x.png" alt="" width="9"></a>',
        "",
        "mail-link-text 2:1",
    ),
    "a path": ('<a href="/account">Account</a>', "", "mail-relative-url 2:4"),
    "a path with a variable": ('<a href="/users/{{ id }}">Account</a>', "", "mail-relative-url 2:4"),
    "a host without a scheme": ('<a href="//example.org/">Home</a>', "", "mail-relative-url 2:4"),
    "an image beside": ('<img src="logo.png" alt="" width="9">', "", "mail-relative-url 2:6"),
    "in the clear": ('<a href="http://example.org/{{ id }}">Home</a>', "", "mail-insecure-url 2:4"),
    "grey on white": ('<p style="color:#999;background:#fff">Text</p>', "", "mail-contrast 2:1"),
    "inherited": (
        '<table bgcolor="#ffffff"><tr><td style="color:#999">\n<p>Text</p></td></tr></table>',
        "",
        "mail-contrast 3:1",
    ),
    "by rules": ('<p class="a">Text</p>', "p{color:#000;background:#fff} .a{color:#999}", "mail-contrast 2:1"),
    "by what is more important": (
        '<p style="color:#000;background:#fff">Text</p>',
        "p{color:#999!important}",
        "mail-contrast 2:1",
    ),
    "of a variable": ('<p style="color:#999;background:#fff">{{ text }}</p>', "", "mail-contrast 2:1"),
    "large, and still too little": (
        '<p style="color:#ccc;background:#fff;font-size:30px">Text</p>',
        "",
        "mail-contrast 2:1",
    ),
}


Told = dict[str, list[str]]


@pytest.fixture(scope="module")
def found() -> Told:
    cases = {case: message(body, style) for case, (body, style, _) in FOUND.items()}
    return told_of_each(cases, ignore="mail-part-variables")


@pytest.mark.parametrize("case", FOUND)
def test_what_clients_or_readers_cannot_use_is_told_by_its_name_and_place(case: str, found: Told) -> None:
    assert found[case] == [FOUND[case][2]]


MEANT = {
    "what is there for clients that don't know the second": (
        '<p style="font-size:32px;font-size:2rem;background-color:red;background:linear-gradient(red,blue)">Text</p>',
        "p { display: block; display: flex }",
    ),
    "what is hidden": ('<p style="display:none;float:left">Text</p>', ""),
    "what only decorates": (
        '<p style="border-radius:4px;box-shadow:0 0 1px red;transition:all 1s;position:relative">Text</p>',
        "a:hover { color: red } p { text-underline-offset: 2px } @font-face { font-family: x }",
    ),
    "what is in a query": ("", "@media (max-width: 9px) { p { display: flex } li:nth-child(2) { color: red } }"),
    "what is for one client": ("", "u + .body { display: flex } [data-ogsc] p { float: left }"),
    "a value that a variable makes": ('<p style="display:{{ how }};{{ more }};width:{{ n }}rem">Text</p>', ""),
    "a property that a variable makes": ('<p style="{{ name }}:flex">Text</p>', ""),
    "a selector that a variable makes": ("", "{{ name }} > p { color: red }"),
    "what Outlook gets otherwise": (
        '<!--[if mso]><table><tr><td><![endif]--><div style="float:left;max-width:600px">Text</div>'
        "<!--[if mso]></td></tr></table><![endif]-->",
        "",
    ),
    "a video with something else in it": (
        '<video src="https://example.org/x.mp4"><a href="https://example.org/">The film</a></video>',
        "",
    ),
    "a font": ('<link rel="stylesheet" href="https://fonts.example.org/css?family=x">', ""),
    "a font of a style sheet": ("", "@import url(https://fonts.example.org/css?family=x);"),
    "an image with all of it": ('<img src="https://example.org/x.png" alt="" width="{{ w }}">', ""),
    "one as high as it should be": ('<img src="https://example.org/x.png" alt="" height="32">', ""),
    "one of which a sheet says how wide it is": (
        '<img src="https://example.org/x.png" alt="">',
        "img { width: 100px }",
    ),
    "one whose attributes a variable has": ("<img{{ attributes|xmlattr }}>", ""),
    "one that counts readers": ('<img src="https://example.org/x.gif" width="1" height="1">', ""),
    "an image by its content id": ('<img src="cid:logo@example.org" alt="Us" width="9">', ""),
    "an address that a variable is": ('<a href="{{ url }}/x">Account</a><img src="{{ url }}" alt="" width="9">', ""),
    "a letter, a call and the place to write to": (
        '<a href="mailto:a@example.org">Write</a> <a href="tel:+1">Call</a> <a href="#">Up</a>',
        "",
    ),
    "what another tool puts in": (
        '<a href="%%unsubscribe%%">Leave</a> <a href="*|UNSUB|*">Go</a> <a href="[url]">On</a>',
        "",
    ),
    "a link that a variable names": ('<a href="https://example.org/">{{ title }}</a>', ""),
    "a link of an image": (
        '<a href="https://example.org/"><img src="https://example.org/x.png" alt="Us" width="9"></a>',
        "",
    ),
    "a link with a name of its own": ('<a href="https://example.org/" aria-label="The report">here</a>', ""),
    "a place without an address": ('<a name="top"></a>', ""),
    "headings in order": ("<h1>A</h1><h2>B</h2><h3>C</h3><h2>D</h2><h1>E</h1>", ""),
    "dark on light": ('<p style="color:#333;background:#fff">Text</p>', ""),
    "large": ('<p style="color:#888;background:#fff;font-size:24px">Text</p>', ""),
    "bold, and large enough": ('<h2 style="color:#888;background:#fff">Text</h2>', ""),
    "on a colour of a variable": ('<p style="color:#999;background:{{ colour }}">Text</p>', ""),
    "on an image": ('<td style="color:#999;background:#fff url(https://example.org/x.png)">Text</td>', ""),
    "a colour that nobody gives": ('<p style="color:#999">Text</p>', ""),
    "a link in the client's colour": ('<p style="color:#000;background:#06c"><a href="{{ url }}">It</a></p>', ""),
    "half transparent": ('<p style="color:rgb(0,0,0);background:#fff;opacity:.3">Text</p>', ""),
    "hidden by its colour": ('<p style="color:#fff;background:#fff">Text</p>', ""),
    "what a class of a variable may change": (
        '<p class="{{ kind }}" style="background:#fff">Text</p>',
        "p{color:#999} .good{color:#060}",
    ),
    "what a selector may change that is not understood": (
        '<p style="background:#fff">Text</p>',
        "p{color:#999} p[dir]{color:#000}",
    ),
    "no text in it": ('<p style="color:#999;background:#fff"> &nbsp; · </p>', ""),
}


@pytest.fixture(scope="module")
def meant() -> Told:
    cases = {case: message(body, style) for case, (body, style) in MEANT.items()}
    return told_of_each(cases, ignore="mail-part-variables")


@pytest.mark.parametrize("case", MEANT)
def test_what_clients_and_readers_can_use_is_not_told(case: str, meant: Told) -> None:
    assert meant[case] == []


WHOLE = {
    "no language": (f"\n<html><body>{HIDDEN}Text</body></html>", "mail-lang 2:1"),
    "no preheader": ('<html lang="en">\n<body><p>Text</p></body></html>', "mail-preheader 2:1"),
    "a preheader behind the text": (f'<html lang="en"><body><p>Text</p>{HIDDEN}</body></html>', "mail-preheader 1:17"),
    "images only": (
        f'<html lang="en"><body>{HIDDEN}\n<img src="https://example.org/x.png" alt="All of it" width="600">'
        "<p>© 2026</p></body></html>",
        "mail-images-only 2:1",
    ),
    "too large": (f'<html lang="en"><body>{HIDDEN}{"<p>Text</p>" * 10000}</body></html>', "mail-size 1:0"),
    "too large in one of its branches": (
        f'<html lang="en"><body>{HIDDEN}{{% if x %}}{"<p>Text</p>" * 10000}{{% endif %}}</body></html>',
        "mail-size 1:0",
    ),
}


@pytest.mark.parametrize("case", WHOLE)
def test_what_a_message_lacks_is_told(case: str) -> None:
    html, expected = WHOLE[case]
    assert told({**message(""), "m/body.html": html}) == [expected]


RIGHT = {
    "a language of a variable": f'<html lang="{{{{ language }}}}"><body>{HIDDEN}Text</body></html>',
    "a part of a page": "<p>Text</p>",
    "a preheader by its class": '<html lang="en"><body><span class="preheader">Text</span></body></html>',
    "a preheader in a block of another": "{% extends 'base.html' %}{% block first %}Text{% endblock %}",
    "a start that may be anything": '<html lang="en"><body>{{ start(user)|safe }}<p>Text</p></body></html>',
    "images with a text of a variable": f"<html lang='en'><body>{HIDDEN}"
    '<img src="https://example.org/x.png" alt="" width="600">{{ name }}</body></html>',
}


@pytest.mark.parametrize("case", RIGHT)
def test_what_a_message_may_have_is_not_told_to_be_missing(case: str) -> None:
    base = '<html lang="en"><body><div style="display:none">{% block first %}{% endblock %}</div>Text</body></html>'
    more = {"m/subject.txt": "Subject {{ name }}", "m/body.txt": "Text", "base.html": base}
    assert told({**more, "m/body.html": RIGHT[case]}) == []


def test_a_message_without_a_text_part_is_told_and_what_is_no_message_is_not() -> None:
    html = message("<p>Text</p>")["m/body.html"]
    assert told({"m/subject.txt": "Subject", "m/body.html": html}) == ["mail-text-part 1:0"]
    assert told({"pages/body.html": "<p style='display:flex'>", "m/index.html": html}) == []
    assert told({"m/subject.txt.j2": "Subject", "m/body.html.jinja": html}) == ["m/body.html.jinja mail-text-part 1:0"]


def test_a_variable_that_one_part_shows_and_the_other_does_not_is_told_where_it_is_shown() -> None:
    html = "<p>{{ total }} {{ due.date }}</p>\n<a href='{{ url }}'>Pay</a>"
    templates = message(html, text="{{ total }}\n{{ note }} {{ name }}", subject="Hello {{ name }}")

    assert told(templates) == ["mail-part-variables 2:19", "m/body.txt mail-part-variables 2:4"]
    assert [each.message for each in warnings(templates)] == [
        "`due` is shown here, and is not in the text part",
        "`note` is shown here, and is not in the HTML part",
    ]


@pytest.mark.parametrize(
    "html",
    [
        "{{ order.total }}",
        "{% for row in order.rows %}{{ row.name }}{% endfor %}",
        "{% set o = order %}{{ o.total|round }}",
        "{% macro show(x) %}{{ x }}{% endmacro %}{{ show(order) }}",
        "{% include part %}{{ other }}",
    ],
)
def test_a_variable_is_shown_by_whatever_is_made_of_it(html: str) -> None:
    assert told(message(html, text="{{ order.total }}")) == []


def test_a_finding_says_which_clients_lack_it_and_where_that_is_known_from() -> None:
    (found,) = warnings(message('<p style="display:flex">Text</p>'))
    assert str(found) == (
        "warning[mail-css]: `display:flex` is not supported by Outlook (Windows)\n"
        "  --> m/body.html:2:11\n"
        "  |\n"
        '2 | <p style="display:flex">Text</p>\n'
        "  |           ^^^^^^^\n"
        "  = help: see https://www.caniemail.com/features/css-display-flex/"
    )


def test_a_document_that_no_parser_reads_and_one_that_never_ends_are_passed_over() -> None:
    assert told(message("<![{{ x }}[ <p>Text</p>")) == []
    assert told(message("<div>" * 5000)) == []
