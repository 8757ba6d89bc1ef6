"""The workloads in the language of Tornado's templates.

An include stands in place, and has the variables of where it stands: there are no macros, and what they take is set
before an include. `e` escapes an exact `str`; escaping by itself, which encodes first and decodes again, is off.
"""

ALERT = {
    "layout.html": """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{% block title %}Feedwhip{% end %}</title>
</head>
<body style="margin:0;background:#f4f4f4;font-family:sans-serif">
<table role="presentation" width="600" style="background:#ffffff">
<tr><td>{% include header.html %}</td></tr>
<tr><td style="padding:24px">{% block content %}{% end %}</td></tr>
<tr><td>{% include footer.html %}</td></tr>
</table>
</body>
</html>
""",
    "header.html": """\
<a href="{{ e(site['url']) }}"><img src="{{ e(site['url']) }}/logo.png" width="120" alt="{{ e(site['name']) }}"></a>
<p>Hello {{ e(user['name']) }},</p>
""",
    "summary.html": """\
<p>We looked at <a href="{{ e(watch['url']) }}">{{ e(watch['title']) }}</a> and found {{ len(changes) }} changes.</p>
{% if watch['note'] %}<p class="note">{{ e(watch['note']) }}</p>{% end %}
""",
    "footer.html": """\
<p style="color:#888888">You get this e-mail because {{ e(user['email']) }} watches this page.
<a href="{{ e(site['url']) }}/watches/{{ watch['id'] }}/pause">Pause</a> or
<a href="{{ e(site['url']) }}/unsubscribe?t={{ e(user['token']) }}">unsubscribe</a>.</p>
""",
    "button.html": """\
<a href="{{ e(href) }}" style="background:{{ e(color) }};color:#ffffff;padding:8px 16px">{{ e(label) }}</a>
""",
    "change.html": """\
<h2><a href="{{ e(change['url']) }}">{{ e(change['title']) }}</a></h2>
<p>{{ e(change['at']) }}, {{ change['percent'] }} %</p>
<pre>
{% for line in change['lines'] %}<span class="{{ e(line['kind']) }}">{{ e(line['text']) }}</span>
{% end %}</pre>
""",
    "alert.html": """\
{% extends layout.html %}
{% block title %}{{ e(watch['title']) }} changed{% end %}
{% block content %}
{% include summary.html %}
{% for index, change in enumerate(changes, 1) %}
<div id="c{{ index }}">{% include change.html %}</div>
{% end %}
{% set href = watch['url'] %}{% set label = "See the page" %}{% set color = "#0066cc" %}{% include button.html %}
{% end %}
""",
}

DIGEST = {
    "digest.html": """\
{% set count = len(groups) %}
<h1>Your {{ e(period) }} digest</h1>
<p>{{ count }} watches, {{ total }} changes.</p>
{% for number, group in enumerate(groups, 1) %}
{% set changes = group['changes'] %}{% set items = len(changes) %}
<section{{ ' class="busy"' if items > 4 else '' }}>
<h2>{{ number }}/{{ count }} <a href="{{ e(group['url']) }}">{{ e(group['name']) }}</a></h2>
{% if changes %}<ul>
{% for index, change in enumerate(changes, 1) %}<li class="{{ 'odd' if index % 2 else 'even' }}">\
<b>{{ e(change['title'].upper()) }}</b> at {{ e(change['at']) }}\
{% if change['added'] > change['removed'] %} grew by {{ change['added'] - change['removed'] }}\
{% elif change['added'] == change['removed'] %} stayed as long\
{% else %} shrank by {{ change['removed'] - change['added'] }}{% end %}{{ '.' if index == items else ',' }}</li>
{% end %}</ul>
{% else %}<p>Nothing new.</p>
{% end %}</section>
{% end %}
""",
}

