"""A registry is a read-only Mapping of templates that nothing can change."""

import copy
import pickle
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, fields, is_dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jinja2
import pytest

import blendtpl
from testkit.oracle import load

TEXTS = {
    "emails/alert.txt": "{% extends 'base.txt' %}{% block b %}{{ x }}{% endblock %}",
    "base.txt": "{% block b %}{% endblock %}{% include ['no', 'part.txt'] %}{% block c %}{% endblock %}",
    "part.txt": "{{ x | upper }}{{ y.z }}{% include dynamic ignore missing %}",
}


@pytest.fixture(scope="module")
def small() -> blendtpl.Registry:
    return load(TEXTS)


def test_a_registry_is_a_mapping_in_every_way(small: blendtpl.Registry) -> None:
    assert isinstance(small, Mapping)
    assert len(small) == 3
    assert list(small) == sorted(TEXTS) == list(small.keys())
    assert "base.txt" in small
    assert "nope" not in small
    assert 5 not in small  # type: ignore[comparison-overlap]
    assert small.get("nope") is None
    assert small.get("nope", 5) == 5
    assert small.get("base.txt") is small["base.txt"] is small.get_template("base.txt")
    assert [template.name for template in small.values()] == list(small)
    assert dict(small.items()) == dict(small)
    assert small.keys() & {"base.txt", "x"} == {"base.txt"}
    assert small == small
    assert small != load(TEXTS)
    assert small != dict(small)
    assert len({small, small}) == 1
    assert bool(small)
    assert not load({})
    match small:
        case {"base.txt": template}:
            assert template.name == "base.txt"
        case _:
            pytest.fail("a registry does not match as a mapping")
    with pytest.raises(TypeError):
        small[["a"]]  # type: ignore[index]


def test_asking_whether_a_name_is_there_does_not_look_for_similar_ones(
    monkeypatch: pytest.MonkeyPatch, small: blendtpl.Registry
) -> None:
    def fail(*arguments: object) -> None:
        raise AssertionError

    monkeypatch.setattr("blendtpl.errors.difflib.get_close_matches", fail)
    assert "bse.txt" not in small
    assert small.get("bse.txt") is None
    assert small.render("part.txt", x="x", y={"z": 1}, dynamic="parts.txt") == "X1"


def test_a_template_says_what_it_is_made_of(small: blendtpl.Registry) -> None:
    alert = small["emails/alert.txt"]
    assert alert.name == "emails/alert.txt"
    assert alert.blocks == ("b", "c")
    assert alert.references == ("base.txt",)
    assert small["base.txt"].references == ("no", "part.txt")
    assert set(alert.variables) == {"dynamic", "x", "y"}
    assert alert.source == TEXTS["emails/alert.txt"]
    assert repr(alert) == "<Template emails/alert.txt>"
    assert repr(small) == f"<Registry of 3 templates, sha256 {small.digest[:12]}>"


def everything(root: object) -> list[tuple[str, object]]:
    """Return all that is reachable from `root` by public attributes, items and iteration, with how it is reached."""
    found, waiting, seen = [], [("registry", root)], set()
    while waiting:
        path, value = waiting.pop()
        if id(value) in seen or isinstance(value, (str, int, bool, float, type(None))):
            continue
        seen.add(id(value))
        found.append((path, value))
        if isinstance(value, Mapping):
            waiting += [(f"{path}[{key!r}]", inner) for key, inner in value.items()]
        if isinstance(value, tuple):
            waiting += [(f"{path}[{index}]", inner) for index, inner in enumerate(value)]
        elif type(value).__module__.startswith("blendtpl"):
            for name in dir(value):
                if not name.startswith("_") and not callable(attribute := getattr(value, name)):
                    waiting.append((f"{path}.{name}", attribute))
    return found


def test_everything_that_a_registry_hands_out_is_immutable_to_the_bottom(small: blendtpl.Registry) -> None:
    found = everything(small)
    kinds = {type(value) for _, value in found}
    assert {blendtpl.Registry, blendtpl.Template, blendtpl.Manifest, blendtpl.Entry, blendtpl.Reference} <= kinds
    for path, value in found:
        if type(value).__module__.startswith("blendtpl"):
            check_no_attribute_changes(path, value)
        else:
            assert type(value) in {tuple, MappingProxyType}, path
        if isinstance(value, Mapping):
            check_no_item_changes(value)


