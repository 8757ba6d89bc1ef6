"""What is judged of runs, tried on runs that are made up."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench.walkers.checks import Check, checks, figures
from bench.walkers.pictures import draw
from bench.walkers.report import CHECK_HEADINGS, HEADINGS, check_rows, rows
from bench.walkers.run import Run
from bench.walkers.sampling import PROCESSORS, Memory, Sample, busy, memory_of, sample

Course = Callable[[float], float]  # what something is at a second

MIB = 1024
BARE = Memory(20 * MIB, 18 * MIB, 16 * MIB)


def always(value: float) -> Course:
    return lambda at: value


PSS, DIRTY, RATE, EFFORT = always(9 * MIB), always(8 * MIB), always(100), always(400)
PACE = always(0.004)


def made_up(
    *,
    seconds: int = 120,
    style: str = "blendtpl",
    pss: Course = PSS,
    dirty: Course = DIRTY,
    rate: Course = RATE,
    effort: Course = EFFORT,
    others: float = 0.0,
    pace: Course = PACE,
    lost: int = 0,
    wrong: int = 0,
) -> Run:
    """Return a run of two walkers, each of which has and does what is said."""
    samples, sent, cpu = [], 0.0, 0.0
    for at in range(seconds + 1):
        sent += rate(at)
        cpu += rate(at) / effort(at)
        memory = Memory(int(2 * pss(at)), int(pss(at)), int(dirty(at)))
        machine = 2 * cpu + others * PROCESSORS * at
        samples.append(Sample(float(at), (memory, memory), (int(sent), int(sent)), (cpu, cpu), 0.0, machine, pace(at)))
    total = sum(samples[-1].sent)
    return Run(style, BARE, tuple(samples), total, total - lost - wrong, wrong, "", 0)


def judged(run: Run) -> dict[str, bool | None]:
    words = {"PSS": "memory", "private": "size", "second at": "clock", "processor": "effort", "arrived": "arrival"}
    return {word: check.kept for check in checks(run) for key, word in words.items() if key in check.promise}


ALL_KEPT = {"memory": True, "size": True, "clock": True, "effort": True, "arrival": True}


def test_walkers_that_stay_as_they_are_keep_all_promises() -> None:
    assert judged(made_up()) == ALL_KEPT
    found = figures(made_up())
    assert found is not None
    assert (found.pss_growth, found.dirty, found.others) == (0.0, -8 * MIB, 0.0)
    assert (found.throughput_start, found.throughput_end) == (200.0, 200.0)
    assert found.effort_start == pytest.approx(400)


@pytest.mark.parametrize(
    ("broken", "missed"),
    [
        ({"pss": lambda at: 9000 + at * 1.6}, {"memory"}),
        ({"pss": lambda at: 9000 - at * 1.6}, {"memory"}),
        ({"dirty": always((16 + 26) * MIB)}, {"size"}),
        ({"rate": lambda at: 1000 - at}, {"clock"}),
        ({"effort": lambda at: 400 - at / 2}, {"effort"}),
        ({"lost": 1}, {"arrival"}),
        ({"wrong": 1}, {"arrival"}),
    ],
    ids=["memory grows", "memory shrinks", "large", "slower", "more work", "lost", "wrong"],
)
def test_what_is_not_kept_is_missed_and_nothing_else(broken: dict[str, object], missed: set[str]) -> None:
    found = judged(made_up(**broken))  # type: ignore[arg-type]
    assert {word for word, kept in found.items() if kept is False} == missed
    assert found == ALL_KEPT | dict.fromkeys(missed, False)


def test_what_comes_within_the_first_minute_is_warming_up() -> None:
    assert judged(made_up(pss=lambda at: min(at, 50) * 100, rate=lambda at: 1 if at < 10 else 100)) == ALL_KEPT


def test_a_few_odd_samples_decide_nothing() -> None:
    assert judged(made_up(pss=lambda at: 20_000 if at in {58, 119} else 9000)) == ALL_KEPT
    assert judged(made_up(rate=lambda at: 900 if at % 9 == 0 else 100)) == ALL_KEPT


def test_a_run_that_is_too_short_is_not_judged_by_how_it_ends() -> None:
    run = made_up(seconds=60, pss=lambda at: 9000 + 100 * at, rate=lambda at: 1000 - 9 * at)
    assert judged(run) == {"memory": None, "size": True, "clock": None, "effort": None, "arrival": True}
    assert all("60 s only" in check.found for check in checks(run) if check.kept is None)


def test_throughput_by_the_clock_is_not_judged_on_a_machine_with_other_work() -> None:
    run = made_up(others=0.3, rate=lambda at: 1000 - at)
    assert judged(run) == ALL_KEPT | {"clock": None}
    assert any("30% other work" in check.found for check in checks(run))


def test_throughput_is_judged_at_one_pace_of_the_machine() -> None:
    slower = {"effort": lambda at: 400 / (1 + at / 500), "rate": lambda at: 200 / (1 + at / 500)}
    run = made_up(**slower, pace=lambda at: 0.004 * (1 + at / 500))  # type: ignore[arg-type]
    assert judged(run) == ALL_KEPT | {"clock": None}
    assert any("the machine took +" in check.found for check in checks(run))
    assert judged(made_up(**slower)) == ALL_KEPT | {"clock": False, "effort": False}  # type: ignore[arg-type]


def test_other_styles_are_judged_by_arrival_only() -> None:
    grown = made_up(style="old", pss=lambda at: 9000 + 100 * at)
    assert judged(grown) == {"arrival": True}
    assert judged(replace(grown, received=1)) == {"arrival": False}


def test_a_run_that_ended_before_it_said_anything_has_no_figures() -> None:
    run = replace(made_up(), samples=(), sent=0, received=0)
    assert figures(run) is None
    assert judged(run) == {"arrival": True}
    assert len(rows([run])[0]) == len(HEADINGS)
    assert figures(replace(made_up(), samples=made_up().samples[:3])) is None


def test_tables_have_a_column_for_each_heading() -> None:
    run = made_up(lost=1)
    assert [len(row) for row in rows([run])] == [len(HEADINGS)]
    found = check_rows([*checks(run), Check("old", "a", "b", None)])
    assert {len(row) for row in found} == {len(CHECK_HEADINGS)}
    assert [row[-1] for row in found] == [*["pass"] * 4, "FAIL", "not judged"]


def _elements(file: Path) -> Sequence[str]:
    return [element.tag.rpartition("}")[2] for element in ET.parse(file).iter()]


def test_pictures_are_drawn_of_long_and_of_short_runs(tmp_path: Path) -> None:
    short = replace(made_up(style="old"), samples=made_up().samples[:2], ended="by an interrupt")
    for runs in ([made_up()], [short], [made_up(style="jinja2"), short, made_up(seconds=7300)]):
        files = draw(runs, tmp_path)
        assert [file.name for file in files] == [
            f"{stem}.{suffix}" for stem in ("together", "each", "memory") for suffix in ("svg", "png")
        ]
        for file in files:
            if file.suffix == ".svg":
                assert _elements(file).count("path") > 20 * len(runs)
            else:
                assert file.read_bytes().startswith(b"\x89PNG")


def test_pictures_of_the_same_runs_are_the_same(tmp_path: Path) -> None:
    first = {file.name: file.read_bytes() for file in draw([made_up()], tmp_path)}
    assert {file.name: file.read_bytes() for file in draw([made_up()], tmp_path)} == first


def test_a_sample_has_what_the_kernel_tells_of_a_process() -> None:
    before = busy()
    found = sample(1.5, [os.getpid()], [7], [os.getpid()])
    memory = found.memory[0]
    assert (found.at, found.sent) == (1.5, (7,))
    assert 0 < memory.private_dirty <= memory.rss
    assert 0 < memory.pss <= memory.rss
    assert 0 < found.cpu[0] <= found.serving <= found.busy
    assert before <= found.busy
    with pytest.raises(OSError, match="No such"):
        memory_of(2**22 + 1)  # above the highest process id that there can be
