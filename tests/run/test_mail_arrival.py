# ruff: noqa: E501  # tables are easier to read in one line
"""What goes out is what was asked for, to whoever reads it: names, addresses, subjects, headers and texts."""

import asyncio
import copy
import email.policy
import pickle
import random
from email.generator import BytesGenerator
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

import blendtpl
from testkit.strict_mail import read_mail, read_mailboxes, read_text
from tests.run.mail import ENGINES, FIRST, message, parsed, quoted, read_as_of_old

CHARACTER = st.characters(blacklist_categories=["Cs", "Cc", "Zl", "Zp"])
NAME = st.text(CHARACTER, max_size=120) | st.text(st.sampled_from('ab ,;:<>()[]"\\@.=?_é王🙂'), max_size=300)
LINE = st.text(CHARACTER, max_size=300) | st.lists(st.sampled_from([*FIRST, "", "a", "=?utf-8?", "x" * 90]), max_size=40).map(" ".join)  # fmt: skip
TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=300)


def everyday(numbers: random.Random) -> str:
    name = " ".join(numbers.choice(FIRST) for _ in range(numbers.randint(1, 4)))
    return numbers.choice(
        ["", name, f"{numbers.choice(FIRST)}, {name}", f"{name} (GmbH)", f'The "{name}" {name}', f"{name}, " * 5]
    )


