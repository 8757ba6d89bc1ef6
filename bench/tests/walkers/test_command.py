"""The command, for a few seconds: real walkers, a real server, and nothing left of them whatever happens."""

import json
import os
import signal
import subprocess
import sys
from array import array
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bench.tests.commands import Command, starting
from bench.walkers import counters
from bench.walkers.processes import DiedError, death, processes, read
from testkit import PATIENCE, ROOT
from testkit.terminals import Terminal

PICTURES = {f"{stem}.{suffix}" for stem in ("together", "each", "memory") for suffix in ("svg", "png")}
FILES = {"summary.md", "samples.json", *PICTURES}


class Walkers(Command):
    """The command."""

    def of(self, module: str) -> list[int]:
        return sorted(process for process, command in self.marked().items() if f"bench.walkers.{module}" in command)

    def walkers(self) -> list[int]:
        parents = {process: _parent(process) for process in self.of("team")}
        return [process for process, parent in parents.items() if parent in parents]

    def received(self) -> int:
        """Return how many e-mails the server of the style at work has got, as the processes count them."""
        for process in self.walkers():
            with suppress(OSError):  # it has ended meanwhile, or has closed one
                for descriptor in Path(f"/proc/{process}/fd").iterdir():
                    if str(descriptor.readlink()).startswith("/memfd:walkers"):
                        return array("Q", descriptor.read_bytes())[counters.RECEIVED]
        return 0

    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.out / "samples.json").read_text())
        return found


def _parent(process: int) -> int | None:
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


Begin = Callable[..., Walkers]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    with starting(Walkers, "bench.walkers", tmp_path / "out") as start:
        yield start


def test_a_load_is_drawn_with_what_waits_and_no_more_is_sent_than_was_due(begin: Begin) -> None:
    command = begin("--walkers", "2", "--minutes", "0.1", "--rate", "2", "--styles", "blendtpl")
    stdout, stderr = command.process.communicate(timeout=PATIENCE)
    assert command.process.returncode == 0, stdout + stderr
    assert {file.name for file in command.out.iterdir()} == FILES | {"load.svg", "load.png"}
    (run,) = command.told()["runs"]
    assert run["rate"] == 2
    assert 0 < run["sent"] == run["received"]
    last = run["samples"][-1]
    assert sum(last["sent"]) <= 2 * (last["at"] + 1) + 2  # who takes a sample later says so


def test_three_styles_send_e_mails_none_is_lost_and_all_is_written(begin: Begin) -> None:
    command = begin("--walkers", "3", "--minutes", "0.1")
    stdout, stderr = command.process.communicate(timeout=PATIENCE)
    assert command.process.returncode == 0, stdout + stderr
    assert command.marked() == {}
    assert {file.name for file in command.out.iterdir()} == FILES
    told = command.told()
    assert told["facts"]["walkers"] == 3
    assert [run["style"] for run in told["runs"]] == ["old", "jinja2", "blendtpl"]
    for run in told["runs"]:
        assert run["sent"] == run["received"] > 0
        assert (run["wrong"], run["ended"], run["status"]) == (0, "", 0)
        assert len(run["samples"]) > 5
        for sample in run["samples"]:
            assert len(sample["memory"]) == len(sample["sent"]) == len(sample["cpu"]) == 3
        sent = [sum(sample["sent"]) for sample in run["samples"]]
        assert sent == sorted(sent)
        assert sent[-1] <= run["sent"]
        assert all(run["samples"][-1]["sent"])
    assert {check["kept"] for check in told["checks"]} == {True, None}
    summary = (command.out / "summary.md").read_text()
    for text in (stdout, summary):
        assert all(style in text for style in ("old style", "Jinja2", "blendtpl"))
        assert "not judged" in text
    assert "python -m bench.walkers --out" in summary
    assert "](together.svg)" in summary
    assert stderr.splitlines() == [f"{style}: 3 walkers, 6 s" for style in ("old style", "Jinja2", "blendtpl")]


def test_without_the_collector_nothing_of_blendtpl_grows(begin: Begin) -> None:
    command = begin("--walkers", "1", "--minutes", "0.1", "--styles", "blendtpl", "--no-collector")
    assert command.end()[0] == 0
    assert command.told()["facts"]["collector"] == "off"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_everything_and_writes_what_there_is(begin: Begin, number: int) -> None:
    command = begin("--walkers", "3", "--minutes", "5", "--styles", "blendtpl", "old")
    command.until(lambda: command.received() > 20)
    (os.killpg if number == signal.SIGINT else os.kill)(command.process.pid, number)
    status, _, stderr = command.end()
    assert (status, stderr.splitlines()[-1]) == (130, "blendtpl ended early: by an interrupt")
    (run,) = command.told()["runs"]
    assert run["sent"] == run["received"] > 0
    assert "ended early, by an interrupt" in (command.out / "summary.md").read_text()


