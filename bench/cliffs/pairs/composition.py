"""Edits with includes, blocks and templates that others extend."""

from bench.cliffs.pair import edit, varied
from bench.cliffs.scenes import INCLUDES, PAGE, TABLE

HEAD = "<h1>{{ title }}</h1>\n"
ROW = '{% include "row.html" %}'
EXTENDS = '{% extends "layout.html" %}\n'
LI = "<li><b>{{ order.number }}</b> {{ order.customer }} in {{ order.city }}: {{ order.total }} {{ currency }}</li>"
FOOTER = "<footer>{{ shop }}, all prices in {{ currency }}</footer>"
_LOOP = PAGE.templates["main.html"].split("{% block content %}\n")[1].removesuffix("{% endblock %}\n")

PAIRS = (
    edit(
        varied(PAGE, (LI + "\n", LI)),
        "include in place of markup",
        "the row stands in a template of its own",
        (LI, '{% include "li.html" %}'),
        added={"li.html": LI},
    ),
    edit(
        varied(PAGE, (FOOTER + "\n", FOOTER)),
        "include below the loop",
        "the footer stands in a template of its own",
        (FOOTER, '{% include "footer.html" %}'),
        added={"footer.html": FOOTER},
    ),
    edit(
        INCLUDES,
        "include without context",
        "the footer is included without context, as it says all itself",
        ('{% include "footer.html" %}', '{% include "footer.html" without context %}'),
        (
            "<footer>{{ shop }}, all prices in {{ currency }}</footer>",
            "<footer>Mill and Sons, all prices in EUR</footer>",
        ),
    ),
    edit(
        INCLUDES,
        "include of a computed name",
        "the row's template is named by a variable",
        (HEAD, '{% set part = "row.html" %}\n' + HEAD),
        (ROW, "{% include part %}"),
    ),
    edit(
        INCLUDES,
        "include by the row's kind",
        "the row's template is named by its state; all are alike",
        (ROW, '{% include order.state ~ ".html" %}'),
        added=dict.fromkeys(("open.html", "paid.html", "sent.html"), INCLUDES.templates["row.html"]),
    ),
    edit(
        INCLUDES,
        "include of the first that there is",
        "the row has two names, of which the second is there",
        (ROW, '{% include ["own_row.html", "row.html"] %}'),
    ),
    edit(INCLUDES, "ignore missing", "the row may be missing", (ROW, '{% include "row.html" ignore missing %}')),
    edit(
        INCLUDES,
        "include of what is missing",
        "below the loop something is included that may be missing, and is",
        ('{% include "footer.html" %}', '{% include "own.html" ignore missing %}{% include "footer.html" %}'),
    ),
    edit(
        INCLUDES,
        "include in an include",
        "a part of the row stands in a template of its own",
        ("<span>{{ order.city }}</span>", '{% include "city.html" %}'),
        added={"city.html": "<span>{{ order.city }}</span>"},
    ),
    edit(
        INCLUDES,
        "include in a condition",
        "the row is included if it is shown; all are",
        (ROW, "{% if order.shown %}\n" + ROW + "\n{% endif %}"),
    ),
    edit(
        INCLUDES,
        "include with a name of its own",
        "the row reads another name, set before it is included",
        (ROW, "{% set row = order %}\n" + ROW),
        (
            """<div class="row {{ order.state }}">
<b>{{ order.number }}</b> <i>{{ order.customer }}</i>
<span>{{ order.city }}</span> <span>{{ order.total }}""",
            """<div class="row {{ row.state }}">
<b>{{ row.number }}</b> <i>{{ row.customer }}</i>
<span>{{ row.city }}</span> <span>{{ row.total }}""",
        ),
    ),
    edit(
        INCLUDES,
        "include with with",
        "the row's name is given by a `with` around the include",
        (ROW, "{% with row = order %}\n" + ROW + "\n{% endwith %}"),
        ("<span>{{ order.city }}", "<span>{{ row.city }}"),
    ),
    edit(
        INCLUDES,
        "set in an include",
        "the row sets a name for itself",
        ("<span>{{ order.city }}", "{% set city = order.city %}\n<span>{{ city }}"),
    ),
    edit(
        INCLUDES,
        "a macro in an include",
        "the row defines a macro for itself",
        ('<div class="row', '{% macro cell(x) %}<span>{{ x }}</span>{% endmacro %}\n<div class="row'),
        ("<span>{{ order.city }}</span>", "{{ cell(order.city) }}"),
    ),
    edit(
        TABLE,
        "block in place of markup",
        "a block is around the table, in a page that nothing extends",
        ('<table class="orders">', '{% block table %}\n<table class="orders">'),
        ("</table>\n", "</table>\n{% endblock %}\n"),
    ),
    edit(
        TABLE,
        "block around the head",
        "a block is around the title, in a page that nothing extends",
        (HEAD, "{% block heading %}\n" + HEAD + "{% endblock %}\n"),
    ),
    edit(
        PAGE,
        "a scoped block in the loop",
        "a scoped block is around each row",
        (LI + "\n", "{% block row scoped %}\n" + LI + "\n{% endblock %}\n"),
    ),
    edit(
        PAGE,
        "a block around the loop",
        "a block is around the list, in the block of the page",
        ('<ul class="orders">', '{% block list %}\n<ul class="orders">'),
        ("</ul>\n", "</ul>\n{% endblock %}\n"),
    ),
    edit(
        PAGE,
        "super",
        "the block begins with what it overrides, which is empty",
        ("{% block content %}\n<ul", "{% block content %}\n{{ super() }}<ul"),
    ),
    edit(
        PAGE,
        "super in another block",
        "the page adds to a block of the layout",
        (
            "{% block title %}{{ title }}{% endblock %}",
            "{% block title %}{{ title }}{% endblock %}\n{% block head %}{{ super() }}{% endblock %}",
        ),
    ),
    edit(
        PAGE,
        "super in a name",
        "what a block overrides gets a name before it is printed",
        (
            "{% block title %}{{ title }}{% endblock %}",
            "{% block title %}{{ title }}{% endblock %}\n"
            "{% block head %}{% set before = super() %}{{ before }}{% endblock %}",
        ),
    ),
    edit(
        PAGE,
        "extends behind a set",
        "a name is set before `extends`",
        (EXTENDS, '{% set page = "orders" %}\n' + EXTENDS),
    ),
    edit(
        PAGE,
        "extends behind a comment",
        "a comment stands before `extends`",
        (EXTENDS, "{# the page of orders #}\n" + EXTENDS),
    ),
    edit(
        PAGE,
        "extends behind an import",
        "macros are imported before `extends`",
        (EXTENDS, '{% from "ui.html" import money %}\n' + EXTENDS),
        added={"ui.html": "{% macro money(x) %}{{ x }}{% endmacro %}\n"},
    ),
    edit(
        PAGE,
        "extends behind a condition",
        "a name is set in an `if` before `extends`",
        (EXTENDS, "{% if wide %}\n{% set columns = 2 %}\n{% endif %}\n" + EXTENDS),
    ),
    edit(
        PAGE,
        "extends of a variable",
        "the layout is named by a variable of the page",
        (EXTENDS, "{% extends layout %}\n"),
    ),
    edit(
        PAGE,
        "extends of a choice",
        "the layout is chosen by an inline `if`",
        (EXTENDS, '{% extends "layout.html" if wide else "narrow.html" %}\n'),
        added={"narrow.html": "{% block content %}{% endblock %}"},
    ),
    edit(
        PAGE,
        "a layout between",
        "the page extends a layout that extends the layout",
        (EXTENDS, '{% extends "section.html" %}\n'),
        added={
            "section.html": EXTENDS + '{% block head %}\n<link rel="stylesheet" href="/site.css">\n{% endblock %}\n'
        },
    ),
    edit(
        PAGE,
        "a set of the page for the layout",
        "the page sets what the layout prints at its top level, in place of the variable",
        (EXTENDS, EXTENDS + "{% set shop = 'Mill and Sons' %}\n"),
    ),
    edit(
        PAGE,
        "a name at the top for a block",
        "the page names the currency at its top, for its block",
        (EXTENDS, EXTENDS + "{% set unit = currency %}\n"),
        ("{{ order.total }} {{ currency }}", "{{ order.total }} {{ unit }}"),
    ),
    edit(
        varied(PAGE, ("<nav>", "<nav>{{ title }} ")),
        "self",
        "the layout prints the title again by `self.title()`, not by a variable",
        ("<nav>{{ title }}", "<nav>{{ self.title() }}"),
    ),
    edit(
        PAGE,
        "a macro of the page in its block",
        "the row is printed by a macro at the top of the page",
        (EXTENDS, EXTENDS + "{% macro item(order) %}" + LI.replace("{{ currency }}", "EUR") + "{% endmacro %}\n"),
        (LI, "{{ item(order) }}"),
    ),
    edit(
        PAGE,
        "a macro of the layout's import",
        "the page's block imports what it needs itself, in the block",
        ("{% block content %}\n<ul", '{% block content %}\n{% from "ui.html" import money %}\n<ul'),
        ("{{ order.total }} {{ currency }}", "{{ money(order.total, currency) }}"),
        added={"ui.html": "{% macro money(x, unit) %}{{ x }} {{ unit }}{% endmacro %}\n"},
    ),
    edit(
        PAGE,
        "an import at the top of the page",
        "the row's money is printed by a macro, imported at the top",
        (EXTENDS, EXTENDS + '{% from "ui.html" import money %}\n'),
        ("{{ order.total }} {{ currency }}", "{{ money(order.total, currency) }}"),
        added={"ui.html": "{% macro money(x, unit) %}{{ x }} {{ unit }}{% endmacro %}\n"},
    ),
    edit(
        PAGE,
        "include in a block",
        "the list stands in a template of its own, which the block includes",
        (_LOOP, '{% include "list.html" %}\n'),
        added={"list.html": _LOOP + "\n"},
    ),
    edit(
        PAGE,
        "include in the layout",
        "the navigation stands in a template of its own",
        ('<nav><a href="/">{{ shop }}</a> <a href="/orders">Orders</a></nav>\n', '{% include "nav.html" %}\n\n'),
        added={"nav.html": '<nav><a href="/">{{ shop }}</a> <a href="/orders">Orders</a></nav>\n'},
    ),
)
