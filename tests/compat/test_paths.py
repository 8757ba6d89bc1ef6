"""Old paths become names, and what leaves the roots is refused."""

from pathlib import Path

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

import blendtpl
from blendtpl.compat import IncludeExtension, PathError
from blendtpl.compat.paths import Paths
from testkit.oracle import check_same, load
from testkit.shim_calls import environment

KNOWN = ("email/alert.html", "email/alert.txt", "email/Plain.txt", "page.html", "emails/new/body.html", "x.tpl")


def names(path: object, folder: str = "", **options: object) -> str:
    options = {"roots": ("/srv/app/templates", "templates", "../shared"), "known": KNOWN, **options}
    found = Paths(**options).find(path, folder)  # type: ignore[arg-type]
    return found.name if found.exists else f"no {found.name}"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("templates/email/alert.php", "email/alert.html"),
        ("/srv/app/templates/email/alert.php", "email/alert.html"),
        ("/srv/app/lib/../templates/./email//alert.php", "email/alert.html"),
        ("email/alert.php", "email/alert.html"),
        ("./email/alert.php", "email/alert.html"),
        ("email/../page.php", "page.html"),
        ("../shared/page.php", "page.html"),
        ("x.tpl", "x.tpl"),
        (Path("templates") / "page.php", "page.html"),
        ("nothing.php", "no nothing.html"),
        ("templates/nothing.php", "no nothing.html"),
        ("EMAIL/alert.php", "no EMAIL/alert.html"),
    ],
)
def test_a_path_means_a_name(path: object, name: str) -> None:
    assert names(path) == name


@pytest.mark.parametrize(
    ("path", "folder", "name"),
    [
        ("./alert.php", "email", "email/alert.html"),
        ("../page.php", "email", "page.html"),
        ("../email/alert.php", "email", "email/alert.html"),
        ("alert.php", "email", "email/alert.html"),
        ("page.php", "email", "page.html"),
        ("templates/page.php", "email", "page.html"),
    ],
)
def test_a_relative_path_starts_where_the_template_stands(path: str, folder: str, name: str) -> None:
    assert names(path, folder) == name


@pytest.mark.parametrize(
    ("path", "folder", "problem"),
    [
        ("../page.php", "", "leaves the roots"),
        ("../../page.php", "email", "leaves the roots"),
        ("templates/../secret.php", "", "leaves the roots"),
        ("email/../../page.php", "", "leaves the roots"),
        ("/etc/passwd", "", "lies outside the roots"),
        ("/srv/app/templates/../config.php", "", "leaves the roots"),
        ("/srv/app/templates2/page.php", "", "lies outside the roots"),
        ("/../page.php", "", "leaves the roots"),
        ("", "", "is empty"),
        ("page\0.php", "", "has a NUL character"),
        ("php://filter/read=x/resource=page.php", "", "is a URL or names a stream, not a file under the roots"),
        ("http://example.com/page.php", "", "is a URL or names a stream, not a file under the roots"),
        ("email\\alert.php", "", "has a back slash; `backslashes=True` takes those for slashes"),
        (b"page.php", "", "is no path, but of type bytes"),
        (["page.php"], "", "is no path, but of type list"),
        (None, "", "is no path, but of type NoneType"),
    ],
)
def test_what_is_no_path_under_the_roots_is_refused(path: object, folder: str, problem: str) -> None:
    with pytest.raises(PathError) as caught:
        names(path, folder)
    assert caught.value.problem == problem
    shown = path.replace("\0", "\\x00") if isinstance(path, str) else repr(path)
    assert str(caught.value) == f"the path `{shown}` {problem}"


def test_back_slashes_and_case_are_taken_as_windows_does_by_option() -> None:
    assert names("Templates\\EMAIL\\Alert.PHP", ignore_case=True, backslashes=True) == "email/alert.html"
    assert names("C:\\www\\email\\plain.php", roots="c:/www", ignore_case=True, backslashes=True) == "email/Plain.txt"
    with pytest.raises(PathError, match="lies outside"):
        names("D:\\www\\page.php", roots="c:/www", ignore_case=True, backslashes=True)


