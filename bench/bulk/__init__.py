"""Bulk: how fast a file of rows is rendered, beside plain loops that do the same: ``python -m bench.bulk``."""
