"""Frames: what a reader's device is shown, and what it may do."""

import re

import pytest

from blendtpl.preview.facts import remote_images
from blendtpl.preview.frames import IMAGES, OFF, OWN, REMOTE, SCHEMES, html_frame, text_frame

PAGE = """<!DOCTYPE html>
<html><head><meta name="color-scheme" content="light dark"><!-- (prefers-color-scheme: dark) -->
<style media="(prefers-color-scheme: light)">p{}</style>
<style>:root{color-scheme: light dark}@media (prefers-color-scheme:dark){p{color:#eee}}</style>
<title>(prefers-color-scheme: dark)</title></head>
<body bgcolor="#ffffff" style="color:#111">
<p style='background-color:white;color:rgb(10,10,10)'>(prefers-color-scheme: dark)</p>
<img src="https://example.com/a.png" alt="A" srcset="b.png 2x"><a href="https://example.com/">x</a></body></html>"""


def shown(scheme: str = "light", images: str = OWN, html: str = PAGE) -> str:
    return html_frame(html, scheme=scheme, images=images).document.decode()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("images", IMAGES)
def test_nothing_in_a_frame_may_run_be_sent_or_lead_away(scheme: str, images: str) -> None:
    for frame in (html_frame(PAGE, scheme=scheme, images=images), text_frame("<script>", scheme=scheme)):
        rules = dict(rule.strip().partition(" ")[::2] for rule in frame.policy.split(";"))
        assert rules["sandbox"] == "allow-same-origin"  # in which no script runs that could use it
        assert rules["default-src"] == rules["form-action"] == rules["base-uri"] == "'none'"
        assert not rules.keys() & {"script-src", "connect-src", "frame-src", "script-src-elem"}


def test_images_come_from_other_hosts_only_when_somebody_asks() -> None:
    def sources(images: str) -> str:
        found = re.search(r"img-src ([^;]*)", html_frame(PAGE, scheme="light", images=images).policy)
        assert found is not None
        return found[1]

    assert (sources(OWN), sources(REMOTE), sources(OFF)) == ("data:", "data: http: https:", "'none'")
    assert 'src="https://example.com/a.png" alt="A" srcset="b.png 2x"' in shown(images=OWN)
    assert 'data-off-src="https://example.com/a.png" alt="A" data-off-srcset="b.png 2x"' in shown(images=OFF)


def test_a_light_scheme_is_the_documents_own_with_its_dark_rules_off() -> None:
    found = shown()
    assert "@media (max-width:-1px){p{color:#eee}}" in found
    assert '<style media="(min-width:0)">' in found
    assert '<meta name="color-scheme" content="light">' in found
    assert ":root{color-scheme: light}" in found


def test_a_dark_scheme_is_the_documents_own_with_its_dark_rules_on() -> None:
    found = shown("dark")
    assert "@media (min-width:0){p{color:#eee}}" in found
    assert '<style media="(max-width:-1px)">' in found
    assert '<meta name="color-scheme" content="dark">' in found
    assert ":root{color-scheme: dark}" in found


@pytest.mark.parametrize("scheme", SCHEMES)
def test_texts_titles_and_comments_are_no_style_sheets(scheme: str) -> None:
    found = shown(scheme)
    for text in (
        "<!-- (prefers-color-scheme: dark) -->",
        ">(prefers-color-scheme: dark)</p>",
        "<title>(prefers-color-scheme",
    ):
        assert text in found


def test_a_document_without_schemes_is_shown_as_it_is() -> None:
    html = "<!doctype html><p title='a > b' style=\"color:red\">x</p>"
    assert shown("dark", html=html) == html.replace("html>", 'html><base target="_blank">', 1)


def test_a_partly_forced_scheme_turns_light_backgrounds_and_dark_texts_round_and_nothing_else() -> None:
    found = shown("partial")
    assert "background-color:rgb(31, 31, 31);color:rgb(245, 245, 245)" in found
    assert 'bgcolor="rgb(31, 31, 31)" style="color:rgb(238, 238, 238)"' in found
    assert "@media (max-width:-1px)" in found  # clients that force a scheme are no clients that have one
    kept = '<p style="background:#123;color:#fff;background-image:url(#fff.png)">#000000</p>'
    assert kept in shown("partial", html=kept)


@pytest.mark.parametrize(
    ("colour", "turned"),
    [
        ("#fff", "rgb(31, 31, 31)"),
        ("#FFFFFF80", "rgba(31, 31, 31, 0.501961)"),
        ("rgba(255, 255, 255, .5)", "rgba(31, 31, 31, 0.5)"),
        ("rgb(100% 100% 100%)", "rgb(31, 31, 31)"),
        ("rgb(1.2.3, 4, 5)", "rgb(1.2.3, 4, 5)"),
        ("transparent", "transparent"),
        ("whitespace", "whitespace"),
        ("#ffff0", "#ffff0"),
    ],
)
def test_every_way_to_write_a_colour_is_known_and_nothing_else_is_one(colour: str, turned: str) -> None:
    html = f'<p style="background:{colour}">x</p>'
    assert f'style="background:{turned}"' in shown("partial", html=html)


def test_markup_that_never_ends_is_passed_through() -> None:
    for html in (
        "<p style='color:red",
        "<!-- x",
        "<style>p{color:#111",
        "<" * 500,
        "<a " * 200 + "'" * 201,
        "<!doctype html",
    ):
        for scheme in SCHEMES:
            assert html[:1] in shown(scheme, html=html)


def test_a_text_is_shown_as_text() -> None:
    assert "<pre dir=auto>&lt;script&gt; é\ufffd</pre>" in text_frame(
        "<script> é\ud800", scheme="dark"
    ).document.decode().replace("?", "\ufffd")


def test_images_of_other_hosts_are_counted() -> None:
    html = "<img src='https://a/b'><img alt=x\nsrc=//c/d><IMG SRC=\"http://e\">"
    html += "<img src='data:image/png,x'><img data-src='http://f'><img src=g.png>"
    assert remote_images(html) == 3
