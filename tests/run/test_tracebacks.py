# ruff: noqa: E501  # template texts are easier to read in one line
"""A traceback shows the templates: file, line, source text and name of each step, in order, as Jinja2's own does."""

import contextlib
import linecache
import re
import shutil
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2
import pytest

import blendtpl
from testkit import PATIENCE
from testkit.oracle import load
from testkit.scenes import CALL, ERRORS, SCENES, TOP, Scene, environment, place, variables

ENTRY = re.compile(r'^  File "([^"]+)", line (\d+), in (.+)\n(?:    (.*)\n)?', re.MULTILINE)

Places = tuple[tuple[str, int], ...]


@pytest.fixture(autouse=True)
def _no_lines_of_other_tests() -> Iterator[None]:
    linecache.clearcache()
    yield
    linecache.clearcache()


def caught(render: Callable[..., object], *arguments: Any, **named: Any) -> BaseException:
    """Return what a call raises."""
    try:
        render(*arguments, **named)
    except BaseException as error:
        return error
    pytest.fail("it did not fail")


def steps(error: BaseException, names: Iterable[str]) -> Iterator[traceback.FrameSummary]:
    """Yield the entries of a traceback that are of templates."""
    for entry in traceback.extract_tb(error.__traceback__):
        if entry.filename in names:
            yield entry


def places(error: BaseException, names: Iterable[str]) -> Places:
    return tuple((entry.filename, entry.lineno or 0) for entry in steps(error, names))


def once_each(found: Iterable[tuple[str, int]]) -> Places:
    """Return places without those that are the same as the one before: how often a line is there is an engine's own."""
    return tuple(place for place, _ in groupby(found))


def shown(error: BaseException, names: Iterable[str]) -> list[tuple[str, int, str]]:
    """Return file, line and source text of each template's entry in what Python prints."""
    text = "".join(traceback.format_exception(error))
    return [(file, int(line), source) for file, line, _, source in ENTRY.findall(text) if file in names]


def texts_of(places: Places, texts: Mapping[str, str]) -> list[tuple[str, int, str]]:
    return [(file, line, texts[file].splitlines()[line - 1].strip()) for file, line in places]


def told(error: BaseException) -> str:
    """Return what an error says about its place, without its message."""
    if isinstance(error, blendtpl.UndefinedError):
        chain = f" (from {', from '.join(error.chain)})" if error.chain else ""
        assert str(error).endswith(chain)
        assert str(error).startswith(f"{error.name}:{error.line}: ")
        return f"in template {error.name}:{error.line}{chain}"
    (note,) = error.__notes__
    return str(note)


def as_note(places: Places) -> str:
    (file, line), *callers = once_each(places)[::-1]
    chain = ", ".join(f"from {file}:{line}" for file, line in callers)
    return f"in template {file}:{line}" + (f" ({chain})" if chain else "")


def others_shown(error: BaseException) -> list[BaseException]:
    """Return what Python prints in front of an error, as its cause or what was being handled."""
    handled = None if error.__suppress_context__ else error.__context__
    return [other for other in (error.__cause__, handled) if other is not None]


def in_folder(folder: Path, texts: Mapping[str, str]) -> Path:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder


every_scene = pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.title)


@every_scene
def test_each_step_is_there_with_file_and_line_and_the_error_tells_them(scene: Scene) -> None:
    for kind in scene.errors:
        texts = scene.failing(kind)
        template = load(texts, environment)["main.html"]
        for error in (caught(template.render, variables()), caught(list, template.stream(variables()))):
            assert (kind, places(error, texts)) == (kind, scene.places)
            assert (kind, told(error)) == (kind, as_note(scene.places))
            assert (kind, others_shown(error)) == (kind, [])


@every_scene
def test_each_step_has_its_source_text_though_source_and_bundle_are_gone(scene: Scene, tmp_path: Path) -> None:
    texts = scene.failing(scene.usual)
    folder = in_folder(tmp_path / "sources", texts)
    blendtpl.compile(folder, environment=environment).write(tmp_path / "a.blend")
    shutil.rmtree(folder)
    registry = blendtpl.load(tmp_path / "a.blend", environment=environment)
    (tmp_path / "a.blend").unlink()
    error = caught(registry.render, "main.html", variables())
    assert shown(error, texts) == texts_of(scene.places, texts)


