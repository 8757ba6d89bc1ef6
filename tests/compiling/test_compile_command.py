"""``blendtpl compile``: what it writes, what it says, how it ends."""

import json
import os
import re
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

import blendtpl
import blendtpl.cli.compile
from blendtpl.runtime.speedups import ACTIVE
from testkit import PATIENCE
from testkit.terminals import Terminal
from tests.compiling.support import as_nobody, invoke, run, write

GOOD = {"templates/a.html": "{% include 'b.html' %}", "templates/b.html": "{{ x }}"}


@pytest.fixture
def good(project: Path) -> Path:
    write(project, GOOD)
    assert invoke("compile", "-o", "out.blend").exit_code == 0
    return project


def test_the_closing_line_says_how_many_templates_where_from_the_size_and_the_digest(good: Path) -> None:
    data = Path("out.blend").read_bytes()
    digest = blendtpl.load("out.blend").digest
    tail = f"wrote out.blend, {len(data) / 1000:.1f} kB, sha256 {digest}\n"
    assert invoke("compile", "-o", "out.blend").stdout == f"2 templates, 2 from cache, 0 compiled; {tail}"
    assert invoke("compile", "-o", "out.blend", "--no-cache").stdout == f"2 templates, 0 from cache, 2 compiled; {tail}"
    Path("templates/b.html").unlink()
    write(good, {"templates/a.html": "x"})
    assert invoke("compile", "-o", "out.blend").stdout.startswith("1 template, 0 from cache, 1 compiled; wrote")


def test_faults_leave_the_old_bundle_as_it_was(good: Path) -> None:
    before, state = Path("out.blend").read_bytes(), Path("out.blend").stat()
    write(good, {"templates/b.html": "{{ x|nope }}"})
    for style in ("text", "json", "github"):
        assert invoke("compile", "-o", "out.blend", "--format", style).exit_code == 1
    after = Path("out.blend").stat()
    assert Path("out.blend").read_bytes() == before
    assert (after.st_mtime_ns, after.st_ino) == (state.st_mtime_ns, state.st_ino)
    assert {path.name for path in good.iterdir()} == {"templates", "out.blend"}


def test_check_passes_for_a_fresh_bundle_and_writes_nothing(good: Path) -> None:
    state = Path("out.blend").stat()
    result = invoke("compile", "-o", "out.blend", "--check")
    assert result.exit_code == 0
    assert "checked out.blend" in result.stdout
    assert Path("out.blend").stat().st_mtime_ns == state.st_mtime_ns


def test_check_fails_for_a_stale_a_missing_and_a_damaged_bundle(good: Path) -> None:
    write(good, {"templates/b.html": "{{ x }}!"})
    stale = invoke("compile", "-o", "out.blend", "--check")
    assert (stale.exit_code, stale.stdout) == (1, "")
    assert stale.stderr == "error: `out.blend` is not what the sources give; run `blendtpl compile`\n"
    missing = invoke("compile", "-o", "no.blend", "--check")
    assert missing.exit_code == 1
    assert missing.stderr.endswith("No such file or directory; run `blendtpl compile`\n")
    assert not Path("no.blend").exists()
    write(good, {"templates/b.html": "{{ x }}", "out.blend": Path("out.blend").read_bytes()[:-9]})
    assert invoke("compile", "-o", "out.blend", "--check").exit_code == 1


def test_check_tells_faults_before_it_compares(good: Path) -> None:
    write(good, {"templates/b.html": "{{"})
    assert "b.html:1:3" in invoke("compile", "-o", "out.blend", "--check").stderr


