"""A tour: compile Feedwhip's templates, send an alert e-mail to a file, and put Jinja2 and blendtpl side by side.

Run it from the project's folder: ``python examples/tour.py``. It takes a few seconds, writes into `build/` only, and
opens nothing. Both engines render the same templates with the same variables; what they took is measured each time.
"""

import gc
import json
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import jinja2

import blendtpl

BUNDLE = "build/feedwhip.blend"
SHOWN = {"an alert e-mail": "emails/alert/body.html", "a dashboard page": "pages/dashboard.html"}
WARM_UP, ROUNDS, PER_ROUND, KEPT = 10, 25, 2, 100
LINES = 16

Render = Callable[[], str]


def example(name: str) -> dict[str, Any]:
    """Return the variables that are kept beside a template for trying it."""
    file = Path("templates", name).with_suffix(".examples.json")
    found = file if file.exists() else Path("templates", name).with_name("examples.json")
    context: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))["ordinary"]
    return context


def best(renders: list[Render]) -> list[float]:
    """Return the seconds of processor time that a call of each takes, by the best of rounds in turn."""
    found = [float("inf")] * len(renders)
    for _ in range(ROUNDS):
        for at, render in enumerate(renders):
            started = time.process_time()
            for _ in range(PER_ROUND):
                render()
            found[at] = min(found[at], (time.process_time() - started) / PER_ROUND)
    return found


def left_behind(renders: list[Render]) -> tuple[int, int]:
    """Return how many blocks of memory more there are after many calls, and how many objects wait for the collector."""

    def blocks() -> int:
        for _ in range(KEPT):
            for render in renders:
                render()
        return sys.getallocatedblocks()

    gc.collect()
    before = blocks()  # a collection also empties Python's stores of spare objects: these calls fill them again
    more = blocks() - before - 1  # the number `before` is one itself
    return more, gc.collect() // 2  # half of them are of the calls that came first


def compare(registry: blendtpl.Registry) -> None:
    """Print what both engines take for the same templates, and what they leave in memory."""
    environment = blendtpl.default_environment()
    environment = environment.overlay(loader=jinja2.FileSystemLoader("templates"), auto_reload=False, cache_size=-1)
    ours: list[Render] = []
    theirs: list[Render] = []
    print(f"The same templates by Jinja2 {jinja2.__version__} and by blendtpl, processor time after a warm-up:\n")
    print(f"  {'':<30}{'Jinja2':>12}{'blendtpl':>12}")
    gc.disable()
    for title, name in SHOWN.items():
        context = example(name)
        template = environment.get_template(name)
        ours.append(lambda name=name, context=context: registry.render(name, context))  # type: ignore[misc]
        theirs.append(lambda template=template, context=context: template.render(context))  # type: ignore[misc]
        for _ in range(WARM_UP):
            if ours[-1]() != theirs[-1]():
                raise SystemExit(f"{name} is not what Jinja2 makes of it: please report it")
        slow, fast = best([theirs[-1], ours[-1]])
        size = f"{title}, {len(ours[-1]()) / 1000:.0f} kB"
        print(f"  {size:<30}{1e6 * slow:>9,.0f} µs{1e6 * fast:>9,.0f} µs   {slow / fast:.1f} times faster")
        gc.collect()
    old, new = left_behind(theirs), left_behind(ours)
    gc.enable()
    print(f"\nWhat {KEPT} of each leave in memory, with Python's garbage collector off:\n")
    print(f"  {'blocks of memory':<30}{old[0]:>12,}{new[0]:>12,}")
    print(f"  {'objects to be collected':<30}{old[1]:>12,}{new[1]:>12,}")
    print("\nAll texts were the same, to the byte.\n")


def main() -> None:
    """Compile, load, render an e-mail and a page into files, compare."""
    started = time.perf_counter()
    blendtpl.compile("templates").write(BUNDLE)
    compiled = time.perf_counter()
    registry = blendtpl.load(BUNDLE)
    loaded = time.perf_counter()
    print(f"{len(registry)} templates compiled into {BUNDLE} in {compiled - started:.2f} s,", end=" ")
    print(f"loaded in {1000 * (loaded - compiled):.0f} ms.\n")

    to, sender = ["Ada <ada@example.org>"], "Feedwhip <alerts@example.com>"
    message = registry.message("emails/alert", example("emails/alert/body.html"), to=to, sender=sender)
    page = registry.render("pages/dashboard.html", example("pages/dashboard.html"))
    Path("build/alert.eml").write_bytes(message.as_bytes())
    Path("build/alert.html").write_text(message.html or "", encoding="utf-8")
    Path("build/dashboard.html").write_text(page, encoding="utf-8")

    text = (message.text or "").splitlines()
    print("An e-mail, of a subject, a text and an HTML part:\n")
    print(f"  | Subject: {message.subject}\n  |")
    for line in islice(text, LINES):
        print(f"  | {line}".rstrip())
    print(f"  ... and {len(text) - LINES} more lines\n")

    compare(registry)
    print("To look at in a browser or a mail reader:")
    for file in ("build/alert.eml", "build/alert.html", "build/dashboard.html"):
        print(f"  {file}")


if __name__ == "__main__":
    main()
