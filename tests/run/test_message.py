# ruff: noqa: E501  # template texts and tables are easier to read in one line
"""A message is a rendered e-mail that carries nothing in that it does not say."""

import copy
import email
import email.policy
import pickle
import re
from email.headerregistry import HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from types import MappingProxyType
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import blendtpl
from testkit.examples import context_of, every_example
from testkit.oracle import load
from tests.run.mail import PLAIN

BREAKS = ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\0"]


def message(**fields: Any) -> blendtpl.Message:
    return blendtpl.Message(**{**PLAIN, **fields})


def parsed(found: blendtpl.Message) -> EmailMessage:
    return email.message_from_bytes(found.as_bytes(), policy=email.policy.default)


def content(found: EmailMessage, kind: str) -> str:
    part = found.get_body((kind,))
    assert part is not None
    return cast(str, part.get_content()).replace("\r\n", "\n")


@pytest.fixture(scope="module")
def mails() -> blendtpl.Registry:
    return load(
        {
            "full/subject.txt": "\n  Hello {{ user }} \n",
            "full/body.txt": "Dear {{ user }}\n",
            "full/body.html": "<p>{{ user }}</p>\n",
            "plain/subject.txt": "Plain",
            "plain/body.txt": "{{ to }}{{ sender }}\n",
            "broken/subject.txt": "only this",
            "two/subject.txt": "one\n{{ user }}",
            "two/body.txt": "",
        }
    )


def test_a_folder_becomes_subject_text_and_html_escaped_each_in_its_way(mails: blendtpl.Registry) -> None:
    found = mails.message("full", {"user": "<Ann & Bob>"}, to=["b@example.org"], sender="Feedwhip <a@example.org>")
    assert found.subject == "Hello <Ann & Bob>"
    assert found.text == "Dear <Ann & Bob>"
    assert found.html == "<p>&lt;Ann &amp; Bob&gt;</p>"
    assert found.to == ("b@example.org",)
    assert found.as_email_message().get_content_type() == "multipart/alternative"


def test_a_folder_without_html_becomes_a_message_of_plain_text(mails: blendtpl.Registry) -> None:
    found = mails.message("plain", {"to": "t", "sender": "s"}, to=["b@example.org"], sender="a@example.org")
    assert found.html is None
    assert found.text == "ts"
    assert parsed(found).get_content_type() == "text/plain"


@pytest.mark.parametrize(
    ("folder", "missing"), [("fulll", "fulll/subject.txt"), ("broken", "broken/body.txt"), ("", "/subject.txt")]
)
def test_a_folder_that_is_missing_or_not_whole_is_told(mails: blendtpl.Registry, folder: str, missing: str) -> None:
    with pytest.raises(blendtpl.TemplateNotFound) as caught:
        mails.message(folder, to=["b@example.org"], sender="a@example.org")
    assert caught.value.name == missing


def test_the_folder_that_may_be_meant_is_told(mails: blendtpl.Registry) -> None:
    with pytest.raises(blendtpl.TemplateNotFound, match=r"did you mean `full/subject\.txt`"):
        mails.message("ful", to=["b@example.org"], sender="a@example.org")


@pytest.mark.parametrize("user", ["x", "Bcc: c@example.org"])
def test_a_subject_of_more_than_one_line_is_refused(mails: blendtpl.Registry, user: str) -> None:
    with pytest.raises(blendtpl.MessageError, match="subject has a line break"):
        mails.message("two", user=user, to=["b@example.org"], sender="a@example.org")


@pytest.mark.parametrize("line_break", BREAKS, ids=ascii)
@pytest.mark.parametrize("field", ["subject", "sender", "to", "cc", "reply_to", "header name", "header value"])
def test_a_line_break_in_any_field_is_refused(field: str, line_break: str) -> None:
    evil = f"x{line_break}Bcc: c@example.org"
    values = {
        "subject": evil,
        "sender": f"{evil} <a@example.org>",
        "to": ("b@example.org", f"{evil} <a@example.org>"),
        "cc": (f"<a@example.org>{line_break}",),
        "reply_to": f"a@example.org{line_break}",
        "header name": {evil: "x"},
        "header value": {"X-Id": evil},
    }
    name = "headers" if field.startswith("header") else field
    with pytest.raises(blendtpl.MessageError, match="line break"):
        message(**{name: values[field]})


WORDS = ["=?utf-8?q?a=0D=0ABcc:_c=40example.org?=", "=?UTF-8?B?YQ0KQmNjOiBj?=", "hi =?iso-8859-1*en?Q?=0A?="]


@pytest.mark.parametrize("word", WORDS)
def test_a_line_break_hidden_in_an_encoded_word_is_refused(word: str) -> None:
    for fields in (
        {"subject": word},
        {"sender": f"{word} <a@example.org>"},
        {"to": (f"{word} <a@example.org>",)},
        {"cc": (f'"{word}" <a@example.org>',)},
        {"reply_to": f"{word} <a@example.org>"},
        {"headers": {"X-Id": word}},
    ):
        with pytest.raises(blendtpl.MessageError, match="encoded word"):
            message(**fields)


