"""A registry that is reloaded takes a whole bundle at once, or none, and holds nothing of the one before."""

import gc
import pickle
import signal
import subprocess
import sys
import threading
import urllib.request
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import jinja2
import pytest

import blendtpl
from blendtpl.bundle.manifest import this_process
from blendtpl.metrics import measure
from blendtpl.runtime import registry as registry_module
from testkit import PATIENCE

KEY = b"a key of sixteen bytes or more"


def templates(word: str) -> dict[str, str]:
    return {
        "page.html": f"{word} {{{{ wait() if wait is defined }}}}{{% include name %}}",
        "part.html": f"part of {word}",
        "mail/subject.txt": word,
        "mail/body.txt": "body",
    }


def written(path: Path, word: str, **options: Any) -> blendtpl.Bundle:
    bundle = blendtpl.compile(templates(word), **options)
    bundle.write(path)
    return bundle


def page(registry: blendtpl.Registry, **variables: object) -> str:
    return registry.render("page.html", name="part.html", **variables)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    written(tmp_path / "a.blend", "one")
    return tmp_path / "a.blend"


@pytest.fixture(autouse=True)
def _no_travellers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_module, "_travellers", {})


def test_all_that_a_registry_says_is_of_the_new_bundle(path: Path, tmp_path: Path) -> None:
    registry = blendtpl.load(path)
    bundle = written(tmp_path / "b.blend", "two")
    assert registry.reload_from(tmp_path / "b.blend") is True
    assert page(registry) == "two part of two"
    assert (registry.digest, registry.manifest) == (bundle.digest, bundle.manifest)
    assert registry.message("mail", to=["a@example.org"], sender="b@example.org").subject == "two"
    assert pickle.loads(pickle.dumps(registry)) is registry
    assert pickle.loads(pickle.dumps(registry["page.html"])) is registry["page.html"]
    registry_module._travellers.clear()
    assert pickle.loads(pickle.dumps(registry)).digest == bundle.digest


def test_the_same_bundle_is_no_change(path: Path) -> None:
    registry = blendtpl.load(path)
    template = registry["page.html"]
    assert registry.reload_from(path) is False
    assert registry["page.html"] is template
    path.with_name("copy.blend").write_bytes(path.read_bytes())
    assert registry.reload_from(path.with_name("copy.blend")) is False
    assert registry._generation.file == str(path.with_name("copy.blend"))


def test_a_handle_keeps_its_templates_and_travels_as_what_it_was_loaded_from(path: Path, tmp_path: Path) -> None:
    registry = blendtpl.load(path)
    before = registry["page.html"]
    old = pickle.dumps(registry)
    written(tmp_path / "b.blend", "two")
    registry.reload_from(tmp_path / "b.blend")
    assert before.render(name="part.html") == "one part of one"
    assert registry["page.html"].render(name="part.html") == "two part of two"
    assert before not in list(registry.values())
    assert pickle.loads(pickle.dumps(before)).render(name="part.html") == "one part of one"
    assert page(pickle.loads(old)) == "one part of one"
    written(path, "three")
    registry_module._travellers.clear()
    with pytest.raises(blendtpl.BundleError, match="digest"):
        pickle.loads(old)


def test_a_render_in_flight_ends_with_what_it_began_with(path: Path, tmp_path: Path) -> None:
    registry = blendtpl.load(path)
    written(tmp_path / "b.blend", "two")

    def wait() -> str:
        registry.reload_from(tmp_path / "b.blend")
        return page(registry) + ", "

    assert page(registry, wait=wait) == "one two part of two, part of one"
    stream = blendtpl.load(path)
    pieces = stream["page.html"].stream(name="part.html")
    stream.reload_from(tmp_path / "b.blend")
    assert "".join(pieces) == "one part of one"


