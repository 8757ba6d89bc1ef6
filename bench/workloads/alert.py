"""The alert e-mail: a layout, three includes, an imported macro, and a loop of changes with an include each."""

import re
from typing import Any

from bench.workloads import in_htpy, in_tera, in_tornado, in_wheezy
from bench.workloads.workload import Context, Others, Sources, Workload, escape

JINJA2 = {
    "layout.html": """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{% block title %}Feedwhip{% endblock %}</title>
</head>
<body style="margin:0;background:#f4f4f4;font-family:sans-serif">
<table role="presentation" width="600" style="background:#ffffff">
<tr><td>{% include "header.html" %}</td></tr>
<tr><td style="padding:24px">{% block content %}{% endblock %}</td></tr>
<tr><td>{% include "footer.html" %}</td></tr>
</table>
</body>
</html>
""",
    "header.html": """\
<a href="{{ site.url }}"><img src="{{ site.url }}/logo.png" width="120" alt="{{ site.name }}"></a>
<p>Hello {{ user.name }},</p>
""",
    "summary.html": """\
<p>We looked at <a href="{{ watch.url }}">{{ watch.title }}</a> and found {{ changes|length }} changes.</p>
{% if watch.note %}<p class="note">{{ watch.note }}</p>{% endif %}
""",
    "footer.html": """\
<p style="color:#888888">You get this e-mail because {{ user.email }} watches this page.
<a href="{{ site.url }}/watches/{{ watch.id }}/pause">Pause</a> or
<a href="{{ site.url }}/unsubscribe?t={{ user.token }}">unsubscribe</a>.</p>
""",
    "macros.html": """\
{% macro button(href, label, color="#0066cc") %}\
<a href="{{ href }}" style="background:{{ color }};color:#ffffff;padding:8px 16px">{{ label }}</a>{% endmacro %}
""",
    "change.html": """\
<h2><a href="{{ change.url }}">{{ change.title }}</a></h2>
<p>{{ change.at }}, {{ change.percent }} %</p>
<pre>
{% for line in change.lines %}<span class="{{ line.kind }}">{{ line.text }}</span>
{% endfor %}</pre>
""",
    "alert.html": """\
{% extends "layout.html" %}
{% from "macros.html" import button %}
{% block title %}{{ watch.title }} changed{% endblock %}
{% block content %}
{% include "summary.html" %}
{% for change in changes %}
<div id="c{{ loop.index }}">{% include "change.html" %}</div>
{% endfor %}
{{ button(watch.url, "See the page") }}
{% endblock %}
""",
}

MAKO = {
    "layout.html": """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title><%block name="title">Feedwhip</%block></title>
</head>
<body style="margin:0;background:#f4f4f4;font-family:sans-serif">
<table role="presentation" width="600" style="background:#ffffff">
<tr><td><%include file="header.html"/></td></tr>
<tr><td style="padding:24px"><%block name="content"></%block></td></tr>
<tr><td><%include file="footer.html"/></td></tr>
</table>
</body>
</html>
""",
    "header.html": """\
<a href="${site['url']}"><img src="${site['url']}/logo.png" width="120" alt="${site['name']}"></a>
<p>Hello ${user['name']},</p>
""",
    "summary.html": """\
<p>We looked at <a href="${watch['url']}">${watch['title']}</a> and found ${len(changes)} changes.</p>
% if watch['note']:
<p class="note">${watch['note']}</p>
% endif
""",
    "footer.html": """\
<p style="color:#888888">You get this e-mail because ${user['email']} watches this page.
<a href="${site['url']}/watches/${watch['id']}/pause">Pause</a> or
<a href="${site['url']}/unsubscribe?t=${user['token']}">unsubscribe</a>.</p>
""",
    "macros.html": """\
<%def name="button(href, label, color='#0066cc')">\
<a href="${href}" style="background:${color};color:#ffffff;padding:8px 16px">${label}</a></%def>
""",
    "change.html": """\
<%page args="change"/>
<h2><a href="${change['url']}">${change['title']}</a></h2>
<p>${change['at']}, ${change['percent']} %</p>
<pre>
% for line in change['lines']:
<span class="${line['kind']}">${line['text']}</span>
% endfor
</pre>
""",
    "alert.html": """\
<%inherit file="layout.html"/>
<%namespace name="macros" file="macros.html"/>
<%block name="title">${watch['title']} changed</%block>
<%block name="content">
<%include file="summary.html"/>
% for change in changes:
<div id="c${loop.index + 1}"><%include file="change.html" args="change=change"/></div>
% endfor
${macros.button(watch['url'], "See the page") | n}
</%block>
""",
}

