"""Print the counts of every package, and the differences: `python -m tests.conformance.packages [SEEDS [WORD]]`.

WORD picks the packages that have it in their name. Exits 1 when there is a difference.
"""

import sys
from collections import Counter
from pathlib import Path

from tests.conformance.fetch import fetch
from tests.conformance.packages.compare import UNDEFINED, Report, compare, merged
from tests.conformance.packages.sets import SETS, read

COLUMNS = ("templates", "compiled", "refused by Jinja2 too", "linked", "contexts", "failing", "renders")


def main(seeds: int = 8, word: str = "") -> int:
    """Compare with so many contexts for each template and kind of undefined."""
    wheels = fetch(Path(__file__).parent / "requirements.txt")
    totals: list[Report] = []
    for package in dict.fromkeys(found.package for found in SETS if word in found.package):
        reports = []
        for found in SETS:
            if found.package == package:
                templates = read(found, wheels)
                reports += [compare(found, templates, range(seeds), undefined) for undefined in UNDEFINED]
        totals.append(merged(reports))
        _print(package, totals[-1])
    total = merged(totals)
    _print(f"{len(totals)} packages", total)
    seen: Counter[tuple[str, str]] = Counter()
    for difference in total.differences:
        seen[difference.package, difference.template] += 1
        if seen[difference.package, difference.template] == 1:
            print(difference)
    return 1 if total.differences else 0


def _print(title: str, report: Report) -> None:
    # what does not depend on the kind of undefined is counted once
    once = {name: report.counts[name] // len(UNDEFINED) for name in COLUMNS[:4]}
    counts = (f"{once.get(name, report.counts[name])} {name}," for name in COLUMNS)
    print(f"{title:26}", *counts, len(report.differences), "differences", flush=True)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8, sys.argv[2] if len(sys.argv) > 2 else ""))
