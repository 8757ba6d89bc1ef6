"""Each field of a message is in its bytes as it was given, or is refused by an error that names it."""

import io
import pickle
import tracemalloc
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import blendtpl
from blendtpl.mail import Attachment, Image, Invitation, Unsubscribe, cid
from testkit.strict_mail import File, read_mail, read_mailboxes
from tests.run.mail import message, parsed

CALENDAR = "BEGIN:VCALENDAR\nMETHOD:REQUEST\nEND:VCALENDAR\n"
URL = "https://example.org/u?a=1&b=%20" + "x" * 860


def headers(made: blendtpl.Message) -> dict[str, str]:
    return dict(read_mail(made.as_bytes()).fields)


def refused(**fields: Any) -> str:
    with pytest.raises(blendtpl.MessageError) as caught:
        message(**fields).as_bytes()
    assert str(caught.value).isprintable()
    return str(caught.value)


def test_a_blind_copy_is_in_the_envelope_and_in_no_byte() -> None:
    made = message(to=["Ada <a@x.org>", "b@x.org"], cc=["A <a@x.org>"], bcc=["Secret <hidden@x.org>", "b@x.org"])
    assert made.recipients == ("a@x.org", "b@x.org", "hidden@x.org")
    for data in (made.as_bytes(), made.as_email_message().as_bytes()):
        assert b"hidden" not in data
        assert b"Secret" not in data
        assert b"bcc" not in data.lower()
    assert message(to=(), bcc=["c@x.org"]).recipients == ("c@x.org",)
    assert "bcc: " in refused(bcc=["nobody"])


def test_several_may_have_written_it_and_one_sends_it() -> None:
    made = message(sender="Office <office@x.org>", from_=["Ada <a@x.org>", "Bob <b@x.org>"])
    assert read_mailboxes(headers(made)["From"]) == (("Ada", "a@x.org"), ("Bob", "b@x.org"))
    assert headers(made)["Sender"] == "Office <office@x.org>"
    assert made.envelope_sender == "office@x.org"
    assert "Sender" not in headers(message(sender="a@x.org", from_=["a@x.org"]))
    assert "`Sender`" in refused(from_=["a@x.org"], headers={"Sender": "b@x.org"})


def test_answers_may_go_to_several() -> None:
    assert headers(message(reply_to=("a@x.org", "B <b@x.org>")))["Reply-To"] == "a@x.org, B <b@x.org>"
    assert headers(message(reply_to="a@x.org"))["Reply-To"] == "a@x.org"
    assert "Reply-To" not in headers(message(reply_to=()))


def test_html_alone_is_a_message_and_nothing_is_none() -> None:
    (part,) = read_mail(message(text=None, html="<p>").as_bytes()).texts
    assert part == ("text/html", "<p>\n")
    assert "neither a text nor an html" in refused(text=None)


