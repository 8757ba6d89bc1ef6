"""Several processes: the same results as one, one clear error when one dies, and none of them left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

import blendtpl
from blendtpl.compiler.workers import parallel_map
from blendtpl.lifeline import Lifeline, ended_by_signals
from testkit import PATIENCE, TEMPLATES
from tests.compiling.support import build, write

NAMES = [str(number) for number in range(23)]


def children() -> list[psutil.Process]:
    found: list[psutil.Process] = psutil.Process().children(recursive=True)
    return found


@pytest.mark.parametrize("jobs", [1, 2, 3, 23, 100])
def test_each_name_gets_its_result_once(jobs: int) -> None:
    found = list(parallel_map(NAMES, lambda name: name * 2, jobs))
    assert sorted(found) == sorted((name, name * 2) for name in NAMES)
    assert children() == []


def test_more_than_one_process_does_the_work() -> None:
    assert len({pid for _, pid in parallel_map(NAMES, lambda name: os.getpid(), 3)}) == 3
    assert {pid for _, pid in parallel_map(NAMES, lambda name: os.getpid(), 1)} == {os.getpid()}


def test_results_larger_than_a_pipe_come_through() -> None:
    assert {len(result) for _, result in parallel_map(NAMES[:5], lambda name: b"x" * 3_000_000, 2)} == {3_000_000}


def test_several_processes_find_the_same_faults_and_make_the_same_bundle(bundle: blendtpl.Bundle) -> None:
    assert build(TEMPLATES, jobs=3).bundle.data == bundle.data
    wrong = {str(number): "{% block a %}{% endblock %}{% block a %}{% endblock %}{{ x|nope }}" for number in range(9)}
    texts = set()
    for jobs in (1, 4):
        with pytest.raises(blendtpl.SourceError) as caught:
            build(wrong, jobs=jobs)
        texts.add(str(caught.value))
    assert len(texts) == 1


def dies(how: Callable[[], object]) -> Callable[[str], bytes]:
    def work(name: str) -> bytes:
        if name == "5":
            how()
        return b"x" * 100

    return work


@pytest.mark.parametrize(
    "how", [lambda: os.kill(os.getpid(), signal.SIGKILL), lambda: os._exit(0), lambda: os._exit(3)]
)
def test_a_process_that_dies_gives_one_clear_error(how: Callable[[], object]) -> None:
    with pytest.raises(blendtpl.BlendError, match="a process of the compiler died before its work was done") as caught:
        list(parallel_map(NAMES, dies(how), 3))
    assert caught.value.__cause__ is None
    assert children() == []


def test_whoever_stops_listening_leaves_no_process_behind() -> None:
    results = parallel_map(NAMES, lambda name: b"x" * 1_000_000, 3)
    next(results)
    assert children()
    results.close()  # type: ignore[attr-defined]  # it is a generator
    assert children() == []


SLOW = """
import os, time
from pathlib import Path
import blendtpl.compiler.workers
real = blendtpl.compiler.workers._work
def slow(names, work, writer):
    def wait(name):
        Path(f"worker.{os.getpid()}").touch()
        time.sleep(10_000)
    real(names, wait, writer)