@pytest.mark.parametrize("name", ["Bcc: c@example.org, X", "X Y", "", "X:", "Ü", "X\t", "\x7f"])
def test_an_odd_header_name_is_refused(name: str) -> None:
    with pytest.raises(blendtpl.MessageError, match="no header name"):
        message(headers={name: "x"})


@pytest.mark.parametrize(
    "name", ["Subject", "FROM", "to", "Cc", "Reply-To", "Content-Type", "content-transfer-encoding", "MIME-Version"]
)
def test_a_header_that_the_message_makes_itself_is_refused(name: str) -> None:
    with pytest.raises(blendtpl.MessageError, match="the message's own"):
        message(headers={name: "x"})


BAD_ADDRESSES = [
    *("", "b", "b@", "@example.org", "b@c@example.org", "b c@example.org", "b@exa mple.org", "<>", "b@example..org"),
    *("b@example.org, c@example.org", "b@example.org; c@example.org", "Doe, Jane <b@example.org>", "b@example.org <c@example.org>"),
    *("<b@example.org> <c@example.org>", "group: b@example.org, c@example.org;", "b@example.org>", "ü@example.org", ".b@example.org"),
]  # fmt: skip


@pytest.mark.parametrize("address", BAD_ADDRESSES)
@pytest.mark.parametrize("field", ["sender", "to", "cc", "reply_to"])
def test_what_is_not_one_address_is_refused(field: str, address: str) -> None:
    with pytest.raises(blendtpl.MessageError, match=r"e-mail address|beyond ASCII"):
        message(**{field: (address,) if field in {"to", "cc"} else address})


def test_a_message_to_nobody_is_refused() -> None:
    with pytest.raises(blendtpl.MessageError, match="no recipient"):
        message(to=())
    assert parsed(message(to=(), cc=("c@example.org",)))["To"] is None


def test_a_text_instead_of_a_list_of_addresses_is_refused(mails: blendtpl.Registry) -> None:
    with pytest.raises(blendtpl.MessageError):
        mails.message("full", user="", to="b@example.org", sender="a@example.org")


@pytest.mark.parametrize("field", ["subject", "text", "html"])
def test_what_cannot_be_encoded_is_refused(field: str) -> None:
    with pytest.raises(blendtpl.MessageError, match=f"{field} cannot be encoded as UTF-8"):
        message(**{field: "\ud800"})


@pytest.mark.parametrize(
    ("address", "name", "box"),
    [
        ("b@example.org", "", "b@example.org"),
        ("<b@example.org>", "", "b@example.org"),
        ("Jöran Ünal <b@example.org>", "Jöran Ünal", "b@example.org"),
        ('"Doe, Jane" <b@example.org>', "Doe, Jane", "b@example.org"),
        ('"a \\"b\\" <c>" <b+tag@mail.example.org>', 'a "b" <c>', "b+tag@mail.example.org"),
        ("李雷 <b@xn--exmple-cua.org>", "李雷", "b@xn--exmple-cua.org"),
        ("O'Neil & Söhne (GmbH) " * 5 + "<b@localhost>", None, "b@localhost"),
    ],
)
def test_names_of_any_language_arrive_as_they_were(address: str, name: str | None, box: str) -> None:
    found = parsed(message(sender=address, to=(address, "c@example.org"), cc=(address,), reply_to=address))
    for header, count in (("From", 1), ("To", 2), ("Cc", 1), ("Reply-To", 1)):
        addresses = found[header].addresses
        assert len(addresses) == count
        assert addresses[0].addr_spec == box
        assert name is None or addresses[0].display_name == name


LINE = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), max_size=200)


@settings(deadline=None, derandomize=True)
@given(subject=LINE, text=LINE, html=LINE, name=LINE, value=LINE)
def test_any_text_arrives_as_it_was_and_no_header_or_address_is_added(
    subject: str, text: str, html: str, name: str, value: str
) -> None:
    quoted = name.replace("\\", "").replace('"', "")
    try:
        made = message(
            subject=subject.strip(),
            text=text + "\n",
            html=html + "\n",
            to=(f'"{quoted}" <b@example.org>',),
            headers={"X-Value": value},
        )
    except blendtpl.MessageError as error:
        assert "encoded word" in str(error)  # noqa: PT017
        return
    found = parsed(made)
    assert sorted(found.keys()) == [
        *("Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To", "X-Value"),
    ]
    assert "".join(str(found["Subject"]).split()) == "".join(subject.split())
    assert [address.addr_spec for address in found["To"].addresses] == ["b@example.org"]
    assert content(found, "plain") == text + "\n"
    assert content(found, "html") == html + "\n"


