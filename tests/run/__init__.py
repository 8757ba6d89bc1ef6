"""Tests of the run half: opening bundles, registries and rendering."""
