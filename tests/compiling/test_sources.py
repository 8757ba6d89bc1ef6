"""Where templates come from: a folder, a mapping, each kind of loader, an environment; and what is no template."""

import errno
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jinja2
import pytest

import blendtpl
from tests.compiling.support import build, write

FILES = {"a.html": "{% include 'b/c.txt' %}", "b/c.txt": "text"}


def names_of(source: Any, **options: Any) -> list[str]:
    return sorted(blendtpl.compile(source, **options).manifest.templates)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    write(tmp_path / "blend_test_package", {"__init__.py": "", **{f"templates/{n}": t for n, t in FILES.items()}})
    monkeypatch.syspath_prepend(tmp_path)
    return "blend_test_package"


def test_a_folder_a_mapping_and_every_loader_that_lists_give_one_bundle(tmp_path: Path, package: str) -> None:
    folder = write(tmp_path / "templates", FILES)
    reader = jinja2.DictLoader(FILES)
    sources: Iterable[Any] = [
        str(folder),
        folder,
        FILES,
        reader,
        jinja2.FileSystemLoader(folder),
        jinja2.FileSystemLoader([tmp_path / "nowhere", folder]),
        jinja2.PackageLoader(package),
        jinja2.PrefixLoader({"b": jinja2.DictLoader({"c.txt": "text"})}),
        jinja2.ChoiceLoader([jinja2.DictLoader({"b/c.txt": "text"}), jinja2.DictLoader({**FILES, "b/c.txt": "no"})]),
    ]
    for source in sources:
        bundle = blendtpl.compile(source)
        if not isinstance(source, jinja2.PrefixLoader):
            assert bundle.code == blendtpl.compile(FILES).code, source
        assert blendtpl.load(bundle).render("b/c.txt") == "text"


def test_an_environment_gives_its_templates_and_its_options() -> None:
    environment = jinja2.Environment(loader=jinja2.DictLoader({"a": "<< shout(x) >>"}), variable_start_string="<<")
    environment.variable_end_string = ">>"
    environment.filters["loud"] = str.upper
    environment.globals["shout"] = str.upper
    bundle = blendtpl.compile(environment)
    assert blendtpl.load(bundle, environment=environment).render("a", x="hi") == "HI"


def test_another_environment_may_be_given_for_the_options() -> None:
    templates = jinja2.Environment(loader=jinja2.DictLoader({"a": "{{ x|loud }}"}))
    options = jinja2.Environment()
    options.filters["loud"] = str.upper
    assert names_of(templates, environment=options) == ["a"]
    with pytest.raises(blendtpl.SourceError):
        blendtpl.compile(templates)


def test_a_loader_that_cannot_list_is_named_in_the_error() -> None:
    function = jinja2.FunctionLoader(lambda name: "text")
    with pytest.raises(blendtpl.ConfigError, match="the loader FunctionLoader cannot list its templates"):
        blendtpl.compile(function)
    with pytest.raises(blendtpl.ConfigError, match="the loader ChoiceLoader cannot list its templates"):
        blendtpl.compile(jinja2.ChoiceLoader([jinja2.DictLoader({}), function]))


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (jinja2.Environment(), "the environment has no loader, so it has no templates to compile"),
        (3, "cannot compile a int: give a folder, a mapping from names to texts"),
        ({1: "x"}, "a template's name is a string, not 1"),
        ("no/such/folder", "no folder `no/such/folder` to compile"),
        ("a" * 300, "no folder `aaa"),
        ("a\0b", "no folder `a\\x00b` to compile"),
        pytest.param(__file__, "to compile: it is a file", id="a file"),
        (jinja2.FileSystemLoader("no/such/folder"), "the FileSystemLoader that was given has no template in it"),
    ],
)
def test_what_is_no_set_of_templates_is_an_error_that_says_so(source: Any, told: str) -> None:
    with pytest.raises(blendtpl.ConfigError) as caught:
        blendtpl.compile(source)
    assert told in str(caught.value)


def test_a_folder_without_a_template_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, {"examples.json": "{}", ".hidden": "x", ".git/config": "x", "old.html~": "x"})
    with pytest.raises(blendtpl.ConfigError, match="has no template in it"):
        blendtpl.compile(tmp_path)


def test_an_empty_mapping_is_a_bundle_of_nothing() -> None:
    assert dict(blendtpl.load(blendtpl.compile({}))) == {}


