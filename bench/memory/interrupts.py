"""Interrupts from the keyboard while threads work.

Raised wherever it comes, an interrupt leaves locks of `concurrent.futures` held: a wait for many futures takes that of
each before it begins. What needs one of them afterwards waits for ever.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType


@contextmanager
def held_back(stop: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Have an interrupt call `stop`, at once, and be raised at the end of the block; give what tells whether one came.

    `stop` has the work come to its end. It runs in the midst of anything, and so must not take a lock.
    """
    came = False

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True
        stop()

    raising = [
        number
        for number in (signal.SIGINT, signal.SIGTERM)
        if current_thread() is main_thread() and signal.getsignal(number) is signal.default_int_handler
    ]
    for number in raising:
        signal.signal(number, handle)
    try:
        yield lambda: came
    finally:
        for number in raising:
            signal.signal(number, signal.default_int_handler)
        if came:
            raise KeyboardInterrupt
