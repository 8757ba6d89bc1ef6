"""Celery: workers of an app, as processes of their own, with the file system as broker and with Redis."""

import importlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from kombu.utils.json import dumps, loads

import blendtpl
from blendtpl.errors import BundleError, ConfigError
from blendtpl.queues.celery import BlendCelery, NoCycleError
from blendtpl.queues.travel import Reference, UnknownBundleError
from testkit import ROOT
from tests.queues.support import HAS_REDIS, NO_REDIS, PATIENCE, surroundings, worker

TEMPLATES = {
    "hello.html": "Hello {{ name }}!",
    "missing.html": "{{ user.name }}",
    "raises.html": "{{ 1 / 0 }}",
    "endless.html": "{% for each in range(n) %}{{ each }}{% endfor %}",
}
COMMAND = ["-m", "celery", "-A", "tests.queues.application", "worker", "-l", "INFO", "--without-mingle", "-c"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the bundle, results and messages of the app are."""
    folder = tmp_path_factory.mktemp("queues")
    (folder / "results").mkdir()
    blendtpl.compile(TEMPLATES).write(folder / "feedwhip.blend")
    return folder


@pytest.fixture(scope="module")
def tasks(folder: Path) -> Iterator[Any]:
    """The app, in this process, which sends tasks; a worker of two processes, whose parent is fat, has its folder."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("QUEUES_FOLDER", str(folder))
        patched.delenv("CELERY_BROKER_URL", raising=False)
        module = importlib.import_module("tests.queues.application")
        given = {"QUEUES_FOLDER": str(folder), "QUEUES_BALLAST": "80000000"}
        with worker([*COMMAND, "2"], folder / "worker.log", " ready.", given):
            yield module


def log(folder: Path) -> str:
    return (folder / "worker.log").read_text(encoding="utf-8")


def get(result: Any) -> Any:
    return result.get(timeout=PATIENCE, interval=0.02)


def test_without_a_broker_messages_are_files_beside_the_bundle(tasks: Any, folder: Path) -> None:
    assert tasks.app.conf.broker_url == "filesystem://"
    assert get(tasks.greet.delay("Ada"))["text"] == "Hello Ada!"
    assert (folder / "feedwhip.queue").stat().st_mode & 0o777 == 0o700


def test_a_task_is_a_cycle_with_a_cache_of_its_own(tasks: Any) -> None:
    found = [get(each) for each in [tasks.greet.delay("Ada") for _ in range(6)]]
    assert {each["same"] for each in found} == {True}
    numbers = {(each["pid"], each["found"]) for each in found}
    assert len(numbers) == 6  # each has a cycle of its own, which its process has counted
    assert get(tasks.shared.delay()) > 0


def test_one_process_opens_the_bundle_for_all(tasks: Any) -> None:
    """The file is gone from where the children would open it, for as long as they live."""
    found = [get(tasks.greet.delay("Ada")) for _ in range(3)]
    assert len({each["parent"] for each in found}) == 1
    moved = tasks.blend.file.rename(tasks.blend.file.with_suffix(".moved"))
    try:
        assert get(tasks.greet.delay("Bob"))["text"] == "Hello Bob!"
        get(tasks.grow.delay(30_000_000))  # a new process has it, too
        assert get(tasks.greet.delay("Eve"))["text"] == "Hello Eve!"
    finally:
        moved.rename(tasks.blend.file)


@pytest.mark.parametrize(
    ("template", "error"),
    [("missing.html", "'user' is undefined"), ("raises.html", "division by zero"), ("none.html", "none.html")],
)
def test_a_template_that_fails_fails_its_task_and_leaves_nothing(
    tasks: Any, folder: Path, template: str, error: str
) -> None:
    results = [tasks.fail.delay(template) for _ in range(10)]
    for each in results:
        with pytest.raises(Exception, match=error):
            get(each)
        assert template in each.traceback
    assert "outlived cycle" not in log(folder)
    assert "exited with" not in log(folder)
    assert get(tasks.greet.delay("Ada"))["text"] == "Hello Ada!"


@pytest.mark.slow
def test_a_render_that_takes_too_long_is_ended_by_the_soft_limit(tasks: Any) -> None:
    with pytest.raises(Exception, match="SoftTimeLimitExceeded"):
        get(tasks.endless.delay())
    assert get(tasks.greet.delay("Ada"))["text"] == "Hello Ada!"


def test_a_process_leaves_when_it_has_grown_and_not_for_what_its_parent_had(tasks: Any) -> None:
    small = [get(tasks.grow.delay(1_000)) for _ in range(8)]
    assert len(set(small)) <= 2  # with Celery's own pool each would have left after its first task
    large = [get(tasks.grow.delay(10_000_000)) for _ in range(9)]
    assert 3 <= len(set(large)) <= 6  # each takes two or three of them


def test_a_registry_travels_as_file_and_digest_and_arrives_as_the_workers_own(tasks: Any) -> None:
    registry = tasks.blend.registry
    assert get(tasks.given.delay(registry, "Ada", again=registry)) == ["Hello Ada!", True]
    written = dumps([registry])
    assert json.loads(written) == [
        {"__type__": "blendtpl.registry", "__value__": {"file": str(tasks.blend.file), "digest": registry.digest}}
    ]


def test_a_build_that_is_deployed_meanwhile_is_loaded_by_the_task_that_asks_for_it(tasks: Any) -> None:
    before, registry = tasks.blend.file.read_bytes(), tasks.blend.registry  # as it is now, when nobody asked before
    try:
        blendtpl.compile({**TEMPLATES, "hello.html": "Good morning {{ name }}!"}).write(tasks.blend.file)
        newer = blendtpl.load(tasks.blend.file)
        assert get(tasks.given.delay(newer, "Ada")) == ["Good morning Ada!", False]
        assert get(tasks.given.delay(registry, "Ada")) == ["Hello Ada!", False]
    finally:
        tasks.blend.file.write_bytes(before)
    third = Reference(str(tasks.blend.file), "0" * 64)
    with pytest.raises(Exception, match="deploy one build to all who send and to all who work"):
        get(tasks.given.delay(third, "Ada"))


def test_a_message_cannot_name_a_file_to_load(tasks: Any, tmp_path: Path) -> None:
    blendtpl.compile({"hello.html": "anybody's"}).write(tmp_path / "other.blend")
    with pytest.raises(Exception, match="loads no file by a message"):
        get(tasks.given.delay(blendtpl.load(tmp_path / "other.blend"), "Ada"))
    assert get(tasks.greet.delay("Ada"))["text"] == "Hello Ada!"


def test_a_registry_from_memory_does_not_travel() -> None:
    with pytest.raises(BundleError, match="load it from a file"):
        dumps([blendtpl.load(blendtpl.compile(TEMPLATES))])


def test_a_reference_that_no_task_was_given_says_so_whatever_it_is_asked() -> None:
    (arrived,) = loads('[{"__type__": "blendtpl.registry", "__value__": {"file": "/a", "digest": "00"}}]')
    assert repr(arrived) == "<Reference to /a, sha256 00>"
    for use in (
        lambda: arrived.render("a"),
        lambda: arrived["a"],
        lambda: list(arrived),
        lambda: len(arrived),
        lambda: "a" in arrived,
    ):
        with pytest.raises(UnknownBundleError, match="an argument of a task"):
            use()


def test_a_task_of_a_process_that_dies_is_done_by_another(tasks: Any, tmp_path: Path) -> None:
    assert isinstance(get(tasks.once_more.delay(str(tmp_path / "flag"))), int)
    assert (tmp_path / "flag").exists()


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Celery:
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)
    return Celery("a", set_as_current=False)


