"""A form to order with: macros whose callers take arguments, inside each other and in loops."""

from bench.foreign.workload import Context, Workload

JINJA2 = {
    "ui.html": """\
{% macro fieldset(legend, class="plain") %}
<fieldset class="{{ class }}"><legend>{{ legend }}</legend>{{ caller() }}</fieldset>
{% endmacro %}
{% macro field(name, label, errors, hint="") %}
{% set found = errors.get(name, []) %}
<div class="field{% if found %} wrong{% endif %}">
<label for="id_{{ name }}">{{ label }}</label>
{{ caller("id_" ~ name, found|length > 0) }}
{% if hint %}<small>{{ hint }}</small>{% endif %}
{% for message in found %}<p class="error">{{ message }}</p>{% endfor %}
</div>
{% endmacro %}
{% macro listing(rows, titles) %}
<table><tr>{% for title in titles %}<th>{{ title }}</th>{% endfor %}</tr>
{% for row in rows %}<tr class="{{ loop.cycle("odd", "even") }}">{{ caller(row, loop.index0) }}</tr>
{% else %}<tr><td colspan="{{ titles|length }}">Nothing yet.</td></tr>
{% endfor %}</table>
{% endmacro %}
""",
    "order.html": """\
{% from "ui.html" import fieldset, field, listing %}
<form method="post" action="{{ url }}">
{% call fieldset("Delivery", class="wide") %}
{% for entry in address %}
{% call(id, wrong) field(entry.name, entry.label, errors, hint=entry.hint) %}
<input id="{{ id }}" name="{{ entry.name }}" value="{{ values[entry.name] }}"{% if wrong %} aria-invalid="true"\
{% endif %}>
{% endcall %}
{% endfor %}
{% endcall %}
{% call fieldset("Articles") %}
{% call(line, index) listing(lines, ["Article", "Quantity", "Price"]) %}
<td>{{ line.title }}</td><td><input name="lines-{{ index }}-quantity" value="{{ line.quantity }}"></td>\
<td>{{ "%.2f"|format(line.price) }}</td>
{% endcall %}
{% endcall %}
<button>{{ label }}</button>
</form>
""",
}

WHEEZY = {
    "ui.html": """\
@def fieldset(legend, body, class_="plain"):
<fieldset class="@class_!e"><legend>@legend!e</legend>@body</fieldset>
@end
@def field(name, label, errors, caller, hint=""):
@(found = errors.get(name, []))
<div class="field@{' wrong' if found else ''}">
<label for="id_@name!e">@label!e</label>
@caller("id_" + name, len(found) > 0)
@if hint:
<small>@hint!e</small>
@end
@for message in found:
<p class="error">@message!e</p>
@end
</div>
@end
@def listing(rows, titles, caller):
<table><tr>\\
@for title in titles:
<th>@title!e</th>\\
@end
</tr>
@for index, row in enumerate(rows):
<tr class="@{'even' if index % 2 else 'odd'}">@caller(row, index)</tr>
@end
@if not rows:
<tr><td colspan="@len(titles)!s">Nothing yet.</td></tr>
@end
</table>
@end
""",
    "order.html": """\
@require(url, address, errors, values, lines, label)
@from "ui.html" import fieldset
@from "ui.html" import field
@from "ui.html" import listing
@def delivery():
@#ignore
@for entry in address:
@(name = entry['name'])
@field(name, entry['label'], errors, lambda id, wrong: text_input(id, name, values[name], wrong), hint=entry['hint'])
@end
@end
@def text_input(id, name, value, wrong):
<input id="@id!e" name="@name!e" value="@value!e"@{' aria-invalid="true"' if wrong else ''}>
@end
@def line_row(line, index):
<td>@line['title']!e</td><td><input name="lines-@index!s-quantity" value="@line['quantity']!s"></td>\\
<td>@{"%.2f" % line['price']}</td>
@end
<form method="post" action="@url!e">
@fieldset("Delivery", delivery(), class_="wide")
@fieldset("Articles", listing(lines, ["Article", "Quantity", "Price"], line_row))
<button>@label!e</button>
</form>
""",
}


def _context() -> Context:
    names = ("name", "company", "street", "house", "city", "code", "country", "phone", "mail", "note")
    return {
        "url": "/orders/new?step=2&from=cart",
        "label": "Order now",
        "address": [
            {"name": name, "label": f"Your {name}", "hint": "We <never> tell." if number % 3 == 0 else ""}
            for number, name in enumerate(names)
        ],
        "values": {name: f'{name} of "Ada"' for name in names},
        "errors": {"phone": ["That is no number."], "code": ["Too short.", "Letters & digits only."]},
        "lines": [
            {"title": f"Thing {number} & case", "quantity": number % 4 + 1, "price": number * 3.35}
            for number in range(20)
        ],
    }


WORKLOADS = (Workload("form with callers", "order.html", JINJA2, _context(), WHEEZY),)
