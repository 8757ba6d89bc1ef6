"""Loops that leave items out, and know how many are left: `loop.length`, `loop.revindex`, `loop.last`, `else`."""

from bench.foreign.workload import Context, Workload, prose

JINJA2 = {
    "stock.html": """\
<h1>{{ warehouse }}</h1>
{% for shelf in shelves if shelf.products %}
<section><h2>{{ shelf.name }} ({{ loop.index }} of {{ loop.length }})</h2>
<ul>{% for product in shelf.products if product.stock > 0 and product.price <= limit %}
<li{% if loop.first %} class="first"{% elif loop.last %} class="last"{% endif %}>
{{ loop.index }}/{{ loop.length }}: <b>{{ product.name }}</b>, {{ product.stock }} left
{%- if product.note %} ({{ product.note }}){% endif %}{{ ";" if loop.revindex > 1 else "." }}</li>
{% else %}<li>Nothing that you can afford.</li>
{% endfor %}</ul></section>
{% else %}<p>All shelves are empty.</p>
{% endfor %}
""",
}

WHEEZY = {
    "stock.html": """\
@require(warehouse, shelves, limit)
@(full = [shelf for shelf in shelves if shelf['products']])
<h1>@warehouse!e</h1>
@for number, shelf in enumerate(full, 1):
@(shown = [product for product in shelf['products'] if product['stock'] > 0 and product['price'] <= limit])
@(count = len(shown))
<section><h2>@shelf['name']!e (@number!s of @len(full)!s)</h2>
<ul>
@for index, product in enumerate(shown, 1):
<li@{' class="first"' if index == 1 else ' class="last"' if index == count else ''}>
@index!s/@count!s: <b>@product['name']!e</b>, @product['stock']!s left\\
@if product['note']:
 (@product['note']!e)\\
@end
@{';' if index < count else '.'}</li>
@end
@if not shown:
<li>Nothing that you can afford.</li>
@end
</ul></section>
@end
@if not full:
<p>All shelves are empty.</p>
@end
""",
}


def _context() -> Context:
    return {
        "warehouse": "North & South",
        "limit": 150,
        "shelves": [
            {
                "name": f"Shelf <{number}>",
                "products": [
                    {
                        "name": f"Product {index} & lid",
                        "stock": (number + index) % 3,
                        "price": index * 9 + number * 20,
                        "note": prose(index, 6) if index % 4 == 0 else "",
                    }
                    for index in range(0 if number == 2 else 12)
                ],
            }
            for number in range(5)
        ],
    }


WORKLOADS = (Workload("filtered loops", "stock.html", JINJA2, _context(), WHEEZY),)
