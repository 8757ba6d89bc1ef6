"""Tests of the include shim."""