def test_hidden_files_backups_examples_and_bundles_are_no_templates(tmp_path: Path) -> None:
    other = blendtpl.compile({"x": "y"})
    skipped: dict[str, str | bytes] = {
        ".hidden.html": "{{",
        ".git/config": "{{",
        "__pycache__/a.pyc": b"\xff",
        "a.html~": "{{",
        "examples.json": "{{",
        "b/examples.json": "{{",
        "b/c.examples.json": "{{",
        "old.blend": other.data,
        "old.blend.soak.json": "{{",
        "b/any.name": other.data,
    }
    folder = write(tmp_path / "templates", {**FILES, **skipped, "my_examples.json": "x", "examples.json.txt": "x"})
    os.mkfifo(folder / "pipe")
    assert names_of(folder) == ["a.html", "b/c.txt", "examples.json.txt", "my_examples.json"]


def test_a_loader_leaves_out_examples_bundles_and_hidden_files_that_are_no_text(tmp_path: Path) -> None:
    data = blendtpl.compile({"x": "y"}).data
    extra: dict[str, str | bytes] = {
        "examples.json": "{{",
        "old.blend": data,
        "old.blend.soak.json": "{{",
        f".x.blend.{'0' * 16}.tmp": data[:-100],
        ".DS_Store": b"\0\xff",
        ".htaccess": "text",
    }
    folder = write(tmp_path / "templates", {**FILES, **extra})
    assert names_of(jinja2.FileSystemLoader(folder)) == [".htaccess", "a.html", "b/c.txt"]


def test_a_text_with_half_a_surrogate_pair_or_none_at_all_is_a_fault() -> None:
    source: dict[str, Any] = {"a": "\ud800", "b": b"bytes", "c": None}
    with pytest.raises(blendtpl.SourceError) as caught:
        blendtpl.compile(source)
    assert [(fault.name, fault.kind) for fault in caught.value.faults] == [
        ("a", "undecodable"),
        ("b", "undecodable"),
        ("c", "undecodable"),
    ]


def test_a_loader_of_another_encoding_gives_its_texts_and_its_faults(tmp_path: Path) -> None:
    write(tmp_path, {"a.txt": "Grüße".encode("latin-1")})
    bundle = blendtpl.compile(jinja2.FileSystemLoader(tmp_path, encoding="latin-1"))
    assert blendtpl.load(bundle).render("a.txt") == "Grüße"
    with pytest.raises(blendtpl.SourceError, match="the template is not ASCII: byte 0xfc at offset 2"):
        blendtpl.compile(jinja2.FileSystemLoader(tmp_path, encoding="ascii"))


def test_a_broken_link_and_a_link_to_itself_are_faults_and_nothing_worse(tmp_path: Path) -> None:
    folder = write(tmp_path / "templates", FILES)
    (folder / "broken").symlink_to("nowhere")
    (folder / "loop").symlink_to("loop")
    with pytest.raises(blendtpl.SourceError) as caught:
        build(folder, output=tmp_path / "out.blend")
    assert [(fault.name, fault.message) for fault in caught.value.faults] == [
        ("broken", "cannot read the template: No such file or directory"),
        ("loop", f"cannot read the template: {os.strerror(errno.ELOOP)}"),
    ]


def test_a_link_to_a_file_is_a_template_as_for_jinja2(tmp_path: Path) -> None:
    folder = write(tmp_path / "templates", FILES)
    write(tmp_path, {"shared.txt": "shared"})
    (folder / "link.txt").symlink_to(tmp_path / "shared.txt")
    assert blendtpl.load(blendtpl.compile(folder)).render("link.txt") == "shared"


def test_a_folder_inside_that_cannot_be_looked_through_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "templates", FILES)
    scan = os.scandir

    def closed(path: str) -> Any:
        if os.fspath(path).endswith("b"):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", closed)
    with pytest.raises(blendtpl.SourceError) as caught:
        blendtpl.compile(folder)
    assert [(fault.name, fault.message) for fault in caught.value.faults if fault.kind == "unreadable"] == [
        ("b", "cannot read the template: Permission denied")
    ]


def test_line_ends_of_files_are_read_as_jinja2_reads_them(tmp_path: Path) -> None:
    write(tmp_path, {"a.txt": b"one\r\ntwo\rthree\n{{ x }}\r\n"})
    registry = blendtpl.load(blendtpl.compile(tmp_path))
    stock = jinja2.Environment(loader=jinja2.FileSystemLoader(tmp_path))
    assert registry.render("a.txt", x=1) == stock.get_template("a.txt").render(x=1)


def test_an_environment_that_cannot_be_compiled_for_is_refused() -> None:
    from jinja2.nativetypes import NativeEnvironment

    with pytest.raises(blendtpl.ConfigError, match="NativeEnvironment has a code generator of its own"):
        blendtpl.compile({}, environment=NativeEnvironment())
