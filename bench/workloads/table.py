"""A table of 1,000 rows and ten columns: the benchmark of old, from lists of texts and numbers."""

from bench.workloads import in_htpy, in_tera, in_tornado, in_wheezy_single
from bench.workloads.workload import Context, Others, Workload, escape

JINJA2 = {
    "table.html": """\
<table>
{% for row in table %}<tr class="{{ loop.cycle("odd", "even") }}">\
{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</table>
""",
}


MAKO = {
    "table.html": """\
<table>
% for row in table:
<tr class="${loop.cycle('odd', 'even')}">\\
% for cell in row:
<td>${cell}</td>\\
% endfor
</tr>
% endfor
</table>
""",
}

CHAMELEON = {
    "table.html": """\
<table>
<tr tal:repeat="row table" class="${('odd', 'even')[repeat.row.index % 2]}"><td tal:repeat="cell row">${cell}</td></tr>
</table>
""",
}

DJANGO = {
    "table.html": """\
<table>
{% for row in table %}<tr class="{% cycle "odd" "even" %}">{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</table>
""",
}

PHP = {
    "table.html": """\
<table>
<?php foreach ($table as $number => $row): ?><tr class="<?= $number % 2 ? 'even' : 'odd' ?>">\
<?php foreach ($row as $cell): ?><td><?= e($cell) ?></td><?php endforeach ?></tr>
<?php endforeach ?></table>
""",
}

OTHERS: Others = {
    "mako": MAKO,
    "chameleon": CHAMELEON,
    "django": DJANGO,
    "php": PHP,
    "wheezy": in_wheezy_single.TABLE,
    "tornado": in_tornado.TABLE,
    "tera": in_tera.TABLE,
    "htpy": in_htpy.TABLE,
}


def _context() -> Context:
    row = ["name", 1, "<b>", 22, "a & b", 333, "plain text", 4444, "more of it", 55555]
    return {"table": [list(row) for _ in range(1000)]}


def by_hand(context: Context) -> str:
    """Write the rows; cells are texts or numbers."""
    out = ["<table>\n"]
    add = out.append
    odd = True
    for row in context["table"]:
        cells = "".join([f"<td>{escape(cell) if type(cell) is str else cell}</td>" for cell in row])
        add(f'<tr class="{"odd" if odd else "even"}">{cells}</tr>\n')
        odd = not odd
    add("</table>")
    return "".join(out)


WORKLOADS = (Workload("table", "table", "table.html", _context(), JINJA2, by_hand, others=OTHERS),)
