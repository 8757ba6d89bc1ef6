"""Adding a case is dropping a file, and a file that is no case says where."""

import re
import shutil
from pathlib import Path

import jinja2
import pytest

import blendtpl
from testkit.case_files import CaseError, read_folder
from testkit.cases import CASES, FOLDER, NAMES, PYTHON_CASES
from testkit.oracle import check_same, every_way, outcome
from testkit.sections import Names

GOOD = """a loop over names
--- main.html
{% for name in names %}{% include 'row.html' %}{% endfor %}
--- row.html
<li>{{ name }}</li>

--- context
{"names": ["Ada", "<b>"]}
"""


def test_a_file_that_is_dropped_into_the_folder_is_one_case_more(tmp_path: Path) -> None:
    folder = tmp_path / "render"
    shutil.copytree(FOLDER, folder)
    (folder / "mine.txt").write_text(GOOD, encoding="utf-8")

    added = [case for case in read_folder(folder, NAMES) if case.title not in {case.title for case in CASES}]

    assert [case.title for case in added] == ["a loop over names"]
    assert check_same(added[0].templates, added[0].make, added[0].variables) == (
        "text",
        "<li>Ada</li><li>&lt;b&gt;</li>",
    )
    ways = every_way(added[0].templates, added[0].make)
    assert set(ways) == {"live", "bundle", "bundle, stream", "portable", "portable, stream"}
    for render in ways.values():
        assert outcome(lambda: render("main.html", added[0].variables())) == (  # noqa: B023  # it is called here
            "text",
            "<li>Ada</li><li>&lt;b&gt;</li>",
        )


def test_every_file_of_the_folder_is_among_the_cases_that_all_tests_share() -> None:
    titles = [path.read_text(encoding="utf-8").split("\n", 1)[0] for path in FOLDER.iterdir()]
    assert len(titles) >= 180
    assert all(any(case.title.startswith(title) for case in CASES) for title in titles)
    assert len({case.title for case in CASES}) == len(CASES) >= 297


def test_a_case_in_python_has_variables_that_no_file_can_have() -> None:
    for case in PYTHON_CASES:
        kinds = {type(value) for value in _values(case.variables())}
        assert not kinds <= {str, int, float, bool, type(None), bytes}, case.title


def _values(value: object) -> list[object]:
    if type(value) is dict:
        return [each for item in value.values() for each in _values(item)]
    if type(value) in (list, tuple):
        return [each for item in value for each in _values(item)]  # type: ignore[attr-defined]
    return [value]


def test_each_of_the_options_is_rendered_with_each_of_the_contexts(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        'a title\n--- main.html\n{{ x }}\n--- context: text\n{"x": "<"}\n--- literal: a pair\n{\'x\': (1, 2)}\n'
        "--- options: escaped\nautoescape = true\n--- options: chained\nundefined = 'ChainableUndefined'\n",
        encoding="utf-8",
    )
    found = {
        case.title: (case.variables(), case.make().autoescape, case.make().undefined) for case in read_folder(tmp_path)
    }
    assert found == {
        "a title, escaped, text": ({"x": "<"}, True, jinja2.Undefined),
        "a title, escaped, a pair": ({"x": (1, 2)}, True, jinja2.Undefined),
        "a title, chained, text": ({"x": "<"}, False, jinja2.ChainableUndefined),
        "a title, chained, a pair": ({"x": (1, 2)}, False, jinja2.ChainableUndefined),
    }


