"""What a search found: texts that are shortened, links in them, and the words that were looked for marked."""

from urllib.parse import quote

import jinja2
from jinja2.filters import do_truncate
from jinja2.utils import urlize
from markupsafe import Markup, escape

from bench.foreign.workload import Context, Workload, escaping, prose

JINJA2 = {
    "search.html": """\
<form><input name="q" value="{{ query }}"></form>
<p>{% if hits %}{{ hits|length }} of {{ count }} for <b>{{ query|truncate(20) }}</b>{% else %}Nothing.{% endif %}</p>
<ol start="{{ start }}">
{% for hit in hits %}
<li value="{{ start + loop.index0 }}"><h3><a href="{{ hit.url }}?from={{ query|urlencode }}">\
{{ hit.title|truncate(50)|marked(query) }}</a></h3>
<p>{{ hit.text|truncate(160, true, " [...]")|marked(query) }}</p>
{% if hit.note %}<p class="note">{{ hit.note|urlize(30, rel="nofollow") }}</p>{% endif %}
<cite>{{ hit.url|replace("https://", "")|replace("/", " > ") }}</cite> {{ hit.tags|sort|join(", ") }}</li>
{% endfor %}</ol>
""",
}

# the arguments of `truncate` have their names there
MINIJINJA = {
    "search.html": JINJA2["search.html"]
    .replace("truncate(160, true, ", "truncate(length=160, killwords=true, end=")
    .replace("truncate(2", "truncate(length=2")
    .replace("truncate(5", "truncate(length=5")
}

WHEEZY = {
    "search.html": """\
@require(query, count, start, hits)
<form><input name="q" value="@query!e"></form>
<p>\\
@if hits:
@len(hits)!s of @count!s for <b>@{e(truncate(query, 20))}</b>\\
@else:
Nothing.\\
@end
</p>
<ol start="@start!s">
@(asked = quote(query))
@for number, hit in enumerate(hits, start):
<li value="@number!s"><h3><a href="@hit['url']!e?from=@asked">@marked(truncate(hit['title'], 50), query)</a></h3>
<p>@marked(truncate(hit['text'], 160, True, " [...]"), query)</p>
@if hit['note']:
<p class="note">@urlize(hit['note'], 30, rel="nofollow")</p>
@end
<cite>@hit['url'].replace("https://", "").replace("/", " > ")!e</cite> @{e(', '.join(sorted(hit['tags'])))}</li>
@end
</ol>
""",
}

_FILTERS = jinja2.Environment()


def marked(text: str, query: str) -> Markup:
    """Return a text, escaped, in which what was looked for is marked."""
    return Markup(str(escape(text)).replace(query, f"<mark>{query}</mark>"))


def truncate(text: str, length: int, killwords: bool = False, end: str = "...") -> str:
    """Return a text as Jinja2's filter does."""
    return do_truncate(_FILTERS, text, length, killwords, end)


def links(text: str, trim_url_limit: int | None = None, rel: str = "") -> Markup:
    """Return a text with links, as Jinja2's filter does, for peers that have none."""
    return Markup(urlize(text, trim_url_limit=trim_url_limit, rel=f"{rel} noopener"))


def make() -> jinja2.Environment:
    """Return an environment with the page's own filter."""
    environment = escaping()
    environment.filters["marked"] = marked
    return environment


def _context() -> Context:
    return {
        "query": "reason",
        "count": 1234,
        "start": 41,
        "hits": [
            {
                "url": f"https://docs.example/{number}/part-{number % 3}",
                "title": prose(number, 12),
                "text": prose(number, 50),
                "note": f"See https://example.org/a/long/path/to/{number} & mail@example.org" if number % 3 else "",
                "tags": ["new", "big & bold", "help"][: number % 4],
            }
            for number in range(30)
        ],
    }


WORKLOADS = (
    Workload(
        "search result",
        "search.html",
        JINJA2,
        _context(),
        WHEEZY,
        minijinja=MINIJINJA,
        make=make,
        functions={"marked": marked, "truncate": truncate, "urlize": links, "quote": quote},
    ),
)
