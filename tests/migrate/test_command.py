"""``blendtpl migrate``: what it prints and writes, and what it says of every mistake."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from testkit import ROOT
from testkit.terminals import Terminal
from tests.compiling.support import as_nobody, invoke, run, write
from tests.migrate.support import OLD, placed

NEW = (
    "from bridge import registry\n\n\ndef send(name):\n"
    '    print(registry.render("hello.txt", name=name), end="")\n\n\nsend("Ada")\n'
)
OURS = {**os.environ, "PYTHONPATH": str(ROOT)}  # for processes in other folders
ONE_LEFT = "from bridge import shim\nok = shim.include('templates/plain.txt')\n"


def test_a_diff_is_one_that_git_takes_and_nothing_is_written(folder: Path) -> None:
    write(folder, {"pack/mail.py": OLD, "pack/ends.py": OLD.rstrip().replace("\n", "\r\n")})
    result = invoke("migrate", "pack")
    assert result.exit_code == 0
    assert result.stderr == "2 calls to rewrite in 2 files, 0 left; 2 files looked at\n"
    assert (folder / "pack/mail.py").read_text() == OLD
    subprocess.run(["git", "apply", "--whitespace=nowarn"], input=result.stdout_bytes, cwd=folder, check=True)
    assert (folder / "pack/mail.py").read_bytes() == NEW.encode()
    assert (folder / "pack/ends.py").read_bytes() == NEW.rstrip().replace("\n", "\r\n").encode()
    assert invoke("migrate", "pack").stdout == ""


def test_a_diff_is_coloured_on_a_terminal_only(folder: Path) -> None:
    write(folder, {"mail.py": OLD})
    assert "\x1b[" not in invoke("migrate", "mail.py").stdout
    command = [sys.executable, "-m", "blendtpl", "migrate", "mail.py"]
    with (
        Terminal() as terminal,
        subprocess.Popen(command, stdout=terminal.far, stderr=subprocess.DEVNULL, env=OURS) as process,
    ):
        shown = terminal.read()
    assert process.returncode == 0
    assert b"\x1b[32m+from bridge import registry" in shown


def written(path: Path) -> tuple[int, ...]:
    """Return what writing a file changes, and reading it does not."""
    found = path.stat()
    return found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def test_files_are_written_with_their_mode_and_through_links(folder: Path) -> None:
    write(folder, {"mail.py": OLD, "other.py": "print(1)\n"})
    (folder / "mail.py").chmod(0o750)
    (folder / "linked.py").symlink_to("mail.py")
    before = written(folder / "other.py")
    result = invoke("migrate", "--write", ".")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "1 call rewritten in 1 file, 0 left; 5 files looked at\n"
    assert (folder / "mail.py").read_text() == NEW
    assert stat.S_IMODE((folder / "mail.py").stat().st_mode) == 0o750
    assert (folder / "linked.py").is_symlink()
    assert written(folder / "other.py") == before
    assert [path.name for path in folder.iterdir() if path.name.endswith(".tmp")] == []
    again = invoke("migrate", "--write", ".")
    assert again.stderr == "0 calls rewritten in 0 files, 0 left; 5 files looked at\n"


def test_what_is_left_is_listed_and_the_exit_status_is_1(folder: Path) -> None:
    write(folder, {"a.py": ONE_LEFT, "b.py": OLD})
    result = invoke("migrate", "--write", "a.py", "b.py")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "left: a.py:2: `shim.include`: its value is used\n1 call rewritten in 1 file, 1 left; 2 files looked at\n"
    )
    assert (folder / "b.py").read_text() == NEW


def test_json_has_every_call(folder: Path) -> None:
    noted = "import string\nprint(string.Template(open('templates/letter.html').read()).substitute(name=1))\n"
    write(folder, {"a.py": ONE_LEFT, "b.py": OLD, "c.py": noted})
    result = invoke("migrate", "--format", "json", "a.py", "b.py", "c.py")
    assert (result.exit_code, result.stderr) == (1, "")
    assert json.loads(result.stdout) == {
        "files": 3,
        "written": False,
        "changed": ["b.py", "c.py"],
        "rewritten": [
            {"file": "b.py", "line": 5, "call": "shim.include", "template": "hello.txt"},
            {"file": "c.py", "line": 2, "call": "string.Template.substitute", "template": "letter.html"},
        ],
        "left": [{"file": "a.py", "line": 2, "call": "shim.include", "reason": "its value is used"}],
        "notes": [
            {
                "file": "c.py",
                "line": 2,
                "call": "string.Template.substitute",
                "note": "`letter.html` escapes what it prints, string.Template does not",
            }
        ],
        "unreadable": [],
        "failed": [],
    }


def test_folders_of_others_and_links_that_lead_elsewhere_are_left_out(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = write(tmp_path_factory.mktemp("elsewhere"), {"outside.py": OLD})
    skipped = (".git", ".venv", "node_modules", "__pycache__", "env", "lib/site-packages")
    write(folder / "src", {f"{name}/mail.py": OLD for name in skipped})
    write(folder / "src", {"env/pyvenv.cfg": "", "mail.py": OLD, "mail.txt": OLD, ".hidden.py": OLD})
    (folder / "src/around").symlink_to(folder / "src")
    (folder / "src/outside.py").symlink_to(elsewhere / "outside.py")
    (folder / "src/circle.py").symlink_to("circle.py")
    result = invoke("migrate", "--write", "src")
    assert result.exit_code == 1
    assert result.stderr == (
        "left: src/circle.py: cannot read it: Too many levels of symbolic links\n"
        "1 call rewritten in 1 file, 0 left; 2 files looked at, 1 of them not read\n"
    )
    assert (elsewhere / "outside.py").read_text() == OLD


def test_a_folder_is_looked_at_though_its_own_name_would_be_left_out(folder: Path) -> None:
    write(folder / ".venv", {"mail.py": OLD})
    assert invoke("migrate", "--write", ".venv").exit_code == 0
    assert (folder / ".venv/mail.py").read_text() == NEW


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"from bridge import shim\nshim.include(\n", "cannot parse it: '(' was never closed (line 2, column 13)"),
        (b"shim\nprint 'x'\n", "cannot parse it: Missing parentheses"),
        (b"shim = '\xff'\n", "cannot read it: invalid or missing encoding declaration"),
        (b"# -*- coding: nowhere -*-\nshim\n", "cannot read it: unknown encoding: nowhere"),
        (b"# -*- coding: ascii -*-\nshim = '\xe9'\n", "cannot read it: 'ascii' codec can't decode byte 0xe9"),
        (b"shim = '\0'\n", "cannot parse it: source code string cannot contain null bytes"),
    ],
)
def test_a_file_that_cannot_be_parsed_is_listed_and_the_others_go_on(folder: Path, content: bytes, told: str) -> None:
    write(folder / "src", {"bad.py": content, "mail.py": OLD})
    result = invoke("migrate", "--write", "src")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"left: src/bad.py: {told}")
    assert result.stderr.count("\n") == 2
    assert (folder / "src/mail.py").read_text() == NEW
    assert (folder / "src/bad.py").read_bytes() == content


def test_a_file_of_an_older_python_without_old_calls_is_no_reason_to_fail(folder: Path) -> None:
    write(folder / "src", {"old.py": "print 'x'\n", "mail.py": OLD})
    assert invoke("migrate", "src").exit_code == 0


def test_a_template_whose_name_the_files_encoding_lacks_is_left(folder: Path) -> None:
    content = (
        "# -*- coding: ascii -*-\nfrom bridge import shim\nshim.include('templates/gr\\xfc\\xdfe.txt', {'name': 1})\n"
    )
    write(folder, {"mail.py": content})
    result = invoke("migrate", "--write", "mail.py")
    assert result.exit_code == 1
    assert "left: mail.py:3: `shim.include`: its encoding, ascii, has no 'ü'" in result.stderr
    assert (folder / "mail.py").read_text() == content


def test_files_that_cannot_be_read_or_written_are_told(folder: Path) -> None:
    write(folder / "src", {"mail.py": OLD, "secret.py": OLD})
    (folder / "src/secret.py").chmod(0o000)
    for path in (folder, *folder.parents):
        if path.stat().st_uid == os.geteuid() and path != Path("/"):
            path.chmod(path.stat().st_mode | 0o055)
    told = as_nobody("migrate", "--write", "src")
    assert told.startswith("1 left: src/secret.py: cannot read it: Permission denied\n")
    assert "error: cannot write `src/mail.py`: " in told
    assert (folder / "src/mail.py").read_text() == OLD


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        ([], 2, "Missing argument 'SRC...'"),
        (["nowhere.py"], 2, "Path 'nowhere.py' does not exist"),
        (["mail.py", "--bundle", "project.blend", "--templates", "templates"], 2, "exclude each other"),
        (["mail.py", "--shim", "a.b"], 2, "--shim takes a name, not `a.b`"),
        (["mail.py", "--alias", ".php"], 2, "--alias takes OLD=NEW, not `.php`"),
        (["mail.py", "--registry", "bridge"], 1, 'error: registry `bridge` is not of the form "module:name"\n'),
        (["mail.py", "--registry", "bridge:a.b"], 1, 'error: registry `bridge:a.b` is not of the form "module:name"\n'),
        (["mail.py", "--bundle", "nowhere.blend"], 1, "error: cannot read the bundle `nowhere.blend`: No such file"),
        (["mail.py", "--bundle", "mail.py"], 1, "error: mail.py: this is no blendtpl bundle"),
        (["mail.py", "--templates", "nowhere"], 1, "error: no folder `nowhere` to compile"),
        (["mail.py", "--environment", "nowhere:made"], 1, "error: environment `nowhere:made`: cannot import `nowhere`"),
    ],
)
def test_a_mistake_in_the_call_is_told(folder: Path, arguments: list[str], status: int, told: str) -> None:
    write(folder, {"mail.py": OLD})
    result = invoke("migrate", *arguments)
    assert (result.exit_code, result.stdout) == (status, "")
    assert told in result.stderr


def test_a_registry_has_to_be_named(folder: Path) -> None:
    write(folder, {"mail.py": OLD, "pyproject.toml": "[tool.blendtpl]\noutput = 'project.blend'\n"})
    result = invoke("migrate", "mail.py")
    assert result.exit_code == 2
    assert "name the registry: --registry MODULE:NAME, or `registry` in [tool.blendtpl]" in result.stderr
    write(folder, {"pyproject.toml": "[tool.blendtpl]\nregistry = ''\n"})
    assert "setting `registry` in [tool.blendtpl] is empty" in invoke("migrate", "mail.py").stderr


def test_without_a_bundle_the_templates_are_compiled_and_without_either_it_is_told(folder: Path) -> None:
    write(folder, {"mail.py": OLD})
    registry = ("--registry", "bridge:registry")
    (folder / "pyproject.toml").write_text("")
    (folder / "templates/returning.txt").unlink()  # which needs the extension
    assert invoke("migrate", "mail.py", *registry).exit_code == 0
    (folder / "templates").rename(folder / "mails")
    result = invoke("migrate", "mail.py", *registry)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: no bundle `")
    assert result.stderr.endswith("give --bundle or --templates\n")
    moved = invoke("migrate", "mail.py", *registry, "--templates", "mails", "--root", "templates")
    assert (moved.exit_code, "hello.txt" in moved.stdout) == (0, True)


def test_a_bundle_without_sources_is_refused(folder: Path) -> None:
    write(folder, {"mail.py": OLD})
    assert invoke("compile", "--no-sources", "--no-cache", "-o", "bare.blend").exit_code == 0
    result = invoke("migrate", "mail.py", "--bundle", "bare.blend")
    assert result.exit_code == 1
    assert result.stderr == (
        "error: the bundle has no sources, which say what templates set and return: give --templates\n"
    )


def test_roots_and_aliases_lead_from_old_paths_to_templates(folder: Path) -> None:
    calls = ("mails/old/alert.inc", "/srv/app/mails/hello.inc", "mails/welcome.inc", "mails/hullo.inc")
    lines = [f"print(shim.fetch({call!r}, {{}}))\n" for call in calls]
    write(folder, {"mail.py": "from bridge import shim\n" + "".join(lines)})
    roots = [f"--root={root}" for root in ("mails", "/srv/app/mails")]
    aliases = [f"--alias={alias}" for alias in (".inc=.html", ".inc=.txt", "old/=emails/", "welcome.inc=plain.txt")]
    result = invoke("migrate", "mail.py", *roots, *aliases)
    assert "+print(registry.render('emails/alert.html', {}))" in result.stdout
    assert "+print(registry.render('hello.txt', {}))" in result.stdout
    assert "+print(registry.render('plain.txt', {}))" in result.stdout
    missing = "the bundle has no template for `mails/hullo.inc`; did you mean `hello.txt`?"
    assert result.stderr.startswith(f"left: mail.py:5: `shim.fetch`: {missing}\n3 calls")


def test_the_shim_may_have_another_name(folder: Path) -> None:
    write(folder, {"mail.py": OLD.replace("shim", "php")})
    assert invoke("migrate", "mail.py").stdout == ""
    assert invoke("migrate", "mail.py", "--shim", "php").exit_code == 0


def test_without_libcst_the_extra_is_named(folder: Path) -> None:
    write(folder, {"mail.py": OLD, "libcst.py": "raise ModuleNotFoundError('no', name='libcst')\n"})
    done = run("migrate", "mail.py", cwd=folder, environ={"PYTHONPATH": os.pathsep.join((str(folder), str(ROOT)))})
    assert done.returncode == 1
    assert done.stderr == (
        b"error: `blendtpl migrate` needs `libcst`: install blendtpl with the extra `migrate`, from where you have it"
        b" (in a checkout `pip install '.[migrate]'`)\n"
    )


def test_other_commands_do_without_libcst(folder: Path) -> None:
    script = "import sys, blendtpl.cli; print('libcst' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=OURS)
    assert shown.stdout == "False\n"


def test_what_it_does_to_a_program_is_what_the_corpus_shows(folder: Path) -> None:
    program = placed("layout", "before.txt", folder)
    invoke("migrate", "--write", program.name)
    written = program.read_bytes()
    assert written == placed("layout", "after.txt", folder).read_bytes()
