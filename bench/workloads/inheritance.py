"""Inheritance over three levels, with `super` in two of them."""

from bench.workloads import in_htpy, in_tornado, in_wheezy
from bench.workloads.workload import Context, Others, Workload, escape

JINJA2 = {
    "base.html": """\
<html><head><title>{% block title %}{{ site }}{% endblock %}</title>
{% block head %}<link rel="stylesheet" href="/{{ version }}/base.css">{% endblock %}</head>
<body class="{% block kind %}plain{% endblock %}">
<nav>{% block nav %}<a href="/">{{ site }}</a>{% endblock %}</nav>
<main>{% block main %}{% endblock %}</main>
<footer>{% block footer %}<p>{{ site }} {{ year }}</p>{% endblock %}</footer>
</body></html>
""",
    "section.html": """\
{% extends "base.html" %}
{% block title %}{{ section }} - {{ super() }}{% endblock %}
{% block head %}{{ super() }}<link rel="stylesheet" href="/{{ version }}/section.css">{% endblock %}
{% block nav %}{{ super() }} / <a href="/{{ section }}">{{ section }}</a>{% endblock %}
{% block main %}<h1>{{ section }}</h1>{% block body %}{% endblock %}{% endblock %}
""",
    "page.html": """\
{% extends "section.html" %}
{% block title %}{{ title }} - {{ super() }}{% endblock %}
{% block head %}{{ super() }}<meta name="author" content="{{ author }}">{% endblock %}
{% block kind %}page{% endblock %}
{% block nav %}{{ super() }} / <b>{{ title }}</b>{% endblock %}
{% block body %}<article>{{ text }}</article>{% endblock %}
{% block footer %}{{ super() }}<p>By {{ author }}</p>{% endblock %}
""",
}

MAKO = {
    "base.html": """\
<html><head><title><%block name="title_">${site}</%block></title>
<%block name="head"><link rel="stylesheet" href="/${version}/base.css"></%block></head>
<body class="<%block name="kind">plain</%block>">
<nav><%block name="nav"><a href="/">${site}</a></%block></nav>
<main><%block name="main"></%block></main>
<footer><%block name="footer"><p>${site} ${year}</p></%block></footer>
</body></html>
""",
    "section.html": """\
<%inherit file="base.html"/>
<%block name="title_">${section} - ${parent.title_()}</%block>
<%block name="head">${parent.head()}<link rel="stylesheet" href="/${version}/section.css"></%block>
<%block name="nav">${parent.nav()} / <a href="/${section}">${section}</a></%block>
<%block name="main"><h1>${section}</h1><%block name="body_"></%block></%block>
""",
    "page.html": """\
<%inherit file="section.html"/>
<%block name="title_">${title} - ${parent.title_()}</%block>
<%block name="head">${parent.head()}<meta name="author" content="${author}"></%block>
<%block name="kind">page</%block>
<%block name="nav">${parent.nav()} / <b>${title}</b></%block>
<%block name="body_"><article>${text}</article></%block>
<%block name="footer">${parent.footer()}<p>By ${author}</p></%block>
""",
}

# Chameleon has slots and no `super`: a level that adds to a slot says again what it adds to.
CHAMELEON = {
    "base.html": """\
<html metal:define-macro="page"><head><title>${titles}${site}</title>
<link rel="stylesheet" href="/${version}/base.css"><metal:block define-slot="head"/></head>
<body class="${kind|'plain'}">
<nav><a href="/">${site}</a><metal:block define-slot="nav"/></nav>
<main><metal:block define-slot="main"/></main>
<footer><p>${site} ${year}</p><metal:block define-slot="footer"/></footer>
</body></html>
""",
    "section.html": """\
<metal:block define-macro="page" use-macro="load('base.html').macros['page']" \
tal:define="titles titles|''; titles titles + section + ' - '">\
<metal:block fill-slot="head"><link rel="stylesheet" href="/${version}/section.css"><metal:block define-slot="head"/>\
</metal:block>\
<metal:block fill-slot="nav"> / <a href="/${section}">${section}</a><metal:block define-slot="nav"/></metal:block>\
<metal:block fill-slot="main"><h1>${section}</h1><metal:block define-slot="body"/></metal:block>\
<metal:block fill-slot="footer"><metal:block define-slot="footer"/></metal:block>\
</metal:block>
""",
    "page.html": """\
<metal:block use-macro="load('section.html').macros['page']" tal:define="titles title + ' - '; kind 'page'">\
<metal:block fill-slot="head"><meta name="author" content="${author}"></metal:block>\
<metal:block fill-slot="nav"> / <b>${title}</b></metal:block>\
<metal:block fill-slot="body"><article>${text}</article></metal:block>\
<metal:block fill-slot="footer"><p>By ${author}</p></metal:block>\
</metal:block>
""",
}

