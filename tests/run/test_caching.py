"""The tag `cache`: what is in it is rendered once for a key, whatever becomes of the cache."""

import asyncio
import logging
import os
import pickle
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import jinja2
import pytest

import blendtpl
from blendtpl.caching import CacheExtension, DiskCache, RedisCache
from testkit import PATIENCE
from testkit.memory import measure
from tests.queues.support import HAS_REDIS, NO_REDIS, RedisServer, redis_server, wait_for

ROW = {"main.html": "{% for x in xs %}{% cache ('row', x), 60 %}<{{ x }}>{{ f() }}{% endcache %}{% endfor %}"}


class Memory:
    """A cache that is a dict, and knows what it was asked for."""

    def __init__(self) -> None:
        self.texts: dict[str, Any] = {}
        self.seconds: list[Any] = []
        self.asked = 0

    def get(self, key: str) -> Any:
        self.asked += 1
        return self.texts.get(key)

    def set(self, key: str, text: str, seconds: float | None) -> None:
        self.texts[key] = text
        self.seconds.append(seconds)


class Counting:
    """A function of templates that returns how often it was called."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> int:
        self.calls += 1
        return self.calls


def environment(cache: Any, kind: type[jinja2.Environment] = jinja2.Environment, **options: Any) -> Any:
    made: Any = kind(**{"autoescape": True, "extensions": [CacheExtension], **options})
    made.fragment_cache = cache
    return made


def registry_of(templates: dict[str, str], cache: Any, **options: Any) -> blendtpl.Registry:
    given = environment(cache, **options)
    return blendtpl.load(blendtpl.compile(templates, environment=given), environment=given)


def in_jinja2(templates: dict[str, str], cache: Any) -> Callable[..., str]:
    return environment(cache, loader=jinja2.DictLoader(templates)).get_template("main.html").render  # type: ignore[no-any-return]


def live(templates: dict[str, str], cache: Any) -> Callable[..., str]:
    made = environment(cache, blendtpl.Environment, loader=jinja2.DictLoader(templates))
    return made.get_template("main.html").render  # type: ignore[no-any-return]


def bundled(templates: dict[str, str], cache: Any) -> Callable[..., str]:
    return registry_of(templates, cache)["main.html"].render


@pytest.mark.parametrize("render_with", [in_jinja2, live, bundled])
def test_a_part_is_rendered_once_for_a_key(render_with: Any) -> None:
    cache, f = Memory(), Counting()
    render = render_with(ROW, cache)
    assert render(xs=["a", "&", "a"], f=f) == "<a>1<&amp;>2<a>1"
    assert render(xs=["&", "b"], f=f) == "<&amp;>2<b>3"
    assert f.calls == 3
    assert cache.seconds == [60] * 3
    assert all(type(text) is str for text in cache.texts.values())
    assert all(len(key) == 64 and int(key, 16) >= 0 for key in cache.texts)


@pytest.mark.parametrize("render_with", [in_jinja2, live, bundled])
def test_without_a_cache_each_render_renders(render_with: Any) -> None:
    f = Counting()
    render = render_with(ROW, None)
    assert render(xs=[1, 1], f=f) + render(xs=[1], f=f) == "<1>1<1>2<1>3"


@pytest.mark.parametrize(
    ("seconds", "kept"),
    [("", [None]), (", none", [None]), (", 1.5", [1.5]), (", 0", []), (", -1", []), (", n", [7]), (", 1e999", [None])],
)
def test_the_seconds_are_the_cache_s_to_heed(seconds: str, kept: list[Any]) -> None:
    cache = Memory()
    render = bundled({"main.html": "{% cache 1" + seconds + " %}{{ f() }}{% endcache %}"}, cache)
    f = Counting()
    assert render(f=f, n=7) == "1"
    assert render(f=f, n=7) == ("1" if kept else "2")
    assert cache.seconds == kept


KEYS = ["'a'", "1", "1.5", "true", "none", "('a', 1)", "['a', ('b', none)]", "'a' ~ 1"]
NO_KEYS = {
    "{}": "dict",
    "f": "Counting",
    "1e999": "float",
    "('a', {})": "dict",
    "b": "bytes",
    "xs|map('upper')": "gen",
}


def test_keys_are_texts_numbers_and_tuples_and_differ_as_they_do() -> None:
    cache, f = Memory(), Counting()
    template = "".join("{% cache " + key + " %}x{% endcache %}" for key in KEYS)
    render = bundled({"main.html": template}, cache)
    assert render() == render() == "x" * len(KEYS)
    assert len(cache.texts) == len(KEYS)
    assert f.calls == 0


@pytest.mark.parametrize("key", NO_KEYS)
def test_what_is_no_key_is_an_error_with_its_place(key: str) -> None:
    render = bundled({"main.html": "\n{% cache " + key + " %}{% endcache %}"}, Memory())
    with pytest.raises(
        TypeError, match=r"the key of `cache` is a text, a number, or a tuple of such, not of type"
    ) as told:
        render(f=Counting(), b=b"", xs=["a"])
    assert NO_KEYS[key] in str(told.value)
    assert "main.html:2" in told.value.__notes__[0]


def test_what_is_undefined_is_no_key_where_that_is_an_error() -> None:
    templates = {"main.html": "{% cache nope %}x{% endcache %}"}
    assert bundled(templates, Memory())() == "x"
    registry = registry_of(templates, Memory(), undefined=jinja2.StrictUndefined)
    with pytest.raises(blendtpl.UndefinedError, match="'nope' is undefined"):
        registry.render("main.html")


def test_what_are_no_seconds_is_an_error() -> None:
    for seconds in ("'60'", "true", "[]"):
        render = bundled({"main.html": "{% cache 1, " + seconds + " %}{% endcache %}"}, None)
        with pytest.raises(TypeError, match="the seconds of `cache` are a number or none"):
            render()


@pytest.mark.parametrize("tag", ["{% cache %}x{% endcache %}", "{% cache 1, %}x{% endcache %}", "{% cache 1 %}x"])
def test_a_tag_that_is_not_whole_is_a_fault(tag: str) -> None:
    with pytest.raises(blendtpl.CompileError, match=r"main\.html:1"):
        blendtpl.compile({"main.html": tag}, environment=environment(None))


def test_entries_differ_by_template_part_bundle_escaping_and_language() -> None:
    cache, part = Memory(), "{% cache 'k' %}{{ x }}{% endcache %}"
    templates = {"a.html": part, "b.html": part, "c.html": part.replace("}}", "}}!")}
    templates["d.html"] = "{% autoescape e %}" + part + "{% endautoescape %}"
    registry = registry_of(templates, cache)
    assert [registry.render(name, x="<") for name in ("a.html", "b.html", "c.html")] == ["&lt;", "&lt;", "&lt;!"]
    assert [registry.render("d.html", x="<", e=e) for e in (True, False, True)] == ["&lt;", "<", "&lt;"]
    assert len(cache.texts) == 5
    assert registry_of({**templates, "e.html": ""}, cache).render("a.html", x=">") == "&gt;"
    token = blendtpl.language.set("de")
    try:
        assert registry.render("a.html", x="ä") == "ä"
    finally:
        blendtpl.language.reset(token)
    assert registry.render("a.html", x="ä") == "&lt;"


def test_entries_differ_by_what_the_environment_says() -> None:
    given, theme = environment(Memory()), ["light"]
    given.fragment_vary = lambda: (*theme, 1)
    bundle = blendtpl.compile({"main.html": "{% cache 1 %}{{ x }}{% endcache %}"}, environment=given)
    render = blendtpl.load(bundle, environment=given)["main.html"].render
    assert render(x=1) == "1"
    theme[0] = "dark"
    assert render(x=2) == "2"
    theme[0] = "light"
    assert render(x=3) == "1"


def test_what_is_set_in_a_part_is_of_the_part_and_what_is_around_is_seen() -> None:
    main = (
        "{% set a = 1 %}{% cache 1 %}{% set a = a + 1 %}{{ a }}{{ m() }}{% include 'inc.html' %}{% endcache %}{{ a }}"
    )
    templates = {"main.html": "{% macro m() %}m{% endmacro %}" + main, "inc.html": "i{{ b }}"}
    cache = Memory()
    render, theirs = bundled(templates, cache), in_jinja2(templates, Memory())
    assert render(b="<") == render(b=">") == theirs(b="<") == "2mi&lt;1"


# -- caches that fail --------------------------------------------------------------------------------------------------


class Failing(Memory):
    def get(self, key: str) -> Any:
        raise OSError("gone")

    def set(self, key: str, text: str, seconds: float | None) -> None:
        raise KeyError(key)


class Foreign(Memory):
    def get(self, key: str) -> Any:
        return b"bytes"


@pytest.mark.parametrize("cache", [Failing(), Foreign(), object()])
def test_a_cache_that_fails_is_a_miss_and_is_told_now_and_then(cache: Any, caplog: pytest.LogCaptureFixture) -> None:
    f = Counting()
    render = bundled(ROW, cache)
    with caplog.at_level(logging.WARNING, "blendtpl.caching"):
        assert render(xs=[1], f=f) + render(xs=[1], f=f) == "<1>1<1>2"
    assert len(caplog.records) == 1
    assert "the cache of fragments fails, so that they are rendered" in caplog.text


def test_a_part_that_fails_keeps_nothing_and_is_told_where() -> None:
    cache = Memory()
    render = bundled({"main.html": "{% cache 1 %}\n{{ 1 // x }}{% endcache %}"}, cache)
    with pytest.raises(ZeroDivisionError) as error:
        render(x=0)
    assert "main.html:2" in error.value.__notes__[0]
    assert cache.texts == {}
    assert render(x=1) == "\n1"


# -- at once -----------------------------------------------------------------------------------------------------------


def together(count: int, render: Callable[[], str]) -> list[str]:
    """Return what threads render that begin together."""
    ready = threading.Barrier(count)

    def run(_: int) -> str:
        ready.wait(PATIENCE)
        return render()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.mark.parametrize("cache", [Memory, Failing])
def test_of_threads_that_miss_an_entry_one_renders_it(cache: Any) -> None:
    begun, calls = threading.Event(), Counting()
    kept = cache()

    def f() -> int:
        begun.wait(PATIENCE)
        return calls()

    render = bundled(ROW, kept)
    waiting = threading.Timer(0.3, begun.set)  # until then the others have come to wait, mostly
    waiting.start()
    texts = together(8, lambda: render(xs=[1], f=f))
    if cache is Memory:
        assert set(texts) == {"<1>1"}
        assert calls.calls == 1
    else:  # who comes when the first has ended finds nothing
        assert {text[:3] for text in texts} == {"<1>"}


def test_when_the_one_that_renders_fails_the_next_does() -> None:
    calls, render = Counting(), bundled(ROW, Memory())

    def f() -> int:
        if calls() <= 3:
            raise ValueError("not yet")
        return calls.calls

    def attempt() -> str:
        try:
            return render(xs=[1], f=f)
        except ValueError as error:
            return str(error)

    assert sorted(together(8, attempt)) == ["<1>4"] * 5 + ["not yet"] * 3


def test_parts_in_each_other_wait_for_nobody() -> None:
    one = "{% cache 1 %}1{{ w() }}{% if n %}{% include 'two.html' %}{% endif %}{% endcache %}"
    two = "{% cache 2 %}2{{ w() }}{% if not n %}{% include 'main.html' %}{% endif %}{% endcache %}"
    registry = registry_of({"main.html": one, "two.html": two}, Memory())
    both = threading.Barrier(2)

    def wait() -> str:
        with suppress(threading.BrokenBarrierError):
            both.wait(0.5)  # that each is in its own part before it comes to the other's
        return ""

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(registry.render, "main.html", n=True, w=wait)
        second = pool.submit(registry.render, "two.html", n=False, w=wait)
        assert {first.result(PATIENCE), second.result(PATIENCE)} <= {"12", "21", "1", "2"}


def test_a_part_in_itself_ends_where_the_template_does() -> None:
    source = "{% cache 1 %}{{ n.pop() }}{% if n %}{% include 'main.html' %}{% endif %}{% endcache %}"
    assert bundled({"main.html": source}, Memory())(n=[1, 2, 3]) == "321"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_waits_for_nobody_that_its_parent_had() -> None:
    inside, leave = threading.Event(), threading.Event()
    calls, render = Counting(), bundled(ROW, Memory())

    def f() -> int:
        if calls() == 1:
            inside.set()
            leave.wait(PATIENCE)
        return calls.calls

    thread = threading.Thread(target=render, kwargs={"xs": [1], "f": f})
    thread.start()
    assert inside.wait(PATIENCE)
    child = os.fork()
    if child == 0:
        os._exit(0 if render(xs=[1], f=f) == "<1>2" else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    leave.set()
    thread.join()


# -- templates that wait -----------------------------------------------------------------------------------------------


class Later(Memory):
    async def get(self, key: str) -> Any:
        await asyncio.sleep(0)
        return super().get(key)

    async def set(self, key: str, text: str, seconds: float | None) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        super().set(key, text, seconds)


@pytest.mark.parametrize("cache", [Memory, Later, Failing])
def test_of_tasks_that_miss_an_entry_one_renders_it(cache: Any) -> None:
    calls = Counting()

    async def f() -> int:
        await asyncio.sleep(0.01)
        return calls()

    template = registry_of(ROW, cache(), enable_async=True)["main.html"]

    async def main() -> list[str]:
        return await asyncio.gather(*(template.render_async(xs=[1], f=f) for _ in range(5)))

    assert asyncio.run(main()) == ["<1>1"] * 5
    assert template.render(xs=[1], f=f) == ("<1>2" if cache is Failing else "<1>1")


def test_a_task_that_is_cancelled_takes_nobody_with_it() -> None:
    calls, go = Counting(), asyncio.Event()

    async def f() -> int:
        calls()
        await go.wait()
        return calls.calls

    template = registry_of(ROW, Memory(), enable_async=True)["main.html"]

    async def main() -> list[Any]:
        tasks = [asyncio.create_task(template.render_async(xs=[1], f=f)) for _ in range(5)]
        while not calls.calls:
            await asyncio.sleep(0)
        tasks[3].cancel()  # who waits
        tasks[0].cancel()  # who renders
        while calls.calls < 2:
            await asyncio.sleep(0)
        go.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    results = asyncio.run(main())
    assert [isinstance(result, asyncio.CancelledError) for result in results] == [True, False, False, True, False]
    assert {result for result in results if isinstance(result, str)} == {"<1>2"}


# -- what is left ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("cache", [None, Memory(), Failing()], ids=["none", "hits", "fails"])
@pytest.mark.parametrize("waits", [False, True])
def test_renders_leave_nothing(cache: Any, waits: bool) -> None:
    registry = registry_of(ROW, cache, enable_async=waits)
    template, given = registry["main.html"], {"xs": [1, 2], "f": lambda: 1}
    if not waits:
        assert not measure(lambda: template.render(given), 2000)
        return

    def drive() -> None:
        rendering = template.render_async(given)
        with pytest.raises(StopIteration):
            rendering.send(None)

    assert not measure(drive, 2000)


@pytest.mark.usefixtures("no_collector")
def test_parts_that_fail_leave_nothing() -> None:
    template = registry_of({"main.html": "{% cache 1 %}{{ 1 // 0 }}{% endcache %}"}, Memory())["main.html"]

    def fail() -> None:
        with suppress(ZeroDivisionError):
            template.render()

    assert not measure(fail, 2000)


def test_an_environment_travels_with_the_extension() -> None:
    made = pickle.loads(pickle.dumps(environment(None, blendtpl.Environment)))
    made.fragment_cache = Memory()
    template = made.from_string("{% cache 1 %}{{ x }}{% endcache %}")
    assert template.render(x=1) == template.render(x=2) == "1"


# -- a folder ----------------------------------------------------------------------------------------------------------


def test_a_folder_keeps_texts_of_every_kind(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path / "a" / "b")
    for text in ("", "x", "é\0\ud800", "x" * 100_000):
        cache.set("k", text)
        assert DiskCache(tmp_path / "a" / "b").get("k") == text
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700
    cache.clear()
    assert cache.get("k") is None
    cache.close()
    cache.set("k", "again")
    assert cache.get("k") == "again"


def test_an_entry_ends_when_it_is_too_old(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path / "cache")
    cache.set("long", "x", 3600)
    cache.set("short", "x", 0.05)
    wait_for(lambda: cache.get("short") is None, "an entry ends")
    assert cache.get("long") == "x"


def test_a_folder_is_bounded(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path / "cache", size_limit=300_000)
    for number in range(3000):
        cache.set(str(number), "x" * 5000, 60)
    sizes = {file.name: file.stat().st_size for file in (tmp_path / "cache").rglob("*")}
    assert sizes.pop("cache.db-wal", 0) < 6_000_000  # SQLite's journal, which it begins anew at 1,000 pages
    assert sum(sizes.values()) < 600_000
    assert cache.get("2999") == "x" * 5000
    assert cache.get("0") is None


def test_processes_share_a_folder(tmp_path: Path) -> None:
    DiskCache(tmp_path / "cache").set("k", "shared")
    read = "import sys; from blendtpl.caching import DiskCache; print(DiskCache(sys.argv[1]).get('k'))"
    done = subprocess.run([sys.executable, "-c", read, tmp_path / "cache"], capture_output=True, text=True, check=True)
    assert done.stdout == "shared\n"


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="modes say who may enter")
def test_a_folder_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir(mode=0o755)
    with pytest.raises(blendtpl.ConfigError, match=r"cannot be used: others can enter it \(mode 755\); .*chmod 700"):
        DiskCache(tmp_path / "cache")
    (tmp_path / "file").write_text("")
    with pytest.raises(blendtpl.ConfigError, match="cannot be used"):
        DiskCache(tmp_path / "file")


class Planted:
    def __reduce__(self) -> Any:
        return os.mkdir, (os.environ["PLANTED"],)


def test_what_somebody_pickled_is_not_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTED", str(tmp_path / "planted"))
    cache = DiskCache(tmp_path / "cache")
    cache.set("k", "x")
    with sqlite3.connect(tmp_path / "cache" / "cache.db") as database:
        database.execute("UPDATE Cache SET mode = 4, value = ?", (pickle.dumps(Planted()),))
    database.close()
    with pytest.raises(TypeError, match="a foreign value"):
        cache.get("k")
    assert not (tmp_path / "planted").exists()
    f = Counting()
    render = bundled({"main.html": "{% cache 1 %}{{ f() }}{% endcache %}"}, cache)
    assert render(f=f) == render(f=f) == "1"


@pytest.mark.parametrize("size", [10, 100_000])
def test_pages_go_on_when_the_folder_vanishes(tmp_path: Path, size: int) -> None:
    cache = DiskCache(tmp_path / "cache")
    template = registry_of({"main.html": "{% cache k %}{{ x * n }}{% endcache %}"}, cache)["main.html"]
    assert template.render(k=1, x="a", n=size) == "a" * size
    for path in sorted((tmp_path / "cache").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (tmp_path / "cache").rmdir()
    for key in range(5):
        assert template.render(k=key, x="a", n=size) == "a" * size


# -- Redis -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    if not HAS_REDIS:
        pytest.skip(NO_REDIS)
    (tmp_path / "redis").mkdir()
    with redis_server(tmp_path / "redis") as running:
        yield running


def test_redis_keeps_texts_and_pages_go_on_when_it_is_gone(server: RedisServer) -> None:
    import redis

    with redis.Redis(port=server.port) as client, redis.Redis(port=server.port, decode_responses=True) as texts:
        f = Counting()
        render = bundled(ROW, RedisCache(client, prefix="p:"))
        assert render(xs=["é", 1], f=f) == render(xs=["é", 1], f=f) == "<é>1<1>2"
        assert f.calls == 2
        keys = client.keys()
        assert {key[:2] for key in keys} == {b"p:"}
        assert all(0 < client.pttl(key) <= 60_000 for key in keys)
        assert {RedisCache(texts, prefix="").get(key.decode()) for key in keys} == {"<é>1", "<1>2"}
        cache = RedisCache(client)
        cache.set("short", "x", 0.001)
        cache.set("long", "x")
        wait_for(lambda: cache.get("short") is None, "an entry ends")
        assert cache.get("long") == "x"
        server.kill()
        assert render(xs=[1], f=f) == "<1>3"


def test_an_asynchronous_client_is_awaited(server: RedisServer) -> None:
    import redis.asyncio

    calls = Counting()

    async def f() -> int:
        return calls()

    async def main() -> list[str]:
        async with redis.asyncio.Redis(port=server.port) as client:
            template = registry_of(ROW, RedisCache(client), enable_async=True)["main.html"]
            return [await template.render_async(xs=[1, 1], f=f) for _ in range(2)]

    assert asyncio.run(main()) == ["<1>1<1>1"] * 2
    assert calls.calls == 1


def test_what_diskcache_needs_is_told() -> None:
    hide = "import sys; sys.modules['diskcache'] = None; from blendtpl.caching import DiskCache"
    done = subprocess.run([sys.executable, "-c", hide], capture_output=True, text=True, check=False)
    assert "`DiskCache` needs `diskcache`: install blendtpl with the extra `cache`" in done.stderr
