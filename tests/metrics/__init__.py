"""Tests of `blendtpl.metrics`."""
