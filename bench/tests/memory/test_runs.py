"""What is read off samples: the slope, its interval, the verdict; and that runs are written and read back."""

import json
import random
import statistics
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from bench.memory import runs
from bench.memory.runs import Run, Slope, Verdict
from bench.tests.memory.made_up import held, made_up

ZERO = Slope(0, 0, 0)


def rss(grows: Callable[[float], float], **others: Any) -> Run:
    return made_up(rss=grows, **others)


def slope_of(run: Run) -> Slope:
    found = run.slope("rss")
    assert found
    return found


def test_the_slope_is_the_median_of_those_between_all_pairs_per_thousand_renders() -> None:
    noise = random.Random(1)
    run = rss(lambda renders: 3 * renders + noise.randint(-9000, 9000))
    pairs = combinations(run.series("rss"), 2)
    expected = statistics.median((later - early) / (end - begin) for (begin, early), (end, later) in pairs)
    found = slope_of(run)
    assert found.middle == pytest.approx(1000 * expected)
    assert found.low < found.middle < found.high


def test_the_interval_holds_the_true_slope_19_times_of_20() -> None:
    noise = random.Random(2)
    found = [slope_of(rss(lambda renders: 3 * renders + noise.gauss(0, 500))) for _ in range(200)]
    hits = sum(slope.low <= 3000 <= slope.high for slope in found)
    assert 180 <= hits < 200
    assert sum(slope.low <= 0 for slope in found) == 0


def test_a_step_and_a_few_odd_samples_do_not_bend_it() -> None:
    assert slope_of(rss(lambda renders: 10**6 if 500 < renders < 600 else 0)) == ZERO
    step = slope_of(rss(lambda renders: 4096 if renders > 100 else 0))
    assert (step.middle, step.low) == (0, 0)


def test_few_samples_have_no_slope_and_no_verdict() -> None:
    run = made_up(samples=2)
    assert (run.slope("rss"), run.verdict) == (None, Verdict.UNKNOWN)
    assert made_up(ended=False).verdict is Verdict.UNKNOWN


def test_what_the_system_does_not_tell_is_left_out() -> None:
    run = made_up(unknown="pss")
    assert (run.series("pss"), run.slope("pss"), run.left("pss")) == ([], None, 0)


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ({}, Verdict.FLAT),
        ({"left": {"blocks": (4, 4)}}, Verdict.FLAT),
        ({"left": {"blocks": (50, 0)}}, Verdict.FLAT),
        ({"left": {"blocks": (50, 25)}}, Verdict.GROWS),
        ({"left": {"bytes": (4096, 4096)}}, Verdict.FLAT),
        ({"left": {"bytes": (9000, 4500)}}, Verdict.GROWS),
        ({"left": {"modules": (2, 1)}}, Verdict.GROWS),
        ({"left": {"lines": (2, 1)}}, Verdict.GROWS),
        ({"left": {"files": (2, 1)}}, Verdict.GROWS),
        ({"left": {"threads": (2, 1)}}, Verdict.GROWS),
        ({"left": {"files": (1, 0)}}, Verdict.FLAT),
        ({"garbage": 1}, Verdict.FLAT),
        ({"garbage": 2}, Verdict.GARBAGE),
        ({"garbage": 2, "left": {"blocks": (50, 25)}}, Verdict.GROWS),
        ({"rss": lambda renders: renders}, Verdict.FLAT),
        ({"rss": lambda renders: 2 * renders}, Verdict.GROWS),
        ({"rss": lambda renders: -2 * renders}, Verdict.FLAT),
        ({"rss": lambda renders: 2 * renders, "garbage": 2}, Verdict.GARBAGE),
    ],
)
def test_the_verdict(given: dict[str, Any], verdict: Verdict) -> None:
    assert made_up(**given).verdict is verdict


def test_runs_are_read_as_they_were_written(tmp_path: Path) -> None:
    written = [made_up(), made_up(ended=False, reason="stopped", collector=True)]
    runs.write(tmp_path, written, held(), {"system": "this"})
    found, templates, facts = runs.read(tmp_path)
    assert json.loads(json.dumps([run.samples for run in found])) == [list(map(list, run.samples)) for run in written]
    assert [(run.task, run.verdict, run.end, run.reason) for run in found] == [
        (run.task, run.verdict, run.end, run.reason) for run in written
    ]
    assert (templates, facts) == (held(), {"system": "this"})


def test_runs_of_what_is_not_there_any_more_are_left_out(tmp_path: Path) -> None:
    runs.write(tmp_path, [made_up("gone"), made_up(), made_up(workload="gone")], None, {})
    assert [run.task for run in runs.read(tmp_path)[0]] == [made_up().task]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("runs.jsonl", lambda text: text[:-20]),
        ("runs.jsonl", lambda text: '{"task": {}}\n'),
        ("runs.jsonl", lambda text: "[]\n"),
        ("runs.jsonl", lambda text: text.replace('"reason"', '"why"')),
        ("about.json", lambda text: text[:-2]),
        ("about.json", lambda text: "{}"),
        ("about.json", lambda text: "[]"),
    ],
)
def test_what_was_not_written_so_is_refused(tmp_path: Path, name: str, change: Callable[[str], str]) -> None:
    runs.write(tmp_path, [made_up()], None, {})
    file = tmp_path / name
    file.write_text(change(file.read_text()))
    with pytest.raises(ValueError, match="does not have what this version writes"):
        runs.read(tmp_path)


def test_runs_are_in_order(tmp_path: Path) -> None:
    jinja2, old = made_up("Jinja2"), made_up("exec of a file per include")
    ours = [made_up(), made_up(collector=True)]
    assert sorted([jinja2, old, *ours[::-1]], key=runs.in_order) == [*ours, old, jinja2]
