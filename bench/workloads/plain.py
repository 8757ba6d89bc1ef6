"""Plain text with whitespace control: the text part of an e-mail, where nothing is escaped."""

from bench.workloads import in_tera, in_tornado, in_wheezy_single
from bench.workloads.workload import Context, Others, Workload

JINJA2 = {
    "mail.txt": """\
{%- set count = orders|length -%}
Hello {{ name }},

{% if count == 1 -%}
one order is on its way:
{%- else -%}
{{ count }} orders are on their way:
{%- endif %}

{% for order in orders -%}
* {{ order.number }}: {{ order.title }}
{%- if order.gift %} (a gift){% endif %}
  {% for line in order.lines -%}
  {{ line.count }} x {{ line.name }}{{ ", " if not loop.last }}
  {%- endfor %}
{% endfor -%}

{# nothing of this is seen #}
Yours,
{{ sender -}}
""",
}


MAKO = {
    "mail.txt": """\
Hello ${name | n},

% if len(orders) == 1:
one order is on its way:
% else:
${len(orders)} orders are on their way:
% endif

% for order in orders:
* ${order['number']}: ${order['title'] | n}\\
% if order['gift']:
 (a gift)\\
% endif

  \\
% for line in order['lines']:
${line['count']} x ${line['name'] | n}${"" if loop.last else ", "}\\
% endfor

% endfor

Yours,
${sender | n}
""",
}

# Chameleon's text templates have no statements: a page template without an element that is kept.
CHAMELEON = {
    "mail.txt": """\
<tal:block>Hello ${structure: name},

<tal:block condition="len(orders) == 1">one order is on its way:</tal:block>\
<tal:block condition="len(orders) != 1">${len(orders)} orders are on their way:</tal:block>

<tal:block repeat="order orders">* ${order['number']}: ${structure: order['title']}\
<tal:block condition="order['gift']"> (a gift)</tal:block>
  <tal:block repeat="line order['lines']">${line['count']} x ${structure: line['name']}\
${'' if repeat.line.end else ', '}</tal:block>
</tal:block>

Yours,
${structure: sender}</tal:block>
""",
}

DJANGO = {
    "mail.txt": """\
{% autoescape off %}{% with count=orders|length %}Hello {{ name }},

{% if count == 1 %}one order is on its way:{% else %}{{ count }} orders are on their way:{% endif %}

{% for order in orders %}* {{ order.number }}: {{ order.title }}{% if order.gift %} (a gift){% endif %}
  {% for line in order.lines %}{{ line.count }} x {{ line.name }}{% if not forloop.last %}, {% endif %}{% endfor %}
{% endfor %}

Yours,
{{ sender }}{% endwith %}{% endautoescape %}
""",
}

PHP = {
    "mail.txt": """\
<?php $count = count($orders) ?>
Hello <?= $name ?>,

<?php if ($count == 1): ?>one order is on its way:<?php else: ?><?= $count ?> orders are on their way:<?php endif ?>


<?php foreach ($orders as $order): ?>* <?= $order['number'] ?>: <?= $order['title'] ?>\
<?php if ($order['gift']): ?> (a gift)<?php endif ?>

  <?php $last = count($order['lines']) - 1; foreach ($order['lines'] as $index => $line): ?>\
<?= $line['count'] ?> x <?= $line['name'] ?><?= $index < $last ? ', ' : '' ?><?php endforeach ?>

<?php endforeach ?>

Yours,
<?= $sender ?>
""",
}

OTHERS: Others = {
    "mako": MAKO,
    "chameleon": CHAMELEON,
    "django": DJANGO,
    "php": PHP,
    "wheezy": in_wheezy_single.PLAIN,
    "tornado": in_tornado.PLAIN,
    "tera": in_tera.PLAIN,
    "htpy": "htpy makes HTML, and no plain text",
}


def _context() -> Context:
    return {
        "name": "Ada O'Neill",
        "sender": "Smith & Sons",
        "orders": [
            {
                "number": 1000 + number,
                "title": f"Order of <{number}>",
                "gift": number % 3 == 0,
                "lines": [{"count": line + 1, "name": f"thing {line}"} for line in range(4)],
            }
            for number in range(20)
        ],
    }


def by_hand(context: Context) -> str:
    """Write the text."""
    orders = context["orders"]
    count = len(orders)
    head = "one order is on its way:" if count == 1 else f"{count} orders are on their way:"
    out = [f"Hello {context['name']},\n\n{head}\n\n"]
    add = out.append
    for order in orders:
        lines = ", ".join([f"{line['count']} x {line['name']}" for line in order["lines"]])
        add(f"* {order['number']}: {order['title']}{' (a gift)' if order['gift'] else ''}\n  {lines}\n")
    add(f"\nYours,\n{context['sender']}")
    return "".join(out)


WORKLOADS = (Workload("plain text", "plain", "mail.txt", _context(), JINJA2, by_hand, others=OTHERS),)
