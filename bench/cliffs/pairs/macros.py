"""Edits with macros, imports and callers."""

from bench.cliffs.pair import edit, varied
from bench.cliffs.scenes import CARDS, FORM, LIST, TABLE, UI

BADGE = "{{ ui.badge(order.state) }}"
BADGE_TEXT = '<span class="badge plain">{{ order.state }}</span>'
IMPORT = '{% import "ui.html" as ui %}'
HEAD = "<h1>{{ title }}</h1>\n"
BADGE_MACRO = UI[: UI.index("{% macro money")]
BADGE_BODY = '<span class="badge {{ kind }}">{{ text }}</span>'
CALL = "{% call card(order.customer, wide=order.paid) %}"
_LOCAL = varied(LIST, (IMPORT, IMPORT + "\n" + BADGE_MACRO), (BADGE, "{{ badge(order.state) }}"))
_PLAIN_CARD = varied(
    CARDS,
    (CALL, '<section class="card{% if order.paid %} wide{% endif %}">\n<h2>{{ order.customer }}</h2>'),
    ("{% endcall %}", "\n</section>"),
)

PAIRS = (
    edit(
        varied(
            TABLE,
            ('<td class="sum">{{ order.total }} {{ currency }}</td>', '<td class="sum"><b>{{ order.total }}</b></td>'),
        ),
        "a macro in place of markup",
        "a cell of the row is printed by a macro of the same template",
        (HEAD, '{% macro sum(amount) %}\n<td class="sum"><b>{{ amount }}</b></td>\n{% endmacro %}\n' + HEAD),
        ('<td class="sum"><b>{{ order.total }}</b></td>\n', "{{ sum(order.total) }}"),
    ),
    edit(
        LIST,
        "markup in place of a macro",
        "one of the macros' calls is written out",
        (BADGE + "\n", BADGE_TEXT + "\n\n"),
    ),
    edit(
        varied(_LOCAL, (HEAD, HEAD + "{{ badge('new') }}\n")),
        "a macro first used in a loop",
        "what called the macro before the loop is written out",
        ("{{ badge('new') }}\n", '<span class="badge plain">new</span>\n\n'),
    ),
    edit(
        _LOCAL,
        "a macro of another file",
        "the macro comes from another file",
        (IMPORT + "\n" + BADGE_MACRO, IMPORT + "\n"),
        ("{{ badge(order.state) }}", BADGE),
    ),
    edit(
        LIST,
        "names in place of a module",
        "macros are imported by their names, not as a module",
        (IMPORT, '{% from "ui.html" import badge, money %}'),
        ("ui.badge", "badge"),
        ("ui.money", "money"),
    ),
    edit(
        LIST,
        "import with context",
        "the module of macros is imported with context",
        (IMPORT, '{% import "ui.html" as ui with context %}'),
    ),
    edit(
        varied(
            LIST, (IMPORT, '{% from "ui.html" import badge, money %}'), ("ui.badge", "badge"), ("ui.money", "money")
        ),
        "names imported with context",
        "macros are imported by their names, with context",
        ("import badge, money %}", "import badge, money with context %}"),
    ),
    edit(
        varied(LIST, (IMPORT, '{% import "ui.html" as ui with context %}')),
        "a macro that reads the context",
        "a macro reads the currency from the context, and is not given it",
        (
            "{% macro money(amount, unit) %}\n<b>{{ amount }}</b> {{ unit }}",
            "{% macro money(amount) %}\n<b>{{ amount }}</b> {{ currency }}",
        ),
        ("ui.money(order.total, currency)", "ui.money(order.total)"),
    ),
    edit(
        LIST,
        "import in the loop",
        "the import stands in the loop",
        (IMPORT + "\n", ""),
        ("{% for order in orders %}\n", "{% for order in orders %}\n" + IMPORT + "\n"),
    ),
    edit(
        LIST,
        "import of a computed name",
        "the name of the imported template is set at the top",
        (IMPORT, '{% set theme = "ui.html" %}\n{% import theme as ui %}'),
    ),
    edit(
        LIST,
        "an argument by its default",
        "an argument is given that is the default",
        (BADGE, '{{ ui.badge(order.state, "plain") }}'),
    ),
    edit(
        LIST, "an argument by its name", "an argument is given by its name", (BADGE, "{{ ui.badge(text=order.state) }}")
    ),
    edit(
        LIST,
        "arguments in another order",
        "arguments are given by their names, in another order",
        ("ui.money(order.total, currency)", "ui.money(unit=currency, amount=order.total)"),
    ),
    edit(
        LIST,
        "arguments of a dict",
        "arguments are given as the items of a dict",
        (BADGE, "{{ ui.badge(**{'text': order.state}) }}"),
    ),
    edit(
        LIST,
        "kwargs",
        "the macro takes its kind from `kwargs`, which are empty",
        ('{% macro badge(text, kind="plain") %}', "{% macro badge(text) %}"),
        ("{{ kind }}", "{{ kwargs.get('kind', 'plain') }}"),
    ),
    edit(
        LIST,
        "varargs",
        "the macro prints more arguments if there are any",
        (
            BADGE_BODY,
            '<span class="badge {{ kind }}">{{ text }}{% for more in varargs %} {{ more }}{% endfor %}</span>',
        ),
    ),
    edit(
        LIST,
        "a default that reads an argument",
        "the default of an argument is another argument",
        ('(text, kind="plain")', "(text, kind=none, shown=text)"),
        (BADGE_BODY, '<span class="badge {{ kind or "plain" }}">{{ shown }}</span>'),
    ),
    edit(
        LIST,
        "set in a macro",
        "a macro gives its argument another name",
        (BADGE_BODY, "{% set shown = text %}\n" + BADGE_BODY.replace("text", "shown")),
    ),
    edit(
        LIST,
        "a condition in a macro",
        "a macro prints its kind if there is one",
        (BADGE_BODY, BADGE_BODY.replace(" {{ kind }}", "{% if kind %} {{ kind }}{% endif %}")),
    ),
    edit(
        LIST, "a filter in a macro", "a macro trims its argument", (BADGE_BODY, BADGE_BODY.replace("text", "text|trim"))
    ),
    edit(
        LIST,
        "a macro in a macro",
        "a macro prints its text by another macro",
        ("{% macro badge", "{% macro shown(text) %}{{ text }}{% endmacro %}\n{% macro badge"),
        (BADGE_BODY, BADGE_BODY.replace("{{ text }}", "{{ shown(text) }}")),
    ),
    edit(
        FORM,
        "a loop in a macro written out",
        "the macro of a field prints its errors itself, and calls no other macro",
        (
            "{{ errors(field.errors) }}\n",
            '{% for error in field.errors %}\n<p class="error">{{ error }}</p>\n{% endfor %}\n\n',
        ),
    ),
    edit(
        FORM,
        "a macro by another name",
        "the macro gets another name before the loop",
        ("<form method", "{% set draw = field_row %}\n<form method"),
        ("{{ field_row(field, field.kind, field.required) }}", "{{ draw(field, field.kind, field.required) }}"),
    ),
    edit(
        FORM,
        "a macro that is chosen",
        "the row chooses between two macros, which is the same one",
        (
            "{{ field_row(field, field.kind, field.required) }}",
            "{{ (field_row if field.required else field_row)(field, field.kind, field.required) }}",
        ),
    ),
    edit(
        FORM,
        "the text of a macro in a name",
        "what a macro returns gets a name before it is printed",
        (
            "{{ field_row(field, field.kind, field.required) }}",
            "{% set row = field_row(field, field.kind, field.required) %}\n{{ row }}",
        ),
    ),
    edit(
        FORM,
        "the text of a macro through a filter",
        "what a macro returns goes through `|safe`",
        (
            "{{ field_row(field, field.kind, field.required) }}",
            "{{ field_row(field, field.kind, field.required)|safe }}",
        ),
    ),
    edit(
        _PLAIN_CARD,
        "a caller in place of markup",
        "what is around the row is printed by a macro that calls back",
        ('<section class="card{% if order.paid %} wide{% endif %}">\n<h2>{{ order.customer }}</h2>', CALL),
        ("\n</section>\n{% endfor %}", "{% endcall %}\n{% endfor %}"),
    ),
    edit(
        CARDS,
        "a caller with an argument",
        "the macro gives its caller an argument, which that prints",
        ("{{ caller() }}", "{{ caller(title) }}"),
        (CALL, CALL.replace("call card", "call(who) card")),
    ),
    edit(
        varied(CARDS, (CALL, CALL.replace("call card", "call(unit) card")), ("{{ caller() }}", "{{ caller('EUR') }}")),
        "a caller that uses its argument",
        "the caller prints its argument, and not the variable of the page",
        ("{{ order.total }} {{ currency }}", "{{ order.total }} {{ unit }}"),
    ),
    edit(
        CARDS,
        "caller in two branches",
        "the macro calls back in both branches of an `if`",
        ("{{ caller() }}", "{% if wide %}\n{{ caller() }}\n{% else %}\n{{ caller() }}\n{% endif %}"),
    ),
    edit(
        CARDS,
        "caller if there is one",
        "the macro calls back if it was called by `call`",
        ("{{ caller() }}", "{% if caller is defined %}\n{{ caller() }}\n{% endif %}"),
    ),
    edit(
        CARDS,
        "call in call",
        "what is in the card is printed in another `call`",
        (CALL, CALL + "\n{% call inner() %}"),
        ("{% endcall %}\n", "{% endcall %}\n{% endcall %}\n"),
        ("import card %}", "import card, inner %}"),
        ("{% macro card", "{% macro inner() %}{{ caller() }}{% endmacro %}\n{% macro card"),
    ),
    edit(
        CARDS,
        "a condition in a call",
        "a part of what is in the card is printed if there is any",
        ("<p>{{ order.city }}</p>", "{% if order.city %}\n<p>{{ order.city }}</p>\n{% endif %}"),
    ),
    edit(
        CARDS,
        "a macro in a call",
        "what is in the card calls another macro",
        ("import card %}", "import card, place %}"),
        ("{% macro card", "{% macro place(city) %}<p>{{ city }}</p>{% endmacro %}\n{% macro card"),
        ("<p>{{ order.city }}</p>", "{{ place(order.city) }}"),
    ),
    edit(
        varied(
            TABLE,
            ("{% for order in orders %}", "{% call(order) each(orders) %}"),
            ("</tr>\n{% endfor %}\n", "</tr>\n{% endcall %}\n"),
            (
                HEAD,
                "{% macro each(rows) %}\n{% for row in rows %}\n{{ caller(row) }}\n{% endfor %}\n{% endmacro %}\n"
                + HEAD,
            ),
        ),
        "a loop in place of a caller of a row",
        "the loop stands in the page, and not in a macro that calls back for each row",
        ("{% call(order) each(orders) %}", "{% for order in orders %}"),
        ("</tr>\n{% endcall %}\n", "</tr>\n\n{% endfor %}\n"),
    ),
)
