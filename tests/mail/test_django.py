"""Django sends messages by whatever backend: the bytes are the message's own, and `bcc` is in the envelope alone."""

import smtplib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import pytest
from django.conf import settings
from django.core import mail
from django.test.utils import override_settings

import blendtpl
from blendtpl.mail.attachments import Invitation
from blendtpl.testing import assert_recipients, read
from tests.mail.servers import Server, running
from tests.mail.signing import RSA_SIGNER, verified

if not settings.configured:
    settings.configure(USE_TZ=True)
    django.setup()  # for whoever finds the settings of this process as they are

from blendtpl.mail.django import to_django

# Django from 6.1 on has another setting, and warns of the one that all versions have
pytestmark = pytest.mark.filterwarnings("ignore:.*(EMAIL_|connection|mailer|MAILERS)")

CALENDAR = "BEGIN:VCALENDAR\nMETHOD:REQUEST\nEND:VCALENDAR\n"
RECIPIENTS = ("ada@example.org", "b@example.org", "c@example.org")


def message(**fields: Any) -> blendtpl.Message:
    given: dict[str, Any] = {
        "subject": "Grüße",
        "text": ".\nGrüße\n",
        "html": "<p>Grüße</p>\n",
        "sender": '"Feed, whip" <alerts@example.com>',
        "to": ("Ada <ada@example.org>",),
        "cc": ("b@example.org",),
        "bcc": ("Eve <c@example.org>",),
        "reply_to": "help@example.com",
    }
    return blendtpl.Message(**{**given, **fields})


@pytest.fixture
def outbox() -> Iterator[list[Any]]:
    mail.outbox = []
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        yield mail.outbox


def backend(server: Server, path: str = "blendtpl.mail.django.EmailBackend", **options: Any) -> Any:
    return mail.get_connection(path, host="127.0.0.1", port=server.port, timeout=30, **options)


def test_the_backend_for_tests_keeps_it_as_it_goes_out(outbox: list[Any]) -> None:
    given = to_django(message())
    assert given.send() == 1
    (kept,) = outbox
    assert kept is not given
    assert kept.message().as_bytes(linesep="\r\n") == given.message().as_bytes(linesep="\r\n")
    found = assert_recipients(kept, *RECIPIENTS)
    assert (found.subject, found.text, found.html) == ("Grüße", ".\nGrüße\n", "<p>Grüße</p>\n")
    assert b"c@example.org" not in found.data


@pytest.mark.parametrize("path", ["django.core.mail.backends.smtp.EmailBackend", "blendtpl.mail.django.EmailBackend"])
def test_by_smtp_the_bytes_on_the_wire_are_its_own(path: str) -> None:
    given = to_django(message(message_id="<1@example.com>"), sign=RSA_SIGNER)
    with running(Server()) as server:
        assert backend(server, path).send_messages([given]) == 1
    (arrival,) = server.arrivals
    assert (arrival.sender, arrival.recipients) == ("alerts@example.com", RECIPIENTS)
    assert verified(arrival.data, RSA_SIGNER)
    assert b"c@example.org" not in arrival.data
    assert read(arrival.data).text == ".\nGrüße\n"
    if path.startswith("django"):
        assert arrival.data == given.message().as_bytes(linesep="\r\n")


def test_our_backend_takes_both_kinds_and_negotiates() -> None:
    own = message(to=("用户@example.org",), smtputf8=True)
    other = mail.EmailMessage("Other", "text", "a@example.com", ["d@example.org"])
    with running(Server()) as server:
        assert backend(server).send_messages([own, other]) == 2
    first, second = server.arrivals
    assert {"SMTPUTF8", "BODY=8BITMIME"} <= set(first.options)
    assert first.recipients[0] == "用户@example.org"
    assert "Grüße".encode() in first.data
    assert second.recipients == ("d@example.org",)


def test_what_the_server_refuses_is_an_error_of_smtplib_as_with_django_or_no_message_sent() -> None:
    with running(Server(answers={"DATA": "554 5.6.0 no spam"})) as server:
        with pytest.raises(smtplib.SMTPException, match=r"the server refused the message: 554 5\.6\.0 no spam"):
            backend(server).send_messages([message()])
        assert backend(server, fail_silently=True).send_messages([message()]) == 0
        assert backend(server).send_messages([]) == 0
    assert server.arrivals == []


def test_backends_for_files_and_terminals_write_its_bytes_with_line_feeds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = to_django(message())
    wanted = given.message().as_bytes(linesep="\n")
    assert b"\r" not in wanted
    mail.get_connection("django.core.mail.backends.filebased.EmailBackend", file_path=str(tmp_path)).send_messages(
        [given]
    )
    (file,) = tmp_path.iterdir()
    assert file.read_bytes().startswith(wanted)
    mail.get_connection("django.core.mail.backends.console.EmailBackend").send_messages([given])
    assert capsys.readouterr().out.startswith(wanted.decode())
    assert given.message().as_string() == str(given.message()) == wanted.decode()


def test_a_backend_that_asks_for_fields_finds_them() -> None:
    given = to_django(
        message(
            attachments=[("a.bin", b"\0\1", "application/octet-stream"), Invitation(CALENDAR)],
            headers={"X-Own": "1"},
            reply_to=("x@example.com", "y@example.com"),
        )
    )
    assert (given.subject, given.body) == ("Grüße", ".\nGrüße\n")
    assert (given.to, given.cc, given.bcc) == (["Ada <ada@example.org>"], ["b@example.org"], ["Eve <c@example.org>"])
    assert given.reply_to == ["x@example.com", "y@example.com"]
    assert given.extra_headers == {"X-Own": "1"}
    assert [tuple(each) for each in given.alternatives] == [("<p>Grüße</p>\n", "text/html")]
    assert [tuple(each) for each in given.attachments] == [
        ("a.bin", b"\0\1", "application/octet-stream"),
        ("invitation.ics", CALENDAR, "text/calendar"),
    ]
    assert to_django(message(text=None, reply_to=None)).body == ""
