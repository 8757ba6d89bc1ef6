"""The pages that pairs edit: tables, cards, forms, mails, threads, each with twenty to fifty items.

Values are plain words and numbers, so that what escapes or trims them leaves them as they are.
"""

from types import SimpleNamespace
from typing import Any

from bench.cliffs.pair import Scene

Variables = dict[str, Any]

_CITIES = ("Graz", "Lyon", "Oslo", "Porto", "Turku", "Varna", "York")
_NAMES = ("Ada Byron", "Alan Mason", "Edgar Dahl", "Grace Murray", "Karen Jones", "Tony Hall")
_STATES = ("open", "paid", "sent")


def order_rows() -> list[Variables]:
    """Return forty orders, six for each day."""
    return [
        {
            "number": 1000 + at,
            "customer": _NAMES[at % len(_NAMES)],
            "first": _NAMES[at % len(_NAMES)].split()[0],
            "last": _NAMES[at % len(_NAMES)].split()[1],
            "city": _CITIES[at % len(_CITIES)],
            "code": _CITIES[at % len(_CITIES)][:2].upper(),
            "state": _STATES[at % len(_STATES)],
            "paid": at % 3 > 0,
            "shown": True,
            "note": None,
            "day": f"2026-03-{1 + at // 6:02}",
            "new_day": at % 6 == 0,
            "last_of_day": at % 6 == 5 or at == 39,
            "behind": 39 - at,
            "count": 1 + at % 4,
            "price": 5 * (1 + at % 9),
            "total": 5 * (1 + at % 9) * (1 + at % 4),
            "address": {"street": f"{at} Mill Lane", "city": _CITIES[at % len(_CITIES)]},
            "tags": [_CITIES[at % 5], _STATES[at % 2]],
            "tag": f"{_CITIES[at % 5]}, {_STATES[at % 2]}",
            "tag_count": 2,
        }
        for at in range(40)
    ]


def orders() -> Variables:
    """Return the variables of a page of orders."""
    return {
        "title": "Orders of March",
        "shop": "Mill and Sons",
        "currency": "EUR",
        "amount": 40,
        "debug": False,
        "wide": True,
        "layout": "layout.html",
        "orders": order_rows(),
    }


def orders_as_objects() -> Variables:
    """Return the same, each order an object with attributes."""
    return orders() | {"orders": [SimpleNamespace(**row) for row in order_rows()]}


TABLE = Scene(
    {
        "main.html": """\
<main>
<h1>{{ title }}</h1>
<p>{{ amount }} orders at {{ shop }}</p>
<table class="orders">
<tr><th>Number</th><th>Customer</th><th>City</th><th>State</th><th>Total</th></tr>
{% for order in orders %}
<tr class="{{ order.state }}">
<td><a href="/orders/{{ order.number }}">{{ order.number }}</a></td>
<td>{{ order.customer }}</td>
<td>{{ order.city }}</td>
{% if order.paid %}
<td class="done">paid</td>
{% else %}
<td class="late">to be paid</td>
{% endif %}
<td class="sum">{{ order.total }} {{ currency }}</td>
</tr>
{% endfor %}
</table>
<p>All prices in {{ currency }}</p>
</main>
"""
    },
    orders,
)
OBJECTS = Scene(TABLE.templates, orders_as_objects)

UI = """\
{% macro badge(text, kind="plain") %}
<span class="badge {{ kind }}">{{ text }}</span>
{% endmacro %}
{% macro money(amount, unit) %}
<b>{{ amount }}</b> {{ unit }}
{% endmacro %}
{% macro card(title, wide=false) %}
<section class="card{% if wide %} wide{% endif %}">
<h2>{{ title }}</h2>
{{ caller() }}
</section>
{% endmacro %}
"""

LIST = Scene(
    {
        "main.html": """\
{% import "ui.html" as ui %}
<h1>{{ title }}</h1>
<ul>
{% for order in orders %}
<li id="o{{ order.number }}">
<em>{{ order.customer }}</em>
{{ ui.badge(order.state) }}
{{ ui.money(order.total, currency) }}
</li>
{% endfor %}
</ul>
""",
        "ui.html": UI,
    },
    orders,
)

CARDS = Scene(
    {
        "main.html": """\
{% from "ui.html" import card %}
<h1>{{ title }}</h1>
{% for order in orders %}
{% call card(order.customer, wide=order.paid) %}
<p>{{ order.city }}</p>
<p>{{ order.count }} for {{ order.total }} {{ currency }}</p>
{% endcall %}
{% endfor %}
""",
        "ui.html": UI,
    },
    orders,
)

