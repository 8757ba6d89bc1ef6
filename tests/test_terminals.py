# ruff: noqa: E501  # texts are easier to read in one line
"""No command and no error hands an order to a terminal: what is not printable is shown as an escape."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

import blendtpl
import blendtpl.cli
from blendtpl.cli.verify import _text
from blendtpl.compat import IncludeShim, PathError
from blendtpl.errors import Fault, IncludeNotFound
from blendtpl.printable import cells, one_line, printable
from blendtpl.tools.verify import Difference, Outcome, Verification
from testkit import PATIENCE
from testkit.terminals import Terminal
from tests.compiling.support import invoke, write
from tests.run.sealing import with_manifest

# CSI and OSC by ESC and by C1, marks that turn what follows, carriage return, backspace, BEL, DEL, what has no width
EVIL = "\x1b[31m\x1b]0;t\x07\x9b2J\x9d\u202e\u2066\u200f\r\x08\x7f\u200b\ufeff\u2028\x85\x0b"
WORSE = f"{EVIL}\0\ud800\nerror: {EVIL}"
ENVIRONMENT = f"""
import jinja2
EVIL = {WORSE!r}
def fail(value): raise ValueError(EVIL)
def make():
    made = jinja2.Environment(undefined=jinja2.StrictUndefined)
    made.filters["fail"] = fail
    made.globals["evil"] = EVIL
    made.tests["odd"] = lambda value: False
    return made
