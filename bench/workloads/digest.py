"""A digest: groups of entries, counts, conditions and a few filters."""

from bench.workloads import in_htpy, in_tera, in_tornado, in_wheezy_single
from bench.workloads.workload import Context, Others, Workload, escape

JINJA2 = {
    "digest.html": """\
<h1>Your {{ period }} digest</h1>
<p>{{ groups|length }} watches, {{ total }} changes.</p>
{% for group in groups %}
<section{% if group.changes|length > 4 %} class="busy"{% endif %}>
<h2>{{ loop.index }}/{{ loop.length }} <a href="{{ group.url }}">{{ group.name }}</a></h2>
{% if group.changes %}<ul>
{% for change in group.changes %}<li class="{{ loop.cycle("odd", "even") }}">\
<b>{{ change.title|upper }}</b> at {{ change.at }}\
{% if change.added > change.removed %} grew by {{ change.added - change.removed }}\
{% elif change.added == change.removed %} stayed as long\
{% else %} shrank by {{ change.removed - change.added }}{% endif %}{{ "," if not loop.last else "." }}</li>
{% endfor %}</ul>
{% else %}<p>Nothing new.</p>
{% endif %}</section>
{% endfor %}
""",
}

MAKO = {
    "digest.html": """\
<h1>Your ${period} digest</h1>
<p>${len(groups)} watches, ${total} changes.</p>
% for group in groups:
<section\\
% if len(group['changes']) > 4:
 class="busy"\\
% endif
>
<h2>${loop.index + 1}/${len(groups)} <a href="${group['url']}">${group['name']}</a></h2>
% if group['changes']:
<ul>
% for change in group['changes']:
<li class="${loop.cycle('odd', 'even')}"><b>${change['title'].upper()}</b> at ${change['at']}\\
% if change['added'] > change['removed']:
 grew by ${change['added'] - change['removed']}\\
% elif change['added'] == change['removed']:
 stayed as long\\
% else:
 shrank by ${change['removed'] - change['added']}\\
% endif
${"." if loop.last else ","}</li>
% endfor
</ul>
% else:
<p>Nothing new.</p>
% endif
</section>
% endfor
""",
}

CHAMELEON = {
    "digest.html": """\
<h1>Your ${period} digest</h1>
<p>${len(groups)} watches, ${total} changes.</p>
<section tal:repeat="group groups" class="${'busy' if len(group['changes']) > 4 else None}">
<h2>${repeat.group.number}/${len(groups)} <a href="${group['url']}">${group['name']}</a></h2>
<ul tal:condition="group['changes']">
<li tal:repeat="change group['changes']" class="${('odd', 'even')[repeat.change.index % 2]}">\
<b>${change['title'].upper()}</b> at ${change['at']}\
<tal:block condition="change['added'] > change['removed']"> grew by ${change['added'] - change['removed']}</tal:block>\
<tal:block condition="change['added'] == change['removed']"> stayed as long</tal:block>\
<tal:block condition="change['added'] &lt; change['removed']"> shrank by \
${change['removed'] - change['added']}</tal:block>\
${'.' if repeat.change.end else ','}</li>
</ul>
<p tal:condition="not group['changes']">Nothing new.</p>
</section>
""",
}

DJANGO = {
    "digest.html": """\
<h1>Your {{ period }} digest</h1>
<p>{{ groups|length }} watches, {{ total }} changes.</p>
{% for group in groups %}
<section{% if group.changes|length > 4 %} class="busy"{% endif %}>
<h2>{{ forloop.counter }}/{{ groups|length }} <a href="{{ group.url }}">{{ group.name }}</a></h2>
{% if group.changes %}<ul>
{% for change in group.changes %}<li class="{% if forloop.counter0|divisibleby:2 %}odd{% else %}even{% endif %}">\
<b>{{ change.title|upper }}</b> at {{ change.at }}\
{% if change.added > change.removed %} grew by {{ change.more }}\
{% elif change.added == change.removed %} stayed as long\
{% else %} shrank by {{ change.less }}{% endif %}{% if forloop.last %}.{% else %},{% endif %}</li>
{% endfor %}</ul>
{% else %}<p>Nothing new.</p>
{% endif %}</section>
{% endfor %}
""",
}

