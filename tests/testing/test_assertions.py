"""Assertions fail for what they are about, name all of it, and for nothing else."""

from collections.abc import Callable
from typing import Any

import pytest

from blendtpl.testing import ReadMessage, assert_headers, assert_links, assert_recipients, assert_says
from tests.testing.support import message

LINK = "https://example.com/a"


def failure(check: Callable[..., ReadMessage], *arguments: Any, **options: Any) -> str:
    with pytest.raises(AssertionError) as caught:
        check(*arguments, **options)
    return str(caught.value)


def test_a_message_that_is_right_is_returned_as_it_is_read() -> None:
    given = message(unsubscribe="https://example.com/stop/7")
    assert assert_links(given, has=[LINK]).subject == "Hi"
    assert assert_says(given, "Look  at\n").subject == "Hi"
    assert assert_recipients(given, "ada@example.org").subject == "Hi"
    assert assert_headers(given, {"subject": "Hi", "X-None": None}).subject == "Hi"


def test_all_that_is_wrong_with_links_is_named_at_once() -> None:
    html = "".join(
        f'<a href="{url}">x</a>'
        for url in (
            "http://a.example/",
            "/relative",
            "#",
            "#top",
            "",
            "mailto:a@b.example",
            "tel:1",
            "https:///x",
            "https://[",
        )
    )
    given = message(html=f'{html}<img src="http://a.example/i.png"><img src="cid:x">', text="https://b.example/")
    told = failure(assert_links, given, has=["https://c.example/"])
    assert told == (
        "the message 'Hi': the HTML has 'http://a.example/', which is not by https;"
        " the HTML has '/relative', which leads nowhere from a message: write it with https and its host;"
        " the HTML has '#', which leads nowhere from a message: write it with https and its host;"
        " the HTML has '', which leads nowhere from a message: write it with https and its host;"
        " the HTML has 'https:///x', which has no host;"
        " the HTML has 'https://[', which is no URL;"
        " the HTML has 'http://a.example/i.png', which is not by https;"
        " no part has the link 'https://c.example/';"
        " the HTML has 'http://a.example/', and the text does not;"
        " the HTML has 'https:///x', and the text does not;"
        " the HTML has 'https://[', and the text does not;"
        " the text has 'https://b.example/', and the HTML does not"
    )


def test_what_is_not_asked_for_is_not_looked_at() -> None:
    given = message(html='<a href="http://localhost:8000/">x</a>', text="nothing")
    assert assert_links(given, https=False, same=False)
    assert "is not by https" in failure(assert_links, given, same=False)
    assert "and the text does not" in failure(assert_links, given, https=False)


def test_a_message_with_one_part_has_nothing_to_be_the_same_as() -> None:
    for part in ("text", "html"):
        assert assert_links(message(**{part: None}))


def test_the_header_to_unsubscribe_by_is_looked_at() -> None:
    given = message(headers={"List-Unsubscribe": "<mailto:stop@example.com>, <http://example.com/stop>"})
    assert failure(assert_links, given) == (
        "the message 'Hi': the header List-Unsubscribe has 'http://example.com/stop', which is not by https"
    )


def test_a_phrase_that_one_part_lacks_is_named_with_the_part() -> None:
    given = message(text="Dear Ada\nbye", html="<p>Dear <b>Ada</b></p><p>good</p><p>night</p>")
    assert assert_says(given, "Dear Ada")
    assert failure(assert_says, given, "bye", "good night") == (
        "the message 'Hi': the text does not say 'good night'; the HTML does not say 'bye'"
    )
    assert assert_says(message(html=None, text="bye"), "bye")


def test_recipients_are_neither_more_nor_fewer() -> None:
    given = message(bcc=("eve@example.org",))
    assert assert_recipients(given, "eve@example.org", "ada@example.org")
    assert failure(assert_recipients, given, "ada@example.org", "bob@example.org") == (
        "the message 'Hi': it does not go to bob@example.org; it goes to eve@example.org, too"
    )
    assert "it has the header Bcc, which all recipients see" in failure(
        assert_recipients, b"Subject: Hi\r\nBcc: eve@example.org\r\n\r\n"
    )


def test_headers_that_differ_are_named() -> None:
    assert failure(assert_headers, message(), {"Subject": "Ho", "From": None, "X-None": "1"}) == (
        "the message 'Hi': the header Subject is 'Hi', and should be 'Ho'; the header From is"
        " 'Feedwhip <alerts@example.com>', and should be None; the header X-None is None, and should be '1'"
    )
