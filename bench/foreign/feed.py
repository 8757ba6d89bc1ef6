"""A feed in Atom: elements that may be missing, dates in their own format, attributes from a dict, markup as text."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from jinja2.filters import do_xmlattr
from jinja2.nodes import EvalContext
from markupsafe import Markup

from bench.foreign.workload import Context, Workload, escaping, prose

JINJA2 = {
    "feed.xml": """\
<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"{% if feed.language %} xml:lang="{{ feed.language }}"{% endif %}>
<title>{{ feed.title }}</title>
<id>{{ feed.url }}</id>
<updated>{{ (entries|first).updated.strftime("%Y-%m-%dT%H:%M:%SZ") }}</updated>
{% for link in feed.links %}<link{{ link|xmlattr }}/>
{% endfor %}
{%- for entry in entries %}
<entry>
<title>{{ entry.title }}</title>
<id>{{ feed.url }}/{{ entry.id }}</id>
<updated>{{ entry.updated.strftime("%Y-%m-%dT%H:%M:%SZ") }}</updated>
{%- if entry.author is defined and entry.author %}
<author><name>{{ entry.author.name }}</name>{% if entry.author.mail %}<email>{{ entry.author.mail }}</email>{% endif %}
</author>
{%- endif %}
{%- for category in entry.categories %}
<category term="{{ category|lower|replace(" ", "-") }}" label="{{ category }}"/>
{%- endfor %}
<summary type="text">{{ entry.text|truncate(100) }}</summary>
<content type="html">{{ "<p>" ~ entry.text ~ "</p>" }}</content>
</entry>
{%- endfor %}
</feed>
""",
}

# the arguments of `truncate` have their names there
MINIJINJA = {"feed.xml": JINJA2["feed.xml"].replace("truncate(100)", "truncate(length=100)")}

WHEEZY = {
    "feed.xml": """\
@require(feed, entries)
<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"\\
@if feed['language']:
 xml:lang="@feed['language']!e"\\
@end
>
<title>@feed['title']!e</title>
<id>@feed['url']!e</id>
<updated>@{entries[0]['updated'].strftime("%Y-%m-%dT%H:%M:%SZ")}</updated>
@for link in feed['links']:
<link@xmlattr(link)/>
@end
@for entry in entries:
<entry>
<title>@entry['title']!e</title>
<id>@feed['url']!e/@entry['id']!e</id>
<updated>@entry['updated'].strftime("%Y-%m-%dT%H:%M:%SZ")</updated>
@(author = entry.get('author'))
@if author:
<author><name>@author['name']!e</name>\\
@if author['mail']:
<email>@author['mail']!e</email>\\
@end
</author>
@end
@for category in entry['categories']:
<category term="@category.lower().replace(" ", "-")!e" label="@category!e"/>
@end
<summary type="text">@{e(truncate(entry['text'], 100))}</summary>
<content type="html">@{e("<p>" + entry['text'] + "</p>")}</content>
</entry>
@end
</feed>
""",
}

_ESCAPING = EvalContext(escaping(), "feed.xml")


def xmlattr(attributes: Mapping[str, object]) -> Markup:
    """Return attributes as Jinja2's filter does, for peers that have none."""
    return Markup(do_xmlattr(_ESCAPING, attributes))


def truncate(text: str, length: int) -> str:
    """Return a text as Jinja2's filter does."""
    if len(text) <= length + 5:
        return text
    return text[: length - 3].rsplit(" ", 1)[0] + "..."


def _entry(number: int) -> Context:
    author = {"author": {"name": f"Ada {number} & co", "mail": "ada@example.org" if number % 2 else ""}}
    return {
        "id": f"entries/{number}",
        "title": f"Entry {number} <new>",
        "updated": datetime(2024, 5, 1, 12, 30) - timedelta(hours=number * 7),
        "categories": ["News & views", "Big things", "A <b>"][: number % 4],
        "text": prose(number, 40),
        **(author if number % 3 else {}),
    }


def _context() -> Context:
    return {
        "feed": {
            "title": "What changed & when",
            "url": "https://feed.example",
            "language": "en",
            "links": [
                {"href": "https://feed.example/?a=1&b=2", "rel": "alternate", "type": None},
                {"href": "https://feed.example/feed.xml", "rel": "self", "type": "application/atom+xml"},
            ],
        },
        "entries": [_entry(number) for number in range(30)],
    }


WORKLOADS = (
    Workload(
        "feed in XML",
        "feed.xml",
        JINJA2,
        _context(),
        WHEEZY,
        minijinja=MINIJINJA,
        functions={"xmlattr": xmlattr, "truncate": truncate},
    ),
)
