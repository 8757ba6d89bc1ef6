"""A bank's statement, in an environment whose `finalize` prints a dash for what is not there."""

from typing import Any

import jinja2

from bench.foreign.workload import Context, Workload
from bench.workloads.workload import escape

JINJA2 = {
    "statement.html": """\
<h1>{{ account.number }}</h1>
<p>{{ account.holder }}, {{ account.street }}, {{ account.city }}, {{ account.phone }}</p>
<table>
{% for booking in bookings %}
<tr id="b{{ loop.index }}"><td>{{ booking.day }}</td><td>{{ booking.valued }}</td><td>{{ booking.other }}</td>
<td>{{ booking.text }}{% if booking.reference %} <small>{{ booking.reference }}</small>{% endif %}</td>
<td>{{ booking.amount if booking.amount < 0 }}</td><td>{{ booking.amount if booking.amount >= 0 else none }}</td>
<td>{{ booking.balance }}</td></tr>
{% endfor %}
<tr><td colspan="6">{{ bookings|length }} bookings</td><td>{{ account.balance }}</td></tr>
</table>
""",
}

# `finalizer` is given None for what is not defined
MINIJINJA = {"statement.html": JINJA2["statement.html"].replace("amount < 0 }}", 'amount < 0 else "" }}')}

WHEEZY = {
    "statement.html": """\
@require(account, bookings)
<h1>@account['number']!d</h1>
<p>@account['holder']!d, @account['street']!d, @account['city']!d, @account['phone']!d</p>
<table>
@for index, booking in enumerate(bookings, 1):
@(amount = booking['amount'])
<tr id="b@index!s"><td>@booking['day']!d</td><td>@booking['valued']!d</td><td>@booking['other']!d</td>
<td>@booking['text']!d\\
@if booking['reference']:
 <small>@booking['reference']!d</small>\\
@end
</td>
<td>@{d(amount) if amount < 0 else ''}</td><td>@{d(amount if amount >= 0 else None)}</td>
<td>@booking['balance']!d</td></tr>
@end
<tr><td colspan="6">@len(bookings)!s bookings</td><td>@account['balance']!d</td></tr>
</table>
""",
}


def dashed(value: Any) -> Any:
    """Return a dash for nothing, and anything else as it is."""
    return "\N{EN DASH}" if value is None else value


def dashed_in_minijinja(value: Any) -> Any:
    """Return a dash for nothing, and for anything else what has minijinja go on."""
    return "\N{EN DASH}" if value is None else NotImplemented


def escape_dashed(value: Any) -> str:
    """Return the escaped text of a value, and a dash for nothing: wheezy has filters in place of `finalize`."""
    return "\N{EN DASH}" if value is None else escape(str(value))


def make() -> jinja2.Environment:
    """Return an environment with `finalize`."""
    return jinja2.Environment(autoescape=True, finalize=dashed)


def _context() -> Context:
    return {
        "account": {
            "number": "GB 1234 5678",
            "holder": "Ada O'Neill & co",
            "street": None,
            "city": "London",
            "phone": None,
            "balance": 1234.5,
        },
        "bookings": [
            {
                "day": f"2024-05-{number % 28 + 1:02}",
                "valued": f"2024-05-{number % 28 + 1:02}" if number % 3 else None,
                "other": f"Shop {number} <Ltd>" if number % 4 else None,
                "text": f"Order {number} & postage",
                "reference": f"R-{number}" if number % 5 == 0 else None,
                "amount": (number % 7 - 3) * 11.25,
                "balance": 1000 + number * 1.5,
            }
            for number in range(40)
        ],
    }


WORKLOADS = (
    Workload(
        "statement with finalize",
        "statement.html",
        JINJA2,
        _context(),
        WHEEZY,
        minijinja=MINIJINJA,
        make=make,
        functions={"d": escape_dashed},
        minijinja_options={"finalizer": dashed_in_minijinja},
    ),
)
