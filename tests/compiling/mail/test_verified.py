"""What the build makes of templates is verified as any is, and comes from the cache, and from a bundle again."""

from pathlib import Path

import pytest

import blendtpl
from blendtpl.compiler.build import build
from blendtpl.compiler.mail.project_settings import MailSettings
from blendtpl.tools.verify import verify
from tests.compiling.support import invoke, write

FILES = {
    "alert/body.html": "<html><style>p{color:red}.x{margin:0}</style><p class='{{ kind }}'>{{ name }}</p></html>",
    "alert/subject.txt": "s",
    "alert/message.toml": 'inline_css = true\ntext = "from html"\n',
    "offer/body.mjml": "<mjml><mj-body><mj-section><mj-column><mj-text>{{ name }}</mj-text>"
    "</mj-column></mj-section></mj-body></mjml>",
    "offer/subject.txt": "s",
}


def test_verify_compares_with_jinja2_what_was_made(tmp_path: Path) -> None:
    result = verify(write(tmp_path / "templates", FILES), count=3)
    assert result.passed
    assert result.rendered > 10


def test_the_build_cache_gives_the_same(tmp_path: Path) -> None:
    folder = write(tmp_path / "templates", FILES)
    first = build(folder, cache=tmp_path / "cache")
    again = build(folder, cache=tmp_path / "cache")
    assert again.bundle.data == first.bundle.data == build(folder).bundle.data
    assert again.compiled == 0
    assert [warning.kind for warning in again.bundle.warnings] == ["kept-css"]
    assert again.bundle.warnings == first.bundle.warnings


def test_a_warning_of_what_stays_is_switched_off_by_its_name(tmp_path: Path) -> None:
    folder = write(tmp_path / "templates", FILES)
    assert blendtpl.compile(folder, ignore="kept-css").warnings == ()
    quiet = {**FILES, "alert/body.html": f"{{# blendtpl: ignore kept-css #}}{FILES['alert/body.html']}"}
    assert blendtpl.compile(quiet).warnings == ()


def test_a_bundle_that_is_compiled_again_inlines_nothing_twice(tmp_path: Path) -> None:
    from blendtpl.recompile import recompiled

    bundle = blendtpl.compile(write(tmp_path / "templates", FILES))
    again = recompiled(bundle, blendtpl.default_environment())
    before, after = blendtpl.load(bundle), blendtpl.load(again)
    for name in ("alert/body.html", "alert/body.txt", "offer/body.html"):
        assert after.render(name, name="<A>", kind="x") == before.render(name, name="<A>", kind="x")


def test_one_message_may_be_left_as_it_is() -> None:
    files = {
        "a/body.html": "<style>p{color:red}</style><p>x</p>",
        "a/subject.txt": "",
        "b/body.html": "<style>p{color:red}</style><p>x</p>",
        "b/subject.txt": "",
        "b/message.toml": "inline_css = false",
    }
    made = blendtpl.load(build(files, mail=MailSettings(inline_css=True)).bundle)
    assert made.render("a/body.html") == '<p style="color: red;">x</p>'
    assert made.render("b/body.html") == files["b/body.html"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.blendtpl.mail]\ninline_cs = true", "unknown setting `inline_cs` in [tool.blendtpl.mail]; did you mean"),
        ("[tool.blendtpl.mail]\nzzz = true", "settings are inline_css"),
        ("[tool.blendtpl.mail]\ninline_css = 1", "setting `inline_css` in [tool.blendtpl.mail] is neither true nor"),
        ("[tool.blendtpl]\nmail = 1", "setting `mail` in [tool.blendtpl] is no table"),
    ],
)
def test_a_setting_that_is_none_is_told_with_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    write(tmp_path, {"pyproject.toml": text, "templates/a.txt": "x"})
    monkeypatch.chdir(tmp_path)
    shown = invoke("compile")
    assert shown.exit_code == 1
    assert message in shown.output
    assert "pyproject.toml" in shown.output


def test_the_command_inlines_what_the_settings_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = "[tool.blendtpl]\ntemplates = 'templates'\noutput = 'x.blend'\n[tool.blendtpl.mail]\ninline_css = true"
    files = {f"templates/{name}": text for name, text in FILES.items() if not name.endswith(".toml")}
    write(tmp_path, {"pyproject.toml": settings, **files})
    monkeypatch.chdir(tmp_path)
    shown = invoke("compile", "--no-cache")
    assert shown.exit_code == 0
    assert "kept-css" in shown.output
    (tmp_path / "x.blend").chmod(0o600)
    assert 'style="color: red;"' in blendtpl.load("x.blend").render("alert/body.html", name="A", kind="")