def test_json_tells_the_result_and_every_field_of_every_fault(good: Path) -> None:
    told = json.loads(invoke("compile", "-o", "out.blend", "--format", "json").stdout)
    size = Path("out.blend").stat().st_size
    digest = blendtpl.load("out.blend").digest
    assert told == {
        "templates": 2,
        "cached": 2,
        "compiled": 0,
        "size": size,
        "digest": digest,
        "output": "out.blend",
        "faults": [],
    }
    write(good, {"templates/b.html": "é {{ x|uper }}"})
    result = invoke("compile", "-o", "out.blend", "--format", "json")
    assert (result.exit_code, result.stderr) == (1, "")
    assert json.loads(result.stdout) == {
        "faults": [
            {
                "name": "b.html",
                "line": 1,
                "column": 8,
                "kind": "unknown-filter",
                "message": "unknown filter `uper`",
                "hint": "did you mean `upper`?",
                "width": 4,
                "source_line": "é {{ x|uper }}",
            }
        ]
    }


def test_json_tells_what_an_extension_raised_without_the_object(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = """
import jinja2, jinja2.ext
class Boom(jinja2.ext.Extension):
    tags = {"boom"}
    def parse(self, parser):
        raise OSError("no space")
def environment():
    return jinja2.Environment(extensions=[Boom])
"""
    write(good, {"booming.py": module, "templates/b.html": "x\n{% boom %}"})
    monkeypatch.syspath_prepend(good)
    result = invoke("compile", "-o", "out.blend", "--format", "json", "--environment", "booming:environment")
    (fault,) = json.loads(result.stdout)["faults"]
    assert (fault["name"], fault["line"], fault["kind"]) == ("b.html", 2, "unexpected")
    assert fault["message"].endswith("OSError: no space")
    assert "error" not in fault


def test_an_error_that_is_no_fault_has_the_format_asked_for_too(good: Path) -> None:
    result = invoke("compile", "nowhere", "--format", "json")
    assert (result.exit_code, result.stderr) == (1, "")
    assert json.loads(result.stdout) == {"error": "no folder `nowhere` to compile", "faults": []}
    result = invoke("compile", "nowhere", "--format", "github")
    assert (result.exit_code, result.stdout) == (1, "::error::no folder `nowhere` to compile\n")


def test_github_annotations_are_escaped_so_that_no_template_forges_one(project: Path) -> None:
    write(
        project,
        {"a,b=1%/a\n::error::x": "", "a,b=1%/m.html": "{% fro 100% %}", "a,b=1%/n.html": "{% extends '%\\n' %}"},
    )
    result = invoke("compile", "a,b=1%", "--format", "github")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "::error file=a%2Cb=1%25/a\\n%3A%3Aerror%3A%3Ax,title=bad-name::the template name `a\\n::error::x` has the"
        " character '\\n', which terminals and logs would obey; rename the file",
        "::error file=a%2Cb=1%25/m.html,line=1,col=4,title=syntax::Encountered unknown tag 'fro'.;"
        " did you mean `from`?",
        "::error file=a%2Cb=1%25/n.html,line=1,col=12,title=missing-reference::no template `%25\\n`",
    ]


def test_a_key_signs_the_bundle_and_check_needs_the_same(good: Path) -> None:
    write(
        good, {"key": "a key of some length\n", "other": "another of some length", "empty": "\n", "short": "secret\n"}
    )
    assert invoke("compile", "-o", "out.blend", "--key-file", "key").exit_code == 0
    assert blendtpl.load("out.blend", key=b"a key of some length")
    assert invoke("compile", "-o", "out.blend", "--key-file", "key", "--check").exit_code == 0
    assert invoke("compile", "-o", "out.blend", "--key-file", "other", "--check").exit_code == 1
    assert invoke("compile", "-o", "out.blend", "--check").exit_code == 1
    assert invoke("compile", "--key-file", "empty").stderr == "error: the key file `empty` is empty\n"
    for command in (("compile",), ("render", "out.blend", "a.html"), ("list", "out.blend"), ("soak", "out.blend")):
        short = invoke(*command, "--key-file", "short")
        assert (short.exit_code, short.stdout) == (1, "")
        assert short.stderr.startswith("error: `short`: the key has 6 bytes, and one of fewer than 16 can be guessed")
    assert invoke("compile", "--key-file", "nowhere").exit_code == 2


