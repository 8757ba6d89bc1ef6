"""The text part is made of the HTML in the build, where `message.toml` asks for it and there is no `body.txt`."""

import pytest

import blendtpl
from blendtpl.bundle.environment import default_environment
from blendtpl.compiler.build import build
from blendtpl.compiler.frontend.reader import read
from blendtpl.compiler.mail.plain_text import texts
from testkit import TEMPLATES
from testkit.examples import context_of, every_example

MAILS = [(name, example) for name, example in every_example() if name.startswith("emails/") and name.endswith(".html")]
TOML = 'text = "from html"\n'
BODY = "mail/body.html"


def compiled(body: str, **others: str) -> blendtpl.Registry:
    page = body if body.startswith("{% extends") else f"<html><head><title>t</title></head><body>{body}</body></html>"
    files = {BODY: page, "mail/subject.txt": "s", "mail/message.toml": TOML}
    return blendtpl.load(build({**files, **{name.replace("__", "."): text for name, text in others.items()}}).bundle)


def shown(body: str, values: dict[str, object] | None = None, **others: str) -> str:
    return compiled(body, **others).render("mail/body.txt", values or {})


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<h1>Title</h1><p>One\n  two &amp; three</p><p>Four<br>five</p>", "Title\n\nOne two & three\n\nFour\nfive\n"),
        ('<p>See <a href="https://e.org/a?b&amp;c">the page</a>.</p>', "See the page (https://e.org/a?b&c).\n"),
        (
            '<p><a href="https://e.org">https://e.org</a> <a href="mailto:a@e.org">a@e.org</a></p>',
            "https://e.org a@e.org\n",
        ),
        ("<ul><li>a</li><li>b</li></ul><ol><li>c</li><li>d</li></ol>", "* a\n* b\n\n1. c\n2. d\n"),
        ('<p>a</p><img src="x" alt="A picture"><img src="y"><hr>', "a\n\nA picture\n\n--------------------\n"),
        (
            '<table role="presentation"><tr><td>left</td><td>right</td></tr><tr><td>under</td></tr></table>',
            "left\nright\nunder\n",
        ),
        (
            '<table><tr><th>Thing</th><th align="right">Sum</th></tr>'
            '<tr><td>Ink</td><td align="right">9</td></tr></table>',
            f"{'Thing':<32}  {'Sum':>12}\n{'Ink':<32}  {'9':>12}\n",
        ),
        ('<table><tr><th scope="row">Page</th><td>home</td></tr></table>', "Page: home\n"),
        ('<div style="display:none">Preview&#847;&#160;&#847;&#160;</div><p>Body</p>', "Preview\n\nBody\n"),
        ("<style>p{}</style><!--[if mso]>x<![endif]--><p>y</p><script>z</script>", "y\n"),
        ('<p>a <b data-text="*b*">b</b></p><div data-text="">gone</div>', "a *b*\n"),
        ("<p>{% raw %}{{ kept }}{% endraw %} &lt;b&gt;</p>", "{{ kept }} <b>\n"),
        ("<p>" + "word " * 30 + "</p>", "word " * 14 + "word\n" + "word " * 14 + "word\n"),
    ],
)
def test_an_element_has_its_way_of_being_text(html: str, text: str) -> None:
    assert shown(html) == text


def test_values_are_not_escaped_and_addresses_are_told_once() -> None:
    body = '<p>{{ name }}</p><p><a href="{{ url }}">{{ label }}</a></p>'
    assert shown(body, {"name": "<Ada> & co", "url": "u?a&b", "label": "x"}) == "<Ada> & co\n\nx (u?a&b)\n"
    assert shown(body, {"name": "n", "url": "u", "label": "u"}) == "n\n\nu\n"


def test_conditions_loops_and_filters_stay() -> None:
    body = "{% if a %}<p>yes {{ a|e }}</p>{% else %}<p>no</p>{% endif %}"
    body += "<ul>{% for x in xs %}<li>{{ x|safe }}</li>{% endfor %}</ul>"
    assert shown(body, {"a": "<", "xs": [1, 2]}) == "yes <\n\n* 1\n* 2\n"
    assert shown(body, {"a": "", "xs": []}) == "no\n"


