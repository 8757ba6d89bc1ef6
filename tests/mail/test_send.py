"""Sending, to real servers on loopback: what arrives is what was made, and who refuses is told."""

import asyncio
import pickle
import smtplib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiosmtplib
import pytest

import blendtpl
from blendtpl import NotInstalledError
from blendtpl.mail.send import DeliveryError, Refusal, Sendable, Sent, send, send_async
from tests.mail.servers import Server, running
from tests.mail.signing import RSA_SIGNER, verified

Post = Callable[..., Sent]


def by_smtplib(server: Server, *messages: Sendable, **options: Any) -> Sent:
    with smtplib.SMTP("127.0.0.1", server.port, local_hostname="localhost", timeout=30) as smtp:
        return [send(message, smtp, **options) for message in messages][-1]


def by_aiosmtplib(server: Server, *messages: Sendable, **options: Any) -> Sent:
    async def posted() -> Sent:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=server.port, local_hostname="localhost", timeout=30)
        async with client as smtp:
            return [await send_async(message, smtp, **options) for message in messages][-1]

    return asyncio.run(posted())


@pytest.fixture(params=[by_smtplib, by_aiosmtplib])
def post(request: pytest.FixtureRequest) -> Post:
    return request.param  # type: ignore[no-any-return]


@dataclass
class Written:
    """A message of given bytes, which counts how often it is asked for them."""

    eight: bytes = "From: a@example.org\r\nSubject: Hi\r\n\r\ncafé\r\n".encode()
    seven: bytes = b"From: a@example.org\r\nSubject: Hi\r\n\r\ncaf=C3=A9\r\n"
    recipients: tuple[str, ...] = ("b@example.org", "c@example.org")
    envelope_sender: str = "a@example.org"
    needs_smtputf8: bool = False
    made: list[bool] = field(default_factory=list)

    def as_bytes(self, *, eight_bit: bool = False, sign: Any = None) -> bytes:
        self.made.append(eight_bit)
        data = self.eight if eight_bit else self.seven
        signers = sign if isinstance(sign, Sequence) else [sign] if sign else []
        return b"".join(each.sign(data) for each in signers) + data


def test_eight_bits_go_where_they_are_offered_and_are_made_once(post: Post) -> None:
    message = Written()
    with running(Server()) as server:
        sent = post(server, message)
    (arrival,) = server.arrivals
    assert arrival.data == sent.data == message.eight
    assert (arrival.sender, arrival.recipients) == ("a@example.org", ("b@example.org", "c@example.org"))
    assert set(arrival.options) == {f"SIZE={len(message.eight)}", "BODY=8BITMIME"}
    assert message.made == [True]
    assert (sent.taken, sent.refused) == (message.recipients, {})
    assert (sent.eight_bit, sent.smtputf8) == (True, False)


def test_seven_bits_go_where_nothing_else_is_offered(post: Post) -> None:
    message = Written()
    with running(Server(hidden=("8BITMIME",))) as server:
        sent = post(server, message)
    assert server.arrivals[0].data == sent.data == message.seven
    assert server.arrivals[0].options == (f"SIZE={len(message.seven)}",)
    assert message.made == [False]
    assert not sent.eight_bit


def test_what_has_no_byte_beyond_ascii_is_not_said_to_have_one(post: Post) -> None:
    message = Written(eight=Written().seven)
    with running(Server()) as server:
        sent = post(server, message)
    assert server.arrivals[0].options == (f"SIZE={len(message.seven)}",)
    assert not sent.eight_bit


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b".\r\n",
        b"..\r\n.\r\n...\r\n",
        b".a\r\n.\r\nb\r\n",
        b"\r\n.\r\n\r\n",
        b"x" * 998 + b"\r\n.",
        b"\r\n" * 50,
        bytes(range(128, 256)) + b"\r\n.\r\n",
        b"....\r\n" * 100_000,
    ],
)
def test_no_dot_and_no_line_is_added_or_lost(post: Post, body: bytes) -> None:
    data = b"From: a@example.org\r\n\r\n" + body
    with running(Server()) as server:
        sent = post(server, Written(eight=data))
    assert sent.data == data
    wanted = data if data.endswith(b"\r\n") else data + b"\r\n"
    assert [arrival.data for arrival in server.arrivals] == [wanted]


