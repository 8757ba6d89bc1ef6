"""What the tests of walkers share: a registry that is made in no time."""

import pytest

import blendtpl


@pytest.fixture(scope="session")
def registry() -> blendtpl.Registry:
    """A registry of one template."""
    return blendtpl.load(blendtpl.compile({"alert.txt": "{{ watch.url }} changed\n"}))
