"""What is emitted for each construct, and the intermediate form before, is what somebody has read: `tests/cases/emit`,
`tests/cases/ir`.
"""

import re
import sys
from collections import Counter
from pathlib import Path
from types import CodeType

import pytest

import blendtpl
from blendtpl.bundle.code_member import read_codes
from blendtpl.compiler.ir.base import FIELDS, Node, Statement, below
from blendtpl.compiler.passes.pipeline import PASSES
from blendtpl.runtime import speedups
from testkit.sections import SectionFault
from tests import emitted
from tests.emitted import emitted_now, intermediate_now, paths, snapshots, template_set


@pytest.mark.parametrize("path", paths(), ids=lambda path: path.stem)
def test_what_the_compiler_makes_is_what_was_reviewed(path: Path) -> None:
    different = [snapshot for snapshot in snapshots(path) if not snapshot.same()]
    shown = "\n".join(snapshot.diff() for snapshot in different)
    assert not different, f"{shown}\n\nread that, then: python -m tests.emitted --update {path.stem}"


def test_there_is_a_snapshot_for_each_of_sixty_constructs_and_more() -> None:
    assert sum(path.parent.name == "emit" for path in paths()) >= 60


INTERMEDIATE = [path for path in paths() if path.parent.name == "ir"]


def test_there_are_forty_snapshots_of_the_intermediate_form_and_some_for_each_pass() -> None:
    assert len(INTERMEDIATE) >= 40
    shown = Counter(snapshot.section.form for path in INTERMEDIATE for snapshot in snapshots(path))
    assert {name: shown[name] >= 3 for name in PASSES} == dict.fromkeys(PASSES, True)


def test_each_kind_of_statement_stands_in_a_snapshot_of_the_intermediate_form() -> None:
    kinds: set[type[Node]] = set()
    for path in INTERMEDIATE:
        texts, make, sections = template_set(path)
        for section in sections:
            if section.what in {"lowered", "after"}:
                form = intermediate_now(texts, section.label or "main.html", make, section.form)
                kinds |= {type(node) for node in below(form.functions)}
    every = {kind for kind in FIELDS if issubclass(kind, Statement) and kind is not Statement}
    assert sorted(kind.__name__ for kind in every - kinds) == []


def test_nothing_in_the_intermediate_form_is_shown_by_the_names_of_its_fields() -> None:
    """Which is what stands for a node that nobody has thought of how to write."""
    names = "|".join(kind.__name__ for kind in FIELDS)
    generic = re.compile(rf"\b(?:{names})\(\w+=")
    assert [path.name for path in INTERMEDIATE for each in snapshots(path) if generic.search(each.now)] == []


def test_a_snapshot_does_not_depend_on_what_is_there_in_c(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {snapshot.name: snapshot.now for path in paths() for snapshot in snapshots(path)}
    monkeypatch.setattr(speedups, "ACTIVE", not speedups.ACTIVE)
    monkeypatch.setattr("blendtpl.cli.explain.ACTIVE", not speedups.ACTIVE)
    assert {snapshot.name: snapshot.now for path in paths() for snapshot in snapshots(path)} == before
    assert sum(name.endswith("portable") for name in before) >= 10


def test_what_is_shown_is_the_code_of_a_bundle() -> None:
    """By all that a function uses, in order; its instructions differ by those that stand for a line."""
    for path in paths():
        texts, make, _ = template_set(path)
        if path.stem == "second_extends":  # which only a live environment takes
            continue
        bundle = blendtpl.compile(texts, environment=make, portable=True)
        for name, codes in zip(sorted(texts), read_codes(bundle.code, len(texts)), strict=True):
            shown = compile(emitted_now(texts, name, make, portable=True), name, "exec", dont_inherit=True, optimize=0)
            assert used(shown)[-1] == tuple(map(used, codes)), (path.name, name)


def used(code: CodeType) -> tuple[object, ...]:
    """Return the names, variables and constants of a function; those of a module are its functions."""
    module = code.co_name == "<module>"
    constants = (used(each) if isinstance(each, CodeType) else repr(each) for each in code.co_consts)
    functions = (used(each) for each in code.co_consts if isinstance(each, CodeType))
    return code.co_names, code.co_varnames, code.co_flags, tuple(functions if module else constants)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(emitted, "FOLDERS", (tmp_path,))
    monkeypatch.setattr(emitted, "OLDEST", sys.version_info[:2])
    return tmp_path


NEW = "t\n--- python (portable)\n--- main.html\n{{ x }}\n--- a.html\n{{ y }}\n--- python\n--- python: a.html\n"


def test_a_new_snapshot_is_filled_by_an_update_and_then_holds(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "new.txt"
    path.write_text(NEW, encoding="utf-8")
    assert emitted.main([]) == 1
    assert "+++ emitted now" in capsys.readouterr().out

    assert emitted.main(["--update"]) == 0
    assert capsys.readouterr().out == "updated new.txt: read what has changed\n"

    assert emitted.main(["new.txt"]) == 0
    assert emitted.main(["--update", "tests/cases/emit/new.txt"]) == 0
    assert capsys.readouterr().out == ""
    text = path.read_text(encoding="utf-8")
    headers = [line for line in NEW.splitlines() if line.startswith("---")]
    assert [line for line in text.splitlines() if line.startswith("---")] == headers
    assert text.count("def part(p_x, ") == 2
    assert text.count("def part(p_y, ") == 1


def test_other_code_is_a_difference_and_the_same_code_in_another_spelling_is_none(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "new.txt"
    path.write_text(NEW, encoding="utf-8")
    emitted.main(["--update"])
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("return", "return  "), encoding="utf-8")
    assert emitted.main([]) == 0
    path.write_text(text.replace("p_y", "p_z"), encoding="utf-8")
    capsys.readouterr()
    assert emitted.main([]) == 1
    assert "-def part(p_z, context):" in capsys.readouterr().out
    path.write_text(text.replace("def part(p_y", "def part(("), encoding="utf-8")
    assert emitted.main([]) == 1


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("t\n--- main.html\n", 1, "no section `python`"),
        ("t\n--- main.html\n--- python: a.html\n", 3, "no template `a.html`"),
        ("t\n--- main.html\n--- python (c)\n", 3, "`python` has no form `c`; there is `\\(portable\\)`"),
        (
            "t\n--- main.html\n--- context\n{}\n",
            3,
            "unknown section `context`; there are `options`, `python`, `lowered`, `after`",
        ),
        ("t\n--- main.html\n--- after\n", 3, "`after` which pass, as in `--- after \\(inline\\)`"),
        ("t\n--- main.html\n--- after (inlining)\n", 3, "`after` has no form `inlining`"),
        ("t\n--- main.html\n--- python\n--- options\n--- options\n", 1, "for one environment"),
    ],
)
def test_a_file_that_is_no_snapshot_says_which_line_is_wrong(
    tmp_path: Path, text: str, line: int, message: str
) -> None:
    (tmp_path / "bad.txt").write_text(text, encoding="utf-8")
    with pytest.raises(SectionFault, match=message) as caught:
        list(snapshots(tmp_path / "bad.txt"))
    assert caught.value.line == line


def test_only_the_oldest_python_writes_and_an_unknown_name_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "new.txt").write_text(NEW, encoding="utf-8")
    assert emitted.main(["old"]) == 1
    monkeypatch.setattr(emitted, "OLDEST", (3, 2))
    assert emitted.main(["--update"]) == 1
    shown = capsys.readouterr().out
    assert "no such file" in shown
    assert "snapshots are written by Python 3.2" in shown
    assert (folder / "new.txt").read_text(encoding="utf-8") == NEW
