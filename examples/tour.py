"""A tour: compile Feedwhip's templates, load the bundle, render an alert e-mail and a page from it.

Run it from the project's folder: ``python examples/tour.py``. It writes into `build/` only.
"""

import json
import time
from pathlib import Path
from typing import Any

import blendtpl


def example(file: str, name: str = "ordinary") -> dict[str, Any]:
    """Return a context that is kept beside a template."""
    context: dict[str, Any] = json.loads(Path("templates", file).read_text(encoding="utf-8"))[name]
    return context


def main() -> None:
    """Compile, load, render; say what came out and how long it took."""
    started = time.perf_counter()
    blendtpl.compile("templates").write("build/feedwhip.blend")
    compiled = time.perf_counter()
    registry = blendtpl.load("build/feedwhip.blend")
    loaded = time.perf_counter()
    message = registry.message(
        "emails/alert",
        example("emails/alert/examples.json"),
        to=["Ada <ada@example.org>"],
        sender="Feedwhip <alerts@example.com>",
    )
    page = registry.render("pages/dashboard.html", example("pages/dashboard.examples.json"))
    rendered = time.perf_counter()

    Path("build/alert.eml").write_bytes(message.as_bytes())
    Path("build/alert.html").write_text(message.html or "", encoding="utf-8")
    Path("build/dashboard.html").write_text(page, encoding="utf-8")

    print(f"Subject: {message.subject}\n\n{message.text}")
    print("-" * 72)
    print(f"compiled {len(registry)} templates into build/feedwhip.blend in {compiled - started:.2f} s")
    print(f"loaded them in {1000 * (loaded - compiled):.0f} ms, sha256 {registry.digest}")
    print(f"rendered the e-mail above and a page in {1000 * (rendered - loaded):.1f} ms; look at them in a browser:")
    print(
        f"  build/alert.html      the HTML part, {len(message.html or '')} characters (build/alert.eml has all of it)"
    )
    print(f"  build/dashboard.html  a page, {len(page)} characters")


if __name__ == "__main__":
    main()
