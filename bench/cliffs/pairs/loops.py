"""Edits of what a loop asks about itself, what it goes over, and in which form of a loop."""

from collections.abc import Iterator
from typing import Any

from bench.cliffs.pair import edit, varied
from bench.cliffs.scenes import DIGEST, OPTIONS, TABLE, THREAD, orders

CITY = "<td>{{ order.city }}</td>"
ROW = '<tr class="{{ order.state }}">'
FOR = "{% for order in orders %}"
SHOWN = "{% for order in orders if order.shown %}"
LAST = '<td class="sum">{{ order.total }} {{ currency }}</td>\n</tr>\n'

_AMOUNT = (CITY, "<td>{{ order.city }}, {{ amount }}</td>")
_LENGTH = ("{{ order.city }}, {{ amount }}", "{{ order.city }}, {{ loop.length }}")
_NAMES = varied(
    TABLE,
    (
        "<p>{{ amount }} orders at {{ shop }}</p>",
        "<p>{% for order in orders %}{% if not loop.first %}, {% endif %}{{ order.customer }}{% endfor %}</p>",
    ),
)
_DAYS = varied(TABLE, (ROW, '{% if order.new_day %}<tr class="day">{{ order.day }}</tr>{% endif %}\n' + ROW))
_STRIPES = varied(TABLE, (ROW, "<tr class=\"{{ 'even' if loop.index0 is even else 'odd' }}\">"))
_NUMBERED = varied(TABLE, (ROW, '<tr class="row{{ loop.index }}">'))
_MACRO_THREAD = varied(
    THREAD,
    (
        "{% for comment in comments recursive %}",
        "{% macro thread(comments) %}\n{% for comment in comments %}",
    ),
    ("{{ loop(comment.replies) }}", "{{ thread(comment.replies) }}"),
    ("</li>\n{% endfor %}\n</ol>", "</li>\n{% endfor %}\n{% endmacro %}\n{{ thread(comments) }}</ol>"),
)


class Query:
    """What a database gives in place of a list: it is iterated, and knows its length."""

    def __init__(self, rows: list[Any]) -> None:
        self.rows = rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def _orders_as(kind: type) -> dict[str, Any]:
    variables = orders()
    return {**variables, "orders": kind(variables["orders"])}


def _orders_by_key() -> dict[str, Any]:
    variables = orders()
    return {**variables, "orders": {order["number"]: order for order in variables["orders"]}}