CHAMELEON = {
    "layout.html": """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title metal:define-slot="title">Feedwhip</title>
</head>
<body style="margin:0;background:#f4f4f4;font-family:sans-serif">
<table role="presentation" width="600" style="background:#ffffff">
<tr><td><metal:block use-macro="load('header.html')"/></td></tr>
<tr><td style="padding:24px"><metal:block define-slot="content"/></td></tr>
<tr><td><metal:block use-macro="load('footer.html')"/></td></tr>
</table>
</body>
</html>
""",
    "header.html": """\
<a href="${site['url']}"><img src="${site['url']}/logo.png" width="120" alt="${site['name']}"></a>
<p>Hello ${user['name']},</p>
""",
    "summary.html": """\
<p>We looked at <a href="${watch['url']}">${watch['title']}</a> and found ${len(changes)} changes.</p>
<p class="note" tal:condition="watch['note']">${watch['note']}</p>
""",
    "footer.html": """\
<p style="color:#888888">You get this e-mail because ${user['email']} watches this page.
<a href="${site['url']}/watches/${watch['id']}/pause">Pause</a> or
<a href="${site['url']}/unsubscribe?t=${user['token']}">unsubscribe</a>.</p>
""",
    "macros.html": """\
<metal:block define-macro="button" tal:define="color color|'#0066cc'">\
<a href="${href}" style="background:${color};color:#ffffff;padding:8px 16px">${label}</a></metal:block>
""",
    "change.html": """\
<h2><a href="${change['url']}">${change['title']}</a></h2>
<p>${change['at']}, ${change['percent']} %</p>
<pre>
<tal:block repeat="line change['lines']"><span class="${line['kind']}">${line['text']}</span>
</tal:block></pre>
""",
    "alert.html": """\
<metal:block use-macro="load('layout.html')"><title metal:fill-slot="title">${watch['title']} changed</title>
<metal:block fill-slot="content">
<metal:block use-macro="load('summary.html')"/>
<tal:block repeat="change changes">
<div id="c${repeat.change.number}"><metal:block use-macro="load('change.html')"/></div>
</tal:block>
<tal:block define="href watch['url']; label 'See the page'">\
<metal:block use-macro="load('macros.html').macros['button']"/></tal:block>
</metal:block></metal:block>
""",
}

DJANGO = {
    **JINJA2,
    "macros.html": """\
<a href="{{ href }}" style="background:{{ color|default:"#0066cc" }};color:#ffffff;padding:8px 16px">{{ label }}</a>
""",
    "alert.html": """\
{% extends "layout.html" %}
{% block title %}{{ watch.title }} changed{% endblock %}
{% block content %}
{% include "summary.html" %}
{% for change in changes %}
<div id="c{{ forloop.counter }}">{% include "change.html" %}</div>
{% endfor %}
{% include "macros.html" with href=watch.url label="See the page" only %}
{% endblock %}
""",
}

