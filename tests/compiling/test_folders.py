"""Folders as projects have them: several, with files beside the templates that are none, and with marks of editors."""

import json
from pathlib import Path
from typing import Any

import jinja2
import pytest

import blendtpl
from blendtpl.compiler.frontend.exclusion import exclusion
from blendtpl.tools.contexts import Samples
from tests.compiling.support import build, invoke, write

MARK = b"\xef\xbb\xbf"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
MARKED: dict[str, str | bytes] = {
    "page.html": MARK + b"<html>{% include 'part.html' %}{% from 'macros.html' import f %}{{ f() }}",
    "child.html": MARK + b"{% extends 'base.html' %}{% block b %}{{ super() }}!{% endblock %}",
    "base.html": MARK + b"<{% block b %}base{% endblock %}>",
    "part.html": MARK + b"part",
    "macros.html": MARK + b"{% macro f() %}f{% endmacro %}",
    "mail/subject.txt": MARK + b"Hello",
    "mail/body.txt": MARK + b"Text",
    "mail/body.html": MARK + b"<p>",
    "twice.txt": MARK + MARK + b"x",
    "inside.txt": "a\ufeffb",
    "alone.txt": MARK,
}
UNMARKED = {
    "page.html": "<html>partf",
    "child.html": "<base!>",
    "part.html": "part",
    "twice.txt": "\ufeffx",
    "inside.txt": "a\ufeffb",
    "alone.txt": "",
}


def names_of(source: Any, **options: Any) -> list[str]:
    return list(blendtpl.compile(source, **options).manifest.templates)


@pytest.mark.parametrize("kind", ["folder", "mapping", "loader", "choice", "environment"])
def test_the_mark_of_the_order_of_bytes_at_the_beginning_of_a_file_is_dropped(tmp_path: Path, kind: str) -> None:
    write(tmp_path, MARKED)
    loader = jinja2.FileSystemLoader(tmp_path)
    texts = {name: (tmp_path / name).read_text(encoding="utf-8") for name in MARKED}
    sources: dict[str, Any] = {
        "folder": tmp_path,
        "mapping": texts,
        "loader": loader,
        "choice": jinja2.ChoiceLoader([jinja2.DictLoader({}), jinja2.PrefixLoader({}), loader]),
        "environment": blendtpl.default_environment().overlay(loader=loader),
    }
    registry = blendtpl.load(blendtpl.compile(sources[kind]))
    for name, text in UNMARKED.items():
        assert registry.render(name) == text
        assert "".join(registry[name].stream()) == text
    message = registry.message("mail", to=["a@example.org"], sender="b@example.org")
    assert (message.subject, message.text, message.html) == ("Hello", "Text", "<p>")
    assert registry["part.html"].source == "part"


def test_a_live_environment_leaves_the_mark_to_the_loader_as_jinja2_does(tmp_path: Path) -> None:
    write(tmp_path, MARKED)
    for encoding in ("utf-8", "utf-8-sig"):
        loader = jinja2.FileSystemLoader(tmp_path, encoding=encoding)
        live, stock = blendtpl.Environment(loader=loader), jinja2.Environment(loader=loader)
        for name in UNMARKED:
            assert live.get_template(name).render() == stock.get_template(name).render()


def test_a_fault_behind_the_mark_has_its_column(tmp_path: Path) -> None:
    write(tmp_path, {"a.txt": MARK + b"ab{{ x|nope }}"})
    with pytest.raises(blendtpl.SourceError) as caught:
        blendtpl.compile(tmp_path)
    (fault,) = caught.value.faults
    assert (fault.line, fault.column, fault.source_line) == (1, 8, "ab{{ x|nope }}")


def test_verify_knows_of_the_mark(project: Path) -> None:
    write(project / "templates", MARKED)
    assert invoke("verify", "-n", "1").exit_code == 0


