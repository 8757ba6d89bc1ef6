"""Run the tests in other versions of Python: ``python -m tests.pythons [--keep DIR] [VERSION ...]``.

VERSION is one of the npm package `pyodide`, which has a CPython for Node in it; without any there is one each for
Python 3.12, 3.13 and 3.14. DIR is where they are kept for another time. What cannot be tested there is listed, with
reasons, in `tests/pythons/left_out.py`, and counted here. Exits 1 when a test fails, or neither runs nor is listed.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from testkit import ROOT
from tests.conformance.fetch import UnreachableError, fetch
from tests.pythons.left_out import left_out
from tests.pythons.pyodide import HERE, Outcome, Pyodide, PyodideError, install, run, unpack

VERSIONS = ("0.27", "0.29", "314")


@dataclass(frozen=True, slots=True)
class Report:
    """What came of each test in a Pyodide, the tests that did not even begin, and why others were left out."""

    pyodide: Pyodide
    outcomes: Mapping[str, Outcome]
    missing: Sequence[str]
    reasons: Mapping[str, str]

    def failed(self) -> list[str]:
        """Return the tests that failed, with files that could not be imported, and where Pyodide itself failed."""
        return [test for test, (outcome, _) in self.outcomes.items() if outcome in {"failed", "begun"}]

    def left_out(self) -> Counter[str]:
        """Return how many tests were left out for which reason: one of the list, or what the test itself gave."""
        skipped = [reason for outcome, reason in self.outcomes.values() if outcome == "skipped"]
        return Counter([*self.reasons.values(), *skipped])

    def __str__(self) -> str:
        passed = sum(outcome == "passed" for outcome, _ in self.outcomes.values())
        failed = len(self.failed()) + len(self.missing)
        numbers = f"{passed} passed, {failed} failed, {self.left_out().total()} left out"
        return f"Python {self.pyodide.python} (pyodide {self.pyodide.version}): {numbers}"


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.pythons", description=__doc__)
    asked.add_argument("versions", nargs="*", metavar="VERSION", default=VERSIONS)
    asked.add_argument("--keep", type=Path, metavar="DIR")
    given = asked.parse_args()
    try:
        with TemporaryDirectory() as temporary:
            folder = (given.keep or Path(temporary)).resolve()
            reports = list(_reports(given.versions, folder, Path(temporary) / "packages"))
    except (LookupError, OSError, PyodideError, RuntimeError, UnreachableError) as error:
        print(error, file=sys.stderr)
        return 1
    for report in reports:
        print(f"\nPython {report.pyodide.python}, left out because")
        for reason, count in report.left_out().most_common():
            print(f"{count:5}  {reason}")
        for test in report.failed():
            print(f"failed: {test}")
        if report.missing:
            print(f"never begun: {report.missing[0]} and {len(report.missing) - 1} more")
    print("", *reports, sep="\n")
    return 1 if any(report.failed() or report.missing for report in reports) else 0


def _reports(versions: Sequence[str], folder: Path, packages: Path) -> Iterator[Report]:
    unpack(fetch(HERE / "requirements.txt"), packages)
    fetch(ROOT / "tests/conformance/packages/requirements.txt")  # its tests find it in the cache
    tests = _collected()
    for version in versions:
        pyodide = install(version, folder / version)
        reasons = left_out(tests, pyodide.sqlite)
        files = list(dict.fromkeys(test.partition("::")[0] for test in tests if test not in reasons))
        print(f"Python {pyodide.python}:", flush=True)
        outcomes = run(pyodide, packages, files, list(reasons))
        yield Report(pyodide, outcomes, [test for test in tests if test not in reasons | outcomes], reasons)


class _Collector:
    tests: tuple[str, ...] = ()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.tests = tuple(item.nodeid for item in session.items)


def _collected() -> tuple[str, ...]:
    """Return the id of each test of the repository."""
    collector, shown = _Collector(), StringIO()
    with redirect_stdout(shown):
        status = pytest.main(["--collect-only", "-m", "", str(ROOT / "tests")], plugins=[collector])
    if status != pytest.ExitCode.OK:
        raise RuntimeError(shown.getvalue())
    return collector.tests


if __name__ == "__main__":
    sys.exit(main())
