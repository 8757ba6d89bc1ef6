"""An order's confirmation by e-mail: a row that is included by the kind of its line, options in it, and totals."""

from bench.foreign.workload import Context, Workload

JINJA2 = {
    "confirmation.html": """\
{% extends "mail.html" %}
{% import "money.html" as money %}
{% block subject %}Your order {{ order.number }}{% endblock %}
{% block content %}
<p>Dear {{ order.customer.name }},</p>
<p>thank you for your order{% if order.customer.orders > 1 %}, your {{ order.customer.orders }}th{% endif %}.</p>
{% set totals = namespace(count=0, net=0) %}
<table>
{% for line in order.lines %}
{% include "lines/" ~ line.kind ~ ".html" %}
{% set totals.count = totals.count + line.quantity %}
{% set totals.net = totals.net + line.quantity * line.price %}
{% endfor %}
<tr><td>{{ totals.count }} articles</td><td>{{ money.amount(totals.net, order.currency) }}</td></tr>
<tr><td>VAT</td><td>{{ money.amount(totals.net * 0.2, order.currency) }}</td></tr>
<tr><th>Total</th><th>{{ money.amount(totals.net * 1.2, order.currency) }}</th></tr>
</table>
{% with address = order.delivery %}{% include "address.html" %}{% endwith %}
{% endblock %}
""",
    "mail.html": """\
<html><head><title>{% block subject %}{% endblock %}</title></head>
<body><img src="{{ shop.url }}/logo.png" alt="{{ shop.name }}">
{% block content %}{% endblock %}
<p><a href="{{ shop.url }}/terms">{{ shop.name }}</a></p></body></html>
""",
    "money.html": """\
{% macro amount(value, currency="EUR") -%}
{{ "%.2f"|format(value) }}&nbsp;{{ currency }}
{%- endmacro %}
""",
    "lines/article.html": """\
<tr><td><a href="{{ shop.url }}/articles/{{ line.id }}">{{ line.quantity }} x {{ line.title }}</a>
{% for option in line.options %}<br>{{ option.name }}: {{ option.value }}{% endfor %}</td>
<td>{{ "%.2f"|format(line.quantity * line.price) }}</td></tr>
""",
    "lines/voucher.html": """\
<tr><td><i>{{ line.title }}</i> ({{ line.code }})</td><td>{{ "%.2f"|format(line.price) }}</td></tr>
""",
    "address.html": """\
<p>{{ address.name }}<br>{{ address.street }}<br>{{ address.code }} {{ address.city }}</p>
""",
}

# what a block of minijinja sees is imported in it
MINIJINJA = {
    **JINJA2,
    "confirmation.html": JINJA2["confirmation.html"]
    .replace('{% import "money.html" as money %}\n', "")
    .replace("{% block content %}", '{% block content %}{% import "money.html" as money %}'),
}

WHEEZY = {
    "confirmation.html": """\
@require(order, shop)
@from "money.html" import amount
@import "lines.html" as rows
@extends("mail.html")
@def subject():
Your order @order['number']!s
@end
@def content():
<p>Dear @order['customer']['name']!e,</p>
<p>thank you for your order\\
@if order['customer']['orders'] > 1:
, your @order['customer']['orders']!s\\
th\\
@end
.</p>
@(count = net = 0)
<table>
@for line in order['lines']:
@{getattr(rows, line['kind'])(line, shop)}
@(count += line['quantity'])
@(net += line['quantity'] * line['price'])
@end
<tr><td>@count!s articles</td><td>@amount(net, order['currency'])</td></tr>
<tr><td>VAT</td><td>@amount(net * 0.2, order['currency'])</td></tr>
<tr><th>Total</th><th>@amount(net * 1.2, order['currency'])</th></tr>
</table>
@(address = order['delivery'])
<p>@address['name']!e<br>@address['street']!e<br>@address['code']!e @address['city']!e</p>
@end
""",
    "mail.html": """\
@require(shop)
@def subject():
@end
@def content():
@end
<html><head><title>@subject()</title></head>
<body><img src="@shop['url']!e/logo.png" alt="@shop['name']!e">
@content()
<p><a href="@shop['url']!e/terms">@shop['name']!e</a></p></body></html>
""",
    "money.html": """\
@def amount(value, currency="EUR"):
@{"%.2f" % value}&nbsp;@currency!e\\
@end
""",
    "lines.html": """\
@def article(line, shop):
<tr><td><a href="@shop['url']!e/articles/@line['id']!s">@line['quantity']!s x @line['title']!e</a>
@for option in line['options']:
<br>@option['name']!e: @option['value']!e
@end
</td>
<td>@{"%.2f" % (line['quantity'] * line['price'])}</td></tr>
@end
@def voucher(line, shop):
<tr><td><i>@line['title']!e</i> (@line['code']!e)</td><td>@{"%.2f" % line['price']}</td></tr>
@end
""",
}


def _line(number: int) -> Context:
    if number % 7 == 6:
        return {"kind": "voucher", "title": "A & B", "code": f"<{number}>", "quantity": 1, "price": -5.0}
    return {
        "kind": "article",
        "id": number,
        "title": f"Thing {number} & case",
        "quantity": number % 3 + 1,
        "price": number * 3.35,
        "options": [{"name": name, "value": f"{name} <{number}>"} for name in ("size", "colour")[: number % 3]],
    }


def _context() -> Context:
    return {
        "shop": {"url": "https://shop.example", "name": "Smith & Sons"},
        "order": {
            "number": 20240501,
            "currency": "EUR",
            "customer": {"name": "Ada O'Neill", "orders": 4},
            "delivery": {"name": "Ada O'Neill", "street": "Main St. 1", "code": "12345", "city": "B & B"},
            "lines": [_line(number) for number in range(25)],
        },
    }


WORKLOADS = (Workload("order confirmation", "confirmation.html", JINJA2, _context(), WHEEZY, minijinja=MINIJINJA),)