@pytest.mark.parametrize(
    "text",
    [
        "ünï\n",
        "x" * 5000 + "\n",
        "ü" * 5000 + "\n",
        "From here\n.\n..\n",
        "a\n\n\nb\n",
        "tab\tand  space \n",
        "🙂\n",
        "\n",
    ],
)
def test_bodies_of_eight_bits_and_long_lines_arrive_as_they_were(text: str) -> None:
    made = message(text=text, html=text)
    data = made.as_bytes()
    found = parsed(made)
    assert content(found, "plain") == text
    assert content(found, "html") == text
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert b"\n" not in data.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    "subject", ["Überraschung " * 30, "x" * 500, "many words " * 60, "a  b", "100% =? ?= #1", "emoji 🙂" * 20]
)
def test_subjects_of_any_length_arrive_as_they_were(subject: str) -> None:
    found = parsed(message(subject=subject.strip()))
    assert found["Subject"] == subject.strip()


def test_headers_of_ones_own_arrive_and_a_message_id_may_be_one() -> None:
    found = parsed(
        message(
            headers={
                "List-Unsubscribe": "<https://x.example/u>",
                "Message-ID": "<1@example.org>",
                "Auto-Submitted": "auto-generated",
            }
        )
    )
    assert found["List-Unsubscribe"] == "<https://x.example/u>"
    assert found.get_all("Message-ID") == ["<1@example.org>"]


def test_a_message_id_is_new_each_time_and_of_the_senders_domain() -> None:
    made = message(sender="Feedwhip <a@mail.example.org>")
    ids = {parsed(made)["Message-ID"] for _ in range(3)}
    assert len(ids) == 3
    assert all(found.endswith("@mail.example.org>") for found in ids)


def test_the_line_between_the_parts_is_in_none_of_them() -> None:
    text, html = (f"--=_blendtpl_alternative{end}\n" for end in ("", "_1--"))
    found = parsed(message(text=text, html=html))
    assert found.get_boundary() == "=_blendtpl_alternative_2"
    assert (content(found, "plain"), content(found, "html")) == (text, html)


def test_making_bytes_leaves_the_cache_of_regular_expressions_alone() -> None:
    made = message(html="<p>", cc=("Ünal <c@example.org>",))
    made.as_bytes()
    re.purge()
    for _ in range(9):
        made.as_bytes()
    assert vars(re)["_cache"] == {}


def test_a_standard_library_message_travels_and_is_written_as_the_librarys_own() -> None:
    made = message(subject="Grüße", html="<p>ü</p>", headers={"Message-ID": "<1@example.org>", "X-Id": "1"})
    found = made.as_email_message()
    data = found.as_bytes()  # which decides on the line between the parts
    own = copy.deepcopy(found)
    own.policy = email.policy.SMTP
    for copied in (own, pickle.loads(pickle.dumps(found)), copy.deepcopy(found)):
        assert copied.as_bytes() == data
    assert email.message_from_bytes(data, policy=email.policy.SMTP).as_bytes() == data


def test_headers_of_a_kind_share_a_class_that_is_like_the_standard_librarys() -> None:
    one, two = (
        message(headers={"X-Id": "1", "Date": "Thu, 12 Jun 2025 07:42:00 +0000"}).as_email_message() for _ in range(2)
    )
    for name in one:
        kind = type(one[name])
        assert kind is type(two[name])
        own = HeaderRegistry()[name]
        assert (kind.__name__, kind.__mro__[1:]) == (own.__name__, own.__mro__[1:])


def test_a_kind_of_header_that_somebody_adds_is_used() -> None:
    class Odd(UnstructuredHeader):
        max_count = 1

    found = message().as_email_message()
    policy = cast(email.policy.EmailPolicy, found.policy)
    headers = cast(HeaderRegistry, copy.deepcopy(policy.header_factory))
    headers.map_to_type("X-Odd", cast(Any, Odd))  # typeshed wants the class that it makes of it
    found.policy = policy.clone(header_factory=headers)
    found["X-Odd"] = "1"
    assert isinstance(found["X-Odd"], Odd)
    with pytest.raises(ValueError, match="at most 1"):
        found["X-Odd"] = "2"


def test_a_message_cannot_be_changed_nor_through_the_headers_it_was_given(mails: blendtpl.Registry) -> None:
    headers = {"X-A": "1"}
    made = mails.message("full", user="", to=["b@example.org"], sender="a@example.org", headers=headers)
    headers["X-B"] = "2\n"
    assert dict(made.headers) == {"X-A": "1"}
    assert type(made.headers) is MappingProxyType
    with pytest.raises(AttributeError):
        made.subject = "x\n"  # type: ignore[misc]


def test_each_e_mail_of_feedwhip_is_a_message_with_two_parts(registry: blendtpl.Registry) -> None:
    folders = [
        (name.removesuffix("/subject.txt"), example)
        for name, example in every_example()
        if name.endswith("/subject.txt")
    ]
    assert len(folders) >= 28
    for folder, example in folders:
        context = context_of(f"{folder}/subject.txt", example)
        made = registry.message(folder, context, to=["Ada <ada@example.org>"], sender="Feedwhip <mail@example.org>")
        found = parsed(made)
        assert made.html is not None
        assert found["Subject"] == made.subject
        assert content(found, "plain").rstrip() == (made.text or "").replace("\r", "\n").rstrip()
        assert content(found, "html").rstrip() == made.html.replace("\r", "\n").rstrip()
