"""Interrupts at random moments: ``python -m tests.run.interrupts --count 10000``.

Enters: how many. While templates render, that succeed and that fail, through a bundle, as streams and in a live
environment, a handler of signals raises an exception, or another thread sets one. Leaves: what came out that should
not have, of the wrong type or with another message; renders that were wrong behind it; and how many blocks of memory
were left.
"""

import argparse
import ctypes
import gc
import random
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import jinja2

import blendtpl
from blendtpl.tools.soak.growth import SPARE_BLOCKS
from testkit.oracle import live_environment, load

TEXTS = {
    "page.html": "{% extends 'base.html' %}{% import 'lib.html' as lib %}{% block b %}{% for x in xs %}"
    "<b>{{ x.a }}</b>{% include 'part.html' %}{{ lib.m(x)|upper }}{% endfor %}"
    "{% macro own() %}{{ xs|length }}{% endmacro %}{{ own() }}{% endblock %}",
    "base.html": "{% macro helper() %}{{ title }}{% endmacro %}{% set title = 'T' %}{% block b %}{% endblock %}",
    "part.html": "{{ x.a }}",
    "lib.html": "{% macro m(x) %}[{{ x.a }}]{% endmacro %}",
    "fails.html": "{% macro m(x) %}{{ x.a }}{{ x.nope.y }}{% endmacro %}{% for x in xs %}{{ m(x)|upper }}{% endfor %}",
    "missing.html": "{% for x in xs %}<b>{{ x.a }}</b>{{ tilte }}{% endfor %}",
}

_LONGEST = 0.0004  # seconds until it arrives: some renders


class Interrupted(Exception):
    """What the handler raises."""


class Set(Exception):
    """What another thread sets."""


@dataclass(slots=True)
class Told:
    """What came of it."""

    wrong: list[str] = field(default_factory=list)
    arrived: int = 0
    blocks: int = 0
    circles: int = 0
    spare: int = SPARE_BLOCKS


def given() -> dict[str, Any]:
    return {"xs": [{"a": "<&>"} for _ in range(5)], "title": "t"}


def renders() -> list[Callable[[], str]]:
    registry, portable = load(TEXTS), load(TEXTS, portable=True)
    live = live_environment(TEXTS, blendtpl.default_environment)
    found: list[Callable[[], str]] = []
    for name in ("page.html", "fails.html", "missing.html"):
        template = live.get_template(name)
        found += [
            lambda name=name: registry.render(name, given()),  # type: ignore[misc]
            lambda name=name: portable.render(name, given()),  # type: ignore[misc]
            lambda name=name: "".join(registry[name].stream(given())),  # type: ignore[misc]
            lambda template=template: template.render(given()),  # type: ignore[misc]
        ]
    return found


def outcome(render: Callable[[], str]) -> str:
    try:
        return render()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@contextmanager
def handling() -> Iterator[None]:
    def handle(number: int, frame: FrameType | None) -> None:
        raise Interrupted("by a signal")

    before = signal.signal(signal.SIGALRM, handle)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def by_signal(chosen: random.Random, run: Callable[[], object]) -> None:
    signal.setitimer(signal.ITIMER_REAL, chosen.uniform(1e-6, _LONGEST))
    try:
        while True:
            with suppress(jinja2.UndefinedError):
                run()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def by_thread(chosen: random.Random, run: Callable[[], object]) -> None:
    begun = threading.Event()
    main, wait = threading.get_ident(), chosen.uniform(1e-6, _LONGEST)

    def set_it() -> None:
        begun.wait()
        threading.Event().wait(wait)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(main), ctypes.py_object(Set))

    other = threading.Thread(target=set_it)
    other.start()
    try:
        begun.set()
        while True:
            with suppress(jinja2.UndefinedError):
                run()
    finally:
        other.join()


def interrupted(count: int, seed: int) -> Told:
    """Interrupt renders so many times."""
    told, chosen, every = Told(), random.Random(seed), renders()
    expected = [outcome(render) for render in every]

    def one(number: int) -> None:
        run = every[number % len(every)]
        way, wanted = (by_thread, Set) if number % 4 == 3 else (by_signal, Interrupted)
        try:
            way(chosen, run)
        except (Interrupted, Set) as error:
            told.arrived += 1
            if type(error) is not wanted or str(error) not in {"by a signal", ""}:
                told.wrong.append(f"{number}: {type(error).__name__}: {error}")
        except BaseException as error:
            told.wrong.append(f"{number}: {type(error).__name__}: {error}")
        if outcome(run) != expected[number % len(every)]:
            told.wrong.append(f"{number}: the render behind it was another")

    with handling():
        for number in range(len(every) * 4):
            one(number)
        gc.collect()
        before = sys.getallocatedblocks()
        for number in range(count):
            one(number)
        told.circles = gc.collect()  # which gives back what Python keeps for itself, too
        told.blocks = sys.getallocatedblocks() - before
    return told


def main() -> None:
    """Say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    chosen = parser.parse_args()
    gc.disable()
    told = interrupted(chosen.count, chosen.seed)
    print(
        f"seed {chosen.seed}: {told.arrived} arrived, {len(told.wrong)} wrong, {told.blocks} blocks left, "
        f"{told.circles} objects in circles"
    )
    print(*told.wrong[:20], sep="\n")
    sys.exit(bool(told.wrong) or told.blocks > told.spare or told.circles > 0)


if __name__ == "__main__":
    main()
