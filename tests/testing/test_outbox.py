"""The outbox has what was sent, and its server does what a test asks it to."""

import asyncio
import smtplib
from typing import Any

import pytest

from blendtpl.mail.send import DeliveryError, send, send_async
from blendtpl.testing import Outbox, read
from tests.mail.signing import RSA_SIGNER, verified
from tests.testing.support import message


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Outbox:
    made = Outbox()
    made.install(monkeypatch.setattr)
    return made


def test_what_is_sent_stays_in_it(box: Outbox) -> None:
    smtp: Any = object()
    given = message(cc=("b@example.org",), bcc=("c@example.org",))
    sent = send(given, smtp)
    asyncio.run(send_async(message(subject="Two"), smtp))
    assert len(box) == 2
    first, second = box
    assert first.message is given
    assert (first.sender, first.recipients) == (
        "alerts@example.com",
        ("ada@example.org", "b@example.org", "c@example.org"),
    )
    assert first.data == sent.data
    assert first.bcc == ("c@example.org",)
    assert second.read().subject == "Two"
    assert box[-1] is second
    assert box.to("c@example.org") == [first]
    assert sent.taken == first.recipients


def test_the_only_one_is_given_and_others_are_told(box: Outbox) -> None:
    with pytest.raises(AssertionError, match="one message should have been sent: <Outbox of 0: nothing was sent>"):
        _ = box.only
    smtp: Any = None
    send(message(), smtp)
    assert box.only.read().subject == "Hi"
    send(message(subject="Two"), smtp)
    with pytest.raises(AssertionError, match=r"<Outbox of 2: 'Hi' to ada@example\.org; 'Two' to"):
        _ = box.only
    box.clear()
    assert list(box) == []


def test_a_recipient_that_it_is_told_to_refuse_is_refused(box: Outbox) -> None:
    smtp: Any = None
    box.refuse("b@example.org", 451, "4.2.0 later")
    sent = send(message(cc=("b@example.org",)), smtp)
    assert (sent.taken, str(sent.refused["b@example.org"])) == (("ada@example.org",), "451 4.2.0 later")
    assert box.only.recipients == ("ada@example.org",)
    with pytest.raises(DeliveryError, match=r"the server refused the recipients\n  b@example\.org: 451") as caught:
        send(message(to=("b@example.org",)), smtp)
    assert caught.value.temporary
    assert len(box) == 1


def test_a_server_without_an_extension_is_sent_what_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    smtp: Any = None
    box = Outbox(offers=())
    box.install(monkeypatch.setattr)
    send(message(text="Grüße " * 30), smtp)
    assert box.only.data.isascii()
    with pytest.raises(DeliveryError, match="does not offer SMTPUTF8"):
        send(message(to=("用户@example.org",), smtputf8=True), smtp)
    box.offers |= {"8bitmime", "smtputf8"}
    send(message(to=("用户@example.org",), smtputf8=True), smtp)
    assert box[-1].recipients == ("用户@example.org",)


def test_what_is_signed_is_there_signed(box: Outbox) -> None:
    smtp: Any = None
    send(message(), smtp, sign=RSA_SIGNER)
    assert verified(box.only.data, RSA_SIGNER)


def test_messages_are_put_in_by_hand() -> None:
    box = Outbox()
    given = message(bcc=("c@example.org",))
    assert box.add(given).recipients == ("ada@example.org", "c@example.org")
    assert box[0].sender == "alerts@example.com"
    post = box.add(given.as_bytes(), ["x@example.org"], "y@example.org")
    assert (post.message, post.recipients, post.sender) == (None, ("x@example.org",), "y@example.org")


def test_its_connection_stands_in_for_one_of_smtplib(box: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtplib, "SMTP", box.smtp)
    box.refuse("b@example.org")
    with smtplib.SMTP("mail.example.com", 587) as smtp:
        smtp.starttls()
        smtp.login("user", "password")
        send(message(), smtp)
        refused = smtp.sendmail("a@example.org", ["b@example.org", "c@example.org"], message(subject="Raw").as_bytes())
        assert smtp.has_extn("SMTPUTF8")
    assert refused == {"b@example.org": (550, b"5.1.1 no such box")}
    assert [(post.read().subject, post.recipients) for post in box] == [
        ("Hi", ("ada@example.org",)),
        ("Raw", ("c@example.org",)),
    ]


def test_its_connection_stands_in_for_one_of_aiosmtplib(box: Outbox) -> None:
    async def posted() -> None:
        smtp: Any = box.smtp(hostname="mail.example.com")
        async with smtp:
            await send_async(message(), smtp)

    asyncio.run(posted())
    assert read(box.only).recipients == ("ada@example.org",)
