"""A bundle of other versions is compiled again from its sources when the caller asks, and never unmarshalled."""

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import jinja2
import pytest
from jinja2.ext import Extension

import blendtpl
from blendtpl.bundle.archive import CODE, MANIFEST, SOURCES, open_bundle
from blendtpl.bundle.manifest import this_process
from blendtpl.compiler import build
from blendtpl.runtime import registry as registry_module
from tests.run.sealing import SEAL_SIZE, laid_out, members, pack, refused, reseal, with_manifest

KEY = b"a key of some length"
TEMPLATES = {
    "a.html": "{% extends 'b.html' %}{% block c %}{{ x|upper }}{% endblock %}",
    "b.html": "[{% block c %}{% endblock %}]",
}
HERE = this_process()
OTHERS = [
    ("python", "cpython 3.99", "Python"),
    ("python", "pypy 3.11", "Python"),
    ("bytecode", "00000000", "bytecode"),
    ("jinja2", "3.1.99", "Jinja2"),
    ("blendtpl", "99.0", "blendtpl"),
]


def other(
    templates: dict[str, str] | Path = TEMPLATES,
    *,
    key: bytes | None = None,
    sources: bytes | None = b"",
    environment: Any = None,
    **versions: str,
) -> bytes:
    """Return a bundle of other versions, whose code is none; `sources` stand in place of its own, or there are none."""
    found = dict(members(blendtpl.compile(templates, environment=environment)))
    manifest = json.loads(found[MANIFEST])
    manifest["versions"].update(versions or {"python": "cpython 3.99"})
    count = len(manifest["templates"])
    found[MANIFEST] = laid_out(manifest)
    found[CODE] = bytes(8 * count) + b"(" + count.to_bytes(4, "little") + b"\xff" * 9
    if sources is None:
        del found[SOURCES]
    elif sources:
        found[SOURCES] = sources
    return pack(list(found.items()), key=key)


@pytest.fixture(autouse=True)
def _no_travellers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_module, "_travellers", {})


@pytest.mark.parametrize(("field", "version", "label"), OTHERS)
def test_another_version_is_refused_naming_both_and_compiled_again_when_that_is_asked_for(
    field: str, version: str, label: str
) -> None:
    versions: Any = {field: version}
    data = other(**versions)
    assert refused(data) == (
        f"the bundle was compiled by {label} {version}, this is {label} {getattr(HERE, field)}: compile it again, or"
        " load it with `recompile=True`, which compiles the sources inside it"
    )
    registry = blendtpl.load(data, recompile=True)
    assert registry.render("a.html", x="<a>") == "[&lt;A&gt;]"
    assert registry.manifest.versions == HERE
    assert registry["a.html"].source == TEMPLATES["a.html"]


def test_the_code_that_is_inside_is_not_unmarshalled() -> None:
    assert list(blendtpl.load(other(), recompile=True)) == ["a.html", "b.html"]
    with pytest.raises(blendtpl.BundleError, match=r"the code of `a\.html` is malformed"):
        blendtpl.load(other(python=HERE.python), recompile=True)  # the same code, said to be of this version


def test_the_digest_is_that_of_the_file_and_the_manifest_that_of_the_code() -> None:
    data = other()
    digest = open_bundle(data, any_version=True).digest
    registry = blendtpl.load(data, recompile=True, digest=digest)
    assert registry.digest == digest != blendtpl.compile(TEMPLATES).digest
    assert registry.manifest == blendtpl.compile(TEMPLATES).manifest


def test_a_bundle_of_this_version_is_loaded_as_it_is_and_leaves_the_build_half_unloaded(tmp_path: Path) -> None:
    bundle = blendtpl.compile(TEMPLATES)
    bundle.write(tmp_path / "a.blend")
    script = (
        "import sys, blendtpl\n"
        f"registry = blendtpl.load({str(tmp_path / 'a.blend')!r}, recompile=True)\n"
        "print(registry.digest, [name for name in sys.modules if name.startswith('blendtpl.compiler')])"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout == f"{bundle.digest} []\n"


@pytest.mark.parametrize("asked", [{}, {"recompile": True}], ids=str)
def test_without_its_sources_it_says_so_naming_both_versions(asked: dict[str, bool]) -> None:
    assert refused(other(sources=None), **asked) == (
        f"the bundle was compiled by Python cpython 3.99, this is Python {HERE.python}: compile it again, as its"
        " sources were left out, without which `recompile=True` cannot do that"
    )


def compile_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: object, **named: object) -> None:
        raise AssertionError("it was compiled before it was checked")

    monkeypatch.setattr(build, "build", fail)


def test_every_check_comes_before_anything_is_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, signed = other(), other(key=KEY)
    compile_no_more(monkeypatch)
    with pytest.raises(AssertionError, match="before it was checked"):
        blendtpl.load(data, recompile=True)
    assert "as required" in refused(data, recompile=True, digest="0" * 64)
    assert "not signed, but a key is required" in refused(data, recompile=True, key=KEY)
    assert "not signed with this key" in refused(signed, recompile=True, key=b"another of some length")
    assert "damaged" in refused(data.replace(b"{{ x|upper }}", b"{{ x|lower }}"), recompile=True)
    assert "has format 2" in refused(reseal(data[:-SEAL_SIZE], form=b"2"), recompile=True)
    path = tmp_path / "a.blend"
    path.write_bytes(data)
    path.chmod(0o666)
    assert "can be written by others" in refused(path, recompile=True)
    assert "autoescape: on when compiled, off here" in refused(data, recompile=True, environment=jinja2.Environment())


