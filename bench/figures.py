"""Tables of figures out of a stored run: ``python -m bench.figures`` prints what documents show.

Enters: a run that was stored, ``bench/baseline.json`` unless another is named. Leaves: ratios, since seconds are a
machine's. Nothing is measured here, so that a document can be held to what its command prints.
"""

import argparse
import json
import math
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bench.baseline import BASELINE, complaint

Bench = Mapping[str, Any]

PEERS = (
    *("by hand", "portable", "wheezy", "minijinja", "php", "tera", "tornado", "mako", "chameleon", "jinja2", "htpy"),
    "django",
)


def _best(bench: Bench) -> float:
    return float(bench["stats"]["min"])


def _mean(values: Iterable[float]) -> float:
    numbers = list(values)
    return math.exp(sum(map(math.log, numbers)) / len(numbers))


def _named(benches: Sequence[Bench]) -> dict[str, float]:
    """Return the best round of each benchmark, by the test and what it was given."""
    return {bench["name"]: _best(bench) for bench in benches}


def render(benches: Sequence[Bench]) -> Iterator[str]:
    """Yield how many times as long as blendtpl each peer takes, by the best rounds."""
    groups: dict[str, dict[str, float]] = defaultdict(dict)
    for bench in benches:
        if "column" in bench["extra_info"]:
            groups[bench["group"].removeprefix("render ")][bench["extra_info"]["column"]] = _best(bench)
    ratios = {
        group: {peer: times[peer] / times["blendtpl"] for peer in PEERS if peer in times}
        for group, times in groups.items()
    }
    peers = [peer for peer in PEERS if any(peer in shares for shares in ratios.values())]
    yield f"{'times as long as blendtpl':<27}" + "".join(f"{peer:>10}" for peer in peers)
    for group, shares in ratios.items():
        yield f"{group:<27}" + "".join(f"{shares[peer]:>10.2f}" if peer in shares else f"{'-':>10}" for peer in peers)
    means = (_mean(shares[peer] for shares in ratios.values() if peer in shares) for peer in peers)
    yield f"{'geometric mean':<27}" + "".join(f"{mean:>10.2f}" for mean in means)


def site(benches: Sequence[Bench]) -> Iterator[str]:
    """Yield how many times as fast as Jinja2 many templates in turn are rendered."""
    best = _named(benches)
    for title, ours, theirs in (
        ("1,000 generated templates", "test_site_by_blendtpl[no-gc]", "test_site_by_jinja2[no-gc]"),
        ("the same, collector on", "test_site_by_blendtpl[gc]", "test_site_by_jinja2[gc]"),
        ("pages of templates/", "test_feedwhip_by_blendtpl[pages]", "test_feedwhip_by_jinja2[pages]"),
        ("e-mails of templates/", "test_feedwhip_by_blendtpl[emails]", "test_feedwhip_by_jinja2[emails]"),
    ):
        yield f"{title:<27}{best[theirs] / best[ours]:>8.1f} times as fast as Jinja2"


def build(benches: Sequence[Bench]) -> Iterator[str]:
    """Yield what compiling 1,000 templates takes, beside Jinja2 compiling the same, and loading them."""
    best = _named(benches)
    theirs = best["test_jinja2_compile"]
    for title, ours in (
        ("first compile", "test_first_compile[1]"),
        ("the same, two processes", "test_first_compile[2]"),
        ("nothing has changed", "test_unchanged_compile[1]"),
        ("one page has changed", "test_compile_after_a_change[pages/000.html-1]"),
        ("a layout has changed", "test_compile_after_a_change[layouts/app.html-1]"),
        ("load the bundle", "test_load_bundle[gc]"),
    ):
        yield f"{title:<27}{best[ours] / theirs:>8.2f} of the time that Jinja2 compiles them in"


def memory(benches: Sequence[Bench]) -> Iterator[str]:
    """Yield what a render leaves in memory with the collector off, and how long it takes beside the fastest."""
    groups: dict[str, list[Bench]] = defaultdict(list)
    for bench in benches:
        if "memory" in bench["extra_info"]:
            groups[bench["group"].removeprefix("memory, ")].append(bench)
    yield f"{'':<48}{'RSS/render':>12}{'garbage/render':>16}{'time':>8}"
    for group, members in groups.items():
        fastest = min(map(_best, members))
        for bench in members:
            figures = bench["extra_info"]["memory"]
            yield (
                f"{group:<26}{bench['extra_info']['label']:<22}{figures['rss_slope'] / 1000:>10,.0f} B"
                f"{figures['garbage_per_1000'] / 1000:>16,.1f}{_best(bench) / fastest:>8.1f}"
            )


_TABLES: Mapping[str, Callable[[Sequence[Bench]], Iterator[str]]] = MappingProxyType(
    {"render": render, "site": site, "build": build, "memory": memory}
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables that are named."""
    parser = argparse.ArgumentParser(prog="python -m bench.figures", description=__doc__)
    parser.add_argument("tables", nargs="+", choices=list(_TABLES), metavar=f"{{{','.join(_TABLES)}}}")
    parser.add_argument("--run", type=Path, default=BASELINE, help="a stored run, or what --benchmark-json wrote")
    options = parser.parse_args(arguments)
    wrong = complaint(str(options.run))
    if wrong:
        parser.error(wrong)
    benches = json.loads(options.run.read_text(encoding="utf-8"))["benchmarks"]
    try:
        for table in options.tables:
            print("\n".join(_TABLES[table](benches)))
    except KeyError as error:
        parser.error(f"the run has no {error}: it was of other benchmarks")
    return 0


if __name__ == "__main__":
    sys.exit(main())