@pytest.mark.parametrize(
    ("make", "options", "problem"),
    [
        (lambda path: path.unlink(), {}, "No such file"),
        (lambda path: path.write_bytes(path.read_bytes()[:-300]), {}, "no blendtpl bundle"),
        (lambda path: path.write_bytes(b"x" + path.read_bytes()[1:]), {}, "damaged"),
        (lambda path: path.write_bytes(b""), {}, "empty"),
        (lambda path: None, {"digest": "0" * 64}, "digest"),
        (lambda path: None, {"digest": "short"}, "no digest"),
        (lambda path: None, {"key": KEY}, "not signed"),
        (lambda path: path.chmod(0o666), {}, "b.blend"),
        (lambda path: written(path, "x", environment=jinja2.Environment(trim_blocks=True)), {}, "trim_blocks"),
    ],
)
def test_what_is_wrong_with_a_bundle_leaves_the_registry_as_it_was(
    path: Path, tmp_path: Path, make: Any, options: Any, problem: str
) -> None:
    registry = blendtpl.load(path)
    before = registry._generation
    other = tmp_path / "b.blend"
    written(other, "two")
    make(other)
    with pytest.raises(blendtpl.BundleError, match=problem):
        registry.reload_from(other, **options)
    assert registry._generation is before
    assert page(registry) == "one part of one"


