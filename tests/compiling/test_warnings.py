"""Warnings of `compile`: what is legal and hardly meant is told by name, and nothing that somebody may mean is."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import pytest

import blendtpl
from blendtpl.compiler.lint import WARNINGS
from blendtpl.compiler.lint.notes import from_bytes, notes, to_bytes
from testkit import ROOT, TEMPLATES
from tests.compiling.support import build, invoke, write

BASE = "<title>{% block title %}{% endblock %}</title>{% block body %}{% endblock %}"
LIB = (
    "{% macro title(a, b=1) %}{{ a }}{% endmacro %}{% macro box(kind) %}{{ caller() }}{% endmacro %}"
    "{% macro more(a) %}{{ varargs }}{{ kwargs }}{% endmacro %}{% set mark = 1 %}{% set _own = 2 %}"
    "{% from 'other.html' import far %}{% macro bare() %}{% endmacro %}"
)
OTHER = "{% macro far() %}{% endmacro %}"
SET = {"base.html": BASE, "lib.html": LIB, "other.html": OTHER}


def warned(text: str, more: Mapping[str, str] | None = None, **options: Any) -> list[str]:
    """Return the warnings of a template among others, as ``name line:column``."""
    bundle = blendtpl.compile({**SET, "page.html": text, **(more or {})}, **options)
    return [f"{each.kind} {each.line}:{each.column}" for each in bundle.warnings]


FOUND = {
    "a block that no parent has": ("{% extends 'base.html' %}\n{% block titel %}{% endblock %}", "unknown-block 2:10"),
    "under a condition, too": (
        "{% extends 'base.html' %}{% if x %}\n{% block titel %}{% endblock %}{% endif %}",
        "unknown-block 2:10",
    ),
    "of grandparents": (
        "{% extends 'middle.html' %}{% block body %}{% endblock %}{% block boddy %}{% endblock %}",
        "unknown-block 1:67",
    ),
    "an import by name": ("{% from 'lib.html' import titel %}", "unknown-import 1:27"),
    "under another name": ("{% from 'lib.html' import title as t,\n titel as u %}", "unknown-import 2:2"),
    "of what the other imports itself": ("{% from 'lib.html' import far %}", "unknown-import 1:27"),
    "an attribute": ("{% import 'lib.html' as lib %}\n{{ lib.titel(1) }}", "unknown-import 2:8"),
    "an attribute in a block": (
        "{% extends 'base.html' %}{% import 'lib.html' as lib %}{% block body %}\n{{ lib.titel }}{% endblock %}",
        "unknown-import 2:8",
    ),
    "an item": ("{% import 'lib.html' as lib with context %}\n{{ lib['titel'] }}", "unknown-import 2:8"),
    "what is the other's own": ("{% import 'lib.html' as lib %}\n{{ lib._own }}", "unknown-import 2:8"),
    "an import in a macro": (
        "{% macro m() %}{% import 'lib.html' as l %}{{ l.x }}{% endmacro %}",
        "unknown-import 1:49",
    ),
    "too many arguments": ("{% from 'lib.html' import title %}\n{{ title(1, 2, 3) }}", "too-many-arguments 2:4"),
    "of a macro without any": ("{% import 'lib.html' as lib %}\n{{ lib.bare(1) }}", "too-many-arguments 2:8"),
    "to an own macro": ("{% macro m(a) %}{% endmacro %}\n{{ m(1, 2) }}", "too-many-arguments 2:4"),
    "to itself": ("{% macro m(a) %}{% if a %}\n{{ m(1, 2) }}{% endif %}{% endmacro %}", "too-many-arguments 2:4"),
    "an argument twice": ("{% macro m(a) %}{% endmacro %}\n{{ m(1, a=2) }}", "too-many-arguments 2:9"),
    "an unknown argument": ("{% from 'lib.html' import title as t %}\n{{ t(1, bb=2) }}", "unknown-argument 2:9"),
    "in a call block": (
        "{% from 'lib.html' import box %}\n{% call box(king=1) %}x{% endcall %}",
        "unknown-argument 2:13",
    ),
    "a call block for nothing": (
        "{% from 'lib.html' import title %}\n{% call title(1) %}x{% endcall %}",
        "unused-call-body 2:9",
    ),
    "text behind extends": ("{% extends 'base.html' %}\n\n  lost text\nmore", "outside-block 3:3"),
    "text before it": ("\nhello {% extends 'base.html' %}", "outside-block 2:1"),
    "text behind what is made at run time": ("{% extends name %}lost", "outside-block 1:19"),
    "a value behind extends": ("{% extends 'base.html' %}\n{{ x }}", "outside-block 2:1"),
    "text under a condition": ("{% extends 'base.html' %}{% if x %}\nlost{% endif %}", "outside-block 2:1"),
    "a counter": (
        "{% set n = 0 %}{% for x in xs %}\n{% set n = n + 1 %}{% endfor %}{{ n }}",
        "lost-set 2:8",
    ),
    "a flag": (
        "{% set found = no %}{% for x in xs %}{% if x %}\n{% set found = true %}{% endif %}{% endfor %}"
        "{% if found %}y{% endif %}",
        "lost-set 2:8",
    ),
    "a set block": ("{% for x in xs %}\n{% set t %}{{ x }}{% endset %}{% endfor %}{{ t }}", "lost-set 2:8"),
    "in loops in loops": (
        "{% for x in xs %}{% for y in x %}\n{% set n = n + 1 %}{% endfor %}{% endfor %}{{ n }}",
        "lost-set 2:8",
    ),
    "a block that reads the variable of its loop": (
        "{% for x in xs %}\n{% block row %}{{ x }}{% endblock %}{% endfor %}",
        "unscoped-block 2:10",
    ),
    "or the loop": (
        "{% for x in xs %}\n{% block row %}{{ loop.index }}{% endblock %}{% endfor %}",
        "unscoped-block 2:10",
    ),
    "deep in a block, a condition and a list": (
        "{% extends 'base.html' %}{% block body %}{% for x, y in xs %}{% if y %}\n{% block row %}{{ [1, y.z] }}"
        "{% endblock %}{% endif %}{% endfor %}{% endblock %}",
        "unscoped-block 2:10",
    ),
    "a block in a block": (
        "{% for x in xs %}{% block rows %}\n{% block row %}{{ x }}{% endblock %}{% endblock %}{% endfor %}",
        "unscoped-block 2:10",
    ),
    "what a with sets": (
        "{% with x = 1 %}\n{% block row %}{{ x }}{% endblock %}{% endwith %}",
        "unscoped-block 2:10",
    ),
    "a comment that ignores nothing": ("\n{# blendtpl: ignore unknwon-block #}", "unknown-warning 2:21"),
}


@pytest.mark.parametrize("case", FOUND)
def test_what_is_hardly_meant_is_told_by_its_name_and_place(case: str) -> None:
    text, expected = FOUND[case]

    assert warned(text, {"middle.html": "{% extends 'base.html' %}"}) == [expected]


MEANT = {
    "a block in a block": "{% extends 'base.html' %}{% block body %}{% block inner %}{% endblock %}{% endblock %}",
    "a block that self is asked for": "{% extends 'base.html' %}{% block x %}{% endblock %}"
    "{% block body %}{{ self.x() }}{% endblock %}",
    "self for any block": "{% extends 'base.html' %}{% block x %}{% endblock %}{% block body %}"
    "{{ f(self) }}{% endblock %}",
    "a parent made at run time": "{% extends name %}{% block x %}{% endblock %}",
    "a parent by condition": "{% extends 'base.html' if x else 'other.html' %}{% block x %}{% endblock %}",
    "extends under a condition": "{% if x %}{% extends 'base.html' %}{% endif %}text{% block y %}{% endblock %}",
    "a parent with such a parent": "{% extends 'dynamic.html' %}{% block x %}{% endblock %}",
    "a block before extends, which prints": "{% block x %}y{% endblock %}{% extends 'base.html' %}",
    "a block in a loop of a child, which prints": "{% extends 'base.html' %}{% for x in y %}{% block z %}{% endblock %}"
    "{% endfor %}",
    "blanks and comments around blocks": "{# c #}\n{% extends 'base.html' %}\n\n{# c #}{% block body %}"
    "{% endblock %}\n",
    "sets, imports, macros and values for their effect": "{{ log() }}{% extends 'base.html' %}{% set a = 1 %}"
    "{% macro m() %}text{% endmacro %}{% import 'lib.html' as l %}",
    "an import of what is asked for first": "{% from 'lib.html' import titel %}{% if titel is defined %}"
    "{{ titel() }}{% endif %}",
    "with a default": "{% from 'lib.html' import titel %}{{ titel|default('x') }}",
    "or another": "{% import 'lib.html' as lib %}{{ lib.titel or 'x' }}{{ (lib.titel)() }}",
    "an attribute that is asked for first": "{% import 'lib.html' as lib %}{% if lib.titel %}"
    "{{ lib.titel() }}{% endif %}",
    "a module of what is made at run time": "{% import name as lib %}{{ lib.x() }}{% from name import y %}",
    "of several": "{% from ['lib.html', 'other.html'] import titel %}",
    "of what extends another": "{% import 'child.html' as lib %}{{ lib.x() }}",
    "a name that is bound twice": "{% import 'lib.html' as lib %}{% for lib in libs %}{{ lib.titel }}{% endfor %}",
    "a name that is an argument, too": "{% import 'lib.html' as lib %}{% macro m(lib) %}{{ lib.titel }}{% endmacro %}",
    "an import under a condition": "{% if x %}{% import 'lib.html' as lib %}{% endif %}{{ lib.titel }}",
    "an import in another block": "{% block a %}{% import 'lib.html' as lib %}{% endblock %}"
    "{% block b %}{{ lib.titel }}{% endblock %}",
    "a name before its import": "{{ lib.titel }}{% import 'lib.html' as lib %}",
    "a parent that imports under the same name": "{% extends 'importing.html' %}{% import 'lib.html' as lib %}"
    "{% block body %}{{ lib.far() }}{% endblock %}",
    "what every module has": "{% import 'lib.html' as lib %}{{ lib.__name__ }}{{ lib.mark }}",
    "what is set under a condition": "{% from 'conditional.html' import a, b %}",
    "fewer arguments": "{% from 'lib.html' import title %}{{ title() }}{{ title(b=2) }}",
    "any arguments": "{% from 'lib.html' import more %}{{ more(1, 2, 3, z=4) }}{% call more() %}{% endcall %}",
    "arguments from a list": "{% from 'lib.html' import title %}{{ title(*xs) }}{{ title(**xs) }}",
    "caller as an argument": "{% from 'lib.html' import box %}{{ box(caller=f) }}{% call box(1) %}{% endcall %}",
    "a macro that is defined twice": "{% macro m(a) %}{% endmacro %}{% if x %}{% macro m(a, b) %}"
    "{% endmacro %}{% endif %}"
    "{{ m(1, 2) }}",
    "a macro before it is defined": "{{ m(1, 2) }}{% macro m() %}{% endmacro %}",
    "a macro with a caller of its own": "{% macro m(caller) %}{% endmacro %}{{ m(1, 2) }}",
    "a variable of a loop that the loop reads": "{% for x in xs %}{% set n = x %}{{ n }}{% endfor %}{{ n }}",
    "or something that it includes": "{% for x in xs %}{% set n = x %}{% include 'other.html' %}{% endfor %}{{ n }}",
    "one that is set again": "{% for x in xs %}{% set n = x %}{% endfor %}{% set n = 1 %}{{ n }}",
    "one that nobody reads": "{% for x in xs %}{% set n = x %}{% endfor %}",
    "a namespace": "{% set ns = namespace(n=0) %}{% for x in xs %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}",
    "a scoped block in a loop": "{% for x in xs %}{% block row scoped %}{% block cell %}{{ x }}{{ loop.index }}"
    "{% endblock %}{% endblock %}{% endfor %}",
    "a block with a loop of its own": "{% for x in xs %}{% block row %}{% for x in y %}{{ x }}{{ loop.index }}"
    "{% endfor %}{% endblock %}{% endfor %}",
    "a block that sets the variable itself": "{% for x in xs %}{% block row %}{% set x = 1 %}{{ x }}{% endblock %}"
    "{% endfor %}",
    "a variable that is asked for first": "{% for x in xs %}{% block row %}{{ x|default('') }}{% endblock %}"
    "{% endfor %}",
    "a variable of the top level": "{% set x = 1 %}{% for x in xs %}{% block row %}{{ x }}{% endblock %}{% endfor %}",
    "a variable that a parent sets": "{% extends 'setting.html' %}{% block body %}{% for x in xs %}{% block row %}"
    "{{ x }}{% endblock %}{% endfor %}{% endblock %}",
    "a name of a global": "{% for dict in xs %}{% block row %}{{ dict }}{% endblock %}{% endfor %}",
    "a block in the else of a loop": "{% for x in xs %}{% else %}{% block row %}{{ x }}{% endblock %}{% endfor %}",
    "a block in a macro": "{% for x in xs %}{% macro m(x) %}{% block row %}{{ x }}{% endblock %}{% endmacro %}"
    "{% endfor %}",
    "an argument of a macro in a block": "{% for x in xs %}{% block row %}{% macro m(x) %}{{ x }}{% endmacro %}"
    "{{ m(1) }}{% endblock %}{% endfor %}",
    "a chain that is known at run time": "{% extends name %}{% block body %}{% for x in xs %}{% block row %}{{ x }}"
    "{% endblock %}{% endfor %}{% endblock %}",
    "under a condition without a loop": "{% if x %}{% set n = 1 %}{% endif %}{{ n }}",
}
AROUND = {
    "dynamic.html": "{% extends name %}",
    "setting.html": "{% set x = 1 %}{% block body %}{% endblock %}",
    "child.html": "{% extends 'base.html' %}",
    "importing.html": "{% import 'other.html' as lib %}{% block body %}{% endblock %}",
    "conditional.html": "{% if x %}{% set a = 1 %}{% else %}{% macro b() %}{% endmacro %}{% endif %}",
}


@pytest.mark.parametrize("case", MEANT)
def test_what_somebody_may_mean_is_not_told(case: str) -> None:
    assert warned(MEANT[case], AROUND) == []


def test_the_templates_of_the_project_have_no_warnings() -> None:
    assert blendtpl.compile(TEMPLATES).warnings == ()


def test_an_extension_that_prints_outside_of_blocks_is_its_own_affair() -> None:
    class Tag(jinja2.ext.Extension):
        tags = {"effect"}  # noqa: RUF012

        def parse(self, parser: Any) -> jinja2.nodes.Node:
            line = next(parser.stream).lineno
            return jinja2.nodes.Output([self.call_method("go")], lineno=line)

        def go(self) -> str:
            return ""

    environment = jinja2.Environment(extensions=[Tag])
    assert warned("{% extends 'base.html' %}{% effect %}", environment=environment) == []


def test_a_warning_is_told_as_errors_are() -> None:
    (found,) = blendtpl.compile({**SET, "page.html": FOUND["a block that no parent has"][0]}).warnings

    assert isinstance(found, blendtpl.TemplateWarning)
    assert str(found) == (
        "warning[unknown-block]: block `titel` is never printed: `base.html` has no such block\n"
        " --> page.html:2:10\n"
        "  |\n"
        "2 | {% block titel %}{% endblock %}\n"
        "  |          ^^^^^\n"
        "  = help: did you mean `title`?"
    ).replace(" -->", "  -->")


TITEL = "{% block titel %}{% endblock %}"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"{TITEL}{{# blendtpl: ignore unknown-block #}}", 0),
        (f"{TITEL}{{#- blendtpl:ignore   unknown-block -#}}", 0),
        (f"{{# blendtpl: ignore #}}{TITEL}", 0),
        (f"{TITEL}{{# blendtpl: ignore outside-block, unknown-block -- for fragments #}}", 0),
        (f"{{# blendtpl: ignore unknown-block #}}\n{TITEL}", 0),
        (f"{{# blendtpl: ignore\n   unknown-block #}}\n{TITEL}", 0),
        (f"text {{# blendtpl: ignore outside-block #}}\n{TITEL}", 1),
        (f"{{# blendtpl: ignore unknown-block #}}\n\n{TITEL}", 1),
        (f"{TITEL}\n{{# blendtpl: ignore unknown-block #}}", 1),
        (f"{TITEL}{{# blendtpl: ignore outside-block #}}", 1),
        (f"{TITEL}{{# ignore unknown-block #}}", 1),
        (f"{TITEL}{{% raw %}}{{# blendtpl: ignore #}}{{% endraw %}}", 2),
    ],
)
def test_a_comment_switches_a_warning_off_in_its_line_or_alone_in_the_next(text: str, kept: int) -> None:
    assert len(warned("{% extends 'base.html' %}\n" + text)) == kept


def test_comments_of_other_forms_do_as_well() -> None:
    environment = jinja2.Environment(
        comment_start_string="<!--#", comment_end_string="-->", line_comment_prefix="##", line_statement_prefix="%%"
    )
    page = f"{{% extends 'base.html' %}}\n{TITEL}"

    assert warned(page + "<!--# blendtpl: ignore unknown-block -->", environment=environment) == []
    assert warned(page + " ## blendtpl: ignore unknown-block", environment=environment) == []
    assert warned(f"%% extends 'base.html'\n## blendtpl: ignore\n{TITEL}", environment=environment) == []
    assert len(warned(page + "", environment=environment)) == 1


def test_names_that_are_ignored_are_not_told_and_others_are_mistakes() -> None:
    page = "{% extends 'base.html' %}lost" + TITEL

    assert warned(page, ignore=["unknown-block"]) == ["outside-block 1:26"]
    assert warned(page, ignore="outside-block") == ["unknown-block 1:39"]
    with pytest.raises(blendtpl.ConfigError, match="no warning `unknown-blok` to ignore; did you mean `unknown-block`"):
        warned(page, ignore=["unknown-blok"])


def test_warnings_change_nothing_of_a_bundle() -> None:
    texts = {**SET, "page.html": FOUND["a counter"][0]}
    warning, quiet = blendtpl.compile(texts), blendtpl.compile(texts, ignore=["lost-set"])

    assert (len(warning.warnings), quiet.warnings) == (1, ())
    assert warning.data == quiet.data
    assert warning == quiet
    assert blendtpl.load(warning).digest == quiet.digest


def test_notes_come_out_of_the_cache_as_they_went_in() -> None:
    environment = blendtpl.default_environment()
    for text, _ in FOUND.values():
        noted = notes(environment.parse(text), environment, "page.html")
        assert from_bytes(to_bytes(noted)) == noted


def test_a_template_from_the_cache_still_warns_with_any_number_of_jobs(tmp_path: Path) -> None:
    texts = {**SET, **{f"{number}.html": text for number, (text, _) in enumerate(FOUND.values())}}
    texts["middle.html"] = "{% extends 'base.html' %}"
    plain = build(texts).bundle.warnings
    assert len(plain) == len(FOUND)

    first, second = (build(texts, cache=tmp_path / "cache", jobs=jobs) for jobs in (3, 1))
    assert (second.compiled, second.cached) == (0, len(texts))
    assert first.bundle.warnings == second.bundle.warnings == plain
    changed = build({**texts, "base.html": BASE + TITEL}, cache=tmp_path / "cache").bundle.warnings
    gone = {each.name for each in plain} - {each.name for each in changed}
    assert sorted(title for number, title in enumerate(FOUND) if f"{number}.html" in gone) == [
        "a block that no parent has",
        "under a condition, too",
    ]


def test_faults_and_warnings_come_in_one_run_in_order() -> None:
    texts = {**SET, "a.html": "{% from 'lib.html' import titel %}\n{{ x|uper }}\n{% from 'lib.html' import titel %}"}
    with pytest.raises(blendtpl.SourceError) as caught:
        blendtpl.compile(texts)

    assert [each.line for each in caught.value.faults] == [2]
    assert [each.line for each in caught.value.warnings] == [1, 3]
    assert [line.partition(":")[0] for line in str(caught.value).splitlines() if line.startswith(("e", "w"))] == [
        "warning[unknown-import]",
        "error",
        "warning[unknown-import]",
    ]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path / "templates", {**SET, "emails/a.html": "{% extends 'base.html' %}lost" + TITEL})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BLENDTPL_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


def test_the_command_tells_warnings_on_standard_error_and_succeeds(project: Path) -> None:
    result = invoke("compile", "-o", "app.blend")

    assert result.exit_code == 0
    assert "warning[outside-block]: text outside" in result.stderr
    assert "\n\n2 warnings in 1 template\n" in result.stderr
    assert "warning" not in result.stdout
    assert (project / "app.blend").exists()


@pytest.mark.parametrize("option", ["--strict", "--warnings-as-errors"])
def test_strict_makes_warnings_a_failure(project: Path, option: str) -> None:
    result = invoke("compile", "-o", "app.blend", option)

    assert result.exit_code == 1
    assert "2 warnings in 1 template" in result.stderr
    assert not (project / "app.blend").exists()
    ignored = invoke("compile", "-o", "app.blend", option, "--ignore", "outside-block", "--ignore", "unknown-block")
    assert (ignored.exit_code, ignored.stderr) == (0, "")


def test_machines_are_told_as_well(project: Path) -> None:
    told = json.loads(invoke("compile", "-o", "app.blend", "--format", "json").stdout)
    assert [row["kind"] for row in told["warnings"]] == ["outside-block", "unknown-block"]
    assert told["faults"] == []
    strict = json.loads(invoke("compile", "-o", "app.blend", "--format", "json", "--strict").stdout)
    assert [row["kind"] for row in strict["warnings"]] == ["outside-block", "unknown-block"]

    rows = invoke("compile", "-o", "app.blend", "--format", "github").stdout.splitlines()
    assert rows[0].startswith("::warning file=")
    assert rows[0].endswith(
        "emails/a.html,line=1,col=26,title=outside-block::text outside of a block is never printed,"
        " as this template extends another; put it into a block, or remove it"
    )


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ('ignore = ["outside-block", "unknown-block"]', 0),
        ('ignore = ["outside-block"]', 1),
        ('per-file-ignores = {"emails/*" = ["outside-block", "unknown-block"]}', 0),
        ('per-file-ignores = {"pages/*" = ["outside-block", "unknown-block"]}', 2),
    ],
)
def test_a_project_ignores_by_settings(project: Path, settings: str, told: int) -> None:
    (project / "pyproject.toml").write_text(f"[tool.blendtpl]\n{settings}\n")

    assert invoke("compile", "-o", "app.blend").stderr.count("warning[") == told
    assert len(blendtpl.compile().warnings) == told


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ('ignore = ["unknown-blok"]', "there is no warning `unknown-blok` to ignore; did you mean `unknown-block`?"),
        ('ignore = "unknown-block"', "setting `ignore` in [tool.blendtpl] is no list of strings"),
        ("ignore = [1]", "setting `ignore` in [tool.blendtpl] is no list of strings"),
        ("per-file-ignores = 1", "setting `per-file-ignores` in [tool.blendtpl] is no table"),
        ('per-file-ignores = {"*" = "x"}', "setting `per-file-ignores` in [tool.blendtpl] is no list of strings"),
        ('per-file-ignores = {"*" = ["x"]}', "there is no warning `x` to ignore"),
        ("ignored = []", "unknown setting `ignored` in [tool.blendtpl]; did you mean `ignore`?"),
    ],
)
def test_a_wrong_setting_is_told_with_its_file(project: Path, settings: str, problem: str) -> None:
    (project / "pyproject.toml").write_text(f"[tool.blendtpl]\n{settings}\n")

    result = invoke("compile")

    assert result.exit_code == 1
    assert problem in result.stderr
    assert "pyproject.toml: " in result.stderr


@pytest.mark.skipif(not (ROOT / "docs").is_dir(), reason="needs the documents beside the tests")
def test_every_warning_is_listed_where_they_are_explained() -> None:
    pages = ("docs/architecture.md", "docs/mail-lint.md", "docs/page-lint.md")
    listed = "".join((ROOT / page).read_text(encoding="utf-8") for page in pages)
    assert [name for name in WARNINGS if f"`{name}`" not in listed] == []