def test_a_way_to_unsubscribe_is_a_pair_that_nothing_folds() -> None:
    made = message(unsubscribe=URL)
    assert f"\r\nList-Unsubscribe: <{URL}>\r\n".encode() in made.as_bytes()
    assert headers(made)["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    both = headers(message(unsubscribe=Unsubscribe("https://x.org/u", "leave@x.org")))
    assert both["List-Unsubscribe"] == "<https://x.org/u>, <mailto:leave@x.org>"
    alone = headers(message(unsubscribe="mailto:leave@x.org?subject=no"))
    assert alone["List-Unsubscribe"] == "<mailto:leave@x.org?subject=no>"
    assert "List-Unsubscribe-Post" not in alone


@pytest.mark.parametrize(
    "value",
    [
        *("http://x.org", "x.org/u", "https://x.org/a b", "https://x.org/ü", "https://x.org/<>", "https://x.org/\n"),
        *("https://x.org/=?utf-8?q?a?=", "ftp://x.org", "", URL + "x" * 50, 5, ["https://x.org"], "mailto:nobody"),
    ],
    ids=ascii,
)
def test_what_no_provider_follows_is_refused(value: Any) -> None:
    assert "unsubscribe" in refused(unsubscribe=value)


def test_a_header_and_a_field_that_say_the_same_are_refused() -> None:
    for field, value, name in (
        ("unsubscribe", "https://x.org/u", "List-Unsubscribe"),
        ("language", "de", "content-language"),
        ("priority", "high", "Importance"),
        ("message_id", "<1@x.org>", "Message-ID"),
        ("date", datetime(2025, 1, 1, tzinfo=UTC), "Date"),
    ):
        told = refused(**{field: value}, headers={name: "Thu, 12 Jun 2025 07:42:00 +0000"})
        assert name in told


def test_the_date_is_that_of_the_writing_or_the_one_that_is_given() -> None:
    assert parsed(message().as_bytes())["Date"].datetime - datetime.now(UTC) < timedelta(days=1)
    zone = timezone(timedelta(hours=-3, minutes=-30))
    found = headers(message(date=datetime(2025, 6, 2, 7, 4, 5, 999, tzinfo=zone)))
    assert found["Date"] == "Mon, 02 Jun 2025 07:04:05 -0330"
    assert headers(message(headers={"Date": "Thu, 12 Jun 2025 07:42:00 GMT"}))["Date"].endswith("GMT")
    assert "`date`" in refused(date=datetime(2025, 6, 2))
    assert "`date`" in refused(date="today")


def test_a_language_a_priority_and_an_identifier_are_headers() -> None:
    found = headers(message(language="pt-BR", priority="high", message_id="<1@x.org>"))
    assert (found["Content-Language"], found["X-Priority"], found["Importance"]) == ("pt-BR", "1", "high")
    assert found["Message-ID"] == "<1@x.org>"
    for field, value in (("language", "de_DE"), ("language", 5), ("priority", "urgent"), ("priority", 1)):
        assert f"`{field}`" in refused(**{field: value})
    assert "Message-ID" in refused(message_id="1")


def test_files_of_every_kind_arrive(tmp_path: Path) -> None:
    path = tmp_path / "über sicht.pdf"
    path.write_bytes(b"%PDF" * 100)
    with path.open("rb") as file:
        made = message(
            html="<p>",
            attachments=[
                path,
                str(path),
                file,
                ("a.csv", "ü;1\n", "text/csv"),
                Attachment(io.BytesIO(b"x"), "plain name.txt"),
                Attachment(b"Subject: x\n\nbody\n", "mail.eml"),
                Attachment(b"\xff\0", "mail.eml"),
                Attachment(b"", "n" * 250 + ".ü"),
                Invitation(CALENDAR),
            ],
            images=[Image("a/logo.png", b"PNG")],
        )
    pdf = File("application/pdf", path.name, "", b"%PDF" * 100)
    assert read_mail(made.as_bytes()).files == (
        File("image/png", "logo.png", "a/logo.png@blendtpl", b"PNG"),
        File("text/calendar; method=REQUEST; charset=utf-8", "", "", CALENDAR.replace("\n", "\r\n").encode()),
        *(pdf, pdf, pdf),
        File("text/csv", "a.csv", "", "ü;1\n".encode()),
        File("text/plain", "plain name.txt", "", b"x"),
        File("message/rfc822", "mail.eml", "", b"Subject: x\r\n\r\nbody\r\n"),
        File("application/octet-stream", "mail.eml", "", b"\xff\0"),
        File("application/octet-stream", "n" * 250 + ".ü", "", b""),
    )
    names = [part.get_filename() for part in parsed(made.as_bytes()).iter_attachments()]
    assert names == [
        path.name,
        path.name,
        path.name,
        "a.csv",
        "plain name.txt",
        "mail.eml",
        "mail.eml",
        "n" * 250 + ".ü",
    ]
    assert pickle.loads(pickle.dumps(made)) == made
    assert made.as_email_message().as_bytes().count(b"%") == made.as_bytes().count(b"%")


def test_a_mail_that_goes_with_a_mail_cannot_end_a_part_of_it_whatever_it_is_called() -> None:
    inner = message(html="<p>", attachments=[Attachment(b"x", "a.txt")]).as_bytes()
    for name in ("mail.eml", "base64.eml", "Content-Transfer-Encoding: base64.eml"):
        (found,) = read_mail(message(html="<p>", attachments=[Attachment(inner, name)]).as_bytes()).files
        assert (found.type, found.name, found.data) == ("message/rfc822", name, inner)


def test_a_large_file_takes_a_few_times_its_size_and_is_let_go(tmp_path: Path) -> None:
    size = 8_000_000
    path = tmp_path / "large.bin"
    path.write_bytes(b"0123456789abcdef" * (size // 16))
    made = message(attachments=[path])
    tracemalloc.start()
    try:
        data = made.as_bytes()
        _, peak = tracemalloc.get_traced_memory()
        assert len(data) > size * 4 // 3
        assert peak < 5 * size  # the file, its base64 in pieces and whole, and the message
        del data
        assert tracemalloc.get_traced_memory()[0] < size // 100
    finally:
        tracemalloc.stop()


def test_a_file_that_is_not_there_is_told_at_once_and_one_that_goes_when_it_is_read(tmp_path: Path) -> None:
    assert "'no.pdf' is not there" in refused(attachments=["no.pdf"])
    assert "cannot be read, or is no file" in refused(attachments=[tmp_path])
    path = tmp_path / "a.txt"
    path.write_text("x")
    made = message(attachments=[path])
    path.unlink()
    with pytest.raises(blendtpl.MessageError, match=r"'a\.txt' cannot be read: No such file"):
        made.as_bytes()


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("a.pdf", "`attachments` takes a list"),
        (Path("a.pdf"), "`attachments` takes a list"),
        (5, "`attachments` takes a list"),
        ([b"x"], "has no name"),
        ([5], "takes bytes, a path or a file"),
        ([io.StringIO("x")], "a file opened for text"),
        ([("a/b", b"x")], "has a folder"),
        ([("a\nb", b"x")], "control character"),
        ([("", b"x")], "has no name"),
        ([("n" * 300, b"x")], "longer than 255"),
        ([("a", b"x", "nothing")], "has the type 'nothing'"),
        ([("a", b"x", "text/plain\r\nBcc: a@x")], "has the type"),
        ([("a", b"x", "multipart/mixed")], "has the type"),
        ([None], "takes bytes"),
    ],
    ids=lambda value: ascii(value).partition(" at 0x")[0][:40],
)
def test_what_is_no_attachment_is_refused(value: Any, told: str) -> None:
    assert told in refused(attachments=value)


@pytest.mark.parametrize(
    ("content", "method", "told"),
    [
        ("BEGIN:VCARD", "REQUEST", "BEGIN:VCALENDAR"),
        (b"BEGIN:VCALENDAR", "REQUEST", "the text of a calendar"),
        (CALENDAR, "CANCEL", "the method 'REQUEST', and goes as `CANCEL`"),
        (CALENDAR, "request\r\n", "method is"),
        ("BEGIN:VCALENDAR\nEND:VCALENDAR\n", "REQUEST", "no method"),
    ],
)
def test_what_is_no_invitation_is_refused(content: Any, method: Any, told: str) -> None:
    with pytest.raises(blendtpl.MessageError, match=told):
        Invitation(content, method)


def test_an_image_is_named_in_one_way_only() -> None:
    assert cid("a/logo.png") == "cid:a/logo.png@blendtpl"
    for name in ("", "a b", "ü.png", "a>b", "../a", 5, "a\n"):
        with pytest.raises(blendtpl.MessageError, match="no name of an image"):
            cid(name)  # type: ignore[arg-type]
    assert "two `images`" in refused(images=[Image("a", b""), Image("a", b"")])
    assert "`images`" in refused(images=[b"x"])


@pytest.mark.parametrize(
    ("address", "box"),
    [
        ("b@exämple.org", "b@xn--exmple-cua.org"),
        ("B <b@EXÄMPLE.org>", "b@xn--exmple-cua.org"),
        ("b@例え.テスト", "b@xn--r8jz45g.xn--zckzah"),
    ],
)
def test_a_domain_of_any_language_is_written_in_ascii(address: str, box: str) -> None:
    assert message(to=[address]).recipients == (box,)


@pytest.mark.parametrize(
    "domain", ["straße.de", "βόλος.gr", "ex\u200bample.org", "a．b", "ﬁ.org", "a\u0301.org.", "①.org"]
)
def test_a_domain_that_could_be_another_is_refused(domain: str) -> None:
    assert "domain beyond ASCII" in refused(to=[f"b@{domain}"])


def test_boxes_beyond_ascii_and_in_quotes_are_taken_where_that_is_said() -> None:
    assert "smtputf8=True" in refused(to=["jürgen@x.org"])
    made = message(to=["Jürgen <jürgen@exämple.org>"], smtputf8=True)
    assert made.recipients == ("jürgen@exämple.org",)
    assert made.needs_smtputf8
    assert "jürgen@exämple.org".encode() in made.as_bytes()
    assert not message(smtputf8=True).needs_smtputf8
    assert "quoted_local=True" in refused(to=['"a b"@x.org'])
    for address in ('"a b"@x.org', 'Ada <"a b"@x.org>'):
        found = message(to=[address], quoted_local=True)
        assert found.recipients == ('"a b"@x.org',)
        assert parsed(found.as_bytes())["To"].addresses[0].addr_spec == '"a b"@x.org'
    for address in ('"a@x.org', '"a"b@x.org', '""@x.org', "ü@", "a b@ü.org"):
        assert "to: " in refused(to=[address], smtputf8=True, quoted_local=True)
