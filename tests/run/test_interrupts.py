"""What a handler of signals raises comes out as it is, at whichever instruction of ours it comes, and leaves nothing.

The instructions are counted by tracing each of them; at each one in turn something is raised, as Python itself does for
a signal or for an exception that another thread sets.
"""

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import blendtpl
from blendtpl.compat import IncludeShim
from testkit.oracle import live_environment, load
from tests.run import interrupts

PACKAGE = str(Path(blendtpl.__file__).parent)

TEXTS = {
    "inlined.html": "{% for x in xs %}\n{% include 'part.html' %}{{ x.a|upper }}{% endfor %}",
    "rows.html": "{% for x in xs %}\n<b>{{ x.a }}</b>{% include 'part.html' %}{% endfor %}",
    "child.html": "{% extends 'base.html' %}{% set y = 1 %}{% block b %}\n{{ usr }}{% endblock %}",
    "inside.html": "\n{{ value.total }}",
    "macro.html": "{% macro m(a) %}{% for i in a %}{{ i.b.c }}{% endfor %}{% endmacro %}\n{{ m(xs) }}",
    "stopped.html": "{% macro m(a) %}{{ a }}{% endmacro %}\n{{ m(stop) }}",
    "base.html": "{% block b %}{% endblock %}",
    "part.html": "\n{{ x.a }}{{ x.b.c }}",
    "mail/subject.txt": "{{ usr }}",
    "mail/body.txt": "",
}
PAGES = ("inlined.html", "rows.html", "child.html", "inside.html", "macro.html", "stopped.html")


class Inside:
    @property
    def total(self) -> object:
        return self.no_such  # type: ignore[attr-defined]


class Stop:
    def __str__(self) -> str:
        raise StopIteration


def given() -> dict[str, Any]:
    return {"xs": [{"a": "<"}], "user": 1, "value": Inside(), "stop": Stop()}


class Interrupted(Exception):
    """What a handler may raise that is an error like any other."""


class Ended(BaseException):
    """What a handler may raise that is none."""


def raising(at: int, error: BaseException | None, run: Callable[[], object]) -> tuple[int, BaseException | None]:
    """Run something, and raise an error at an instruction of ours; return how many there were, and what came out.

    It runs in a thread of its own: what is raised just when a handler begins or ends leaves Python's note of the
    exception being handled in place, and each exception of that thread, in whichever test, would get it as its context.
    """
    found: list[tuple[int, BaseException | None]] = []
    thread = threading.Thread(target=lambda: found.append(_raising(at, error, run)))
    thread.start()
    thread.join()
    return found[0]


def _raising(at: int, error: BaseException | None, run: Callable[[], object]) -> tuple[int, BaseException | None]:
    count = 0

    def step(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        if event == "opcode":
            count += 1
            if count == at and error is not None:
                raise error
        return step

    def enter(frame: FrameType, event: str, argument: object) -> Any:
        file = frame.f_code.co_filename
        if not file.startswith(PACKAGE) and file not in TEXTS:
            return None
        frame.f_trace_opcodes = True
        return step

    outer = sys.gettrace()
    sys.settrace(enter)
    try:
        run()
    except BaseException as found:
        return count, found
    finally:
        sys.settrace(outer)
    return count, None


def entries() -> dict[str, Callable[[], object]]:
    registry, live = load(TEXTS), live_environment(TEXTS, blendtpl.default_environment)
    portable, shim = load(TEXTS, portable=True), IncludeShim(registry, roots="/app")
    mail = registry["mail/subject.txt"]
    found: dict[str, Callable[[], object]] = {
        "a block alone": lambda: registry["child.html"].render_block("b", given()),
        "a message": lambda: registry.message("mail", {"user": 1}, to=["a@example.org"], sender="a@example.org"),
        "a shim": lambda: shim.fetch("/app/child.php", {"user": 1}),
    }
    assert mail is not None
    for page in PAGES:
        found |= {
            f"{page}, render": lambda page=page: registry.render(page, given()),  # type: ignore[misc]
            f"{page}, portable": lambda page=page: portable.render(page, given()),  # type: ignore[misc]
            f"{page}, stream": lambda page=page: list(registry[page].stream(given())),  # type: ignore[misc]
            f"{page}, live": lambda page=page: live.get_template(page).render(given()),  # type: ignore[misc]
        }
    return found


ENTRIES = entries()
STRIDE = 11  # beginning elsewhere in each way to render, so that all of them together come to each kind of place


@pytest.mark.parametrize("entry", ENTRIES)
def test_what_is_raised_at_any_instruction_comes_out_as_it_is(entry: str) -> None:
    run = ENTRIES[entry]
    raising(0, None, run)  # what is made at the first time is there then
    count, plain = raising(0, None, run)
    assert plain is not None
    begin = 1 + list(ENTRIES).index(entry) % STRIDE
    for at in range(begin, count + 1, STRIDE):
        error = (Interrupted if at % 2 else Ended)(at)
        _, found = raising(at, error, run)
        assert (at, found) == (at, error)
    _, again = raising(0, None, run)
    assert (type(again), str(again)) == (type(plain), str(plain))


def test_an_entry_whose_instruction_has_no_line_has_that_of_the_one_before_it() -> None:
    run, seen = ENTRIES["inlined.html, portable"], 0
    count, _ = raising(0, None, run)
    for at in range(1, count + 1, 3):
        _, found = raising(at, Interrupted(at), run)
        trace = None if found is None else found.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == "part.html":
                seen += 1
                assert trace.tb_lineno is not None
            trace = trace.tb_next
    assert seen


@pytest.mark.usefixtures("no_collector")
def test_signals_and_exceptions_of_other_threads_at_random_moments_leave_nothing() -> None:
    """The long run is ``python -m tests.run.interrupts --count 10000``."""
    told = interrupts.interrupted(count=200, seed=1)
    assert told.wrong == []
    assert told.arrived > 0
    assert told.blocks <= told.spare