@every_scene
def test_without_sources_each_step_has_file_and_line(scene: Scene) -> None:
    texts = scene.failing(scene.usual)
    bundle = blendtpl.compile(texts, environment=environment, sources=False)
    error = caught(blendtpl.load(bundle, environment=environment).render, "main.html", variables())
    assert shown(error, texts) == [(file, line, "") for file, line in scene.places]
    assert told(error) == as_note(scene.places)


@every_scene
def test_each_step_is_named_by_what_ran(scene: Scene) -> None:
    texts = scene.failing(scene.usual)
    error = caught(load(texts, environment).render, "main.html", variables())
    assert tuple(entry.name for entry in steps(error, texts)) == scene.names


def with_names(texts: Mapping[str, str]) -> jinja2.Environment:
    """Return Jinja2's environment, with each template's name as that of its file."""
    made = environment()
    made.loader = jinja2.FunctionLoader(lambda name: (texts[name], name, lambda: True) if name in texts else None)
    return made


@every_scene
def test_the_steps_are_those_of_jinja2(scene: Scene) -> None:
    expected = once_each(map(place, scene.jinja2)) or once_each(scene.places)
    if any(line == 0 for _, line in expected):
        return
    for kind in scene.errors:
        texts = scene.failing(kind)
        error = caught(with_names(texts).get_template("main.html").render, variables())
        assert (kind, once_each(places(error, texts))) == (kind, expected)
        named = {(*place(step), name) for step, name in zip(scene.way, scene.names, strict=True)}
        for entry in steps(error, texts):
            if entry.name != "template" and not scene.jinja2:  # which is what it calls any macro, call and loop
                assert (entry.filename, entry.lineno, entry.name) in named


def test_every_error_is_in_some_scene_and_raises_what_it_says() -> None:
    expected = {
        **dict.fromkeys(("attribute", "undefined"), blendtpl.UndefinedError),
        **dict.fromkeys(("filter", "test", "function"), ValueError),
        "division": ZeroDivisionError,
        "text": ArithmeticError,
    }
    scene = SCENES[0]
    for kind in ERRORS:
        registry = load(scene.failing(kind), environment)
        assert (kind, type(caught(registry.render, "main.html", variables()))) == (kind, expected[kind])


# ways to render other than a whole template

PAGE = {
    "main.html": "{% extends 'base.html' %}\n{% from 'lib.html' import m %}\n{% set title %}\n{{ first }}{% endset %}\n{% block b %}\n{{ title }}\n{{ m(second) }}\n{{ super() }}\n{% include 'part.html' %}\n{% endblock %}",
    "base.html": "{{ not_run }}\n{% block b %}\n\n{{ third }}{% endblock %}",
    "lib.html": "\n{% macro m(x) %}\n{{ x }}{% endmacro %}",
    "part.html": "\n\n{{ fourth }}",
}


@pytest.mark.parametrize(
    ("missing", "way"),
    [
        ("first", ["main.html:4 top-level template code"]),
        ("second", ["main.html:7 block 'b'", "lib.html:3 macro 'm'"]),
        ("third", ["main.html:8 block 'b'", "base.html:4 block 'b'"]),
        ("fourth", ["main.html:9 block 'b'", "part.html:3 top-level template code"]),
    ],
)
def test_a_block_alone_has_its_own_way(missing: str, way: list[str]) -> None:
    given = {name: 1 for name in ("first", "second", "third", "fourth") if name != missing}
    error = caught(load(PAGE)["main.html"].render_block, "b", given)
    assert [f"{entry.filename}:{entry.lineno} {entry.name}" for entry in steps(error, PAGE)] == way
    assert told(error) == as_note(tuple(map(place, way)))


def test_a_stream_that_fails_late_has_the_same_way() -> None:
    texts = {"main.html": "{% for x in range(50) %}\n{{ long }}\n{% include 'part.html' %}{% endfor %}", "part.html": "\n\n{{ 1 // (40 - x) }}"}  # fmt: skip
    pieces = load(texts)["main.html"].stream(long="x" * 1000)
    assert next(pieces)
    error = caught(list, pieces)
    assert places(error, texts) == (("main.html", 3), ("part.html", 3))