# There is no `super`: a level that adds to a block fills another one, inside or beside it.
INHERITANCE = {
    "base.html": """\
<html><head><title>{% block titles %}{% end %}{{ e(site) }}</title>
<link rel="stylesheet" href="/{{ e(version) }}/base.css">{% block head %}{% end %}</head>
<body class="{% block kind %}plain{% end %}">
<nav><a href="/">{{ e(site) }}</a>{% block nav %}{% end %}</nav>
<main>{% block main %}{% end %}</main>
<footer><p>{{ e(site) }} {{ year }}</p>{% block footer %}{% end %}</footer>
</body></html>
""",
    "section.html": """\
{% extends base.html %}
{% block titles %}{% block title %}{% end %}{{ e(section) }} - {% end %}
{% block head %}<link rel="stylesheet" href="/{{ e(version) }}/section.css">{% block page_head %}{% end %}{% end %}
{% block nav %} / <a href="/{{ e(section) }}">{{ e(section) }}</a>{% block page_nav %}{% end %}{% end %}
{% block main %}<h1>{{ e(section) }}</h1>{% block body %}{% end %}{% end %}
""",
    "page.html": """\
{% extends section.html %}
{% block title %}{{ e(title) }} - {% end %}
{% block page_head %}<meta name="author" content="{{ e(author) }}">{% end %}
{% block kind %}page{% end %}
{% block page_nav %} / <b>{{ e(title) }}</b>{% end %}
{% block body %}<article>{{ e(text) }}</article>{% end %}
{% block footer %}<p>By {{ e(author) }}</p>{% end %}
""",
}

INCLUDES = {
    "products.html": """\
<h1>{{ e(shop) }}</h1>
{% for product in products %}{% include product.html %}{% end %}
""",
    "product.html": """\
<div class="product">
<h2>{{ e(product['name']) }}</h2>{% if product['stock'] %}{% include stock.html %}{% end %}
<p>{{ e(product['text']) }} Only at {{ e(shop) }}.</p>
</div>
""",
    "stock.html": "<b>{{ product['stock'] }} left for {{ e(product['price']) }} EUR</b>",
}

TABLE = {
    "table.html": """\
<table>
{% for number, row in enumerate(table) %}<tr class="{{ 'even' if number % 2 else 'odd' }}">\
{% for cell in row %}<td>{{ e(str(cell)) }}</td>{% end %}</tr>
{% end %}</table>
""",
}

# What has a body is two includes, the one before it and the one behind.
_UI = {
    "icon.html": """<i class="icon-{{ e(name) }}" style="width:{{ size }}px"></i>""",
    "badge.html": """<span class="badge {{ e(tone) }}">{{ e(text) }}</span>""",
    "link.html": """\
<a class="{{ e(class_) }}" href="{{ e(href) }}">\
{% if icon_name %}{% set name = icon_name %}{% set size = 16 %}{% include icon.html %}{% end %}{{ e(label) }}</a>
""",
    "price.html": """<em>{{ value }} {{ e(currency) }}</em>""",
    "card.html": """<section{{ ' class="open"' if opened else '' }}><h2>{{ e(title) }}</h2><div>""",
    "card_end.html": "</div></section>",
}

MACROS = {
    **_UI,
    "cards.html": """\
{% for index, item in enumerate(items) %}
{% set title = item['title'] %}{% set opened = not index %}{% include card.html %}
{% set class_ = "link" %}{% set href = item['url'] %}{% set label = item['label'] %}{% set icon_name = "" %}\
{% include link.html %}
{% set href = item['url'] + "/edit" %}{% set label = "Edit" %}{% set icon_name = "pen" %}{% include link.html %}
{% set value = item['price'] %}{% set currency = "EUR" %}{% include price.html %} \
{% set text = item['state'] %}{% set tone = item['tone'] %}{% include badge.html %}
{% include card_end.html %}
{% end %}
""",
}

MACROS_IN_A_BLOCK = {
    **_UI,
    "base.html": "<main>{% block main %}{% end %}</main>\n",
    "cards.html": """\
{% extends base.html %}
{% block main %}
{% for index, item in enumerate(items) %}
{% set title = item['title'] %}{% set opened = not index %}{% include card.html %}
{% set url = item['url'] %}
{% set class_ = "link" %}{% set href = url %}{% set label = item['label'] %}{% set icon_name = "" %}\
{% include link.html %}
{% if item['state'] %}{% set href = url + "/edit" %}{% set label = "Edit" %}{% set icon_name = "pen" %}\
{% include link.html %}{% end %}
{% set value = item['price'] %}{% set currency = "EUR" %}{% include price.html %} \
{% set text = item['state'] %}{% set tone = item['tone'] %}{% include badge.html %}
{% include card_end.html %}
{% end %}
{% end %}
""",
}

