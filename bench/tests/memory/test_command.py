"""The command, with real processes: what it runs, writes and says; an interrupt leaves nothing but a report."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from bench.memory import command, runs
from bench.memory.registered import SUBJECTS, Family
from bench.memory.tasks import LONG, RENDERS, plan
from bench.memory.workloads import ALERT, WORKLOADS
from bench.tests.commands import Command, starting
from bench.tests.memory.made_up import made_up
from testkit import ROOT
from testkit.terminals import Terminal

FILES = {"report.html", "report.md", "runs.jsonl", "about.json", "alert.svg", "alert.png", "rates.svg", "rates.png"}


class Begun(Command):
    """The command."""

    def tasks(self) -> dict[int, int]:
        """Return the processes that do a task, each with that which has forked it."""
        interpreters = {process for process, line in self.marked().items() if "bench.memory.child" in line}
        parents = {process: psutil.Process(process).ppid() for process in interpreters}
        return {process: parent for process, parent in parents.items() if parent in interpreters}

    def told(self) -> list[int]:
        """Return how many characters each of these has written, which are its messages."""
        found = []
        for process in self.tasks():
            told = re.search(r"wchar: (\d+)", Path(f"/proc/{process}/io").read_text())
            found.append(int(told[1]) if told else 0)
        return found


Begin = Callable[..., Begun]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    with starting(Begun, "bench.memory", tmp_path / "out") as start:
        yield start


def test_a_small_run_ends_and_writes_everything(begin: Begin, tmp_path: Path) -> None:
    begun = begin(
        "--subjects", "exec", "PHP include, with opcache", "--workloads", ALERT, "-n", "30", PATH=str(tmp_path)
    )
    status, stdout, stderr = begun.end()
    assert (status, stderr) == (0, "")
    assert {file.name for file in begun.out.iterdir()} == FILES
    lines = stdout.splitlines()
    assert lines[0].startswith("exec of a file per include, alert e-mail, collector off: garbage: ")
    assert lines[-1] == f"3 processes; the report is `{begun.out / 'report.html'}`"
    told = [json.loads(line) for line in (begun.out / "runs.jsonl").read_text().splitlines()]
    off, on, php = told
    assert [run["task"]["collector"] for run in (off, on)] == [False, True]
    assert off["samples"][-1][0] == on["samples"][-1][0] == 30
    assert off["end"]["garbage"] > 30 > on["samples"][0][0]
    assert (php["reason"], php["failed"], php["samples"]) == ("php is not installed", False, [])
    text = (begun.out / "report.md").read_text()
    assert f"| PHP include, with opcache | php is not installed | {ALERT} |" in text
    assert re.search(r"\| PHP \| not installed \|", text)
    assert "interrupted" not in text


def test_progress_is_a_bar_on_a_terminal(begin: Begin) -> None:
    chosen = ("--subjects", "blendtpl bundle, stream", "--workloads", ALERT)
    with Terminal() as terminal:  # for longer than a bar takes to be drawn anew
        begun = begin(*chosen, "-n", "20000", "--jobs", "1", stderr=terminal.far)
        shown = terminal.read()
    assert begun.end()[0] == 0
    assert b"blendtpl bundle, stream: alert" in shown
    assert b"/20000" in shown
    assert b"1/2" in shown


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_writes_what_there_is_and_leaves_no_process(begin: Begin, number: int) -> None:
    begun = begin("--subjects", "blendtpl bundle", "--workloads", ALERT, "-n", "60000")
    begun.until(lambda: [told > 1000 for told in begun.told()] == [True, True])
    (os.killpg if number == signal.SIGINT else os.kill)(begun.process.pid, number)
    status, stdout, stderr = begun.end()
    assert (status, stderr) == (130, "")
    assert stdout.splitlines()[-1].startswith("2 processes; ")
    told = [json.loads(line) for line in (begun.out / "runs.jsonl").read_text().splitlines()]
    assert [run["reason"] for run in told] == ["stopped", "stopped"]
    assert all(len(run["samples"]) > 3 for run in told)
    assert ", interrupted" in (begun.out / "report.md").read_text()
    assert {file.name for file in begun.out.iterdir()} >= {"report.html", "alert.svg", "alert.png"}


MOMENTS: dict[str, Callable[[Begun], object]] = {
    "the folder is there": lambda begun: begun.out.is_dir(),
    "an interpreter begins": lambda begun: any("bench.memory.child" in line for line in begun.marked().values()),
    "a task begins": lambda begun: begun.tasks(),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_interrupt_before_there_is_anything_is_quiet(begin: Begin, moment: str) -> None:
    begun = begin()
    begun.until(lambda: MOMENTS[moment](begun))
    os.kill(begun.process.pid, signal.SIGINT)
    status, _, stderr = begun.end()
    assert (status, stderr) == (130, "")


def test_a_child_that_is_killed_is_told_and_the_rest_goes_on(begin: Begin) -> None:
    begun = begin("--subjects", "blendtpl bundle, stream", "--workloads", ALERT, "-n", "20000")
    begun.until(lambda: begun.told() and max(begun.told()) > 500)
    os.kill(next(iter(begun.tasks())), signal.SIGKILL)
    status, stdout, stderr = begun.end()
    assert status == 1
    assert re.fullmatch(rf"blendtpl bundle, stream: {ALERT}(, collector on)?: failed: was killed by SIGKILL\n", stderr)
    assert stdout.splitlines()[-1].startswith("2 processes; ")


def test_an_interpreter_that_is_killed_loses_no_task_and_is_replaced(begin: Begin) -> None:
    chosen = ("--subjects", "blendtpl bundle, stream", "--workloads", ALERT, "static page")
    begun = begin(*chosen, "-n", "20000", "--jobs", "1")
    begun.until(lambda: begun.told() and max(begun.told()) > 500)
    os.kill(next(iter(begun.tasks().values())), signal.SIGKILL)
    status, stdout, stderr = begun.end()
    assert (status, stderr) == (0, "")
    assert stdout.splitlines()[-1].startswith("4 processes; ")


def test_a_command_that_is_killed_leaves_no_process(begin: Begin) -> None:
    begun = begin("--subjects", "blendtpl bundle", "--workloads", ALERT, "-n", "60000")
    begun.until(lambda: begun.told() and max(begun.told()) > 500)
    begun.process.kill()
    assert begun.end()[0] == -signal.SIGKILL


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--subjects", "minijnija"), "no subject has `minijnija` in its name; did you mean `minijinja`?"),
        (("--subjects", "exec", "xyzzy"), "no subject has `xyzzy` in its name; `--list` alone prints what there is"),
        (("--workloads", "recursve"), "no workload has `recursve` in its name; did you mean `recursive`?"),
        (("--list", "--workloads", "xyzzy"), "no workload has `xyzzy` in its name; `--list`"),
        (("-n", "0"), "argument -n/--renders: a number from 1 on, not '0'"),
        (("-n", "1.5"), "argument -n/--renders: a number from 1 on, not '1.5'"),
        (("--jobs", "-1"), "argument --jobs: a number from 1 on, not '-1'"),
        (("--out", "/dev/null"), "--out /dev/null: it is no folder"),
        (("--out", "/dev/null/x"), "--out /dev/null/x: it cannot be written to: Not a directory"),
        (("--out", "/proc"), "--out /proc: it cannot be written to: "),
        (("--again",), "out/runs.jsonl` cannot be read, No such file or directory: run without `--again` first"),
        (("--nothing",), "unrecognized arguments: --nothing"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], said: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["--out", str(tmp_path / "out"), *options])
    assert ended.value.code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_the_list_has_every_subject_and_every_workload(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(plan())
    for name in SUBJECTS:
        assert any(line.startswith(f"{name}: ") for line in lines)
    for name, work in WORKLOADS.items():
        assert any(f": {name}: {RENDERS[work.kind]:,} renders at most" in line for line in lines)


def test_parts_of_names_choose_and_both_are_run_with_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--list", "--subjects", "STREAM", "--workloads", "a large", "tree", "-n", "7"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(set(lines)) >= 6
    assert all(line.startswith("blendtpl bundle, stream: ") and line.endswith(": 7 renders at most") for line in lines)
    assert sum(", collector on: " in line for line in lines) == len(lines) / 2


def test_the_long_run_is_long_for_blendtpl_alone() -> None:
    for task in plan(long=True):
        ours = SUBJECTS[task.subject].family is Family.OURS
        assert task.renders == (LONG if ours else RENDERS)[WORKLOADS[task.workload].kind]
        assert (task.seconds == 0) is ours


def test_the_report_is_written_again_from_what_is_in_the_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs.write(tmp_path, [made_up(), made_up("Jinja2", garbage=9000)], None, {"system": "this"})
    assert command.main(["--again", "--out", str(tmp_path)]) == 0
    assert "2 processes; " in capsys.readouterr().out
    assert {file.name for file in tmp_path.iterdir()} == FILES
    runs.write(tmp_path, [made_up(left={"blocks": (50, 25)})], None, {})
    assert command.main(["--again", "--out", str(tmp_path)]) == 1
    assert f"blendtpl bundle: {ALERT}: grows" in capsys.readouterr().out
    (tmp_path / "runs.jsonl").write_text("{")
    with pytest.raises(SystemExit):
        command.main(["--again", "--out", str(tmp_path)])
    assert "does not have what this version writes: run without `--again` first" in capsys.readouterr().err


@pytest.mark.parametrize("library", ["scipy", "matplotlib", "rich", "psutil"])
def test_a_library_that_is_missing_is_told(library: str) -> None:
    hide = f"import runpy, sys; sys.modules[{library!r}] = None; runpy.run_module('bench.memory', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", hide], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert re.fullmatch(
        rf"python -m bench.memory: error: it needs `{library}[\w.]*`: pip install '\.\[build,bench\]'\n",
        done.stderr,
    )
