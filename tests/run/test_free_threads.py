"""Threads that truly run at once, where Python has no lock that forbids it, and change what others are looking at."""

import subprocess
import sys
import sysconfig
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jinja2
import pytest

import blendtpl
from blendtpl.runtime import attributes, lookahead, speedups
from testkit.examples import context_of, every_example
from testkit.oracle import load

THREADS = 8

free_threaded = pytest.mark.skipif(
    not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="this Python has a lock that only one thread holds"
)


def at_once(run: Callable[[int], Any]) -> list[Any]:
    """Run a function in each of some threads, which begin together."""
    barrier = threading.Barrier(THREADS)

    def together(thread: int) -> Any:
        barrier.wait()
        return run(thread)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(together, range(THREADS)))


def while_changed(change: Callable[[int], object], run: Callable[[int], Any]) -> list[Any]:
    """Run a function in some threads, while another changes something over and over."""
    over = threading.Event()

    def go_on() -> None:
        turn = 0
        while not over.is_set():
            change(turn)
            turn += 1

    other = threading.Thread(target=go_on)
    other.start()
    try:
        return at_once(run)
    finally:
        over.set()
        other.join()


@free_threaded
def test_importing_and_rendering_leave_the_lock_off() -> None:
    script = """
import sys, blendtpl
off = [not sys._is_gil_enabled()]
from blendtpl.runtime import speedups
registry = blendtpl.load(blendtpl.compile({"a.html": "{% for x in l %}{{ x.y }}{{ loop.last }}{% endfor %}"}))
text = registry.render("a.html", l=[{"y": "<"}, {"y": 2}])
print([*off, not sys._is_gil_enabled()], text, speedups.WHY_NOT)
"""
    # Python warns of each module that has it put the lock on again
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == (f"[True, True] &lt;False2True {speedups.WHY_NOT}\n", "")


def test_8_threads_share_a_registry_and_render_what_jinja2_does(
    registry: blendtpl.Registry, stock: jinja2.Environment
) -> None:
    contexts = [(name, context_of(name, example)) for name, example in every_example()]
    work = [(name, context, stock.get_template(name).render(context)) for name, context in contexts]

    def run(thread: int) -> list[str]:
        mine = work[thread * len(work) // THREADS :] + work[: thread * len(work) // THREADS]
        return [name for name, context, text in mine * 3 if registry.render(name, context) != text]

    assert at_once(run) == [[]] * THREADS


def test_a_list_that_another_thread_changes_meanwhile_is_rendered_as_it_was_or_as_it_is() -> None:
    registry = load({"a.html": "{% for x in l %}{{ x.a }},{% endfor %}{% for x in l %}{{ loop.last }}{% endfor %}"})
    shared: list[dict[str, str]] = [{"a": "<0>"}]

    def change(turn: int) -> None:
        shared[0] = {"a": f"<{turn % 2}>"}  # a new string each time, which nothing else holds
        shared[:] = [{"a": f"<{turn % 2}>"}]

    def run(thread: int) -> set[str]:
        return {registry.render("a.html", l=shared) for _ in range(300)}

    texts = {f"&lt;{first}&gt;,True" for first in (0, 1)}
    assert registry.render("a.html", l=shared) in texts
    assert set().union(*while_changed(change, run)) <= texts


@pytest.mark.parametrize("field", [speedups.field, attributes.field])
def test_a_key_is_found_or_not_in_a_dict_that_another_thread_changes(field: Callable[..., Any]) -> None:
    shared = {"a": "text 0"}

    def change(turn: int) -> None:
        for key in range(40):
            shared[f"{turn}-{key}"] = f"text {key}"
        shared.clear()
        shared["a"] = f"text {turn}"

    def run(thread: int) -> set[type]:
        return {type(field(jinja2.Undefined, shared, "a")) for _ in range(3000)}

    assert set().union(*while_changed(change, run)) <= {str, jinja2.Undefined}


def test_a_lookahead_in_c_that_threads_share_gives_each_item_once() -> None:
    if speedups.new_lookahead is lookahead.Lookahead:
        pytest.skip("there are no functions in C")
    items = list(range(20_000))
    shared: Any = speedups.new_lookahead(items)

    def run(thread: int) -> list[int]:
        mine = []
        for item in shared:
            mine.append(item)
            assert shared.length == len(items)
            assert shared.last in {True, False}
        return mine

    assert sorted(item for mine in at_once(run) for item in mine) == items
    assert shared.last is True
