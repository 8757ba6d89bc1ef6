"""Runs of the benchmarks are stored, and compared with: ratios to Jinja2 and memory, in real runs of pytest."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench import baseline, ratios
from bench.baseline import BASELINE, complaint, reduced
from testkit import ROOT

TIME = "test_render and static and (jinja2 or blendtpl)"
MEMORY = "test_memory and alert and (bundle or Jinja2)"

Told = dict[str, Any]


def bench(only: str, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pytest", "bench", "--benchmark-only", "-k", only, *options]
    # a run of its own: what pytest-xdist tells its workers would switch benchmarks off
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give what pytest-benchmark wrote of a few benchmarks."""
    file = tmp_path_factory.mktemp("run") / "run.json"
    done = bench(f"({TIME}) or ({MEMORY})", f"--benchmark-json={file}")
    assert done.returncode == 0, done.stdout + done.stderr
    return file


@pytest.fixture(scope="module")
def stored(run: Path) -> Path:
    """Give what is stored of it."""
    file = run.with_name("stored.json")
    assert baseline.main([str(run), "-o", str(file)]) == 0
    return file


def told(file: Path) -> Told:
    found: Told = json.loads(file.read_text(encoding="utf-8"))
    return found


def section(text: str, title: str) -> list[str]:
    """Return the lines of a section of what pytest printed."""
    lines = text.splitlines()
    begin = next(at for at, line in enumerate(lines) if f" {title}" in line and line.startswith("-"))
    return lines[begin + 1 : next(at for at in range(begin + 1, len(lines)) if not lines[at] or lines[at][0] == "-")]


def test_memory_stands_beside_time_in_extra_info(run: Path) -> None:
    found = {bench["name"]: bench for bench in told(run)["benchmarks"] if "memory" in bench["extra_info"]}
    assert len(found) == 2
    for bench in found.values():
        memory = bench["extra_info"]["memory"]
        assert memory["renders"] > 0
        assert {"verdict", "rss_slope", "private_dirty", "blocks", "garbage_per_1000"} < memory.keys()
        low, high = memory["rss_slope_interval"]
        assert low <= memory["rss_slope"] <= high
        assert bench["extra_info"]["collector"] == "off"
        assert bench["extra_info"]["ratio"]["fastest"] >= 1
    ours = next(bench for name, bench in found.items() if "blendtpl bundle" in name)
    assert (ours["extra_info"]["memory"]["verdict"], ours["extra_info"]["memory"]["garbage_per_1000"]) == ("flat", 0)


def test_what_is_stored_is_small_and_says_nothing_of_the_machine(run: Path, stored: Path) -> None:
    whole, small = told(run), told(stored)
    assert [bench["fullname"] for bench in small["benchmarks"]] == [bench["fullname"] for bench in whole["benchmarks"]]
    assert (small["machine_info"], small["commit_info"]) == ({}, {})
    for bench, short in zip(whole["benchmarks"], small["benchmarks"], strict=True):
        assert short["stats"]["min"] == pytest.approx(bench["stats"]["min"], rel=1e-5)
        assert short["extra_info"]["ratio"] == pytest.approx(bench["extra_info"]["ratio"], rel=1e-5)
    assert len(stored.read_text().splitlines()) == len(small["benchmarks"]) + 2
    text = stored.read_text()
    assert os.uname().nodename not in text
    assert str(ROOT) not in text
    assert reduced(small) == small
    assert complaint(str(stored)) == complaint(str(run)) == ""


def test_ratios_and_memory_are_compared_with_what_is_stored(stored: Path, tmp_path: Path) -> None:
    changed = told(stored)
    for found in changed["benchmarks"]:
        ratios = found["extra_info"]["ratio"]
        found["extra_info"]["ratio"] = {name: ratio / 2 for name, ratio in ratios.items()}
    half = tmp_path / "half.json"
    half.write_text(json.dumps(changed), encoding="utf-8")
    done = bench(f"({TIME}) or ({MEMORY})", f"--benchmark-compare={half}")
    assert done.returncode == 0, done.stdout + done.stderr
    *lines, mean = section(done.stdout, f"ratios to Jinja2, now and in {half}"[:60])
    assert len(lines) == 2
    for line in lines:
        found = re.fullmatch(r"(.+): +blendtpl.* +([\d.]+) x (.*inja2.*), was +([\d.]+): +([+-][\d.]+)%", line)
        assert found, line
        now, then, change = float(found[2]), float(found[4]), float(found[5])
        off = 0.00005 / now + 0.00005 / then  # both are shown with four digits behind the point, the change with one
        assert change == pytest.approx(100 * (now / then - 1), abs=100 * now / then * off * 1.01 + 0.051)
    assert re.fullmatch(r"geometric mean of 2 +[+-][\d.]+%", mean)
    memory = section(done.stdout, "memory, collector off")
    assert [line.count("objects for the collector per render") for line in memory] == [2, 2]
    assert all("; was flat: " in line for line in memory)


