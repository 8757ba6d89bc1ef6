"""Generated programs print the same, and fail the same, before and after, on every way through them."""

import sys
from collections.abc import Iterator
from types import ModuleType

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.migrate.at_random import bridge, migrated, outcome
from tests.migrate.programs import programs, ways


@pytest.fixture(scope="module")
def module() -> Iterator[ModuleType]:
    """Make a module that the programs import."""
    made = bridge()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "bridge", made)
        yield made


@pytest.mark.slow
@settings(
    max_examples=60,
    phases=(Phase.generate,),  # a program is small enough to be read, and takes long to be made smaller
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(programs, ways)
def test_a_program_does_the_same_before_and_after(module: ModuleType, text: str, bits: list[bool]) -> None:
    after = migrated(text)
    assert outcome(after.text, bits, module) == outcome(text, bits, module)
    again = migrated(after.text)
    assert (again.text, again.rewritten) == (after.text, ())