"""
PROJECT = {
    "pyproject.toml": '[tool.blendtpl]\nenvironment = "env_evil:make"\noutput = "x.blend"\n',
    "env_evil.py": ENVIRONMENT,
    "templates/text.html": f"{EVIL}{{{{ evil }}}}{{% include ['{EVIL}'] ignore missing %}}{{% block b %}}{EVIL}{{% endblock %}}",
    "templates/fails.html": f"{EVIL}{{{{ x|fail }}}}",
    "templates/missing.html": f"{EVIL}{{{{ x }}}}{EVIL}{{{{ nothing.of }}}}",
    "templates/dynamic.html": "{% include evil %}",
    "templates/missing.examples.json": json.dumps({WORSE: {"x": 1}, "y": {"x": 1, "nothing": {}}}),
    "templates/fails.examples.json": json.dumps({WORSE: {"x": WORSE}}),
}


@pytest.fixture
def evil(project: Path) -> Path:
    write(project, PROJECT)
    assert invoke("compile").exit_code == 0
    return project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("BLENDTPL_CACHE_DIR", str(tmp_path / "cache"))
    path = list(sys.path)
    yield folder
    sys.path[:] = path
    sys.modules.pop("env_evil", None)


def harmless(text: str) -> bool:
    return all(line.isprintable() for line in text.split("\n"))


def told(result: Result, status: int, *parts: str) -> str:
    """Return what a command said, which no terminal takes an order from; the parts, and something evil, are in it."""
    said = result.stdout + result.stderr
    assert (result.exit_code, harmless(said)) == (status, True), ascii(said)
    assert [part for part in parts if part not in said] == []
    return said


def test_what_is_not_printable_is_an_escape_and_all_else_as_it_was() -> None:
    assert printable("a\x1b[0m\u202eb\x9b\x7f\r\n\t\ud800") == "a\\x1b[0m\\u202eb\\x9b\\x7f\\r\n\\t\\ud800"
    assert one_line("a\nb\u2028") == "a\\nb\\u2028"
    for text in ("", "Grüße, 王小明 🙂 नमस्ते שלום <&>\\", "é"):
        assert printable(text) == one_line(text) == text
    assert harmless(printable("".join(map(chr, range(0x11000)))))


def test_compiling_tells_of_faults_in_evil_sources_and_names(evil: Path) -> None:
    write(
        evil / "templates",
        {
            "filter.html": f"{EVIL} {{{{ x|uper }}}}",
            "reference.html": f"{{% include '{EVIL}' %}}",
            "syntax.html": f"{{{{ x {EVIL[:4]} }}}}",
            f"odd{EVIL}.html": "x",
        },
    )
    (evil / os.fsdecode(b"templates/odd\xff\x1b")).write_bytes(b"\xff\x1b[31m")
    for style in ("text", "json", "github"):
        told(
            invoke("compile", "--format", style), 1, "unknown-filter" if style != "text" else "\\x1b[31m\\x1b]0;t\\x07"
        )
    assert json.loads(invoke("compile", "--format", "json").stdout)["faults"]


def test_the_caret_stands_under_what_is_meant_beside_escapes_and_wide_letters() -> None:
    for before in (EVIL, "王小明", "e\u0301\u20dd", "\t", "\ud800", "🙂\u200d🙂", "\N{HANGUL SYLLABLE GAN}"):
        line = f"{before}{{{{ x|uper }}}}"
        shown = str(Fault("a.html", 7, len(before) + 6, "k", "m", "", 4, line)).splitlines()
        assert cells(shown[4].partition("^")[0]) == cells(shown[3].partition("uper")[0])
        assert shown[4].endswith(" ^^^^")
        assert harmless("\n".join(shown))


def test_a_list_shows_evil_names_and_certificates_as_escapes_and_brackets_as_they_are(evil: Path) -> None:
    def change(manifest: Any) -> None:
        entry = manifest["templates"].pop("text.html")
        for name in (WORSE.replace("\ud800", ""), "[bold]x[/nothing]"):
            manifest["templates"][name] = entry

    bundle = blendtpl.compile("templates", environment="env_evil:make")
    (evil / "evil.blend").write_bytes(with_manifest(bundle, change))
    opened = invoke("list", "evil.blend")
    told(opened, 0 if opened.exit_code == 0 else 1)
    told(invoke("list", "x.blend"), 0, "\\x1b[31m", "text.html", "4 templates")
    told(invoke("list", "x.blend", "--format", "json"), 0)
    for certificate in (f'{{"{EVIL}": 1}}', json.dumps({WORSE: WORSE})):
        (evil / "x.blend.soak.json").write_text(certificate, encoding="utf-8")
        told(invoke("list", "x.blend"), 0, "warning: ")
    told(invoke("list", "x.blend", "--certificate", EVIL), 0, "\\x1b[31m")


def test_errors_of_a_render_are_printable(evil: Path) -> None:
    examples = ("--vars", "templates/missing.examples.json", "--example")
    told(invoke("render", "x.blend", "missing.html"), 1, "'x' is undefined", "\\x1b[31m")
    told(invoke("render", "x.blend", "missing.html", *examples, "y"), 1, "\\u200b")
    told(invoke("render", "x.blend", "missing.html", *examples, EVIL), 1, "\\n")
    told(invoke("render", "x.blend", "dynamic.html"), 1, "no template `\\x1b[31m")
    told(invoke("render", "x.blend", EVIL), 1, "no template `\\x1b[31m")
    told(invoke("render", "x.blend", "text.html", "--block", EVIL), 1, "no block `\\x1b[31m")
    write(evil, {"x.json": '{"x": 1}', f"{EVIL}.json": "{"})
    told(invoke("render", "x.blend", "fails.html", "--vars", "x.json"), 1, "ValueError: \\x1b[31m", "\nerror: \\x1b")
    told(invoke("render", "x.blend", "fails.html", "--vars", f"{EVIL}.json"), 1, "no valid JSON")
    told(invoke("render", f"{EVIL}.blend", "fails.html"), 1, "\\x1b[31m")


def test_soaking_and_verifying_tell_of_evil_examples_and_messages(evil: Path) -> None:
    (evil / "templates/dynamic.html").unlink()
    invoke("compile")
    said = told(invoke("soak", "x.blend", "-n", "100", "-j", "1"), 0, "\\x1b[31m", "fails with the example")
    assert not any(line.startswith("error: ") for line in said.splitlines())
    told(invoke("soak", "x.blend", "-n", "100", "-j", "1", "--format", "json"), 0)
    told(invoke("verify", "-n", "2"), 1, "`fails.html` is rendered by none", "\\x1b[31m")
    difference = Difference(WORSE, "the bundle", WORSE, Outcome(WORSE), Outcome(WORSE[:-1], WORSE))
    shown = printable(_text(Verification(1, 1, (difference,), (WORSE,))))
    assert harmless(shown)
    assert not shown.startswith("error: ")
    assert shown.count("\nerror: ") == 2  # the difference, and the class of an error that lies


@pytest.mark.parametrize("stage", ["tree", "program", "python"])
def test_explaining_evil_templates_is_printable(evil: Path, stage: str) -> None:
    for name in ("text.html", "missing.html"):
        told(invoke("explain", "templates", name, "--stage", stage), 0, "x1b[31m" if stage == "tree" else "")
    told(invoke("explain", "templates", EVIL, "--stage", stage), 1, "\\x1b[31m")


def test_a_call_that_is_not_understood_is_told_printably(evil: Path) -> None:
    calls = [[EVIL], [f"--{EVIL}"], ["list", f"--{EVIL}"], ["compile", "-j", EVIL], ["list", "x.blend", EVIL]]
    calls += [["compile", "--key-file", EVIL], ["migrate", EVIL], ["explain", "x", "y", "--stage", EVIL]]
    for call in calls:
        told(invoke(*call), 2, "\\x1b[31m")
    told(invoke("compile", "--environment", f"{EVIL}:make"), 1, "\\x1b[31m")


MIGRATED = f'def f(shim, x):\n\treturn shim.fetch("templates/text.php")  # {EVIL.translate({0x2028: None, 0x85: None, 0xb: None, 0xd: None})}\n'  # fmt: skip


def test_migrating_evil_code_is_printable_on_a_terminal_and_a_patch_in_a_pipe(evil: Path) -> None:
    name = f"a{EVIL}.py"
    write(evil, {f"src/{name}": MIGRATED, "src/b.py": f"{EVIL}("})
    call = ("migrate", "src", "--registry", "app:registry", "--bundle", "x.blend")
    piped = run(*call, cwd=evil)
    assert harmless(piped.stderr.decode())
    assert EVIL[:5].encode() in piped.stdout or not piped.stdout
    shown = on_a_terminal(*call, cwd=evil)
    assert harmless(shown), ascii(shown)
    assert "\\x1b[31m" in shown


def run(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "blendtpl", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, timeout=PATIENCE, check=False)


def on_a_terminal(*arguments: str, cwd: Path) -> str:
    """Return what a command shows on a terminal that knows no colours, standard error too."""
    command = [sys.executable, "-m", "blendtpl", *arguments]
    environ = {**os.environ, "TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "200"}
    with (
        Terminal() as terminal,
        subprocess.Popen(command, cwd=cwd, stdout=terminal.far, stderr=terminal.far, env=environ),
    ):
        shown = terminal.read()
    return shown.decode().replace("\r\n", "\n")


def test_what_is_rendered_is_data_in_a_pipe_and_printable_on_a_terminal(evil: Path) -> None:
    piped = run("render", "x.blend", "text.html", cwd=evil)
    assert piped.returncode == 0
    text = blendtpl.load("x.blend", environment="env_evil:make").render("text.html")
    assert piped.stdout == text.encode("utf-8", "surrogatepass")
    assert WORSE in text
    shown = on_a_terminal("render", "x.blend", "text.html", cwd=evil)
    assert harmless(shown), ascii(shown)
    assert shown.startswith("\\x1b[31m\\x1b]0;t\\x07")
    assert "\\ud800\nerror: " in shown  # which are lines of the text
    write(evil, {"templates/plain.txt": "a\tb\n"})
    assert run("compile", cwd=evil).returncode == 0
    assert on_a_terminal("render", "x.blend", "plain.txt", cwd=evil).split() == ["a", "b"]


def test_other_commands_are_printable_on_a_terminal(evil: Path) -> None:
    for call in (["list", "x.blend"], ["render", "x.blend", "missing.html"], ["explain", "templates", "text.html"]):
        shown = on_a_terminal(*call, cwd=evil)
        assert harmless(shown), ascii(shown)


def test_a_mistake_of_the_command_itself_is_told_printably(evil: Path) -> None:
    write(evil, {"broken.py": f"import blendtpl.cli.show as show\nfrom blendtpl.__main__ import main\ndef fail(*_, **__): raise LookupError({EVIL!r})\nshow.open_bundle = fail\nmain()\n"})  # fmt: skip
    done = subprocess.run([sys.executable, "broken.py", "list", "x.blend"], cwd=evil, capture_output=True, check=False)
    assert done.returncode == 1
    assert done.stderr.decode().rstrip().splitlines()[-1].startswith("LookupError: \\x1b[31m")
    assert harmless(done.stderr.decode())


def raised(kind: type[BaseException], call: Callable[[], object]) -> Any:
    with pytest.raises(kind) as caught:
        call()
    return caught.value


def test_what_an_error_says_is_printable_and_its_fields_are_as_they_were() -> None:
    texts = {"a.html": "{{ x[evil] }}{% block b %}{% endblock %}", "include.html": "{% include evil %}"}
    registry = blendtpl.load(blendtpl.compile(texts))
    shim = IncludeShim(registry, roots="templates")
    undefined = raised(blendtpl.UndefinedError, lambda: registry.render("a.html", x={}, evil=WORSE))
    assert undefined.name == "a.html"
    missing = raised(blendtpl.TemplateNotFound, lambda: registry[WORSE])
    assert missing.name == WORSE
    included = raised(blendtpl.TemplateNotFound, lambda: registry.render("include.html", evil=WORSE))
    assert included.name == WORSE
    block = raised(blendtpl.BlockNotFound, lambda: registry["a.html"].render_block(WORSE))
    assert block.block == WORSE
    fault = Fault(WORSE, 1, 1, "k", EVIL, EVIL, 1, EVIL)
    path = PathError(WORSE, "leaves the roots")
    shimmed = IncludeNotFound(WORSE, WORSE, registry)
    old = raised(blendtpl.BlendError, lambda: shim.require(f"templates/{EVIL}"))
    errors = [undefined, missing, included, block, path, shimmed, old, blendtpl.CompileError([fault])]
    errors += [kind(WORSE) for kind in (blendtpl.BundleError, blendtpl.ConfigError, blendtpl.MessageError)]
    for error in errors:
        assert harmless(str(error)), ascii(str(error))
        assert "\\x1b[31m" in str(error)
        assert harmless(repr(error)), ascii(repr(error))
    for error in (missing, included, block, path, shimmed):
        assert "\n" not in str(error)
    assert (fault.name, fault.message, fault.source_line) == (WORSE, EVIL, EVIL)


def test_a_note_with_the_place_is_printable() -> None:
    def boom() -> None:
        raise ValueError(EVIL)

    registry = blendtpl.load(blendtpl.compile({"a.html": "{{ boom() }}"}))
    error = raised(ValueError, lambda: registry.render("a.html", boom=boom))
    assert (str(error), error.__notes__) == (EVIL, ["in template a.html:1"])


def test_a_command_says_nothing_but_by_what_makes_it_printable() -> None:
    for path in Path(blendtpl.cli.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            said = isinstance(node, ast.Call) and ast.unparse(node.func) in {"click.echo", "click.secho", "print"}
            assert not said or path.name in {"common.py", "progress.py"}, f"{path.name}:{getattr(node, 'lineno', 0)}"
