"""Names for methods of the shim, which one file makes and others import."""

from pathlib import Path

import pytest

from tests.compiling.support import invoke, write

NAMES = "from bridge import shim\ninclude, fetch = shim.include, shim.fetch\ncapture = shim.capture\n"
MAIL = 'from app.names import include\n\n\ndef send(name):\n    include("templates/hello.php")\n'
NEW = '    print(registry.render("hello.txt", name=name), end="")'


def app(folder: Path, **files: str) -> None:
    write(folder / "app", {"__init__.py": "", "names.py": NAMES, "mail.py": MAIL})
    write(folder / "app", {f"{name}.py": text for name, text in files.items()})


def test_names_are_followed_from_file_to_file(folder: Path) -> None:
    app(
        folder,
        again="from .names import include as put, fetch\nshow = put\n",
        relative=MAIL.replace("app.names", ".names"),
        deep=MAIL.replace("from app.names import include", "from app.again import show as include"),
        module=MAIL.replace("from app.names import include", "import app.names").replace("    in", "    app.names.in"),
        part=MAIL.replace("from app.names import include", "from . import again").replace(
            "    include", "    again.put"
        ),
    )
    result = invoke("migrate", "--write", "app")
    assert result.stderr == "5 calls rewritten in 5 files, 0 left; 8 files looked at\n"
    for name in ("mail", "relative", "deep", "module", "part"):
        text = (folder / "app" / f"{name}.py").read_text()
        assert NEW in text
        assert ("names" in text) == (name == "module")  # `import app.names` makes it an attribute of `app`
        assert "again" not in text
    assert (folder / "app/names.py").read_text() == NAMES


def test_what_is_not_among_the_files_is_none_of_ours(folder: Path) -> None:
    app(folder)
    assert invoke("migrate", "app/mail.py").stderr == "0 calls to rewrite in 0 files, 0 left; 1 file looked at\n"
    other = MAIL.replace("app.names", "elsewhere.names")
    write(folder / "app", {"other.py": other})
    assert invoke("migrate", "app").stderr == "1 call to rewrite in 1 file, 0 left; 4 files looked at\n"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("import app.names\napp.names.include = print\n", "app/test.py:2"),
        ("import app.names\ndel app.names.include\n", "app/test.py:2"),
        ("def test(monkeypatch):\n    monkeypatch.setattr('app.names.include', print)\n", "app/test.py:2"),
        ("import app.names\nsetattr(app.names, 'include', print)\n", "app/test.py:2"),
        ("import app.names\nvars(app.names)['include'] = print\n", "app/test.py:2"),
        ("import app.names\napp.names.__dict__['include'] = print\n", "app/test.py:2"),
    ],
)
def test_a_name_that_another_file_may_set_is_left(folder: Path, text: str, place: str) -> None:
    app(folder, test=text)
    result = invoke("migrate", "app")
    assert result.stdout == ""
    assert f"left: app/mail.py:5: `include`: `include` may be set at {place}\n" in result.stderr


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (NAMES + "include = print\n", "`include` is bound more than once in app/names.py"),
        (NAMES + "def other():\n    global include\n", "`include` is bound more than once in app/names.py"),
        (NAMES + "from os import *\n", "`from os import *` may bind any name here"),
        (NAMES + "for name in 'ab':\n    globals()[name] = 1\n", "`include` may be set at app/names.py:5"),
        (NAMES + "globals().update(include=print)\n", "`include` may be set at app/names.py:4"),
        ("shim = object()\ninclude = shim.include\n", "`shim` is a variable that may be another object"),
        ("import a\ndel a\ninclude = a.shim.include\n", "`a.shim` may be another object"),
        (
            "from bridge import shim\nif shim:\n    include = shim.include\n",
            "`include` is bound in a branch of app/names.py",
        ),
    ],
)
def test_a_name_that_is_not_sure_where_it_is_made_is_left(folder: Path, text: str, reason: str) -> None:
    app(folder, names=text)
    result = invoke("migrate", "app")
    assert result.stdout == ""
    assert f"left: app/mail.py:5: `include`: {reason}\n" in result.stderr


def test_a_module_that_may_be_either_of_two_files_is_left(folder: Path) -> None:
    write(folder, {"one/names.py": NAMES, "two/names.py": "def include(path):\n    print(path)\n"})
    write(folder, {"three/mail.py": MAIL.replace("app.names", "names"), "one/mail.py": MAIL.replace("app.", "")})
    write(folder, {"two/mail.py": MAIL.replace("app.names", "names")})
    result = invoke("migrate", "one", "two", "three")
    assert "left: three/mail.py:5: `include`: `names` may be another module\n" in result.stderr
    assert "+++ b/one/mail.py" in result.stdout
    assert result.stdout.count("+++") == 1
    assert result.stderr.count("left: ") == 1


def test_output_that_a_name_captures_in_another_file_is_left(folder: Path) -> None:
    caller = "from app import mail, names\n\n\ndef page():\n    with names.capture() as text:\n        mail.send(1)\n"
    app(folder, caller=caller)
    result = invoke("migrate", "app")
    reason = "`send` may be called app/caller.py:5, where its output is held back"
    assert f"left: app/mail.py:5: `include`: {reason}\n" in result.stderr


def test_what_opens_a_capture_and_is_passed_on_may_hold_any_output(folder: Path) -> None:
    app(folder, other="from app.names import capture\n\nwrap(capture)\n")
    result = invoke("migrate", "app")
    assert result.stdout == ""
    reason = "a capture may be open there: what opens one is passed on at app/other.py:3"
    assert f"left: app/mail.py:5: `include`: {reason}\n" in result.stderr


def test_what_includes_once_and_is_passed_on_may_include_any(folder: Path) -> None:
    app(folder, other="from bridge import shim\n\nwrap(shim.include_once)\n")
    result = invoke("migrate", "app")
    assert "`include`: it counts for what is included once at app/other.py:3\n" in result.stderr


def test_imports_that_follow_each_other_go_together(folder: Path) -> None:
    old = MAIL.replace("from app.names import include", "import string\n# the names\nfrom app.names import include")
    app(
        folder,
        mail=f"import bridge\n{old}    print(string.Template(open('templates/letter.html').read()).substitute())\n",
    )
    result = invoke("migrate", "--write", "app")
    assert "Traceback" not in result.stderr
    assert "string" not in (folder / "app/mail.py").read_text()
