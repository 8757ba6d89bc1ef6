# ruff: noqa: E501  # tables are easier to read in one line
"""What no e-mail can carry is a `MessageError` that names the field, and never anything else."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import blendtpl
from testkit.strict_mail import read_mail, read_mailboxes, read_text
from tests.run.mail import message, quoted

CONTROLS = [chr(number) for number in (*range(32), *range(127, 160))]
FIELDS = ("subject", "sender", "to", "cc", "reply_to", "header")


def refused(**fields: Any) -> str:
    with pytest.raises(blendtpl.MessageError) as caught:
        message(**fields).as_bytes()
    return str(caught.value)


def with_value(field: str, value: Any) -> dict[str, Any]:
    if field == "header":
        return {"headers": {"X-Id": value}}
    return {field: (value,) if field in {"to", "cc"} else value}


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("control", CONTROLS, ids=ascii)
def test_a_control_character_in_a_header_is_refused(control: str, field: str) -> None:
    value = f"a{control}b" if field in {"subject", "header"} else f'"a{control}b" <b@example.org>'
    told = refused(**with_value(field, value))
    assert told.isprintable()
    assert field in told
    assert "control character" in told


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", [None, 1, b"b@example.org", ["b@example.org"], object(), {"a": 1}], ids=lambda value: type(value).__name__)  # fmt: skip
def test_what_is_no_text_is_refused(field: str, value: object) -> None:
    if field == "reply_to" and (value is None or isinstance(value, list)):
        return
    told = refused(**with_value(field, value))
    assert field in told
    assert type(value).__name__ in told


@pytest.mark.parametrize("field", ["text", "html"])
@pytest.mark.parametrize("value", [1, b"x", ["x"]], ids=lambda value: type(value).__name__)
def test_a_body_that_is_no_text_is_refused(field: str, value: object) -> None:
    assert f"{field} takes a `str`" in refused(**{field: value})


def test_a_nul_in_a_body_is_refused() -> None:
    assert "text has a NUL character at 1" in refused(text="a\0")
    assert "html has a NUL character at 0" in refused(html="\0")


@pytest.mark.parametrize("field", ["to", "cc"])
@pytest.mark.parametrize("value", ["b@example.org", b"b@example.org", None, 1], ids=repr)
def test_what_is_no_list_of_addresses_is_refused(field: str, value: object) -> None:
    mails = blendtpl.load(blendtpl.compile({"m/subject.txt": "s", "m/body.txt": "b"}))
    given: dict[str, Any] = {"to": ["b@example.org"], "sender": "a@example.org", field: value}
    assert f"`{field}` takes a list of addresses" in refused(**{field: value})
    with pytest.raises(blendtpl.MessageError, match=f"`{field}` takes a list of addresses"):
        mails.message("m", **given)


@pytest.mark.parametrize("headers", [[("X-A", "1")], "X-A: 1", None, 1], ids=repr)
def test_headers_that_are_no_mapping_are_refused(headers: object) -> None:
    assert "`headers` takes a mapping" in refused(headers=headers)


def test_headers_cannot_be_changed_once_they_were_checked() -> None:
    given = {"X-A": "1"}
    made = message(headers=given)
    given["X-B"] = "a\r\nBcc: c@example.org"
    assert dict(made.headers) == {"X-A": "1"}


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"X" * 1000: "1"}, "header name 'XXX"),
        ({"X-A": "1", "x-a": "2"}, "headers `X-A` and `x-a` are the same"),
        ({"Message-ID": "<1@x>", "message-id": "<2@x>"}, "are the same"),
        ({"Sender": "a@x", "SENDER": "b@x"}, "are the same"),
        ({1: "1"}, "header name takes a `str`"),
        ({"Message-ID": "<ü@example.org>"}, "header `Message-ID` takes ASCII only"),
        ({"Message-ID": "1"}, "header `Message-ID` is '1': write it as `<left@right>`"),
        ({"Message-ID": "<1@x> <2@x>"}, "write it as"),
        ({"Message-ID": ""}, "header `Message-ID` is empty"),
        ({"References": "<1@x>, <2@x>"}, "header `References` is"),
        ({"In-Reply-To": "Your message of Monday"}, "header `In-Reply-To` is"),
        ({"List-Unsubscribe": "<https://example.org/ü>"}, "header `List-Unsubscribe` takes ASCII only"),
        ({"Date": "tomorrow"}, "header `Date` is no date"),
        ({"Date": "Thu, 99 Jun 2025 07:42:00 +0000"}, "header `Date` is no date"),
        ({"X-A": "x" * 999}, "header `X-A` has a line of 1004 characters"),
        ({"List-Unsubscribe": f"<https://example.org/{'x' * 999}>"}, "header `List-Unsubscribe` has a line"),
        ({"X-A": "\ud800"}, "cannot be encoded"),
        ({"Sender": "a@x, b@"}, "header `Sender`"),
        ({"Bcc": "a@x"}, "header `Bcc` is the message's own: give `bcc=[...]`"),
        ({"Resent-To": "=?utf-8?q?a?= <a@x>"}, "encoded word"),
    ],
)  # fmt: skip
def test_a_header_that_cannot_arrive_is_refused(headers: Any, told: str) -> None:
    assert told in refused(headers=headers)


@pytest.mark.parametrize(
    "address",
    [
        *("Doe, Jane <b@example.org>", "friends: b@example.org;", "undisclosed-recipients:;", "b@example.org, c@example.org"),
        *("b@x <c@x>", "<b@x> c", "<b@x><c@x>", "a <b@x> c <d@x>", '"a" "b"', '"a', 'a"b <c@x>', "a\\b <c@x>", "a) <c@x>"),
        *("(a) b@x", "b@x (a) (b)", "b@x (a) c", "a;b <c@x>", "a:b <c@x>", "a>b <c@x>", "<@a,@b:c@x>", '"b c"@x', "b@[1.2.3.4]"),
        *("b@x.", ".b@x", "b@", "@x", "b", "", " ", "<>", "Ada <>", "Ada", f"{'b' * 250}@example.org", "b＠x", "b@ex\u200bample.org"),
        *('"=\\?utf-8?q?a?=" <b@x>', "ada@lovelace <b@x>"),
    ],
)  # fmt: skip
def test_what_is_not_one_plain_address_is_refused(address: str) -> None:
    for field in ("sender", "to", "cc", "reply_to"):
        assert field in refused(**with_value(field, address))


ANYTHING = st.text(max_size=60) | st.text(st.sampled_from('ab@.<>,;:()[]"\\ =?utf8qé\r\n\t\0\x85\u2028'), max_size=60)
ANYWHERE = st.one_of(
    ANYTHING.map(lambda text: {"subject": text}),
    ANYTHING.map(lambda text: {"to": [text]}),
    ANYTHING.map(lambda text: {"sender": quoted(text, "a@example.org")}),
    ANYTHING.map(lambda text: {"reply_to": f"{text} <b@example.org>"}),
    st.fixed_dictionaries({"headers": st.dictionaries(ANYTHING | st.sampled_from(["X-A", "Sender", "Date", "Message-ID"]), ANYTHING, max_size=2)}),
    st.fixed_dictionaries({"text": ANYTHING, "html": ANYTHING}),
)  # fmt: skip


@settings(deadline=None, derandomize=True, max_examples=250)
@given(fields=ANYWHERE)
def test_whatever_is_given_arrives_or_is_refused(fields: dict[str, Any]) -> None:
    try:
        made = message(**fields)
        found = dict(read_mail(made.as_bytes()).fields)
    except blendtpl.MessageError as error:
        assert str(error).isprintable()  # noqa: PT017
        return
    assert read_text(found["Subject"]) == made.subject
    assert len(read_mailboxes(found["To"])) == 1
    assert {each.lower() for each in found} >= {each.lower() for each in made.headers}


STRICT = (
    b"Subject: %s\r\nTo: %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\nx\r\n"
)


def test_the_strict_reader_reads_what_is_right() -> None:
    found = read_mail(
        STRICT % (b"=?utf-8?q?a?=\r\n =?utf-8?b?w7w=?= b", b'"a, \\"b" <a@b.c>,\r\n Ada =?utf-8?q?=2C?= <b@c>, d@e')
    )
    fields = dict(found.fields)
    assert read_text(fields["Subject"]) == "aü b"
    assert read_mailboxes(fields["To"]) == (('a, "b', "a@b.c"), ("Ada ,", "b@c"), ("", "d@e"))
    assert found.texts == (("text/plain", "x\n"),)


@pytest.mark.parametrize(
    "data",
    [
        STRICT.replace(b"\r\n\r\n", b"\r\n\n"), STRICT.replace(b"x", b"\0"), STRICT.replace(b"To", b" \r\nTo"),
        STRICT.replace(b"To:", b"To :"), STRICT.replace(b"To:", b"To"), b" " + STRICT, STRICT.replace(b"Subject", "Ü".encode()),
        STRICT.replace(b"x", b"x" * 999), STRICT.replace(b"7bit", b"gzip"),
        STRICT.replace(b"%s", b"%s \r\n \r\n a", 1), STRICT.replace(b"%s", b"=?utf-8?q?a?=" + b"a" * 80, 1), b"",
        STRICT.replace(b"7bit", b"base64"), STRICT.replace(b"7bit", b"quoted-printable").replace(b"x", b"=zz"),
        STRICT.replace(b"To:", b"Content-Type:"), STRICT.replace(b"text/plain; charset=utf-8", b'multipart/alternative; boundary="a"'),
    ],
)  # fmt: skip
def test_the_strict_reader_refuses_what_only_some_readers_take(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_mail(data)


@pytest.mark.parametrize(
    "value",
    [
        *("a, b <c@d>", "Dr. A <c@d>", '"a <c@d>', "<c@d> e", "a b@c", "a <b@c>, ", "", ",", "a: b@c;", "(a) b@c", "<b>", '"a"b <c@d>'),
        *("=?utf-8?q?a b?= <c@d>", f"=?utf-8?q?{'a' * 70}?= <c@d>", "=?utf-8?b?a?= <c@d>", "=?utf-8?q?,?= <c@d>", "=?utf-8?q?=FF?= <c@d>"),
    ],
)  # fmt: skip
def test_the_strict_reader_refuses_addresses_that_readers_take_apart_differently(value: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_mailboxes(value)