PATTERNS = {
    "README.md": {"README.md", "a/README.md", "a/README.md/x"},
    "*.md": {"README.md", "a/README.md", "a/README.md/x", "a/b/x.md"},
    "/README.md": {"README.md"},
    "./README.md": {"README.md", "a/README.md", "a/README.md/x"},
    "a": {"a/README.md", "a/README.md/x", "a/b/x.md", "a/b/c/y.txt", "z/a"},
    "a/": {"a/README.md", "a/README.md/x", "a/b/x.md", "a/b/c/y.txt"},
    "/a": {"a/README.md", "a/README.md/x", "a/b/x.md", "a/b/c/y.txt"},
    "a/*": {"a/README.md", "a/README.md/x", "a/b/x.md", "a/b/c/y.txt"},
    "a/*.md": {"a/README.md", "a/README.md/x"},
    "a/**": {"a/README.md", "a/README.md/x", "a/b/x.md", "a/b/c/y.txt"},
    "a/**/*.md": {"a/README.md", "a/README.md/x", "a/b/x.md"},
    "**/*.txt": {"a/b/c/y.txt", "top.txt"},
    "**/c/**": {"a/b/c/y.txt"},
    "**": {"README.md", "a/README.md", "a/README.md/x", "a/b/x.md", "a/b/c/y.txt", "top.txt", "z/a", "[x].html"},
    "b/c": set(),
    "*.MD": set(),
    "[x].html": set(),
    "[[]x].html": {"[x].html"},
    "?op.txt": {"top.txt"},
    "[!t]*.html": {"[x].html"},
    "README.md/": {"a/README.md/x"},
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_excludes_what_it_is_about(pattern: str) -> None:
    found = exclusion([pattern])
    assert {name for name in PATTERNS["**"] if found.excludes(name)} == PATTERNS[pattern]


def test_a_pattern_with_many_stars_takes_no_time_that_grows_without_end() -> None:
    counted = exclusion(["/".join(["**"] * 40 + ["x"]), "/".join(["**", "*"] * 40)])
    assert not counted.excludes("/".join(["y"] * 39))


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("", "is about nothing"),
        ("/", "is about nothing"),
        (".", "is about nothing"),
        ("../x", "leads out of the folder"),
        ("a/../b", "leads out of the folder"),
        ("!x", "takes nothing back"),
        (3, "is a string such as `*.md`, not 3"),
        (None, "is a string such as `*.md`, not None"),
    ],
)
def test_a_pattern_that_can_be_about_nothing_is_an_error(pattern: Any, told: str) -> None:
    with pytest.raises(blendtpl.ConfigError) as caught:
        blendtpl.compile({"a": "x"}, exclude=[pattern])
    assert told in str(caught.value)


def test_what_is_excluded_is_none_whatever_gives_it(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "a.html": "a",
        "README.md": "{% broken",
        "docs/guide.html": "{{",
        "logo.png": PNG,
        "bad.txt": b"\xff",
    }
    texts = {"a.html": "a", "README.md": "{% broken", "docs/guide.html": "{{"}
    write(tmp_path, files)
    loader = jinja2.FileSystemLoader(tmp_path)
    for source in (tmp_path, texts, loader, jinja2.Environment(loader=loader), [tmp_path, texts]):
        assert names_of(source, exclude=["*.md", "docs/", "bad.txt"]) == ["a.html"]
    assert names_of({"a": "", "b.md": "{{"}, exclude="*.md") == ["a"]


def test_a_folder_that_is_excluded_is_not_looked_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"a.html": "a", "node_modules/deep/x.html": "{{"})
    opened: list[str] = []
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: opened.append(path.name) or read(path))  # type: ignore[func-returns-value]
    assert names_of(tmp_path, exclude="node_modules") == ["a.html"]
    assert opened == ["a.html"]


def test_a_template_that_needs_what_is_excluded_is_a_fault(tmp_path: Path) -> None:
    write(tmp_path, {"a.html": "{% include 'b.md' %}", "b.md": "b"})
    with pytest.raises(blendtpl.LinkError, match=r"no template `b\.md`"):
        blendtpl.compile(tmp_path, exclude="*.md")


@pytest.fixture
def several(project: Path) -> Path:
    """A project with two folders of templates and a README in one of them."""
    return write(
        project,
        {
            "app/templates/base.html": "app <{% block b %}{% endblock %}>",
            "app/templates/README.md": "Write {{ names like this",
            "blog/templates/base.html": "{{ this is shadowed",
            "blog/templates/post.html": "{% extends '/base.html' %}{% block b %}post{% endblock %}",
            "pyproject.toml": '[tool.blendtpl]\ntemplates = ["app/templates", "blog/templates"]\nexclude = ["*.md"]\n',
        },
    )


