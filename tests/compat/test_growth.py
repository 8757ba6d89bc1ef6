"""No kind of call leaves anything, whether it succeeds or fails, with the collector off."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from blendtpl.compat import IncludeShim
from testkit.memory import measure
from testkit.shim_calls import CALLS, a_shim

RENDERS = 300  # enough for a leak in each thirty; `python -m tests.growth include-style` finds rarer ones

pytestmark = [
    pytest.mark.usefixtures("quick_collections", "no_collector"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning"),
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_a_call_leaves_nothing(call: Callable[[IncludeShim], object]) -> None:
    shim = a_shim()

    def once() -> None:
        with suppress(Exception):
            call(shim)

    assert not measure(once, RENDERS, shim._registry)