def test_outside_of_a_task_there_is_no_cycle_and_apply_needs_no_worker(app: Celery, folder: Path) -> None:
    blend = BlendCelery(app, folder / "feedwhip.blend")

    @app.task
    def numbered() -> int:
        return blend.cycle.number

    assert [numbered.apply().get(), numbered.apply().get()] == [1, 2]
    with pytest.raises(NoCycleError, match=r"`task.apply\(\)` runs one without a worker"):
        numbered()


def test_tasks_in_threads_of_one_process_have_cycles_of_their_own(app: Celery, folder: Path) -> None:
    blend = BlendCelery(app, folder / "feedwhip.blend")
    both = threading.Barrier(2, timeout=PATIENCE)

    @app.task
    def together(name: str) -> tuple[int, str]:
        both.wait()
        found = blend.cycle.cache.get_or_load("name", lambda: name)
        both.wait()
        return blend.cycle.number, found

    app.finalize()  # which is not made for two threads at a time
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda name: together.apply((name,)).get(), ("Ada", "Bob")))
    assert [name for _, name in found] == ["Ada", "Bob"]
    assert {number for number, _ in found} == {1, 2}


def test_a_broker_and_a_pool_that_the_app_names_are_left_alone(app: Celery, folder: Path) -> None:
    app.conf.update(broker_url="memory://", worker_pool="threads")
    BlendCelery(app, folder / "feedwhip.blend", broker_folder=folder / "unused")
    assert (app.conf.broker_url, app.conf.worker_pool) == ("memory://", "threads")
    assert not (folder / "unused").exists()


def test_two_limits_of_memory_are_one_too_many(app: Celery, folder: Path) -> None:
    app.conf.update(broker_url="memory://", worker_max_memory_per_child=1000)
    app.conf.broker_url  # noqa: B018  # the settings are read
    with pytest.raises(ConfigError, match="leave one of them out"):
        BlendCelery(app, folder / "feedwhip.blend", max_growth="40MB")


def test_an_app_has_one(app: Celery, folder: Path) -> None:
    BlendCelery(app, folder / "feedwhip.blend")
    with pytest.raises(ConfigError, match=r"use `app\.blendtpl`"):
        BlendCelery(app, folder / "feedwhip.blend")


@pytest.mark.parametrize("bad", ["40", "much", 0])
def test_a_growth_is_a_size(app: Celery, folder: Path, bad: Any) -> None:
    if bad == "40":
        BlendCelery(app, folder / "feedwhip.blend", max_growth=bad)  # bytes, as everywhere
    else:
        with pytest.raises(ConfigError, match="max_growth"):
            BlendCelery(app, folder / "feedwhip.blend", max_growth=bad)


@pytest.mark.slow
def test_a_worker_does_not_start_with_a_bundle_that_it_cannot_use(tmp_path: Path) -> None:
    (tmp_path / "feedwhip.blend").write_bytes(b"broken")
    done = subprocess.run(
        [sys.executable, *COMMAND, "1"],
        env=surroundings({"QUEUES_FOLDER": str(tmp_path)}),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 1
    assert done.stderr.endswith(
        f"{tmp_path}/feedwhip.blend: this is no blendtpl bundle, or its end is missing: compile it again\n"
    )


@pytest.mark.skipif(not HAS_REDIS, reason=NO_REDIS)
def test_alerts_are_there_once_each_though_redis_and_a_process_are_killed(tmp_path: Path) -> None:
    from tests.queues.alerts import run

    found = run(tmp_path / "alerts", "blendtpl", 200, 2, disturbed=True)
    assert (found.missing, found.count) == (0, 200)
    assert len({pid for _, sizes in found.sizes for pid in sizes}) >= 3  # one was killed, and replaced