@pytest.mark.parametrize(
    ("sources", "told"),
    [
        (b"{", "its sources are not those of its templates"),
        (b"[]", "its sources are not those of its templates"),
        (b"[" * 100_000, "its sources are not those of its templates"),
        (b"\xff", "its sources are not those of its templates"),
        (b"{}", "its sources are not those of its templates"),
        (b'{"a.html": ""}', "its sources are not those of its templates"),
        (b'{"a.html": "", "b.html": "", "c.html": ""}', "its sources are not those of its templates"),
        (b'{"a.html": "", "b.html": ""}', "the source of `a.html` in it is not the one that was compiled"),
        (b'{"a.html": 5, "b.html": ""}', "the source of `a.html` in it is not the one that was compiled"),
        (b'{"a.html": "\\ud800", "b.html": ""}', "the source of `a.html` in it is not the one that was compiled"),
    ],
    ids=lambda given: str(given[:30]),
)
def test_sources_that_are_not_those_that_were_compiled_are_refused(
    sources: bytes, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = other(sources=sources)
    compile_no_more(monkeypatch)
    assert refused(data, recompile=True) == f"the bundle is of other versions, and {told}"


def test_what_does_not_compile_any_more_is_told_with_every_fault() -> None:
    data = other({"a.html": "{{ x|gone }}", "b.html": "\n{{ y|lost }}"}, environment=changed)
    with pytest.raises(blendtpl.BundleError, match=r"filter `gone` is missing\n  filter `lost` is missing"):
        blendtpl.load(data, recompile=True)

    plain = other({"a.html": "old", "b.html": "\n{{ y }} old"}, environment=lenient)
    environment = lenient()
    environment.extensions[Lenient.identifier] = Stricter(environment)  # as a later release of it might be
    with pytest.raises(blendtpl.BundleError) as caught:
        blendtpl.load(plain, environment=environment, recompile=True)
    assert "the bundle is of other versions, and with these it does not compile:" in str(caught.value)
    assert "--> a.html:1" in str(caught.value)
    assert "--> b.html:2" in str(caught.value)
    assert isinstance(caught.value.__cause__, blendtpl.CompileError)


class Lenient(Extension):
    """What puts in nothing."""


class Stricter(Extension):
    """What puts in a tag that is none."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return source.replace("old", "{% new %}")


def lenient() -> jinja2.Environment:
    environment = blendtpl.default_environment()
    environment.add_extension(Lenient)
    return environment


def changed() -> jinja2.Environment:
    environment = blendtpl.default_environment()
    environment.filters["gone"] = environment.filters["lost"] = lambda value: f"{value}!"
    return environment


def test_an_environment_of_ones_own_is_what_it_is_compiled_with() -> None:
    data = other({"a.html": "{{ x|gone }}"}, environment=changed)
    assert blendtpl.load(data, environment=changed, recompile=True).render("a.html", x="<") == "&lt;!"


@pytest.mark.parametrize("portable", [True, False])
def test_it_is_made_for_this_installation_whatever_it_was_made_for(portable: bool) -> None:
    data = with_manifest(
        blendtpl.compile(TEMPLATES, portable=portable), lambda manifest: manifest["versions"].update(jinja2="3.1.99")
    )
    assert blendtpl.load(data, recompile=True).manifest == blendtpl.compile(TEMPLATES).manifest


def test_a_signed_bundle_is_compiled_again_after_its_signature_was_checked() -> None:
    assert blendtpl.load(other(key=KEY), key=KEY, recompile=True).render("a.html", x="a") == "[A]"


def test_its_registry_travels_as_the_file_and_is_compiled_where_it_arrives(tmp_path: Path) -> None:
    path = tmp_path / "a.blend"
    path.write_bytes(other())
    path.chmod(0o644)
    registry = blendtpl.load(path, recompile=True)
    data = pickle.dumps(registry)
    assert pickle.loads(data) is registry
    registry_module._travellers.clear()
    back = pickle.loads(data)
    assert back is not registry
    assert (back.digest, back.render("a.html", x="a")) == (registry.digest, "[A]")
    assert pickle.loads(pickle.dumps(back)) is back


def test_where_the_build_half_was_left_out_that_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.blend"
    path.write_bytes(other())
    path.chmod(0o644)
    script = (
        "import sys\n"
        "class Left:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'blendtpl.compiler': raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Left())\n"
        "import blendtpl\n"
        f"blendtpl.load({str(path)!r}, recompile=True)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == (
        f"blendtpl.errors.BundleError: {path}: compiling a bundle of other versions again needs `blendtpl.compiler`,"
        " which was left out where this was installed: install all of blendtpl"
    )


def test_of_another_blendtpl_whose_manifest_cannot_be_read_the_version_is_told() -> None:
    whole = blendtpl.compile(TEMPLATES)

    def later(manifest: dict[str, Any]) -> None:
        manifest["versions"]["blendtpl"] = "99.0"
        del manifest["needs"]

    data = with_manifest(whole, later)
    told = f"the bundle was compiled by blendtpl 99.0, this is blendtpl {HERE.blendtpl}: compile it again, "
    assert refused(data) == told + "or load it with `recompile=True`, which compiles the sources inside it"
    assert refused(data, recompile=True) == told + "as this one cannot read its manifest"


def test_names_are_found_in_the_spellings_of_the_folder_that_they_came_from(tmp_path: Path) -> None:
    for name, text in {"a.html": "{% include './/b.html' %}{% include n %}", "b.html": "\ufeff\ufeffb"}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    data = other(tmp_path)
    registry = blendtpl.load(data, recompile=True)
    assert registry.render("/a.html", n="/b.html") == "\ufeffb\ufeffb"
    assert registry["b.html"].source == "\ufeffb"
