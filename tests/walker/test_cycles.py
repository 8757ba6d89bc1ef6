"""Cycle after cycle of objects that only the collector can free, while it is off; `cycles.py` is the long form."""

import pytest

import blendtpl
from tests.walker.cycles import SPARE_BLOCKS, User, run


@pytest.mark.parametrize("check", [False, True])
def test_no_cycle_leaves_anything(registry: blendtpl.Registry, check: bool) -> None:
    User.made = 0
    told = run(registry, 60, 40, check=check)
    assert User.made == 60 * 40
    assert (told.survivors, told.alive) == (0, 0)
    assert told.blocks[-1] - told.blocks[1] <= SPARE_BLOCKS, told
