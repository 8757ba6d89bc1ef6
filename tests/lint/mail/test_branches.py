"""Every branch of a message is looked at, through all that it extends, includes and imports, and no other."""

from collections.abc import Mapping

import jinja2
import pytest

import blendtpl
from blendtpl.compiler.mail.lint.decisions import LIMIT, variants
from blendtpl.compiler.mail.lint.expand import Run
from blendtpl.compiler.mail.lint.pages import Templates
from testkit import language
from tests.lint.mail.support import message, told, told_of_each

OLD = '<a href="http://example.org/">Home</a>'  # what is found
LIB = {
    "base.html": "<h1>{% block title %}{% endblock %}</h1>{% block body %}<p>Nothing</p>{% endblock %}",
    "old.html": OLD,
    "url.html": '<a href="{{ url }}">Home</a>',
    "lib.html": (
        "{% macro link(url, text='Home') %}<a href=\"{{ url }}\">{{ text }}</a>{% endmacro %}"
        "{% macro box() %}<div>{{ caller() }}</div>{% endmacro %}{% set host = 'http://example.org' %}"
        "{% set colours = {'plain': '#999', 'dark': '#333'} %}"
    ),
}

REACHED = {
    "else": f"{{% if x %}}<p>Yes</p>{{% else %}}\n{OLD}{{% endif %}}",
    "elif": f"{{% if x %}}<p>Yes</p>{{% elif y == 1 %}}<p>No</p>{{% elif y == 2 %}}\n{OLD}{{% endif %}}",
    "a branch in a branch": (
        f"{{% if x %}}{{% if y %}}<p>Yes</p>{{% endif %}}{{% else %}}{{% if y %}}<p>No</p>{{% else %}}\n{OLD}"
        "{% endif %}{% endif %}"
    ),
    "not, and, or": f"{{% if not x and (y or z) %}}\n{OLD}{{% endif %}}",
    "a loop": f"{{% for x in xs %}}\n{OLD}{{% endfor %}}",
    "a loop with nothing": f"{{% for x in xs %}}<p>It</p>{{% else %}}\n{OLD}{{% endfor %}}",
    "the last round": f"{{% for x in xs %}}{{% if loop.last %}}\n{OLD}{{% endif %}}{{% endfor %}}",
    "what a loop counts": (
        "{% set ns = namespace(n=0) %}{% for x in xs %}{% if ns.n > 3 %}\n" + OLD + "{% endif %}"
        "{% set ns.n = ns.n + 1 %}{% endfor %}"
    ),
    "a list that is known": "\n{% for x in ['https', 'http'] %}<a href=\"{{ x }}://example.org/\">H</a>{% endfor %}",
    "an included template": "{% include ['none.html', 'old.html'] %}",
    "one that sees a variable": "{% set url = 'http://example.org/' %}{% include 'url.html' %}",
    "a macro": "{% import 'lib.html' as lib %}\n{{ lib.link('http://example.org/') }}",
    "a macro with what is set there": "{% from 'lib.html' import link, host %}\n{{ link(url=host ~ '/' ~ path) }}",
    "a call block": f"{{% from 'lib.html' import box %}}{{% call box() %}}\n{OLD}{{% endcall %}}",
    "a macro that calls another": (
        "{% import 'lib.html' as lib %}{% macro outer(u) %}{{ lib.link(u) }}{% endmacro %}\n"
        "{{ outer('http://example.org') }}"
    ),
    "a text that is set": f"{{% set text %}}\n{OLD}{{% endset %}}{{{{ text }}}}",
    "a filter block": f"{{% filter trim %}}\n{OLD}{{% endfilter %}}",
    "with": f"{{% with %}}\n{OLD}{{% endwith %}}",
    "a choice": "\n<a href=\"{{ 'https' if x else 'http' }}://example.org\">Home</a>",
    "a loop in itself": (
        "{% for x in xs recursive %}{% if loop.depth > 1 %}\n"
        + OLD
        + "{% else %}{{ loop(x.xs) }}{% endif %}{% endfor %}"
    ),
    "a look-up": "\n<a href=\"{{ {'a': 'https://example.org', 'b': 'http://example.org'}[kind] }}\">Home</a>",
    "get": "\n<a href=\"{{ {'a': 'https://example.org'}.get(kind, 'http://example.org') }}\">Home</a>",
    "a default": "\n<a href=\"{{ url or 'http://example.org' }}\">Home</a>",
    "what is filled in": "\n<a href=\"{{ 'http://%s/x'|format('example.org') }}\">Home</a>",
    "attributes of a dict": "\n<a{{ {'href': 'http://example.org', 'id': id}|xmlattr }}>Home</a>",
    "a translation": '\n{% trans name=name %}<a href="http://example.org">Home of {{ name }}</a>{% endtrans %}',
    "the plural": ('\n{% trans n=n %}One{% pluralize %}<a href="http://example.org">{{ n }} homes</a>{% endtrans %}'),
}
_PLACES = {
    "an included template": "old.html mail-insecure-url 1:4",
    "one that sees a variable": "url.html mail-insecure-url 1:4",
    "a macro": "lib.html mail-insecure-url 1:38",
    "a macro with what is set there": "lib.html mail-insecure-url 1:38",
    "a macro that calls another": "lib.html mail-insecure-url 1:38",
    "attributes of a dict": "mail-insecure-url 3:0",
    "a list that is known": "mail-insecure-url 3:36",
    "a translation": "mail-insecure-url 3:25",
    "the plural": "mail-insecure-url 3:37",
}