PHP = {
    "functions.php": """\
<?php
function button($href, $label, $color = '#0066cc') {
?><a href="<?= e($href) ?>" style="background:<?= e($color) ?>;color:#ffffff;padding:8px 16px"><?= e($label) ?></a><?php
}
""",
    "layout.html": """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title><?php $title() ?></title>
</head>
<body style="margin:0;background:#f4f4f4;font-family:sans-serif">
<table role="presentation" width="600" style="background:#ffffff">
<tr><td><?php include __DIR__ . '/header.html' ?></td></tr>
<tr><td style="padding:24px"><?php $content() ?></td></tr>
<tr><td><?php include __DIR__ . '/footer.html' ?></td></tr>
</table>
</body>
</html>
""",
    "header.html": """\
<a href="<?= e($site['url']) ?>"><img src="<?= e($site['url']) ?>/logo.png" width="120" \
alt="<?= e($site['name']) ?>"></a>
<p>Hello <?= e($user['name']) ?>,</p>
""",
    "summary.html": """\
<p>We looked at <a href="<?= e($watch['url']) ?>"><?= e($watch['title']) ?></a> \
and found <?= count($changes) ?> changes.</p>
<?php if ($watch['note']): ?><p class="note"><?= e($watch['note']) ?></p><?php endif ?>
""",
    "footer.html": """\
<p style="color:#888888">You get this e-mail because <?= e($user['email']) ?> watches this page.
<a href="<?= e($site['url']) ?>/watches/<?= e($watch['id']) ?>/pause">Pause</a> or
<a href="<?= e($site['url']) ?>/unsubscribe?t=<?= e($user['token']) ?>">unsubscribe</a>.</p>
""",
    "change.html": """\
<h2><a href="<?= e($change['url']) ?>"><?= e($change['title']) ?></a></h2>
<p><?= e($change['at']) ?>, <?= e($change['percent']) ?> %</p>
<pre>
<?php foreach ($change['lines'] as $line): ?><span class="<?= e($line['kind']) ?>"><?= e($line['text']) ?></span>

<?php endforeach ?></pre>
""",
    "alert.html": """\
<?php
$title = function () use ($watch) { ?><?= e($watch['title']) ?> changed<?php };
$content = function () use ($watch, $changes) { ?>
<?php include __DIR__ . '/summary.html' ?>
<?php foreach ($changes as $number => $change): ?>
<div id="c<?= $number + 1 ?>"><?php include __DIR__ . '/change.html' ?></div>
<?php endforeach ?>
<?php button($watch['url'], 'See the page') ?>

<?php };
include __DIR__ . '/layout.html';
""",
}

OTHERS: Others = {
    "mako": MAKO,
    "chameleon": CHAMELEON,
    "django": DJANGO,
    "php": PHP,
    "wheezy": in_wheezy.ALERT,
    "tornado": in_tornado.ALERT,
    "tera": {**JINJA2, **in_tera.ALERT},
    "htpy": in_htpy.ALERT,
}


_OF_DICTS = {"php": "PHP reads its context from JSON", "tera": "pytera's values are what JSON has"}


def _of_objects(sources: Sources | str) -> Sources | str:
    """Return templates that take what Python has as ``a['b']`` for ``a.b``."""
    if isinstance(sources, str):
        return sources
    return {name: re.sub(r"(?<!macros)\['(\w+)'\]", r".\1", text) for name, text in sources.items()}