def test_one_without_ratios_is_compared_as_far_as_it_goes(stored: Path, tmp_path: Path) -> None:
    older = told(stored)
    for found in older["benchmarks"]:
        found["extra_info"] = {}
    file = tmp_path / "older.json"
    file.write_text(json.dumps(older), encoding="utf-8")
    done = bench(TIME, f"--benchmark-compare={file}")
    assert (done.returncode, done.stderr) == (0, f"Comparing against benchmarks from: {file}\n")
    said = "no benchmark has a ratio to Jinja2 in both; `python -m bench.baseline FILE` stores a run anew"
    assert section(done.stdout, f"ratios to Jinja2, now and in {file}"[:60]) == [said]


MEASURED = {"verdict": "flat", "rss_slope": 2000, "garbage_per_1000": 3000, "blocks": 4}
NOW = SimpleNamespace(fullname="a", name="a", group="g", extra_info={"ratio": {"jinja2": 0.5}, "memory": MEASURED})
SHOWN = "flat: 2 B of RSS and 3.0 objects for the collector per render, 4 blocks stay"


@pytest.mark.parametrize(
    ("then", "time", "memory"),
    [
        ({"a": {"extra_info": NOW.extra_info}}, "0.5000 x jinja2, was    0.5000:   +0.0%", f"{SHOWN}; was {SHOWN}"),
        ({"b": {"extra_info": NOW.extra_info}}, "no benchmark has a ratio to Jinja2 in both", SHOWN),
        ({"a": {"extra_info": {"ratio": {"jinja2": 1.0}}}}, "0.5000 x jinja2, was    1.0000:  -50.0%", SHOWN),
        ({"a": {"extra_info": {"ratio": {"mako": 0.5}}}}, "no benchmark has a ratio to Jinja2 in both", SHOWN),
        ({"a": {"extra_info": {"memory": {"slope": 1}}}}, "no benchmark", f"{SHOWN}; was measured in another way"),
        ({"a": {}}, "no benchmark has a ratio to Jinja2 in both", SHOWN),
    ],
)
def test_what_only_one_of_them_has_is_not_compared(then: Told, time: str, memory: str) -> None:
    assert time in next(ratios.compared([NOW], then))
    (line,) = ratios.memory([NOW], then)
    assert line.endswith(f" {memory}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "there is no such file"),
        ("", "is no run that was stored whole"),
        ('{"benchmarks": [', "is no run that was stored whole"),
        ('{"benchmarks": 1, "version": "5"}', "is no run that was stored whole"),
        ('{"benchmarks": [{"name": "a"}], "version": "5"}', "is no run that was stored whole"),
        ("[]", "is no run that was stored whole"),
    ],
)
def test_what_cannot_be_compared_with_is_told(tmp_path: Path, text: str | None, said: str) -> None:
    file = tmp_path / "given.json"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    assert complaint(str(file)).startswith(f"`{file}`")
    assert said in complaint(str(file))
    assert "`python -m bench.baseline FILE` stores it" in complaint(str(file))


def test_a_folder_and_what_pytest_benchmark_stored_itself(tmp_path: Path) -> None:
    assert complaint(str(tmp_path)) == f"`{tmp_path}`: Is a directory"
    assert [complaint(given) for given in ("0001", "Linux-*/*.json", "*")] == ["", "", ""]


def test_it_is_told_in_one_line_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "cut.json").write_text('{"benchmarks": [', encoding="utf-8")
    done = bench(TIME, f"--benchmark-compare={tmp_path / 'cut.json'}")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert done.stderr.strip().splitlines() == [
        f"ERROR: --benchmark-compare: `{tmp_path / 'cut.json'}` is no run that was stored whole; "
        "`--benchmark-json=FILE` writes one, and `python -m bench.baseline FILE` stores it"
    ]


@pytest.mark.parametrize(
    ("text", "output", "said"),
    [
        (None, "out.json", "No such file or directory"),
        ("{", "out.json", "is not what `--benchmark-json` writes"),
        ("[]", "out.json", "is not what `--benchmark-json` writes"),
        ('{"version": "5", "benchmarks": []}', "gone/out.json", "No such file or directory"),
    ],
)
def test_what_cannot_be_stored_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, output: str, said: str
) -> None:
    file = tmp_path / "run.json"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        baseline.main([str(file), "-o", str(tmp_path / output)])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "out.json").exists()


def test_the_stored_one_of_the_project_can_be_compared_with() -> None:
    assert complaint(str(BASELINE)) == ""
    groups = {bench["group"] for bench in told(BASELINE)["benchmarks"]}
    assert any(group.startswith("render ") for group in groups)
    assert any(group.startswith("memory, ") for group in groups)
    assert all(bench["extra_info"]["ratio"] for bench in told(BASELINE)["benchmarks"])
