"""A build switches the garbage collector off for as long as it takes, because it leaves nothing to collect."""

import gc

import pytest

import blendtpl
from testkit import TEMPLATES


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("text", ["{{ fine }}", "{{ not fine"])
def test_the_collector_is_as_it_was_when_a_build_is_over(enabled: bool, text: str) -> None:
    (gc.enable if enabled else gc.disable)()
    try:
        try:
            blendtpl.compile({"a.html": text})
        except blendtpl.CompileError:
            assert "not" in text
        assert gc.isenabled() is enabled
    finally:
        gc.enable()


def test_a_build_leaves_next_to_nothing_to_collect() -> None:
    blendtpl.compile(TEMPLATES)
    gc.collect()
    gc.disable()
    try:
        bundle = blendtpl.compile(TEMPLATES)
        found = gc.collect()
    finally:
        gc.enable()
    assert found < 20 * len(bundle.manifest.templates)  # nodes and syntax trees are some thousands for each
