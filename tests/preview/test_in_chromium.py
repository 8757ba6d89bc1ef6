"""The preview in a browser: what people do with it, and what templates may not do in it."""

import json
import re
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

import pytest

from testkit import PATIENCE
from tests.compiling.support import write
from tests.preview.conftest import TEMPLATES
from tests.preview.support import CHROMIUM, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Frame, Page

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")]

# what a template would have to do to get at the preview or to tell another host of it; `HOST` is one that counts
ATTACK = (
    "<script>parent.document.title = document.title = 'ran'; fetch('/save')</script>"
    "<img src=x onerror=\"parent.document.title='ran'\"><svg onload=\"parent.document.title='ran'\"></svg>"
    "<a id=away href='HOST/' target=_top>away</a><iframe src='HOST/inner'></iframe>"
    "<meta http-equiv=refresh content='0;url=HOST/refreshed'>"
    "<form action='HOST/sent'><button id=send>send</button></form>"
    "<link rel=stylesheet href='HOST/style.css'><style>@import 'HOST/import.css';</style>"
)
MORE = {
    "page.examples.json": '{\n  "one": {"title": "First"},\n  "two": {"title": "Second"}\n}\n',
    "raw.html": "<!doctype html><title>raw</title>{{ html|safe }}<p id=end>end</p>",
    "raw.examples.json": "{}",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("project") / "templates", {**TEMPLATES, **MORE})


@pytest.fixture(scope="module")
def address(project: Path) -> Iterator[str]:
    with served(project) as (url, _):
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with playwright.sync_playwright() as started:
        playwright.expect.set_options(timeout=PATIENCE * 1000)
        launched = started.chromium.launch(executable_path=CHROMIUM)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: "Browser", address: str, project: Path) -> Iterator["Page"]:
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    context = browser.new_context(viewport={"width": 1400, "height": 900}, accept_downloads=True)
    context.set_default_timeout(PATIENCE * 1000)
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.goto(address)
    yield opened
    context.close()
    for path, data in before.items():  # so that a test that fails is the only one
        if not path.exists() or path.read_bytes() != data:
            path.write_bytes(data)
    assert wrong == []


def inside(page: "Page") -> Any:
    return page.frame_locator("#glass iframe.ready")


def colour(page: "Page", selector: str) -> str:
    return str(inside(page).locator(selector).evaluate("found => getComputedStyle(found).color"))


def expect(found: Any) -> Any:
    return playwright.expect(found)


