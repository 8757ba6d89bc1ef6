"""The build cache: it makes a compile faster, and whatever becomes of it, never another bundle and never an error."""

import dataclasses
import json
import os
import pickle
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import jinja2
import pytest

import blendtpl
import blendtpl.compiler.cache
from blendtpl.bundle.manifest import this_process
from blendtpl.compiler import build as stages
from blendtpl.compiler.assemble.template_code import emit
from blendtpl.compiler.build import Build
from blendtpl.compiler.cache import BuildCache
from testkit import PATIENCE
from tests.compiling.support import NOBODY, build, run, write

SOURCE = {
    "layout.html": "<p>{% block content %}{% endblock %}{% include 'parts/foot.html' %}</p>",
    "parts/foot.html": "{% import 'parts/macros.html' as m %}{{ m.link('x') }}",
    "parts/macros.html": "{% macro link(url) %}<a href={{ url|upper }}>{% endmacro %}",
    "page.html": "{% extends 'layout.html' %}{% block content %}{{ name }}{% endblock %}",
    "alone.html": "{{ 'a'|upper }}{{ 1 is even }}",
    "dynamic.html": "{% include name ~ '.txt' %}",
}
DIGEST = blendtpl.compile(SOURCE).digest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def compiled(folder: Path, source: dict[str, str] | None = None, **options: Any) -> Build:
    """Compile with the cache, and compare with what comes out without."""
    made = build(source or SOURCE, cache=folder, **options)
    plain = blendtpl.compile(source or SOURCE, **options)
    assert made.bundle.data == plain.data
    return made


def filled(folder: Path) -> Path:
    assert compiled(folder).compiled == len(SOURCE)
    assert compiled(folder).cached == len(SOURCE)
    return folder


@contextmanager
def database(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(folder / "cache.db")) as connection:
        yield connection
        connection.commit()


def test_an_unchanged_compile_takes_everything_from_the_cache(folder: Path) -> None:
    first, second = compiled(folder), compiled(folder)
    assert (first.compiled, first.cached, first.warnings) == (6, 0, ())
    assert (second.compiled, second.cached, second.warnings) == (0, 6, ())


@pytest.mark.parametrize(
    ("changed", "again"),
    [
        ("parts/macros.html", {"parts/macros.html", "parts/foot.html", "layout.html", "page.html"}),
        ("parts/foot.html", {"parts/foot.html", "layout.html", "page.html"}),
        ("layout.html", {"layout.html", "page.html"}),
        ("page.html", {"page.html"}),
        ("alone.html", {"alone.html"}),
        ("dynamic.html", {"dynamic.html"}),
    ],
)
def test_after_a_change_exactly_the_templates_that_reach_it_are_compiled_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, changed: str, again: set[str]
) -> None:
    filled(folder)
    emitted: set[str] = set()

    def noted(name: str, *rest: Any) -> bytes:
        emitted.add(name)
        return emit(name, *rest)

    source = {**SOURCE, changed: SOURCE[changed] + "!"}
    monkeypatch.setattr(stages, "emit", noted)
    made = build(source, cache=folder)
    assert emitted == again
    assert (made.compiled, made.cached) == (len(again), len(SOURCE) - len(again))
    assert made.bundle.data == blendtpl.compile(source).data


def test_a_layout_is_compiled_again_when_a_block_of_what_extends_it_begins_to_loop(folder: Path) -> None:
    base = {"base": "<{% block a %}{% endblock %}>", "other": "{% extends 'base' %}"}
    prints = {**base, "page": "{% extends 'base' %}{% block a %}{{ x }}{% endblock %}"}
    loops = {**base, "page": "{% extends 'base' %}{% block a %}{% for y in x %}{{ y }}{% endfor %}{% endblock %}"}
    for source in (prints, loops, prints):
        assert build(source, cache=folder).bundle.data == blendtpl.compile(source).data
    assert build(loops, cache=folder).compiled == 0


def test_a_new_template_that_others_refer_to_is_seen(folder: Path) -> None:
    source = {"a": "{% include ['late', 'b'] %}", "b": "b"}
    assert build(source, cache=folder).compiled == 2
    assert compiled(folder, {**source, "late": "late"}).compiled == 2


def test_a_template_that_a_name_made_at_run_time_may_mean_is_seen(folder: Path) -> None:
    source = {"a": "{% include 'parts/' ~ x %}", "b": "b", "parts/c": "c"}
    assert build(source, cache=folder).compiled == 3
    assert build({**source, "b": "!"}, cache=folder).compiled == 1
    for changed in ({**source, "parts/c": "!"}, {**source, "parts/d": "{{ d }}"}):
        made = build(changed, cache=folder)
        assert made.compiled == 2
        assert made.bundle.data == blendtpl.compile(changed).data