def test_a_file_without_options_has_blendtpls_defaults_and_fresh_variables(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text('t\n--- main.html\n--- context\n{"x": []}', encoding="utf-8")
    (case,) = read_folder(tmp_path)
    assert case.make().undefined is jinja2.StrictUndefined
    assert case.templates == {"main.html": ""}
    assert case.variables()["x"] is not case.variables()["x"]


def test_options_go_over_the_defaults_of_the_environment_that_is_named(tmp_path: Path) -> None:
    text = "t\n--- main.html\n--- options\nenvironment = 'blendtpl'\nundefined = 'Undefined'\n"
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    (case,) = read_folder(tmp_path)
    made, default = case.make(), blendtpl.default_environment()
    assert made.undefined is jinja2.Undefined
    assert (made.autoescape, set(made.extensions)) == (default.autoescape, set(default.extensions))


def test_all_line_breaks_but_the_last_of_a_section_are_the_templates(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(
        't\n--- main.html\n\n a\r\nb\u2028\x85\n\n--- b.txt (escaped)\n"--- \\r"\n'.encode()
    )
    (case,) = read_folder(tmp_path)
    assert case.templates == {"main.html": "\n a\r\nb\u2028\x85\n", "b.txt": "--- \r"}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "the first line says in a sentence what the case is about"),
        ("--- main.html\n", 1, "the first line says in a sentence what the case is about"),
        ("t\n", 1, "no section `main.html`, which is what is rendered"),
        ("t\n--- page.html\n", 1, "no section `main.html`, which is what is rendered"),
        ("t\n--- main.html\n---\n", 3, "`---` is no section; `--- main.html` would be one"),
        ("t\n--- main.html\n---context\n", 3, "`---context` is no section"),
        ("t\n--- main.html\n--- contxt\n{}\n", 3, "unknown section `contxt`; there are `context`, `literal`"),
        ("t\n--- main.html\na\n--- main.html\n", 4, "`main.html` is there twice"),
        ("t\n--- main.html: first\n", 2, "a template has no label, as `first` is"),
        ("t\n--- main.html (raw)\n", 2, "`main.html` has no form `raw`; there is `(escaped)`"),
        ("t\n--- main.html\n--- context (escaped)\n{}\n", 3, "`context` has no form `escaped`"),
        ("t\n--- main.html (escaped)\n[1]\n", 3, "an escaped template is a string of JSON"),
        ('t\n--- main.html (escaped)\n"a\nb"\n', 3, "bad JSON: Invalid control character at, column 3"),
        ("t\n--- main.html\n--- context\n", 4, "bad JSON: Expecting value, column 1"),
        ('t\n--- main.html\n--- context\n{\n"a": 1,\n"b": x\n}\n', 6, "bad JSON: Expecting value, column 6"),
        ('t\n--- main.html\n--- context\n{"a": NaN}\n', 4, "bad JSON: `NaN` is none"),
        ("t\n--- main.html\n--- context\n[1]\n", 4, "a context has variables by name"),
        ("t\n--- main.html\n--- literal\n{'a': 1,\n'b': (}\n", 5, "bad literal: closing parenthesis"),
        ("t\n--- main.html\n--- literal\n{'a': open('x')}\n", 4, "bad literal: it may have no more than"),
        ("t\n--- main.html\n--- literal\n{[]: 1}\n", 4, "bad literal: it may have no more than"),
        ("t\n--- main.html\n--- literal\n{1: 2}\n", 4, "a context has variables by name"),
        ("t\n--- main.html\n--- context\n{}\n--- context: b\n{}\n", 3, "one of several has a label"),
        ("t\n--- main.html\n--- context: a\n{}\n--- literal: a\n{}\n", 5, "the label `a` is there twice"),
        ("t\n--- main.html\n--- options\ntrim_blocks = true\nx\n", 5, "bad TOML: "),
        ("t\n--- main.html\n--- options\nx =", 4, "bad TOML: "),
        ("t\n--- main.html\n--- options\n\nautoescap = true\n", 5, "`autoescap` is no option of an environment"),
        ("t\n--- main.html\n--- options\nself = 1\n", 4, "`self` is no option of an environment"),
        ("t\n--- main.html\n--- options\nundefined = 'Loud'\n", 4, "no undefined is called 'Loud'; there are Chain"),
        ("t\n--- main.html\n--- options\nundefined = 1\n", 4, "no undefined is called 1; there are"),
        ("t\n--- main.html\n--- options\nenvironment = 'x'\n", 4, "no environment is called 'x'; there are blendtpl"),
        (
            "t\n--- main.html\n--- options\nextensions = ['do', 'x']\n",
            4,
            "no extensions is called 'x'; there are debug",
        ),
        ("t\n--- main.html\n--- options\nextensions = 'do'\n", 4, "`extensions` is a list"),
        ("t\n--- main.html\n--- options\nfinalize = 'x'\n", 4, "no finalize is called 'x'; there are none"),
        (
            "t\n--- main.html\n--- options\nenvironment = 'fixed'\noptimized = true\n",
            3,
            "this environment is made as it is, and takes no other options",
        ),
    ],
)
def test_a_file_that_is_no_case_says_which_line_is_wrong(tmp_path: Path, text: str, line: int, message: str) -> None:
    (tmp_path / "bad.txt").write_text(text, encoding="utf-8")
    names = Names({"fixed": lambda: jinja2.Environment(autoescape=True)})
    with pytest.raises(CaseError, match=re.escape(f"bad.txt:{line}: {message}")):
        read_folder(tmp_path, names)


def test_the_faults_of_all_files_are_listed_together(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("t\n--- main.html\n", encoding="utf-8")
    (tmp_path / "b.txt").write_text("t\n--- main.html\n", encoding="utf-8")
    (tmp_path / "c.md").write_text("", encoding="utf-8")
    (tmp_path / "d.txt").write_bytes(b"t\n--- main.html\n\xff\n")
    with pytest.raises(CaseError) as caught:
        read_folder(tmp_path, Names())
    assert str(caught.value).replace(f"{tmp_path}/", "").splitlines() == [
        "b.txt:1: another file has a case of the title `t`",
        "c.md:1: a case is a file that ends in `.txt`",
        "d.txt:3: no UTF-8: invalid start byte",
    ]
