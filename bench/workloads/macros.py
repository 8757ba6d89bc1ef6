"""Macros of the same and of another template: defaults, keywords, one that calls another, and `call`.

Once where they were imported, and once in a block, which asks for them in a loop, under conditions and in `with` first.
"""

from bench.workloads import in_htpy, in_tera, in_tornado, in_wheezy
from bench.workloads.workload import Context, Others, Workload, escape

JINJA2 = {
    "ui.html": """\
{% macro icon(name, size=16) %}<i class="icon-{{ name }}" style="width:{{ size }}px"></i>{% endmacro %}
{% macro badge(text, tone="grey") %}<span class="badge {{ tone }}">{{ text }}</span>{% endmacro %}
{% macro link(href, label, class="link", icon_name="") -%}
<a class="{{ class }}" href="{{ href }}">{% if icon_name %}{{ icon(icon_name) }}{% endif %}{{ label }}</a>
{%- endmacro %}
{% macro card(title, open=false) -%}
<section{% if open %} class="open"{% endif %}><h2>{{ title }}</h2><div>{{ caller() }}</div></section>
{%- endmacro %}
""",
    "cards.html": """\
{% import "ui.html" as ui %}
{% macro price(value, currency="EUR") %}<em>{{ value }} {{ currency }}</em>{% endmacro %}
{% for item in items %}
{% call ui.card(item.title, open=loop.first) %}
{{ ui.link(item.url, item.label) }}
{{ ui.link(item.url ~ "/edit", "Edit", icon_name="pen") }}
{{ price(item.price) }} {{ ui.badge(item.state, tone=item.tone) }}
{% endcall %}
{% endfor %}
""",
}

BLOCKS = {
    "ui.html": JINJA2["ui.html"],
    "base.html": "<main>{% block main %}{% endblock %}</main>\n",
    "cards.html": """\
{% extends "base.html" %}
{% import "ui.html" as ui %}
{% from "ui.html" import badge %}
{% macro price(value, currency="EUR") %}<em>{{ value }} {{ currency }}</em>{% endmacro %}
{% block main %}
{% for item in items %}
{% call ui.card(item.title, open=loop.first) %}
{% with url = item.url %}
{{ ui.link(url, item.label) }}
{% if item.state %}{{ ui.link(url ~ "/edit", "Edit", icon_name="pen") }}{% endif %}
{% endwith %}
{{ price(item.price) }} {{ badge(item.state, tone=item.tone) }}
{% endcall %}
{% endfor %}
{% endblock %}
""",
}

_IMPORTS = '{% import "ui.html" as ui %}\n{% from "ui.html" import badge %}\n'
# what a block of minijinja sees is imported in it
MINIJINJA = {
    **BLOCKS,
    "cards.html": BLOCKS["cards.html"]
    .replace(_IMPORTS, "")
    .replace("{% block main %}", "{% block main %}" + _IMPORTS.replace("\n", "")),
}


MAKO = {
    "ui.html": """\
<%def name="icon(name, size=16)"><i class="icon-${name}" style="width:${size}px"></i></%def>
<%def name="badge(text, tone='grey')"><span class="badge ${tone}">${text}</span></%def>
<%def name="link(href, label, class_='link', icon_name='')">
<a class="${class_}" href="${href}">\\
% if icon_name:
${icon(icon_name)}\\
% endif
${label}</a></%def>
<%def name="card(title, open=False)">
<section\\
% if open:
 class="open"\\
% endif
><h2>${title}</h2><div>${caller.body()}</div></section></%def>
""",
    "cards.html": """\
<%namespace name="ui" file="ui.html"/>
<%def name="price(value, currency='EUR')"><em>${value} ${currency}</em></%def>
% for item in items:
<%ui:card title="${item['title']}" open="${item is items[0]}">
${ui.link(item['url'], item['label'])}
${ui.link(item['url'] + "/edit", "Edit", icon_name="pen")}
${price(item['price'])} ${ui.badge(item['state'], tone=item['tone'])}
</%ui:card>
% endfor
""",
}

CHAMELEON = {
    "ui.html": """\
<metal:block define-macro="icon"><i class="icon-${icon_name}" style="width:${size|16}px"></i></metal:block>
<metal:block define-macro="badge"><span class="badge ${tone|'grey'}">${text}</span></metal:block>
<metal:block define-macro="link"><a class="${class_|'link'}" href="${href}">\
<tal:block condition="icon_name|''"><metal:block use-macro="template.macros['icon']"/></tal:block>\
${label}</a></metal:block>
<metal:block define-macro="card"><section class="${'open' if open else None}"><h2>${title}</h2>\
<div><metal:block define-slot="body"/></div></section></metal:block>
""",
    "cards.html": """\
<tal:block define="ui load('ui.html').macros" repeat="item items">
<metal:block use-macro="ui['card']" tal:define="title item['title']; open repeat.item.start">\
<metal:block fill-slot="body">
<tal:block define="href item['url']; label item['label']"><metal:block use-macro="ui['link']"/></tal:block>
<tal:block define="href item['url'] + '/edit'; label 'Edit'; icon_name 'pen'">\
<metal:block use-macro="ui['link']"/></tal:block>
<metal:block use-macro="template.macros['price']" tal:define="value item['price']"/>\
<tal:block define="text item['state']; tone item['tone']"><metal:block use-macro="ui['badge']"/></tal:block>
</metal:block></metal:block>
</tal:block>
<tal:block condition="False"><em metal:define-macro="price">${value} ${currency|'EUR'}</em></tal:block>
""",
}