def test_an_interrupt_before_there_is_anything_is_quiet(begin: Begin) -> None:
    command = begin()
    command.until(lambda: command.out.is_dir())
    os.killpg(command.process.pid, signal.SIGINT)
    status, _, stderr = command.end()
    assert status == 130
    assert "Traceback" not in stderr


def test_a_walker_that_dies_is_named_and_ends_the_rest(begin: Begin) -> None:
    command = begin("--walkers", "3", "--minutes", "5", "--styles", "jinja2", "old")
    command.until(lambda: len(command.walkers()) == 3)
    victim = command.walkers()[1]
    os.kill(victim, signal.SIGKILL)
    status, _, stderr = command.end()
    assert status == 1
    assert stderr.splitlines()[-1] == f"Jinja2 ended early: walker 2 (process {victim}) was killed by SIGKILL"
    assert [run["style"] for run in command.told()["runs"]] == ["jinja2"]


@pytest.mark.parametrize(
    ("module", "name"), [("server", "the server"), ("team", "the parent of the walkers")], ids=["server", "parent"]
)
def test_a_server_or_a_parent_that_dies_is_named_and_ends_the_rest(begin: Begin, module: str, name: str) -> None:
    command = begin("--walkers", "2", "--minutes", "5", "--styles", "blendtpl")
    command.until(lambda: len(command.walkers()) == 2)
    (victim,) = set(command.of(module)) - set(command.walkers())
    os.kill(victim, signal.SIGKILL)
    status, _, stderr = command.end()
    assert status == 1
    assert stderr.splitlines()[-1] == f"blendtpl ended early: {name} (process {victim}) was killed by SIGKILL"


def test_a_command_that_is_killed_leaves_no_process(begin: Begin) -> None:
    command = begin("--walkers", "2", "--minutes", "5", "--styles", "blendtpl")
    command.until(lambda: len(command.walkers()) == 2)
    command.process.kill()
    assert command.end()[0] == -signal.SIGKILL


def test_a_style_ends_when_it_has_the_memory_that_it_may_and_the_next_begins(begin: Begin) -> None:
    command = begin("--walkers", "2", "--minutes", "0.05", "--styles", "old", "blendtpl", "--memory-limit", "0.005")
    status, _, stderr = command.end()
    assert status == 0
    assert [line for line in stderr.splitlines() if "ended early" in line] == [
        f"{style} ended early: after 0 s: the walkers had the 0.005 GiB that they may"
        for style in ("old style", "blendtpl")
    ]


def test_progress_is_a_bar_on_a_terminal(begin: Begin) -> None:
    with Terminal() as terminal:
        command = begin("--walkers", "1", "--minutes", "0.05", "--styles", "blendtpl", stderr=terminal.far)
        shown = terminal.read()
    command.process.communicate(timeout=PATIENCE)
    assert command.process.returncode == 0
    assert b" e-mails, " in shown
    assert b"1 walkers" not in shown


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--minutes", "0"), "argument --minutes: must be a number above 0, not '0'"),
        (("--minutes", "nan"), "argument --minutes: must be a number above 0, not 'nan'"),
        (("--hours", "-1"), "argument --hours: must be a number above 0, not '-1'"),
        (("--hours", "1", "--minutes", "1"), "argument --minutes: not allowed with argument --hours"),
        (("--walkers", "0"), "argument --walkers: must be a whole number from 1 to 999, not '0'"),
        (("--walkers", "2.5"), "argument --walkers: must be a whole number from 1 to 999, not '2.5'"),
        (("--styles", "new"), "argument --styles: invalid choice: 'new' (choose from"),
        (("--memory-limit", "much"), "argument --memory-limit: must be a number above 0, not 'much'"),
        (("--out", "/dev/null/x"), "--out /dev/null/x: it cannot be written to: Not a directory"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_error(begin: Begin, options: tuple[str, ...], said: str) -> None:
    status, _, stderr = begin(*options).end()
    assert status == 2
    assert said in stderr.splitlines()[-1]
    assert "Traceback" not in stderr


def test_a_library_that_is_missing_is_told() -> None:
    hide = "import runpy, sys; sys.modules['aiosmtpd'] = None; runpy.run_module('bench.walkers', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", hide], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "python -m bench.walkers: error: it needs `aiosmtpd`: pip install '.[bench]'\n"


def test_a_process_that_cannot_begin_is_told_with_the_last_line_that_it_said(tmp_path: Path) -> None:
    with processes(tmp_path) as start:
        started = start("the server", "bench.walkers.server", {"expected": [], "counters": 99})
        with pytest.raises(
            DiedError, match=r"the server \(process \d+\) ended with status 1: OSError: .*Bad file descr"
        ):
            read(started)


def test_how_a_process_died_is_told_in_a_sentence(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert death("walker 1", 7, -9, log) == "walker 1 (process 7) was killed by SIGKILL"
    log.write_text("Traceback:\n  x\nValueError: no\n\n")
    assert death("walker 1", 7, 1, log) == "walker 1 (process 7) ended with status 1: ValueError: no"
