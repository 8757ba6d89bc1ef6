"""The pictures of `docs/preview.md`: ``python -m tests.preview.pictures`` takes them anew, with Chromium."""

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from testkit import ROOT
from tests.preview.support import CHROMIUM, served

if TYPE_CHECKING:
    from playwright.sync_api import Page

OUTPUT = ROOT / "docs" / "preview"
_SIZE = {"width": 1360, "height": 850}


def _nothing(page: "Page", folder: Path) -> None: ...


def _broken(page: "Page", folder: Path) -> None:
    file = folder / "emails/welcome/body.html"
    file.write_text(file.read_text().replace("{{ ui.button(", "{{ plan|titel }}{{ ui.button(", 1))
    page.wait_for_selector("#failure:not([hidden])")


def _searched(page: "Page", folder: Path) -> None:
    page.keyboard.press("/")
    page.keyboard.type("watch hard")


# of each: whether the page around is dark, what is shown, and what happens then
PICTURES: dict[str, tuple[bool, str, Callable[["Page", Path], None]]] = {
    "email.png": (False, "item=emails/alert&example=ordinary", _nothing),
    "email-dark.png": (True, "item=emails/alert&example=ordinary&width=phone&scheme=dark&tab=html", _nothing),
    "forced.png": (False, "item=emails/payment_failed&scheme=partial&tab=variables", _nothing),
    "page.png": (False, "item=pages/dashboard.html&tab=size", _nothing),
    "page-dark.png": (True, "item=pages/watch.html&scheme=dark&width=tablet", _searched),
    "mistake.png": (False, "item=emails/welcome", _broken),
}


def main() -> None:
    """Take all pictures of Feedwhip's templates, of which a copy is broken for the last."""
    from playwright.sync_api import sync_playwright  # a test that is run without it imports this module, too

    if CHROMIUM is None:
        sys.exit("error: there is no Chromium on this machine")
    OUTPUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as around:
        folder = Path(shutil.copytree(ROOT / "templates", Path(around, "templates")))
        with served(folder) as (url, _), sync_playwright() as started:
            browser = started.chromium.launch(executable_path=CHROMIUM)
            for name, (dark, query, then) in PICTURES.items():
                context = browser.new_context(color_scheme="dark" if dark else "light", reduced_motion="reduce")
                page = context.new_page()
                page.set_viewport_size(_SIZE)  # type: ignore[arg-type]  # a dict like the one that it takes
                page.goto(f"{url}?{query}")
                page.wait_for_selector("iframe.ready")
                page.wait_for_function("document.getElementById('live').dataset.state === 'live'")
                then(page, folder)
                page.wait_for_timeout(700)  # for the warnings, which come later
                page.screenshot(path=OUTPUT / name)
                sys.stdout.write(f"{(OUTPUT / name).relative_to(ROOT)}\n")
                context.close()
            browser.close()


if __name__ == "__main__":
    main()