PAGE = Scene(
    {
        "main.html": """\
{% extends "layout.html" %}
{% block title %}{{ title }}{% endblock %}
{% block content %}
<ul class="orders">
{% for order in orders %}
<li><b>{{ order.number }}</b> {{ order.customer }} in {{ order.city }}: {{ order.total }} {{ currency }}</li>
{% endfor %}
</ul>
{% endblock %}
""",
        "layout.html": """\
<!doctype html>
<html>
<head>
<title>{% block title %}{{ shop }}{% endblock %}</title>
{% block head %}
<link rel="stylesheet" href="/site.css">
{% endblock %}
</head>
<body>
<nav><a href="/">{{ shop }}</a> <a href="/orders">Orders</a></nav>
<main>
{% block content %}
{% endblock %}
</main>
<footer>{{ shop }}, all prices in {{ currency }}</footer>
</body>
</html>
""",
    },
    orders,
)

INCLUDES = Scene(
    {
        "main.html": """\
<h1>{{ title }}</h1>
<div class="grid">
{% for order in orders %}
{% include "row.html" %}
{% endfor %}
</div>
{% include "footer.html" %}
""",
        "row.html": """\
<div class="row {{ order.state }}">
<b>{{ order.number }}</b> <i>{{ order.customer }}</i>
<span>{{ order.city }}</span> <span>{{ order.total }} {{ currency }}</span>
</div>
""",
        "footer.html": "<footer>{{ shop }}, all prices in {{ currency }}</footer>\n",
    },
    orders,
)


def fields() -> Variables:
    """Return the variables of a form of twenty fields."""
    return {
        "action": "/save",
        "label": "Save",
        "fields": [
            {
                "name": f"field{at}",
                "label": f"Field {at}",
                "value": f"value {at}",
                "kind": "text" if at % 3 else "email",
                "required": at % 2 == 0,
                "hint": "" if at % 4 else "as on the card",
                "errors": [] if at % 5 else ["is missing", "is too short"],
            }
            for at in range(20)
        ],
    }


FORM = Scene(
    {
        "main.html": """\
{% from "fields.html" import field_row %}
<form method="post" action="{{ action }}">
{% for field in fields %}
{{ field_row(field, field.kind, field.required) }}
{% endfor %}
<button>{{ label }}</button>
</form>
""",
        "fields.html": """\
{% macro errors(found) %}
{% for error in found %}
<p class="error">{{ error }}</p>
{% endfor %}
{% endmacro %}
{% macro field_row(field, type, required) %}
<label for="{{ field.name }}">{{ field.label }}</label>
<input type="{{ type }}" id="{{ field.name }}" value="{{ field.value }}"{% if required %} required{% endif %}>
{{ errors(field.errors) }}
{% endmacro %}
""",
    },
    fields,
)


def thread() -> Variables:
    """Return a thread of thirty comments, three levels deep."""

    def comment(number: int, replies: list[Variables]) -> Variables:
        return {"id": number, "author": _NAMES[number % 6], "text": f"Comment {number}", "replies": replies}

    return {
        "title": "Comments",
        "comments": [
            comment(at, [comment(100 + at, [comment(200 + at, [])]), comment(300 + at, [comment(400 + at, [])])])
            for at in range(20)
        ],
    }


THREAD = Scene(
    {
        "main.html": """\
<h1>{{ title }}</h1>
<ol>
{% for comment in comments recursive %}
<li id="c{{ comment.id }}"><b>{{ comment.author }}</b> {{ comment.text }}
<ol>
{{ loop(comment.replies) }}
</ol>
</li>
{% endfor %}
</ol>
"""
    },
    thread,
)


def sections() -> Variables:
    """Return the variables of a digest: twenty sections of four items."""
    return {
        "title": "Your week",
        "shop": "Mill and Sons",
        "sections": [
            {
                "name": f"Section {at}",
                "items": None,
                "entries": [
                    {"title": f"Entry {at}.{nr}", "url": f"/e/{at}/{nr}", "score": nr, "stars": "*" * nr}
                    for nr in range(4)
                ],
            }
            for at in range(20)
        ],
        "settings": {f"option{at}": f"value {at}" for at in range(30)},
        "choices": [(f"key{at}", f"Label {at}") for at in range(30)],
    }


DIGEST = Scene(
    {
        "main.html": """\
<h1>{{ title }}</h1>
{% for section in sections %}
<h2>{{ section.name }}</h2>
<ul>
{% for entry in section.entries %}
<li><a href="{{ entry.url }}">{{ entry.title }}</a> {{ entry.score }}</li>
{% endfor %}
</ul>
{% endfor %}
<p>{{ shop }}</p>
"""
    },
    sections,
)

OPTIONS = Scene(
    {
        "main.html": """\
<h1>{{ title }}</h1>
<dl>
{% for key, value in settings.items() %}
<dt>{{ key }}</dt><dd>{{ value }}</dd>
{% endfor %}
</dl>
<select name="choice">
{% for key, label in choices %}
<option value="{{ key }}">{{ label }}</option>
{% endfor %}
</select>
"""
    },
    sections,
)
