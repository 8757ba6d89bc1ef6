"""Edits of what is bound where, and of what a page has without using it: `set`, `with`, `namespace`, `do`, comments."""

from bench.cliffs.pair import edit, varied
from bench.cliffs.pairs.loops import CITY, FOR, ROW
from bench.cliffs.scenes import DIGEST, LIST, TABLE

END = "<p>All prices in {{ currency }}</p>\n"
HEAD = "<h1>{{ title }}</h1>\n"
_SET_ROW = varied(TABLE, (CITY, "{% set city = order.city %}\n<td>{{ city }}</td>"))
_CLASS = varied(TABLE, (ROW, "{% set kind = 'done' if order.paid else 'late' %}\n<tr class=\"{{ kind }}\">"))
_NUMBERED = varied(TABLE, (ROW, '<tr class="row{{ loop.index }}">'))

PAIRS = (
    edit(
        TABLE,
        "set in the loop",
        "the city of a row gets a name in the loop",
        (CITY, "{% set city = order.city %}\n<td>{{ city }}</td>"),
    ),
    edit(
        _SET_ROW,
        "with in the loop",
        "the name in the loop is given by `with`, not by `set`",
        (
            "{% set city = order.city %}\n<td>{{ city }}</td>",
            "{% with city = order.city %}\n<td>{{ city }}</td>\n{% endwith %}",
        ),
    ),
    edit(
        _CLASS,
        "set in both branches",
        "a name is set in both branches of an `if`, not by an inline `if`",
        (
            "{% set kind = 'done' if order.paid else 'late' %}",
            "{% if order.paid %}{% set kind = 'done' %}{% else %}{% set kind = 'late' %}{% endif %}",
        ),
    ),
    edit(
        _CLASS,
        "set before and in a branch",
        "a name is set before an `if`, and anew in it",
        (
            "{% set kind = 'done' if order.paid else 'late' %}",
            "{% set kind = 'late' %}\n{% if order.paid %}\n{% set kind = 'done' %}\n{% endif %}",
        ),
    ),
    edit(
        TABLE,
        "a name for a constant before the loop",
        "the currency gets a name at the top",
        (HEAD, "{% set unit = currency %}\n" + HEAD),
        ("{{ order.total }} {{ currency }}", "{{ order.total }} {{ unit }}"),
    ),
    edit(
        TABLE,
        "a name for the rows",
        "the rows get another name at the top",
        (HEAD, "{% set rows = orders %}\n" + HEAD),
        (FOR, "{% for order in rows %}"),
    ),
    edit(
        TABLE,
        "a default for a variable",
        "a variable of the page gets a default at the top, under its own name",
        (HEAD, "{% set currency = currency or 'EUR' %}\n" + HEAD),
    ),
    edit(
        TABLE,
        "with around the page",
        "a `with` is around the whole",
        (HEAD, "{% with %}\n" + HEAD),
        (END, END + "{% endwith %}\n"),
    ),
    edit(
        TABLE,
        "with around the loop",
        "a `with` around the table names the currency",
        ('<table class="orders">', '{% with unit = currency %}\n<table class="orders">'),
        ("{{ order.total }} {{ currency }}", "{{ order.total }} {{ unit }}"),
        ("</table>\n", "</table>\n{% endwith %}\n"),
    ),
    edit(
        _NUMBERED,
        "a namespace",
        "rows are counted in a `namespace`, not by `loop.index`",
        (HEAD, "{% set ns = namespace(number=0) %}\n" + HEAD),
        (
            ROW.replace("{{ order.state }}", "row{{ loop.index }}"),
            '{% set ns.number = ns.number + 1 %}\n<tr class="row{{ ns.number }}">',
        ),
    ),
    edit(
        varied(
            TABLE, ("<p>All prices in {{ currency }}</p>", "<p>{{ orders|sum(attribute='total') }} {{ currency }}</p>")
        ),
        "a sum in a namespace",
        "the sum of all totals is added up in a `namespace` in the loop, not by `|sum`",
        (HEAD, "{% set ns = namespace(sum=0) %}\n" + HEAD),
        (ROW, "{% set ns.sum = ns.sum + order.total %}\n" + ROW),
        ("{{ orders|sum(attribute='total') }}", "{{ ns.sum }}"),
    ),
    edit(
        varied(TABLE, (HEAD, "{% set seen = [] %}\n" + HEAD), (ROW, "{% set _ = seen.append(order.number) %}\n" + ROW)),
        "do",
        "what is done for its effect in the row is done by `do`, not by `set`",
        ("{% set _ = seen.append(order.number) %}", "{% do seen.append(order.number) %}"),
    ),
    edit(
        varied(TABLE, (HEAD, "{% set seen = {} %}\n" + HEAD)),
        "do at the top",
        "something is done once, at the top",
        ("{% set seen = {} %}\n", "{% set seen = {} %}\n{% do seen.update(page=1) %}\n"),
    ),
    edit(TABLE, "a comment in the row", "a comment stands in the row", (CITY, "{# where it goes #}\n" + CITY)),
    edit(
        TABLE,
        "a condition that never holds",
        "a part for debugging is behind the page, which is off",
        (END, END + "{% if debug %}\n<pre>{{ orders|tojson }}</pre>\n{% endif %}\n"),
    ),
    edit(
        TABLE,
        "a condition in the row that never holds",
        "a row prints its note, if it has one; none has",
        (CITY, CITY + "\n{% if order.note %}\n<td>{{ order.note|wordwrap(20) }}</td>\n{% endif %}"),
    ),
    edit(
        TABLE,
        "a call in a branch of the row that never holds",
        "a row calls a method of its note, if it has one; none has",
        (CITY, CITY + "\n{% if order.note %}\n<td>{{ order.note.lines()[0] }}</td>\n{% endif %}"),
    ),
    edit(
        TABLE,
        "a branch that is constant",
        "a part is switched off by `if false`",
        (END, END + "{% if false %}\n{% for order in orders %}{{ loop.length }}{% endfor %}\n{% endif %}\n"),
    ),
    edit(
        TABLE,
        "the loop in a condition",
        "the table is printed if there are rows",
        ('<table class="orders">', '{% if orders %}\n<table class="orders">'),
        ("</table>\n", "</table>\n{% endif %}\n"),
    ),
    edit(
        TABLE,
        "a macro that is not used",
        "a macro is defined, and never called",
        (HEAD, "{% macro cell(x) %}<td>{{ x }}</td>{% endmacro %}\n" + HEAD),
    ),
    edit(
        LIST,
        "an import that is not used",
        "another import, never used",
        (HEAD, "{% from 'ui.html' import card %}\n" + HEAD),
    ),
    edit(
        TABLE,
        "a name that is not used",
        "a name is set at the top, and never read",
        (HEAD, "{% set unused = shop %}\n" + HEAD),
    ),
    edit(
        varied(
            DIGEST,
            ("{% for section in sections %}", "{% for section in sections %}\n{% set name = section.name %}"),
            ("<h2>{{ section.name }}", "<h2>{{ name }}"),
        ),
        "a name of the page in the loop",
        "the name set in the loop is that of a variable of the page",
        ("{% set name = section.name %}", "{% set title = section.name %}"),
        ("<h2>{{ name }}", "<h2>{{ title }}"),
    ),
)
