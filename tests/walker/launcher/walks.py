"""Functions for `blendtpl walk`, each of which does one thing that tests look for."""

import asyncio
import os
import sys
import time
from pathlib import Path

from blendtpl.walker import Walker

FOLDER = "WALKS_FOLDER"


def steady(walker: Walker) -> None:
    """Render, and note the beginning and the end of each cycle."""
    notes = Path(os.environ[FOLDER], f"notes-{os.getpid()}")
    for cycle in walker.cycles():
        with notes.open("a") as file:
            file.write("begun\n")
        cycle.registry.render("hello.html", name="Ada")
        cycle.count("mails")
        cycle.report(backlog=7)
        time.sleep(0.02)
        with notes.open("a") as file:
            file.write("ended\n")


async def in_tasks(walker: Walker) -> None:
    """The same, in asyncio."""
    async for cycle in walker.cycles():
        assert cycle.registry.render("hello.html", name="Ada")
        await asyncio.sleep(0.02)


def endless(walker: Walker) -> None:
    """Never come to the end of a cycle, until a file is there."""
    for _ in walker.cycles():
        while not Path(os.environ[FOLDER], "go-on").exists():
            time.sleep(0.02)


def hung(walker: Walker) -> None:
    """Hang in the first process that there is, and go round in others."""
    first = Path(os.environ[FOLDER], "hung")
    for _ in walker.cycles():
        try:
            first.touch(exist_ok=False)
        except FileExistsError:
            time.sleep(0.02)
        else:
            hang_for_ever()


def hang_for_ever() -> None:
    while True:
        time.sleep(0.1)


def loud(walker: Walker) -> None:
    """Print something that a terminal would take for an order."""
    for _ in walker.cycles():
        print("loud \x1b]0;title\x07", file=sys.stderr, flush=True)
        time.sleep(0.5)


def failing(walker: Walker) -> None:
    raise ValueError("there is no \x1b[31mdatabase")


def late(walker: Walker) -> None:
    """Never begin."""
    hang_for_ever()


def returning(walker: Walker) -> None:
    """Return at once."""
    for _ in walker.cycles():
        break


def two(walker: Walker, other: object) -> None: ...


none = "no function"
