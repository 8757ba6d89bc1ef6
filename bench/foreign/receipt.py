"""A receipt as a text e-mail: nothing is escaped, columns are made by formats, long texts are wrapped."""

import textwrap
from typing import Any

import jinja2

from bench.foreign.workload import Context, Workload, prose, wordwrap

JINJA2 = {
    "receipt.txt": """\
{{ shop.name|center(48) }}
{{ shop.street|center(48) }}
{{ "=" * 48 }}
{% for line in lines -%}
{{ "%-30s%3d x %6.2f%7.2f"|format(line.title[:30], line.count, line.price, line.count * line.price) }}
{% if line.note -%}
{{ line.note|wordwrap(44)|indent(4, true) }}
{% endif -%}
{% for discount in line.discounts -%}
{{ "  - %-38s%7.2f"|format(discount.title, discount.amount) }}
{% endfor -%}
{% endfor -%}
{{ "-" * 48 }}
{{ "%-40s%8.2f"|format("Total " ~ currency, total) }}
{{ "%-40s%8.2f"|format("VAT " ~ (vat * 100)|int ~ " %", total * vat) }}
{% if total > 100 %}You have earned {{ (total / 10)|round|int }} points.{% else %}No points this time.{% endif %}

{{ thanks|wordwrap(48) }}
""",
}


# it repeats no texts
MINIJINJA = {
    "receipt.txt": JINJA2["receipt.txt"].replace('"=" * 48', f'"{"=" * 48}"').replace('"-" * 48', f'"{"-" * 48}"')
}

WHEEZY = {
    "receipt.txt": """\
@require(shop, lines, currency, vat, total, thanks)
@shop['name'].center(48)
@shop['street'].center(48)
@{"=" * 48}
@for line in lines:
@{"%-30s%3d x %6.2f%7.2f" % (line['title'][:30], line['count'], line['price'], line['count'] * line['price'])}
@if line['note']:
@indent(wordwrap(line['note'], 44), 4)
@end
@for discount in line['discounts']:
@{"  - %-38s%7.2f" % (discount['title'], discount['amount'])}
@end
@end
@{"-" * 48}
@{"%-40s%8.2f" % ("Total " + currency, total)}
@{"%-40s%8.2f" % ("VAT %d %%" % int(vat * 100), total * vat)}
@if total > 100:
You have earned @int(round(total / 10))!s points.
@else:
No points this time.
@end

@wordwrap(thanks, 48)
""",
}


def center(text: str, width: int = 80) -> str:
    """Return a text in the middle of a line, for peers that have no filter for it."""
    return text.center(width)


def indent(text: str, width: int, first: bool = True) -> str:
    """Return a text whose lines are indented."""
    return textwrap.indent(text, " " * width)


def make() -> jinja2.Environment:
    """Return an environment that escapes nothing."""
    return jinja2.Environment()


def _line(number: int) -> dict[str, Any]:
    return {
        "title": f"Thing {number} <in a box>",
        "count": number % 3 + 1,
        "price": number * 1.35 + 1,
        "note": prose(number, 14) if number % 4 == 0 else "",
        "discounts": [{"title": f"{at + 1}. discount & more", "amount": -0.5 * at} for at in range(number % 3)],
    }


def _context() -> Context:
    lines = [_line(number) for number in range(30)]
    return {
        "shop": {"name": "Smith & Sons", "street": "Main St. 1"},
        "lines": lines,
        "currency": "EUR",
        "vat": 0.2,
        "total": sum(line["count"] * line["price"] for line in lines),
        "thanks": prose(5, 60),
    }


WORKLOADS = (
    Workload(
        "receipt as text",
        "receipt.txt",
        JINJA2,
        _context(),
        WHEEZY,
        minijinja=MINIJINJA,
        make=make,
        functions={"center": center, "wordwrap": wordwrap, "indent": indent},
    ),
)