blendtpl.compiler.workers._work = slow
from blendtpl.__main__ import main
main()
"""


def started(folder: Path, first: str = "") -> tuple[subprocess.Popen[bytes], list[psutil.Process]]:
    write(folder, {"slow.py": first + SLOW, **{f"templates/{name}": "x" for name in NAMES}})
    process = subprocess.Popen(
        [sys.executable, "slow.py", "compile", "--no-cache", "-j", "3"],
        cwd=folder,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    deadline = time.monotonic() + PATIENCE
    while len(found := list(folder.glob("worker.*"))) < 3:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.01)
    return process, [psutil.Process(int(path.name.partition(".")[2])) for path in found]


def test_control_c_ends_every_process_without_a_traceback(tmp_path: Path) -> None:
    process, workers = started(tmp_path)
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to all of them
    output, error = process.communicate(timeout=PATIENCE)
    gone, alive = psutil.wait_procs(workers, timeout=PATIENCE)
    assert (len(gone), alive) == (3, [])
    assert (process.returncode, output) == (1, b"")
    assert error.strip() == b"Aborted!"


def test_a_worker_killed_from_outside_is_told_in_one_line(tmp_path: Path) -> None:
    process, workers = started(tmp_path)
    workers[1].kill()
    _, error = process.communicate(timeout=PATIENCE)
    _, alive = psutil.wait_procs(workers, timeout=PATIENCE)
    assert alive == []
    assert process.returncode == 1
    assert error == b"error: a process of the compiler died before its work was done; is there enough memory?\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_workers_end_with_the_process_that_forked_them(tmp_path: Path, number: signal.Signals) -> None:
    process, workers = started(tmp_path)
    process.send_signal(number)
    told = process.communicate(timeout=PATIENCE)
    assert (process.returncode, *told) == (-number, b"", b"")
    _, alive = psutil.wait_procs(workers, timeout=PATIENCE)
    assert alive == []


def test_workers_end_with_it_where_the_system_does_not_see_to_it(tmp_path: Path) -> None:
    no_option = "import blendtpl.lifeline\nblendtpl.lifeline._PR_SET_PDEATHSIG = -1\n"
    process, workers = started(tmp_path, no_option)
    process.kill()
    process.communicate(timeout=PATIENCE)
    _, alive = psutil.wait_procs(workers, timeout=PATIENCE)
    assert alive == []


def test_a_worker_whose_parent_is_gone_when_it_begins_ends() -> None:
    lifeline = Lifeline()
    child = os.fork()
    if child == 0:
        lifeline._parent = -1
        lifeline.hold()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    lifeline.close()


def test_a_process_that_is_told_to_end_removes_what_it_was_writing(tmp_path: Path) -> None:
    script = """
import os, time
from pathlib import Path
import blendtpl
from blendtpl.lifeline import ended_by_signals
bundle = blendtpl.compile({"a": "a"})
def wait(descriptor):
    Path("begun").touch()
    time.sleep(60)
os.fsync = wait
with ended_by_signals():
    bundle.write("a.blend")
"""
    process = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not (tmp_path / "begun").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.01)
    assert len(list(tmp_path.glob(".a.blend.*.tmp"))) == 1
    process.terminate()
    _, error = process.communicate(timeout=PATIENCE)
    assert (process.returncode, error) == (-signal.SIGTERM, b"")
    assert [path.name for path in tmp_path.iterdir()] == ["begun"]


def test_signals_that_somebody_else_handles_stay_as_they_are() -> None:
    seen: list[int] = []
    old = signal.signal(signal.SIGTERM, lambda number, frame: seen.append(number))
    try:
        with ended_by_signals():
            os.kill(os.getpid(), signal.SIGTERM)
        assert seen == [signal.SIGTERM]
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # as under `nohup`
        with ended_by_signals():
            os.kill(os.getpid(), signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with ended_by_signals():
            assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, old)


def test_no_descriptor_stays_open_when_workers_are_done() -> None:
    before = psutil.Process().num_fds()
    for _ in range(3):
        assert len(list(parallel_map(NAMES, lambda name: name, 3))) == len(NAMES)
    assert psutil.Process().num_fds() <= before + 1  # the pipe of a process that is not collected yet


def test_a_signal_that_is_lost_in_a_finalizer_ends_the_process_all_the_same(tmp_path: Path) -> None:
    script = """
import os, signal, time
from blendtpl.lifeline import ended_by_signals
class Finalized:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0)  # where the handler runs, and what it raises is lost
with ended_by_signals():
    made = Finalized()
    del made
    time.sleep(600)
"""
    process = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE)
    _, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGTERM
    assert b"Exception ignored in" in error
