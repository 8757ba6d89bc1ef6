from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import blendtpl
from tests.web.development.support import TEMPLATES


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BLENDTPL_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "templates"
    folder.mkdir()
    for name, text in TEMPLATES.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def static(tmp_path: Path) -> Path:
    (tmp_path / "static").mkdir()
    (tmp_path / "static/main.css").write_text("p { color: rgb(1, 2, 3) }")
    return tmp_path / "static"


@pytest.fixture
def registry(folder: Path) -> Iterator[Any]:
    with blendtpl.watch(folder) as watched:
        yield watched
