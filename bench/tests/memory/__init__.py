"""Tests of the memory benchmark and its gate."""