def test_a_message_has_the_way_of_its_part() -> None:
    texts = {"mail/subject.txt": "s", "mail/body.txt": "\n{% include 'mail/footer.txt' %}", "mail/footer.txt": "\n\n{{ nope }}"}  # fmt: skip
    error = caught(load(texts).message, "mail", to=["a@example.org"], sender="b@example.org")
    assert shown(error, texts) == [
        ("mail/body.txt", 2, "{% include 'mail/footer.txt' %}"),
        ("mail/footer.txt", 3, "{{ nope }}"),
    ]
    assert str(error) == "mail/footer.txt:3: 'nope' is undefined (from mail/body.txt:2)"


# what stands between and around the templates

NEST = {
    "main.html": "\n{% for x in [1] %}\n{% include 'part.html' %}{% endfor %}",
    "part.html": "{% from 'lib.html' import m %}\n\n\n{{ m(inner) }}",
    "lib.html": "{% macro m(inner) %}\n{{ inner() }}{% endmacro %}",
    "other.html": "\n\n\n\n{% include 'last.html' %}",
    "last.html": "\n{{ 1 / 0 }}",
}
NEST_WAY = (("main.html", 3), ("part.html", 4), ("lib.html", 2))
SMALL = {**NEST, "part.html": "\n\n{% include 'lib.html' %}", "lib.html": "\n\n\n\n\n{{ inner() }}"}
SMALL_WAY = (("main.html", 3), ("part.html", 3), ("lib.html", 6))

with_macros_and_with_includes = pytest.mark.parametrize(
    ("texts", "way"), [(NEST, NEST_WAY), (SMALL, SMALL_WAY)], ids=["macros", "includes"]
)


@with_macros_and_with_includes
def test_a_render_within_a_render_is_in_the_middle_of_its_way(texts: dict[str, str], way: Places) -> None:
    registry = load(texts)
    error = caught(registry.render, "main.html", inner=lambda: registry.render("other.html"))
    assert places(error, texts) == (*way, ("other.html", 5), ("last.html", 2))
    assert error.__notes__ == ["in template last.html:2 (from other.html:5)", as_note(way)]


@with_macros_and_with_includes
def test_the_frames_of_a_function_come_behind_the_templates_that_call_it(texts: dict[str, str], way: Places) -> None:
    def inner() -> str:
        return deeper()

    def deeper() -> str:
        raise ValueError("deep")

    error = caught(load(texts).render, "main.html", inner=inner)
    entries = [(entry.filename, entry.lineno, entry.name) for entry in traceback.extract_tb(error.__traceback__)]
    assert entries[-3][:2] == way[-1]
    assert [name for *_, name in entries[-2:]] == ["inner", "deeper"]
    assert places(error, texts) == way


@with_macros_and_with_includes
def test_all_other_entries_are_of_files_that_exist(texts: dict[str, str], way: Places) -> None:
    error = caught(load(texts).render, "main.html", inner=lambda: 1 / 0)
    others = {entry.filename for entry in traceback.extract_tb(error.__traceback__)} - texts.keys()
    assert all(Path(file).is_file() for file in others)


@with_macros_and_with_includes
def test_an_interrupt_has_the_way_too_but_no_note(texts: dict[str, str], way: Places) -> None:
    def interrupt() -> str:
        raise KeyboardInterrupt

    error = caught(load(texts).render, "main.html", inner=interrupt)
    assert type(error) is KeyboardInterrupt
    assert places(error, texts) == way
    assert not hasattr(error, "__notes__")


@with_macros_and_with_includes
def test_what_a_function_raised_from_is_kept_with_its_own_way(texts: dict[str, str], way: Places) -> None:
    registry = load(texts)

    def inner() -> str:
        try:
            return registry.render("other.html")
        except ZeroDivisionError as error:
            raise ValueError("no") from error

    error = caught(registry.render, "main.html", inner=inner)
    assert error.__cause__ is not None
    assert places(error, texts) == way
    assert places(error.__cause__, texts) == (("other.html", 5), ("last.html", 2))


