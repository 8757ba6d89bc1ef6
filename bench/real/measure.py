"""Measure: renders beside each other in one process, in many short rounds, of which each has its best.

On a busy machine the best of many short rounds is near what an idle one gives, because some of them are not disturbed.
"""

import gc
import math
import time
from collections.abc import Callable, Sequence

Render = Callable[[], object]

_TURN = 0.001  # seconds of a turn, at least
_LEAST, _MOST = 12, 250  # rounds


def best(renders: Sequence[Render], seconds: float) -> list[float]:
    """Return the seconds of this thread's time of the best call of each, after about so many seconds in all."""
    for render in renders:
        render()
    once = [max(_timed(render, 1), 1e-7) for render in renders]
    calls = [max(1, math.ceil(_TURN / taken)) for taken in once]
    round_takes = sum(taken * count for taken, count in zip(once, calls, strict=True))
    fastest = [math.inf] * len(renders)
    for number in range(min(_MOST, max(_LEAST, round(seconds / round_takes)))):
        for at in range(len(renders)) if number % 2 else reversed(range(len(renders))):
            fastest[at] = min(fastest[at], _timed(renders[at], calls[at]))
        gc.collect(0)
    return fastest


def _timed(render: Render, calls: int) -> float:
    started = time.thread_time()
    for _ in range(calls):
        render()
    return (time.thread_time() - started) / calls