def test_several_messages_go_over_one_connection(post: Post) -> None:
    with running(Server()) as server:
        post(server, Written(), Written(recipients=("d@example.org",)), Written())
    assert [arrival.recipients for arrival in server.arrivals] == [
        ("b@example.org", "c@example.org"),
        ("d@example.org",),
        ("b@example.org", "c@example.org"),
    ]


def test_what_is_signed_arrives_signed(post: Post) -> None:
    message = Written(eight=b"From: a@example.com\r\nSubject: caf\xc3\xa9\r\n\r\n.\r\n  caf\xc3\xa9  \r\n\r\n")
    with running(Server()) as server:
        post(server, message, sign=[RSA_SIGNER])
        post(server, message, sign=RSA_SIGNER)
    for arrival in server.arrivals:
        assert verified(arrival.data, RSA_SIGNER)


def test_an_address_beyond_ascii_goes_where_it_can(post: Post) -> None:
    message = Written(recipients=("用户@example.org",), needs_smtputf8=True)
    with running(Server()) as server:
        sent = post(server, message)
    assert server.arrivals[0].recipients == ("用户@example.org",)
    assert "SMTPUTF8" in server.arrivals[0].options
    assert sent.smtputf8


@pytest.mark.parametrize(("smtputf8", "hidden"), [(False, ()), (True, ("8BITMIME",))])
def test_an_address_beyond_ascii_goes_nowhere_else(post: Post, smtputf8: bool, hidden: tuple[str, ...]) -> None:
    message = Written(recipients=("用户@example.org", "b@example.org"), needs_smtputf8=True)
    with running(Server(hidden=hidden), smtputf8=smtputf8) as server:
        with pytest.raises(DeliveryError) as caught:
            post(server, message)
        assert server.commands == []
        assert message.made == []
        post(server, Written())
    assert str(caught.value) == (
        "the server does not offer SMTPUTF8, which an address beyond ASCII (用户@example.org) needs: send the message"
        " by a server that does, or write the address in ASCII"
    )
    assert (caught.value.temporary, caught.value.unknown) == (False, False)


def test_a_recipient_that_is_refused_is_told_and_the_others_get_it(post: Post) -> None:
    with running(Server(answers={"b@example.org": "550 5.1.1 no such box", "c@example.org": "250 OK"})) as server:
        sent = post(server, Written())
    assert sent.taken == ("c@example.org",)
    assert sent.refused == {"b@example.org": Refusal(550, "5.1.1 no such box")}
    assert not sent.refused["b@example.org"].temporary
    assert server.arrivals[0].recipients == ("c@example.org",)
    assert repr(sent) == "<Sent to 1 recipient, 1 refused>"


def test_when_all_are_refused_the_error_says_what_was_said_of_each(post: Post) -> None:
    answers = {"b@example.org": "550 5.1.1 no such box", "c@example.org": "451 4.2.0 later"}
    with running(Server(answers=answers)) as server:
        with pytest.raises(DeliveryError) as caught:
            post(server, Written())
        assert server.arrivals == []
        post(server, Written(recipients=("d@example.org",)))
    assert str(caught.value) == (
        "the server refused the recipients\n  b@example.org: 550 5.1.1 no such box\n  c@example.org: 451 4.2.0 later"
    )
    assert caught.value.refused["c@example.org"].temporary
    assert caught.value.temporary
    assert not caught.value.unknown


