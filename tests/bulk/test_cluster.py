"""A job on a Dask cluster: as on one machine, whichever worker is lost, and never from another bundle."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from blendtpl.bulk.cluster import Cluster
from blendtpl.bulk.errors import BulkError
from testkit import PATIENCE
from tests.bulk.dask_cluster import DaskCluster
from tests.bulk.jobs import write_bundle
from tests.bulk.kills import check, parts, prepare

ROWS = 20_000


def call(address: str) -> list[str]:
    made = [sys.executable, "-m", "blendtpl", "render", "bundle.blend", "hello.html", "--each", "rows.jsonl"]
    return [*made, "--out", "out", "--as", "jsonl", "--rows-per-chunk", "100", "--scheduler", address]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[DaskCluster]:
    (tmp_path / "dask").mkdir()
    with DaskCluster(tmp_path / "dask") as made:
        yield made


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_no_row_and_doubles_none(cluster: DaskCluster, tmp_path: Path) -> None:
    prepare(tmp_path, ROWS)
    first, _ = cluster.worker(), cluster.worker()
    environment = {**os.environ, "BLENDTPL_NO_PROGRESS": "1"}
    job = subprocess.Popen(
        call(cluster.address), cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + PATIENCE
    while parts(tmp_path) < 20:
        assert time.monotonic() < deadline
        assert job.poll() is None, job.communicate()
        time.sleep(0.001)
    first.kill()
    output, error = job.communicate(timeout=PATIENCE)
    assert job.returncode == 3, error
    assert output.decode() == f"{ROWS - ROWS // 101:,} of {ROWS:,} rows rendered into out\n"
    for left in (tmp_path / "out/rows").glob(".*.tmp"):  # of the worker that was killed
        left.unlink()
    check(tmp_path, ROWS)


WRONG = """
from blendtpl.bulk.cluster import BundlePlugin

class Wrong:  # a place for the bundle that has another, whatever is put there
    def __set__(self, plugin, value):
        plugin.__dict__["bundle"] = open("other.blend", "rb").read()

    def __get__(self, plugin, owner=None):
        return open("other.blend", "rb").read()

BundlePlugin.bundle = Wrong()
"""


@pytest.mark.slow
def test_a_worker_with_another_bundle_renders_nothing_and_is_named(cluster: DaskCluster, tmp_path: Path) -> None:
    prepare(tmp_path, 2000)
    (tmp_path / "other").mkdir()
    write_bundle(tmp_path / "other", {"hello.html": "wrong {{ name }}"}).rename(tmp_path / "dask/other.blend")
    (tmp_path / "dask/wrong.py").write_text(WRONG)
    cluster.worker("--preload", "wrong.py", "--name", "odd")
    job = subprocess.run(call(cluster.address), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert job.returncode == 1
    told, stays = job.stderr.splitlines()[-2:]
    assert told.startswith("error: worker tcp://127.0.0.1:")
    assert "digest" in told
    assert stays == "  = 0 of 20 chunks are done and stay; the same command goes on from there"
    # with a worker as it should be instead, the same command does it
    cluster.workers[0].kill()
    cluster.worker()
    job = subprocess.run(call(cluster.address), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert job.returncode == 3, job.stderr
    check(tmp_path, 2000)


def test_a_scheduler_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blendtpl.bulk.cluster.CONNECT_SECONDS", 0.1)
    with pytest.raises(BulkError, match=r"no Dask scheduler answers at `tcp://127\.0\.0\.1:1`: "):
        Cluster("tcp://127.0.0.1:1")
