"""A mostly static page: 12 kB of which four values are not constant."""

from bench.workloads import in_htpy, in_tornado, in_wheezy_single
from bench.workloads.workload import Context, Others, Workload, escape

_PARAGRAPH = "<p>Feedwhip watches pages and tells people when they change; nothing of this text ever does.</p>\n"

JINJA2 = {
    "static.html": f"""\
<html><head><title>{{{{ title }}}}</title></head>
<body>
<p>{{% if user %}}Signed in as {{{{ user }}}}{{% else %}}<a href="/in">Sign in</a>{{% endif %}}</p>
{_PARAGRAPH * 60}<hr>
<p>{{{{ count }}}} pages are watched.</p>
{_PARAGRAPH * 60}<footer>{{{{ year }}}}</footer>
</body></html>
""",
}


MAKO = {
    "static.html": f"""\
<html><head><title>${{title}}</title></head>
<body>
<p>\\
% if user:
Signed in as ${{user}}\\
% else:
<a href="/in">Sign in</a>\\
% endif
</p>
{_PARAGRAPH * 60}<hr>
<p>${{count}} pages are watched.</p>
{_PARAGRAPH * 60}<footer>${{year}}</footer>
</body></html>
""",
}

CHAMELEON = {
    "static.html": f"""\
<html><head><title>${{title}}</title></head>
<body>
<p><tal:block condition="user">Signed in as ${{user}}</tal:block>\
<a tal:condition="not user" href="/in">Sign in</a></p>
{_PARAGRAPH * 60}<hr>
<p>${{count}} pages are watched.</p>
{_PARAGRAPH * 60}<footer>${{year}}</footer>
</body></html>
""",
}

DJANGO = JINJA2

PHP = {
    "static.html": f"""\
<html><head><title><?= e($title) ?></title></head>
<body>
<p><?php if ($user): ?>Signed in as <?= e($user) ?><?php else: ?><a href="/in">Sign in</a><?php endif ?></p>
{_PARAGRAPH * 60}<hr>
<p><?= e($count) ?> pages are watched.</p>
{_PARAGRAPH * 60}<footer><?= e($year) ?></footer>
</body></html>
""",
}

OTHERS: Others = {
    "mako": MAKO,
    "chameleon": CHAMELEON,
    "django": DJANGO,
    "php": PHP,
    "wheezy": in_wheezy_single.static(_PARAGRAPH * 60),
    "tornado": in_tornado.static(_PARAGRAPH * 60),
    "tera": JINJA2,
    "htpy": in_htpy.static(_PARAGRAPH * 60),
}


def by_hand(context: Context) -> str:
    """Write the page."""
    user = context["user"]
    who = f"Signed in as {escape(user)}" if user else '<a href="/in">Sign in</a>'
    return (
        f"<html><head><title>{escape(context['title'])}</title></head>\n<body>\n<p>{who}</p>\n{_TEXT}<hr>\n"
        f"<p>{context['count']} pages are watched.</p>\n{_TEXT}<footer>{context['year']}</footer>\n</body></html>"
    )


_TEXT = _PARAGRAPH * 60

CONTEXT = {"title": "Feedwhip & you", "user": "Ada O'Neill", "count": 12345, "year": 2024}

WORKLOADS = (Workload("static page", "static", "static.html", CONTEXT, JINJA2, by_hand, others=OTHERS),)
