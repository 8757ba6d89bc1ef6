"""What a customer wrote as a template of a newsletter, in a sandbox: methods, arithmetic, assignments, a macro."""

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from bench.foreign.workload import Context, Record, Workload, prose

JINJA2 = {
    "newsletter.html": """\
{% macro price(amount) %}<b>{{ "%.2f"|format(amount) }} EUR</b>{% endmacro %}
{% set first = subscriber.name.split(" ")[0] %}
<h1>Hi {{ first|title }}!</h1>
<p>You are with us for {{ year - subscriber.since }} years{% if subscriber.city %} in {{ subscriber.city.upper() }}\
{% endif %}.</p>
{% for offer in offers %}
{% set saved = offer.before - offer.now %}
<div{% if saved * 100 / offer.before >= 30 %} class="hot"{% endif %}>
<h2>{{ loop.index }}. {{ offer.title|title }}</h2>
<p>{{ offer.text|truncate(80) }}</p>
<p>{{ price(offer.now) }} (you save {{ price(saved) }})
{% for tag in offer.tags.split(",") %}<i>{{ tag.strip() }}</i>{% if not loop.last %}, {% endif %}{% endfor %}</p>
<a href="{{ shop.url }}/{{ offer.title|lower|replace(" ", "-") }}?from={{ subscriber.id }}">Buy it</a>
</div>
{% endfor %}
<p>Yours, {{ shop.name }}</p>
""",
}


# the arguments of `truncate` have their names there
MINIJINJA = {"newsletter.html": JINJA2["newsletter.html"].replace("truncate(80)", "truncate(length=80)")}


def make() -> jinja2.Environment:
    """Return a sandboxed environment."""
    return SandboxedEnvironment(autoescape=True)


def _context() -> Context:
    return {
        "year": 2024,
        "shop": {"name": "Smith & Sons", "url": "https://shop.example"},
        "subscriber": Record(id=4711, name="ada o'neill", since=2019, city="London"),
        "offers": [
            {
                "title": f"great thing {number} & case",
                "text": prose(number, 30),
                "before": 100 + number,
                "now": 100 - number * 3,
                "tags": ["new, big, <b>", "old", "for you, & me"][number % 3],
            }
            for number in range(20)
        ],
    }


WORKLOADS = (
    Workload(
        "user's template in a sandbox",
        "newsletter.html",
        JINJA2,
        _context(),
        "wheezy has no sandbox",
        minijinja=MINIJINJA,
        make=make,
    ),
)
