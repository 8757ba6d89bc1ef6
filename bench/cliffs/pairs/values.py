"""Edits of what a row prints and asks: filters, tests, operators, calls, and what kind of object a row is."""

from collections import OrderedDict, namedtuple
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from bench.cliffs.pair import Pair, Scene, edit, varied
from bench.cliffs.pairs.loops import CITY
from bench.cliffs.scenes import OBJECTS, TABLE, order_rows, orders

CUSTOMER = "<td>{{ order.customer }}</td>"
PAID = "{% if order.paid %}"
TOTAL = "{{ order.total }} {{ currency }}"


class Order:
    """A row of an application: slots, properties, methods."""

    __slots__ = ("_row",)

    def __init__(self, row: dict[str, Any]) -> None:
        self._row = row

    def __getattr__(self, name: str) -> Any:
        try:
            return self._row[name]
        except KeyError:
            raise AttributeError(name) from None

    def label(self) -> str:
        """Return what the customer is called."""
        customer: str = self._row["customer"]
        return customer

    @property
    def customer_name(self) -> str:
        """The same."""
        customer: str = self._row["customer"]
        return customer


def _with_rows(make: Any) -> dict[str, Any]:
    return {**orders(), "orders": [make(row) for row in order_rows()]}


Row = namedtuple("Row", list(order_rows()[0]))  # type: ignore[misc]  # the fields are those of the rows


def _as_orders() -> dict[str, Any]:
    return _with_rows(Order)


def _with_values(name: str, kind: Any) -> dict[str, Any]:
    return _with_rows(lambda row: {**row, name: kind(row[name])})


def _link(number: int) -> str:
    return f"/orders/{number}"


def _with_link() -> dict[str, Any]:
    return {**orders(), "link": _link}


def _row(name: str, differs: str, old: str, new: str, scene: Scene = TABLE) -> Pair:
    """Return a pair of one expression in the row."""
    return edit(scene, name, differs, (old, new))


_FILTERS = tuple(
    _row(
        f"the filter {name}",
        f"the {what} of a row goes through `|{written}`",
        old,
        old.replace(" }}", f"|{written} }}}}", 1),
    )
    for name, what, written, old in (
        ("trim", "city", "trim", CITY),
        ("title", "city", "title", CITY),
        ("default", "city", "default('nowhere')", CITY),
        ("e", "city", "e", CITY),
        ("string", "city", "string", CITY),
        ("truncate", "customer", "truncate(40)", CUSTOMER),
        ("replace", "customer", "replace('_', ' ')", CUSTOMER),
        ("urlencode", "customer's city", "urlencode", CITY),
        ("int", "total", "int", TOTAL),
        ("safe", "city", "safe", CITY),
        ("striptags", "customer", "striptags", CUSTOMER),
    )
)

