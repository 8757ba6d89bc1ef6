"""Origins: where what calls leave behind was made, and who holds it.

Enters: a function that renders and leaves something. Leaves: a `Origins`. It takes much longer to render while memory
is traced, so that only what is known to grow is followed, and only for as many renders as it takes.
"""

import gc
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blendtpl.heap.naming import circle
from blendtpl.runtime.template import Template
from blendtpl.tools.soak.growth import WARM_UP, no_collector, repeated
from blendtpl.tools.soak.lines import Place, innermost, shown
from blendtpl.tools.soak.referrers import find_retained, lengths, types_of

_FRAMES = 30  # of the stack behind each piece of memory, from a template on
_MOST = 3  # places that are told
_SHARE = 0.2  # of the pieces, or of the bytes, from which on a place is told


@dataclass(frozen=True, slots=True)
class Origins:
    """What so many renders left: objects by type, what holds them, how one of them refers to itself, and where they
    were made: in a template, and in which line of the application that it called.
    """

    renders: int
    types: tuple[tuple[str, int], ...]
    referrers: tuple[str, ...]
    circle: str
    places: tuple[str, ...]


def follow(
    render: Callable[[], object], renders: int, templates: Mapping[str, Template], *, warm_up: int = WARM_UP
) -> Origins:
    """Return where what these renders of a registry's templates leave was made, and what holds it."""
    with no_collector():
        repeated(render, warm_up)
        gc.collect()
        gc.unfreeze()
        before = lengths()
        gc.freeze()
        tracemalloc.start(_FRAMES)
        repeated(render, renders)
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        gc.set_debug(0)
        new = gc.get_objects()
        gc.unfreeze()
        everything = gc.get_objects()
        traces = tracemalloc.take_snapshot().traces
        tracemalloc.stop()
        garbage = [*gc.garbage]
        gc.garbage.clear()
        retained, referrers = find_retained(before, new, [item for item in everything if item is not new])
    return Origins(
        renders, types_of([*garbage, *retained]), referrers, circle(garbage), tuple(_places(traces, templates))
    )


def _places(traces: Sequence[Any], templates: Mapping[str, Template]) -> Iterator[str]:
    """Yield where most of the memory was taken while a template ran."""
    counts: Counter[Place] = Counter()
    sizes: Counter[Place] = Counter()
    for trace in traces:
        place = innermost(trace.traceback, templates)
        if place is not None:
            counts[place] += 1
            sizes[place] += trace.size
    shares = {place: max(counts[place] / counts.total(), sizes[place] / sizes.total()) for place in counts}
    called = {place[:2] for place in shares if place.own}
    worth = [
        place
        for place in sorted(shares, key=lambda place: -shares[place])
        if shares[place] >= _SHARE and (place.own or place[:2] not in called)
    ]
    yield from (shown(place, templates) for place in worth[:_MOST])