def test_people_find_an_example_by_search_and_by_keys(page: "Page") -> None:
    expect(inside(page).locator("p")).to_have_text("Ada: much")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("page two")
    expect(page.locator(".item:visible")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(inside(page).locator("h1")).to_have_text("Second")
    expect(page.locator("#items [aria-current]")).to_have_text("two")
    page.keyboard.press("ArrowLeft")
    expect(inside(page).locator("h1")).to_have_text("First")
    page.keyboard.press("/")
    page.keyboard.type("zzz")
    expect(page.get_by_text("Nothing is called so.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".item:visible")).to_have_count(5)
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowDown")
    expect(inside(page).locator("h1")).to_have_text("Second")
    page.keyboard.press("ArrowUp")
    expect(inside(page).locator("h1")).to_have_text("First")
    page.reload()  # what is shown stands in the address
    expect(inside(page).locator("h1")).to_have_text("First")


def test_widths_and_colours_are_those_of_the_device(page: "Page") -> None:
    width = "() => document.querySelector('#glass iframe').clientWidth"
    expect(inside(page).locator("p")).to_be_visible()
    page.locator("#device").click(force=True)  # into the frame, which does not take the keys away
    page.wait_for_function("() => document.hasFocus() && document.activeElement === document.body")
    for key, pixels in (("1", 390), ("2", 768), ("3", 960)):
        page.keyboard.press(key)
        page.wait_for_function(f"({width})() === {pixels}")
    expect(inside(page).locator("p")).to_have_css("color", "rgb(34, 34, 34)")
    page.keyboard.press("d")
    expect(inside(page).locator("p")).to_have_css("color", "rgb(221, 221, 221)")
    page.keyboard.press("f")
    expect(inside(page).locator("p")).to_have_css("color", "rgb(221, 221, 221)")  # turned round, and no rule of its own
    page.keyboard.press("f")
    expect(inside(page).locator("html")).to_have_css("filter", "invert(1) hue-rotate(180deg)")
    expect(page.locator("#scheme-full")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("d")
    expect(page.locator("#scheme-light")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()


def test_a_frame_that_comes_late_takes_not_the_place_of_the_one_asked_for_since(page: "Page") -> None:
    expect(inside(page).locator("p")).to_be_visible()
    held: list[Any] = []
    page.route("**/frame/*scheme=*", lambda route: held.append(route))
    for key, asked_for in (("d", 1), ("f", 2), ("f", 3)):
        page.keyboard.press(key)
        page.wait_for_function("wanted => document.querySelectorAll('#glass iframe').length > wanted", arg=asked_for)
    while len(held) < 3:
        page.wait_for_timeout(10)
    for route in held:
        route.continue_()
        page.wait_for_timeout(100)
    expect(inside(page).locator("html")).to_have_css("filter", "invert(1) hue-rotate(180deg)")
    expect(page.locator("#glass iframe")).to_have_count(1)


def test_a_frame_that_somebody_goes_to_by_tab_keeps_the_focus(page: "Page", address: str) -> None:
    page.goto(f"{address}?item=raw.html")
    page.locator("#editor").fill(json.dumps({"html": "<a href=x>a link</a>"}))
    expect(inside(page).locator("a")).to_be_visible()
    page.locator("#details-off").focus()
    page.keyboard.press("Tab")
    page.wait_for_function("() => document.activeElement.tagName === 'IFRAME'")
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#details-off")).to_be_focused()


def test_a_page_that_is_dark_itself_shows_a_light_template_as_light(browser: "Browser", address: str) -> None:
    context = browser.new_context(color_scheme="dark")
    dark = context.new_page()
    dark.goto(address)
    expect(inside(dark).locator("p")).to_have_css("color", "rgb(34, 34, 34)")
    expect(dark.locator("body")).to_have_css("color", "rgb(232, 235, 238)")
    context.close()


def test_an_example_is_edited_in_place_seen_at_once_and_written_back(page: "Page", project: Path) -> None:
    file = project / "mail/hello/examples.json"
    before = file.read_text()
    page.keyboard.press("e")
    field = page.locator("#editor")
    expect(field).to_be_focused()
    field.fill('{"name": "Grace", "news": "a lot"}')
    expect(inside(page).locator("p")).to_have_text("Grace: a lot")
    expect(page.locator("#envelope .subject")).to_have_text("Hello Grace")
    expect(field).to_be_focused()
    field.fill('{"name": "Grace", "news" 1}')
    expect(page.locator("#problem")).to_have_text(re.compile(r"line 1, column 26:\s+expecting ':' delimiter"))
    expect(page.locator("#save")).to_be_disabled()
    expect(inside(page).locator("p")).to_have_text("Grace: a lot")
    field.fill('{"name": "Grace", "news": "saved"}')
    expect(inside(page).locator("p")).to_have_text("Grace: saved")
    assert file.read_text() == before
    page.keyboard.press("Control+s")
    expect(page.locator("#save")).to_be_hidden()
    assert file.read_text() == before.replace('{"name": "Ada", "news": "much"}', '{"name": "Grace", "news": "saved"}')
    field.fill("{}")
    expect(page.locator("#revert")).to_be_visible()
    expect(page.locator("#failure")).to_contain_text("'name' is undefined")
    file.write_text(before)  # by somebody else, meanwhile
    expect(page.locator("#problem")).to_contain_text("has changed since")
    page.get_by_role("button", name="Load it").click()
    expect(inside(page).locator("p")).to_have_text("Ada: much")


def test_what_is_typed_before_a_save_is_seen_to_be_done_stays(page: "Page", project: Path) -> None:
    file = project / "mail/hello/examples.json"
    before = file.read_text()
    page.keyboard.press("e")
    field = page.locator("#editor")
    expect(field).to_be_focused()
    field.fill('{"name": "Grace", "news": "saved"}')
    expect(inside(page).locator("p")).to_have_text("Grace: saved")
    held: list[Any] = []
    released: list[bool] = []
    page.route("**/stage", lambda route: route.continue_() if released else held.append(route))
    with page.expect_response("**/save"):
        page.keyboard.press("Control+s")
    while not held:
        page.wait_for_timeout(10)
    field.fill("{}")
    while len(held) < 2:
        page.wait_for_timeout(10)
    released.append(True)
    for route in held:
        route.continue_()
    expect(page.locator("#failure")).to_contain_text("'name' is undefined")
    expect(field).to_have_value("{}")
    file.write_text(before)
    expect(page.locator("#problem")).to_contain_text("has changed since")
    page.get_by_role("button", name="Load it").click()
    expect(inside(page).locator("p")).to_have_text("Ada: much")


def test_a_change_is_seen_by_itself_and_a_mistake_is_a_page_that_goes(page: "Page", project: Path) -> None:
    expect(page.locator("#live")).to_have_text("Live")
    file = project / "mail/hello/body.html"
    before = file.read_text()
    file.write_text(before.replace("<p>", "<p>Changed "))
    expect(inside(page).locator("p")).to_have_text("Changed Ada: much")
    file.write_text(before.replace("{{ news }}", "{{ news|uper }}"))
    expect(page.get_by_role("alert")).to_contain_text("unknown filter `uper`")
    expect(page.locator(".excerpt mark")).to_have_text("uper")
    expect(page.locator("#failure")).to_contain_text("did you mean `upper`?")
    file.write_text(before)
    expect(page.locator("#failure")).to_be_hidden()
    expect(inside(page).locator("p")).to_have_text("Ada: much")
    added = project / "added.html"
    added.write_text("<p>added</p>")
    expect(page.locator('.item[data-item="added.html"]')).to_be_visible()
    added.unlink()
    expect(page.locator('.item[data-item="added.html"]')).to_have_count(0)


def test_what_changes_is_shown_where_its_reader_has_scrolled_to(page: "Page", project: Path) -> None:
    rows = "".join(f"<p id=row{number} style='height:80px'>row {number}</p>" for number in range(80))
    file = project / "mail/hello/body.html"
    before = file.read_text()
    file.write_text(before.replace("<p>", f"{rows}<p id=last>"))
    expect(inside(page).locator("#last")).to_have_text("Ada: much")
    inside(page).locator("#row40").evaluate("row => row.scrollIntoView({block: 'start'})")
    scrolled = "() => document.querySelector('#glass iframe.ready').contentWindow.scrollY"
    top = page.evaluate(scrolled)
    assert top > 2000
    for text in ("one", "two"):
        file.write_text(before.replace("<p>", f"{rows.replace('row 40', text)}<p id=last>"))
        expect(inside(page).locator("#row40")).to_have_text(text)
        expect(page.locator("#glass iframe")).to_have_count(1)
        assert page.evaluate(scrolled) == top
    page.keyboard.press("ArrowRight")  # another example begins at its top
    expect(inside(page).locator("#last")).to_contain_text("1000")
    assert page.evaluate(scrolled) == 0
    file.write_text(before)
    expect(inside(page).locator("p")).to_have_count(1)


@pytest.fixture
def other() -> Iterator[tuple[str, list[str]]]:
    """Another host, and what it has been asked for."""
    asked: list[str] = []

    class Counting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # its name is that of the method
            asked.append(self.path)
            self.send_response(200)
            self.send_header("content-type", "image/svg+xml")
            self.end_headers()
            self.wfile.write(b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')

        do_POST = do_GET  # noqa: N815

        def log_message(self, *arguments: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Counting)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_tab_that_nobody_sees_lets_go_of_its_stream_and_catches_up_when_it_is_seen(
    page: "Page", project: Path
) -> None:
    see = "hidden => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});"
    see += " document.dispatchEvent(new Event('visibilitychange')) }"
    expect(page.locator("#live")).to_have_text("Live")
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/events")):
        page.evaluate(see, True)
    file = project / "mail/hello/body.html"
    before = file.read_text()
    file.write_text(before.replace("<p>", "<p>Unseen "))
    with page.expect_request("**/events"):
        page.evaluate(see, False)
    expect(inside(page).locator("p")).to_have_text("Unseen Ada: much")
    file.write_text(before)
    expect(inside(page).locator("p")).to_have_text("Ada: much")


def test_nothing_of_a_template_runs_leads_away_or_asks_another_host(
    page: "Page", address: str, other: tuple[str, list[str]]
) -> None:
    host, asked = other
    page.goto(f"{address}?item=raw.html")
    page.locator("#editor").fill(json.dumps({"html": ATTACK.replace("HOST", host)}))
    expect(inside(page).locator("#away")).to_be_visible()
    inside(page).locator("#away").click(no_wait_after=True)
    inside(page).locator("#send").click(no_wait_after=True)
    expect(inside(page).locator("#end")).to_have_text("end")
    assert page.locator("#glass iframe").first.get_attribute("sandbox") == "allow-same-origin"  # and no scripts
    frame: Frame = page.frames[1]
    with page.expect_response(frame.url) as opened:  # nor where somebody opens it by its own address
        page.evaluate("url => { fetch(url) }", frame.url)
    policy = opened.value.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-same-origin; default-src 'none'; ")
    assert "script" not in policy
    image = {"html": f"<img id=image alt=A src='{host}/image.png'>"}
    page.locator("#editor").fill(json.dumps(image))
    expect(inside(page).locator("#image")).to_be_attached()
    expect(page.locator("#caption")).to_contain_text("1 image of other hosts not fetched (i)")
    page.locator("#images-off").click()
    expect(inside(page).locator("#image[data-off-src]")).to_be_attached()
    assert page.title() == "raw.html · blendtpl"
    assert page.url.startswith(address)
    assert asked == []
    with page.expect_response(f"{host}/image.png"):
        page.locator("#images-remote").click()  # which is what asks
    assert asked == ["/image.png"]


def test_the_message_is_downloaded_and_the_tabs_go_by_arrow_keys(page: "Page") -> None:
    with page.expect_download() as coming:
        page.keyboard.press("o")
    assert coming.value.suggested_filename == "mail-hello-plain.eml"
    page.get_by_role("tab", name="Example").focus()
    for name in ("HTML", "Text", "As sent", "Headers", "Size", "Lint", "Variables", "Example"):
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", name=name)).to_be_focused()
        expect(page.get_by_role("tabpanel", name=name)).to_be_visible()


def test_every_control_has_a_name_and_a_visible_focus(page: "Page") -> None:
    expect(inside(page).locator("p")).to_be_visible()
    nameless = page.evaluate(
        "() => [...document.querySelectorAll('button, a, input, select, textarea, iframe, dialog, [role]')]"
        ".filter(each => !each.matches('[aria-label], [aria-labelledby], [title]') && !each.textContent.trim())"
        ".filter(each => each.getClientRects().length).map(each => each.outerHTML)"
    )
    assert nameless == []
    page.keyboard.press("Tab")
    for _ in range(12):
        page.keyboard.press("Tab")
        outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"


def test_a_host_that_only_resolves_to_this_machine_is_refused(address: str) -> None:
    port = address.rstrip("/").rpartition(":")[2]
    request = urllib.request.Request(address, headers={"Host": f"evil.example:{port}"})
    with pytest.raises(HTTPError) as caught:
        urllib.request.urlopen(request)
    with caught.value as answer:
        assert answer.code == 421


def test_a_page_of_another_host_cannot_read_the_preview(browser: "Browser", address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.route(
        "http://evil.example/", lambda route: route.fulfill(body="<title>evil</title>", content_type="text/html")
    )
    page.goto("http://evil.example/")
    for what in (f"fetch('{address}items')", f"fetch('{address}reload', {{method: 'POST', body: '{{}}'}})"):
        assert page.evaluate(f"() => {what}.then(answer => answer.text(), () => 'refused')") == "refused"
    context.close()
