"""A page of three levels: `super()` in blocks with loops in them, a row that is included, `self.title()`."""

from bench.foreign.workload import Context, Workload, prose

JINJA2 = {
    "site.html": """\
<!doctype html>
<html lang="{{ language }}">
<head><title>{% block title %}{{ site.name }}{% endblock %}</title>
{% block styles %}{% for name in site.styles %}<link rel="stylesheet" href="/static/{{ name }}.css">
{% endfor %}{% endblock %}</head>
<body>
<header>{% include "menu.html" %}</header>
{% block body %}{% endblock %}
<footer>{% block footer %}&copy; {{ site.year }} {{ site.name }}{% endblock %}</footer>
{% block scripts %}<script src="/static/site.js"></script>{% endblock %}
</body></html>
""",
    "menu.html": """\
<nav>{% for item in site.menu %}<a href="{{ item.url }}"{% if item.url == current %} aria-current="page"{% endif %}>\
{{ item.label }}</a>{% endfor %}</nav>
""",
    "section.html": """\
{% extends "site.html" %}
{% block title %}{{ section.title }} | {{ super() }}{% endblock %}
{% block styles %}{{ super() }}<link rel="stylesheet" href="/static/section.css">{% endblock %}
{% block body %}
<div class="columns"><main>{% block main %}{% endblock %}</main>
<aside>{% block aside %}<h2>More of {{ section.title }}</h2><ul>
{% for other in section.articles if other.url != current %}<li><a href="{{ other.url }}">{{ other.title }}</a></li>
{% endfor %}</ul>{% endblock %}</aside></div>
{% endblock %}
""",
    "article.html": """\
{% extends "section.html" %}
{% block title %}{{ article.title }} | {{ super() }}{% endblock %}
{% block main %}
<article><h1>{{ article.title }}</h1><p class="by">{{ article.author.name }}, {{ article.date }}</p>
{% for paragraph in article.paragraphs %}<p>{{ paragraph }}</p>
{% endfor %}</article>
<h2>{{ comments|length }} comments</h2>
{% for comment in comments %}{% include "comment.html" %}{% endfor %}
{% endblock %}
{% block aside %}{{ super() }}
<h2>By {{ article.author.name }}</h2><p>{{ article.author.about }}</p>{% endblock %}
{% block scripts %}{{ super() }}<script>document.title = "{{ self.title() }}"</script>{% endblock %}
""",
    "comment.html": """\
<div class="comment{% if comment.author == article.author.name %} own{% endif %}" id="comment-{{ comment.id }}">
<b>{{ comment.author }}</b> {{ comment.date }}<p>{{ comment.text }}</p></div>
""",
}

WHEEZY = {
    "site.html": """\
@require(site, language)
@def title():
@site['name']!e
@end
@def styles():
@#ignore
@for name in site['styles']:
<link rel="stylesheet" href="/static/@name!e.css">
@end
@end
@def body():
@end
@def footer():
&copy; @site['year']!s @site['name']!e
@end
@def scripts():
<script src="/static/site.js"></script>
@end
<!doctype html>
<html lang="@language!e">
<head><title>@title()</title>
@styles()</head>
<body>
<header>\\
@include("menu.html")
</header>
@body()
<footer>@footer()</footer>
@scripts()
</body></html>
""",
    "menu.html": """\
@require(site, current)
<nav>\\
@for item in site['menu']:
<a href="@item['url']!e"@{' aria-current="page"' if item['url'] == current else ''}>@item['label']!e</a>\\
@end
</nav>
""",
    "section.html": """\
@require(section, current)
@extends("site.html")
@def section_title():
@section['title']!e | @super_defs['title']()
@end
@def title():
@section_title()
@end
@def styles():
@super_defs['styles']()<link rel="stylesheet" href="/static/section.css">
@end
@def main():
@end
@def section_aside():
<h2>More of @section['title']!e</h2><ul>
@for other in section['articles']:
@if other['url'] != current:
<li><a href="@other['url']!e">@other['title']!e</a></li>
@end
@end
</ul>
@end
@def aside():
@section_aside()
@end
@def body():
<div class="columns"><main>@main()</main>
<aside>@aside()</aside></div>
@end
""",
    "article.html": """\
@require(article, comments)
@from "comment.html" import comment_box
@extends("section.html")
@def title():
@article['title']!e | @local_defs['section_title']()
@end
@def main():
<article><h1>@article['title']!e</h1><p class="by">@article['author']['name']!e, @article['date']!e</p>
@for paragraph in article['paragraphs']:
<p>@paragraph!e</p>
@end
</article>
<h2>@len(comments)!s comments</h2>
@for comment in comments:
@comment_box(comment, article)
@end
@end
@def aside():
@local_defs['section_aside']()
<h2>By @article['author']['name']!e</h2><p>@article['author']['about']!e</p>
@end
@def scripts():
@super_defs['scripts']()<script>document.title = "@title()"</script>
@end
""",
    "comment.html": """\
@def comment_box(comment, article):
<div class="comment@{' own' if comment['author'] == article['author']['name'] else ''}" id="comment-@comment['id']!s">
<b>@comment['author']!e</b> @comment['date']!e<p>@comment['text']!e</p></div>
@end
""",
}


def _context() -> Context:
    articles = [{"url": f"/news/{number}", "title": f"News {number} & views"} for number in range(20)]
    return {
        "language": "en",
        "current": "/news/7",
        "site": {
            "name": "The <Page>",
            "year": 2024,
            "styles": ["base", "fonts", "print"],
            "menu": [{"url": f"/{name}", "label": name.title()} for name in ("news", "sport", "culture", "help")],
        },
        "section": {"title": "News & more", "articles": articles},
        "article": {
            "title": "What <changed>",
            "date": "2024-05-01",
            "author": {"name": "Ada O'Neill", "about": prose(3, 30)},
            "paragraphs": [prose(number, 60) for number in range(8)],
        },
        "comments": [
            {
                "id": number,
                "author": "Ada O'Neill" if number % 6 == 5 else f"Reader {number}",
                "date": "2024-05-02",
                "text": prose(number, 20),
            }
            for number in range(25)
        ],
    }


WORKLOADS = (Workload("three levels with super()", "article.html", JINJA2, _context(), WHEEZY),)
