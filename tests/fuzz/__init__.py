"""A fuzzer: whole sets of templates and contexts, with Jinja2 as the oracle. ``python -m tests.fuzz`` runs for long."""
