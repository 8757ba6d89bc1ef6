"""Debian's Postfix, on loopback: it takes what is sent, and gives it back as it was."""

from collections.abc import Iterator

import pytest

import blendtpl
from blendtpl.mail.dkim import DkimSigners
from tests.mail.arrival import Generator
from tests.mail.postfix import Postfix, missing, running, wrong
from tests.mail.signing import ED25519_SIGNER, RSA_SIGNER, verified

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(missing()), reason=missing() or "it is there")]


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    with running() as started:
        yield started


MESSAGES: dict[str, dict[str, object]] = {
    "plain": {},
    "dots and blanks": {"text": ".\n..\n  two  blanks \n\n.\n\n\n"},
    "beyond ascii": {"subject": "Überraschung 🙂 " * 9, "text": "Grüße\n" * 40, "html": "<p>Grüße</p>\n" * 40},
    "long lines": {"html": "<p>" + "x" * 5000 + "</p>"},
    "a file": {"attachments": [("bücher.bin", bytes(range(256)) * 40)]},
    "an address beyond ascii": {"to": ["用户@example.org"], "smtputf8": True},
}


@pytest.mark.parametrize("kind", MESSAGES)
def test_it_gives_back_what_was_sent(postfix: Postfix, kind: str) -> None:
    given: dict[str, object] = {"subject": "Hi", "text": "Hello\n", "html": None, "sender": "a@example.com"}
    message = blendtpl.Message(**{**given, "to": ["b@example.org"], **MESSAGES[kind]})  # type: ignore[arg-type]
    sent = postfix.sent(message, DkimSigners(RSA_SIGNER, ED25519_SIGNER))
    (data,) = postfix.delivered(1)
    assert data == sent.data
    for index in (0, 1):
        assert verified(data, RSA_SIGNER, ED25519_SIGNER, index=index)


def test_every_recipient_gets_it_and_no_byte_names_a_bcc(postfix: Postfix) -> None:
    message = blendtpl.Message(
        subject="Hi",
        text="Hello\n",
        html=None,
        sender="a@example.com",
        to=("b@example.org",),
        cc=("c@example.org",),
        bcc=("d@example.org",),
    )
    sent = postfix.sent(message)
    assert sent.taken == ("b@example.org", "c@example.org", "d@example.org")
    assert postfix.delivered(3) == [sent.data] * 3
    assert b"d@example.org" not in sent.data


def test_generated_messages_come_out_as_they_went_in(postfix: Postfix) -> None:
    generator = Generator(5)
    assert [wrong(postfix, generator) for _ in range(12)] == [""] * 12