def test_of_several_folders_the_first_that_has_a_name_gives_it(several: Path) -> None:
    folders: list[str | Path] = [several / "app/templates", "blog/templates"]
    sources: list[Any] = [folders, tuple(folders), [jinja2.FileSystemLoader(folder) for folder in folders]]
    for source in sources:
        registry = blendtpl.load(blendtpl.compile(source, exclude="README.md"))
        assert registry.render("post.html") == "app <post>"
        assert list(registry) == ["base.html", "post.html"]
    write(several, {"blog/templates/post.html": "{% extends 'base.html' %}{% block b %}post{% endblock %}"})
    registry = blendtpl.load(blendtpl.compile([{"base.html": "own {% block b %}{% endblock %}"}, "blog/templates"]))
    assert registry.render("post.html") == "own post"


def test_settings_and_arguments_name_several_folders(several: Path) -> None:
    assert invoke("compile", "-o", "a.blend").exit_code == 0
    assert invoke("compile", "app/templates", "blog/templates", "-o", "b.blend").exit_code == 0
    assert Path("a.blend").read_bytes() == Path("b.blend").read_bytes() == blendtpl.compile().data
    assert blendtpl.load("a.blend").render("post.html") == "app <post>"
    assert invoke("verify", "-n", "1").exit_code == 0
    assert invoke("verify", "app/templates", "blog/templates", "-n", "1").exit_code == 0
    assert invoke("soak", "a.blend", "-n", "100", "--no-certificate").exit_code == 0


def test_patterns_of_arguments_are_beside_those_of_the_settings(several: Path) -> None:
    write(several, {"app/templates/draft.txt": "{{", "app/templates/old/x.html": "{{"})
    result = invoke("compile", "-o", "a.blend", "--exclude", "draft.*", "--exclude", "old/")
    assert result.exit_code == 0, result.stderr
    assert list(blendtpl.load("a.blend")) == ["base.html", "post.html"]


def test_examples_are_found_in_each_of_several_folders(several: Path) -> None:
    write(several, {"blog/templates/p.html": "{{ x }}", "blog/templates/p.examples.json": '{"one": {"x": 1}}'})
    folders = (several / "app/templates", several / "blog/templates")
    samples = Samples(blendtpl.load(blendtpl.compile()), blendtpl.default_environment(), folders, seed=0, count=0)
    assert [(label, make()) for label, make in samples.examples_of("p.html")] == [("the example `one`", {"x": 1})]


def test_a_fault_of_several_folders_is_annotated_where_its_file_is(several: Path) -> None:
    write(several, {"blog/templates/bad.html": "{{"})
    result = invoke("compile", "app/templates", "blog/templates", "--format", "github")
    assert result.exit_code == 1
    assert "file=blog/templates/bad.html," in result.stdout


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ([], "an empty list has no template in it"),
        (["nowhere"], "no folder `nowhere` to compile"),
        (["app/templates", "nowhere"], "no folder `nowhere` to compile"),
        (["app/templates", 3], "cannot compile a int"),
        ([["app/templates"]], "cannot compile a list"),
        (["empty", "empty2"], "the folder `empty` and the folder `empty2` has no template in it"),
    ],
)
def test_what_is_no_list_of_folders_is_an_error_that_says_so(several: Path, source: Any, told: str) -> None:
    for name in ("empty", "empty2"):
        (several / name).mkdir()
    with pytest.raises(blendtpl.ConfigError) as caught:
        blendtpl.compile(source, exclude="*.md")
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ("templates = []", "setting `templates` in [tool.blendtpl] is an empty list"),
        ("templates = ['a', 3]", "number 2 of setting `templates` in [tool.blendtpl] is no string"),
        ("templates = ['']", "number 1 of setting `templates` in [tool.blendtpl] is empty"),
        ("templates = {a = 1}", "setting `templates` in [tool.blendtpl] is no string, nor a list of such"),
        ("templates = true", "setting `templates` in [tool.blendtpl] is no string, nor a list of such"),
        ("exclude = 3", "setting `exclude` in [tool.blendtpl] is no string, nor a list of such"),
        ("exclude = ['../x']", "the pattern `../x` of `exclude` leads out of the folder"),
        ("exclude = ''", "setting `exclude` in [tool.blendtpl] is empty"),
        ("output = ['x']", "setting `output` in [tool.blendtpl] is no string"),
        ("excludes = ['x']", "unknown setting `excludes` in [tool.blendtpl]; did you mean `exclude`?"),
    ],
)
def test_a_mistake_in_settings_of_folders_is_told_in_one_line(project: Path, toml: str, told: str) -> None:
    write(project, {"templates/a": "x", "pyproject.toml": f"[tool.blendtpl]\n{toml}"})
    result = invoke("compile")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    assert told in result.stderr