def test_no_sources_leaves_them_out(good: Path) -> None:
    assert blendtpl.load("out.blend")["b.html"].source == "{{ x }}"
    assert invoke("compile", "-o", "out.blend", "--no-sources").exit_code == 0
    assert blendtpl.load("out.blend")["b.html"].source is None
    assert b"{{ x }}" not in Path("out.blend").read_bytes()


def test_a_portable_bundle_is_another_one_and_says_so(project: Path) -> None:
    write(project, {"templates/a.html": "{% for x in xs %}{{ x.y }}{% endfor %}"})
    digests, texts = set(), set()
    for options, speedups in (((), ACTIVE), (("--portable",), False)):
        assert invoke("compile", "-o", "out.blend", *options).exit_code == 0
        assert invoke("compile", "-o", "out.blend", *options, "--check", "--no-cache").exit_code == 0
        registry = blendtpl.load("out.blend")
        assert registry.manifest.speedups is speedups
        digests.add(registry.digest)
        texts.add(registry.render("a.html", xs=[{"y": "<"}]))
    assert len(digests) == 1 + ACTIVE
    assert texts == {"&lt;"}
    assert invoke("compile", "-o", "out.blend", "--check").exit_code == ACTIVE


def test_no_cache_leaves_no_cache_behind(project: Path, tmp_path: Path) -> None:
    write(project, GOOD)
    assert invoke("compile", "--no-cache").exit_code == 0
    assert not (tmp_path / "cache").exists()
    assert invoke("compile").exit_code == 0
    assert (tmp_path / "cache").exists()


@pytest.mark.parametrize("jobs", ["1", "2", "5"])
def test_any_number_of_jobs_gives_one_bundle(good: Path, jobs: str) -> None:
    before = Path("out.blend").read_bytes()
    assert invoke("compile", "-o", "out.blend", "--no-cache", "--jobs", jobs).exit_code == 0
    assert Path("out.blend").read_bytes() == before


def test_an_output_in_the_source_folder_is_never_a_source(good: Path) -> None:
    digests = set()
    for output in ("templates/out.blend", "templates/out.html", "templates/deep/x", "templates/out.html"):
        assert invoke("compile", "-o", output).exit_code == 0
        digests.add(blendtpl.load(output).digest)
        assert set(blendtpl.load(output)) == {"a.html", "b.html"}
    assert digests == {blendtpl.load("out.blend").digest}


def test_what_is_left_of_an_old_output_is_no_source_either(good: Path) -> None:
    data = Path("out.blend").read_bytes()
    for left in (data[:-20], b"", b"{{", b"\xff"):
        write(good, {"templates/out.html": left})
        assert invoke("compile", "-o", "templates/out.html").exit_code == 0
        assert Path("templates/out.html").read_bytes() == data


def test_a_bundle_that_the_api_wrote_into_the_source_folder_is_no_source(good: Path) -> None:
    first = blendtpl.compile("templates")
    first.write("templates/any.html")
    assert blendtpl.compile("templates").digest == first.digest


def test_an_output_that_is_a_directory_or_a_device_is_refused(good: Path) -> None:
    assert invoke("compile", "-o", "templates").stderr == (
        "error: the output `templates` is a directory: name a file in it\n"
    )
    os.mkfifo("pipe")
    result = invoke("compile", "-o", "pipe")
    assert (result.exit_code, result.stderr) == (1, "error: the output `pipe` is no regular file\n")
    assert Path("pipe").is_fifo()


