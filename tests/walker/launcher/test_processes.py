"""The launcher with real processes: `blendtpl walk` as a person calls it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import blendtpl
from testkit import ROOT
from testkit.terminals import Terminal
from tests.walker.launcher.launched import PATIENCE, Launched, command, launched
from tests.walker.launcher.walks import FOLDER

TEMPLATES = {"hello.html": "Hello {{ name }}!"}
OTHER = {"hello.html": "Good day {{ name }}!"}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "hello.blend"
    blendtpl.compile(TEMPLATES).write(path)
    return path


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def pids(launcher: Launched) -> list[int]:
    return [walker["pid"] for walker in launcher.status()["walkers"]]


def test_all_walkers_finish_their_cycles_when_the_launcher_is_asked_to_end(bundle: Path) -> None:
    with launched("steady", bundle, "--max-age=0.4s") as launcher:
        launcher.wait_for("^all 2 walkers are ready$")
        launcher.wait_for(r"is gone: max age, after \S+ s and \d+ cycles?$", times=4)
        told = launcher.status()
        assert (told["least_ready"], told["most_replaced"]) == (2, 1)
        assert told["rotations"]["max age"] >= 4
        children = pids(launcher)
        assert launcher.end() == 0
    assert alive(children) == []
    for notes in bundle.parent.glob("notes-*"):
        lines = notes.read_text().splitlines()
        assert lines == ["begun", "ended"] * (len(lines) // 2)
    assert len(list(bundle.parent.glob("notes-*"))) >= 6
    assert list(launcher.run.iterdir()) == []


def test_a_service_manager_a_health_check_and_another_shell_are_told(bundle: Path, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        address = f"\0blendtpl-test-{os.getpid()}"
        notified.bind(address)
        notified.settimeout(PATIENCE)
        messages: list[str] = []

        def read() -> None:
            while not messages or messages[-1] != "STOPPING=1":
                messages.append(notified.recv(4096).decode())

        reader = threading.Thread(target=read)
        reader.start()
        with launched(
            "in_tasks", bundle, "--health=0", NOTIFY_SOCKET=f"@{address[1:]}", WATCHDOG_USEC="100000"
        ) as launcher:
            url = launcher.wait_for(r"http://\S+")
            launcher.wait_for("^all 2 walkers are ready$")
            with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
                told = json.load(answer)
            assert (told["healthy"], told["ready"], told["workers"]) == (True, 2, 2)
            shell = [*command("", bundle, launcher.run)[:4], "--status", f"--run={launcher.run}"]
            shown = subprocess.run(shell, cwd=ROOT, capture_output=True, text=True, check=True).stdout
            assert "2 of 2 ready" in shown
            assert len(re.findall(r"^ +\d+ +\d+ ready ", shown, re.MULTILINE)) == 2
            (found,) = json.loads(subprocess.check_output([*shell, "--format=json"], cwd=ROOT))
            assert found["pid"] == launcher.process.pid
            patient_until = time.monotonic() + PATIENCE
            while "STATUS=2 of 2 walkers ready, running" not in messages:  # it is told some time after they are
                assert time.monotonic() < patient_until, messages
                time.sleep(0.01)
            launcher.send(signal.SIGHUP)
            launcher.wait_for("works: all go over to it")
            assert launcher.end() == 0
        reader.join()
    first = messages.index(f"READY=1\nMAINPID={launcher.process.pid}")
    assert "WATCHDOG=1" in messages
    assert any(each.startswith("RELOADING=1\nMONOTONIC_USEC=") for each in messages[first:])
    assert "READY=1" in messages[first + 1 :]


def test_a_new_bundle_is_taken_one_by_one_and_a_bad_one_is_not(bundle: Path) -> None:
    with launched("steady", bundle) as launcher:
        launcher.wait_for("^all 2 walkers are ready$")
        before = pids(launcher)
        bundle.write_bytes(b"no bundle")
        launcher.wait_for("^error: the new bundle is not taken: .*no blendtpl bundle")
        blendtpl.compile({"other.html": "x"}).write(bundle)  # what the walkers render is not there
        launcher.wait_for("^another bundle, sha256 [0-9a-f]{12}: one walker tries it$")
        launcher.wait_for("^error: the new bundle is not taken: the first walker that had it is gone: died")
        assert pids(launcher) == before
        blendtpl.compile(OTHER).write(bundle)
        launcher.wait_for("works: all go over to it, one by one$")
        launcher.wait_for("is gone: new bundle", times=2)
        told = launcher.status()
        assert told["digest"] == blendtpl.load(bundle).digest
        assert (told["least_ready"], told["most_replaced"], told["failures"]) == (2, 1, 0)
        assert launcher.end() == 0


def test_one_that_hangs_is_told_shows_where_and_is_killed(bundle: Path) -> None:
    with launched("hung", bundle, "--deadline=1s", "--patience=0.3s") as launcher:
        launcher.wait_for("past the deadline of its cycle; it was told to leave$")
        launcher.wait_for(r'File ".*walks.py", line \d+ in hang_for_ever')
        launcher.wait_for("is killed: it was told to leave and did not$")
        launcher.wait_for(r"is gone: hung \(SIGKILL\), after \S+ s and 0 cycles$")
        assert launcher.end() == 0


@pytest.mark.slow
def test_those_that_do_not_finish_are_killed_when_it_is_asked_twice(bundle: Path) -> None:
    with launched("endless", bundle) as launcher:
        launcher.wait_for("^all 2 walkers are ready$")
        launcher.send(signal.SIGINT)
        launcher.wait_for("^asked to end: 2 walkers finish their cycles$")
        launcher.send(signal.SIGTERM)
        launcher.wait_for("^asked to end at once: all walkers are killed$")
        assert launcher.exit_status() == 4


def test_no_walker_outlives_a_launcher_that_is_killed(bundle: Path) -> None:
    with launched("endless", bundle) as launcher:
        launcher.wait_for("^all 2 walkers are ready$")
        handles = [os.pidfd_open(pid) for pid in pids(launcher)]
        launcher.send(signal.SIGKILL)
        assert launcher.exit_status() == -signal.SIGKILL  # which reads until nobody has standard error any more
        for handle in handles:
            os.close(handle)
    shown = subprocess.run(
        [*command("", bundle, launcher.run)[:4], "--status", f"--run={launcher.run}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (shown.returncode, shown.stdout) == (1, f"no walkers run here, as far as `{launcher.run}` knows\n")
    assert list(launcher.run.iterdir()) == []


@pytest.mark.parametrize(
    ("function", "options", "said"),
    [
        ("failing", (), r"^ValueError: there is no \\x1b\[31mdatabase$"),
        ("late", ("--ready-within=0.2s",), r"is gone: never ready \(SIGKILL\)"),
    ],
)
def test_it_gives_up_where_no_walker_is_ever_ready(
    function: str, options: tuple[str, ...], said: str, bundle: Path
) -> None:
    with launched(function, bundle, "--give-up=2", *options) as launcher:
        assert launcher.exit_status() == 3
        assert re.search(said, launcher.said, re.MULTILINE)
        assert launcher.said.endswith("error: no walker was ever ready, and 2 tries failed; given up\n")


@pytest.mark.slow
def test_one_that_returns_without_a_reason_is_begun_again_with_pauses(bundle: Path) -> None:
    with launched("returning", bundle) as launcher:
        launcher.wait_for(
            r"is gone: returned, after \S+ s and 0 cycles; failure 3 in a row, the next try is in 0.50 s$"
        )
        assert launcher.end() == 0


def test_a_port_in_use_is_told_before_anything_is_forked(bundle: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for option in ("--metrics", "--health"):
            with launched("steady", bundle, f"{option}={port}") as launcher:
                assert launcher.exit_status() == 1
                assert re.fullmatch(f"error: .*port {port}: address already in use; .*\n", launcher.said)


def test_on_a_terminal_there_is_a_table_and_what_walkers_print_stands_above_it(bundle: Path) -> None:
    called = command("loud", bundle, bundle.parent / "run", "--workers=2")
    environment = {**os.environ, FOLDER: str(bundle.parent), "TERM": "xterm", "COLUMNS": "120"}
    with (
        Terminal() as terminal,
        subprocess.Popen(called, cwd=ROOT, env=environment, stdin=terminal.far, stderr=terminal.far) as process,
    ):
        try:
            shown = terminal.read(b"2 of 2 ready, ") + terminal.read(b"backlog") + terminal.read(b"loud")
            process.send_signal(signal.SIGINT)
            shown += terminal.read()
            process.wait(PATIENCE)
        finally:
            process.kill()
    assert process.returncode == 0
    assert b"all 2 walkers are ready" in shown
    assert rb"loud \x1b]0;title\x07" in shown
    assert b"\x1b]0;" not in shown
    plain = re.sub(rb"\x1b\[[0-9;]*m", b"", shown)
    assert re.search(rb"walker +pid +state +age +RSS +growth +cycles +renders/s +mails/s +errors +backlog", plain)
    assert b"asked to end: 2 walkers finish their cycles" in shown


@pytest.mark.slow
def test_a_bundle_that_no_walker_has_any_more_is_let_go_of(bundle: Path) -> None:
    called = [sys.executable, "-m", "tests.walker.launcher.rolling", str(bundle)]
    found = subprocess.run(called, cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["8", "loaded,", "1", "left"]