@pytest.mark.parametrize("case", REACHED)
def test_every_branch_is_looked_at(case: str) -> None:
    found = told({**LIB, **message(REACHED[case])}, ignore="mail-part-variables")
    assert found == [_PLACES.get(case, "mail-insecure-url 3:4")]


EXTENDED = {
    "a block": ("{% extends 'base.html' %}{% block body %}\n" + OLD + "{% endblock %}", "mail-insecure-url 2:4"),
    "a block of the base in between": (
        "{% extends 'middle.html' %}{% block title %}T{% endblock %}",
        "middle.html mail-insecure-url 1:48",
    ),
    "super": (
        "{% extends 'middle.html' %}{% block body %}{{ super() }}{% endblock %}",
        "middle.html mail-insecure-url 1:48",
    ),
    "self": (
        "{% extends 'base.html' %}{% block title %}"
        + OLD
        + "{% endblock %}{% block body %}{{ self.title() }}{% endblock %}",
        "mail-insecure-url 1:46",
    ),
    "what the child sets": (
        "{% extends 'asks.html' %}{% set url = 'http://example.org' %}{% block body %}{% endblock %}",
        "asks.html mail-insecure-url 1:4",
    ),
    "extends by condition": (
        "{% extends 'base.html' if x else 'old.html' %}",
        "old.html mail-insecure-url 1:4",
    ),
}


@pytest.mark.parametrize("case", EXTENDED)
def test_what_a_message_extends_is_looked_at_with_its_own_blocks(case: str) -> None:
    html, expected = EXTENDED[case]
    more = {
        "middle.html": "{% extends 'base.html' %}{% block body %}<p>" + OLD + "</p>{% endblock %}",
        "asks.html": '<a href="{{ url }}">Home</a>{% block body %}{% endblock %}',
    }
    assert told({**LIB, **more, **message(""), "m/body.html": html}) == [expected]


def test_a_block_that_is_filled_otherwise_is_not_looked_at() -> None:
    base = {"base.html": f"{{% block body %}}{OLD}{{% endblock %}}"}
    html = "{% extends 'base.html' %}{% block body %}Text{% endblock %}"
    assert told({**base, **message(""), "m/body.html": html}) == []


NEVER = {
    "a condition that never holds": f"{{% if false %}}{OLD}{{% endif %}}",
    "what two conditions exclude": f"{{% if x %}}{{% if not x %}}{OLD}{{% endif %}}{{% endif %}}",
    "what two values exclude": f"{{% if x == 1 %}}{{% if x == 2 %}}{OLD}{{% endif %}}{{% endif %}}",
    "something and none at once": f"{{% if x %}}{{% if x is none %}}{OLD}{{% endif %}}{{% endif %}}",
    "a macro that nobody calls": f"{{% macro m() %}}{OLD}{{% endmacro %}}",
    "a round that is broken off": f"{{% for x in xs %}}{{% break %}}{OLD}{{% endfor %}}",
    "a comment": f"{{# {OLD} #}}<!-- {OLD} -->",
    "a tag that is open in one branch, and closed in the same": (
        '{% if x %}<a href="{{ url }}">{% endif %}{% if x %}Home</a>{% endif %}'
    ),
    "one of two tags": ("{% if x %}<h2>{% else %}<h3>{% endif %}T{% if x %}</h2>{% else %}</h3>{% endif %}"),
    "text behind extends": "",
}


def test_what_never_is_together_is_not_looked_at() -> None:
    found = told_of_each({case: message(body) for case, body in NEVER.items()}, ignore="mail-part-variables")
    assert found == {case: [] for case in NEVER}


def test_colours_that_templates_share_are_followed_through_every_choice() -> None:
    html = (
        "{% import 'lib.html' as lib %}\n"
        '<p style="background:#fff;color:{{ lib.colours[tone] }}">Text</p>\n'
        "<p style=\"background:#fff;color:{{ lib.colours['dark'] }}\">Text</p>"
    )
    assert told({**LIB, **message(html)}) == ["mail-contrast 3:1"]


