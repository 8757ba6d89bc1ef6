"""What runs in Pyodide: pytest on a copy of the repository, with a record of what came of each test.

Enters: the folders that `run.mjs` mounts: the repository, the packages, and the exchange, whose `wanted.json` names the
test files, and the tests to leave out. Leaves: `record.jsonl` there, with a line for each test that begins or ends. It
is a script and imports no module of the tests, because it makes the copy that they are imported from.
"""

import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import pytest

REPOSITORY, PACKAGES, EXCHANGE = Path("/host"), Path("/packages"), Path("/exchange")
COPY = Path("/repository")  # in memory, where all files are this user's own, and nothing outside can change


class Record:
    """A pytest plugin that deselects tests, and writes down what comes of the others."""

    def __init__(self, file: TextIO, left_out: frozenset[str]) -> None:
        self._file, self._left_out = file, left_out

    def _write(self, test: str, outcome: str, reason: str = "") -> None:
        self._file.write(json.dumps({"test": test, "outcome": outcome, "reason": reason}) + "\n")

    def pytest_collectreport(self, report: "pytest.CollectReport") -> None:
        if report.failed:
            self._write(report.nodeid, "failed")

    def pytest_collection_modifyitems(self, config: "pytest.Config", items: "list[pytest.Item]") -> None:
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in self._left_out])
        items[:] = [item for item in items if item.nodeid not in self._left_out]

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._write(nodeid, "begun")  # and what is left of it when Pyodide itself fails

    def pytest_runtest_logreport(self, report: "pytest.TestReport") -> None:
        if report.when == "call" or report.outcome != "passed":
            reason = report.longrepr[2] if report.skipped and isinstance(report.longrepr, tuple) else ""
            self._write(report.nodeid, report.outcome, reason)


def without_sqlite() -> ModuleType:
    """Return what stands in for `sqlite3` where that is no part of Pyodide: a build cache with it holds nothing."""

    class DatabaseError(Exception):
        pass

    class OperationalError(DatabaseError):
        pass

    def connect(*arguments: object, **options: object) -> None:
        raise OperationalError("there is no sqlite3")

    made = ModuleType("sqlite3")
    vars(made).update(
        Binary=memoryview, DatabaseError=DatabaseError, OperationalError=OperationalError, connect=connect
    )
    return made


def stand_in() -> None:
    """Put something in the place of what is missing here, and is asked for when modules are imported."""
    vars(os).setdefault("geteuid", os.getuid)  # there is one user, who cannot pass for another
    empty = ("_multiprocessing", "psutil", "resource")
    for name, made in {"sqlite3": without_sqlite(), **{name: ModuleType(name) for name in empty}}.items():
        if importlib.util.find_spec(name) is None:
            sys.modules[name] = made


def main() -> int:
    wanted = json.loads((EXCHANGE / "wanted.json").read_text(encoding="utf-8"))
    for part in wanted["parts"]:
        if (REPOSITORY / part).is_dir():
            shutil.copytree(REPOSITORY / part, COPY / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(REPOSITORY / part, COPY / part)
    sys.path[:0] = [str(COPY), str(PACKAGES)]
    os.chdir(COPY)
    stand_in()

    import pytest

    # Pyodide 0.27 cannot tell the size of a file without a name, for which pytest asks when it captures descriptors
    options = ["--capture=sys", "--continue-on-collection-errors", "-m", ""]
    with (EXCHANGE / "record.jsonl").open("w", encoding="utf-8", buffering=1) as file:
        record = Record(file, frozenset(wanted["left out"]))
        return int(pytest.main([*options, *wanted["files"]], plugins=[record]))
