"""`blendtpl soak` and what `blendtpl list` shows of it, as a person sees them."""

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from testkit import PATIENCE, ROOT
from testkit.terminals import Terminal
from tests.compiling.support import invoke, run, write
from tests.soak import planted

PROJECT = {
    "pyproject.toml": '[tool.blendtpl]\nenvironment = "tests.soak.planted:environment"\noutput = "app.blend"\n',
    "templates/clean.html": "Dear {{ user.name }}",
    "templates/leak.html": "Dear\n{{ user|remember }}",
    "templates/bare.html": "{{ anything }}",
    "templates/broken.html": "{{ user.nme }}",
    "templates/examples.json": '{"ordinary": {"user": {"name": "Ada", "tags": []}}}',
    "templates/bare.examples.json": "{}",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a compiled bundle, which is the current folder."""
    write(tmp_path, PROJECT)
    monkeypatch.chdir(tmp_path)
    assert invoke("compile", "--no-cache").exit_code == 0
    return tmp_path


@dataclass(frozen=True, slots=True)
class Said:
    exit_code: int
    stdout: str
    stderr: str


def soak(*arguments: str) -> Said:
    """Soak the bundle in a process of its own, which holds little that a soak has to look through."""
    path = os.pathsep.join(filter(None, sys.path))
    done = run("soak", "app.blend", *arguments, cwd=Path.cwd(), environ={"PYTHONPATH": path})
    return Said(done.returncode, done.stdout.decode(), done.stderr.decode())


def without(project: Path, *names: str) -> None:
    """Compile again without some of the templates."""
    for name in names:
        (project / "templates" / name).unlink()
    assert invoke("compile", "--no-cache").exit_code == 0


def test_what_grows_is_told_and_the_exit_status_is_1(project: Path) -> None:
    found = soak("-n", "1000")

    assert found.exit_code == 1
    assert found.stderr == ""
    rates = re.search(r"grows: (\d\.\d blocks a render)\n  .*\n  objects:  (.*) in 100 renders", found.stdout)
    assert rates
    line = planted.remember.__code__.co_firstlineno + 1
    assert found.stdout == (
        "warning: `broken.html` fails with the example `ordinary`: UndefinedError: broken.html:1:"
        " 'dict object' has no attribute 'nme'\n"
        f"error: `leak.html` grows: {rates[1]}\n"
        "  keeps:    `user`, `user.tags` of what it is given\n"
        f"  objects:  {rates[2]} in 100 renders\n"
        "  held by:  list `_seen` of module tests.soak.planted\n"
        f"  made at:  leak.html:2, in {planted.__file__}:{line}\n"
        "\n"
        "note: 1 template without examples got generated contexts\n"
        "1 of 4 templates grew or could not be soaked, 1,000 renders each; wrote app.blend.soak.json\n"
    )


def test_nothing_that_grows_is_exit_status_0_and_list_shows_it(project: Path) -> None:
    without(project, "leak.html", "broken.html")

    found = soak("-n", "2000")

    assert found.exit_code == 0
    assert found.stdout == (
        "note: 1 template without examples got generated contexts\n"
        "2 templates, 2,000 renders each: none grew, and a leak of one object in 200 would have shown;"
        " wrote app.blend.soak.json\n"
    )
    listed = invoke("list", "app.blend")
    assert listed.exit_code == 0
    assert re.search(
        r"\nsoaked on \d{4}-\d\d-\d\d, 2,000 renders of all: none grew"
        r" \(blendtpl [^ ]+, jinja2 [^ ]+, markupsafe [^ ]+, python CPython [^ ]+\)\n$",
        listed.stdout,
    )
    told = json.loads(invoke("list", "app.blend", "--format", "json").stdout)["soak"]
    assert (told["matches"], told["passed"], told["renders"], told["unsound"]) == (True, True, 2000, [])


def test_list_tells_what_grew_and_of_another_bundle_that_it_is_of_another(project: Path) -> None:
    soak("-n", "200")
    assert ", 200 renders of all: 1 grew or could not be soaked: leak.html (" in invoke("list", "app.blend").stdout

    digest = json.loads((project / "app.blend.soak.json").read_text(encoding="utf-8"))["digest"]
    without(project, "leak.html")
    assert invoke("list", "app.blend").stdout.endswith(
        f"\nnot soaked: the certificate is of another bundle, sha256 {digest}; `blendtpl soak` writes one\n"
    )
    assert json.loads(invoke("list", "app.blend", "--format", "json").stdout)["soak"]["matches"] is False


def test_a_certificate_that_is_damaged_or_not_there_is_a_warning(project: Path) -> None:
    assert "soak" not in invoke("list", "app.blend").stdout
    assert json.loads(invoke("list", "app.blend", "--format", "json").stdout)["soak"] is None

    write(project, {"app.blend.soak.json": "{"})
    listed = invoke("list", "app.blend")
    assert listed.exit_code == 0
    assert listed.stderr == (
        "warning: `app.blend.soak.json` is no certificate: it is no JSON; `blendtpl soak` writes it anew\n"
    )
    assert "clean.html" in listed.stdout
    assert invoke("list", "app.blend", "--certificate", "nope.json").stderr == (
        "warning: there is no certificate `nope.json`; `blendtpl soak` writes one\n"
    )


def test_a_certificate_cannot_give_orders_to_a_terminal(project: Path) -> None:
    soak("-n", "200")
    path = project / "app.blend.soak.json"
    forged = json.loads(path.read_text(encoding="utf-8"))
    forged["templates"]["\x1b[2J"] = {"sound": False}
    path.write_text(json.dumps(forged), encoding="utf-8")

    listed = invoke("list", "app.blend").stdout
    assert "\x1b" not in listed
    assert "200 renders of 5 of them: 2 grew or could not be soaked: leak.html (" in listed


@pytest.mark.slow
def test_the_certificate_is_written_where_one_says_or_not_at_all(project: Path) -> None:
    without(project, "leak.html")

    assert soak("-n", "100", "--certificate", "made/here.json").exit_code == 0
    assert json.loads((project / "made/here.json").read_text(encoding="utf-8"))["passed"] is True
    assert "100 renders of all" in invoke("list", "app.blend", "--certificate", "made/here.json").stdout
    found = soak("-n", "100", "--no-certificate")
    assert "wrote" not in found.stdout
    assert not (project / "app.blend.soak.json").exists()


@pytest.mark.slow
def test_json_is_what_the_certificate_says(project: Path) -> None:
    found = soak("-n", "200", "--format", "json")

    assert found.exit_code == 1
    assert json.loads(found.stdout) == json.loads((project / "app.blend.soak.json").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_examples_come_from_the_folder_that_one_names_and_the_rest_is_generated(project: Path) -> None:
    write(project, {"elsewhere/examples.json": '{"short": {"user": {"nme": "A"}}}'})
    arguments = ("-n", "100", "--format", "json", "--no-certificate")

    rows = json.loads(soak(*arguments, "--examples", "elsewhere").stdout)["templates"]
    assert rows["broken.html"]["failures"] == {}
    assert "no attribute 'name'" in rows["clean.html"]["failures"]["the example `short`"]

    (project / "templates").rename(project / "away")
    found = soak(*arguments)
    assert f"there is no folder `{project / 'templates'}` with examples: all contexts are generated" in found.stderr
    rows = json.loads(found.stdout)["templates"]
    assert {(row["examples"], row["contexts"]) for row in rows.values()} == {(False, 21)}


@pytest.mark.parametrize(
    ("arguments", "status", "problem"),
    [
        (["soak"], 2, "Missing argument 'BUNDLE'"),
        (["soak", "app.blend", "-n", "99"], 2, "99 is not in the range"),
        (["soak", "app.blend", "--examples", "nowhere"], 2, "'nowhere' does not exist"),
        (["soak", "app.blend", "--timeout", "0"], 2, "0 is not in the range"),
        (["soak", "nothing.blend"], 1, "error: cannot read the bundle `nothing.blend`"),
        (["soak", "pyproject.toml"], 1, "this is no blendtpl bundle"),
        (["soak", "app.blend", "--environment", "nope:nope"], 1, "cannot import `nope`"),
        (["soak", "app.blend", "--environment", "blendtpl:default_environment"], 1, "remember"),
        (["soak", "app.blend", "-n", "100", "--certificate", "pyproject.toml/x"], 1, "error: cannot write"),
    ],
)
def test_a_mistake_is_one_text_and_no_traceback(project: Path, arguments: list[str], status: int, problem: str) -> None:
    found = invoke(*arguments)

    assert found.exit_code == status
    assert problem in found.stderr
    assert "Traceback" not in found.stderr


def test_examples_that_are_no_json_are_told(project: Path) -> None:
    write(project, {"templates/examples.json": "["})
    assert "no valid JSON" in invoke("soak", "app.blend").stderr


def started(project: Path, stdout: int, stderr: int) -> "subprocess.Popen[bytes]":
    """Begin a soak in a process of its own that takes long."""
    return subprocess.Popen(
        [sys.executable, "-m", "blendtpl", "soak", "app.blend", "-n", "1000000", "-j", "2"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT), "BLENDTPL_NO_PROGRESS": "", "TERM": "xterm", "COLUMNS": "80"},
        start_new_session=True,
        stdout=stdout,
        stderr=stderr,
    )


def test_control_c_ends_all_processes_and_leaves_the_old_certificate(project: Path) -> None:
    write(project, {"app.blend.soak.json": "old"})
    process = started(project, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stderr is not None
    assert process.stderr.readline().startswith(b"soak: ")  # it is at work

    os.killpg(process.pid, signal.SIGINT)  # as a terminal does it
    output, error = process.communicate(timeout=PATIENCE)

    assert (process.returncode, output) == (1, b"")
    assert error.strip().endswith(b"Aborted!")
    assert b"Traceback" not in error
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    assert (project / "app.blend.soak.json").read_text(encoding="utf-8") == "old"
    assert [path.name for path in project.iterdir() if path.name.endswith(".tmp")] == []


def test_progress_is_a_bar_on_a_terminal(project: Path) -> None:
    with Terminal() as terminal:
        process = started(project, stdout=subprocess.DEVNULL, stderr=terminal.far)
        shown = terminal.read(until=b"/4000")
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=PATIENCE) == 1

    assert b"soak " in shown
