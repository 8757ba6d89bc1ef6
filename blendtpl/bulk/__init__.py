"""Bulk: a template or a message rendered for each row of a file, by all processors of a machine or of a cluster.

Enters: a registry, and a file of rows (CSV, JSON lines, Parquet). Leaves: a folder of texts or messages, and the rows
that could not be rendered with what was wrong with each. A job that is ended at any point is gone on with by the same
call, and each row is in the output, or in the rejects, exactly once.
"""