# Django has no macros, and no `call`: an include with arguments, and one that includes the body.
DJANGO = {
    "icon.html": """<i class="icon-{{ name }}" style="width:{{ size|default:16 }}px"></i>""",
    "badge.html": """<span class="badge {{ tone|default:"grey" }}">{{ text }}</span>""",
    "link.html": """\
<a class="{{ class|default:"link" }}" href="{{ href }}{{ more }}">\
{% if icon_name %}{% include "icon.html" with name=icon_name only %}{% endif %}{{ label }}</a>
""",
    "price.html": """<em>{{ value }} {{ currency|default:"EUR" }}</em>""",
    "card.html": """\
<section{% if open %} class="open"{% endif %}><h2>{{ title }}</h2><div>{% include body %}</div></section>
""",
    "body.html": """
{% include "link.html" with href=item.url label=item.label only %}
{% include "link.html" with href=item.url more="/edit" label="Edit" icon_name="pen" only %}
{% include "price.html" with value=item.price only %} \
{% include "badge.html" with text=item.state tone=item.tone only %}
""",
    "cards.html": """\
{% for item in items %}
{% include "card.html" with title=item.title open=forloop.first body="body.html" %}
{% endfor %}
""",
}

PHP = {
    "ui.php": """\
<?php
function icon($name, $size = 16) { ?><i class="icon-<?= e($name) ?>" style="width:<?= e($size) ?>px"></i><?php }
function badge($text, $tone = 'grey') { ?><span class="badge <?= e($tone) ?>"><?= e($text) ?></span><?php }
function link_to($href, $label, $class = 'link', $icon = '') {
?><a class="<?= e($class) ?>" href="<?= e($href) ?>"><?php if ($icon) icon($icon) ?><?= e($label) ?></a><?php }
function card($title, $open, $caller) {
?><section<?php if ($open): ?> class="open"<?php endif ?>><h2><?= e($title) ?></h2>\
<div><?php $caller() ?></div></section><?php }
function price($value, $currency = 'EUR') { ?><em><?= e($value) ?> <?= e($currency) ?></em><?php }
""",
    "cards.html": """\
<?php require_once __DIR__ . '/ui.php'; foreach ($items as $number => $item): ?>

<?php card($item['title'], $number == 0, function () use ($item) { ?>

<?php link_to($item['url'], $item['label']) ?>

<?php link_to($item['url'] . '/edit', 'Edit', icon: 'pen') ?>

<?php price($item['price']) ?> <?php badge($item['state'], tone: $item['tone']) ?>

<?php }) ?>

<?php endforeach ?>
""",
}

OTHERS: Others = {
    "mako": MAKO,
    "chameleon": CHAMELEON,
    "django": DJANGO,
    "php": PHP,
    "wheezy": in_wheezy.MACROS,
    "tornado": in_tornado.MACROS,
    "tera": in_tera.MACROS,
    "htpy": in_htpy.MACROS,
}


def _context() -> Context:
    return {
        "items": [
            {
                "title": f"Item {number} & more",
                "url": f"/items/{number}",
                "label": "Look <here>",
                "price": number * 3,
                "state": "new",
                "tone": "green",
            }
            for number in range(30)
        ]
    }


def by_hand(context: Context) -> str:
    """Write the cards; what is always the same in a macro is."""
    return f"\n\n{_cards(context, '', '')}"


def by_hand_in_a_block(context: Context) -> str:
    """Write them where the block is."""
    return f"<main>\n{_cards(context, NEWLINE, NEWLINE)}\n</main>"


NEWLINE = "\n"  # around what stands in `with`


def _cards(context: Context, before: str, behind: str) -> str:
    out: list[str] = []
    add = out.append
    attributes = ' class="open"'
    for item in context["items"]:
        url = escape(item["url"])
        add(
            f"\n<section{attributes}><h2>{escape(item['title'])}</h2><div>\n{before}"
            f'<a class="link" href="{url}">{escape(item["label"])}</a>\n'
            f'<a class="link" href="{url}/edit"><i class="icon-pen" style="width:16px"></i>Edit</a>\n{behind}'
            f'<em>{item["price"]} EUR</em> <span class="badge {escape(item["tone"])}">{escape(item["state"])}</span>\n'
            "</div></section>\n"
        )
        attributes = ""
    return "".join(out)


WORKLOADS = (
    Workload("macros", "macros", "cards.html", _context(), JINJA2, by_hand, others=OTHERS),
    Workload(
        name="macros in a block",
        kind="macros",
        entry="cards.html",
        context=_context(),
        jinja2=BLOCKS,
        by_hand=by_hand_in_a_block,
        minijinja=MINIJINJA,
        others={
            "wheezy": in_wheezy.MACROS_IN_A_BLOCK,
            "tornado": in_tornado.MACROS_IN_A_BLOCK,
            "tera": "a macro that a block calls finds none of its own file",
            "htpy": in_htpy.MACROS_IN_A_BLOCK,
        },
    ),
)
