"""A registry that is watched has what its sources have, or the last of it that was right."""

import gc
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jinja2
import pytest

import blendtpl

pytest.importorskip("watchfiles")


class Told:
    """Counts the looks that a registry has taken, and waits for the next."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._looks = 0

    def __call__(self, registry: blendtpl.Registry) -> None:
        with self._changed:
            self._looks += 1
            self._changed.notify_all()

    def wait_for(self, holds: Any) -> None:
        """Wait until something holds, as it does behind a look. None comes in two minutes where all has stopped."""
        with self._changed:
            assert self._changed.wait_for(holds, 120)


@contextmanager
def watched(folder: Path, **options: Any) -> Iterator[tuple[Any, Told]]:
    told = Told()
    with blendtpl.watch(folder, on_change=told, **options) as registry:
        yield registry, told


def write(folder: Path, templates: Mapping[str, str]) -> Path:
    for name, text in templates.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BLENDTPL_CACHE_DIR", str(tmp_path / "cache"))
    return write(tmp_path / "templates", {"a.html": "{% include 'b.html' %}!", "b.html": "one"})


def test_an_edit_is_taken_and_a_broken_one_is_told(folder: Path) -> None:
    with watched(folder) as (registry, told):
        assert registry.render("a.html") == "one!"
        assert registry.fault is None
        template, before = registry["a.html"], registry.digest
        write(folder, {"b.html": "two", "new/c.html": "{{ x }}"})
        told.wait_for(lambda: "new/c.html" in registry and registry.render("a.html") == "two!")
        assert template.render() == "one!"  # whoever has a template keeps it
        assert registry.digest != before
        write(folder, {"b.html": "{% if %}"})
        told.wait_for(lambda: registry.fault is not None)
        assert "b.html:1" in str(registry.fault)
        assert registry.render("a.html") == "two!"
        write(folder, {"b.html": "three"})
        told.wait_for(lambda: registry.fault is None)
        assert registry.render("a.html") == "three!"
        (folder / "new/c.html").unlink()
        told.wait_for(lambda: "new/c.html" not in registry)


def test_a_filter_that_is_missing_is_told_as_well(folder: Path) -> None:
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(folder))
    told = Told()
    with blendtpl.watch(environment, on_change=told) as registry:
        environment.filters["late"] = str.upper
        write(folder, {"b.html": "{{ 'x'|late }}"})
        told.wait_for(lambda: registry.render("a.html") == "X!")


def test_a_stream_that_has_begun_ends_with_what_it_began_with(folder: Path) -> None:
    write(folder, {"a.html": "{% for x in xs %}{{ x }}{% include 'b.html' %}{% endfor %}"})
    with watched(folder) as (registry, told):
        stream = registry["a.html"].stream(xs=["-" * 9000] * 2)
        first = next(stream)
        write(folder, {"b.html": "two"})
        told.wait_for(lambda: registry.render("b.html") == "two")
        assert (first + "".join(stream)).count("one") == 2


def test_a_folder_that_is_put_in_the_place_of_another_is_followed(folder: Path, tmp_path: Path) -> None:
    with watched(folder) as (registry, told):
        folder.rename(tmp_path / "before")
        told.wait_for(lambda: registry.fault is not None)
        assert registry.render("a.html") == "one!"
        write(tmp_path / "next", {"a.html": "next"}).rename(folder)
        told.wait_for(lambda: registry.fault is None and registry.render("a.html") == "next")
        write(folder, {"a.html": "and changed"})
        told.wait_for(lambda: registry.render("a.html") == "and changed")


def test_old_generations_are_gone(folder: Path) -> None:
    with watched(folder) as (registry, told):
        told.wait_for(lambda: True)
        old = []
        for number in range(20):
            old.append(weakref.ref(registry._generation))
            write(folder, {"b.html": f"{number}"})
            registry.refresh()
            assert registry.render("a.html") == f"{number}!"
    gc.collect()
    assert not any(dead() for dead in old)


def test_whoever_subscribes_is_told_until_they_end_it_and_is_not_kept(folder: Path) -> None:
    class Listener:
        def __init__(self) -> None:
            self.told: list[object] = []

        def hear(self, registry: object) -> None:
            self.told.append(registry)

    with watched(folder) as (registry, told):
        told.wait_for(lambda: told._looks)  # the first look, behind which nothing is told but what we do
        listener = Listener()
        end: Any = registry.subscribe(listener.hear)
        registry.refresh()
        assert listener.told[-1:] == [registry]
        end()
        end()
        count = len(listener.told)
        registry.refresh()
        assert len(listener.told) == count
        dead = weakref.ref(listener)
        listener.told.clear()
        del listener
        assert dead() is None
        assert registry.folders == (folder,)


def test_nothing_is_seen_once_it_is_closed(folder: Path) -> None:
    with watched(folder) as (registry, _):
        assert registry._thread.is_alive()
    registry.close()  # which may be done again
    assert not registry._thread.is_alive()
    write(folder, {"b.html": "two"})
    assert registry.render("a.html") == "one!"


def test_mistakes(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(blendtpl.ConfigError, match="no folder that is there"):
        blendtpl.watch(tmp_path / "nowhere")
    with pytest.raises(blendtpl.ConfigError, match="are in none"):
        blendtpl.watch({"a.html": ""})
    write(folder, {"b.html": "{% if %}"})
    with pytest.raises(blendtpl.SourceError, match=r"b\.html"):
        blendtpl.watch(folder)
    assert not any(thread.name == "blendtpl.watch" for thread in threading.enumerate())
    write(folder, {"b.html": "one"})
    with watched(folder) as (registry, _), pytest.raises(blendtpl.BundleError, match="watched"):
        registry.__reduce__()


def test_folders_of_settings_and_loaders_are_found(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.blendtpl]\ntemplates = "templates"\n')
    monkeypatch.chdir(tmp_path)
    with blendtpl.watch() as registry:
        assert registry.render("a.html") == "one!"
    (folder / "a.html").unlink()
    loader = jinja2.ChoiceLoader([jinja2.DictLoader({}), jinja2.PrefixLoader({"p": jinja2.FileSystemLoader(folder)})])
    with blendtpl.watch(loader) as registry:
        assert registry.render("p/b.html") == "one"