def test_a_moved_template_is_another(folder: Path) -> None:
    filled(folder)
    assert compiled(folder, {**SOURCE, "copy.html": SOURCE["alone.html"]}).compiled == 1


def environment_with(**filters: Any) -> jinja2.Environment:
    environment = blendtpl.default_environment()
    environment.filters.update(filters)
    return environment


def test_a_filter_that_asks_to_be_passed_something_else_makes_its_templates_new(folder: Path) -> None:
    source = {"a": "{{ x|own }}", "b": "{{ x }}"}

    def plain(value: object) -> str:
        return "plain"

    @jinja2.pass_context
    def passed(context: object, value: object) -> str:
        return "passed"

    assert compiled(folder, source, environment=environment_with(own=plain)).compiled == 2
    made = compiled(folder, source, environment=environment_with(own=passed))
    assert (made.compiled, made.cached) == (1, 1)
    assert blendtpl.load(made.bundle, environment=environment_with(own=passed)).render("a", x=1) == "passed"


def test_a_built_in_filter_that_was_replaced_is_not_served_as_it_was_folded(folder: Path) -> None:
    source = {"a": "{{ 'x'|upper }}"}
    assert compiled(folder, source).compiled == 1
    environment = environment_with(upper=lambda value: "mine")
    made = compiled(folder, source, environment=environment)
    assert made.compiled == 1
    assert blendtpl.load(made.bundle, environment=environment).render("a") == "mine"
    assert compiled(folder, source).cached == 1


@pytest.mark.parametrize(
    "options",
    [
        {"trim_blocks": True},
        {"autoescape": True},
        {"undefined": jinja2.StrictUndefined},
        {"variable_start_string": "{{{"},
        {"extensions": ["jinja2.ext.loopcontrols"]},
        {"finalize": str},
        {"optimized": False},
    ],
    ids=str,
)
def test_other_options_are_other_results(folder: Path, options: dict[str, Any]) -> None:
    source = {"a.txt": "{% if x %}\n{{ 'x'|upper }}{% endif %}"}
    assert compiled(folder, source, environment=jinja2.Environment()).compiled == 1
    assert compiled(folder, source, environment=jinja2.Environment(**options)).compiled == 1
    assert compiled(folder, source, environment=jinja2.Environment()).cached == 1


def test_a_policy_that_changed_is_another_result(folder: Path) -> None:
    environment = jinja2.Environment()
    environment.policies["urlize.rel"] = "other"
    filled(folder)
    assert compiled(folder, environment=environment).compiled == len(SOURCE)


