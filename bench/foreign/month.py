"""A calendar: 42 days in weeks by `batch`, with what happens on them; dates are dates."""

from datetime import date, timedelta

from bench.foreign.workload import Context, Workload

JINJA2 = {
    "month.html": """\
<table class="month"><caption>{{ first.strftime("%B %Y") }}</caption>
<tr>{% for name in names %}<th>{{ name }}</th>{% endfor %}<th></th></tr>
{% for week in days|batch(7, none) %}
<tr{% if loop.last %} class="last"{% endif %}>
{% for day in week %}
{% set classes %}{% if day.date.month != first.month %}other{% endif %}\
{% if loop.index > 5 %} weekend{% endif %}{% if day.date == today %} today{% endif %}{% endset %}
<td class="{{ classes|trim }}"><time datetime="{{ day.date.isoformat() }}">{{ day.date.day }}</time>
{% if day.events %}<ul>{% for event in day.events[:2] %}
<li style="color:{{ event.colour|default("#333", true) }}">{{ event.start }} {{ event.title }}</li>
{% endfor %}
{% if day.events|length > 2 %}<li>{{ day.events|length - 2 }} more</li>{% endif %}</ul>{% endif %}</td>
{% endfor %}<td>{{ week|map(attribute="events")|map("length")|sum }}</td></tr>
{% endfor %}</table>
""",
}

WHEEZY = {
    "month.html": """\
@require(first, today, names, days)
<table class="month"><caption>@first.strftime("%B %Y")!e</caption>
<tr>\\
@for name in names:
<th>@name!e</th>\\
@end
<th></th></tr>
@for start in range(0, len(days), 7):
@(week = days[start:start + 7])
<tr@{' class="last"' if start + 7 >= len(days) else ''}>
@for index, day in enumerate(week, 1):
@(date = day['date']; events = day['events']; classes = '' if date.month == first.month else 'other')
@(classes += ' weekend' if index > 5 else '')
@(classes += ' today' if date == today else '')
<td class="@classes.strip()"><time datetime="@date.isoformat()">@date.day!s</time>
@if events:
<ul>
@for event in events[:2]:
<li style="color:@{e(event['colour'] or '#333')}">@event['start']!e @event['title']!e</li>
@end
@if len(events) > 2:
<li>@{str(len(events) - 2)} more</li>
@end
</ul>
@end
</td>
@end
<td>@{str(sum([len(day['events']) for day in week]))}</td></tr>
@end
</table>
""",
}


def _context() -> Context:
    first = date(2024, 5, 1)
    start = first - timedelta(days=first.weekday())
    return {
        "first": first,
        "today": date(2024, 5, 17),
        "names": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
        "days": [
            {
                "date": start + timedelta(days=number),
                "events": [
                    {
                        "start": f"{8 + index}:30",
                        "title": f"Talk {number} & lunch",
                        "colour": "#060" if index % 2 else None,
                    }
                    for index in range(number % 4)
                ],
            }
            for number in range(42)
        ],
    }


WORKLOADS = (Workload("calendar", "month.html", JINJA2, _context(), WHEEZY),)
