"""What one file says of another: who imports it, captures its output, or takes its names."""

from pathlib import Path

from tests.compiling.support import invoke, write
from tests.migrate.support import OLD


def test_a_module_that_the_registrys_own_imports_is_left(folder: Path) -> None:
    write(folder / "app", {"__init__.py": "", "mail.py": "from app import alerts\nregistry = alerts.made\n"})
    write(folder / "app", {"alerts.py": OLD + "made = None\n", "others.py": OLD})
    result = invoke("migrate", "app", "--registry", "app.mail:registry")
    reason = "`app.mail` imports this module, which therefore cannot import it"
    assert result.stderr.startswith(f"left: app/alerts.py:5: `shim.include`: {reason}\n")
    assert "+from app.mail import registry" in result.stdout
    assert "+++ b/app/others.py" in result.stdout


def test_the_module_of_the_registry_calls_it_by_its_own_name(folder: Path) -> None:
    write(folder / "app", {"__init__.py": "", "mail.py": OLD + "registry = {}\n", "bare.py": OLD})
    own = invoke("migrate", "app/mail.py", "--registry", "app.mail:registry")
    assert own.stderr.startswith(
        "left: app/mail.py:5: `shim.include`: `registry` is not the registry there, or not yet\n"
    )
    bare = invoke("migrate", "app/bare.py", "--registry", "app.bare:registry")
    assert bare.stderr.startswith("left: app/bare.py:5: `shim.include`: this is `app.bare` itself, and has no single")


def test_a_name_that_another_module_takes_stays(folder: Path) -> None:
    made = "LETTER = string.Template(open('templates/letter.html').read())"
    text = f"import string\n{made}\nprint(LETTER.substitute(name=1))\n"
    write(folder / "app", {"__init__.py": "", "a.py": text, "b.py": "from app.a import LETTER\n"})
    result = invoke("migrate", "app")
    assert result.stdout == ""
    assert "`LETTER` may be used by another module" in result.stderr
    assert "-LETTER" in invoke("migrate", "app/a.py").stdout


def test_output_that_code_in_another_file_captures_is_left(folder: Path) -> None:
    caller = "def page():\n    with shim.capture() as text:\n        head()\n"
    parts = "def head():\n    rule()\n\n\ndef rule():\n    shim.include('templates/plain.txt')\n"
    caller, parts = (f"from bridge import shim\n\n\n{text}" for text in (caller, parts))
    write(folder, {"src/parts.py": parts, "src/caller.py": caller})
    result = invoke("migrate", "src")
    assert result.stdout == ""
    reason = "`rule` may be called src/caller.py:5, where its output is held back"
    assert f"left: src/parts.py:9: `shim.include`: {reason}\n" in result.stderr
    assert "+    print(registry.render('plain.txt'), end='')" in invoke("migrate", "src/parts.py").stdout


def test_a_shim_with_a_stream_of_its_own_prints_there(folder: Path) -> None:
    head = "import sys\nfrom blendtpl.compat import IncludeShim\n"
    made = f'{head}shim = IncludeShim(None, roots=["templates"], stream=sys.stderr)\n'
    write(folder, {"src/made.py": made, "src/mail.py": OLD})
    result = invoke("migrate", "src")
    assert "`shim.include`: the shim at src/made.py:3 may print to another stream" in result.stderr


def test_the_imports_of_a_package_stay(folder: Path) -> None:
    write(folder / "app", {"__init__.py": OLD, "a.py": OLD})
    shown = invoke("migrate", "app").stdout
    assert "+from bridge import registry, shim" in shown
    assert "+from bridge import registry\n" in shown


MADE = """\
import blendtpl
from blendtpl.compat import IncludeShim
registry = blendtpl.load("project.blend", environment="bridge:environment")
shim = IncludeShim(registry, roots=("old",), aliases={".php": ".txt", "a/": "emails/"})
"""
CALLS = 'from made import shim\nprint(shim.fetch("old/a/alert.php", {}), shim.fetch("templates/hello.php", {}))\n'


def test_the_paths_of_a_shim_are_what_it_is_made_with(folder: Path) -> None:
    write(folder, {"src/made.py": MADE, "src/mail.py": CALLS})
    result = invoke("migrate", "src")
    assert '+print(registry.render("emails/alert.txt", {}), shim.fetch("templates/hello.php", {}))' in result.stdout
    missing = "the bundle has no template for `templates/hello.php`"
    assert result.stderr.startswith(f"left: src/mail.py:2: `shim.fetch`: {missing}")
    given = invoke("migrate", "src", "--root", "templates", "--root", "old/a", "--alias", "alert.php=plain.txt")
    assert '+print(registry.render("plain.txt", {}), registry.render("hello.txt", {}))' in given.stdout


def test_a_shim_whose_paths_are_made_at_run_time_needs_them_given(folder: Path) -> None:
    write(folder, {"src/made.py": MADE.replace('("old",)', "ROOTS"), "src/mail.py": CALLS})
    result = invoke("migrate", "src")
    assert result.stdout == ""
    reason = "what roots and aliases the shim at src/made.py:4 has is not clear: give --root and --alias"
    assert f"left: src/mail.py:2: `shim.fetch`: {reason}\n" in result.stderr
    assert (
        "emails/alert.txt" in invoke("migrate", "src", "--root=old", "--alias=a/=emails/", "--alias=.php=.txt").stdout
    )


def test_shims_that_take_paths_differently_need_them_given(folder: Path) -> None:
    write(folder, {"src/made.py": MADE, "src/other.py": MADE.replace("old", "older"), "src/mail.py": CALLS})
    result = invoke("migrate", "src")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "what roots and aliases the shim at src/other.py:4 has is not clear" in result.stderr


def test_what_a_template_includes_once_may_be_any(folder: Path) -> None:
    write(
        folder,
        {"templates/head.txt": "{{ shim.include_once('./rule.txt') }}", "mail.py": OLD, "templates/rule.txt": "-"},
    )
    assert invoke("migrate", "mail.py").exit_code == 0
    result = invoke("migrate", "mail.py", "--templates", "templates")
    assert result.stderr.startswith(
        "left: mail.py:5: `shim.include`: it counts for what is included once at `head.txt`\n"
    )