@with_macros_and_with_includes
def test_a_render_that_fails_again_has_the_same_way_again(texts: dict[str, str], way: Places) -> None:
    registry = load(texts)
    for _ in range(3):
        error = caught(registry.render, "main.html", inner=lambda: registry.render("other.html"))
        assert places(error, texts) == (*way, ("other.html", 5), ("last.html", 2))


@with_macros_and_with_includes
def test_an_error_object_that_is_raised_twice_shows_the_last_way_first(texts: dict[str, str], way: Places) -> None:
    registry, kept = load({**texts, "fail.html": "\n{{ fail() }}"}), ValueError("kept")

    def fail() -> str:
        raise kept

    caught(registry.render, "fail.html", fail=fail)
    error = caught(registry.render, "main.html", inner=fail)
    assert places(error, texts)[: len(way)] == way
    assert error.__notes__ == ["in template fail.html:2", as_note(way)]


@with_macros_and_with_includes
def test_an_error_that_a_function_catches_leaves_the_way_of_the_next_alone(texts: dict[str, str], way: Places) -> None:
    registry = load(texts)

    def inner() -> str:
        with contextlib.suppress(ZeroDivisionError):
            registry.render("other.html")
        raise ValueError("next")

    error = caught(registry.render, "main.html", inner=inner)
    assert places(error, texts) == way
    assert error.__notes__ == [as_note(way)]


@with_macros_and_with_includes
def test_two_threads_that_fail_have_each_its_own_way(texts: dict[str, str], way: Places) -> None:
    registry, both = load(texts), threading.Barrier(2)

    def fail() -> str:
        both.wait(timeout=PATIENCE)
        raise ValueError("in a thread")

    def work(name: str) -> BaseException:
        return caught(registry.render, name, inner=fail)

    with ThreadPoolExecutor(2) as pool:
        whole, part = pool.map(work, ["main.html", "part.html"])
    assert places(whole, texts) == way
    assert places(part, texts) == way[1:]


def test_a_debugger_finds_the_line_of_each_step_in_its_frame() -> None:
    error = caught(load(NEST).render, "main.html", inner=lambda: 1 / 0)
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename in NEST:
            assert frame.f_globals["__name__"] == frame.f_code.co_filename
            assert line > 0


def test_a_recursion_is_folded_by_python_and_by_the_note() -> None:
    texts = {
        "main.html": "\n{% macro m(n) %}\n{% if n %}{{ m(n - 1) }}{% endif %}{{ 1 / n }}{% endmacro %}\n{{ m(20) }}"
    }
    error = caught(load(texts).render, "main.html")
    assert places(error, texts) == (("main.html", 4), *[("main.html", 3)] * 21)
    assert error.__notes__ == ["in template main.html:3 (from main.html:4)"]


@pytest.mark.parametrize("around", ["{% for x in [1] %}", "{% if on %}", "{% with x = 1 %}"])
def test_a_recursion_without_end_goes_through_the_templates_only_and_is_one_error(around: str) -> None:
    end = "{% end" + around.split()[1] + " %}"
    texts = {
        "main.html": f"\n{around}\n{{% include 'part.html' %}}{end}",
        "part.html": "{% if on %}\n\n\n{{ on }}{% include 'main.html' %}{% endif %}",
    }
    error = caught(load(texts).render, "main.html", on=1)
    assert type(error) is RecursionError
    assert set(places(error, texts)) <= {("main.html", 3), ("part.html", 4), ("part.html", 1)}
    assert others_shown(error) == []


def test_a_long_way_is_cut_in_the_note_and_whole_in_the_chain() -> None:
    texts = {f"{n}.html": f"{{% include '{n + 1}.html' %}}" for n in range(15)} | {"15.html": "{{ nope }}"}
    error = caught(load(texts).render, "0.html")
    assert places(error, texts) == tuple((f"{n}.html", 1) for n in range(16))
    assert isinstance(error, blendtpl.UndefinedError)
    assert error.chain == tuple(f"{n}.html:1" for n in range(14, -1, -1))
    assert str(error).endswith("from 5.html:1, and 5 more)")


