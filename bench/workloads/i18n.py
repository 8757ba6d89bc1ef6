"""I18n in the new style: `trans`, `pluralize` and `_`, with null translations."""

from bench.workloads import in_htpy, in_tornado, in_wheezy_single
from bench.workloads.workload import Context, Others, Workload, escape

JINJA2 = {
    "messages.html": """\
<h1>{{ _("Your messages") }}</h1>
<p>{% trans name=user.name %}Hello {{ name }}, welcome back.{% endtrans %}</p>
{% for folder in folders %}
<li>{{ folder.name }}: {% trans count=folder.count %}{{ count }} message{% pluralize %}\
{{ count }} messages{% endtrans %},
{% trans who=folder.last, at=folder.at %}the last of {{ who }} at {{ at }}{% endtrans %}
<a href="{{ folder.url }}">{% trans %}Open the folder{% endtrans %}</a>
{{ _("Kept for %(days)s days", days=folder.days) }}</li>
{% endfor %}
""",
}

MINIJINJA = {
    "messages.html": """\
<h1>{{ _("Your messages") }}</h1>
<p>{{ _("Hello %(name)s, welcome back.", name=user.name) }}</p>
{% for folder in folders %}
<li>{{ folder.name }}: {{ ngettext("%(count)s message", "%(count)s messages", folder.count, count=folder.count) }},
{{ _("the last of %(who)s at %(at)s", who=folder.last, at=folder.at) }}
<a href="{{ folder.url }}">{{ _("Open the folder") }}</a>
{{ _("Kept for %(days)s days", days=folder.days) }}</li>
{% endfor %}
""",
}


MAKO = {
    "messages.html": """\
<h1>${_("Your messages")}</h1>
<p>${_("Hello %(name)s, welcome back.", name=user['name'])}</p>
% for folder in folders:
<li>${folder['name']}: \\
${ngettext("%(count)s message", "%(count)s messages", folder['count'], count=folder['count'])},
${_("the last of %(who)s at %(at)s", who=folder['last'], at=folder['at'])}
<a href="${folder['url']}">${_("Open the folder")}</a>
${_("Kept for %(days)s days", days=folder['days'])}</li>
% endfor
""",
}

CHAMELEON = {
    "messages.html": """\
<h1>${_("Your messages")}</h1>
<p>${_("Hello %(name)s, welcome back.", name=user['name'])}</p>
<tal:block repeat="folder folders">
<li>${folder['name']}: \
${ngettext("%(count)s message", "%(count)s messages", folder['count'], count=folder['count'])},
${_("the last of %(who)s at %(at)s", who=folder['last'], at=folder['at'])}
<a href="${folder['url']}">${_("Open the folder")}</a>
${_("Kept for %(days)s days", days=folder['days'])}</li>
</tal:block>
""",
}

DJANGO = {
    "messages.html": """\
{% load i18n %}
<h1>{% translate "Your messages" %}</h1>
<p>{% blocktranslate with name=user.name %}Hello {{ name }}, welcome back.{% endblocktranslate %}</p>
{% for folder in folders %}
<li>{{ folder.name }}: {% blocktranslate count count=folder.count %}{{ count }} message{% plural %}\
{{ count }} messages{% endblocktranslate %},
{% blocktranslate with who=folder.last at=folder.at %}the last of {{ who }} at {{ at }}{% endblocktranslate %}
<a href="{{ folder.url }}">{% translate "Open the folder" %}</a>
{% blocktranslate with days=folder.days %}Kept for {{ days }} days{% endblocktranslate %}</li>
{% endfor %}
""",
}

PHP = {
    "messages.html": """\
<h1><?= e(t('Your messages')) ?></h1>
<p><?= t('Hello %(name)s, welcome back.', ['%(name)s' => e($user['name'])]) ?></p>
<?php foreach ($folders as $folder): ?>

<li><?= e($folder['name']) ?>: <?= t($folder['count'] == 1 ? '%(count)s message' : '%(count)s messages', \
['%(count)s' => $folder['count']]) ?>,
<?= t('the last of %(who)s at %(at)s', ['%(who)s' => e($folder['last']), '%(at)s' => e($folder['at'])]) ?>

<a href="<?= e($folder['url']) ?>"><?= e(t('Open the folder')) ?></a>
<?= t('Kept for %(days)s days', ['%(days)s' => $folder['days']]) ?></li>
<?php endforeach ?>
""",
}

OTHERS: Others = {
    "mako": MAKO,
    "chameleon": CHAMELEON,
    "django": DJANGO,
    "php": PHP,
    "wheezy": in_wheezy_single.I18N,
    "tornado": in_tornado.I18N,
    "tera": "pytera hands no functions of Python to templates",
    "htpy": in_htpy.I18N,
}


def gettext(text: str, /, **variables: object) -> str:
    """Return a text with its variables, for peers that have no tag for it."""
    return text % variables if variables else text


def ngettext(singular: str, plural: str, count: int, /, **variables: object) -> str:
    """Return the text of the form that goes with a number."""
    return (singular if count == 1 else plural) % variables


def _context() -> Context:
    return {
        "user": {"name": "Ada O'Neill"},
        "folders": [
            {
                "name": f"Folder {number} & co",
                "count": number % 4,
                "last": "Grace <Hopper>",
                "at": "2024-05-01",
                "url": f"/folders/{number}",
                "days": number * 7,
            }
            for number in range(20)
        ],
    }


def by_hand(context: Context) -> str:
    """Write the messages, whose texts still come from a catalogue: an empty one, as the peers have."""
    translate = _CATALOGUE.get
    title = "Your messages"
    hello = "Hello %(name)s, welcome back."
    one, many = "%(count)s message", "%(count)s messages"
    last, open_it, period = "the last of %(who)s at %(at)s", "Open the folder", "Kept for %(days)s days"
    out = [
        f"<h1>{translate(title, title)}</h1>\n"
        f"<p>{translate(hello, hello) % {'name': escape(context['user']['name'])}}</p>\n"
    ]
    add = out.append
    for folder in context["folders"]:
        count = folder["count"]
        form = one if count == 1 else many
        add(
            f"\n<li>{escape(folder['name'])}: {translate(form, form) % {'count': count}},\n"
            f"{translate(last, last) % {'who': escape(folder['last']), 'at': escape(folder['at'])}}\n"
            f'<a href="{escape(folder["url"])}">{translate(open_it, open_it)}</a>\n'
            f"{translate(period, period) % {'days': folder['days']}}</li>\n"
        )
    return "".join(out)


_CATALOGUE: dict[str, str] = {}

WORKLOADS = (
    Workload("i18n", "i18n", "messages.html", _context(), JINJA2, by_hand, minijinja=MINIJINJA, others=OTHERS),
)
