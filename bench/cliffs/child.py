"""The process that is counted: ``python -m bench.cliffs.child PLAN``; `bench.cliffs.counting` starts it.

Enters: a plan, which says what to render, how often before anything is counted, and how often then. Leaves: with
valgrind, a dump before and behind the renders of each subject, as `os.getppid` is what callgrind was told to dump at,
and nothing else here calls it; with ``"counter": "events"`` the bytecode instructions of each, as JSON.
"""

import gc
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import repeat
from pathlib import Path
from types import CodeType
from typing import Any

import jinja2

import blendtpl
from bench.cliffs.pair import MAIN, Scene
from bench.cliffs.pairs import PAIRS

Render = Callable[[], object]


def render_of(engine: str, scene: Scene, stored: str) -> Render:
    """Return a render of a scene, of code that was compiled before and stands there."""
    if engine == "blendtpl":
        template: Any = blendtpl.load(stored, environment=scene.make)[MAIN]
    else:
        template = jinja2_of(scene, Path(stored)).get_template(MAIN)
        for name in scene.templates:  # those that are included by a computed name, too
            template.environment.get_template(name)
    return partial(template.render, scene.variables())


def jinja2_of(scene: Scene, folder: Path) -> jinja2.Environment:
    """Return Jinja2's own environment of a scene, set up for speed; what it compiles is kept in a folder."""
    environment = scene.make()
    environment.loader = jinja2.DictLoader(scene.templates)
    environment.auto_reload = False
    environment.bytecode_cache = jinja2.FileSystemBytecodeCache(str(folder))
    return environment


@contextmanager
def dumped() -> Iterator[None]:
    """Have callgrind dump what it counted until now, before and behind."""
    os.getppid()
    yield
    os.getppid()


class Events:
    """Counts the bytecode instructions of Python, from version 3.12 on."""

    def __init__(self) -> None:
        self.counts: list[int] = []

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count what runs in it."""
        monitoring: Any = vars(sys)["monitoring"]  # which types of 3.11 have not
        tool, count = monitoring.PROFILER_ID, 0

        def one_more(code: CodeType, offset: int) -> None:
            nonlocal count
            count += 1

        monitoring.use_tool_id(tool, "bench.cliffs")
        monitoring.register_callback(tool, monitoring.events.INSTRUCTION, one_more)
        monitoring.set_events(tool, monitoring.events.INSTRUCTION)
        yield
        monitoring.set_events(tool, 0)
        monitoring.free_tool_id(tool)
        self.counts.append(count)


def times(render: Render, count: int) -> None:
    """Render so often."""
    for _ in repeat(None, count):
        render()


def main() -> None:
    """Render all subjects of a plan."""
    plan = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    events = Events()
    counted = events.counted if plan["counter"] == "events" else dumped
    pairs = {pair.name: pair for pair in PAIRS}
    gc.disable()
    renders = [
        (
            subject["engine"],
            render_of(subject["engine"], pairs[subject["pair"]].sides()[subject["side"]], subject["stored"]),
        )
        for subject in plan["subjects"]  # all of them first, as a dump takes longer the more ran since the last
    ]
    for engine, render in renders:
        times(render, plan["warm_ups"][engine])
        with counted():
            times(render, plan["renders"][engine])
    print(json.dumps(events.counts))


if __name__ == "__main__":
    main()
