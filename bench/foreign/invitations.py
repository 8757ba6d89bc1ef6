"""Invitations in another language: plurals in a loop, variables, a context, and texts that nobody has translated."""

from collections.abc import Mapping
from types import MappingProxyType

import jinja2

from bench.foreign.workload import Context, Workload

JINJA2 = {
    "invitations.html": """\
<h1>{{ _("Invitations") }}</h1>
<p>{% trans name=user.name, count=events|length %}{{ name }}, one event awaits you.{% pluralize count %}\
{{ name }}, {{ count }} events await you.{% endtrans %}</p>
{% for event in events %}
<div class="event">
<h2>{{ event.title }}</h2>
<p>{% trans host=event.host, day=event.day %}{{ host }} invites you on {{ day }}.{% endtrans %}
{% trans count=event.guests|length %}One guest has said yes.{% pluralize %}{{ count }} guests have said yes.\
{% endtrans %}
{% if event.guests %}{{ _("Among them: %(names)s", names=event.guests[:3]|join(", ")) }}{% endif %}</p>
<a href="{{ event.url }}/yes">{{ gettext("Yes") }}</a> <a href="{{ event.url }}/no">{{ gettext("No") }}</a>
<small>{% trans trimmed hours=event.hours %}
    You can change your mind
    for {{ hours }} hour.
{% pluralize hours %}
    You can change your mind
    for {{ hours }} hours.
{% endtrans %}</small></div>
{% endfor %}
""",
}

MINIJINJA = {
    "invitations.html": """\
<h1>{{ _("Invitations") }}</h1>
<p>{{ ngettext("%(name)s, one event awaits you.", "%(name)s, %(count)s events await you.", events|length, \
name=user.name, count=events|length) }}</p>
{% for event in events %}
<div class="event">
<h2>{{ event.title }}</h2>
<p>{{ _("%(host)s invites you on %(day)s.", host=event.host, day=event.day) }}
{{ ngettext("One guest has said yes.", "%(count)s guests have said yes.", event.guests|length, \
count=event.guests|length) }}
{% if event.guests %}{{ _("Among them: %(names)s", names=event.guests[:3]|join(", ")) }}{% endif %}</p>
<a href="{{ event.url }}/yes">{{ gettext("Yes") }}</a> <a href="{{ event.url }}/no">{{ gettext("No") }}</a>
<small>{{ ngettext("You can change your mind for %(hours)s hour.", "You can change your mind for %(hours)s hours.", \
event.hours, hours=event.hours) }}</small></div>
{% endfor %}
""",
}

WHEEZY = {
    "invitations.html": """\
@require(user, events)
@(count = len(events))
<h1>@_("Invitations")!e</h1>
<p>@{e(ngettext("%(name)s, one event awaits you.", "%(name)s, %(count)s events await you.", count, \
name=user['name'], count=count))}</p>
@for event in events:
@(guests = event['guests']; count = len(guests); hours = event['hours'])
<div class="event">
<h2>@event['title']!e</h2>
<p>@_("%(host)s invites you on %(day)s.", host=event['host'], day=event['day'])!e
@ngettext("One guest has said yes.", "%(count)s guests have said yes.", count, count=count)!e
@if guests:
@{e(_("Among them: %(names)s", names=', '.join(guests[:3])))}
@end
</p>
<a href="@event['url']!e/yes">@gettext("Yes")!e</a> <a href="@event['url']!e/no">@gettext("No")!e</a>
<small>@ngettext("You can change your mind for %(hours)s hour.", "You can change your mind for %(hours)s hours.", \
hours, hours=hours)!e</small></div>
@end
""",
}

_GERMAN: Mapping[str, str] = MappingProxyType(
    {
        "Invitations": "Einladungen",
        "%(name)s, one event awaits you.": "%(name)s, ein Termin erwartet Sie.",
        "%(name)s, %(count)s events await you.": "%(name)s, %(count)s Termine erwarten Sie.",
        "%(host)s invites you on %(day)s.": "%(host)s lädt Sie am %(day)s ein.",
        "One guest has said yes.": "Ein Gast hat zugesagt.",
        "%(count)s guests have said yes.": "%(count)s Gäste haben zugesagt.",
        "Among them: %(names)s": "Darunter: %(names)s",
        "Yes": "Ja",
    }
)


def translate(text: str) -> str:
    """Return a text in German, or as it is."""
    return _GERMAN.get(text, text)


def translate_plural(singular: str, plural: str, count: int) -> str:
    """Return a text of the form that goes with a number, in German, or as it is."""
    return translate(singular if count == 1 else plural)


def gettext(text: str, /, **variables: object) -> str:
    """Return a text with its variables, for peers that have no tag for it."""
    return translate(text) % variables if variables else translate(text)


def ngettext(singular: str, plural: str, count: int, /, **variables: object) -> str:
    """Return a text with its variables, for peers that have no tag for it."""
    return translate_plural(singular, plural, count) % variables


def make() -> jinja2.Environment:
    """Return an environment with translations of the new style."""
    environment = jinja2.Environment(autoescape=True, extensions=["jinja2.ext.i18n"])
    install = environment.install_gettext_callables  # type: ignore[attr-defined]  # the extension's own
    install(translate, translate_plural, newstyle=True)
    return environment


def _context() -> Context:
    return {
        "user": {"name": "Ada O'Neill"},
        "events": [
            {
                "title": f"Talk {number} & tea",
                "host": "Grace <Hopper>",
                "day": f"2024-05-{number + 1:02}",
                "guests": [f"Guest {number}.{at} & co" for at in range(number % 5)],
                "hours": number % 3 + 1,
                "url": f"/events/{number}",
            }
            for number in range(25)
        ],
    }


WORKLOADS = (
    Workload(
        "invitations in German",
        "invitations.html",
        JINJA2,
        _context(),
        WHEEZY,
        minijinja=MINIJINJA,
        make=make,
        functions={"_": gettext, "gettext": gettext, "ngettext": ngettext},
    ),
)
