"""Benchmarks: see README.md. They report; none of them fails because a machine is slow."""
