"""Pages and e-mails in four languages: one is ASCII, one Latin-1, and two take two and three bytes for a character.

Enters: nothing. Leaves: for each language the same templates, with its words in them, and a context with its names and
sentences: a short e-mail, an article, a table, comments.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

ROWS, COMMENTS = 200, 30


@dataclass(frozen=True, slots=True)
class Page:
    """One thing to render: the template `entry` of `sources`."""

    language: str
    shape: str
    sources: Mapping[str, str]
    entry: str
    context: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Words:
    """What the templates and the context of a language are made of."""

    language: str
    labels: tuple[str, ...]  # a title, a greeting, and what a table calls its columns
    sentences: tuple[str, ...]
    names: tuple[str, ...]


LAYOUT = """\
<!doctype html>
<html lang="LANGUAGE"><head><meta charset="utf-8"><title>{% block title %}{% endblock %}</title>
<link rel="stylesheet" href="/static/site.css"></head>
<body><header class="site-header"><a href="/">LABEL0</a></header>
<main class="content">{% block content %}{% endblock %}</main>
<footer class="site-footer"><p>SENTENCE1</p></footer></body></html>
"""
MAIL = """\
LABEL1 {{ user.name }},

SENTENCE0

{% for item in items[:3] %}
- {{ item.name }}: {{ item.count }} ({{ item.note }})
{% endfor %}

SENTENCE1
https://example.com/items/{{ user.number }}

SENTENCE2
"""
ARTICLE = """\
{% extends "layout.html" %}
{% block title %}{{ title }}{% endblock %}
{% block content %}
<article><h1>{{ title }}</h1><p class="by">{{ user.name }}</p>
PARAGRAPHS
{% if user.number %}<p class="end"><a href="/by/{{ user.number }}">LABEL2</a></p>{% endif %}
</article>
{% endblock %}
"""
TABLE = """\
{% extends "layout.html" %}
{% block title %}LABEL0{% endblock %}
{% block content %}
<table class="table"><thead><tr><th>LABEL2</th><th>LABEL3</th><th>LABEL4</th></tr></thead><tbody>
{% for item in items %}
<tr class="{{ loop.cycle('odd', 'even') }}"><td><a href="/items/{{ item.number }}">{{ item.name }}</a></td>
<td class="n">{{ item.count }}</td><td>{% if item.open %}LABEL5{% else %}LABEL6{% endif %} {{ item.note }}</td></tr>
{% endfor %}
</tbody></table>
{% endblock %}
"""
COMMENTS_PAGE = """\
{% extends "layout.html" %}
{% block title %}{{ title }}{% endblock %}
{% block content %}
<h1>{{ title }}</h1>
{% for comment in comments %}
<section class="comment" id="c{{ loop.index }}"><h2>{{ comment.by }}</h2>
<p>{{ comment.text }}</p><p><a href="#c{{ loop.index }}">LABEL7</a></p></section>
{% else %}<p>SENTENCE2</p>
{% endfor %}
{% endblock %}
"""
SHAPES = MappingProxyType(
    {
        "e-mail": ("mail.txt", MAIL),
        "article": ("article.html", ARTICLE),
        "table": ("table.html", TABLE),
        "comments": ("comments.html", COMMENTS_PAGE),
    }
)

LANGUAGES = (
    Words(
        "English",
        ("Orders of this week", "Dear", "Read on", "Number", "State", "open", "paid", "Answer this comment"),
        (
            "Your garden has been quiet for some days, and so we looked after it for you.",
            "You get this because you asked us to tell you when something grows.",
            "If you would rather not hear from us, say so on the page of your account.",
            "The oldest tree of the park was planted when nobody here had seen a train.",
        ),
        ("Ada Lovelace", "Grace Hopper", "Mary Somerville", "John O'Neill & Sons"),
    ),
    Words(
        "French",
        (
            *("Commandes récentes", "Chère", "Lire la suite", "Quantité", "État", "à régler", "réglée"),
            "Répondre à ce commentaire",
        ),
        (
            "Votre jardin a été très calme ces derniers jours, et nous l'avons arrosé à votre place.",
            "Vous recevez ce message parce que vous avez demandé à être prévenue dès que ça pousse.",
            "Si vous préférez ne plus être dérangée, dites-le sur la page dédiée à votre compte.",
            "Le plus vieux chêne du parc fut planté à une époque où personne n'avait encore vu de forêt brûlée.",
        ),
        ("Émilie du Châtelet", "Sophie Germain", "René Descartes", "Françoise & Gaëlle"),
    ),
    Words(
        "Russian",
        (
            *("Заказы этой недели", "Уважаемая", "Читать дальше", "Количество", "Состояние", "не оплачен", "оплачен"),
            "Ответить на этот комментарий",
        ),
        (
            "В вашем саду несколько дней было тихо, и мы поливали его вместо вас.",
            "Вы получили это письмо, потому что просили сообщать обо всём, что растёт.",
            "Если вы больше не хотите получать письма, скажите об этом на странице вашей учётной записи.",
            "Самое старое дерево парка посадили тогда, когда здесь ещё никто не видел поезда.",
        ),
        ("Софья Ковалевская", "Пафнутий Чебышёв", "Ольга Ладыженская", "Братья Ляпуновы & Ко"),
    ),
    Words(
        "Japanese",
        ("今週の注文", "拝啓", "続きを読む", "数量", "状態", "未払い", "支払い済み", "このコメントに返信する"),
        (
            "ここ数日お庭が静かでしたので、代わりに水をやっておきました。",
            "何かが育ったら知らせてほしいとのご希望により、このメールをお送りしています。",
            "今後の連絡を希望されない場合は、アカウントのページでお知らせください。",
            "公園で一番古い木が植えられたのは、ここではまだ誰も汽車を見たことがない頃でした。",
        ),
        ("紫式部", "清少納言", "夏目漱石", "関孝和 & 弟子たち"),
    ),
)


def _filled(text: str, words: Words) -> str:
    paragraphs = "\n".join(f"<p>{' '.join(words.sentences[at:] + words.sentences[:at])}</p>" for at in (0, 1, 2, 3) * 3)
    text = text.replace("PARAGRAPHS", paragraphs).replace("LANGUAGE", words.language.lower()[:2])
    for kind, texts in (("LABEL", words.labels), ("SENTENCE", words.sentences)):
        for number, filling in enumerate(texts):
            text = text.replace(f"{kind}{number}", filling)
    return text


def _context(words: Words) -> dict[str, Any]:
    names, sentences = words.names, words.sentences
    return {
        "title": sentences[3],
        "user": {"name": names[0], "number": 17},
        "items": [
            {
                "number": number,
                "name": f"{names[number % 4]} {number}",
                "count": number * 7 % 100,
                "open": number % 3 == 0,
                "note": words.labels[number % len(words.labels)],
            }
            for number in range(ROWS)
        ],
        "comments": [
            {"by": names[number % 4], "text": " ".join(sentences[at % 4] for at in range(number % 5 + 1))}
            for number in range(COMMENTS)
        ],
    }


def pages() -> Iterator[Page]:
    """Yield every page of every language."""
    for words in LANGUAGES:
        layout = {"layout.html": _filled(LAYOUT, words)}
        for shape, (entry, text) in SHAPES.items():
            yield Page(words.language, shape, {**layout, entry: _filled(text, words)}, entry, _context(words))
