"""A pytest plugin: Jinja2's environments replaced by blendtpl's, and a record of what came of each test.

Runs in the process that runs Jinja2's own suite, before any of its modules is imported. Leaves a JSON file at
`BLENDTPL_CONFORMANCE_REPORT`: the outcome of each test, and how many templates blendtpl compiled.
"""

import json
import os
from pathlib import Path
from typing import Any

import jinja2
import jinja2.environment
import jinja2.sandbox
import pytest

from blendtpl import live

_OURS = {
    "Environment": (live.Environment, (jinja2, jinja2.environment)),
    "SandboxedEnvironment": (live.SandboxedEnvironment, (jinja2.sandbox,)),
    "ImmutableSandboxedEnvironment": (live.ImmutableSandboxedEnvironment, (jinja2.sandbox,)),
}

for _name, (_ours, _modules) in _OURS.items():
    for _module in _modules:
        setattr(_module, _name, _ours)

_outcomes: dict[str, str] = {}
_compiled = 0
_compile = vars(live)["code_of"]


def _counted(*arguments: Any, **keywords: Any) -> Any:
    global _compiled
    _compiled += 1
    return _compile(*arguments, **keywords)


vars(live)["code_of"] = _counted


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep the worst of a test's setup, call and teardown."""
    if report.when == "call" or report.outcome != "passed":
        _outcomes[report.nodeid] = "failed" if report.failed else _outcomes.get(report.nodeid, report.outcome)


def pytest_sessionfinish() -> None:
    """Write the record."""
    Path(os.environ["BLENDTPL_CONFORMANCE_REPORT"]).write_text(
        json.dumps({"outcomes": _outcomes, "compiled": _compiled}), encoding="utf-8"
    )