DJANGO = {name: text.replace("super()", "block.super") for name, text in JINJA2.items()}

PHP = {
    "base.php": """\
<?php
class Base {
    function __construct(protected array $v) {}
    function title() { ?><?= e($this->v['site']) ?><?php }
    function head() { ?><link rel="stylesheet" href="/<?= e($this->v['version']) ?>/base.css"><?php }
    function kind() { ?>plain<?php }
    function nav() { ?><a href="/"><?= e($this->v['site']) ?></a><?php }
    function main() { }
    function footer() { ?><p><?= e($this->v['site']) ?> <?= e($this->v['year']) ?></p><?php }
    function page() {
?><html><head><title><?php $this->title() ?></title>
<?php $this->head() ?></head>
<body class="<?php $this->kind() ?>">
<nav><?php $this->nav() ?></nav>
<main><?php $this->main() ?></main>
<footer><?php $this->footer() ?></footer>
</body></html>
<?php
    }
}
""",
    "section.php": """\
<?php
require_once __DIR__ . '/base.php';
class Section extends Base {
    function title() { ?><?= e($this->v['section']) ?> - <?php parent::title(); }
    function head() { parent::head(); ?><link rel="stylesheet" href="/<?= e($this->v['version']) ?>/section.css"><?php }
    function nav() { parent::nav(); ?> / <a href="/<?= e($this->v['section']) ?>">\
<?= e($this->v['section']) ?></a><?php }
    function main() { ?><h1><?= e($this->v['section']) ?></h1><?php $this->body(); }
    function body() { }
}
""",
    "page_class.php": """\
<?php
require_once __DIR__ . '/section.php';
class Page extends Section {
    function title() { ?><?= e($this->v['title']) ?> - <?php parent::title(); }
    function head() { parent::head(); ?><meta name="author" content="<?= e($this->v['author']) ?>"><?php }
    function kind() { ?>page<?php }
    function nav() { parent::nav(); ?> / <b><?= e($this->v['title']) ?></b><?php }
    function body() { ?><article><?= e($this->v['text']) ?></article><?php }
    function footer() { parent::footer(); ?><p>By <?= e($this->v['author']) ?></p><?php }
}
""",
    "page.html": "<?php require_once __DIR__ . '/page_class.php'; (new Page($context))->page();",
}

OTHERS: Others = {
    "mako": MAKO,
    "chameleon": CHAMELEON,
    "django": DJANGO,
    "php": PHP,
    "wheezy": in_wheezy.INHERITANCE,
    "tornado": in_tornado.INHERITANCE,
    "tera": JINJA2,
    "htpy": in_htpy.INHERITANCE,
}

CONTEXT = {
    "site": "Feedwhip",
    "version": "1.2.3",
    "year": 2024,
    "section": "Help & more",
    "title": "How it works",
    "author": "Ada O'Neill",
    "text": "It looks at <pages> & says what changed. " * 20,
}


def by_hand(context: Context) -> str:
    """Write the page, whose chain is known, as one text."""
    site, section, title, author = (
        escape(context["site"]),
        escape(context["section"]),
        escape(context["title"]),
        escape(context["author"]),
    )
    version = escape(context["version"])
    return (
        f"<html><head><title>{title} - {section} - {site}</title>\n"
        f'<link rel="stylesheet" href="/{version}/base.css"><link rel="stylesheet" href="/{version}/section.css">'
        f'<meta name="author" content="{author}"></head>\n'
        f'<body class="page">\n<nav><a href="/">{site}</a> / <a href="/{section}">{section}</a> / <b>{title}</b>'
        f"</nav>\n"
        f"<main><h1>{section}</h1><article>{escape(context['text'])}</article></main>\n"
        f"<footer><p>{site} {context['year']}</p><p>By {author}</p></footer>\n</body></html>"
    )


WORKLOADS = (
    Workload(
        name="inheritance",
        kind="inheritance",
        entry="page.html",
        context=CONTEXT,
        jinja2=JINJA2,
        by_hand=by_hand,
        others=OTHERS,
    ),
)