FORM = {
    "errors.html": """{% for error in found %}<p class="error">{{ e(error) }}</p>{% end %}""",
    "input.html": """\
<label for="{{ e(field['name']) }}">{{ e(field['label']) }}</label>
<input type="{{ e(type_) }}" id="{{ e(field['name']) }}" name="{{ e(field['name']) }}" \
value="{{ e(field['value']) }}"{{ ' required' if required else '' }}>\
{% set found = field['errors'] %}{% include errors.html %}
""",
    "select.html": """\
<label for="{{ e(field['name']) }}">{{ e(field['label']) }}</label>
<select id="{{ e(field['name']) }}" name="{{ e(field['name']) }}">
{% for key, text in field['choices'] %}<option value="{{ e(key) }}"{{ ' selected' if key == field['value'] else '' }}>\
{{ e(text) }}</option>
{% end %}</select>{% set found = field['errors'] %}{% include errors.html %}
""",
    "checkbox.html": """\
<label><input type="checkbox" name="{{ e(field['name']) }}"{{ ' checked' if field['value'] else '' }}> \
{{ e(field['label']) }}</label>{% set found = field['errors'] %}{% include errors.html %}
""",
    "form.html": """\
<form method="post" action="{{ e(action) }}">
{% for field in fields %}
{% if field['kind'] == "select" %}{% include select.html %}
{% elif field['kind'] == "checkbox" %}{% include checkbox.html %}
{% else %}{% set type_ = field['kind'] %}{% set required = field['required'] %}{% include input.html %}
{% end %}
{% end %}
<button>{{ e(label) }}</button>
</form>
""",
}

FILTERS = {
    "people.html": """\
<h1>{{ e(title.strip().upper()) }}</h1>
{% for person in people %}{% if person['active'] %}
<p id="{{ e(person['name'].lower().replace(' ', '-')) }}">{{ e(capitals(person['name'])) }}, {{ person['age'] }}\
{% if person['mail'] is not None %}, {{ e(person['mail'].lower()) }}{% end %}\
{{ ' (even)' if person['age'] % 2 == 0 else '' }}\
{% if len(person['tags']) > 1 %} {{ e(', '.join(person['tags'])) }}{% end %}
 {{ round(person['score'], 1) }} {{ int(person['score']) }} {{ e(person['tags'][0]) }}</p>
{% end %}{% end %}
<p>{{ e('; '.join([person['name'] for person in people])) }}: {{ len(people) }}, \
{{ sum([person['age'] for person in people]) }}</p>
""",
}

I18N = {
    "messages.html": """\
<h1>{{ e(_("Your messages")) }}</h1>
<p>{{ e(_("Hello %(name)s, welcome back.", name=user['name'])) }}</p>
{% for folder in folders %}
<li>{{ e(folder['name']) }}: \
{{ e(ngettext("%(count)s message", "%(count)s messages", folder['count'], count=folder['count'])) }},
{{ e(_("the last of %(who)s at %(at)s", who=folder['last'], at=folder['at'])) }}
<a href="{{ e(folder['url']) }}">{{ e(_("Open the folder")) }}</a>
{{ e(_("Kept for %(days)s days", days=folder['days'])) }}</li>
{% end %}
""",
}

PLAIN = {
    "mail.txt": """\
Hello {{ name }},

{% if len(orders) == 1 %}one order is on its way:{% else %}{{ len(orders) }} orders are on their way:{% end %}

{% for order in orders %}* {{ order['number'] }}: {{ order['title'] }}{{ ' (a gift)' if order['gift'] else '' }}
  {% set last = len(order['lines']) - 1 %}{% for index, line in enumerate(order['lines']) %}\
{{ line['count'] }} x {{ line['name'] }}{{ ', ' if index < last else '' }}{% end %}
{% end %}

Yours,
{{ sender }}
""",
}

# An include stands in place, so one of itself cannot end: `render` is what Tornado's `module Template(…)` calls.
TREE = {
    "tree.html": "<ul>{{ render('level.html', nodes=nodes, depth=1) }}\n</ul>\n",
    "level.html": """\
{% for node in nodes %}
<li class="level-{{ depth }}"><a href="{{ e(node['url']) }}">{{ e(node['name']) }}</a>\
{% if node['children'] %}<ul>{{ render('level.html', nodes=node['children'], depth=depth + 1) }}</ul>{% end %}</li>\
{% end %}
""",
}


def static(paragraphs: str) -> dict[str, str]:
    """Return the static page, around its paragraphs."""
    return {
        "static.html": f"""\
<html><head><title>{{{{ e(title) }}}}</title></head>
<body>
<p>{{% if user %}}Signed in as {{{{ e(user) }}}}{{% else %}}<a href="/in">Sign in</a>{{% end %}}</p>
{paragraphs}<hr>
<p>{{{{ count }}}} pages are watched.</p>
{paragraphs}<footer>{{{{ year }}}}</footer>
</body></html>
""",
    }
