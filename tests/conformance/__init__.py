"""Conformance: Jinja2's own tests, and the templates of packages on PyPI, with Jinja2 as the oracle."""
