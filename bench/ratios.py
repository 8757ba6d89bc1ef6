"""Tables of what a stored run and this one have in common: the ratios to Jinja2, then and now, and memory.

Enters: benchmarks of this run, and what pytest-benchmark read of another. Leaves: lines of text.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def compared(benches: Sequence[Any], stored: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line for each benchmark with a ratio in both."""
    for bench in benches:
        then = stored.get(bench.fullname, {}).get("extra_info", {}).get("ratio", {})
        now = bench.extra_info.get("ratio", {})
        reference = next((name for name in now if "jinja2" in name.casefold() and name in then), None)
        if reference is not None and not bench.extra_info.get("peer"):
            change = now[reference] / then[reference] - 1
            yield (
                f"{_title(bench):<66} {now[reference]:9.4f} x {reference}, was {then[reference]:9.4f}: {change:+7.1%}"
            )


def memory(benches: Sequence[Any], stored: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line for each benchmark that measured memory, with what was stored of it."""
    for bench in benches:
        found = bench.extra_info.get("memory")
        if found:
            before = stored.get(bench.fullname, {}).get("extra_info", {}).get("memory")
            yield f"{_title(bench):<66} {_memory(found)}" + (f"; was {_memory(before)}" if before else "")


def _title(bench: Any) -> str:
    return f"{bench.group}: {bench.extra_info.get('label') or bench.extra_info.get('column') or bench.name}"


def _memory(found: Mapping[str, Any]) -> str:
    return (
        f"{found['verdict']}: {found['rss_slope'] / 1000:,.0f} B of RSS and {found['garbage_per_1000'] / 1000:,.1f}"
        f" objects for the collector per render, {found['blocks']} blocks stay"
    )