def as_it_arrives(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("seed", range(6))
def test_everyday_names_and_up_to_30_recipients_all_arrive(seed: int) -> None:
    numbers = random.Random(seed)
    for _ in range(10):
        asked = {
            header: [
                (everyday(numbers).strip(), f"box{number}@example.org") for number in range(numbers.randint(1, most))
            ]
            for header, most in (("From", 1), ("To", 30), ("Cc", 4), ("Reply-To", 1))
        }
        written = {header: [quoted(*each) for each in found] for header, found in asked.items()}
        made = message(
            subject=" ".join(numbers.choice(FIRST) for _ in range(numbers.randint(1, 60))),
            sender=written["From"][0], to=written["To"], cc=written["Cc"], reply_to=written["Reply-To"][0],
        )  # fmt: skip
        found = read_as_of_old(made.as_bytes())
        assert found.subject == made.subject
        assert found.mailboxes == asked
        modern = parsed(made.as_bytes())
        for header, wanted in asked.items():
            assert [each.addr_spec for each in modern[header].addresses] == [box for _, box in wanted]


@pytest.mark.parametrize("name", [ENGINES, f"{'x' * 77} {'y' * 200}", f"a@b.c, {'long ' * 40}", '"' * 90, "\\" * 90, "Ö, " * 40, "=?utf-8?", "a =?b?= c", " Ada ", "a  b", "Team: x;", "<a@b.c>", "a,b"])  # fmt: skip
@pytest.mark.parametrize("header", ["From", "To", "Cc", "Reply-To", "Sender", "Resent-To"])
def test_a_name_cannot_lose_its_quotes_nor_end_the_headers(header: str, name: str) -> None:
    address = quoted(name, "ada@example.org")
    own: dict[str, dict[str, Any]] = {
        "From": {"sender": address},
        "To": {"to": [address]},
        "Cc": {"cc": [address]},
        "Reply-To": {"reply_to": address},
    }
    found = message(**own.get(header, {"headers": {header: address}}))
    for data in (found.as_bytes(), *written_otherwise(found)):
        assert data.index(b"\r\n\r\n") > data.index(b"MIME-Version")
        assert read_mailboxes(dict(read_mail(data).fields)[header]) == ((name, "ada@example.org"),)
        assert [each.addr_spec for each in parsed(data)[header].addresses] == ["ada@example.org"]


def written_otherwise(found: blendtpl.Message) -> list[bytes]:
    """Return the bytes of a standard library message under other policies, and when it has travelled."""
    own = found.as_email_message()
    copies = [own, copy.deepcopy(own), pickle.loads(pickle.dumps(own))]
    written = []
    for policy in (email.policy.SMTP, email.policy.SMTPUTF8, email.policy.default.clone(linesep="\r\n"), own.policy):
        for each in copies:
            stream = BytesIO()
            BytesGenerator(stream, policy=policy).flatten(each, linesep="\r\n")
            written.append(stream.getvalue())
    return written


def test_a_name_that_was_changed_in_a_standard_library_message_is_folded_as_well() -> None:
    found = message().as_email_message()
    del found["To"]
    found["To"] = quoted(ENGINES, "ada@example.org")
    assert [each.addr_spec for each in parsed(found.as_bytes())["To"].addresses] == ["ada@example.org"]
    del found["To"]
    found["To"] = "friends: a@example.org, b@example.org;"
    assert parsed(found.as_bytes())["To"].groups[0].display_name == "friends"


@settings(deadline=None, derandomize=True, max_examples=80)
@given(subject=LINE, names=st.lists(NAME, min_size=1, max_size=6), value=LINE)
def test_any_header_arrives_as_it_was_at_every_reader(subject: str, names: list[str], value: str) -> None:
    asked = [(name, f"b{number}@example.org") for number, name in enumerate(names)]
    try:
        made = message(subject=subject, to=[quoted(*each) for each in asked], headers={"X-Value": value})
    except blendtpl.MessageError as error:
        assert "encoded word" in str(error)  # noqa: PT017
        return
    data = made.as_bytes()
    headers = dict(read_mail(data).fields)
    assert (read_text(headers["Subject"]), read_text(headers["X-Value"])) == (subject, value)
    assert read_mailboxes(headers["To"]) == tuple(asked)
    modern = parsed(data)
    assert modern["Subject"] == subject
    assert [each.addr_spec for each in modern["To"].addresses] == [box for _, box in asked]
    own = made.as_email_message()
    assert [(each.display_name, each.addr_spec) for each in own["To"].addresses] == asked
    assert (own["Subject"], own["X-Value"]) == (subject, value)


@settings(deadline=None, derandomize=True, max_examples=50)
@given(text=TEXT, html=st.none() | TEXT)
def test_any_body_arrives_as_it_was_at_every_reader(text: str, html: str | None) -> None:
    data = message(text=text, html=html).as_bytes()
    asked = [each for each in (text, html) if each is not None]
    modern = parsed(data)
    for kind, wanted, (_, found) in zip(("plain", "html"), asked, read_mail(data).texts, strict=False):
        right = as_it_arrives(wanted)
        assert found == right + "\n" * (not right.endswith("\n"))
        part: Any = modern.get_body((kind,))
        assert as_it_arrives(part.get_content()) == found


SUBJECTS = [
    *(" ".join([word] * 40) for word in ("σελίδα", "변경", "mise à jour désolée", "🙂👍🏽", "αβ gamma", "x" * 70, "שלום")),
    *("χωρίςκενό" * 40, "가" * 300, "🙂" * 200, "x" * 900, "ü" + " " * 80 + "ü", "a  b", " a", "a ", " ", "", "ü  b"),
    *("how =?utf-8? works", "=?utf-8?", "100% =? ?= #1", "=?=?=?", "?=", "=?a?x?b?=", "a =?", "_", "=20", "=3D ü"),
]  # fmt: skip


@pytest.mark.parametrize("subject", SUBJECTS, ids=ascii)
def test_a_subject_arrives_with_every_blank_and_sign(subject: str) -> None:
    data = message(subject=subject, headers={"X-Subject": subject}).as_bytes()
    assert parsed(data)["Subject"] == subject
    assert read_text(dict(read_mail(data).fields)["Subject"]) == subject
    if "  " not in subject.strip(" ") or not subject.isascii():  # the old way takes a run of blanks for one
        assert read_as_of_old(data).subject.strip() == subject.strip()


def test_lines_have_no_more_octets_than_a_reader_takes() -> None:
    name = quoted("Ünal, " * 30, "b@example.org")
    text = "ü" * 200 + "x" * 2000 + "\n" + "ab " * 900
    data = message(subject="ü " * 200, to=[name] * 30, text=text, html=text, headers={"X-Long": "y" * 900}).as_bytes()
    assert max(len(line) for line in data.split(b"\r\n") if not line.startswith(b"X-Long")) <= 76
    assert max(map(len, data.split(b"\r\n"))) <= 998


def test_what_takes_ascii_only_arrives_as_it_stands() -> None:
    headers = {
        "List-Unsubscribe": f"<https://example.org/{'x' * 300}?q=?a=b>, <mailto:u@example.org>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "References": " ".join(f"<{number}@example.org>" for number in range(60)),
        "Date": "Thu, 12 Jun 2025 07:42:00 GMT",
        "X-URL": f"https://example.org/?{'x' * 300}=?",
        "X-Empty": "",
    }
    data = message(headers=headers).as_bytes()
    fields = dict(read_mail(data).fields)
    assert {name: fields[name] for name in headers} == headers
    assert {name: email.message_from_bytes(data)[name].replace("\r\n", "") for name in headers} == headers


def test_a_subject_and_a_name_that_are_markup_arrive_as_their_text() -> None:
    found = parsed(
        message(subject=Markup("a & b <ü>"), to=[Markup('"A & Ö" <b@example.org>')], text=Markup("<&")).as_bytes()
    )
    assert found["Subject"] == "a & b <ü>"
    assert found["To"].addresses[0].display_name == "A & Ö"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("Ada <b@example.org>", "Ada"),
        ("Ada<b@example.org>", "Ada"),
        ("  Ada   L.  <b@example.org> ", "Ada L."),
        ("b@example.org (Cron Daemon)", "Cron Daemon"),
        ("Ada (x) L <b@example.org>", "Ada (x) L"),
        ("[Team] Ada <b@example.org>", "[Team] Ada"),
        ('Ada "C." L <b@example.org>', "Ada C. L"),
        ('"" <b@example.org>', ""),
        ("< b@example.org >", ""),
    ],
)
def test_a_name_is_what_its_writer_meant(address: str, name: str) -> None:
    found = message(to=[address]).as_email_message()["To"].addresses
    assert [(each.display_name, each.addr_spec) for each in found] == [(name, "b@example.org")]


def test_a_message_travels() -> None:
    made = message(headers={"X-A": "1"})
    assert pickle.loads(pickle.dumps(made)) == made


def test_a_server_gets_what_was_asked_for() -> None:
    aiosmtpd = pytest.importorskip("aiosmtpd.handlers")
    from aiosmtpd.smtp import SMTP as Server  # noqa: N811

    got: list[bytes] = []

    class Box(aiosmtpd.Debugging):  # type: ignore[name-defined,misc]
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            got.append(envelope.content)
            return "250 OK"

    data = message(to=[quoted(ENGINES, "ada@example.org")], text=".\n..\nx\n").as_bytes()

    async def send() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Server(Box()), "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            await asyncio.to_thread(_send, port, data)

    asyncio.run(send())
    assert got == [data]


def _send(port: int, data: bytes) -> None:
    import smtplib

    with smtplib.SMTP("127.0.0.1", port) as client:
        client.sendmail("a@example.org", ["ada@example.org"], data)
