"""A hundred thousand e-mails of every kind, and of every failure: ``python -m tests.mail.growth [-n 100000] [kind…]``.

Each kind is made that often, from its context to its bytes, with the collector off, and must leave nothing: see
`testkit.memory`. A word stands for the kinds in whose names it occurs. Prints a line for each kind that leaves
something, and one with counts at the end; exits 1 when anything was left, or when no kind has such a name.
"""

import argparse
import sys
from collections.abc import Callable
from typing import Any

import jinja2

import blendtpl
from blendtpl.mail import Attachment, Image, Invitation, Unsubscribe
from testkit.memory import Growth, measure
from tests.mail.signing import ED25519_SIGNER

_TEMPLATES: dict[str, str | bytes] = {
    "m/subject.txt": "{{ count }} changes on {{ title }}",
    "m/body.txt": "Dear {{ name }},\n\n{% for each in changes %}* {{ each }}\n{% endfor %}",
    "m/body.html": "<p>Dear {{ name }},</p><ul>{% for each in changes %}<li>{{ each }}</li>{% endfor %}</ul>"
    '<img src="{{ cid(\'logo.png\') }}" alt="Logo">',
    "m/message.toml": "category = 'alerts'\nlanguage = 'de'\nunsubscribe = true\n[headers]\nX-Kind = 'alert'\n",
    "logo.png": b"\x89PNG" * 50,
    "one.html": "{% set n = changes|length %}"
    "{% block subject %}{% autoescape false %}{{ n }}{{ title }}{% endautoescape %}{% endblock %}"
    "{% block html %}<p>{{ n }} {{ name }}</p>{% endblock %}",
}
_CONTEXT = {"count": 2, "title": "Grüße <aus> Köln 🙂", "name": "Ada", "changes": ["a < b", "Ωμέγα " * 30]}
_SENT: dict[str, Any] = {
    "to": ["Ada, die Gräfin <ada@example.org>", "b@example.org"],
    "sender": "Feedwhip <a@example.com>",
}
_Errors = type[Exception] | tuple[type[Exception], ...] | None
_INVITATION = Invitation("BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n")
_URL = "https://example.com/stop/" + "7" * 300


def _kinds(registry: blendtpl.Registry) -> dict[str, tuple[Callable[[], object], _Errors]]:
    """Return what makes each kind of message, and the error that it ends in where that is its purpose."""

    def message(name: str = "m", context: dict[str, Any] | None = None, **fields: Any) -> blendtpl.Message:
        given = {**_SENT, **({"unsubscribe": _URL} if name == "m" else {}), **fields}
        return registry.message(name, _CONTEXT if context is None else context, **given)

    def plain(**fields: Any) -> blendtpl.Message:
        return blendtpl.Message(**{"subject": "S", "text": "T", "html": None, **_SENT, **fields})

    wrong = blendtpl.MessageError
    return {
        "a folder": (lambda: message().as_bytes(), None),
        "a template with blocks": (lambda: message("one.html").as_bytes(), None),
        "eight bits": (lambda: message().as_bytes(eight_bit=True), None),
        "an EmailMessage": (lambda: message().as_email_message(), None),
        "signed": (lambda: message().as_bytes(sign=ED25519_SIGNER), None),
        "another language": (lambda: message(language="fr").as_bytes(), None),
        "fifty recipients": (lambda: message(to=[f"Nr. {n} <r{n}@example.org>" for n in range(50)]).as_bytes(), None),
        "all fields": (
            lambda: message(
                cc=["c@example.org"],
                bcc=["d@example.org"],
                reply_to=["e@example.org"],
                headers={"X-Note": "Ä" * 90, "Date": "Mon, 30 Nov 2026 12:00:00 +0000"},
                attachments=[Attachment(b"x" * 3000, "bücher.bin"), _INVITATION],
                images=[Image("b.png", b"\x89PNG")],
                priority="high",
            ).as_bytes(),
            None,
        ),
        "text alone": (lambda: plain().as_bytes(), None),
        "an international address": (lambda: plain(to=["用户@例え.jp"], smtputf8=True).as_bytes(), None),
        "an international domain": (lambda: plain(to=["a@bücher.example"]).as_bytes(), None),
        "unsubscribe by both ways": (lambda: plain(unsubscribe=Unsubscribe(_URL)).as_bytes(), None),
        "no sender": (lambda: message(sender=None), wrong),
        "no way to unsubscribe": (lambda: message(unsubscribe=None), wrong),
        "a variable that is missing": (lambda: message(context={}), blendtpl.UndefinedError),
        "no such message": (lambda: message("n"), jinja2.TemplateNotFound),
        "a line break in a header": (lambda: plain(headers={"X-A": "a\r\nBcc: b@example.org"}), wrong),
        "no address": (lambda: plain(to=["nobody"]), wrong),
        "a string of addresses": (lambda: plain(to="a@example.org"), wrong),
        "an encoded word": (lambda: plain(subject="=?utf-8?q?a?="), wrong),
        "a zero octet": (lambda: plain(text="a\0b").as_bytes(), wrong),
        "a keyword that looks like a field": (lambda: message(Bcc=["a@example.org"]), wrong),
        "a file that is not there": (lambda: plain(attachments=["/nowhere/a.pdf"]).as_bytes(), (wrong, OSError)),
        "a URL that is none": (lambda: plain(unsubscribe="http://example.org"), wrong),
    }  # fmt: skip


def kinds() -> dict[str, Callable[[], object]]:
    """Return what makes each kind of message, or fails as it has to."""
    registry = blendtpl.load(blendtpl.compile(_TEMPLATES))
    return {kind: _failing(call, error) for kind, (call, error) in _kinds(registry).items()}


def _failing(call: Callable[[], object], error: _Errors) -> Callable[[], object]:
    if error is None:
        return call

    def fail() -> object:
        try:
            call()
        except error:
            return None
        raise AssertionError("it does not fail")

    return fail


def grown(call: Callable[[], object], count: int) -> Growth:
    """Return what so many messages leave."""
    growth = measure(call, count)
    return measure(call, count) if growth else growth  # what `malloc` once kept back for later it has then


def main(arguments: list[str] | None = None) -> int:
    """Make messages, and tell what they leave."""
    asked = argparse.ArgumentParser(prog="python -m tests.mail.growth", description=__doc__)
    asked.add_argument("-n", type=int, default=100_000, dest="count", help="how often each kind is made")
    asked.add_argument("kinds", nargs="*", help="parts of the names of kinds; all when left out")
    given = asked.parse_args(arguments)
    calls = {
        kind: call for kind, call in kinds().items() if not given.kinds or any(part in kind for part in given.kinds)
    }
    failed = most = 0
    for kind, call in calls.items():
        growth = grown(call, given.count)
        most = max(most, growth.blocks)
        failed += bool(growth)
        if growth:
            print(f"{kind}: {growth}", flush=True)
    print(
        f"{len(calls)} kinds, {len(calls) * given.count:,} messages: {failed} leave something;"
        f" growth of {most} blocks at most"
    )
    return 1 if failed or not calls else 0


if __name__ == "__main__":
    sys.exit(main())
