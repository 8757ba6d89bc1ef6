"""Flask-Mail sends messages: the bytes are the message's own, and `bcc` is in the envelope alone."""

from typing import Any

import flask
import flask_mail
import pytest

import blendtpl
from blendtpl.mail.flask import Mail, to_flask_mail
from blendtpl.testing import assert_recipients, read
from tests.mail.servers import Server, running
from tests.mail.signing import RSA_SIGNER, verified

RECIPIENTS = {"ada@example.org", "b@example.org", "c@example.org"}


def message(**fields: Any) -> blendtpl.Message:
    given: dict[str, Any] = {
        "subject": "Grüße " * 30,
        "text": ".\nGrüße\n",
        "html": "<p>Grüße</p>\n",
        "sender": '"Feed, whip" <alerts@example.com>',
        "to": ("Ada <ada@example.org>",),
        "cc": ("b@example.org",),
        "bcc": ("Eve <c@example.org>",),
    }
    return blendtpl.Message(**{**given, **fields})


def application(**config: Any) -> flask.Flask:
    app = flask.Flask("shop")
    app.config.update(MAIL_DEFAULT_SENDER="shop@example.com", **config)
    return app


def test_the_bytes_on_the_wire_are_its_own() -> None:
    signed = to_flask_mail(message(), sign=RSA_SIGNER)
    with running(Server()) as server:
        app = application(MAIL_SERVER="127.0.0.1", MAIL_PORT=server.port)
        mail = Mail(app)
        with app.app_context():
            mail.send(message())
            mail.send(flask_mail.Message("Other", ["d@example.org"], "text"))
            mail.send(signed)
            flask_mail.Mail(app).send(signed)
    own, other, *both = server.arrivals
    assert (own.sender, set(own.recipients)) == ("alerts@example.com", RECIPIENTS)
    assert b"c@example.org" not in own.data
    assert read(own.data).text == ".\nGrüße\n"
    assert other.recipients == ("d@example.org",)
    assert [arrival.data for arrival in both] == [signed.as_bytes()] * 2
    assert verified(both[0].data, RSA_SIGNER)


def test_what_flask_mail_records_in_tests_is_read() -> None:
    app = application(TESTING=True)
    mail = Mail(app)
    with app.app_context(), mail.record_messages() as recorded:
        mail.send(message(subject="Hi"))
    (found,) = recorded
    assert (found.subject, found.body, found.html) == ("Hi", ".\nGrüße\n", "<p>Grüße</p>\n")
    assert (found.recipients, found.cc, found.bcc) == (
        ["Ada <ada@example.org>"],
        ["b@example.org"],
        ["Eve <c@example.org>"],
    )
    assert_recipients(found, *RECIPIENTS)
    assert found.as_string() == str(found) == bytes(found).decode().replace("\r\n", "\n")


def test_an_address_that_flask_mail_would_change_is_refused() -> None:
    with pytest.raises(blendtpl.MessageError, match="Flask-Mail writes an address beyond ASCII in another way"):
        to_flask_mail(message(to=("用户@example.org",), smtputf8=True))


def test_addresses_to_reply_to_are_one_text() -> None:
    assert (
        to_flask_mail(message(reply_to=("x@example.com", "y@example.com"))).reply_to == "x@example.com, y@example.com"
    )
    assert to_flask_mail(message(reply_to="x@example.com")).reply_to == "x@example.com"
    assert to_flask_mail(message()).reply_to is None
