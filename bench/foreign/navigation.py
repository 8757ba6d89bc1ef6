"""A tree of links, by a macro that calls itself: what is on the way to the page at hand is open."""

from typing import Any

from bench.foreign.workload import Workload

JINJA2 = {
    "navigation.html": """\
{% macro level(pages, path, depth=1) %}
<ul class="level-{{ depth }}">
{% for page in pages if not page.hidden %}
{% set open = path.startswith(page.url) %}
<li{% if page.url == path %} class="here"{% elif open %} class="open"{% endif %}>
<a href="{{ page.url }}"{% if page.title != page.label %} title="{{ page.title }}"{% endif %}>{{ page.label }}</a>
{%- if page.pages and (open or depth < 3) %}{{ level(page.pages, path, depth + 1) }}{% endif %}</li>
{% endfor %}
</ul>
{% endmacro %}
<nav>{{ level(pages, current) }}</nav>
""",
}

WHEEZY = {
    "navigation.html": """\
@require(pages, current)
@def level(pages, path, depth=1):
<ul class="level-@depth!s">
@for page in pages:
@if not page['hidden']:
@(opened = path.startswith(page['url']))
<li@{' class="here"' if page['url'] == path else ' class="open"' if opened else ''}>
<a href="@page['url']!e"\\
@if page['title'] != page['label']:
 title="@page['title']!e"\\
@end
>@page['label']!e</a>\\
@if page['pages'] and (opened or depth < 3):
@level(page['pages'], path, depth + 1)\\
@end
</li>
@end
@end
</ul>
@end
<nav>@level(pages, current)</nav>
""",
}


def _pages(url: str, depth: int) -> list[dict[str, Any]]:
    return [
        {
            "url": f"{url}/{number}",
            "label": f"Page {number} & more",
            "title": f"Page {number} & more" if number % 2 else f"All of <{url}/{number}>",
            "hidden": number == 3,
            "pages": _pages(f"{url}/{number}", depth - 1) if depth > 1 else [],
        }
        for number in range(5)
    ]


WORKLOADS = (
    Workload(
        "navigation by a recursive macro",
        "navigation.html",
        JINJA2,
        {"pages": _pages("", 4), "current": "/1/2/0/4"},
        WHEEZY,
    ),
)