def test_layouts_parts_and_macros_have_texts_of_their_own() -> None:
    made = compiled(
        '{% extends "base.html" %}{% from "m.html" import button with context %}'
        '{% block title %}Hi{% endblock %}{% block main %}{{ button("u", "Go") }}{% include "part.html" %}'
        '{% include "parts/" ~ kind ~ ".html" %}{% call card() %}<b>in</b>{% endcall %}{% endblock %}'
        "{% macro card() %}<div>[{{ caller() }}]</div>{% endmacro %}",
        **{
            "base.html": "<html><head><title>{% block title required %}{% endblock %}</title></head>"
            "<body><h1>{{ self.title() }}</h1>{% block main %}{% endblock %}</body></html>",
            "m.html": '{% macro button(url, label) %}<a href="{{ url }}">{{ label }}</a> {{ sign }}{% endmacro %}',
            "part.html": "<p>part of {{ sign }}</p>",
            "parts/one.html": "<p>one</p>",
        },
    )
    assert made.render("mail/body.txt", kind="one", sign="<S>") == "Hi\n\nGo (u) <S>\n\npart of <S>\n\none\n\n[in]\n"
    assert {"base.html.txt", "m.html.txt", "part.html.txt", "parts/one.html.txt"} <= set(made)


def test_a_translation_is_asked_for_by_the_text_that_it_has_in_the_html() -> None:
    body = '<p>{% trans who=name %}Dear <strong class="x">{{ who }}</strong>,<br />bye&nbsp;now{% endtrans %}</p>'
    asked = []

    def gettext(message: str) -> str:
        asked.append(message)
        return message.replace("Dear", "Liebe")

    environment = default_environment()
    environment.install_gettext_callables(gettext, lambda a, b, n: a, newstyle=True)  # type: ignore[attr-defined]
    files = {BODY: f"<body>{body}</body>", "mail/subject.txt": "s", "mail/message.toml": TOML}
    made = blendtpl.load(build(files, environment=environment).bundle, environment=environment)
    assert made.render("mail/body.txt", name="<Ada>") == "Liebe <Ada>,\nbye now\n"
    made.render(BODY, name="<Ada>")
    assert len(set(asked)) == 1


@pytest.mark.parametrize("line", [2, 3, 5])
def test_an_error_has_the_line_that_it_has_in_the_html(line: int) -> None:
    lines = ["<body>", "<p title='{{ a }}'>{{ a }}</p>", "{% if b %}", "<p>x", "{{ c }}</p>{% endif %}", "</body>"]
    values: dict[str, object] = {"a": 1, "b": 1, "c": 1}
    del values[{2: "a", 3: "b", 5: "c"}[line]]
    made = compiled("{% extends 'whole.html' %}", **{"whole.html": "\n".join(lines)})
    with pytest.raises(blendtpl.UndefinedError, match=rf"whole.html.txt:{line}:"):
        made.render("mail/body.txt", values)


def test_the_choice_of_words_is_gone_from_the_html_but_for_what_a_page_shares() -> None:
    made = compiled(
        '<p data-text="*x*" class="y">x</p>{% include "part.html" %}',
        **{"part.html": '<b data-text="">p</b>', "page.html": '{% include "part.html" %}'},
    )
    assert '<p class="y">x</p><b data-text="">p</b>' in made.render(BODY)
    assert made.render("mail/body.txt") == "*x*\n"


def test_a_text_of_its_own_stays_and_nothing_is_made_unasked() -> None:
    files = {BODY: "<p>x</p>", "mail/subject.txt": "s"}
    assert "mail/body.txt" not in blendtpl.load(build(files).bundle)
    made = blendtpl.load(build({**files, "mail/message.toml": TOML, "mail/body.txt": "mine"}).bundle)
    assert made.render("mail/body.txt") == "mine"
    assert "mail/body.html.txt" not in made


def test_the_message_has_the_text() -> None:
    made = compiled("<h1>Hello {{ name }}</h1>")
    message = made.message("mail", {"name": "Ada & co"}, to=["a@example.org"], sender="b@example.org")
    assert message.text == "Hello Ada & co\n"


@pytest.fixture(scope="module")
def ours() -> blendtpl.Registry:
    sources = {source.name: source for source in read(TEMPLATES, default_environment())[0]}
    made = texts(sources, sorted({name for name, _ in MAILS}), default_environment())
    for name, source in made.items():
        if name.endswith(".html.txt"):
            assert source.text.count("\n") == sources[name.removesuffix(".txt")].text.count("\n"), name
    return blendtpl.load(blendtpl.compile({source.name: source.text for source in {**sources, **made}.values()}))


@pytest.mark.parametrize(("name", "example"), MAILS)
def test_each_e_mail_of_ours_has_a_text_with_all_that_people_read(
    name: str, example: str, ours: blendtpl.Registry
) -> None:
    context = context_of(name, example)
    text = ours.render(f"{name}.txt", context)
    assert "\n\n\n" not in text
    for sign in ("<p", "<td", "</p>", "</td>", "</a>", "blendtpl_"):
        assert sign not in text or sign in str(context)
    assert "https://" in text
    assert text == text.strip() + "\n"
