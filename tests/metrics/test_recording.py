"""Recordings: samples on a file that stays small, and readable whatever becomes of its writer."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from matplotlib.image import imread

from blendtpl.errors import ConfigError
from blendtpl.metrics import Recorder, SharedMetrics, draw, recording
from blendtpl.metrics.counting import add
from blendtpl.metrics.graph import picture
from blendtpl.metrics.recording import Sample, WorkerSample, read
from tests.metrics.forks import forked


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "walk.record"


def pool(mails: int = 0) -> SharedMetrics:
    """One live worker, which is this process."""
    shared = SharedMetrics(2, ["a.html"])
    shared.take()
    shared.stats(0).mails = float(mails)
    return shared


def test_what_was_counted_is_read_again(file: Path) -> None:
    shared = pool(mails=3)
    add(*shared.template_row(1, "a.html"), 5, 0.1)
    with Recorder(file, every=0) as recorder:
        recorder.sample(shared)
        shared.stats(0).backlog = 9.0
        shared.rotated("max age")
        recorder.sample(shared)
    first, second = read(file)
    assert (first.mails, first.renders, first.cycles, first.backlog, first.rotations) == (3, 1, 0, None, {})
    assert (second.backlog, second.rotations) == (9, {"max age": 1})
    assert second.at >= first.at >= 0
    (worker,) = first.workers
    assert (worker.slot, worker.pid) == (0, os.getpid())
    assert worker.pss is not None
    assert 1_000_000 < worker.pss <= worker.rss * 1.5


def test_a_worker_that_has_ended_and_was_not_waited_for_takes_no_memory(file: Path) -> None:
    shared = pool()
    child = forked(lambda: None)
    shared.stats(1).pid, shared.stats(1).rss = float(child), 4e7
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    with Recorder(file) as recorder:
        recorder.sample(shared)
    os.waitpid(child, 0)
    assert [worker.slot for worker in read(file)[0].workers] == [0]


def test_samples_that_come_too_early_are_passed_over(file: Path) -> None:
    shared = pool()
    with Recorder(file, every=3600) as recorder:
        for _ in range(5):
            recorder.sample(shared)
    assert len(read(file)) == 1


def test_a_long_recording_stays_small_and_keeps_its_ends(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(recording, "monotonic", lambda: now[0])
    shared, largest = pool(), 0
    with Recorder(file, most=20) as recorder:
        for second in range(1001):
            now[0] = float(second)
            shared.stats(0).mails = float(second)
            recorder.sample(shared)
            largest = max(largest, len(file.read_bytes().splitlines()))
    found = read(file)
    assert largest <= 22
    assert 10 <= len(found) <= 21
    assert [sample.mails for sample in found] == [sample.at for sample in found]
    assert found[0].at < 150
    assert found[-1].at > 850
    assert list(file.parent.iterdir()) == [file]


def test_a_writer_that_is_killed_leaves_a_recording(file: Path) -> None:
    def work() -> None:
        shared = pool()
        with Recorder(file, every=0, most=50) as recorder:
            while True:
                recorder.sample(shared)

    for lines in (5, 30, 45):
        child = forked(work)
        while not file.exists() or len(file.read_bytes().splitlines()) < lines:
            time.sleep(0.05)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert len(read(file)) <= 51


def test_a_line_that_was_cut_is_passed_over_and_one_in_between_is_told(file: Path) -> None:
    with Recorder(file, every=0) as recorder:
        for _ in range(3):
            recorder.sample(pool())
    whole = file.read_bytes()
    file.write_bytes(whole[:-7])
    assert len(read(file)) == 2
    lines = whole.splitlines(keepends=True)
    for wrong in (b"{}\n", b"nonsense\n", b"[1]\n", lines[2].replace(b'"mails":0.0', b'"mails":"many"')):
        file.write_bytes(b"".join([*lines[:2], wrong, *lines[3:]]))
        with pytest.raises(ConfigError, match=r"walk\.record:3: the line is no sample of a recording"):
            read(file)


def _nothing(file: Path) -> None: ...


def _empty(file: Path) -> None:
    Recorder(file).close()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (_nothing, "the recording cannot be read: no such file or directory"),
        (Path.mkdir, "the recording cannot be read: is a directory"),
        (_empty, "the recording has no samples yet"),
        (Path.touch, "is no recording of `blendtpl walk --record`"),
        (lambda file: file.write_bytes(b"\0\xff\n\n"), "is no recording of `blendtpl walk --record`"),
    ],
)
def test_what_cannot_be_drawn_is_told(file: Path, make: Callable[[Path], Any], told: str) -> None:
    make(file)
    with pytest.raises(ConfigError, match=told):
        draw(file, file.with_suffix(".png"))
    assert not file.with_suffix(".png").exists()


def test_who_takes_the_place_of_a_recorder_goes_on_with_its_file(file: Path) -> None:
    shared = pool()
    with Recorder(file, resume=True) as recorder:  # there is none yet
        recorder.sample(shared)
    file.write_bytes(file.read_bytes() + b'{"at":')  # it was killed in the midst of a line
    shared.stats(0).mails = 5.0
    with Recorder(file, resume=True) as recorder:
        recorder.sample(shared)
    first, second = read(file)
    assert (first.mails, second.mails) == (0, 5)
    assert second.at >= first.at + 1


def test_a_file_that_is_something_else_is_not_written_over(file: Path) -> None:
    file.write_text("import this\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="is there already and no recording"):
        Recorder(file)
    assert file.read_text(encoding="utf-8") == "import this\n"


def test_a_recording_that_is_there_begins_anew(file: Path) -> None:
    for mails in (1, 2):
        with Recorder(file) as recorder:
            recorder.sample(pool(mails))
    assert [sample.mails for sample in read(file)] == [2]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the recording cannot be written: no such file or directory"):
        Recorder(tmp_path / "none" / "walk.record")


def test_a_disk_that_is_full_ends_the_recording_once(file: Path) -> None:
    shared = pool()
    recorder = Recorder(file, every=0)
    recorder.sample(shared)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, recorder._descriptor or -1)
    os.close(full)
    with pytest.raises(ConfigError, match="the recording cannot be written: no space left on device"):
        recorder.sample(shared)
    recorder.sample(shared)
    recorder.close()
    assert len(read(file)) == 1


def samples(count: int = 60, *, backlog: bool = True, mails: bool = True, pss: bool = True) -> list[Sample]:
    """A pool of three, one of which leaves in the middle."""
    return [
        Sample(
            at=float(at),
            mails=10.0 * at * mails,
            renders=30.0 * at,
            cycles=at / 5,
            backlog=at % 7 if backlog else None,
            rotations={"max age": 1.0} if at > count / 2 else {},
            workers=tuple(
                WorkerSample(slot, 100 + slot + 50 * (slot == 1 and at > count / 2), 4e7, 2e7 if pss else None)
                for slot in range(3)
            ),
        )
        for at in range(count)
    ]


def write(file: Path, found: list[Sample]) -> None:
    first = json.dumps(recording._FORMAT)
    lines = [first, *(json.dumps({name: getattr(each, name) for name in Sample.__slots__}) for each in found)]
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def shown(found: list[Sample]) -> str:
    """Return the texts of a picture that is not drawn, which takes long."""
    texts = []
    for place in picture(found).axes:
        legend = place.get_legend()
        texts += [place.get_title("left"), place.get_title("right"), place.get_xlabel()]
        texts += [text.get_text() for text in legend.get_texts()] if legend else []
    return "\n".join(texts)


def test_the_graph_shows_work_and_memory_and_who_left() -> None:
    told = shown(samples())
    for text in (
        *("Work done", "590 mails, 10.0 per second", "backlog (right)", "Memory", "seconds since the recording began"),
        *("57 MiB proportional, 114 MiB resident", "left: max age 1", "each, resident (right)"),
    ):
        assert text in told


def test_the_graph_shows_no_more_than_there_is() -> None:
    told = shown(samples(300, backlog=False, mails=False, pss=False))
    assert "8,970 renders, 30.0 per second" in told
    assert "114 MiB resident" in told
    assert "minutes since" in told
    assert "backlog" not in told
    assert "proportional" not in told


def test_one_sample_is_a_graph_too() -> None:
    assert "0 cycles" in shown(samples(1))


def test_a_recording_is_drawn_without_a_display(file: Path) -> None:
    write(file, samples())
    drawn = [draw(file, file.with_name(name)) for name in ("one.svg", "two.svg", "one.png")]
    assert drawn[0].read_bytes() == drawn[1].read_bytes()
    assert b"590 mails" in drawn[0].read_bytes()
    assert imread(drawn[2]).shape[:2] == (900, 1260)


@pytest.mark.parametrize(
    ("name", "told"),
    [("graph.pdf", r"a graph is drawn as \.svg or \.png"), ("none/graph.png", "the graph cannot be written: no such")],
)
def test_a_picture_that_cannot_be_is_told(file: Path, name: str, told: str) -> None:
    write(file, samples(2))
    with pytest.raises(ConfigError, match=told):
        draw(file, file.with_name("x").parent / name)


def test_without_matplotlib_it_is_told_what_to_install(file: Path) -> None:
    write(file, samples(2))
    script = """
import sys
import time
sys.modules["matplotlib"] = None
from blendtpl.errors import ConfigError
from blendtpl.metrics import draw
try:
    draw(sys.argv[1], "graph.png")
except ConfigError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script, str(file)], capture_output=True, text=True, check=True)
    assert "the graph needs `matplotlib`: install blendtpl with the extra `graph`" in done.stdout