ENVIRONMENT = """
import jinja2
def make():
    return jinja2.Environment(loader=jinja2.ChoiceLoader([
        jinja2.PrefixLoader({"blog": jinja2.FileSystemLoader("blog/templates")}), jinja2.DictLoader({"own.txt": "own"}),
    ]))
def bare():
    return jinja2.Environment()
def function():
    return jinja2.Environment(loader=jinja2.FunctionLoader(lambda name: "x"))
"""


@pytest.fixture
def environment(several: Path) -> Path:
    """The same project, whose environment knows where its templates are."""
    write(several, {"own_loader.py": ENVIRONMENT, "pyproject.toml": "[tool.blendtpl]\nenvironment = 'own_loader:make'"})
    (several / "blog/templates/base.html").write_text("blog <{% block b %}{% endblock %}>", encoding="utf-8")
    (several / "blog/templates/post.html").write_text("{% extends 'blog//base.html' %}", encoding="utf-8")
    return several


def test_where_no_folder_is_named_the_environments_own_loader_has_the_templates(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = invoke("compile", "-o", "a.blend")
    assert result.exit_code == 0, result.stderr
    monkeypatch.syspath_prepend(environment)
    registry = blendtpl.load("a.blend", environment="own_loader:make")
    assert list(registry) == ["blog/base.html", "blog/post.html", "own.txt"]
    assert registry.render("blog/post.html") == registry.render("blog//post.html") == "blog <>"
    assert blendtpl.compile().data == Path("a.blend").read_bytes()
    assert blendtpl.compile(environment="own_loader:make").data == Path("a.blend").read_bytes()
    assert invoke("verify", "-n", "1").stdout == (
        "18 renders (18 gave a text, 0 raised an error) of 3 templates were the same as Jinja2's\n"
    )


def test_a_folder_that_is_named_goes_before_the_environments_own_loader(environment: Path) -> None:
    write(environment, {"other/x.txt": "x"})
    assert invoke("compile", "other", "-o", "a.blend").exit_code == 0
    assert list(blendtpl.load("a.blend", environment="own_loader:make")) == ["x.txt"]
    write(environment, {"pyproject.toml": "[tool.blendtpl]\ntemplates = 'other'\nenvironment = 'own_loader:make'"})
    assert list(blendtpl.compile().manifest.templates) == ["x.txt"]


def test_without_a_loader_the_folder_that_is_mostly_meant_is_compiled(environment: Path) -> None:
    write(environment, {"templates/x.txt": "x"})
    assert invoke("compile", "--environment", "own_loader:bare", "-o", "a.blend").exit_code == 0
    assert list(blendtpl.load("a.blend", environment="own_loader:bare")) == ["x.txt"]


def test_a_loader_that_cannot_list_is_told(environment: Path) -> None:
    result = invoke("compile", "--environment", "own_loader:function")
    assert (result.exit_code, result.stderr) == (1, "error: the loader FunctionLoader cannot list its templates\n")


BINARY: dict[str, str | bytes] = {
    "logo.png": PNG,
    "small.png": b"\xff",
    "photo.JPG": b"\xff\xd8\xff",
    "font.woff2": b"wOF2\0\1\0\0\xff",
    "data.bin": b"\0\xff",
    "no_suffix": b"\x01\xff",
    "page.html.gz": b"\x1f\x8b\xff",
    "archive.txt.bz2": b"BZh\xff",
    "sound.mp3": b"ID3\xff",
    "deep/er/icon.ico": b"\0\0\1\0\xff",
}
NO_UTF8: dict[str, str | bytes] = {
    "page.html": b"caf\xe9",
    "page.txt": b"\0\xff",
    "style.css": b"\x01\xff",
    "logo.svg": b"\xff",
    "plain": b"caf\xe9",
    "wide.xyz": b"\xff\xfea\0",
    "mail.j2": b"caf\xe9",
}


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("loader", [False, True])
def test_a_binary_file_that_nothing_refers_to_is_skipped(tmp_path: Path, name: str, loader: bool) -> None:
    write(tmp_path, {"a.html": "a", name: BINARY[name]})
    made = build(jinja2.FileSystemLoader(tmp_path) if loader else tmp_path)
    assert list(made.bundle.manifest.templates) == ["a.html"]
    assert made.skipped == (name,)
    assert name.encode() not in made.bundle.data


@pytest.mark.parametrize("name", NO_UTF8)
def test_a_file_that_is_meant_to_be_text_and_is_none_is_a_fault(tmp_path: Path, name: str) -> None:
    write(tmp_path, {"a.html": "a", name: NO_UTF8[name]})
    with pytest.raises(blendtpl.SourceError, match="the template is not UTF-8"):
        blendtpl.compile(tmp_path)


def test_files_that_are_skipped_are_told_in_one_line_that_counts_them(project: Path) -> None:
    write(project / "templates", {"a.html": "a", "logo.png": PNG})
    result = invoke("compile", "-o", "a.blend", "--no-cache")
    assert (result.exit_code, result.stderr) == (0, "skipped 1 file that is no text: `logo.png`\n")
    write(project / "templates", BINARY)
    result = invoke("compile", "-o", "a.blend", "--no-cache")
    assert result.exit_code == 0
    assert result.stderr == (
        "skipped 10 files that are no text: `archive.txt.bz2`, `data.bin`, `deep/er/icon.ico`, `font.woff2`,"
        " `logo.png` and 5 more\n"
    )
    result = invoke("compile", "-o", "a.blend", "--format", "json")
    assert json.loads(result.stdout)["skipped"] == sorted(BINARY)
    assert invoke("compile", "-o", "a.blend", "--exclude", "*.*", "--exclude", "no_suffix").stderr.startswith("error: ")


@pytest.mark.parametrize(
    "text",
    [
        "x\n  {% include 'logo.png' %}",
        "x\n  {% include 'logo.png' ignore missing %}",
        "x\n  {% extends 'logo.png' %}",
        "x\n  {% import 'logo.png' as m %}",
        "x\n  {% from 'logo.png' import m %}",
        "x\n  {% include ['no.html', 'logo.png'] %}",
        "x\n  {% include './logo.png' %}",
        "x\n  {% include '/logo.png' if x else 'a.html' %}",
    ],
)
def test_a_binary_file_that_a_template_refers_to_is_a_fault_where_it_does(tmp_path: Path, text: str) -> None:
    write(tmp_path, {"a.html": text, "logo.png": PNG})
    with pytest.raises(blendtpl.SourceError) as caught:
        blendtpl.compile(tmp_path)
    (fault,) = caught.value.faults
    assert (fault.name, fault.line) == ("a.html", 2)
    assert fault.source_line[fault.column - 1 :].startswith(("'logo", "'./logo", "'/logo"))
    assert fault.message == ("`logo.png` is no template: the file is no text: byte 0x89 at offset 0 is not UTF-8")


def test_faults_are_told_before_what_is_skipped(project: Path) -> None:
    write(project / "templates", {"a.html": "{{", "logo.png": PNG})
    result = invoke("compile", "-o", "a.blend")
    assert result.exit_code == 1
    assert "1 error in 1 template" in result.stderr
    assert "logo" not in result.stderr


def test_a_folder_of_nothing_but_pictures_has_no_template(tmp_path: Path) -> None:
    write(tmp_path, {"logo.png": PNG})
    with pytest.raises(blendtpl.ConfigError, match="has no template in it"):
        blendtpl.compile(tmp_path)
