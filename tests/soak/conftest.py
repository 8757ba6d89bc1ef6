"""A soak looks through memory for what holds what was left."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def _look_through_all(all_in_sight: None) -> None:
    """Have the collector know of what the tests hold."""