PHP = {
    "digest.html": """\
<h1>Your <?= e($period) ?> digest</h1>
<p><?= count($groups) ?> watches, <?= $total ?> changes.</p>
<?php foreach ($groups as $number => $group): ?>
<section<?php if (count($group['changes']) > 4): ?> class="busy"<?php endif ?>>
<h2><?= $number + 1 ?>/<?= count($groups) ?> <a href="<?= e($group['url']) ?>"><?= e($group['name']) ?></a></h2>
<?php if ($group['changes']): ?><ul>
<?php $last = count($group['changes']) - 1; foreach ($group['changes'] as $index => $change): ?>\
<li class="<?= $index % 2 ? 'even' : 'odd' ?>"><b><?= e(strtoupper($change['title'])) ?></b> at <?= e($change['at']) ?>\
<?php if ($change['added'] > $change['removed']): ?> grew by <?= $change['added'] - $change['removed'] ?>\
<?php elseif ($change['added'] == $change['removed']): ?> stayed as long\
<?php else: ?> shrank by <?= $change['removed'] - $change['added'] ?><?php endif ?>\
<?= $index == $last ? '.' : ',' ?></li>
<?php endforeach ?></ul>
<?php else: ?><p>Nothing new.</p>
<?php endif ?></section>
<?php endforeach ?>
""",
}

OTHERS: Others = {
    "mako": MAKO,
    "chameleon": CHAMELEON,
    "django": DJANGO,
    "php": PHP,
    "wheezy": in_wheezy_single.DIGEST,
    "tornado": in_tornado.DIGEST,
    "tera": in_tera.DIGEST,
    "htpy": in_htpy.DIGEST,
}


def _context() -> Context:
    groups = [
        {
            "name": f"Watch {number} & co",
            "url": f"https://example.org/watch/{number}",
            "changes": [
                {
                    "title": f"Change {index} of <it>",
                    "at": "2024-05-01 12:00",
                    "added": (added := (number * 7 + index * 5) % 11),
                    "removed": (removed := (number * 3 + index) % 9),
                    "more": added - removed,
                    "less": removed - added,
                }
                for index in range(number % 7)
            ],
        }
        for number in range(12)
    ]
    return {"period": "weekly", "groups": groups, "total": sum(len(group["changes"]) for group in groups)}


def by_hand(context: Context) -> str:
    """Write the digest."""
    groups = context["groups"]
    count = len(groups)
    out = [f"<h1>Your {escape(context['period'])} digest</h1>\n<p>{count} watches, {context['total']} changes.</p>\n"]
    add = out.append
    for number, group in enumerate(groups, 1):
        changes = group["changes"]
        items = len(changes)
        busy = ' class="busy"' if items > 4 else ""
        add(
            f'\n<section{busy}>\n<h2>{number}/{count} <a href="{escape(group["url"])}">'
            f"{escape(group['name'])}</a></h2>\n"
        )
        if items:
            add("<ul>\n")
            for index, change in enumerate(changes, 1):
                kind = "odd" if index & 1 else "even"
                added, removed = change["added"], change["removed"]
                if added > removed:
                    how = f" grew by {added - removed}"
                elif added == removed:
                    how = " stayed as long"
                else:
                    how = f" shrank by {removed - added}"
                add(
                    f'<li class="{kind}"><b>{escape(change["title"].upper())}</b> at {escape(change["at"])}{how}'
                    f"{'.' if index == items else ','}</li>\n"
                )
            add("</ul>\n</section>\n")
        else:
            add("<p>Nothing new.</p>\n</section>\n")
    return "".join(out)


WORKLOADS = (
    Workload(
        name="digest",
        kind="digest",
        entry="digest.html",
        context=_context(),
        jinja2=JINJA2,
        by_hand=by_hand,
        others=OTHERS,
    ),
)
