"""What the tests of `blendtpl migrate` share."""

import sys
from pathlib import Path

import pytest

from tests.migrate.support import project


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a project the current folder, and its modules ones that can be imported."""
    monkeypatch.chdir(project(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "bridge", raising=False)
    return tmp_path
