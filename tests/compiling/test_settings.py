"""``[tool.blendtpl]`` and the environment that it names: from where they are read, and what a mistake in them gives."""

from pathlib import Path

import pytest

import blendtpl
from tests.compiling.support import invoke, run, write

ENVIRONMENT = """
import jinja2
instance = jinja2.Environment(variable_start_string="<<", variable_end_string=">>")
def make(): return instance
class Holder:
    inside = instance
number = 3
def needs(argument): return instance
def raises(): raise KeyError("of mine")
def leaves(): raise SystemExit(3)
"""


@pytest.fixture
def templates(project: Path) -> Path:
    return write(project, {"templates/a.txt": "hello"}) / "templates"


def test_without_a_file_of_settings_the_defaults_hold(project: Path, templates: Path) -> None:
    assert invoke("compile").exit_code == 0
    assert dict(blendtpl.load(project / "build" / "project.blend")).keys() == {"a.txt"}


def test_settings_hold_in_every_folder_below_with_paths_from_their_own(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        project,
        {
            "pyproject.toml": '[tool.blendtpl]\ntemplates = "mail"\noutput = "out/x.blend"\nenvironment = "env_a:make"',
            "env_a.py": ENVIRONMENT,
            "mail/a.txt": "<< x >>{{ y }}",
            "src/deep/file": "",
        },
    )
    monkeypatch.chdir(project / "src" / "deep")
    assert invoke("compile").exit_code == 0
    registry = blendtpl.load(project / "out" / "x.blend", environment="env_a:make")
    assert registry.render("a.txt", x=1) == "1{{ y }}"
    assert invoke("render", project / "out" / "x.blend", "a.txt").exit_code == 0


def test_the_api_reads_the_same_settings(project: Path) -> None:
    write(project, {"pyproject.toml": '[tool.blendtpl]\ntemplates = "mail"', "mail/a.txt": "x"})
    assert list(blendtpl.compile().manifest.templates) == ["a.txt"]


def test_arguments_go_before_settings(project: Path, templates: Path) -> None:
    write(project, {"pyproject.toml": '[tool.blendtpl]\ntemplates = "no"\noutput = "no.blend"\nenvironment = "no:no"'})
    write(project, {"env_b.py": ENVIRONMENT, "other/b.txt": "<< 1 >>"})
    assert invoke("compile", "other", "-o", "yes.blend", "--environment", "env_b:instance").exit_code == 0
    assert list(blendtpl.load("yes.blend", environment="env_b:make")) == ["b.txt"]
    assert not Path("no.blend").exists()


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ("[tool.blendtpl", "Expected ']' at the end of a table declaration"),
        (b"\xff", "can't decode byte 0xff"),
        ("[tool]\nblendtpl = 3", "`tool.blendtpl` is no table"),
        ("[tool.blendtpl]\ntemplate = 'x'", "unknown setting `template` in [tool.blendtpl]; did you mean `templates`?"),
        ("[tool.blendtpl]\nzzz = 'x'", "unknown setting `zzz` in [tool.blendtpl]; settings are templates, output"),
        ("[tool.blendtpl]\noutput = 3", "setting `output` in [tool.blendtpl] is no string"),
        ("[tool.blendtpl]\ntemplates = ''", "setting `templates` in [tool.blendtpl] is empty"),
        ("x = " + "[" * 5000, "nested too deeply"),
        ('[tool.blendtpl]\ntemplates = "a\\u0000b"', "to compile"),
        ('[tool.blendtpl]\noutput = "a\\u0000b"', "it has a null character"),
    ],
)
def test_a_mistake_in_the_settings_is_told_in_one_line(project: Path, templates: Path, toml: str, told: str) -> None:
    write(project, {"pyproject.toml": toml})
    result = invoke("compile")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert told in result.stderr


@pytest.mark.parametrize("toml", ["tool = 3", "[tool.other]\nx = 1", ""])
def test_a_file_without_our_settings_is_one_of_defaults(project: Path, templates: Path, toml: str) -> None:
    write(project, {"pyproject.toml": toml})
    assert invoke("compile").exit_code == 0


@pytest.mark.parametrize("name", ["instance", "make", "Holder.inside"])
def test_an_environment_is_an_instance_or_a_callable_of_a_module_of_the_project(
    project: Path, templates: Path, name: str
) -> None:
    write(project, {"pyproject.toml": "", "package/__init__.py": "", "package/env.py": ENVIRONMENT})
    write(templates, {"a.txt": "<< 1 >>"})
    assert invoke("compile", "-o", "x.blend", "--environment", f"package.env:{name}").exit_code == 0
    assert invoke("render", "x.blend", "a.txt", "--environment", f"package.env:{name}").stdout == "1"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("env_c", "is not of the form"),
        (":make", "is not of the form"),
        ("nowhere_c:make", "cannot import `nowhere_c`: No module named 'nowhere_c'"),
        ("..up:make", "environment `..up:make` fails: TypeError"),
        ("env_c:nope", "`env_c` has no `nope`"),
        ("env_c:number", "is no jinja2.Environment"),
        ("env_c:needs", "fails: TypeError: needs() missing 1 required positional argument: 'argument'"),
        ("env_c:raises", "fails: KeyError: 'of mine' ("),
        ("env_c:leaves", "fails: SystemExit: 3 ("),
        ("broken_c:make", "fails: SyntaxError: '(' was never closed (broken_c.py, line 1)\n"),
        ("wrong_c:make", "fails: ZeroDivisionError: division by zero ("),
    ],
)
def test_an_environment_that_cannot_be_had_is_told_in_one_line(
    project: Path, templates: Path, name: str, told: str
) -> None:
    write(project, {"env_c.py": ENVIRONMENT, "broken_c.py": "def f(", "wrong_c.py": "\n\n1 / 0"})
    result = invoke("compile", "--environment", name)
    assert (result.exit_code, result.stdout) == (1, "")
    assert told in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_error_in_the_environments_module_names_its_line(project: Path, templates: Path) -> None:
    write(project, {"wrong_d.py": "\n\n1 / 0"})
    assert invoke("compile", "--environment", "wrong_d:make").stderr.endswith(f"({project / 'wrong_d.py'}:3)\n")


def test_modules_of_the_project_are_found_by_the_installed_command_too(project: Path) -> None:
    write(project, {"pyproject.toml": '[tool.blendtpl]\nenvironment = "env_e:make"', "env_e.py": ENVIRONMENT})
    write(project, {"templates/a.txt": "<< 1 >>", "below/x": ""})
    found = run("compile", "-o", "x.blend", cwd=project / "below")
    assert (found.returncode, found.stderr) == (0, b"")


def test_a_current_folder_that_is_gone_is_told(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = project / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    result = invoke("compile")
    monkeypatch.chdir(project)
    assert (result.exit_code, result.stderr) == (1, "error: the current folder does not exist any more\n")
