"""A report: rows by region, with sums, shares and means, and the largest of them."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from bench.foreign.workload import Context, Workload

JINJA2 = {
    "report.html": """\
<h1>{{ title }}</h1>
{% set total = sales|sum(attribute="amount") %}
<p>{{ sales|length }} sales, {{ "%.2f"|format(total) }} in all,
between {{ (sales|min(attribute="amount")).amount }} and {{ (sales|max(attribute="amount")).amount }}</p>
<table>
{% for region in sales|groupby("region") %}
{% set subtotal = region.list|sum(attribute="amount") %}
<tr><th colspan="3">{{ region.grouper }}: {{ region.list|length }} sales</th>
<th>{{ "%.2f"|format(subtotal) }} ({{ (100 * subtotal / total)|round(1) }} %)</th></tr>
{% for sale in region.list|sort(attribute="amount", reverse=true) %}
<tr class="{{ "big" if sale.amount > 600 else "small" }}"><td>{{ sale.date }}</td><td>{{ sale.customer|upper }}</td>
<td>{{ sale.things|join(", ") }}</td><td>{{ "%10.2f"|format(sale.amount) }}</td></tr>
{% endfor %}
<tr><td colspan="3">mean</td><td>{{ (subtotal / region.list|length)|round(2) }}</td></tr>
{% endfor %}
</table>
<p>Customers: {{ sales|map(attribute="customer")|unique|sort|join("; ") }}</p>
""",
}

MINIJINJA = {
    "report.html": JINJA2["report.html"]
    .replace('(sales|min(attribute="amount")).amount', 'sales|map(attribute="amount")|min')
    .replace('(sales|max(attribute="amount")).amount', 'sales|map(attribute="amount")|max')
}

WHEEZY = {
    "report.html": """\
@require(title, sales)
@(amounts = [sale['amount'] for sale in sales]; total = sum(amounts))
<h1>@title!e</h1>
<p>@len(sales)!s sales, @{"%.2f" % total} in all,
between @{str(min(amounts))} and @{str(max(amounts))}</p>
<table>
@for region, rows in grouped(sales, by_region):
@(subtotal = sum([sale['amount'] for sale in rows]))
<tr><th colspan="3">@region!e: @len(rows)!s sales</th>
<th>@{"%.2f" % subtotal} (@{str(round(100 * subtotal / total, 1))} %)</th></tr>
@for sale in sorted(rows, key=by_amount, reverse=True):
<tr class="@{'big' if sale['amount'] > 600 else 'small'}"><td>@sale['date']!e</td><td>@sale['customer'].upper()!e</td>
<td>@{e(', '.join(sale['things']))}</td><td>@{"%10.2f" % sale['amount']}</td></tr>
@end
<tr><td colspan="3">mean</td><td>@{str(round(subtotal / len(rows), 2))}</td></tr>
@end
</table>
<p>Customers: @{e('; '.join(sorted(set([sale['customer'] for sale in sales]), key=str.lower)))}</p>
""",
}


def by_region(sale: Context) -> str:
    """Return what sales are grouped by."""
    return str(sale["region"])


def by_amount(sale: Context) -> float:
    """Return what sales are sorted by."""
    return float(sale["amount"])


def grouped(rows: Iterable[Any], key: Callable[[Any], Any]) -> Iterator[tuple[Any, list[Any]]]:
    """Yield groups as Jinja2's `groupby` does."""
    for value, group in itertools.groupby(sorted(rows, key=key), key):
        yield value, list(group)


def _context() -> Context:
    return {
        "title": "Sales & returns",
        "sales": [
            {
                "region": ("North", "East & West", "South", "Online")[number * 7 % 4],
                "date": f"2024-05-{number % 28 + 1:02}",
                "customer": f"Customer {number % 9} <b>",
                "things": [f"thing {number + at}" for at in range(number % 3 + 1)],
                "amount": number * 21.13 + 10,
            }
            for number in range(48)
        ],
    }


WORKLOADS = (
    Workload(
        "report by groups",
        "report.html",
        JINJA2,
        _context(),
        WHEEZY,
        minijinja=MINIJINJA,
        functions={"grouped": grouped, "by_region": by_region, "by_amount": by_amount},
    ),
)
