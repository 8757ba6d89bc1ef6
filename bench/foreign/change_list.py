"""An admin's change list: sortable titles, filters, 25 rows of objects with their columns, pages."""

from datetime import date
from typing import Any

import jinja2

from bench.foreign.workload import Context, Record, Workload, escaping

JINJA2 = {
    "change_list.html": """\
<h1>Select {{ model.name }} to change</h1>
<form id="search"><input name="q" value="{{ query or "" }}"> {{ count }} result{{ "s" if count != 1 }}</form>
<aside>{% for filter in filters %}
<h3>By {{ filter.title }}</h3><ul>
{%- for choice in filter.choices %}
<li{% if choice.selected %} class="selected"{% endif %}><a href="?{{ choice.query }}">{{ choice.display }}</a></li>
{%- endfor %}</ul>{% endfor %}</aside>
<table><thead><tr><th><input type="checkbox" id="all"></th>
{% for column in columns %}
<th class="{% if column.sorted %}sorted {{ "descending" if column.sorted < 0 else "ascending" }}{% endif %}">
{%- if column.sortable %}<a href="?o={{ loop.index }}">{{ column.title|capitalize }}</a>
{%- else %}{{ column.title|capitalize }}{% endif %}</th>
{% endfor %}</tr></thead><tbody>
{% for row in rows %}
{% set link = "/admin/" ~ model.path ~ "/" ~ row.id ~ "/change/" %}
<tr class="row{{ loop.index % 2 + 1 }}{% if not row.active %} off{% endif %}">
<td><input type="checkbox" name="selected" value="{{ row.id }}"></td>
{% for column in columns %}
{% set value = value_of(row, column.name) %}
<td class="field-{{ column.name }}">
{%- if loop.first %}<a href="{{ link }}">{{ value }}</a>
{%- elif value is none %}-
{%- elif value is boolean %}<img src="/static/icon-{{ "yes" if value else "no" }}.svg" alt="{{ value }}">
{%- else %}{{ value }}{% endif %}</td>
{% endfor %}</tr>
{% endfor %}</tbody></table>
<p class="pages">{% for number in range(1, pages + 1) %}
{%- if number == page %}<b>{{ number }}</b>{% else %}<a href="?p={{ number }}">{{ number }}</a>{% endif %}
{{- " " if not loop.last }}{% endfor %}</p>
""",
}

WHEEZY = {
    "change_list.html": """\
@require(model, query, count, filters, columns, rows, page, pages)
<h1>Select @model.name!e to change</h1>
<form id="search"><input name="q" value="@{e(query or '')}"> @count!s result@{'s' if count != 1 else ''}</form>
<aside>
@for filter in filters:
<h3>By @filter['title']!e</h3><ul>
@for choice in filter['choices']:
<li@{' class="selected"' if choice['selected'] else ''}><a href="?@choice['query']!e">@choice['display']!e</a></li>
@end
</ul>
@end
</aside>
<table><thead><tr><th><input type="checkbox" id="all"></th>
@for index, column in enumerate(columns, 1):
<th class="\\
@if column['sorted']:
sorted @{'descending' if column['sorted'] < 0 else 'ascending'}\\
@end
">\\
@if column['sortable']:
<a href="?o=@index!s">@column['title'].capitalize()!e</a>\\
@else:
@column['title'].capitalize()!e\\
@end
</th>
@end
</tr></thead><tbody>
@for index, row in enumerate(rows, 1):
<tr class="row@{str(index % 2 + 1)}@{'' if row.active else ' off'}">
<td><input type="checkbox" name="selected" value="@row.id!s"></td>
@for first, column in enumerate(columns):
@(value = value_of(row, column['name']))
<td class="field-@column['name']!e">\\
@if not first:
<a href="/admin/@model.path!e/@row.id!s/change/">@value!s!e</a>\\
@elif value is None:
-\\
@elif value is True or value is False:
<img src="/static/icon-@{'yes' if value else 'no'}.svg" alt="@value!s">\\
@else:
@value!s!e\\
@end
</td>
@end
</tr>
@end
</tbody></table>
<p class="pages">\\
@for number in range(1, pages + 1):
@if number == page:
<b>@number!s</b>\\
@else:
<a href="?p=@number!s">@number!s</a>\\
@end
@{' ' if number < pages else ''}\\
@end
</p>
""",
}


def value_of(row: Any, name: str) -> Any:
    """Return what a column shows of a row: an attribute, or what a method of that name returns."""
    value = getattr(row, name)
    return value() if callable(value) else value


def make() -> jinja2.Environment:
    """Return an environment with the admin's own function."""
    environment = escaping()
    environment.globals["value_of"] = value_of
    return environment


class Person:
    """A row."""

    def __init__(self, number: int) -> None:
        self.id = number
        self.username = f"user{number}"
        self.email = f"user{number}@example.org" if number % 4 else None
        self.first, self.last = f"Ada {number}", "O'Neill <& co>"
        self.active = number % 5 != 0
        self.joined = date(2024, number % 12 + 1, number % 28 + 1)

    def full_name(self) -> str:
        """Return first and last name."""
        return f"{self.first} {self.last}"


def _context() -> Context:
    columns = ("username", "email", "full_name", "active", "joined")
    return {
        "model": Record(name="person", path="auth/person"),
        "query": None,
        "count": 4711,
        "page": 3,
        "pages": 12,
        "filters": [
            {
                "title": title,
                "choices": [
                    {"selected": number == 0, "query": f"{title}={number}&p=1", "display": f"{title} {number}"}
                    for number in range(4)
                ],
            }
            for title in ("status", "group", "date")
        ],
        "columns": [
            {"name": name, "title": name.replace("_", " "), "sortable": name != "full_name", "sorted": at - 1}
            for at, name in enumerate(columns)
        ],
        "rows": [Person(number) for number in range(25)],
    }


WORKLOADS = (
    Workload(
        "admin change list",
        "change_list.html",
        JINJA2,
        _context(),
        WHEEZY,
        make=make,
        functions={"value_of": value_of},
    ),
)