def test_a_name_that_is_spelt_exactly_goes_before_one_of_another_case() -> None:
    known = ("a.html", "A.html")
    assert names("A.php", known=known, ignore_case=True) == "A.html"
    assert names("a.php", known=known, ignore_case=True) == "a.html"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("templates/mail/alert.php", "email/alert.html"),
        ("mail/plain.php", "no email/plain.html"),
        ("old/alert.php", "emails/new/body.html"),
        ("/srv/app/templates/old/alert.php", "emails/new/body.html"),
        ("mail/text/alert.php", "page.html"),
        ("email/alert.phtml", "email/alert.txt"),
        ("email/alert.php", "no email/alert.php"),
    ],
)
def test_aliases_rename_suffixes_folders_and_paths(path: str, name: str) -> None:
    aliases = {
        "mail/": "email",
        "mail/text/alert.php": ("missing.html", "page.html"),
        "templates/old/alert.php": "emails/new/body.html",
        ".phtml": (".txt", ".html"),
    }
    if path.startswith(("templates/mail", "mail/plain")):
        aliases[".php"] = (".html", ".txt")
    assert names(path, aliases=aliases) == name


@given(st.text(alphabet="./ab\\\0:C", max_size=20), st.sampled_from(["", "a", "a/b"]))
def test_no_path_leads_out(path: str, folder: str) -> None:
    try:
        found = Paths(("/a", "b"), {}, known=()).find(path, folder)
    except PathError:
        return
    assert ".." not in found.name.split("/")
    assert not found.name.startswith("/")


def old_names() -> jinja2.Environment:
    made = environment()
    made.policies["include.roots"] = ["templates", "/srv/app/templates"]
    made.policies["include.aliases"] = {".php": [".html", ".txt"], "old/x.php": "new/y.html"}
    return made


OLD_NAMES = {
    "a.html": "{% include 'templates/p/b.php' %}{% include name %}{% include '/srv/app/templates/old/x.php' %}"
    "{% include 'plain.html' %}{% include 'old/x.php' %}{% from 'p/m.php' import m %}{{ m() }}",
    "p/b.html": "b{% include './c.php' %}",
    "p/c.html": "{% extends '../base.php' %}{% block b %}c{% endblock %}",
    "base.html": "<{% block b %}{% endblock %}>",
    "base.txt": "({% block b %}{% endblock %})",
    "p/m.html": "{% macro m() %}m{% endmacro %}",
    "new/y.html": "y",
    "plain.html": "plain",
    "a.txt": "{% include 'p/c.php' %}",
    "p/c.txt": "{% extends 'base.php' %}{% block b %}text{% endblock %}",
}


def test_tags_of_templates_may_have_old_paths() -> None:
    assert check_same(OLD_NAMES, old_names, lambda: {"name": "./p/c.php"}, "a.html") == ("text", "b<c><c>yplainym")
    assert check_same(OLD_NAMES, old_names, dict, "a.txt") == ("text", "(text)")
    registry = load(OLD_NAMES, old_names)
    assert registry["a.html"].references == ("p/b.html", "new/y.html", "plain.html", "p/m.html")
    live = blendtpl.Environment(loader=jinja2.DictLoader(OLD_NAMES), extensions=[IncludeExtension])
    live.policies.update(old_names().policies)
    assert live.get_template("a.txt").render() == "(text)"
    assert live.overlay(autoescape=True).get_template("a.txt").render() == "(text)"


@pytest.mark.parametrize("path", ["../../x.php", "/etc/passwd", "php://input", "../x.html"])
def test_an_old_path_in_a_tag_that_leaves_the_roots_is_found_when_compiling(path: str) -> None:
    with pytest.raises(blendtpl.LinkError, match=f"no template `{path}`"):
        blendtpl.compile({"a.html": f"{{% include '{path}' %}}"}, environment=old_names)