def test_names_in_folders_are_shown_whole() -> None:
    texts = {
        "emails/alert/body.html": "\n{% for change in changes %}\n{% include 'emails/alert/parts/change.html' %}\n{% endfor %}",
        "emails/alert/parts/change.html": "{% from 'emails/macros.html' import link %}\n\n  {{ link(change) }}\n",
        "emails/macros.html": "{% macro link(x) %}\n<a href={{ x.url }}>\n  {{ x.title.upper() }}</a>{% endmacro %}",
    }
    error = caught(load(texts).render, "emails/alert/body.html", changes=[{"url": "u"}])
    assert "".join(traceback.format_exception(error)).count('File "emails/') == 3
    assert shown(error, texts) == [
        ("emails/alert/body.html", 3, "{% include 'emails/alert/parts/change.html' %}"),
        ("emails/alert/parts/change.html", 3, "{{ link(change) }}"),
        ("emails/macros.html", 3, "{{ x.title.upper() }}</a>{% endmacro %}"),
    ]
    assert str(error) == (
        "emails/macros.html:3: 'dict object' has no attribute 'title'"
        " (from emails/alert/parts/change.html:3, from emails/alert/body.html:3)"
    )


def test_a_name_is_not_suggested_for_itself_where_a_module_without_context_does_not_see_it() -> None:
    texts = {
        "main.html": "{% import 'lib.html' as lib %}\n{{ lib.m() }}",
        "lib.html": "{% macro m() %}\n{{ user }}{% endmacro %}",
    }
    error = caught(load(texts).render, "main.html", user=1)
    assert str(error).startswith("lib.html:2: 'user' is undefined")
    assert "did you mean `user`?" not in str(error)


# source texts


def source_shown(registry: blendtpl.Registry, name: str) -> str:
    error = caught(registry.render, name)
    ((_, _, text),) = shown(error, (name,))
    return text


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\r", "\x0c\n", "\u2028\n"], ids=ascii)
def test_the_source_text_is_of_the_line_that_jinja2_counts(separator: str) -> None:
    registry = load({"lines.html": f"a{separator}b{separator}{{{{ 1 / 0 }}}} c"})
    assert source_shown(registry, "lines.html") == "{{ 1 / 0 }} c"


def test_two_registries_show_each_its_own_source_text() -> None:
    old = load({"twice.html": "{{ nope }} old"})
    new = load({"twice.html": "{{ nope }} new"})
    assert source_shown(old, "twice.html") == "{{ nope }} old"
    assert source_shown(new, "twice.html") == "{{ nope }} new"
    assert source_shown(old, "twice.html") == "{{ nope }} old"


def test_an_error_that_nobody_catches_shows_the_places_too(tmp_path: Path) -> None:
    blendtpl.compile({"m.html": "\n{% include 'n.html' %}", "n.html": "\n\n{{ 1 / 0 }} text"}).write(tmp_path / "a.blend")  # fmt: skip
    program = "import sys, blendtpl; blendtpl.load(sys.argv[1]).render('m.html')"
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "a.blend")], capture_output=True, text=True, check=False)  # fmt: skip
    assert 'File "m.html", line 2, in top-level template code\n' in done.stderr
    assert 'File "n.html", line 3, in top-level template code\n' in done.stderr
    assert done.stderr.endswith("ZeroDivisionError: division by zero\nin template n.html:3 (from m.html:2)\n")


# blendtpl.Environment


def test_an_environment_shows_the_files_that_its_loader_names(tmp_path: Path) -> None:
    folder = in_folder(tmp_path, {"main.html": "\n{% include 'part.html' %}", "part.html": "{% from 'lib.html' import m %}\n{% call m() %}\n{{ 1 / 0 }}{% endcall %}", "lib.html": "\n{% macro m() %}\n{{ caller() }}{% endmacro %}"})  # fmt: skip
    live: Any = blendtpl.Environment(loader=jinja2.FileSystemLoader(folder))
    error = caught(live.get_template("main.html").render)
    files = {str(folder / name): name for name in ("main.html", "part.html", "lib.html")}
    assert [(files[entry.filename], entry.lineno, entry.name, entry.line) for entry in steps(error, files)] == [
        ("main.html", 2, TOP, "{% include 'part.html' %}"),
        ("part.html", 2, TOP, "{% call m() %}"),
        ("lib.html", 3, "macro 'm'", "{{ caller() }}{% endmacro %}"),
        ("part.html", 3, CALL, "{{ 1 / 0 }}{% endcall %}"),
    ]
