"""The command: what `blendtpl walk --record` recorded is drawn by `blendtpl walk graph`."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

import blendtpl
from blendtpl.cli import command
from blendtpl.metrics.recording import read

SENDER = """
import time

def walk(walker):
    for cycle in walker.cycles():
        cycle.registry.render("hello.txt", name="Ada")
        cycle.count("mails")
        time.sleep(0.01)
"""


def graph(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(command, ["walk", "graph", *map(str, arguments)])
    return done.exit_code, done.output


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "the recording cannot be read: no such file or directory"),
        ("", "is no recording of `blendtpl walk --record`"),
        ('{"recording": "blendtpl", "version": 1}\n', "the recording has no samples yet"),
    ],
)
def test_what_cannot_be_drawn_is_one_line_and_exit_status_1(tmp_path: Path, text: str | None, told: str) -> None:
    file = tmp_path / "walk.record"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    status, shown = graph(file)
    assert status == 1
    assert told in shown
    assert shown.count("\n") == 1
    assert not file.with_name("walk.record.svg").exists()


def test_a_pool_is_recorded_and_drawn(tmp_path: Path) -> None:
    blendtpl.compile({"hello.txt": "Hello {{ name }}!"}).write(tmp_path / "app.blend")
    (tmp_path / "sender.py").write_text(SENDER, encoding="utf-8")
    file = tmp_path / "walk.record"
    arguments = ["sender:walk", "--bundle", "app.blend", "--workers", "1", "--record", file.name, "--run", "run"]
    with subprocess.Popen(
        [sys.executable, "-m", "blendtpl", "walk", *arguments], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    ) as pool:
        while pool.poll() is None and not (file.exists() and file.read_bytes().count(b"\n") > 2):
            time.sleep(0.05)
        pool.send_signal(signal.SIGTERM)
        told = pool.communicate()[1]
    assert pool.returncode == 0, told
    last = read(file)[-1]
    assert last.mails > 0
    assert abs(last.renders - last.mails) <= 1  # it is rendered, and then counted
    assert graph(file) == (0, f"{file}.svg\n")
    assert b"Work done" in Path(f"{file}.svg").read_bytes()


def test_what_is_no_recording_is_not_written_over(tmp_path: Path) -> None:
    blendtpl.compile({"hello.txt": "Hello"}).write(tmp_path / "app.blend")
    (tmp_path / "sender.py").write_text(SENDER, encoding="utf-8")
    arguments = ["sender:walk", "--bundle", "app.blend", "--record", "sender.py", "--run", "run"]
    done = subprocess.run(
        [sys.executable, "-m", "blendtpl", "walk", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "sender.py is there already and no recording" in done.stderr
    assert (tmp_path / "sender.py").read_text(encoding="utf-8") == SENDER