@pytest.mark.parametrize("output", ["a.file/out.blend", "x" * 300, "/proc/nowhere/out.blend"])
def test_an_output_that_cannot_be_written_is_told(good: Path, output: str) -> None:
    write(good, {"a.file": ""})
    result = invoke("compile", "-o", output)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: ")
    assert output in result.stderr


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("nowhere", "error: no folder `nowhere` to compile\n"),
        ("out.blend", "error: no folder `out.blend` to compile: it is a file\n"),
        ("empty", "error: the folder `empty` has no template in it\n"),
    ],
)
def test_a_source_that_is_no_folder_of_templates_is_told(good: Path, source: str, told: str) -> None:
    Path("empty").mkdir()
    result = invoke("compile", source)
    assert (result.exit_code, result.stderr) == (1, told)


@pytest.mark.parametrize("arguments", [["--jobs", "0"], ["--format", "xml"], ["--exclude"], ["--nope"]])
def test_a_call_that_is_not_understood_exits_2(good: Path, arguments: list[str]) -> None:
    assert invoke("compile", *arguments).exit_code == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "environ",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "C.UTF-8"},
    ],
    ids=str,
)
def test_names_that_cannot_be_printed_are_no_obstacle(project: Path, environ: dict[str, str]) -> None:
    odd = os.fsdecode(b"d\xff")
    write(project, {"templates/é日.html": "{{ é }}", "wrong/é日.html": "{{ é|uper }}", f"{odd}/x": ""})
    digest = blendtpl.compile("templates").digest
    for style in ("text", "json", "github"):
        found = run("compile", "-o", f"{odd}/é.blend", "--format", style, cwd=project, environ=environ)
        assert (found.returncode, found.stderr) == (0, b"")
        assert digest.encode() in found.stdout
        wrong = run("compile", "wrong", "--format", style, cwd=project, environ=environ)
        assert wrong.returncode == 1
        assert b"uper" in wrong.stdout + wrong.stderr
        assert b"Traceback" not in wrong.stdout + wrong.stderr
    listed = run("list", f"{odd}/é.blend", cwd=project, environ=environ)
    assert (listed.returncode, listed.stderr) == (0, b"")


def test_a_reader_that_goes_away_is_no_reason_for_a_traceback(project: Path) -> None:
    write(project, {f"templates/{number}.html": "{{" for number in range(300)})
    for arguments in (["--format", "github"], ["--format", "json"], []):
        reader, writer = os.pipe()
        os.close(reader)
        process = subprocess.run(
            [sys.executable, "-m", "blendtpl", "compile", *arguments],
            cwd=project,
            stdout=writer,
            stderr=subprocess.PIPE,
            timeout=PATIENCE,
            check=False,
        )
        os.close(writer)
        assert process.returncode == 1
        assert b"Traceback" not in process.stderr


def test_a_full_disk_behind_standard_output_is_told(project: Path) -> None:
    write(project, GOOD)
    with Path("/dev/full").open("w") as full:
        process = subprocess.run(
            [sys.executable, "-m", "blendtpl", "compile"],
            cwd=project,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=PATIENCE,
            check=False,
        )
    assert process.returncode == 1
    assert process.stderr == b"error: No space left on device\n"


def test_files_and_folders_that_this_user_may_not_read_or_write_are_told(open_folder: Path) -> None:
    os.chdir(open_folder)
    write(open_folder, {**GOOD, "templates/secret.html": "x", "templates/closed/x.html": "x", "pyproject.toml": ""})
    templates = open_folder / "templates"
    for path in (templates / "secret.html", templates / "closed"):
        path.chmod(0)
    told = as_nobody("compile", "-o", "x.blend", "--no-cache", "--jobs", "1")
    assert "error: cannot read the template: Permission denied\n  --> closed\n" in told
    assert "error: cannot read the template: Permission denied\n  --> secret.html\n" in told
    for path in (templates / "secret.html", templates / "closed"):
        path.chmod(0o755)
    open_folder.chmod(0o555)
    assert (
        as_nobody("compile", "-o", "x.blend", "--no-cache", "--jobs", "1")
        == "1 error: cannot write `x.blend`: Permission denied\n"
    )
    (open_folder / "pyproject.toml").chmod(0)
    told = as_nobody("compile", "-o", "x.blend", "--no-cache", "--jobs", "1")
    assert told == f"1 error: cannot read {open_folder / 'pyproject.toml'}: Permission denied\n"
    templates.chmod(0)
    assert as_nobody("compile", "templates/a", "-o", "x.blend").startswith("1 error: ")