class Record:
    """An object of attributes, as a model is."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


def _context(count: int, make: Any) -> Context:
    lines = [
        make(kind=kind, text=text)
        for kind, text in (
            ("same", "Opening hours"),
            ("gone", "Monday to Friday, 9 to 17"),
            ("new", "Monday to Saturday, 8 to 18 & by appointment"),
            ("same", "Closed on public holidays"),
            ("new", 'Ask for the "early bird" ticket'),
        )
    ]
    return {
        "site": make(url="https://feedwhip.example", name="Feedwhip"),
        "user": make(name="Ada O'Neill", email="ada@example.org", token="b71ceaf04d"),
        "watch": make(id=4711, url="https://museum.example/hours?a=1&b=2", title="Museum <hours>", note="For the trip"),
        "changes": [
            make(
                url=f"https://feedwhip.example/changes/{number}",
                title=f"Change {number} of the page",
                at="2024-05-01 12:00",
                percent=number % 7 + 1,
                lines=lines,
            )
            for number in range(count)
        ],
    }


def with_dicts(context: Context) -> str:
    """Write the e-mail from dicts."""
    site, user, watch, changes = context["site"], context["user"], context["watch"], context["changes"]
    site_url, watch_url, title = escape(site["url"]), escape(watch["url"]), escape(watch["title"])
    out: list[str] = []
    add = out.append
    note = watch["note"]
    add(
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title} changed</title>\n</head>\n'
        '<body style="margin:0;background:#f4f4f4;font-family:sans-serif">\n'
        '<table role="presentation" width="600" style="background:#ffffff">\n'
        f'<tr><td><a href="{site_url}"><img src="{site_url}/logo.png" width="120" alt="{escape(site["name"])}"></a>\n'
        f'<p>Hello {escape(user["name"])},</p></td></tr>\n<tr><td style="padding:24px">\n'
        f'<p>We looked at <a href="{watch_url}">{title}</a> and found {len(changes)} changes.</p>\n'
    )
    if note:
        add(f'<p class="note">{escape(note)}</p>')
    for index, change in enumerate(changes, 1):
        add(
            f'\n\n<div id="c{index}"><h2><a href="{escape(change["url"])}">{escape(change["title"])}</a></h2>\n'
            f"<p>{escape(change['at'])}, {change['percent']} %</p>\n<pre>\n"
        )
        for line in change["lines"]:
            add(f'<span class="{escape(line["kind"])}">{escape(line["text"])}</span>\n')
        add("</pre></div>")
    add(
        f'\n\n<a href="{watch_url}" style="background:#0066cc;color:#ffffff;padding:8px 16px">See the page</a>\n'
        f'</td></tr>\n<tr><td><p style="color:#888888">You get this e-mail because {escape(user["email"])} watches this'
        f' page.\n<a href="{site_url}/watches/{watch["id"]}/pause">Pause</a> or\n'
        f'<a href="{site_url}/unsubscribe?t={escape(user["token"])}">unsubscribe</a>.</p></td></tr>\n'
        "</table>\n</body>\n</html>"
    )
    return "".join(out)


def with_objects(context: Context) -> str:
    """Write the e-mail from objects."""
    site, user, watch, changes = context["site"], context["user"], context["watch"], context["changes"]
    site_url, watch_url, title = escape(site.url), escape(watch.url), escape(watch.title)
    out: list[str] = []
    add = out.append
    note = watch.note
    add(
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title} changed</title>\n</head>\n'
        '<body style="margin:0;background:#f4f4f4;font-family:sans-serif">\n'
        '<table role="presentation" width="600" style="background:#ffffff">\n'
        f'<tr><td><a href="{site_url}"><img src="{site_url}/logo.png" width="120" alt="{escape(site.name)}"></a>\n'
        f'<p>Hello {escape(user.name)},</p></td></tr>\n<tr><td style="padding:24px">\n'
        f'<p>We looked at <a href="{watch_url}">{title}</a> and found {len(changes)} changes.</p>\n'
    )
    if note:
        add(f'<p class="note">{escape(note)}</p>')
    for index, change in enumerate(changes, 1):
        add(
            f'\n\n<div id="c{index}"><h2><a href="{escape(change.url)}">{escape(change.title)}</a></h2>\n'
            f"<p>{escape(change.at)}, {change.percent} %</p>\n<pre>\n"
        )
        for line in change.lines:
            add(f'<span class="{escape(line.kind)}">{escape(line.text)}</span>\n')
        add("</pre></div>")
    add(
        f'\n\n<a href="{watch_url}" style="background:#0066cc;color:#ffffff;padding:8px 16px">See the page</a>\n'
        f'</td></tr>\n<tr><td><p style="color:#888888">You get this e-mail because {escape(user.email)} watches this'
        f' page.\n<a href="{site_url}/watches/{watch.id}/pause">Pause</a> or\n'
        f'<a href="{site_url}/unsubscribe?t={escape(user.token)}">unsubscribe</a>.</p></td></tr>\n'
        "</table>\n</body>\n</html>"
    )
    return "".join(out)


def _workload(count: int, kind: str) -> Workload:
    dicts = kind == "dicts"
    return Workload(
        name=f"alert, {count} changes, {kind}",
        kind="alert",
        entry="alert.html",
        context=_context(count, dict if dicts else Record),
        jinja2=JINJA2,
        by_hand=with_dicts if dicts else with_objects,
        others=OTHERS if dicts else {peer: _of_objects(OTHERS[peer]) for peer in OTHERS} | _OF_DICTS,
    )


WORKLOADS = tuple(_workload(count, kind) for kind in ("dicts", "objects") for count in (1, 10, 100))
