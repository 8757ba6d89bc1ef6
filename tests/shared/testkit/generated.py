"""Generated templates: as many as one likes, of the sizes and the make of real ones, always the same.

Enters: a count and a seed. Leaves: a mapping from names to texts, or a folder of them. A template's text depends on
the seed, the count and its own name alone. The whole language of everyday templates is in them: three levels of
layouts, `super`, partials in loops that include partials, macros imported and from-imported, `call`, `set`,
`trans`, filters, tests; every one that is no layout, partial or macro renders with `CONTEXT`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

CHANGED_LEAF = "pages/000.html"
CHANGED_LAYOUT = "layouts/app.html"

_FAMILIES = {"html": ("site", "app", "email"), "txt": ("plain",)}
_SMALLEST = 40  # templates, below which some folder would be empty
_SIZES = (600, 2550, 800)  # characters before the last section, of 200 to 400: the least, the most, the likeliest

_WORDS = [
    *("watch", "page", "change", "mail", "alert", "price", "stock", "text", "line", "table", "region", "link"),
    *("notice", "account", "plan", "invoice", "receipt", "card", "team", "member", "owner", "invite", "address"),
    *("password", "day", "week", "month", "hour", "minute", "check", "result", "answer", "server", "error"),
    *("timeout", "retry", "rule", "filter", "word", "number", "list", "image", "layout", "title", "summary"),
    *("the", "a", "of", "for", "with", "from", "when", "after", "before", "every", "next", "last", "new", "old"),
    *("quick", "quiet", "small", "large", "first", "second", "open", "closed", "history", "archive", "export"),
]

_ITEMS = [
    {
        "title": f"Watch {number} <b>",
        "url": f"https://example.com/{number}?a=1&b=2",
        "count": number,
        "price": 9.5 * number,
        "tags": ["news", "prices & more"][: number % 3],
        "active": number % 2 == 0,
        "note": None if number % 3 else "a note, \N{LEFT DOUBLE QUOTATION MARK}quoted\N{RIGHT DOUBLE QUOTATION MARK}",
    }
    for number in range(6)
]
CONTEXT: Mapping[str, Any] = {
    "site": {"name": "Feedwhip", "url": "https://feedwhip.example.com", "support": "support@feedwhip.example.com"},
    "user": {"name": "Ada <Lovelace>", "email": "ada@example.com", "plan": "team", "unread": 3},
    "items": _ITEMS,
    "next_url": "https://example.com/next",
    "year": 2026,
}


def generate(count: int = 1000, seed: int = 0) -> dict[str, str]:
    """Return `count` templates by name, at least 40; about half are pages and half e-mails in both kinds."""
    if count < _SMALLEST:
        raise ValueError(f"at least {_SMALLEST} templates, not {count}")
    plan = _Plan(count)
    texts = plan.fixed()
    for name, kind in plan.names():
        texts[name] = _WRITERS[kind](plan, Random(f"{seed} {name}"), name.rpartition(".")[2])
    return dict(sorted(texts.items()))


def write(folder: Path, templates: Mapping[str, str]) -> None:
    """Write the templates into a folder, which is made."""
    for name, text in templates.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


class _Plan:
    """How many templates of each kind there are, and so which names a template may refer to."""

    def __init__(self, count: int) -> None:
        self.layouts = max(1, count // 120)  # for each family
        self.macros = max(1, count // 50)
        self.partials = max(2, count // 14)
        shared = len(self.fixed()) + 4 * self.layouts + 2 * (self.macros + self.partials)
        self.pages = (count - shared) // 2
        self.emails = count - shared - self.pages

    def fixed(self) -> dict[str, str]:
        """Return the two upper levels of layouts."""
        bases = {f"layouts/base.{kind}": text for kind, text in _BASES.items()}
        families = {
            f"layouts/{family}.{kind}": _FAMILY[kind].replace("FAMILY", family)
            for kind, families in _FAMILIES.items()
            for family in families
        }
        return bases | families

    def names(self) -> list[tuple[str, str]]:
        """Return (name, kind) of all the others."""
        found = []
        for kind, families in _FAMILIES.items():
            found += [(f"layouts/{family}/{i:02}.{kind}", "layout") for family in families for i in range(self.layouts)]
            found += [(f"macros/{i:02}.{kind}", "macros") for i in range(self.macros)]
            found += [(f"partials/{i:03}.{kind}", "partial") for i in range(self.partials)]
        found += [(f"pages/{i:03}.html", "page") for i in range(self.pages)]
        return found + [(f"emails/{i // 2:03}/body.{('html', 'txt')[i % 2]}", "page") for i in range(self.emails)]

    def layout(self, rng: Random, kind: str, families: Sequence[str]) -> str:
        return f"layouts/{rng.choice(families)}/{rng.randrange(self.layouts):02}.{kind}"

    def macro(self, rng: Random, kind: str) -> str:
        return f"macros/{rng.randrange(self.macros):02}.{kind}"

    def partial(self, rng: Random, kind: str, *, leaf: bool = False) -> str:
        """Return one of the partials, the first half of which are leaves and the others include a leaf."""
        return f"partials/{rng.randrange(self.partials // 2 if leaf else self.partials):03}.{kind}"


def _layout(plan: _Plan, rng: Random, kind: str) -> str:
    families = _FAMILIES[kind]
    head = f'{{% extends "layouts/{rng.choice(families)}.{kind}" %}}\n'
    blocks = "".join(_block(rng, name, _fill(rng, kind, _SIZES[0] // 3)) for name in ("aside", "notice"))
    footer = _block(rng, "footer", "{{ super() }}\n" + f'{{% include "{plan.partial(rng, kind)}" %}}\n')
    return head + blocks + footer


def _macros(plan: _Plan, rng: Random, kind: str) -> str:
    return "".join(_MACROS[kind]).replace("SENTENCE", _sentence(rng)) + _named_macros(rng, kind)


def _partial(plan: _Plan, rng: Random, kind: str) -> str:
    return f'{{% import "{plan.macro(rng, kind)}" as ui %}}\n' + _fill(rng, kind, _size(rng))


def _page(plan: _Plan, rng: Random, kind: str) -> str:
    families = _FAMILIES[kind]
    head = (
        f'{{% extends "{plan.layout(rng, kind, families)}" %}}\n'
        f'{{% import "{plan.macro(rng, kind)}" as ui %}}\n'
        f'{{% from "{plan.macro(rng, kind)}" import button, panel %}}\n'
        f'{{% set section = "{rng.choice(_WORDS)}" %}}\n'
    )
    title = _block(rng, "title", f"{_sentence(rng)} {{{{ site.name }}}}")
    loop = _INCLUDES[kind].replace("PARTIAL", plan.partial(rng, kind)).replace("WORDS", _sentence(rng))
    return head + title + _block(rng, "content", loop + _fill(rng, kind, _size(rng) - len(loop)))


_WRITERS = {"layout": _layout, "macros": _macros, "partial": _partial, "page": _page}


def _fill(rng: Random, kind: str, size: int) -> str:
    """Return sections until they are longer than `size`."""
    text = ""
    while len(text) <= size:
        section = rng.choice(_SECTIONS[kind])
        for mark in ("FIRST", "SECOND", "THIRD"):
            section = section.replace(mark, _sentence(rng))
        text += section.replace("ID", f"{rng.choice(_WORDS)}-{rng.randrange(1000)}")
    return text


def _size(rng: Random) -> int:
    return int(rng.triangular(*_SIZES))


def _sentence(rng: Random) -> str:
    return " ".join(rng.choices(_WORDS, k=rng.randrange(5, 14))).capitalize()


def _block(rng: Random, name: str, body: str) -> str:
    return f"{{% block {name} %}}{body}{{% endblock %}}\n"


def _named_macros(rng: Random, kind: str) -> str:
    return "".join(
        f"{{% macro {rng.choice(_WORDS)}_{number}(item, wide=false) %}}\n"
        f"{_ITEM_MACRO[kind].replace('SENTENCE', _sentence(rng))}{{% endmacro %}}\n"
        for number in range(rng.randrange(2, 6))
    )


_BASES = {
    "html": """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{% block title required %}{% endblock %}</title>
{% block style %}<style>
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: #1d2433; background: #f6f7f9; }
main { max-width: 64rem; margin: 0 auto; padding: 1.5rem; }
.card { background: #fff; border: 1px solid #d9dde5; border-radius: .5rem; padding: 1rem; }
</style>{% endblock %}
</head>
<body>
{% block notice %}{% endblock %}
{% block body %}{% endblock %}
<footer>{% block footer %}<p>&copy; {{ year }} <a href="{{ site.url }}">{{ site.name }}</a>,
<a href="mailto:{{ site.support }}">{{ site.support }}</a></p>{% endblock %}</footer>
</body>
</html>
""",
    "txt": """\
{% block title required %}{% endblock %}

{% block notice %}{% endblock %}
{% block body %}{% endblock %}
--
{% block footer %}{{ site.name }}, {{ site.url }}, {{ site.support }}, {{ year }}{% endblock %}
""",
}

_FAMILY = {
    "html": """\
{% extends "layouts/base.html" %}
{% block style %}{{ super() }}<style>.FAMILY { display: grid; gap: 1rem; grid-template-columns: 12rem 1fr; }</style>
{% endblock %}
{% block body %}
<header class="FAMILY-head"><a href="{{ site.url }}">{{ site.name }}</a>
<nav>{% for label, href in [("Watches", "/watches"), ("Search", "/search"), ("Help", "/help")] %}
<a href="{{ href }}"{% if loop.first %} class="first"{% endif %}>{{ label }}</a>{% endfor %}</nav>
{% if user.unread %}<span class="badge">{{ user.unread }}</span>{% endif %}
<bdi>{{ user.name }}</bdi></header>
<div class="FAMILY"><aside>{% block aside %}{% endblock %}</aside>
<main id="main"><h1>{{ self.title()|trim }}</h1>{% block content %}{% endblock %}</main></div>
{% endblock %}
""",
    "txt": """\
{% extends "layouts/base.txt" %}
{% block body %}
{% trans name=user.name %}Hello {{ name }},{% endtrans %}

{% block content %}{% endblock %}

{% block aside %}{% endblock %}
{% trans %}Yours sincerely,{% endtrans %}
{{ site.name }}
{% endblock %}
""",
}

_MACROS = {
    "html": (
        '{% macro button(href, label, kind="primary") %}\n'
        '<a class="button {{ kind }}" href="{{ href }}" role="button">{{ label|trim }}</a>\n{% endmacro %}\n',
        '{% macro panel(title, open=false) %}\n<details class="card"{{ " open" if open }}>\n'
        "<summary>{{ title|capitalize }}</summary>\n{{ caller() }}</details>\n{% endmacro %}\n",
        '{% macro badge(text, tone="grey") %}<span class="badge {{ tone }}" title="SENTENCE">{{ text }}</span>'
        "{% endmacro %}\n",
    ),
    "txt": (
        '{% macro button(href, label, kind="") %}{{ label|trim }}: {{ href }}\n{% endmacro %}\n',
        "{% macro panel(title, open=false) %}\n{{ title|upper }}\n\n{{ caller() }}\n{% endmacro %}\n",
        '{% macro badge(text, tone="") %}[{{ text }}]{% if tone %} SENTENCE{% endif %}{% endmacro %}\n',
    ),
}

_ITEM_MACRO = {
    "html": """\
<article class="item{{ " wide" if wide }}" data-count="{{ item.count }}">
<h3><a href="{{ item.url }}">{{ item.title|truncate(60) }}</a></h3>
{% if item.active %}<p>SENTENCE</p>{% elif item.count > 3 %}<p>{{ item.count }}</p>{% else %}<hr>{% endif %}
{% for tag in item.tags|sort %}{{ badge(tag, "blue") }}{% endfor %}
</article>
""",
    "txt": """\
* {{ item.title|truncate(60) }}{% if wide %} ({{ item.count }}){% endif %}
  {{ item.url }}
{% if item.active %}  SENTENCE
{% endif %}{% for tag in item.tags|sort %}  {{ badge(tag) }}
{% endfor %}""",
}

_INCLUDES = {
    "html": """
{% for item in items if item.count < 4 %}
{% include "PARTIAL" %}
{% else %}
<p class="empty">WORDS</p>
{% endfor %}
{{ button(next_url, _("Go on")) }}
""",
    "txt": """
{% for item in items if item.count < 4 %}
{% include "PARTIAL" %}
{% else %}
WORDS
{% endfor %}
{{ button(next_url, _("Go on")) }}
""",
}

_SECTIONS = {
    "html": (
        '<section class="card" id="ID">\n<h2>FIRST</h2>\n<p>SECOND, {{ user.name }}. THIRD.</p>\n</section>\n',
        '<table class="list">\n<caption>FIRST</caption>\n{% for item in items %}\n'
        "<tr class=\"{{ loop.cycle('odd', 'even') }}\"><td>{{ loop.index }}</td>\n"
        '<td><a href="{{ item.url }}">{{ item.title }}</a></td><td>{{ "%.2f"|format(item.price) }}</td></tr>\n'
        '{% else %}\n<tr><td colspan="3">SECOND</td></tr>\n{% endfor %}\n</table>\n',
        '{% if user.plan == "team" and items|length > 2 %}\n<p class="notice">FIRST</p>\n'
        '{% elif user.plan == "free" %}\n<p>SECOND</p>\n{% else %}\n<p>{{ user.email|lower }}</p>\n{% endif %}\n',
        '<ul id="ID">\n{% for item in items|sort(attribute="title") if item.note is not none %}\n'
        '<li>{{ item.note|default("FIRST", true) }}{{ ", " if not loop.last }}</li>\n{% endfor %}\n</ul>\n',
        "{% trans count=items|length %}{{ count }} page changed.{% pluralize %}{{ count }} pages changed."
        "{% endtrans %}\n<p>FIRST. SECOND.</p>\n",
        '<form method="post" action="/ID">\n<label>FIRST <input name="a" value="{{ user.email }}"></label>\n'
        '<label><input type="checkbox" name="b"{% if user.unread %} checked{% endif %}> SECOND</label>\n'
        "<button>{{ _('Save') }}</button>\n</form>\n",
        '{% set total = items|sum(attribute="price") %}\n<p>FIRST: <strong>{{ total|round(1) }}</strong></p>\n',
        '{{ ui.button("/ID", "FIRST") }}\n{% for tag in ["new", "old"] %}{{ ui.badge(tag) }}{% endfor %}\n',
        '{% call ui.panel("FIRST") %}<p>{{ items|map(attribute="title")|join(", ") }}</p>{% endcall %}\n',
    ),
    "txt": (
        "FIRST\n-----\nSECOND, {{ user.name }}. THIRD.\n\n",
        '{% for item in items %}\n{{ loop.index }}. {{ item.title }} ({{ "%.2f"|format(item.price) }})\n'
        "   {{ item.url }}\n{% else %}\nFIRST\n{% endfor %}\n",
        '{% if user.plan == "team" and items|length > 2 %}\nFIRST\n{% elif user.plan == "free" %}\nSECOND\n'
        "{% else %}\n{{ user.email|lower }}\n{% endif %}\n",
        '{% for item in items|sort(attribute="title") if item.note is not none %}\n'
        '- {{ item.note|default("FIRST", true) }}{{ ", " if not loop.last }}\n{% endfor %}\n',
        "{% trans count=items|length %}{{ count }} page changed.{% pluralize %}{{ count }} pages changed."
        "{% endtrans %}\n\nFIRST. SECOND. THIRD.\n",
        '{% set total = items|sum(attribute="price") %}\nFIRST: {{ total|round(1) }}. SECOND.\n',
        '{{ ui.button("/ID", "FIRST") }}\n{% for tag in ["new", "old"] %}{{ ui.badge(tag) }}{% endfor %}\n',
        '{% call ui.panel("FIRST") %}SECOND, {{ items|map(attribute="title")|join(", ") }}{% endcall %}\n',
    ),
}