def texts_of(templates: Mapping[str, str], name: str) -> list[str]:
    environment = jinja2.Environment(loader=jinja2.DictLoader(dict(templates)), autoescape=True)
    known = Templates(lambda each: environment.parse(templates[each], each), templates)
    return [
        "".join(piece.text for piece in found.pieces).replace("\ue000", "?")
        for found in variants(lambda decisions: Run(known, environment, decisions).expand(name))
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{% if x %}a{% else %}b{% endif %}{% if x %}c{% else %}d{% endif %}", {"ac", "bd"}),
        ("{% if x %}a{% endif %}{% if not x %}b{% endif %}", {"a", "b"}),
        ("{% if x == 1 %}a{% elif x == 2 %}b{% else %}c{% endif %}", {"a", "b", "c"}),
        ("{% if x %}a{% endif %}{% if y %}{% if x %}b{% else %}c{% endif %}{% endif %}", {"ab", "", "c"}),
        ("{% if x == 1 %}{% endif %}{{ {2: 'a', 1: 'b'}[x] }}", {"a", "b", "?"}),
        (
            "{% include 'parts/' ~ x ~ '.html' %}{% include ['parts/' ~ y ~ '.html', 'parts/a.html'] %}",
            {"AA", "BB", "\ue001A", "\ue001\ue001"},
        ),
        ("{% for x in y %}{{ x }},{% else %}none{% endfor %}", {"?,", "none"}),
        ("{{ 'a' if x is defined else 'b' }}{{ x if x is defined }}", {"a?", "b"}),
        ("{{ 'a < b' }} {{ '<'|safe }} {{ x }}", {"a &lt; b < ?"}),
        ("{% macro m(a, b=2) %}{{ a }}{{ b }}{{ varargs|length }}{% endmacro %}{{ m(1) }}{{ m(1, 3, 4) }}", {"120131"}),
        ("{% for a, b in {'x': 1, 'y': 2}|dictsort %}{{ a }}{{ b }}{{ loop.index }}{% endfor %}", {"x11y22"}),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", {"?"}),
        ("{% include 'page.html' %}", {"\ue001"}),
        ("{{ 1 / 0 }}{{ [][0] }}{{ 'x'|nofilter }}", {"???"}),
    ],
)
def test_the_variants_of_a_template_take_each_branch(text: str, expected: set[str]) -> None:
    environment_text = text.replace("'x'|nofilter", "'x'.nothing")
    parts = {"parts/a.html": "A", "parts/b.html": "B"}
    assert set(texts_of({**parts, "page.html": environment_text}, "page.html")) == expected


def test_variants_come_to_an_end() -> None:
    text = "".join(f"{{% if x{number} %}}a{{% else %}}b{{% endif %}}" for number in range(500))
    assert len(texts_of({"page.html": text}, "page.html")) == 2  # all of them, then none
    nested = "{% if x0 %}a{% endif %}"
    for number in range(1, 100):
        nested = f"{{% if x{number} %}}a{{% else %}}{nested}{{% endif %}}"
    assert len(texts_of({"page.html": nested}, "page.html")) == LIMIT


def test_a_message_that_is_too_large_to_be_followed_is_passed_over() -> None:
    loops = "".join(f"{{% for {name} in range(200) %}}" for name in "abc") + "<p>" + "{% endfor %}" * 3
    assert told(message(loops + OLD)) == []


def test_nothing_of_a_users_runs() -> None:
    environment = blendtpl.default_environment()

    def fails(*args: object) -> str:
        raise AssertionError

    environment.filters["mine"] = environment.tests["mine"] = fails
    environment.globals["mine"] = fails
    html = f"{{{{ 'x'|mine }}}}{{{{ mine(1) }}}}{{% if 'x' is mine %}}\n{OLD}{{% endif %}}"
    found = told(message(html), environment=environment, ignore="mail-part-variables")
    assert found == ["mail-insecure-url 3:4"]


@pytest.mark.parametrize("kind", ["FILTERS", "TESTS"])
def test_what_is_worked_out_is_what_jinja_prints(kind: str) -> None:
    texts = getattr(language, kind)
    if kind == "TESTS":
        texts = {name: f"{{{{ 1 {text} }}}}|{{{{ 'x' {text} }}}}" for name, text in texts.items()}
    environment = jinja2.Environment(autoescape=True)
    certain = 0
    for name, text in texts.items():
        (found,) = set(texts_of({"page.html": text}, "page.html")) or {""}
        if "?" not in found and "\ue001" not in found:
            certain += 1
            assert found == environment.from_string(text).render(), name
    assert certain > len(texts) * 0.6
