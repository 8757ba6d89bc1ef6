"""Processes that a test forks."""

import os
import warnings
from collections.abc import Callable


def forked(work: Callable[[], object]) -> int:
    """Run that in another process; return its number."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads, which serve nothing in the child
        child = os.fork()
    if not child:
        try:
            work()
        finally:
            os._exit(0)
    return child
