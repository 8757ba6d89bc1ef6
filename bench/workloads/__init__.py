"""The twelve workloads of `bench/test_render.py`, one module each."""

from bench.workloads import (
    alert,
    digest,
    filters,
    form,
    i18n,
    includes,
    inheritance,
    macros,
    plain,
    static,
    table,
    tree,
)
from bench.workloads.workload import Workload

WORKLOADS: tuple[Workload, ...] = tuple(
    workload
    for module in (alert, digest, inheritance, includes, table, macros, form, filters, i18n, plain, tree, static)
    for workload in module.WORKLOADS
)

__all__ = ["WORKLOADS", "Workload"]