@pytest.mark.parametrize(
    ("answers", "told", "temporary"),
    [
        (
            {"MAIL": "550 5.7.1 not from you"},
            "the server refused the sender a@example.org: 550 5.7.1 not from you",
            False,
        ),
        ({"DATA": "554 5.6.0 no spam"}, "the server refused the message: 554 5.6.0 no spam", False),
        ({"DATA": "452 4.3.1 disk full"}, "the server refused the message: 452 4.3.1 disk full", True),
    ],
)
def test_what_the_server_says_of_the_whole_is_told(
    post: Post, answers: dict[str, str], told: str, temporary: bool
) -> None:
    with running(Server(answers=answers)) as server, pytest.raises(DeliveryError) as caught:
        post(server, Written())
    assert str(caught.value) == told
    assert caught.value.temporary is temporary
    assert not caught.value.unknown
    back = pickle.loads(pickle.dumps(caught.value))
    assert (str(back), back.refusal, back.temporary) == (told, caught.value.refusal, temporary)


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
def test_a_connection_that_breaks_on_the_way_is_told_as_such(post: Post, command: str) -> None:
    with (
        running(Server(breaks=command)) as server,
        pytest.raises(DeliveryError, match="it may have it or not") as caught,
    ):
        post(server, Written())
    assert caught.value.unknown
    assert caught.value.temporary
    assert caught.value.__cause__ is not None


def test_a_message_that_is_too_large_is_refused_before_it_is_sent(post: Post) -> None:
    with running(Server(), size=20) as server, pytest.raises(DeliveryError, match="552"):
        post(server, Written())
    assert "DATA" not in server.commands


def test_without_a_connection_nothing_is_made() -> None:
    message = Written()
    with pytest.raises(DeliveryError, match="there is no connection to the server") as caught:
        send(message, smtplib.SMTP())
    assert not caught.value.unknown
    with pytest.raises(DeliveryError, match="there is no connection to the server"):
        asyncio.run(send_async(message, aiosmtplib.SMTP(hostname="127.0.0.1")))
    assert message.made == []


def test_an_error_of_the_message_or_a_signer_is_raised_as_it_is(post: Post) -> None:
    class Failing:
        def sign(self, data: bytes) -> bytes:
            raise OSError("the device is away")

    with running(Server()) as server:
        with pytest.raises(OSError, match="the device is away") as caught:
            post(server, Written(), sign=Failing())
        assert server.commands == []
    assert type(caught.value) is OSError


def test_messages_that_are_sent_at_once_over_one_connection_do_not_mix() -> None:
    async def posted(server: Server) -> None:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=server.port, local_hostname="localhost", timeout=30)
        async with client as smtp:
            messages = [
                Written(
                    eight=b"X-N: %d\r\n\r\n" % n, recipients=(f"{n}@example.org",), envelope_sender=f"{n}@a.example"
                )
                for n in range(20)
            ]
            await asyncio.gather(*(send_async(message, smtp) for message in messages))

    with running(Server()) as server:
        asyncio.run(posted(server))
    assert len(server.arrivals) == 20
    for arrival in server.arrivals:
        number = arrival.data.split()[1].decode()
        assert (arrival.sender, arrival.recipients) == (f"{number}@a.example", (f"{number}@example.org",))


def test_without_aiosmtplib_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiosmtplib", None)
    smtp: Any = None
    with pytest.raises(NotInstalledError, match="`send_async` needs `aiosmtplib`"):
        asyncio.run(send_async(Written(), smtp))


@pytest.mark.parametrize("hidden", [(), ("8BITMIME",)])
def test_a_message_arrives_as_it_was_made(post: Post, hidden: tuple[str, ...]) -> None:
    message = blendtpl.Message(
        subject="Überraschung " * 9,
        text=".\nGrüße\n.\n",
        html="<p>Grüße</p>\n",
        sender='"Feed, whip" <alerts@example.com>',
        to=('"a b"@example.org', "Ada <ada@example.org>"),
        cc=("ada@example.org",),
        bcc=("eve@example.org",),
        quoted_local=True,
    )
    with running(Server(hidden=hidden)) as server:
        sent = post(server, message, sign=RSA_SIGNER)
    (arrival,) = server.arrivals
    assert arrival.recipients == ('"a b"@example.org', "ada@example.org", "eve@example.org") == sent.taken
    assert arrival.sender == "alerts@example.com"
    assert arrival.data == sent.data
    assert ("Grüße".encode() in arrival.data) is (not hidden)
    assert b"eve@example.org" not in arrival.data
    assert verified(arrival.data, RSA_SIGNER)
