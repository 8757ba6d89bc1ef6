"""The oracle: what PHP prints for include-style files, the shim prints for their templates, byte for byte.

``python -m tests.compat.oracle --record`` records what PHP prints; where PHP is not installed that stands in for it.
"""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from testkit import ROOT
from tests.compat.oracle import ours, php
from tests.compat.oracle.__main__ import main
from tests.compat.oracle.cases import Case, Output, every_case, read, write

CASES = every_case()
SAME = [case for case in CASES if not case.differs]
OTHER = [case for case in CASES if case.differs]

GROUPS = ("nesting", "scope", "once", "missing", "returns", "buffers", "exceptions", "order", "paths", "text")

needs_php = pytest.mark.skipif(php.PHP is None, reason=php.NOT_INSTALLED)

GREETING = """\
A greeting.
--- main.php
<?php
echo "Hello\\n";
--- main.py
print("Hello")
"""


def named(case: Case) -> str:
    return case.name


@needs_php
@pytest.mark.parametrize("case", CASES, ids=named)
def test_php_prints_what_is_recorded_of_it(case: Case, tmp_path: Path) -> None:
    printed, complaints = php.run(case, tmp_path)
    assert printed == case.recorded
    assert complaints == ""


@pytest.mark.parametrize("case", SAME, ids=named)
def test_the_shim_prints_what_php_prints(case: Case) -> None:
    shown, failure = ours.run(case)
    assert shown == case.recorded, failure


@pytest.mark.parametrize("case", OTHER, ids=named)
def test_where_it_differs_on_purpose_both_outputs_are_recorded(case: Case) -> None:
    shown, failure = ours.run(case)
    assert shown == case.ours, failure
    assert shown != case.recorded


def test_there_are_cases_of_all_that_includes_do() -> None:
    groups = Counter(case.name.partition("/")[0] for case in SAME)
    assert sorted(groups) == sorted(GROUPS)
    assert min(groups.values()) >= 6
    assert {case.name.partition("/")[0] for case in OTHER} == {"differences"}
    assert len(SAME) >= 60
    assert all(case.recorded for case in CASES)


def test_a_command_records_and_then_all_is_as_recorded(tmp_path: Path) -> None:
    (tmp_path / "greeting.txt").write_text(GREETING, encoding="utf-8")
    (tmp_path / "other.txt").write_text(GREETING.replace('print("', 'print("Oh, '), encoding="utf-8")
    if php.PHP is None:
        with pytest.raises(SystemExit, match="2"):
            main([], tmp_path)
        return
    assert main(["greeting"], tmp_path) == 1  # nothing is recorded
    assert main(["greeting", "--record"], tmp_path) == 0
    assert read(tmp_path / "greeting.txt", tmp_path).recorded == Output("Hello\n")
    assert main(["greeting"], tmp_path) == 0
    assert main(["other", "--record"], tmp_path) == 1  # the shim prints something else


@needs_php
def test_a_case_that_is_said_to_differ_and_does_not_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = GREETING.replace("A greeting.", "A greeting.\ndiffers: politeness")
    (tmp_path / "greeting.txt").write_text(text, encoding="utf-8")
    assert main(["--record"], tmp_path) == 1
    assert "greeting: nothing differs any more\n" in capsys.readouterr().out


@needs_php
def test_what_php_complains_of_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = GREETING.replace('"Hello\\n"', '"Hello\\n", $nobody')
    (tmp_path / "greeting.txt").write_text(text, encoding="utf-8")
    assert main(["--record"], tmp_path) == 1
    assert "greeting: PHP complains: Warning: Undefined variable $nobody in " in capsys.readouterr().out


def test_the_command_wants_names_of_cases() -> None:
    command = [sys.executable, "-m", "tests.compat.oracle", "no_such_case"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert shown.returncode == 2
    assert ("no case has such a name" if php.PHP else php.NOT_INSTALLED) in shown.stderr


@pytest.mark.parametrize("output", [Output(""), Output("a"), Output("a\n"), Output("\n\na\r\n", 255, 2), Output("é")])
def test_what_is_recorded_is_what_is_read(output: Output, tmp_path: Path) -> None:
    path = tmp_path / "greeting.txt"
    path.write_text(GREETING, encoding="utf-8")
    for _ in range(2):
        write(path, output, output)
        case = read(path, tmp_path)
        assert (case.recorded, case.ours, case.python) == (output, output, 'print("Hello")\n')


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "greeting: it begins with a sentence"),
        (GREETING.replace("A greeting.", "A greeting.\nrequest: 2"), "'requests', 'differs'"),
        (GREETING.replace("main.py", "main.html"), "greeting: there is no section main.py"),
        (GREETING + "--- main.py\n", "greeting: two sections have one name"),
    ],
)
def test_a_file_that_is_no_case_is_told(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "greeting.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=told):
        read(path, tmp_path)
