"""Messages to look at, and pytest as a user of the plugin runs it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import blendtpl
from testkit import ROOT

PLAIN: dict[str, Any] = {
    "subject": "Hi",
    "text": "Look at https://example.com/a.\n",
    "html": '<p>Look at <a href="https://example.com/a">it</a></p>\n',
    "sender": "Feedwhip <alerts@example.com>",
    "to": ("Ada <ada@example.org>",),
}


def message(**fields: Any) -> blendtpl.Message:
    return blendtpl.Message(**{**PLAIN, **fields})


def run_pytest(folder: Path, *arguments: str, plugin: str = "blendtpl.testing") -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder, with the plugin as it is where it was not installed, and none that happens to be."""
    given = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""}
    command = [sys.executable, "-m", "pytest", "-q", "-p", plugin, "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, check=False, timeout=120)
