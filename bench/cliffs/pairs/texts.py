"""Edits with what captures or changes text: `filter`, `set` blocks, `autoescape`, `raw`, translations."""

from bench.cliffs.pair import edit, varied
from bench.cliffs.pairs.loops import CITY
from bench.cliffs.scenes import DIGEST, TABLE

HEAD = "<h1>{{ title }}</h1>\n"
END = "<p>All prices in {{ currency }}</p>\n"
PRICES = "<p>All prices in {{ currency }}</p>"

PAIRS = (
    edit(
        TABLE,
        "a filter block in the row",
        "the city of a row stands in a `filter` block",
        (CITY, "<td>{% filter trim %}{{ order.city }}{% endfilter %}</td>"),
    ),
    edit(
        TABLE,
        "a filter block around the loop",
        "the table stands in a `filter` block",
        ('<table class="orders">\n', '{% filter trim %}\n<table class="orders">\n'),
        ("</table>\n", "</table>\n{% endfilter %}\n\n"),
    ),
    edit(
        varied(TABLE, (END, "")),
        "a set block around the loop",
        "the table is captured by a `set` block, and printed below",
        ('<table class="orders">\n', '{% set table %}\n<table class="orders">\n'),
        ("</table>\n", "</table>\n{% endset %}\n{{ table }}"),
    ),
    edit(
        TABLE,
        "a set block in the row",
        "the city of a row is captured by a `set` block",
        (CITY, "{% set place %}{{ order.city }}{% endset %}\n<td>{{ place }}</td>"),
    ),
    edit(
        TABLE,
        "a set block at the top",
        "the heading is captured by a `set` block before it is printed",
        (HEAD, "{% set heading %}{{ title }}{% endset %}\n<h1>{{ heading }}</h1>\n"),
    ),
    edit(
        TABLE,
        "autoescape around the page",
        "the whole stands in `autoescape true`, which holds anyway",
        (HEAD, "{% autoescape true %}\n" + HEAD),
        (END, END + "{% endautoescape %}\n"),
    ),
    edit(
        TABLE,
        "autoescape below the loop",
        "what is below the loop stands in `autoescape true`",
        (END, "{% autoescape true %}\n" + END + "{% endautoescape %}\n"),
    ),
    edit(
        TABLE,
        "autoescape off around the loop",
        "the loop stands in `autoescape false`; nothing needs it",
        ('<table class="orders">\n', '{% autoescape false %}\n<table class="orders">\n'),
        ("</table>\n", "</table>\n{% endautoescape %}\n"),
    ),
    edit(
        TABLE,
        "autoescape by a variable",
        "whether the loop escapes is told by a variable",
        ('<table class="orders">\n', '{% autoescape wide %}\n<table class="orders">\n'),
        ("</table>\n", "</table>\n{% endautoescape %}\n"),
    ),
    edit(
        TABLE,
        "raw in the row",
        "a constant of the row stands in `raw`",
        ("to be paid", "{% raw %}to be paid{% endraw %}"),
    ),
    edit(TABLE, "constants that are printed", "a constant of the row is printed", ("to be paid", "{{ 'to be paid' }}")),
    edit(
        TABLE, "a translated constant", "a constant of the row is translated", ("to be paid", "{{ _('to be paid') }}")
    ),
    edit(
        TABLE,
        "a trans block",
        "a constant of the row stands in `trans`",
        ("to be paid", "{% trans %}to be paid{% endtrans %}"),
    ),
    edit(
        varied(TABLE, (CITY, "<td>to {{ order.city }}</td>")),
        "a trans block with a variable",
        "a text of the row stands in `trans`, with a variable",
        ("to {{ order.city }}", "{% trans city=order.city %}to {{ city }}{% endtrans %}"),
    ),
    edit(
        varied(TABLE, (CITY, "<td>to {{ order.city }}</td>")),
        "gettext with a variable",
        "a text of the row is translated by a call, with a variable",
        ("to {{ order.city }}", "{{ _('to %(city)s', city=order.city) }}"),
    ),
    edit(
        varied(
            TABLE,
            (
                CITY,
                "<td>"
                "{% if order.count == 1 %}{{ order.count }} piece{% else %}{{ order.count }} pieces{% endif %}"
                "</td>",
            ),
        ),
        "a plural",
        "one and many are told apart by `pluralize`, and not by an `if`",
        (
            "{% if order.count == 1 %}{{ order.count }} piece{% else %}{{ order.count }} pieces{% endif %}",
            "{% trans count=order.count %}{{ count }} piece{% pluralize %}{{ count }} pieces{% endtrans %}",
        ),
    ),
    edit(
        TABLE,
        "a trans block below the loop",
        "the sentence below the loop stands in `trans`",
        (PRICES, "<p>{% trans %}All prices in {{ currency }}{% endtrans %}</p>"),
    ),
    edit(
        DIGEST,
        "a set block in a nested loop",
        "what is in a section is captured by a `set` block before it is printed",
        ("<ul>\n", "{% set list %}\n<ul>\n"),
        ("</ul>\n", "</ul>\n{% endset %}\n{{ list }}"),
    ),
)
