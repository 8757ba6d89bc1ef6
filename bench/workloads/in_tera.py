"""The workloads in the language of Tera, which pytera renders: its values are what JSON has.

Macros take keywords only, and no body: what has one is two macros, the one before it and the one behind. There is no
expression with `if`, and numbers such as 2.0 are printed as 2.
"""

ALERT = {  # the other templates are Jinja2's
    "macros.html": """\
{% macro button(href, label, color="#0066cc") %}\
<a href="{{ href }}" style="background:{{ color }};color:#ffffff;padding:8px 16px">{{ label }}</a>{% endmacro %}
""",
    "alert.html": """\
{% extends "layout.html" %}
{% import "macros.html" as macros %}
{% block title %}{{ watch.title }} changed{% endblock %}
{% block content %}
{% include "summary.html" %}
{% for change in changes %}
<div id="c{{ loop.index }}">{% include "change.html" %}</div>
{% endfor %}
{{ macros::button(href=watch.url, label="See the page") }}
{% endblock %}
""",
}

DIGEST = {
    "digest.html": """\
{% set count = groups | length %}
<h1>Your {{ period }} digest</h1>
<p>{{ count }} watches, {{ total }} changes.</p>
{% for group in groups %}
<section{% if group.changes | length > 4 %} class="busy"{% endif %}>
<h2>{{ loop.index }}/{{ count }} <a href="{{ group.url }}">{{ group.name }}</a></h2>
{% if group.changes %}<ul>
{% for change in group.changes %}<li class="{% if loop.index is odd %}odd{% else %}even{% endif %}">\
<b>{{ change.title | upper }}</b> at {{ change.at }}\
{% if change.added > change.removed %} grew by {{ change.added - change.removed }}\
{% elif change.added == change.removed %} stayed as long\
{% else %} shrank by {{ change.removed - change.added }}{% endif %}{% if loop.last %}.{% else %},{% endif %}</li>
{% endfor %}</ul>
{% else %}<p>Nothing new.</p>
{% endif %}</section>
{% endfor %}
""",
}

TABLE = {
    "table.html": """\
<table>
{% for row in table %}<tr class="{% if loop.index is odd %}odd{% else %}even{% endif %}">\
{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</table>
""",
}

MACROS = {
    "ui.html": """\
{% macro icon(name, size=16) %}<i class="icon-{{ name }}" style="width:{{ size }}px"></i>{% endmacro %}
{% macro badge(text, tone="grey") %}<span class="badge {{ tone }}">{{ text }}</span>{% endmacro %}
{% macro link(href, label, class="link", icon_name="") -%}
<a class="{{ class }}" href="{{ href }}">{% if icon_name %}{{ self::icon(name=icon_name) }}{% endif %}{{ label }}</a>
{%- endmacro %}
{% macro card(title, open=false) -%}
<section{% if open %} class="open"{% endif %}><h2>{{ title }}</h2><div>
{%- endmacro %}
{% macro card_end() %}</div></section>{% endmacro %}
""",
    "cards.html": """\
{% import "ui.html" as ui %}
{% macro price(value, currency="EUR") %}<em>{{ value }} {{ currency }}</em>{% endmacro %}
{% for item in items %}
{{ ui::card(title=item.title, open=loop.first) }}
{{ ui::link(href=item.url, label=item.label) }}
{{ ui::link(href=item.url ~ "/edit", label="Edit", icon_name="pen") }}
{{ self::price(value=item.price) }} {{ ui::badge(text=item.state, tone=item.tone) }}
{{ ui::card_end() }}
{% endfor %}
""",
}

FORM = {
    "fields.html": """\
{% macro errors(found) %}{% for error in found %}<p class="error">{{ error }}</p>{% endfor %}{% endmacro %}
{% macro input(field, type="text", required=false) -%}
<label for="{{ field.name }}">{{ field.label }}</label>
<input type="{{ type }}" id="{{ field.name }}" name="{{ field.name }}" value="{{ field.value }}"\
{% if required %} required{% endif %}>{{ self::errors(found=field.errors) }}
{%- endmacro %}
{% macro select(field) -%}
<label for="{{ field.name }}">{{ field.label }}</label>
<select id="{{ field.name }}" name="{{ field.name }}">
{% for choice in field.choices %}<option value="{{ choice.0 }}"{% if choice.0 == field.value %} selected{% endif %}>\
{{ choice.1 }}</option>
{% endfor %}</select>{{ self::errors(found=field.errors) }}
{%- endmacro %}
{% macro checkbox(field) -%}
<label><input type="checkbox" name="{{ field.name }}"{% if field.value %} checked{% endif %}> {{ field.label }}\
</label>{{ self::errors(found=field.errors) }}
{%- endmacro %}
""",
    "form.html": """\
{% import "fields.html" as fields_ %}
<form method="post" action="{{ action }}">
{% for field in fields %}
{% if field.kind == "select" %}{{ fields_::select(field=field) }}
{% elif field.kind == "checkbox" %}{{ fields_::checkbox(field=field) }}
{% else %}{{ fields_::input(field=field, type=field.kind, required=field.required) }}
{% endif %}
{% endfor %}
<button>{{ label }}</button>
</form>
""",
}

FILTERS = {
    "people.html": """\
<h1>{{ title | trim | upper }}</h1>
{% set_global total = 0 %}
{% for person in people %}{% set_global total = total + person.age %}{% if person.active %}
<p id="{{ person.name | lower | replace(from=" ", to="-") }}">{{ person.name | title }}, {{ person.age }}\
{% if person.mail %}, {{ person.mail | lower }}{% endif %}\
{% if person.age is divisibleby(2) %} (even){% endif %}\
{% if person.tags | length > 1 %} {{ person.tags | join(sep=", ") }}{% endif %}
{% set score = person.score | round(precision=1) %}{% set whole = score | int %}\
 {{ score }}{% if score == whole %}.0{% endif %} {{ person.score | int }} {{ person.tags | first }}</p>
{% endif %}{% endfor %}
<p>{{ people | map(attribute="name") | join(sep="; ") }}: {{ people | length }}, {{ total }}</p>
""",
}

PLAIN = {
    "mail.txt": """\
{% set count = orders | length %}
Hello {{ name }},

{% if count == 1 %}one order is on its way:{% else %}{{ count }} orders are on their way:{% endif %}

{% for order in orders %}* {{ order.number }}: {{ order.title }}{% if order.gift %} (a gift){% endif %}
  {% for line in order.lines %}{{ line.count }} x {{ line.name }}{% if not loop.last %}, {% endif %}{% endfor %}
{% endfor %}

Yours,
{{ sender }}
""",
}

TREE = {
    "tree.html": """\
{% macro level(nodes, depth) %}{% for node in nodes %}
<li class="level-{{ depth }}"><a href="{{ node.url }}">{{ node.name }}</a>\
{% if node.children %}<ul>{{ self::level(nodes=node.children, depth=depth + 1) }}</ul>{% endif %}</li>{% endfor %}
{% endmacro %}
<ul>{{ self::level(nodes=nodes, depth=1) }}
</ul>
""",
}
