"""Which templates are looked at, what `message.toml` says of them, and how findings are switched off."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import blendtpl
from blendtpl.compiler.lint.mail_rules import MAIL_RULES
from testkit import TEMPLATES
from tests.compiling.support import build, invoke, write
from tests.lint.mail.support import HIDDEN, WORDS, message, told, warnings

FLEX = '<p style="display:flex">Text</p>'


def test_only_those_who_ask_are_told() -> None:
    assert [each.kind for each in blendtpl.compile(message(FLEX)).warnings] == []
    assert told(message(FLEX)) == ["mail-css 2:11"]


def test_the_messages_of_the_project_have_no_findings() -> None:
    assert list(map(str, blendtpl.compile(TEMPLATES, lint=True).warnings)) == []


def test_only_the_html_of_messages_is_looked_at() -> None:
    page = message(FLEX)["m/body.html"]
    assert told({"pages/body.html": page, "m/index.html": page, "m/subject.txt": "Subject"}) == []
    assert told({"m/subject.txt": "Subject", "m/body.txt": FLEX}) == []
    assert told({"m/subject.txt.j2": "Subject", "m/body.txt": "Text", "m/body.html.jinja": page}) == [
        "m/body.html.jinja mail-css 2:11"
    ]


def test_a_message_without_a_text_part_is_told_unless_it_is_made_of_the_html() -> None:
    templates = message(WORDS)
    del templates["m/body.txt"]
    assert told(templates) == ["mail-text-part 1:0"]
    assert told({**templates, "m/message.toml": 'text = "from html"'}) == []


def test_a_template_with_blocks_is_looked_at_as_its_block_of_html_is_printed() -> None:
    html = f'<html lang="en"><body>{HIDDEN}\n{FLEX}{{% block words %}}{{% endblock %}}</body></html>'
    base = f"{{% block subject %}}S{{% endblock %}}{FLEX}{{% block html %}}{html}{{% endblock %}}"
    child = (
        "{% extends 'base.html' %}{% set who = name %}"
        "{% block text %}{% autoescape false %}{{ who }}{% endautoescape %}{% endblock %}\n"
        "{% block words %}{{ who }}<img src='https://example.org/x.png' width=9>{% endblock %}"
    )
    found = told({"base.html": base, "alert.html": child})
    assert "alert.html mail-image-alt 2:27" in found
    assert "base.html mail-css 2:11" in found
    assert "base.html mail-text-part 1:0" in found
    assert not any("unknown-block" in each for each in found)  # a part is rendered alone
    assert "base.html mail-css 1:43" not in found  # what is outside of blocks is no part of a message


CATEGORIES = [
    ('category = "digest"', "Text", ["mail-unsubscribe 1:0"]),
    ('category = "digest"\nunsubscribe = true', "Text", []),
    ('category = "transactional"', "Text", []),
    ("", "Text", []),
    ('category = "digest"', '<a href="{{ url }}">Unsubscribe</a>', []),
    ('category = "digest"', '<a href="{{ unsubscribe_url }}">No more of these</a>', []),
    ('category = "digest"', "{% if url %}<a href='{{ url }}'>Unsubscribe</a>{% endif %}", []),
    ('category = "digest"', "{{ footer(user)|safe }}", []),
]


@pytest.mark.parametrize(("settings", "html", "expected"), CATEGORIES)
def test_a_message_that_is_not_transactional_offers_a_way_to_unsubscribe(
    settings: str, html: str, expected: list[str]
) -> None:
    templates = {**message(html), "m/message.toml": settings}
    assert told(templates, ignore="mail-part-variables") == expected


def test_a_message_switches_rules_off_by_its_settings() -> None:
    html = f"{FLEX}<img src='https://example.org/x.png' width=9>"
    ignoring = {**message(html), "m/message.toml": '[lint]\nignore = ["mail-css"]'}
    assert told(ignoring) == ["mail-image-alt 2:33"]
    with pytest.raises(blendtpl.ConfigError, match=r"m/message.toml: there is no warning `mail-cs`.*`mail-css`"):
        told({**message(html), "m/message.toml": '[lint]\nignore = ["mail-cs"]'})
    with pytest.raises(blendtpl.ConfigError, match=r"m/message.toml: setting `ignore` of \[lint\] is no list"):
        told({**message(html), "m/message.toml": '[lint]\nignore = "mail-css"'})


def test_a_comment_switches_a_finding_off_in_its_line() -> None:
    assert told(message(f"{{# blendtpl: ignore mail-css -- as was asked for #}}\n{FLEX}\n{FLEX}")) == ["mail-css 4:11"]
    assert told(message(f"{FLEX}{{# blendtpl: ignore mail-cs #}}")) == ["mail-css 2:11", "unknown-warning 2:53"]


def test_names_of_rules_are_ignored_as_all_warnings_are() -> None:
    assert told(message(FLEX), ignore=["mail-css"]) == []
    assert {rule.name for rule in MAIL_RULES}.isdisjoint({each.kind for each in blendtpl.compile(TEMPLATES).warnings})


def test_what_two_messages_share_is_told_once() -> None:
    templates = {**message("{% include 'x.html' %}"), **message("{% include 'x.html' %}", folder="n"), "x.html": FLEX}
    assert told(templates) == ["x.html mail-css 1:11"]


def test_findings_change_nothing_of_a_bundle() -> None:
    assert blendtpl.compile(message(FLEX), lint=True).data == blendtpl.compile(message(FLEX)).data


def test_findings_come_with_the_faults_of_other_templates() -> None:
    with pytest.raises(blendtpl.SourceError) as caught:
        blendtpl.compile({**message(FLEX), "a.html": "{{ x|uper }}", "b.html": "{% if %}"}, lint=True)
    assert [each.kind for each in caught.value.warnings] == ["mail-css"]


def test_a_message_whose_parts_are_faulty_is_passed_over() -> None:
    with pytest.raises(blendtpl.SourceError) as caught:
        blendtpl.compile({**message(FLEX), "m/body.html": "{% if %}"}, lint=True)
    assert caught.value.warnings == ()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path / "templates", {**message(FLEX), "x.html": "x"})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BLENDTPL_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


def settings(project: Path, text: str) -> None:
    (project / "pyproject.toml").write_text(text)


def test_the_command_looks_at_messages_where_it_is_told_to(project: Path) -> None:
    assert "warning" not in invoke("compile").stderr
    asked = invoke("compile", "--lint")
    assert asked.exit_code == 0
    assert "warning[mail-css]: `display:flex` is not supported by Outlook (Windows)" in asked.stderr
    assert invoke("compile", "--lint", "--strict").exit_code == 1
    settings(project, "[tool.blendtpl.lint]\nmail = true\n")
    assert "warning[mail-css]" in invoke("compile").stderr
    assert "warning" not in invoke("compile", "--no-lint").stderr
    assert len(blendtpl.compile().warnings) == 1


def test_machines_are_told_as_well(project: Path) -> None:
    (row,) = json.loads(invoke("compile", "--lint", "--format", "json").stdout)["warnings"]
    assert (row["kind"], row["name"], row["line"], row["column"]) == ("mail-css", "m/body.html", 2, 11)
    assert row["hint"] == "see https://www.caniemail.com/features/css-display-flex/"
    first = invoke("compile", "--lint", "--format", "github").stdout.splitlines()[0]
    assert first.startswith("::warning file=")
    assert "templates/m/body.html,line=2,col=11,title=mail-css::`display:flex` is not supported" in first


@pytest.mark.parametrize(
    ("table", "count"),
    [
        ('ignore = ["mail-css"]', 0),
        ('per-file-ignores = {"m/*" = ["mail-css"]}', 0),
        ('per-file-ignores = {"n/*" = ["mail-css"]}', 1),
        ('select = ["mail-css"]', 1),
        ('select = ["mail-html"]', 0),
        ('clients = ["gmail.ios"]', 0),
        ('clients = ["gmail", "outlook.windows"]', 1),
        ('clients = ["outlook.*"]', 1),
        ("support = 0.8", 0),
        ("support = 1", 1),
        ("partial = true", 1),
    ],
)
def test_a_project_says_what_matters_to_it(project: Path, table: str, count: int) -> None:
    settings(project, f"[tool.blendtpl.lint]\nmail = true\n{table}\n")
    found = [each for each in blendtpl.compile().warnings if each.kind == "mail-css"]
    assert len(found) == count


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("clients = []", "setting `clients` in [tool.blendtpl.lint] is no list of mail clients"),
        ('clients = "gmail"', "setting `clients` in [tool.blendtpl.lint] is no list of mail clients"),
        ('clients = ["gmial"]', "there is no mail client `gmial`; did you mean `gmail`?"),
        ("support = 2", "setting `support` in [tool.blendtpl.lint] is no share from 0 to 1"),
        ("support = true", "setting `support` in [tool.blendtpl.lint] is no share from 0 to 1"),
        ("mail = 1", "setting `mail` in [tool.blendtpl.lint] is neither true nor false"),
        ('partial = "yes"', "setting `partial` in [tool.blendtpl.lint] is neither true nor false"),
        ('select = ["mail-cs"]', "there is no rule `mail-cs` for e-mails to select; did you mean `mail-css`?"),
        ('select = ["lost-set"]', "there is no rule `lost-set` for e-mails to select"),
        ('select = "mail-css"', "setting `select` in [tool.blendtpl.lint] is no list of rules"),
        ('ignore = ["mail-cs"]', "there is no warning `mail-cs` to ignore; did you mean `mail-css`?"),
        ("ignore = 1", "setting `ignore` in [tool.blendtpl.lint] is no list of strings"),
        ("ignored = []", "unknown setting `ignored` in [tool.blendtpl.lint]; did you mean `ignore`?"),
    ],
)
def test_a_wrong_setting_is_told_with_its_file(project: Path, table: str, problem: str) -> None:
    settings(project, f"[tool.blendtpl.lint]\n{table}\n")
    result = invoke("compile")
    assert result.exit_code == 1
    assert problem in result.stderr
    assert "pyproject.toml: " in result.stderr


def test_a_setting_that_is_no_table_is_told(project: Path) -> None:
    settings(project, "[tool.blendtpl]\nlint = true\n")
    assert "pyproject.toml: `tool.blendtpl.lint` is no table" in invoke("compile").stderr


def test_what_clients_have_in_part_is_told_with_the_note_on_it_where_that_is_wanted(project: Path) -> None:
    write(project / "templates", message('<p style="border-radius:4px;margin:-1px">Text</p>'))
    settings(project, '[tool.blendtpl.lint]\nmail = true\npartial = true\nselect = ["mail-partial"]\n')
    (found,) = [each for each in blendtpl.compile().warnings if "margin" in each.message]
    assert found.message == "`margin` is supported in part by " + found.message.partition(" by ")[2]
    assert "See https://www.caniemail.com/features/css-margin/" in found.hint


def test_findings_come_out_of_the_cache_as_they_went_in(tmp_path: Path) -> None:
    from blendtpl.compiler.mail.lint.settings import Settings

    texts = {**message("{% include 'x.html' %}"), "x.html": FLEX}
    plain = warnings(texts)
    for _ in range(2):
        assert build(texts, cache=tmp_path, lint_mail=Settings()).bundle.warnings == plain
    changed = build({**texts, "x.html": f"\n{FLEX}"}, cache=tmp_path, lint_mail=Settings()).bundle.warnings
    assert [each.line for each in changed] == [2]
    other = build(texts, cache=tmp_path, lint_mail=Settings(clients=("gmail.ios",))).bundle.warnings
    assert other == ()


def test_it_is_said_what_to_install_for_it() -> None:
    script = (
        "import sys\nsys.modules['tinycss2'] = None\nimport blendtpl\n"
        "print(blendtpl.compile({'a.html': ''}).warnings)\nblendtpl.compile({'a.html': ''}, lint=True)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout == "()\n"
    assert done.stderr.splitlines()[-1].startswith(
        "blendtpl.extras.NotInstalledError: the lint of e-mails needs `tinycss2`: install blendtpl with the"
    )
