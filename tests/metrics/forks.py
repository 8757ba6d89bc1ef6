"""Processes that a test forks."""

import os
from collections.abc import Callable


def forked(work: Callable[[], object]) -> int:
    """Run that in another process; return its number."""
    child = os.fork()
    if not child:
        try:
            work()
        finally:
            os._exit(0)
    return child