PAIRS = (
    *_FILTERS,
    edit(
        varied(TABLE, (CITY, "<td>{{ order.code }}</td>")),
        "the filter upper",
        "the code of a row goes through `|upper`",
        ("{{ order.code }}", "{{ order.code|upper }}"),
    ),
    _row("two filters", "the city of a row goes through two filters", CITY, "<td>{{ order.city|trim|title }}</td>"),
    edit(
        varied(TABLE, (CITY, "<td>{{ order.tag }}</td>")),
        "the filter join",
        "tags of a row are joined by `|join`, not by the application",
        ("{{ order.tag }}", "{{ order.tags|join(', ') }}"),
    ),
    edit(
        varied(TABLE, (CITY, "<td>{{ order.tag_count }}</td>")),
        "the filter length",
        "how many tags a row has is `|length`",
        ("{{ order.tag_count }}", "{{ order.tags|length }}"),
    ),
    edit(
        varied(TABLE, (CITY, "<td>{{ order.tags[0] }}</td>")),
        "the filter first",
        "the first tag of a row is `|first`",
        ("order.tags[0]", "order.tags|first"),
    ),
    _row("the filter attr", "the city of a row is `order|attr('city')`", "order.city", "order|attr('city')", OBJECTS),
    _row("the filter format", "the total is formed by `|format`", TOTAL, "{{ '%s %s'|format(order.total, currency) }}"),
    _row("percent", "the total is formed by `%`", TOTAL, "{{ '%s %s' % (order.total, currency) }}"),
    _row("a tilde", "total and currency are joined by `~`", TOTAL, "{{ order.total ~ ' ' ~ currency }}"),
    _row(
        "a tilde in an attribute",
        "a link is joined by `~`",
        "/orders/{{ order.number }}",
        "{{ '/orders/' ~ order.number }}",
    ),
    _row("arithmetic", "the total is price times count", "order.total", "order.price * order.count"),
    _row("a comparison", "what is paid is told by comparing the state", PAID, "{% if order.state != 'open' %}"),
    _row("a comparison of numbers", "every total is compared before", PAID, "{% if order.total > 0 and order.paid %}"),
    _row("a test of membership", "what is paid is told by `in`", PAID, "{% if order.state in ('paid', 'sent') %}"),
    _row("not", "the condition and its branches are turned round", PAID, "{% if not order.paid == false %}"),
    _row(
        "a test is none",
        "the note of a row is asked for `none`, too",
        PAID,
        "{% if order.note is none and order.paid %}",
    ),
    _row(
        "a test is defined",
        "a row's flag is asked whether it is defined",
        PAID,
        "{% if order.paid is defined and order.paid %}",
    ),
    edit(
        varied(
            TABLE,
            (
                '<td class="done">paid</td>\n{% else %}\n<td class="late">to be paid</td>\n',
                "<td>paid</td>\n{% else %}\n<td>to be paid</td>\n",
            ),
        ),
        "an inline if",
        "the state is chosen by an inline `if`",
        (
            "{% if order.paid %}\n<td>paid</td>\n{% else %}\n<td>to be paid</td>\n{% endif %}",
            "<td>{{ 'paid' if order.paid else 'to be paid' }}</td>",
        ),
    ),
    edit(
        varied(
            TABLE,
            ("{% else %}\n", "{% else %}\n{% if order.state == 'open' %}\n"),
            ("{% endif %}\n", "{% else %}\n<td>?</td>\n{% endif %}\n{% endif %}\n"),
        ),
        "elif",
        "an `if` in an `else` becomes an `elif`",
        ("{% else %}\n{% if order.state == 'open' %}", "{% elif order.state == 'open' %}"),
        ("{% endif %}\n{% endif %}\n", "{% endif %}\n"),
    ),
    _row("a method of a text", "the city of a row is asked for `.strip()`", "order.city", "order.city.strip()"),
    _row(
        "a method with arguments",
        "the customer of a row is changed by `.replace`",
        "order.customer",
        "order.customer.replace('_', ' ')",
    ),
    _row("a method of get", "the city of a row is got by `.get`", "order.city", "order.get('city')"),
    edit(
        Scene(varied(TABLE, ("order.customer", "order.customer_name")).templates, _as_orders),
        "a method of the row",
        "the customer of a row is a method, not a property",
        ("order.customer_name", "order.label()"),
    ),
    _row("an item", "the city of a row is `order['city']`", "order.city", "order['city']"),
    _row("an attribute of an attribute", "the city is that of the address", "order.city", "order.address.city"),
    edit(
        Scene(TABLE.templates, _with_link),
        "a function of the application",
        "the link of a row is made by a function of the application",
        ("/orders/{{ order.number }}", "{{ link(order.number) }}"),
    ),
    edit(TABLE, "objects in place of dicts", "rows are objects, not dicts", variables=OBJECTS.variables),
    edit(OBJECTS, "dicts in place of objects", "rows are dicts, not objects", variables=orders),
    edit(TABLE, "a class of dicts", "rows are of a class of dicts", variables=lambda: _with_rows(OrderedDict)),
    edit(OBJECTS, "named tuples", "rows are named tuples", variables=lambda: _with_rows(lambda row: Row(**row))),
    edit(TABLE, "numbers with decimals", "totals are decimals", variables=lambda: _with_values("total", Decimal)),
    edit(TABLE, "totals as texts", "totals are texts", variables=lambda: _with_values("total", str)),
    edit(TABLE, "cities as markup", "cities are `Markup`", variables=lambda: _with_values("city", Markup)),
)
