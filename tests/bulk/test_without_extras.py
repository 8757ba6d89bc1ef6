"""What works where neither pyarrow nor distributed is installed, and what is said of the rest."""

import sys
from pathlib import Path

import pytest

from tests.bulk.jobs import ROWS, render, rendered, write_bundle, write_rows


@pytest.fixture
def without_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("blendtpl.bulk.parquet", "blendtpl.bulk.parquet_output", "blendtpl.bulk.cluster"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    for name in ("pyarrow", "distributed"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.usefixtures("without_extras")
def test_csv_and_json_lines_need_neither(tmp_path: Path) -> None:
    bundle, rows = write_bundle(tmp_path), write_rows(tmp_path / "rows.csv", ROWS)
    call = (bundle, "plain.txt", "--each", rows, "--out", tmp_path / "out")
    told = render(*call)
    assert told.exit_code == 1
    assert told.stderr.startswith("error: Parquet needs `pyarrow`: install blendtpl with the extra `bulk`")
    told = render(*call, "--as", "jsonl", "--scheduler", "tcp://127.0.0.1:1")
    assert told.exit_code == 1
    assert told.stderr.startswith("error: `--scheduler` needs `distributed`: install blendtpl with the extra `dask`")
    assert render(*call, "--as", "jsonl").exit_code == 0
    assert len(rendered(tmp_path / "out")) == len(ROWS)
