"""The pool: what is killed or dies is done again, and each row is once in what is left."""

import datetime
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import blendtpl
from blendtpl.bulk.errors import BulkError
from blendtpl.bulk.pool import Pool, Run
from blendtpl.bulk.rejects import reject_line
from blendtpl.bulk.run import at_work
from blendtpl.bulk.sources import Chunk
from blendtpl.bulk.work import Done
from testkit import PATIENCE
from tests.bulk.jobs import rejected, render, rendered, write_bundle, write_rows
from tests.bulk.kills import killed, prepare

CHUNKS = [Chunk(index, index * 10 + 1, 10, 0, 0) for index in range(5)]


def children() -> list[int]:
    return [child.pid for child in psutil.Process().children()]


def dying(folder: Path, times: int, how: int) -> Run:
    """Return what does a chunk; a process that comes to the third dies, so many times."""

    def run(chunk: Chunk) -> Done:
        if chunk.index == 2 and len(list(folder.iterdir())) < times:
            (folder / str(os.getpid())).touch()
            os.kill(os.getpid(), how)
        return Done(chunk.index, chunk.rows, 0)

    return run


def test_a_process_that_dies_is_replaced_and_its_chunk_done_by_another(tmp_path: Path) -> None:
    run = dying(tmp_path, 2, signal.SIGKILL)
    assert sorted(done.index for done in Pool(lambda: run, 2).run(CHUNKS)) == [0, 1, 2, 3, 4]
    assert len(list(tmp_path.iterdir())) == 2
    assert children() == []


def test_a_chunk_that_ends_process_after_process_ends_the_job(tmp_path: Path) -> None:
    run = dying(tmp_path, 9, signal.SIGTERM)
    with pytest.raises(BulkError, match=r"rows 21 to 30 have ended 3 processes, the last by SIGTERM; is there enough"):
        list(Pool(lambda: run, 1).run(CHUNKS))
    assert children() == []


def test_want_of_memory_is_told_as_that() -> None:
    def run(chunk: Chunk) -> Done:
        raise MemoryError

    with pytest.raises(BulkError, match="for want of memory"):
        list(Pool(lambda: run, 2).run(CHUNKS[:1]))


def test_whoever_stops_listening_leaves_no_process_behind() -> None:
    results = Pool(lambda: lambda chunk: Done(chunk.index, chunk.rows, 0), 2).run(CHUNKS)
    assert isinstance(results, Iterator)
    next(results)
    assert len(children()) == 2
    results.close()  # type: ignore[attr-defined]  # it is a generator
    assert children() == []


def test_a_job_that_is_killed_again_and_again_has_each_row_once(tmp_path: Path) -> None:
    prepare(tmp_path, 6_000)
    outcome = killed(tmp_path, 6_000, 4, seed=4, most_of_processes=2)  # three would be a chunk that ends processes
    assert sum(outcome.kills.values()) == 4
    assert outcome.kills["all of it"] >= 2


WAITING = """
import time
from pathlib import Path
import jinja2
import blendtpl

def wait(value):
    if Path("go").exists():
        return value
    Path("waiting").touch()
    time.sleep(10_000)

def environment():
    made = blendtpl.default_environment()
    made.filters["wait"] = wait
    return made
"""


def test_control_c_ends_all_processes_and_says_how_to_go_on(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(WAITING)
    (tmp_path / "pyproject.toml").write_text('[tool.blendtpl]\nenvironment = "slow:environment"\n')
    made = blendtpl.default_environment()
    made.filters["wait"] = str
    text = "{% if n == 3 %}{{ n|wait }}{% else %}{{ n }}{% endif %}"
    blendtpl.compile({"a.txt": text}, environment=made).write(tmp_path / "b.blend")
    write_rows(tmp_path / "rows.jsonl", [{"n": number} for number in range(6)])
    call = [sys.executable, "-m", "blendtpl", "render", "b.blend", "a.txt", "--each", "rows.jsonl", "--out", "out"]
    call += ["--as", "jsonl", "--rows-per-chunk", "1", "--jobs", "1"]
    process = subprocess.Popen(
        call, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    deadline = time.monotonic() + PATIENCE
    while not (tmp_path / "waiting").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.01)
    workers = psutil.Process(process.pid).children()
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to all of them
    output, error = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output) == (130, b"")
    assert error.decode().endswith("interrupted: 3 of 6 chunks are done; the same command goes on from there\n")
    assert len(workers) == 1
    assert psutil.wait_procs(workers, timeout=PATIENCE)[1] == []
    (tmp_path / "go").touch()
    subprocess.run(call, cwd=tmp_path, check=True, capture_output=True)
    assert rendered(tmp_path / "out") == {number + 1: str(number) for number in range(6)}


def test_two_jobs_are_not_at_work_in_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blendtpl.bulk.run._PATIENCE", 0)
    another = pytest.raises(BulkError, match="another process is at work in")
    with at_work(tmp_path / "out"), another, at_work(tmp_path / "out"):
        pass
    with at_work(tmp_path / "out"):
        pass


def test_what_a_process_left_that_was_killed_means_nothing(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path, {"a.txt": "{{ 60 // n }}"})
    rows, out = write_rows(tmp_path / "rows.jsonl", [{"n": number} for number in range(4)]), tmp_path / "out"
    call = (bundle, "a.txt", "--each", rows, "--out", out, "--as", "jsonl", "--rows-per-chunk", 2, "--jobs", 1)
    assert render(*call).exit_code == 3
    # as it is when the rejects of a chunk have their name and its rows have none yet
    (out / "rows/part-000000.jsonl").unlink()
    (out / "rows/part-000001.jsonl").rename(out / "rows/.part-000001.jsonl.0123456789abcdef.tmp")
    (out / "rejects/part-000000.jsonl").write_text(json.dumps({"row": 2}) + "\n")
    (out / "rejects/part-000001.jsonl").write_text(json.dumps({"row": 3}) + "\n")
    (out / "rejects/.part-000001.jsonl.0123456789abcdef.tmp").touch()
    assert render(*call).exit_code == 3
    assert rendered(out) == {2: "60", 3: "30", 4: "20"}
    assert rejected(out).keys() == {1}
    assert [path.name for path in out.rglob("*.tmp")] == []
    assert [path.name for path in (out / "rejects").iterdir()] == ["part-000000.jsonl"]


def test_values_that_json_has_not_are_told_as_texts() -> None:
    told = json.loads(reject_line(7, {1: {2}, "when": datetime.date(2024, 2, 29)}, SystemExit(3)))
    assert told["error"] == {"type": "SystemExit", "message": "3"}
    assert told["values"] == {"1": "{2}", "when": "2024-02-29"}
    endless: list[object] = []
    endless.append(endless)
    assert json.loads(reject_line(7, {"a": endless}, ValueError()))["values"] == {"a": "[[...]]"}
