"""What is read of a message is what its recipients see."""

import email
import email.policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendtpl.mail.attachments import Image
from blendtpl.testing import read
from blendtpl.testing.html import read_html
from blendtpl.testing.reading import urls
from tests.testing.support import message

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def test_both_bodies_are_read_as_they_were_given() -> None:
    text, html = "Grüße,\n\n  zwei\n.\n", "<p>Grüße  an\nalle</p>\n"
    found = read(message(text=text, html=html, subject="Überraschung " * 12))
    assert (found.text, found.html) == (text, html)
    assert found.html_text == "Grüße an alle"
    assert found.subject == ("Überraschung " * 12).strip() or found.subject == "Überraschung " * 12


@pytest.mark.parametrize("part", ["text", "html"])
def test_a_body_that_is_missing_is_none(part: str) -> None:
    assert getattr(read(message(**{part: None})), part) is None


def test_files_and_images_are_read() -> None:
    found = read(
        message(
            html='<img src="cid:logo.png">',
            attachments=[("bücher.pdf", b"%PDF", "application/pdf"), ("notes.txt", b"text")],
            images=[Image("logo.png", PNG, "image/png")],
        )
    )
    assert [(each.name, each.type, each.content) for each in found.attachments if not each.content_id] == [
        ("bücher.pdf", "application/pdf", b"%PDF"),
        ("notes.txt", "text/plain", b"text"),
    ]
    (image,) = (each for each in found.attachments if each.content_id)
    assert (image.type, image.content) == ("image/png", PNG)
    assert found.text is not None
    assert found.text.startswith("Look")


def test_the_envelope_is_that_of_the_message() -> None:
    found = read(message(cc=("b@example.org",), bcc=("c@example.org", "Ada <ada@example.org>")))
    assert found.recipients == ("ada@example.org", "b@example.org", "c@example.org")
    assert found.bcc == ("c@example.org", "Ada <ada@example.org>")
    assert read(found.data).recipients == ()
    assert read(found.data).bcc == ()


def test_headers_are_unfolded_and_decoded() -> None:
    url = "https://example.com/" + "x" * 300
    found = read(message(headers={"X-Own": "é " * 60 + "ende", "List-Unsubscribe": f"<{url}>"}))
    assert found.header("x-own") == "é " * 60 + "ende"
    assert found.header("LIST-UNSUBSCRIBE") == f"<{url}>"
    assert found.header("nothing") is None
    assert found.header("From") == "Feedwhip <alerts@example.com>"


def test_messages_of_other_kinds_are_read() -> None:
    other = EmailMessage(policy=email.policy.SMTP)
    other["Subject"] = "Hi"
    other.set_content("text\n")
    inner = EmailMessage()
    inner["Subject"] = "inside"
    inner.set_content("more\n")
    other.add_attachment(inner)
    for each in (other, other.as_bytes(), bytearray(other.as_bytes()), read(other)):
        found = read(each)
        assert (found.subject, found.text, found.html) == ("Hi", "text\n", None)
        assert b"inside" in found.attachments[0].content


@pytest.mark.parametrize("wrong", [None, "a text", 7, object()])
def test_what_is_no_message_is_not_read(wrong: Any) -> None:
    with pytest.raises(TypeError, match=f"and not what is of the type `{type(wrong).__name__}`"):
        read(wrong)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("See https://example.com/a.", ["https://example.com/a"]),
        ("(see https://example.com/a_(b)).", ["https://example.com/a_(b)"]),
        ("<https://example.com/?a=1&b=2>", ["https://example.com/?a=1&b=2"]),
        ("[https://example.com/a], http://b.example!", ["https://example.com/a", "http://b.example"]),
        ("„https://example.com/“ HTTPS://B.EXAMPLE/x", ["https://example.com/“", "HTTPS://B.EXAMPLE/x"]),
        ("mailto:ada@example.org; example.com", ["mailto:ada@example.org"]),
        ("https://", []),
        ("", []),
    ],
)
def test_urls_are_found_without_the_signs_around_them(text: str, found: list[str]) -> None:
    assert list(urls(text)) == found


def test_html_is_read_as_it_is_shown() -> None:
    words, links, sources = read_html(
        "<!DOCTYPE html><html><head><title>no</title><style>p{}</style></head><body background='https://e.example/b'>"
        "<p>One&nbsp;<b>t</b>wo</p><p>three<br>four<img src='cid:x' alt='five'></p><script>no()</script>"
        "<a href=' https://e.example/?a=1&amp;b '>six</a><a name=x>seven</a><map><area href='#y'></map>"
        "<form action='https://e.example/f'></form><!-- no -->"
    )
    assert words == "One two three four five sixseven"
    assert links == ("https://e.example/?a=1&b", "#y", "https://e.example/f")
    assert sources == ("https://e.example/b", "cid:x")


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=200))
def test_any_text_is_read_as_it_was_given(text: str) -> None:
    found = read(message(text=text, html=None))
    assert found.text in (text, f"{text}\n")