def check_no_attribute_changes(path: str, value: Any) -> None:
    assert not hasattr(value, "__dict__"), path
    names = [field.name for field in fields(value)] if is_dataclass(value) else [n for n in dir(value) if n[:2] != "__"]
    for name in (*names, "new", "__class__", "__doc__"):
        before = getattr(value, name, None)
        with pytest.raises((AttributeError, FrozenInstanceError, TypeError)):
            setattr(value, name, None)
        with pytest.raises((AttributeError, FrozenInstanceError, TypeError)):
            delattr(value, name)
        assert getattr(value, name, None) == before


def check_no_item_changes(value: Any) -> None:
    with pytest.raises(TypeError):
        value["new"] = 1
    for key in value:
        with pytest.raises(TypeError):
            value[key] = 1
        with pytest.raises(TypeError):
            del value[key]
    for method in ("clear", "pop", "popitem", "setdefault", "update"):
        assert not hasattr(value, method)
    with pytest.raises(TypeError):
        value |= {"new": 1}


def test_copies_of_what_is_immutable_are_itself(small: blendtpl.Registry) -> None:
    template = small["base.txt"]
    assert copy.copy(small) is copy.deepcopy(small) is small
    assert copy.copy(template) is copy.deepcopy({"layout": template})["layout"] is template


@pytest.mark.parametrize("ask", ["render", "get_template", "__getitem__"])
def test_an_unknown_name_is_a_new_error_each_time_that_says_what_may_be_meant(
    small: blendtpl.Registry, ask: str
) -> None:
    errors = []
    for _ in range(2):
        with pytest.raises(blendtpl.TemplateNotFound) as caught:
            getattr(small, ask)("emails/alerts.txt")
        errors.append(caught.value)
    error = errors[0]
    assert error is not errors[1]
    assert isinstance(error, jinja2.TemplateNotFound)
    assert isinstance(error, KeyError)
    assert isinstance(error, LookupError)
    assert isinstance(error, blendtpl.BlendError)
    assert error.name == error.message == "emails/alerts.txt"
    assert error.templates == ["emails/alerts.txt"]
    assert error.hint == "did you mean `emails/alert.txt`?"
    assert str(error) == "no template `emails/alerts.txt` in the bundle; did you mean `emails/alert.txt`?"
    with pytest.raises(blendtpl.TemplateNotFound) as caught:
        small["completely else"]
    assert str(caught.value) == "no template `completely else` in the bundle"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_errors_travel_by_pickle_with_all_they_say(small: blendtpl.Registry, protocol: int) -> None:
    failing: list[Callable[[], object]] = [
        lambda: small["emails/alerts.txt"],
        lambda: small["quite another"],
        lambda: small.render("part.txt"),
        lambda: small.render("part.txt", x="", yy=1),
        lambda: small["part.txt"].render_block("bb"),
        lambda: load({"a.txt": "{% include n %}"}).render("a.txt", n="a.tx"),
        lambda: blendtpl.compile({"a": "{% if %}"}),
        lambda: blendtpl.load(b""),
    ]
    for fail in failing:
        with pytest.raises(blendtpl.BlendError) as caught:
            fail()
        back = pickle.loads(pickle.dumps(caught.value, protocol))
        assert type(back) is type(caught.value)
        assert str(back) == str(caught.value)
        for name in ("message", "name", "line", "chain", "hint", "templates", "block", "known", "faults", "__notes__"):
            assert getattr(back, name, None) == getattr(caught.value, name, None), name


def test_load_takes_a_path_a_name_bytes_or_a_bundle(tmp_path: Path) -> None:
    bundle = blendtpl.compile(TEXTS)
    bundle.write(tmp_path / "a.blend")
    for source in (bundle, bundle.data, tmp_path / "a.blend", str(tmp_path / "a.blend")):
        registry = blendtpl.load(source, digest=bundle.digest)
        assert registry.digest == bundle.digest
        assert registry.manifest == bundle.manifest


def test_a_file_is_found_where_it_was_when_the_working_folder_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blendtpl.compile(TEXTS).write(tmp_path / "a.blend")
    monkeypatch.chdir(tmp_path)
    registry = blendtpl.load("a.blend")
    monkeypatch.chdir("/")
    assert pickle.loads(pickle.dumps(registry)) is registry


def test_a_registry_with_no_templates_is_one() -> None:
    registry = load({})
    assert list(registry) == []
    with pytest.raises(blendtpl.TemplateNotFound):
        registry.render("a")
