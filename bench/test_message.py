"""A message: from a context to the bytes that go over the wire, beside the stacks that do the same today, in one run.

The e-mail is the alert of ten changes, with a subject, a text, headers to unsubscribe by, and its style sheet on the
elements. blendtpl's templates have that already, as a build puts it there; the peers inline it in each message, or keep
what they inlined in a cache of one entry. All are told what is written to whom, and all give the whole message.
"""

from collections.abc import Callable, Mapping
from email.header import Header
from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import SMTP
from email.utils import formataddr, formatdate, make_msgid
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import blendtpl
from bench.measure import compare, jinja2_environment
from bench.workloads import WORKLOADS

css_inline = pytest.importorskip("css_inline", reason="css-inline is not installed, which the peers put styles on with")

ALERT = next(workload for workload in WORKLOADS if workload.name == "alert, 10 changes, dicts")
SHEET = """\
<style>h2{margin:16px 0 4px;font-size:16px}h2 a{color:#0066cc;text-decoration:none}p{margin:0 0 8px;line-height:1.5}
pre{background:#f6f8fa;padding:8px}.new{color:#117733}.gone{color:#aa3333}.note{font-style:italic}</style>
"""
SENDER, TO = ("Feedwhip", "alerts@feedwhip.example"), ("Ada O'Neill", "ada@example.org")
UNSUBSCRIBE = "https://feedwhip.example/unsubscribe?list=4711&token=b71ceaf04d0c4b8f"
SUBJECT = "{{ watch.title }}: {{ changes|length }} changes"
TEXT = """\
Hello {{ user.name }},

{{ watch.title }} has changed: {{ watch.url }}
{% for change in changes %}

* {{ change.title }} ({{ change.at }}, {{ change.percent }} %)
  {{ change.url }}{% endfor %}

-- 
{{ site.name }}, {{ site.url }}/watches/{{ watch.id }}/pause
"""  # noqa: W291  # two hyphens and a blank are how signatures begin


def _sources(language: str) -> dict[str, str]:
    """Return the templates of the e-mail with its style sheet; in `language` with letters beyond ASCII, or without."""
    layout = ALERT.jinja2["layout.html"].replace("</head>", f"{SHEET}</head>")
    footer = "Mit freundlichen Grüßen – Ihr Team" if language == "german" else "Kind regards, the team"
    return {
        **ALERT.jinja2,
        "layout.html": layout.replace("</body>", f"<p>{footer}</p>\n</body>"),
        "alert/subject.txt": SUBJECT + (" – geändert" if language == "german" else ""),
        "alert/body.txt": f"{TEXT}{footer}\n",
        "alert/body.html": ALERT.jinja2["alert.html"],
    }


def _inlined(sources: Mapping[str, str]) -> dict[str, str]:
    """Return the templates as a build leaves them that has put the sheet onto their elements."""
    styles = {
        "<h2><a ": '<h2 style="margin:16px 0 4px;font-size:16px;"><a style="color:#0066cc;text-decoration:none;" ',
        "<p>": '<p style="margin:0 0 8px;line-height:1.5;">',
        '<p class="note">': '<p class="note" style="margin:0 0 8px;line-height:1.5;font-style:italic;">',
        "<pre>": '<pre style="background:#f6f8fa;padding:8px;">',
        '<span class="{{ line.kind }}">': (
            '<span class="{{ line.kind }}"{% if line.kind == "new" %} style="color:#117733;"'
            '{% elif line.kind == "gone" %} style="color:#aa3333;"{% endif %}>'
        ),
        '<p style="color:#888888">': '<p style="margin:0 0 8px;line-height:1.5;color:#888888">',
    }
    inlined = {}
    for name, text in sources.items():
        inlined[name] = text.replace(SHEET, "")
        if name.endswith(".html") and name != "macros.html":
            for plain, styled in styles.items():
                inlined[name] = inlined[name].replace(plain, styled)
    return inlined


def by_blendtpl(language: str) -> Callable[[], bytes]:
    """The message of a registry, and its bytes."""
    registry = blendtpl.load(blendtpl.compile(_inlined(_sources(language))))
    sender, to = (f"{name} <{box}>" for name, box in (SENDER, TO))
    context = ALERT.context
    return lambda: registry.message("alert", context, to=[to], sender=sender, unsubscribe=UNSUBSCRIBE).as_bytes()


def by_email_message(language: str) -> Callable[[], bytes]:
    """The best of today: Jinja2 set up for speed, css-inline for each message, `EmailMessage`."""
    environment, inliner = jinja2_environment(_sources(language)), css_inline.CSSInliner()
    context = ALERT.context

    def write() -> bytes:
        message = EmailMessage(policy=SMTP)
        message["Subject"] = environment.get_template("alert/subject.txt").render(context)
        message["From"], message["To"] = formataddr(SENDER), formataddr(TO)
        message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="feedwhip.example")
        message["List-Unsubscribe"] = f"<{UNSUBSCRIBE}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(environment.get_template("alert/body.txt").render(context))
        html = inliner.inline(environment.get_template("alert/body.html").render(context))
        message.add_alternative(html, subtype="html")
        return message.as_bytes()

    return write


def by_mime_text(language: str) -> Callable[[], bytes]:
    """The legacy classes, with the styled HTML from a cache that is always right."""
    environment, inliner = jinja2_environment(_sources(language)), css_inline.CSSInliner()
    context = ALERT.context
    styled: dict[str, str] = {}

    def write() -> bytes:
        message = MIMEMultipart("alternative")
        message["Subject"] = Header(environment.get_template("alert/subject.txt").render(context), "utf-8").encode()
        message["From"], message["To"] = formataddr(SENDER), formataddr(TO)
        message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="feedwhip.example")
        message["List-Unsubscribe"] = f"<{UNSUBSCRIBE}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.attach(MIMEText(environment.get_template("alert/body.txt").render(context), "plain", "utf-8"))
        html = environment.get_template("alert/body.html").render(context)
        if html not in styled:
            styled[html] = inliner.inline(html)
        message.attach(MIMEText(styled[html], "html", "utf-8"))
        return message.as_bytes()

    return write


def html_alone(language: str) -> Callable[[], str]:
    """The measure of all: the HTML of the message, rendered."""
    registry = blendtpl.load(blendtpl.compile(_inlined(_sources(language))))
    context = ALERT.context
    return lambda: registry.render("alert/body.html", context)


def parts_alone(language: str) -> Callable[[], Any]:
    """All three parts, rendered, without a message."""
    registry = blendtpl.load(blendtpl.compile(_inlined(_sources(language))))
    context = ALERT.context
    names = ("alert/subject.txt", "alert/body.txt", "alert/body.html")
    return lambda: [registry.render(name, context) for name in names]


WAYS: dict[str, Callable[[str], Callable[[], Any]]] = {
    "blendtpl": by_blendtpl,
    "html render": html_alone,
    "three renders": parts_alone,
    "EmailMessage, css-inline": by_email_message,
    "MIMEText, css cached": by_mime_text,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("language", ["english", "german"])
@pytest.mark.benchmark(max_time=0.6)
@pytest.mark.usefixtures("no_collector")
def test_message(benchmark: BenchmarkFixture, language: str, way: str) -> None:
    """From the context to the bytes."""
    run = WAYS[way](language)
    compare(benchmark, f"message, {language}", peer=way != "blendtpl", collector="off")
    benchmark.extra_info["size"] = len(run())
    benchmark(run)
