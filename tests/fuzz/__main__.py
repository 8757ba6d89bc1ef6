"""The long run: ``python -m tests.fuzz --minutes N [--seed S] [--passes]``. Each difference is printed as a case to
paste. With ``--passes``, each case is compiled without some of the passes, or without any.

A case whose context is plain data belongs into a file of `tests/cases/render`; any other, and what only the environment
of the fuzzer shows, into `FOUND` of `tests/fuzz/test_found.py`. Exits 1 when there was any difference.
"""

import argparse
import signal
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisException

from tests.fuzz.cases import Case, differences
from tests.fuzz.grammar import cases
from tests.fuzz.reduce import reduce

_BATCH = 2000
_LONGEST = 5.0  # seconds that a case may take
_SHRINKING = 15  # seconds, of Hypothesis and then of what knows templates


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    asked.add_argument("--minutes", type=float, default=5)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--passes", action="store_true", help="compile each case without some passes")
    given_ = asked.parse_args()
    warnings.simplefilter("ignore")
    end = time.monotonic() + 60 * given_.minutes
    done = failures = 0
    for number in range(sys.maxsize):
        count, failed = _batch(given_.seed * 100_000 + number, end, passes=given_.passes)
        done += count
        failures += failed
        print(f"batch {number}: {done} cases, {failures} failing", flush=True)
        if time.monotonic() > end:
            break
    return 1 if failures else 0


class _TimeIsUp(BaseException):
    pass


class _Endless(BaseException):
    pass


@contextmanager
def _limited() -> Iterator[None]:
    """Give up a case that renders without end, in Jinja2 as here: loops in loops of what includes itself."""

    def give_up(number: int, frame: FrameType | None) -> None:
        raise _Endless

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, _LONGEST)
    try:
        with suppress(_Endless):
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _batch(number: int, end: float, *, passes: bool) -> tuple[int, int]:
    """Run one batch; return how many cases it had, and 1 when one of them failed."""
    count = 0
    smallest: list[Case] = []

    @seed(number)
    @settings(
        max_examples=_BATCH,
        database=None,
        deadline=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
    )
    @given(cases(passes=passes))
    def check(case: Case) -> None:
        nonlocal count
        nonlocal end
        if time.monotonic() > end:
            raise _TimeIsUp
        count += not smallest
        found = False
        with _limited():
            found = bool(differences(case))
        if found:
            if not smallest:
                end = time.monotonic() + _SHRINKING
            smallest[:] = [case]
            raise AssertionError

    with suppress(_TimeIsUp, AssertionError, HypothesisException):
        check()
    if smallest:
        smallest[0] = reduce(smallest[0], _SHRINKING)
        print(smallest[0], *differences(smallest[0]), sep="\n", flush=True)
    return count, len(smallest)


if __name__ == "__main__":
    sys.exit(main())
