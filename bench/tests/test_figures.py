"""The tables that documents show come out of a stored run; the documents' own tests hold them to the one kept."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench import figures
from bench.peers import PEERS

Told = dict[str, Any]


def bench(group: str, name: str, best: float, **extra: Any) -> Told:
    return {"group": group, "name": name, "extra_info": extra, "stats": dict.fromkeys(_STATS, best)}


_STATS = (
    *("min", "max", "mean", "stddev", "rounds", "median", "iqr", "iqr_outliers", "stddev_outliers", "outliers"),
    *("ld15iqr", "hd15iqr", "q1", "q3", "ops", "total", "iterations"),
)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of two workloads, of which Mako has one."""
    found = [
        bench("render table", "a", 2.0, column="blendtpl"),
        bench("render table", "b", 8.0, column="jinja2"),
        bench("render table", "c", 6.0, column="mako"),
        bench("render tree", "d", 1.0, column="blendtpl"),
        bench("render tree", "e", 9.0, column="jinja2"),
    ]
    for each in found:
        each["fullname"] = each["name"]
    file = tmp_path / "run.json"
    file.write_text(json.dumps({"version": "5", "benchmarks": found}), encoding="utf-8")
    return file


def test_each_peer_that_was_there_has_its_ratios_and_their_geometric_mean(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert figures.main(["render", "--run", str(run)]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[0][-2:] == ["mako", "jinja2"]
    assert [row[-2:] for row in rows[1:]] == [["3.00", "4.00"], ["-", "9.00"], ["3.00", "6.00"]]


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("build", "the run has no 'test_jinja2_compile': it was of other benchmarks"),
        ("site", "the run has no 'test_site"),
    ],
)
def test_a_run_of_other_benchmarks_is_told(
    table: str, told: str, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        figures.main([table, "--run", str(run)])
    assert caught.value.code == 2
    assert told in capsys.readouterr().err


def test_what_is_no_run_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        figures.main(["render", "--run", str(tmp_path / "nothing.json")])
    assert "there is no such file" in capsys.readouterr().err


def test_every_peer_has_its_column() -> None:
    assert sorted(figures.PEERS) == sorted(peer.name for peer in PEERS if peer.name != "blendtpl")
