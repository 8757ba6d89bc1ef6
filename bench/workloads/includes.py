"""Includes in a loop: 50 products, each with an include that has an include of its own."""

from bench.workloads import in_htpy, in_tornado, in_wheezy
from bench.workloads.workload import Context, Others, Workload, escape

JINJA2 = {
    "products.html": """\
<h1>{{ shop }}</h1>
{% for product in products %}{% include "product.html" %}{% endfor %}
""",
    "product.html": """\
<div class="product">
<h2>{{ product.name }}</h2>{% if product.stock %}{% include "stock.html" %}{% endif %}
<p>{{ product.text }} Only at {{ shop }}.</p>
</div>
""",
    "stock.html": "<b>{{ product.stock }} left for {{ product.price }} EUR</b>",
}


MAKO = {
    "products.html": """\
<h1>${shop}</h1>
% for product in products:
<%include file="product.html" args="product=product"/>
% endfor
""",
    "product.html": """\
<%page args="product"/>
<div class="product">
<h2>${product['name']}</h2>
% if product['stock']:
<%include file="stock.html" args="product=product"/>
% endif
<p>${product['text']} Only at ${shop}.</p>
</div>
""",
    "stock.html": """\
<%page args="product"/>
<b>${product['stock']} left for ${product['price']} EUR</b>
""",
}

CHAMELEON = {
    "products.html": """\
<h1>${shop}</h1>
<tal:block repeat="product products"><metal:block use-macro="load('product.html')"/></tal:block>
""",
    "product.html": """\
<div class="product">
<h2>${product['name']}</h2><tal:block condition="product['stock']">\
<metal:block use-macro="load('stock.html')"/></tal:block>
<p>${product['text']} Only at ${shop}.</p>
</div>
""",
    "stock.html": "<b>${product['stock']} left for ${product['price']} EUR</b>",
}

DJANGO = JINJA2

PHP = {
    "products.html": """\
<h1><?= e($shop) ?></h1>
<?php foreach ($products as $product) include __DIR__ . '/product.html' ?>
""",
    "product.html": """\
<div class="product">
<h2><?= e($product['name']) ?></h2><?php if ($product['stock']) include __DIR__ . '/stock.html' ?>

<p><?= e($product['text']) ?> Only at <?= e($shop) ?>.</p>
</div>
""",
    "stock.html": "<b><?= e($product['stock']) ?> left for <?= e($product['price']) ?> EUR</b>",
}

OTHERS: Others = {
    "mako": MAKO,
    "chameleon": CHAMELEON,
    "django": DJANGO,
    "php": PHP,
    "wheezy": in_wheezy.INCLUDES,
    "tornado": in_tornado.INCLUDES,
    "tera": JINJA2,
    "htpy": in_htpy.INCLUDES,
}


def _context() -> Context:
    return {
        "shop": "Smith & Sons",
        "products": [
            {"name": f"Product <{number}>", "text": "As good as new.", "stock": number % 3, "price": f"{number}.99"}
            for number in range(50)
        ],
    }


def by_hand(context: Context) -> str:
    """Write the products."""
    shop = escape(context["shop"])
    out = [f"<h1>{shop}</h1>\n"]
    add = out.append
    for product in context["products"]:
        stock = product["stock"]
        offer = f"<b>{stock} left for {escape(product['price'])} EUR</b>" if stock else ""
        add(
            f'<div class="product">\n<h2>{escape(product["name"])}</h2>{offer}\n'
            f"<p>{escape(product['text'])} Only at {shop}.</p>\n</div>"
        )
    return "".join(out)


WORKLOADS = (Workload("includes", "includes", "products.html", _context(), JINJA2, by_hand, others=OTHERS),)
