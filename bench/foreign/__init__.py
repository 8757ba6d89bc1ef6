"""Workloads that nothing was made for: chosen before anything was measured, and as they were chosen.

What is slow here is a finding about the compiler. No workload is changed, left out or added because of what it takes;
one that turns out not to do what its name says is put right, and that alone.
"""

from bench.foreign import (
    article,
    change_list,
    confirmation,
    feed,
    generated_code,
    invitations,
    month,
    navigation,
    newsletter,
    order_form,
    receipt,
    report,
    search,
    settings,
    statement,
    stock_list,
)
from bench.foreign.workload import Workload

WORKLOADS: tuple[Workload, ...] = tuple(
    workload
    for module in (
        *(order_form, change_list, article, stock_list, confirmation, month, navigation, settings, report, search),
        *(invitations, newsletter, statement, feed, receipt, generated_code),
    )
    for workload in module.WORKLOADS
)

__all__ = ["WORKLOADS", "Workload"]
