"""Tests of the benchmarks themselves: ``pytest bench/tests``. A plain ``pytest`` does not run them."""
