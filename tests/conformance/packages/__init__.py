"""Templates of packages on PyPI, rendered by stock Jinja2 and by blendtpl with generated contexts.

`python -m tests.conformance.packages` prints the counts and every difference.
"""
