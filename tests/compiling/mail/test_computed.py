"""Chromium computes the same style for every element of an e-mail, whether its CSS was inlined in the build or in its
render: on a phone and on a desk, by day and by night.
"""

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import css_inline
import pytest

import blendtpl
from blendtpl.compiler.build import build
from blendtpl.compiler.mail.project_settings import MailSettings
from testkit import TEMPLATES
from testkit.examples import context_of, every_example
from tests.compiling.mail.generated import Maker
from tests.compiling.mail.support import BODY, inlined, rendered

if TYPE_CHECKING:
    from playwright.sync_api import Page

playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MAILS = [(name, example) for name, example in every_example() if name.startswith("emails/") and name.endswith(".html")]
VIEWS = [(375, "light"), (375, "dark"), (1024, "light"), (1024, "dark")]

# all properties of all elements that may be seen: those of a head never are, nor are there the same in both
_STYLES = """() => [...document.body.querySelectorAll('*'), document.body, document.documentElement]
    .filter(element => element.tagName != 'STYLE')
    .map(element => {
        const style = getComputedStyle(element);
        return [element.tagName, [...style].map(name => name + ':' + style.getPropertyValue(name)).join(';')];
    })"""

_INLINER = css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)

EVERY = "BLENDTPL_EVERY_MAIL" in os.environ  # a browser takes a second for each, twice: some stand for all
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")]


@pytest.fixture(scope="module")
def browser_page() -> Iterator["Page"]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.route("**/*", lambda route: route.abort())
        yield page
        browser.close()


@pytest.fixture(scope="module")
def compiled() -> blendtpl.Registry:
    return blendtpl.load(build(TEMPLATES, mail=MailSettings(inline_css=True)).bundle)


def computed(page: "Page", html: str, width: int, scheme: Any) -> list[Any]:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.set_content(html)
    found: list[Any] = page.evaluate(_STYLES)
    return found


@pytest.mark.parametrize(("name", "example"), MAILS if EVERY else MAILS[::5])
def test_an_e_mail_looks_the_same(
    name: str, example: str, browser_page: "Page", registry: blendtpl.Registry, compiled: blendtpl.Registry
) -> None:
    context = context_of(name, example)
    before, after = _INLINER.inline(registry.render(name, context)), compiled.render(name, context)
    for width, scheme in VIEWS:
        expected = computed(browser_page, before, width, scheme)
        assert len(expected) > 10
        assert computed(browser_page, after, width, scheme) == expected


@pytest.mark.parametrize("start", range(0, 60 if EVERY else 20, 20))
def test_a_made_up_message_looks_the_same(start: int, browser_page: "Page") -> None:
    for seed in range(start, start + 20):
        maker = Maker(seed)
        texts = maker.message()
        new, _ = inlined(texts)
        context = maker.context()
        try:
            before = _INLINER.inline(rendered(texts, **context))
        except css_inline.InlineError:
            continue
        # a rule of `@media` that is not important loses to a style, and wins over a rule: here all of them are
        assert computed(browser_page, rendered(new, **context), 1024, "light") == computed(
            browser_page, before, 1024, "light"
        ), (seed, context)


@pytest.mark.parametrize(
    "css",
    [
        ".c{border:4px solid}.d{border-left-width:8px;border:7px solid}",
        ".c{margin:1px!important}.d{margin-top:9px!important;margin:5px!important}",
        "p{padding:{{ 1 }}px}.d{padding-top:8px;padding:2px}",
    ],
)
def test_a_shorthand_that_is_set_anew_looks_as_the_sheet_has_it(css: str, browser_page: "Page") -> None:
    html = "<html><head><style>" + css + '</style></head><body><p class="c d">t</p></body></html>'
    new, _ = inlined({BODY: html})
    assert "<style>" not in new[BODY] or "{{" in css
    expected = computed(browser_page, rendered({BODY: html}), 1024, "light")
    assert computed(browser_page, rendered(new), 1024, "light") == expected


def test_a_class_that_hangs_on_conditions_looks_as_the_sheet_has_it(browser_page: "Page") -> None:
    css = ".a{color:red;border:1px solid}.b{color:blue}.a.c{margin-top:5px}p{margin:9px}"
    body = "<p class=\"{{ 'a' if x else 'b' }}{% if y %} c{% endif %}\" style=\"top:{{ 1 }}px\">t</p>"
    texts = {BODY: f"<html><head><style>{css}</style></head><body>{body}</body></html>"}
    new, notes = inlined(texts)
    assert notes == []
    for context in ({"x": 0, "y": 0}, {"x": 0, "y": 1}, {"x": 1, "y": 0}, {"x": 1, "y": 1}):
        expected = computed(browser_page, rendered(texts, **context), 1024, "light")
        assert computed(browser_page, rendered(new, **context), 1024, "light") == expected