def test_a_bundle_of_another_python_or_of_filters_that_are_not_there_is_not_taken(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = blendtpl.load(path)
    environment = blendtpl.default_environment()
    environment.filters["shout"] = str.upper
    blendtpl.compile({"a.html": "{{ x|shout }}"}, environment=environment).write(tmp_path / "b.blend")
    with pytest.raises(blendtpl.BundleError, match="shout"):
        registry.reload_from(tmp_path / "b.blend")
    with monkeypatch.context() as patch:
        here = this_process()
        patch.setattr("blendtpl.compiler.build.this_process", lambda: replace(here, python="3.99"))
        written(tmp_path / "b.blend", "two")
    with pytest.raises(blendtpl.BundleError, match=r"Python 3\.99"):
        registry.reload_from(tmp_path / "b.blend")
    assert page(registry) == "one part of one"


def test_what_is_no_path_is_an_error(path: Path) -> None:
    wrong: Any = 7
    with pytest.raises(blendtpl.BundleError, match="name of a file"):
        blendtpl.load(path).reload_from(wrong)


def test_a_signed_bundle_is_taken_with_its_key(path: Path, tmp_path: Path) -> None:
    registry = blendtpl.load(path)
    written(tmp_path / "b.blend", "two", key=KEY)
    assert registry.reload_from(tmp_path / "b.blend", key=KEY)


def test_a_registry_loaded_from_memory_has_a_file_afterwards(path: Path) -> None:
    registry = blendtpl.load(blendtpl.compile({}))
    registry.reload_from(path)
    assert pickle.loads(pickle.dumps(registry)) is registry


def test_of_two_reloads_in_one_thread_the_one_that_began_last_wins(path: Path, tmp_path: Path) -> None:
    others = {word: tmp_path / f"{word}.blend" for word in ("two", "three")}
    for word, other in others.items():
        written(other, word)
    calls: list[str] = []

    def environment() -> jinja2.Environment:
        calls.append("")
        if len(calls) == 2:  # as a handler of signals may do it
            registry.reload_from(others["three"])
        return blendtpl.default_environment()

    registry = blendtpl.load(path, environment=environment)
    assert registry.reload_from(others["two"])
    assert page(registry) == "three part of three"


def test_a_registry_that_is_measured_is_reloaded_with_its_original(path: Path, tmp_path: Path) -> None:
    registry = measure(blendtpl.load(path))
    old = registry["page.html"]
    written(tmp_path / "b.blend", "two")
    assert registry.reload_from(tmp_path / "b.blend")
    assert page(registry) == page(registry.original) == "two part of two"
    assert registry.message("mail", to=["a@example.org"], sender="b@example.org").subject == "two"
    with pytest.raises(blendtpl.BundleError, match="get it from the registry again"):
        pickle.dumps(old)


def test_threads_that_render_meanwhile_see_one_bundle_or_the_other(path: Path, tmp_path: Path) -> None:
    registry = blendtpl.load(path)
    files = [path, tmp_path / "b.blend"]
    written(files[1], "two")
    ended = threading.Event()
    seen: set[str] = set()
    wrong: list[BaseException] = []

    def render() -> None:
        try:
            while not ended.is_set():
                seen.add(page(registry))
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=render) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(20):
        assert registry.reload_from(files[(number + 1) % 2])
    ended.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert seen <= {"one part of one", "two part of two"}


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no SIGHUP here")
def test_a_process_reloads_when_it_is_told_to(path: Path) -> None:
    script = (
        "import signal, sys, blendtpl\n"
        "path = sys.argv[1]\n"
        "registry = blendtpl.load(path)\n"
        "signal.signal(signal.SIGHUP, lambda *_: registry.reload_from(path))\n"
        "for line in sys.stdin:\n"
        "    print(registry.render('part.html'), flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def told() -> str:
            print(file=process.stdin, flush=True)
            return process.stdout.readline()  # type: ignore[union-attr]

        assert told() == "part of one\n"
        written(path, "two")
        process.send_signal(signal.SIGHUP)
        assert told() == "part of two\n"
        process.stdin.close()


SERVER = """
import signal, sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
import blendtpl

path = sys.argv[1]
registry = blendtpl.load(path)
signal.signal(signal.SIGHUP, lambda *_: print(registry.reload_from(path), flush=True))

class Quiet(WSGIRequestHandler):
    def log_message(self, *unused): ...

class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [registry.render_bytes("part.html")]

with make_server("127.0.0.1", 0, application, server_class=Server, handler_class=Quiet) as server:
    print(server.server_port, flush=True)
    server.serve_forever()
"""


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no SIGHUP here")
def test_a_server_takes_another_bundle_on_a_signal_and_answers_all_the_while(path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", SERVER, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())

        def get() -> str:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=PATIENCE) as answer:
                return str(answer.read().decode())

        ended, seen = threading.Event(), []

        def ask() -> None:
            while not ended.is_set():
                seen.append(get())

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            for number, word in enumerate(["one", "two", "three", "two"]):
                written(path, word)
                process.send_signal(signal.SIGHUP)
                assert process.stdout.readline() == f"{number > 0}\n"
                assert get() == f"part of {word}"
        finally:
            ended.set()
            asking.join()
            process.kill()
        assert set(seen) <= {"part of one", "part of two", "part of three"}


# many reloads, in a process that has little else for the collector to look through
SWAPS = """
import gc, sys, weakref
import blendtpl

files, count = sys.argv[1:3], int(sys.argv[3])
registry = blendtpl.load(files[0])
gc.collect()
gc.freeze()
after = []
for number in range(count):
    generation = registry._generation
    old = [weakref.ref(generation), *map(weakref.ref, generation.units.values())]
    del generation
    registry.render("page.html", name="part.html")
    registry.reload_from(files[(number + 1) % 2])
    # the first is left out: the collector does not look at what was frozen
    assert not number or not any(each() for each in old), number
    if number + 1 in (count // 2, count):
        after.append(sys.getallocatedblocks())
print(after[1] - after[0])
"""


@pytest.mark.parametrize("count", [60, pytest.param(10_000, marks=pytest.mark.slow)])
def test_old_generations_are_dead_and_memory_is_flat(path: Path, tmp_path: Path, count: int) -> None:
    files = [path, tmp_path / "b.blend"]
    written(files[1], "two")
    script = SWAPS
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, files), str(count)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stderr == ""
    assert int(done.stdout) < 50


def test_an_old_generation_lives_as_long_as_a_handle_of_it(path: Path, tmp_path: Path) -> None:
    registry = blendtpl.load(path)
    template: blendtpl.Template | None = registry["page.html"]
    generation = weakref.ref(registry._generation)
    written(tmp_path / "b.blend", "two")
    registry.reload_from(tmp_path / "b.blend")
    assert generation() is not None
    del template
    gc.collect()
    assert generation() is None
