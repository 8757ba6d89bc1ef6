"""Rendering the parts of a workload in turn."""

from collections.abc import Callable, Sequence
from itertools import cycle

from bench.memory.registered import Part
from testkit.growth import little_stack

Call = Callable[[], object]


def in_turn(prepare: Callable[[Part], Call], parts: Sequence[Part]) -> Call:
    """Return a function that renders the next part each time it is called; `prepare` makes what renders one.

    A part that comes more than once is prepared once.
    """
    ready: dict[int, Call] = {}
    for part in parts:
        if id(part) not in ready:
            ready[id(part)] = _endless(prepare(part)) if part.endless else prepare(part)
    renders = [ready[id(part)] for part in parts]
    if len(renders) == 1:
        return renders[0]
    turn = cycle(renders)
    return lambda: next(turn)()


def _endless(render: Call) -> Call:
    def run() -> object:
        with little_stack():
            return render()

    return run
