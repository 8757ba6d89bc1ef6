"""A registry travels by pickle as its file and digest, and each process opens it once."""

import multiprocessing
import os
import pickle
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jinja2
import pytest

import blendtpl
from blendtpl.runtime import registry as registry_module
from testkit import ROOT

if sys.version_info >= (3, 12):
    pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def shouting() -> jinja2.Environment:
    environment = blendtpl.default_environment()
    environment.filters["shout"] = lambda value: f"{value}!"
    return environment


SHOUTING = f"{__name__}:shouting"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    blendtpl.compile({"a.html": "{{ x }} of {{ pid is defined }}"}).write(tmp_path / "a.blend")
    return tmp_path / "a.blend"


@pytest.fixture(autouse=True)
def _no_travellers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_module, "_travellers", {})


def there_and_back(registry: blendtpl.Registry) -> blendtpl.Registry:
    back: blendtpl.Registry = pickle.loads(pickle.dumps(registry))
    return back


def counting_loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    opened: list[str] = []
    load = registry_module.load

    def counted(source: Any, **options: Any) -> blendtpl.Registry:
        opened.append(str(source))
        return load(source, **options)

    monkeypatch.setattr(registry_module, "load", counted)
    return opened


def test_in_the_process_it_came_from_a_registry_comes_back_as_itself(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = blendtpl.load(file)
    opened = counting_loads(monkeypatch)
    assert there_and_back(registry) is registry
    assert pickle.loads(pickle.dumps([registry, registry]))[1] is registry
    assert opened == []


def test_a_template_travels_with_its_registry(file: Path) -> None:
    registry = blendtpl.load(file)
    assert pickle.loads(pickle.dumps(registry["a.html"])) is registry["a.html"]
    memory = blendtpl.load(blendtpl.compile({"a.html": ""}))
    with pytest.raises(blendtpl.BundleError, match="loaded from memory"):
        pickle.dumps(memory["a.html"])


def test_a_pickle_holds_the_file_and_the_digest_and_no_code(file: Path) -> None:
    registry = blendtpl.load(file)
    data = pickle.dumps(registry)
    assert str(file).encode() in data
    assert registry.digest.encode() in data
    assert len(data) < 500


@pytest.mark.parametrize("environment", [shouting, SHOUTING])
def test_an_environment_travels_as_a_callable_or_a_name(tmp_path: Path, environment: Any) -> None:
    blendtpl.compile({"a.txt": "{{ x | shout }}"}, environment=shouting).write(tmp_path / "a.blend")
    registry = blendtpl.load(tmp_path / "a.blend", environment=environment)
    data = pickle.dumps(registry)
    registry_module._travellers.clear()
    back = pickle.loads(data)
    assert back is not registry
    assert back.render("a.txt", x=1) == "1!"


def test_what_cannot_travel_says_why(file: Path) -> None:
    with pytest.raises(blendtpl.BundleError, match="loaded from memory and cannot be pickled"):
        pickle.dumps(blendtpl.load(file.read_bytes()))
    with pytest.raises(blendtpl.BundleError, match="with an environment object and cannot be pickled"):
        pickle.dumps(blendtpl.load(file, environment=blendtpl.default_environment()))


def test_a_file_that_changed_on_the_way_is_refused(file: Path) -> None:
    registry = blendtpl.load(file)
    data = pickle.dumps(registry)
    blendtpl.compile({"a.html": "another"}).write(file)
    assert pickle.loads(data) is registry  # who has it open goes on
    registry_module._travellers.clear()
    with pytest.raises(blendtpl.BundleError, match=f"not {registry.digest} as required"):
        pickle.loads(data)
    file.unlink()
    with pytest.raises(blendtpl.BundleError, match="No such file"):
        pickle.loads(data)


def test_threads_that_get_a_registry_at_once_open_it_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = pickle.dumps(blendtpl.load(file))
    registry_module._travellers.clear()
    opened = counting_loads(monkeypatch)
    start = threading.Barrier(16)

    def arrive(_: int) -> blendtpl.Registry:
        start.wait()
        found: blendtpl.Registry = pickle.loads(data)
        return found

    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(arrive, range(16)))

    assert len(found) == 1
    assert opened == [str(file)]


def test_a_process_keeps_a_bounded_number_and_the_latest_used(tmp_path: Path) -> None:
    registries = []
    for index in range(20):
        blendtpl.compile({"a.txt": str(index)}).write(tmp_path / f"{index}.blend")
        registries.append(blendtpl.load(tmp_path / f"{index}.blend"))
        there_and_back(registries[-1])
        assert there_and_back(registries[0]) is registries[0]
    assert len(registry_module._travellers) == 16
    assert registries[0] in registry_module._travellers.values()
    assert registries[1] not in registry_module._travellers.values()


def in_another_process(registry: blendtpl.Registry, x: int) -> tuple[int, int, str, int]:
    return os.getpid(), id(registry), registry.render("a.html", x=x), len(registry_module._travellers)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_process_that_gets_a_registry_many_times_opens_it_once(
    file: Path, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # where a process that is spawned finds this module
    monkeypatch.setattr(sys, "path", [*sys.path, str(ROOT)])
    registry = blendtpl.load(file)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
        found = list(pool.map(in_another_process, [registry] * 20, range(20)))
    assert {pid for pid, *_ in found} != {os.getpid()}
    assert len({(pid, place) for pid, place, *_ in found}) == 1
    assert {kept for *_, kept in found} == {1}
    assert [text for _, _, text, _ in found] == [f"{x} of False" for x in range(20)]


def in_child(work: Callable[[], object]) -> int:
    """Return with which code a forked child ends that does `work`, killed when it hangs."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            import signal

            signal.alarm(20)
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_fork_while_another_thread_opens_a_registry_leaves_the_child_able_to_open_one(file: Path) -> None:
    data = pickle.dumps(blendtpl.load(file))
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with registry_module._lock:
            held.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    try:
        code = in_child(lambda: pickle.loads(data))
    finally:
        done.set()
        thread.join()
    assert code == 0


def test_a_forked_child_renders_from_the_registry_it_inherits(file: Path) -> None:
    registry = blendtpl.load(file)
    file.unlink()

    def work() -> None:
        assert registry.render("a.html", x="<") == "&lt; of False"

    assert in_child(work) == 0
