"""Development in a browser: a page follows its templates and its styles, and shows what is wrong with them."""

import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from testkit import PATIENCE
from tests.web.development.support import served_by_asgi, served_by_wsgi

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytest.importorskip("watchfiles")
playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")]

# a server that can be begun again on the same port
SERVER = """
import socket, sys
from pathlib import Path
import uvicorn
import blendtpl
from blendtpl.web.asgi import TemplateResponse
from blendtpl.web.development import AsgiDevelopment

number, folder = int(sys.argv[1]), sys.argv[2]
with blendtpl.watch(folder) as registry:
    async def application(scope, receive, send):
        assert scope["type"] == "http", scope
        await TemplateResponse(registry["page.html"], {"word": sys.argv[3]})(scope, receive, send)

    listening = socket.socket(fileno=number)
    print("begun", flush=True)
    around = AsgiDevelopment(application, registry, debug=True)
    uvicorn.Server(uvicorn.Config(around, log_level="critical", lifespan="off")).run(sockets=[listening])
"""


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with playwright.sync_playwright() as started:
        playwright.expect.set_options(timeout=PATIENCE * 1000)
        launched = started.chromium.launch(executable_path=CHROMIUM)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    context = browser.new_context()
    context.set_default_timeout(PATIENCE * 1000)
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    yield opened
    context.close()
    assert wrong == []


@pytest.mark.parametrize("serve", [served_by_wsgi, served_by_asgi])
def test_a_page_follows_its_templates_shows_faults_and_takes_styles(
    serve: Any, registry: Any, folder: Path, static: Path, page: "Page"
) -> None:
    right = (folder / "page.html").read_text()
    with serve(registry, static) as (port, _):
        page.goto(f"http://127.0.0.1:{port}/page")
        word = page.locator("#word")
        playwright.expect(word).to_have_text("one")
        playwright.expect(word).to_have_css("color", "rgb(1, 2, 3)")
        (folder / "page.html").write_text(right.replace("one", "two"))
        playwright.expect(word).to_have_text("two")
        page.evaluate("document.title = 'the same page'")
        (static / "main.css").write_text("p { color: rgb(4, 5, 6) }")
        playwright.expect(word).to_have_css("color", "rgb(4, 5, 6)")
        playwright.expect(page.locator("link")).to_have_count(1)
        playwright.expect(page).to_have_title("the same page")  # which was not loaded again
        (folder / "page.html").write_text("\n<p>{{ word|uper }}</p>")
        playwright.expect(page.locator("h1")).to_have_text("A mistake in page.html")
        playwright.expect(page.locator("mark")).to_have_text("uper")
        playwright.expect(page.locator(".help")).to_contain_text("upper")
        (folder / "page.html").write_text(right)
        playwright.expect(word).to_have_text("one")
        page.goto("about:blank")


def test_an_enforced_policy_lets_the_script_run(registry: Any, folder: Path, static: Path, page: "Page") -> None:
    with served_by_wsgi(registry, static) as (port, _):
        page.goto(f"http://127.0.0.1:{port}/policy")
        playwright.expect(page.locator("#word")).to_have_text("one")
        (folder / "page.html").write_text("<body><p id=word>two</p></body>")
        playwright.expect(page.locator("#word")).to_have_text("two")
        page.goto("about:blank")


def test_the_page_of_an_exception_goes_when_the_template_is_mended(
    registry: Any, folder: Path, static: Path, page: "Page"
) -> None:
    with served_by_asgi(registry, static) as (port, _):
        page.goto(f"http://127.0.0.1:{port}/fails")
        playwright.expect(page.locator("h1")).to_have_text("no price in <x>")
        playwright.expect(page.locator("details.template").first).to_contain_text("fails.html:4")
        playwright.expect(page.locator("details.template td").first).to_be_visible()
        (folder / "fails.html").write_text("<body><p id=word>mended</p></body>")
        playwright.expect(page.locator("#word")).to_have_text("mended")
        page.goto("about:blank")


def test_a_server_that_is_told_to_end_ends_and_the_page_is_loaded_from_the_next(folder: Path, page: "Page") -> None:
    (folder / "page.html").write_text("<body><p id=word>{{ word }}</p></body>")
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def begin(word: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-c", SERVER, str(listening.fileno()), str(folder), word],
                pass_fds=[listening.fileno()],
                stdout=subprocess.PIPE,
                text=True,
            )
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            return process

        process = begin("one")
        try:
            page.goto(f"http://127.0.0.1:{listening.getsockname()[1]}/")
            with page.expect_response("**/_blendtpl/events"):
                page.reload()
            playwright.expect(page.locator("#word")).to_have_text("one")
            process.send_signal(signal.SIGTERM)  # while the page listens
            process.communicate(timeout=PATIENCE)
            process = begin("two")
            playwright.expect(page.locator("#word")).to_have_text("two")
        finally:
            page.goto("about:blank")
            process.kill()
            process.communicate()
