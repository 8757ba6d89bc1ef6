"""Tables of what a stored run and this one have in common: the ratios to Jinja2, then and now, and memory.

Enters: benchmarks of this run, and what pytest-benchmark read of another. Leaves: lines of text.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_MEASURED = {"verdict", "rss_slope", "garbage_per_1000", "blocks"}


def compared(benches: Sequence[Any], stored: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line for each benchmark with a ratio in both, and one for all of them."""
    changes = []
    for bench in benches:
        then = stored.get(bench.fullname, {}).get("extra_info", {}).get("ratio", {})
        now = bench.extra_info.get("ratio", {})
        reference = next((name for name in now if "jinja2" in name.casefold() and name in then), None)
        if reference is not None and not bench.extra_info.get("peer"):
            changes.append(now[reference] / then[reference])
            yield (
                f"{_title(bench):<66} {now[reference]:9.4f} x {reference}, was {then[reference]:9.4f}:"
                f" {changes[-1] - 1:+7.1%}"
            )
    if changes:
        mean = math.exp(sum(map(math.log, changes)) / len(changes))
        yield f"{f'geometric mean of {len(changes)}':<66} {mean - 1:+.1%}"
    else:
        yield "no benchmark has a ratio to Jinja2 in both; `python -m bench.baseline FILE` stores a run anew"


def memory(benches: Sequence[Any], stored: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line for each benchmark that measured memory, with what was stored of it."""
    for bench in benches:
        measured = bench.extra_info.get("memory")
        if measured:
            before = stored.get(bench.fullname, {}).get("extra_info", {}).get("memory")
            yield f"{_title(bench):<66} {_memory(measured)}" + (f"; was {_memory(before)}" if before else "")


def _title(bench: Any) -> str:
    return f"{bench.group}: {bench.extra_info.get('label') or bench.extra_info.get('column') or bench.name}"


def _memory(row: Mapping[str, Any]) -> str:
    if not row.keys() >= _MEASURED:
        return "measured in another way"
    return (
        f"{row['verdict']}: {row['rss_slope'] / 1000:,.0f} B of RSS and {row['garbage_per_1000'] / 1000:,.1f}"
        f" objects for the collector per render, {row['blocks']} blocks stay"
    )