PAIRS = (
    edit(varied(TABLE, _AMOUNT), "loop.length", "the number of rows is `loop.length`", _LENGTH),
    edit(
        varied(TABLE, _AMOUNT, (FOR, SHOWN)),
        "loop.length of a filtered loop",
        "the number of rows is `loop.length`, in a loop that leaves out what is not shown",
        _LENGTH,
    ),
    edit(
        _NAMES,
        "loop.last",
        "the comma stands behind all names but the last, not before all but the first",
        (
            "{% if not loop.first %}, {% endif %}{{ order.customer }}{% endfor %}",
            "{{ order.customer }}{% if not loop.last %}, {% endif %}{% endfor %}",
        ),
    ),
    edit(
        _NAMES,
        "joined names",
        "names are joined by `|map` and `|join`",
        (
            "{% for order in orders %}{% if not loop.first %}, {% endif %}{{ order.customer }}{% endfor %}",
            "{{ orders|map(attribute='customer')|join(', ') }}",
        ),
    ),
    edit(
        _DAYS,
        "loop.previtem",
        "a new day is told by the row before, not by the row itself",
        ("{% if order.new_day %}", "{% if loop.first or loop.previtem.day != order.day %}"),
    ),
    edit(
        _DAYS,
        "loop.changed",
        "a new day is told by `loop.changed`, not by the row itself",
        ("{% if order.new_day %}", "{% if loop.changed(order.day) %}"),
    ),
    edit(
        varied(TABLE, (LAST, LAST + "{% if order.last_of_day %}\n<tr></tr>\n{% endif %}\n")),
        "loop.nextitem",
        "the end of a day is told by the row behind, not by the row itself",
        ("{% if order.last_of_day %}", "{% if loop.nextitem is not defined or loop.nextitem.day != order.day %}"),
    ),
    edit(
        _STRIPES,
        "loop.cycle",
        "stripes are made by `loop.cycle`, not by a condition",
        ("{{ 'even' if loop.index0 is even else 'odd' }}", "{{ loop.cycle('even', 'odd') }}"),
    ),
    edit(
        varied(TABLE, (CITY, "<td>{{ order.city }}, {{ order.behind }}</td>")),
        "loop.revindex0",
        "how many rows follow is `loop.revindex0`, not of the row itself",
        ("{{ order.behind }}", "{{ loop.revindex0 }}"),
    ),
    edit(
        varied(DIGEST, ("<h2>", "{% set number = loop.index %}\n<h2>"), ("<li>", '<li id="e{{ number }}">')),
        "the loop of an outer loop",
        "an inner loop reads the outer loop, which was set, and not a number, which was set",
        ("{% set number = loop.index %}", "{% set outer = loop %}"),
        ("{{ number }}", "{{ outer.index }}"),
    ),
    edit(TABLE, "a filtered loop", "the loop leaves out what is not shown; all are", (FOR, SHOWN)),
    edit(
        varied(
            TABLE, (FOR, FOR + "\n{% if order.shown %}"), ("</tr>\n{% endfor %}", "</tr>\n{% endif %}\n{% endfor %}")
        ),
        "a condition moved into the loop",
        "the condition around the row stands in the loop's head",
        (FOR + "\n{% if order.shown %}", SHOWN),
        ("{% endif %}\n{% endfor %}", "{% endfor %}"),
    ),
    edit(
        varied(
            TABLE, (FOR, FOR + "\n{% if order.shown %}"), ("</tr>\n{% endfor %}", "</tr>\n{% endif %}\n{% endfor %}")
        ),
        "continue",
        "a row that is not shown is left by `continue`, not by a condition around it",
        ("{% if order.shown %}", "{% if not order.shown %}{% continue %}{% endif %}"),
        ("{% endif %}\n{% endfor %}", "{% endfor %}"),
    ),
    edit(
        TABLE,
        "for else",
        "the loop says what to print when there is no row",
        ("</tr>\n{% endfor %}", "</tr>\n{% else %}\n<tr><td>No orders</td></tr>\n{% endfor %}"),
    ),
    edit(
        varied(
            OPTIONS,
            ("{% for key, label in choices %}", "{% for choice in choices %}"),
            ('<option value="{{ key }}">{{ label }}', '<option value="{{ choice[0] }}">{{ choice[1] }}'),
        ),
        "tuple unpacking",
        "the loop names both parts of a choice",
        ("{% for choice in choices %}", "{% for key, label in choices %}"),
        ('<option value="{{ choice[0] }}">{{ choice[1] }}', '<option value="{{ key }}">{{ label }}'),
    ),
    edit(
        OPTIONS,
        "the filter items",
        "the loop goes over `settings|items`, not `settings.items()`",
        ("settings.items()", "settings|items"),
    ),
    edit(
        OPTIONS,
        "values by their keys",
        "the loop goes over a dict's keys, and looks up each value",
        ("{% for key, value in settings.items() %}", "{% for key in settings %}"),
        ("{{ value }}", "{{ settings[key] }}"),
    ),
    edit(TABLE, "a slice", "the loop goes over the first hundred rows", (FOR, "{% for order in orders[:100] %}")),
    edit(TABLE, "the filter list", "the loop goes over `orders|list`", (FOR, "{% for order in orders|list %}")),
    edit(
        varied(TABLE, (FOR, SHOWN)),
        "selectattr",
        "what is shown is chosen by `|selectattr`, not by the loop",
        (SHOWN, "{% for order in orders|selectattr('shown') %}"),
    ),
    edit(
        varied(DIGEST, ("{{ entry.score }}", "{% for star in entry.stars %}*{% endfor %}")),
        "range",
        "stars are counted by `range`, not listed",
        ("{% for star in entry.stars %}", "{% for star in range(entry.score) %}"),
    ),
    edit(TABLE, "a tuple of rows", "rows come in a tuple", variables=lambda: _orders_as(tuple)),
    edit(TABLE, "a query of rows", "rows come in an object that is iterated", variables=lambda: _orders_as(Query)),
    edit(
        TABLE,
        "the values of a dict",
        "rows are the values of a dict",
        (FOR, "{% for order in orders.values() %}"),
        variables=_orders_by_key,
    ),
    edit(
        _MACRO_THREAD,
        "a recursive loop",
        "the thread is a recursive loop, not a recursive macro",
        ("{% macro thread(comments) %}\n{% for comment in comments %}", "{% for comment in comments recursive %}"),
        ("{{ thread(comment.replies) }}", "{{ loop(comment.replies) }}"),
        ("</li>\n{% endfor %}\n{% endmacro %}\n{{ thread(comments) }}</ol>", "</li>\n{% endfor %}\n</ol>"),
    ),
    edit(
        THREAD,
        "a recursive macro",
        "the thread is a recursive macro, not a recursive loop",
        ("{% for comment in comments recursive %}", "{% macro thread(comments) %}\n{% for comment in comments %}"),
        ("{{ loop(comment.replies) }}", "{{ thread(comment.replies) }}"),
        ("</li>\n{% endfor %}\n</ol>", "</li>\n{% endfor %}\n{% endmacro %}\n{{ thread(comments) }}</ol>"),
    ),
    edit(
        THREAD,
        "a condition before a recursive loop",
        "a comment's replies are printed if there are any; all have a list around them",
        ("{{ loop(comment.replies) }}", "{% if comment.replies %}{{ loop(comment.replies) }}{% endif +%}"),
    ),
    edit(
        varied(THREAD, ("<b>", '<b class="level">')),
        "loop.depth",
        "the indent of a comment depends on the depth of its loop",
        ('<b class="level">', "<b class=\"{{ 'level' if loop.depth else 'top' }}\">"),
    ),
    edit(
        _NUMBERED,
        "the same name in two loops",
        "another loop before it, over the same rows, has the same variable",
        (
            "<p>{{ amount }} orders at {{ shop }}</p>",
            "<p>{% for order in orders[:1] %}{{ amount }} orders{% endfor %} at {{ shop }}</p>",
        ),
    ),
)
