"""The gate fails for a leak of one object in a thousand renders, names it, and passes the real code."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence

import psutil
import pytest

from bench.memory import gate
from bench.memory.gate import RARE, TRIES, Plant
from bench.memory.workloads import MIXED
from blendtpl.tools.soak.growth import SPARE_BYTES, Growth
from testkit import PATIENCE, ROOT
from testkit.growth import EVERY

SOME = [*list(EVERY)[::60], "failing: a macro in a loop"]
FINE, FAILING = SOME[1], SOME[-1]

pytestmark = pytest.mark.usefixtures("quick_collections")


def growth(**left: object) -> Growth:
    nothing = {"renders": 100, "blocks": 0, "bytes": 0, "collected": 0, "survivors": 0, "events": (), "changes": ()}
    return Growth(**(nothing | left))  # type: ignore[arg-type]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench.memory.gate", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_real_code_passes() -> None:
    results = list(gate.check(SOME))
    assert sorted(result.title for result in results) == sorted(SOME)
    assert [result.grown for result in results if result.grown] == []
    assert all(result.renders >= result.ways * gate.RENDERS for result in results)


@pytest.mark.parametrize("plant", [Plant(FINE, "object"), Plant(FAILING, "cycle")], ids=lambda plant: plant.kind)
def test_a_leak_in_a_thousand_renders_of_one_case_is_found_and_nothing_else(plant: Plant) -> None:
    grown = {result.title: result.grown for result in gate.check([FINE, FAILING], plant=plant) if result.grown}
    assert list(grown) == [plant.title]
    for left in grown[plant.title].values():
        assert (left.blocks if plant.kind == "object" else left.collected) in range(1, 2 * gate.RENDERS // RARE)


def test_all_in_turn_is_a_case_of_its_own() -> None:
    (result,) = gate.check([MIXED], plant=Plant(MIXED, "object"))
    assert (result.title, result.ways) == (MIXED, 1)
    assert result.renders > 10 * len(EVERY)
    assert result.grown["in turn"].blocks >= result.renders // 2 // RARE


@pytest.mark.parametrize("kind", ["object", "cycle"])
def test_a_planted_leak_is_one_in_a_thousand(kind: str) -> None:
    calls = []
    render = gate.with_leak(lambda: calls.append(1), kind)
    for _ in range(RARE):
        render()
    assert len(calls) == RARE
    (kept,) = [cell.cell_contents for cell in render.__closure__ or () if type(cell.cell_contents) is list]
    assert len(kept) == (1 if kind == "object" else 0)


def once_each(found: list[Growth]) -> Callable[[], Growth]:
    left: Iterator[Growth] = iter(found)
    return lambda: next(left)


def test_what_grows_once_is_no_leak_and_what_grows_each_time_is() -> None:
    grown = growth(blocks=1)
    assert gate.lasting(once_each([grown] * (TRIES - 1) + [growth()])) is None
    assert gate.lasting(once_each([grown] * TRIES)) == grown


@pytest.mark.parametrize(
    "left",
    [
        {"blocks": 1},
        {"bytes": SPARE_BYTES + 1},
        {"collected": 1},
        {"survivors": 1},
        {"events": ("open",)},
        {"changes": ("sys.modules changed",)},
    ],
)
def test_each_kind_of_growth_counts(left: dict[str, object]) -> None:
    assert gate.lasting(lambda: growth(**left)) == growth(**left)
    assert gate.lasting(lambda: growth(blocks=-3, bytes=SPARE_BYTES)) is None


def test_the_command_says_what_it_did() -> None:
    done = run("a large page", "--jobs", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"2 cases in 14 ways, {14 * gate.RENDERS:,} renders, collector off: nothing grows\n"


def test_a_leak_is_printed_and_fails_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert not gate.run([FINE], gate.RENDERS, 1, Plant(FINE, "object"))
    *lines, last = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{FINE}: render: ")
    assert "blocks" in lines[0]
    assert last.endswith(f"collector off: {len(lines)} ways leave something")


def test_the_self_test_finds_what_it_plants_and_passes_the_real_code() -> None:
    done = run("a macro in a loop", "prints what it contains", "--self-test", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(": found\n") == 2
    assert done.stdout.endswith("the real code passed 2 times of 2\n")


def test_the_self_test_fails_when_the_real_code_leaks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def leaky(titles: Sequence[str], *others: object) -> Iterator[gate.Result]:
        return (gate.Result(title, 1, 100, {"render": growth(collected=3)}) for title in titles)

    monkeypatch.setattr(gate, "check", leaky)
    assert gate.self_test([FINE], gate.RENDERS, 1, 2) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"one object in 1,000 renders of `{FINE}`: found"
    assert lines[1] == f"{FINE}: render: 0 blocks, 3 objects for the collector in 50 renders"
    assert lines[2].endswith("1 ways leave something")
    assert lines[-1] == "the real code passed 0 times of 2"


def test_the_self_test_fails_for_a_plant_that_is_not_found_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def blind(titles: Sequence[str], *others: object) -> Iterator[gate.Result]:
        return (gate.Result(title, 1, 1, {}) for title in titles)

    monkeypatch.setattr(gate, "check", blind)
    assert gate.self_test([FINE], gate.RENDERS, 1, 1) == 1
    assert f"one object in 1,000 renders of `{FINE}`: not found alone, but nothing" in capsys.readouterr().out


def begun() -> "tuple[subprocess.Popen[str], psutil.Process]":
    """Start the gate for the slowest case, and return it with the process that renders."""
    command = [sys.executable, "-m", "bench.memory.gate", MIXED, "--jobs", "1"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None:
        for child in psutil.Process(process.pid).children():
            if "spawn_main" in " ".join(child.cmdline()):
                return process, child
        time.sleep(0.02)
    raise AssertionError(process.communicate())


def test_a_process_that_dies_is_told_in_a_line_and_fails_the_gate() -> None:
    process, child = begun()
    child.kill()
    assert process.communicate(timeout=PATIENCE) == ("", "a process died that rendered `mixed`\n")
    assert process.returncode == 1


@pytest.mark.parametrize("used", [0, 0.3, 1.5])  # seconds of processor time: before, while and after it imports
def test_an_interrupt_ends_all_of_it_quietly(used: float) -> None:
    process, child = begun()
    while child.cpu_times().user < used:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=PATIENCE) == ("", "")
    assert process.returncode == 130
    child.wait(PATIENCE)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a large pag", "a sandbx"], "no case has `a sandbx` in its name"),
        (["sandbx"], "no case has `sandbx` in its name; did you mean `sandbox`?"),
        (["--renders", "2000"], "a leak of one object in 1,000 renders shows in 2,002 renders at least"),
        (["--jobs", "none"], "argument --jobs: a number from 1 on, not 'none'"),
    ],
)
def test_bad_arguments_are_told(arguments: list[str], message: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
