"""Tests of the run half: opening bundles, registries and rendering."""

import pytest

pytest.register_assert_rewrite("tests.run.oracle")
