"""Filters and tests: the common ones, alone and in chains, on 40 people."""

import re

from bench.workloads import in_htpy, in_tera, in_tornado, in_wheezy_single
from bench.workloads.workload import Context, Others, Workload, escape

JINJA2 = {
    "people.html": """\
<h1>{{ title|trim|upper }}</h1>
{% for person in people if person.active %}
<p id="{{ person.name|lower|replace(" ", "-") }}">{{ person.name|title }}, {{ person.age|default("?") }}\
{% if person.mail is defined and person.mail is not none %}, {{ person.mail|lower }}{% endif %}\
{% if person.age is divisibleby(2) %} (even){% endif %}\
{% if person.tags is iterable and person.tags|length > 1 %} {{ person.tags|join(", ") }}{% endif %}\
 {{ person.score|round(1) }} {{ person.score|int }} {{ person.tags|first }}</p>
{% endfor %}
<p>{{ people|map(attribute="name")|join("; ") }}: {{ people|length }}, {{ people|sum(attribute="age") }}</p>
""",
}


MAKO = {
    "people.html": """\
<h1>${title.strip().upper()}</h1>
% for person in people:
% if person['active']:
<p id="${person['name'].lower().replace(' ', '-')}">${capitals(person['name'])}, ${person['age']}\\
% if person['mail'] is not None:
, ${person['mail'].lower()}\\
% endif
% if person['age'] % 2 == 0:
 (even)\\
% endif
% if len(person['tags']) > 1:
 ${', '.join(person['tags'])}\\
% endif
 ${round(person['score'], 1)} ${int(person['score'])} ${person['tags'][0]}</p>
% endif
% endfor
<p>${'; '.join(person['name'] for person in people)}: ${len(people)}, ${sum(person['age'] for person in people)}</p>
""",
}

CHAMELEON = {
    "people.html": """\
<h1>${title.strip().upper()}</h1>
<tal:block repeat="person people"><p tal:condition="person['active']" \
id="${person['name'].lower().replace(' ', '-')}">${capitals(person['name'])}, ${person['age']}\
<tal:block condition="person['mail'] is not None">, ${person['mail'].lower()}</tal:block>\
<tal:block condition="person['age'] % 2 == 0"> (even)</tal:block>\
<tal:block condition="len(person['tags']) > 1"> ${', '.join(person['tags'])}</tal:block>
 ${round(person['score'], 1)} ${int(person['score'])} ${person['tags'][0]}</p>
</tal:block>
<p>${'; '.join([person['name'] for person in people])}: ${len(people)}, ${sum([person['age'] for person in people])}</p>
""",
}

# What Django has no filter for is in `bench/workloads/django_filters.py`.
DJANGO = {
    "people.html": """\
<h1>{{ title|trimmed|upper }}</h1>
{% for person in people %}{% if person.active %}
<p id="{{ person.name|lower|dashed:"-" }}">{{ person.name|title }}, {{ person.age|default_if_none:"?" }}\
{% if person.mail is not None %}, {{ person.mail|lower }}{% endif %}\
{% if person.age|divisibleby:2 %} (even){% endif %}\
{% if person.tags|length > 1 %} {{ person.tags|join:", " }}{% endif %}
 {{ person.score|floatformat:1 }} {{ person.score|stringformat:"d" }} {{ person.tags|first }}</p>
{% endif %}{% endfor %}
<p>{{ people|column:"name"|join:"; " }}: {{ people|length }}, {{ people|column:"age"|total }}</p>
""",
}

PHP = {
    "people.html": """\
<h1><?= e(strtoupper(trim($title))) ?></h1>
<?php foreach ($people as $person): if (!$person['active']) continue ?>

<p id="<?= e(str_replace(' ', '-', strtolower($person['name']))) ?>"><?= e(ucwords($person['name'])) ?>, \
<?= e($person['age']) ?><?php if ($person['mail'] !== null): ?>, <?= e(strtolower($person['mail'])) ?><?php endif ?>\
<?php if ($person['age'] % 2 == 0): ?> (even)<?php endif ?>\
<?php if (count($person['tags']) > 1): ?> <?= e(implode(', ', $person['tags'])) ?><?php endif ?>
 <?= number_format($person['score'], 1, '.', '') ?> <?= (int) $person['score'] ?> <?= e($person['tags'][0]) ?></p>
<?php endforeach ?>

<p><?= e(implode('; ', array_column($people, 'name'))) ?>: <?= count($people) ?>, \
<?= array_sum(array_column($people, 'age')) ?></p>
""",
}

OTHERS: Others = {
    "mako": MAKO,
    "chameleon": CHAMELEON,
    "django": DJANGO,
    "php": PHP,
    "wheezy": in_wheezy_single.FILTERS,
    "tornado": in_tornado.FILTERS,
    "tera": in_tera.FILTERS,
    "htpy": in_htpy.FILTERS,
}


_words = re.compile(r"([-\s({\[<]+)").split


def capitals(text: str) -> str:
    """Return a text as Jinja2's `title` does, which is not what Python's does."""
    return "".join([word[0].upper() + word[1:].lower() for word in _words(text) if word])


def _context() -> Context:
    return {
        "title": "  People & others ",
        "people": [
            {
                "name": f"ada & grace {number}",
                "age": 20 + number,
                "mail": None if number % 3 else f"Ada{number}@Example.ORG",
                "tags": ["red", "green & blue"][: 1 + number % 2],
                "score": number * 1.37,
                "active": number % 5 != 0,
            }
            for number in range(40)
        ],
    }


def by_hand(context: Context) -> str:
    """Write the people."""
    people = context["people"]
    out = [f"<h1>{escape(context['title'].strip().upper())}</h1>\n"]
    add = out.append
    total = 0
    for person in people:
        age = person["age"]
        total += age
        if not person["active"]:
            continue
        name, mail, tags, score = person["name"], person["mail"], person["tags"], person["score"]
        address = f", {escape(mail.lower())}" if mail is not None else ""
        even = "" if age & 1 else " (even)"
        several = f" {escape(', '.join(tags))}" if len(tags) > 1 else ""
        add(
            f'\n<p id="{escape(name.lower().replace(" ", "-"))}">{escape(capitals(name))}, {age}{address}{even}'
            f"{several} {round(score, 1)} {int(score)} {escape(tags[0])}</p>\n"
        )
    names = "; ".join([escape(person["name"]) for person in people])
    add(f"\n<p>{names}: {len(people)}, {total}</p>")
    return "".join(out)


WORKLOADS = (Workload("filters", "filters", "people.html", _context(), JINJA2, by_hand, others=OTHERS),)