@pytest.mark.parametrize("field", ["blendtpl", "python", "bytecode", "jinja2"])
def test_another_version_of_anything_is_another_result(
    folder: Path, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    filled(folder)
    here = dataclasses.replace(this_process(), **{field: "99"})
    monkeypatch.setattr(stages, "this_process", lambda: here)
    assert build(SOURCE, cache=folder).compiled == len(SOURCE)


def test_another_state_of_the_compiler_itself_is_another_result(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(folder)
    monkeypatch.setattr(stages, "compiler_digest", lambda: "edited")
    assert build(SOURCE, cache=folder).compiled == len(SOURCE)


class Rewriting(jinja2.ext.Extension):
    """An extension whose code may change while its name stays."""

    word = "one"

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return source.replace("WORD", self.word)


class Joining(jinja2.Environment):
    """An environment whose references mean what its code says."""

    folder = "one"

    def join_path(self, template: str, parent: str) -> str:
        return f"{self.folder}/{template}"


def test_nothing_is_kept_that_code_of_the_user_had_a_hand_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = jinja2.Environment(extensions=[Rewriting])
    joining = Joining()
    source = {"a": "{% include 'x' %}", "one/x": "one", "two/x": "two"}
    for word in ("one", "two"):
        monkeypatch.setattr(Rewriting, "word", word)
        monkeypatch.setattr(Joining, "folder", word)
        made = build({"a": "WORD"}, environment=environment, cache=folder)
        assert blendtpl.load(made.bundle, environment=environment).render("a") == word
        made = build(source, environment=joining, cache=folder)
        assert made.bundle.manifest.templates["a"].references[0].names == (f"{word}/x",)
    assert not folder.exists()


def test_a_failed_compile_keeps_what_it_read_and_nothing_that_is_wrong(folder: Path) -> None:
    wrong = {**SOURCE, "wrong.html": "{{ x|nope }}"}
    for _ in range(2):
        with pytest.raises(blendtpl.SourceError, match="unknown filter `nope`"):
            build(wrong, cache=folder)
    assert compiled(folder).compiled == len(SOURCE)
    environment = environment_with(nope=str)
    assert compiled(folder, wrong, environment=environment).cached == len(SOURCE)


def test_faults_are_the_same_with_a_full_cache(folder: Path) -> None:
    wrong = {"a": "{{ x|upr }}{% include 'bb' %}", "b": "{% include 'b' %}", "c": "{{", "d": "{% block x %}" * 2}
    texts = set()
    for cache in (None, folder, folder):
        with pytest.raises(blendtpl.SourceError) as caught:
            build(wrong, cache=cache)
        texts.add(str(caught.value))
    assert len(texts) == 1


def rows(folder: Path, kind: str) -> list[tuple[str, bytes]]:
    with database(folder) as connection:
        return connection.execute("SELECT key, value FROM Cache WHERE key LIKE ?", (f"{kind}:%",)).fetchall()


def change(folder: Path, values: dict[str, Any]) -> None:
    with database(folder) as connection:
        for key, value in values.items():
            connection.execute("UPDATE Cache SET value = ? WHERE key = ?", (value, key))


@pytest.mark.parametrize("kind", ["outline", "unit"])
def test_an_entry_of_which_any_part_was_damaged_is_a_miss(folder: Path, kind: str) -> None:
    filled(folder)
    entries = rows(folder, kind)
    assert len(entries) == len(SOURCE)
    for damage in (
        lambda value: value[:-1],
        lambda value: value + b"x",
        lambda value: b"",
        lambda value: bytes([value[0] ^ 1]) + value[1:],
        lambda value: value[:-1] + bytes([value[-1] ^ 1]),
        lambda value: None,
        lambda value: "text",
        lambda value: 3,
    ):
        change(folder, {key: damage(value) for key, value in entries})
        made = compiled(folder)
        assert made.compiled == (len(SOURCE) if kind == "unit" else 0)
        assert made.warnings == ()
        assert compiled(folder).cached == len(SOURCE)


@pytest.mark.parametrize("kind", ["outline", "unit"])
def test_entries_that_were_swapped_are_misses(folder: Path, kind: str) -> None:
    filled(folder)
    entries = rows(folder, kind)
    values = [value for _, value in entries]
    change(folder, dict(zip([key for key, _ in entries], [*values[1:], values[0]], strict=True)))
    assert compiled(folder).compiled == (len(SOURCE) if kind == "unit" else 0)


class Bomb:
    """Pickles into a call that writes a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.file}",)


@pytest.mark.parametrize("mode", [1, 2, 3, 4, 99])
def test_a_planted_pickle_is_never_opened(folder: Path, tmp_path: Path, mode: int) -> None:
    filled(folder)
    exploded = tmp_path / "exploded"
    payload = pickle.dumps(Bomb(exploded))
    write(folder, {"bomb": payload})
    with database(folder) as connection:
        connection.execute("UPDATE Cache SET value = ?, mode = ?", (payload, mode))
        connection.execute("UPDATE Cache SET filename = 'bomb' WHERE rowid % 2")
        connection.execute("INSERT INTO Cache (key, raw, value, mode) VALUES (?, 0, ?, 4)", (payload, payload))
        connection.execute("INSERT OR REPLACE INTO Settings (key, value) VALUES ('disk', ?)", (payload,))
    made = build(SOURCE, cache=folder)
    assert made.bundle.digest == DIGEST
    assert not exploded.exists()


def test_the_cache_takes_bytes_under_text_and_nothing_else(folder: Path) -> None:
    cache = BuildCache(folder)
    cache._fresh["unit:x"] = pickle.loads  # type: ignore[assignment]  # which no caller may
    cache.flush()
    assert "bytes, not builtin_function_or_method" in cache.warnings[0]


@pytest.mark.parametrize("damage", ["garbage", "empty", "truncated", "other", "directory"])
def test_a_damaged_database_costs_time_only(folder: Path, damage: str) -> None:
    filled(folder)
    file = folder / "cache.db"
    data = file.read_bytes()
    for path in folder.iterdir():
        path.unlink()
    if damage == "directory":
        file.mkdir()
    else:
        contents = {"garbage": b"garbage" * 1000, "empty": b"", "truncated": data[: len(data) // 2], "other": b""}
        file.write_bytes(contents[damage])
    if damage == "other":
        with database(folder) as connection:
            connection.execute("CREATE TABLE Cache (other)")
    made = build(SOURCE, cache=folder)
    assert made.bundle.digest == DIGEST
    assert made.compiled == len(SOURCE)
    assert bool(made.warnings) is (damage != "empty")
    if damage == "garbage":
        assert made.warnings[0].endswith("; remove that folder, and it is made anew")


def test_a_database_that_is_not_a_cache_is_closed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir(mode=0o700)
    with database(folder) as connection:
        connection.execute("CREATE TABLE Cache (other)")
    connect = sqlite3.connect
    opened: list[sqlite3.Connection] = []

    def keep(*arguments: Any, **options: Any) -> sqlite3.Connection:
        opened.append(connect(*arguments, **options))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", keep)
    assert build(SOURCE, cache=folder).warnings
    assert opened
    for connection in opened:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")


def test_a_folder_that_others_may_enter_is_not_used(folder: Path) -> None:
    for mode in (0o777, 0o701, 0o710, 0o750):
        folder.mkdir(exist_ok=True)
        folder.chmod(mode)
        made = build(SOURCE, cache=folder)
        assert made.bundle.digest == DIGEST
        assert made.warnings == (
            f"the build cache `{folder}` is not used: others can enter it (mode {mode:o});"
            f" take that away with `chmod 700 {folder}`",
        )
        assert list(folder.iterdir()) == []


def test_a_folder_that_it_makes_is_its_owners_alone(folder: Path) -> None:
    old = os.umask(0)
    try:
        compiled(folder / "deep")
    finally:
        os.umask(old)
    assert (folder / "deep").stat().st_mode & 0o777 == 0o700


def test_a_link_in_place_of_the_folder_is_not_followed(folder: Path, tmp_path: Path) -> None:
    target = filled(tmp_path / "target")
    folder.symlink_to(target)
    made = build(SOURCE, cache=folder)
    assert (made.bundle.digest, made.cached) == (DIGEST, 0)
    assert made.warnings == (f"the build cache `{folder}` is not used: `{folder}` is a symbolic link",)


def test_a_link_in_place_of_the_database_is_not_followed(folder: Path, tmp_path: Path) -> None:
    filled(folder)
    shutil.move(folder / "cache.db", tmp_path / "elsewhere.db")
    (folder / "cache.db").symlink_to(tmp_path / "elsewhere.db")
    made = build(SOURCE, cache=folder)
    assert (made.bundle.digest, made.cached) == (DIGEST, 0)
    assert "is a symbolic link" in made.warnings[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("part", ["", "cache.db"])
def test_what_belongs_to_another_user_is_not_used(folder: Path, part: str) -> None:
    filled(folder)
    os.chown(folder / part, NOBODY, NOBODY)
    made = build(SOURCE, cache=folder)
    assert (made.bundle.digest, made.cached) == (DIGEST, 0)
    assert f"belongs to another user (uid {NOBODY})" in made.warnings[0]


@pytest.mark.parametrize("where", ["file", "file/inside", "/proc/nowhere"])
def test_a_folder_that_cannot_be_made_costs_time_only(tmp_path: Path, where: str) -> None:
    write(tmp_path, {"file": "x"})
    made = build(SOURCE, cache=tmp_path / where)
    assert made.bundle.digest == DIGEST
    assert len(made.warnings) == 1


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("nothing can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mount"), reason="only root can mount")
@pytest.mark.parametrize("options", ["size=16k,mode=700", "size=96k,mode=700", "ro,mode=700"])
def test_a_folder_that_is_full_or_read_only_costs_time_only(folder: Path, options: str) -> None:
    folder.mkdir(mode=0o700)
    big = {f"{number}": f"{{{{ x }}}}{number:01000}" for number in range(200)}
    with mounted(folder, options):
        for _ in range(2):
            made = build(big, cache=folder)
            assert made.bundle.digest == blendtpl.compile(big).digest
            assert len(made.warnings) == 1
            assert made.warnings[0].startswith(f"the build cache `{folder}` is not used: ")


def test_a_limit_on_the_size_of_files_costs_time_only(folder: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        for size in (0, 5_000, 40_000):
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
            made = build(SOURCE, cache=folder)
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            assert made.bundle.digest == DIGEST
            assert len(made.warnings) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, old)
    assert compiled(folder).warnings == ()


def test_a_cache_that_another_process_holds_costs_time_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(folder)
    monkeypatch.setattr(blendtpl.compiler.cache, "_PATIENCE", 0)
    with database(folder) as connection:
        connection.execute("BEGIN IMMEDIATE")
        made = build({**SOURCE, "new": "new"}, cache=folder)
        connection.rollback()
    assert made.bundle.digest == blendtpl.compile({**SOURCE, "new": "new"}).digest
    assert made.warnings == (f"the build cache `{folder}` is not used: another process holds it",)


def test_a_database_that_breaks_in_the_middle_of_a_build_costs_time_only(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(folder)
    get, calls = BuildCache.get, 0

    def breaking(cache: BuildCache, key: str) -> bytes | None:
        nonlocal calls
        calls += 1
        if calls == 4:
            (folder / "cache.db").write_bytes(b"\0" * 100_000)
            cache._cache.close()  # so that what it has in memory goes
        return get(cache, key)

    monkeypatch.setattr(BuildCache, "get", breaking)
    made = build(SOURCE, cache=folder)
    assert made.bundle.digest == DIGEST
    assert made.warnings


def test_many_compilers_at_once_give_the_right_bundles(tmp_path: Path) -> None:
    for number in range(3):
        files = {f"templates/{name}": text for name, text in SOURCE.items()}
        write(tmp_path / str(number), {**files, "templates/own.txt": f"{{{{ x }}}}{number}"})
    environ = {**os.environ, "BLENDTPL_CACHE_DIR": str(tmp_path / "cache")}
    for _ in range(2):
        with ExitStack() as stack:  # whatever fails, no process is left for the next test to find
            processes = [
                stack.enter_context(
                    subprocess.Popen(
                        [sys.executable, "-m", "blendtpl", "compile", "--format", "json"],
                        cwd=tmp_path / str(number),
                        env=environ,
                        stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE,
                    )
                )
                for number in [0, 1, 2, 0, 1, 2]
            ]
            for number, process in zip([0, 1, 2, 0, 1, 2], processes, strict=True):
                output, error = process.communicate(timeout=PATIENCE)
                assert (process.returncode, error) == (0, b"")
                assert json.loads(output)["digest"] == blendtpl.compile(tmp_path / str(number) / "templates").digest


def test_a_file_that_goes_while_the_folder_is_looked_at_is_no_trouble(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(folder)
    glob = Path.glob

    def late(path: Path, pattern: str) -> list[Path]:
        return [*glob(path, pattern), path / "cache.db-wal"]  # the last compiler that closes removes it

    monkeypatch.setattr(Path, "glob", late)
    cache = BuildCache(folder)
    cache.flush()
    assert cache.warnings == []


def test_a_compiler_that_was_killed_while_it_wrote_leaves_a_usable_cache(folder: Path) -> None:
    for delay in (0.0, 0.002, 0.005, 0.01, 0.02):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            while True:
                os.write(writer, b"x")
                shutil.rmtree(folder, ignore_errors=True)
                build(SOURCE, cache=folder)
        os.close(writer)
        with open(reader, "rb") as begun:
            begun.read(1)
        time.sleep(delay + 0.02)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert build(SOURCE, cache=folder).bundle.digest == DIGEST
    shutil.rmtree(folder)
    filled(folder)


def test_the_command_warns_of_a_cache_that_it_cannot_use_and_goes_on(tmp_path: Path) -> None:
    write(tmp_path, {"templates/a": "x", "file": "x"})
    found = run("compile", "-o", "x.blend", cwd=tmp_path, environ={"BLENDTPL_CACHE_DIR": str(tmp_path / "file")})
    assert found.returncode == 0
    assert found.stderr.startswith(f"warning: the build cache `{tmp_path / 'file'}` is not used: ".encode())
    assert found.stderr.count(b"\n") == 1


def test_the_cache_is_where_the_system_wants_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BLENDTPL_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert blendtpl.compiler.cache.default_folder() == tmp_path / "blendtpl"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/me")
    assert blendtpl.compiler.cache.default_folder() == Path("/home/me/.cache/blendtpl")
    monkeypatch.setenv("BLENDTPL_CACHE_DIR", "elsewhere")
    assert blendtpl.compiler.cache.default_folder() == Path("elsewhere")


def test_the_api_uses_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLENDTPL_CACHE_DIR", str(tmp_path / "cache"))
    blendtpl.compile(SOURCE)
    assert not (tmp_path / "cache").exists()