TOLD = {"BLENDTPL_NO_PROGRESS": ""}
SLOW = """
import time, jinja2
class Slow(jinja2.ext.Extension):
    def preprocess(self, source, name, filename=None):
        time.sleep(0.15)
        return source
def make(): return jinja2.Environment(extensions=[Slow])
"""


@pytest.fixture
def slow(project: Path) -> Path:
    toml = '[tool.blendtpl]\nenvironment = "env_slow:make"\noutput = "x.blend"\n'
    files = {f"templates/{number:02}.html": "{{ x }}" for number in range(10)}
    return write(project, {"pyproject.toml": toml, "env_slow.py": SLOW, **files})


def test_progress_is_plain_lines_where_nobody_looks(slow: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = run("compile", "-j", "1", cwd=slow, environ={"FORCE_COLOR": "1", "TTY_COMPATIBLE": "1", **TOLD})
    assert found.returncode == 0
    assert re.fullmatch(rb"(parse: \d+ of 10 templates\n)+(emit: \d+ of 10 templates\n)*", found.stderr)
    assert found.stdout.startswith(b"10 templates, ")


def test_progress_is_a_bar_on_a_terminal(slow: Path) -> None:
    with Terminal() as terminal:
        process = subprocess.Popen(
            [sys.executable, "-m", "blendtpl", "compile", "-j", "1"],
            cwd=slow,
            env={**os.environ, **TOLD, "TERM": "xterm", "COLUMNS": "80"},
            stdout=subprocess.PIPE,
            stderr=terminal.far,
        )
        shown = terminal.read()
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert b"parse " in shown
    assert b"/10" in shown
    assert b"of 10 templates" not in shown
    assert output.startswith(b"10 templates, ")


def test_nothing_is_said_of_progress_when_it_is_quick_or_unwanted(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = count(100.0, step=2.0)
    for wanted, quick in ((True, True), (False, False)):
        monkeypatch.setenv("BLENDTPL_NO_PROGRESS", "" if wanted else "1")
        clock = SimpleNamespace(monotonic=(lambda: 100.0) if quick else (lambda: next(moment)))
        monkeypatch.setattr(blendtpl.cli.progress, "time", clock)
        assert invoke("compile", "--no-cache").stderr == ""


def test_ticks_come_once_a_second_and_not_before_the_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [100.0]
    monkeypatch.delenv("BLENDTPL_NO_PROGRESS")
    monkeypatch.setattr(blendtpl.cli.progress, "time", SimpleNamespace(monotonic=lambda: now[0]))
    ticker = blendtpl.cli.progress.Ticker()
    for number, moment in enumerate([100.0, 100.9, 101.1, 101.5, 102.0, 102.2]):
        now[0] = moment
        ticker.tick("emit", number, 6)
    assert capsys.readouterr().err == "emit: 2 of 6 templates\nemit: 5 of 6 templates\n"


def test_control_c_ends_quietly_and_leaves_the_old_bundle(slow: Path) -> None:
    write(slow, {"x.blend": "old"})
    process = subprocess.Popen(
        [sys.executable, "-m", "blendtpl", "compile", "-j", "1"],
        cwd=slow,
        env={**os.environ, **TOLD},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    first = process.stderr.readline()  # it is at work
    process.send_signal(signal.SIGINT)
    output, error = process.communicate(timeout=PATIENCE)
    assert first.startswith(b"parse: ")
    assert process.returncode == 1
    assert output == b""
    assert error.strip().endswith(b"Aborted!")
    assert b"Traceback" not in error
    assert (slow / "x.blend").read_bytes() == b"old"
