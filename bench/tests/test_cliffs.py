"""What counts the cost of harmless edits: the pairs are what they say, the gate tells what it should."""

import json
import os
import stat
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Sized
from pathlib import Path
from typing import Any

import pytest

from bench.cliffs import __main__ as command
from bench.cliffs import counting, exceptions
from bench.cliffs.counting import CALLGRIND, EVENTS, CountingError, Rounds, Subject
from bench.cliffs.exceptions import ExceptionsError, Excused
from bench.cliffs.pair import Pair, Scene, changed, edit
from bench.cliffs.pairs import PAIRS
from bench.cliffs.proof import DifferenceError, Proven, prove
from bench.cliffs.report import LIMIT, NEAR, Row, missing, table, verdict
from bench.cliffs.scenes import TABLE

LIST = Scene({"main.html": "{% for n in numbers %}{{ n.a }},{% endfor %}"}, lambda: {"numbers": [{"a": 1}] * 30})
MADE = list(dict.fromkeys(scene.variables for pair in PAIRS for scene in pair.sides().values()))
KNOWN: dict[Scene, Proven] = {}  # what was proven of other pairs
PORTABLE: dict[Scene, Proven] = {}
DEAR, CHEAP = "the filter title", "a comment in the row"


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_both_sides_of_a_pair_give_one_text_which_is_jinja2s(pair: Pair) -> None:
    assert len(prove(pair, KNOWN)["after"].text) > 500


@pytest.mark.slow
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_both_sides_of_a_pair_give_it_in_portable_code(pair: Pair) -> None:
    assert len(prove(pair, PORTABLE, portable=True)["after"].text) > 500


def test_each_pair_has_a_name_and_an_edit_of_its_own() -> None:
    assert [name for name, count in Counter(pair.name for pair in PAIRS).items() if count > 1] == []
    assert [pair.name for pair in PAIRS if pair.before == pair.after] == []
    assert [pair.name for pair in PAIRS if not pair.differs] == []
    assert len(PAIRS) >= 60


@pytest.mark.parametrize("variables", MADE, ids=lambda variables: getattr(variables, "__qualname__", "variables"))
def test_each_pair_goes_over_twenty_to_fifty_items(variables: Callable[[], Mapping[str, Any]]) -> None:
    assert any(20 <= len(value) <= 50 for value in variables().values() if isinstance(value, Sized))


@pytest.mark.parametrize("variables", MADE, ids=lambda variables: getattr(variables, "__qualname__", "variables"))
def test_variables_are_made_anew_for_each_who_asks(variables: Callable[[], Mapping[str, Any]]) -> None:
    first, second = variables(), variables()
    assert not [name for name, value in first.items() if isinstance(value, list) and value is second[name]]


@pytest.mark.parametrize("old", ["not there", "<td>"])
def test_an_edit_of_what_does_not_stand_there_once_is_refused(old: str) -> None:
    with pytest.raises(ValueError, match=r"stands \d+ times in the templates"):
        changed(TABLE.templates, [(old, "")])


def test_an_edit_that_changes_the_output_is_told_with_the_line() -> None:
    with pytest.raises(DifferenceError, match=r"^sums: the edit does not give what it should:\n@@ [^\n]*\n-1,1,"):
        prove(edit(LIST, "sums", "adds one", ("n.a", "n.a + 1")))


def test_a_render_that_is_not_jinja2s_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.cliffs.proof.by_jinja2", lambda scene: "another")
    with pytest.raises(DifferenceError, match=r"^same, before: blendtpl does not give"):
        prove(edit(LIST, "same", "nothing", ("n.a", "n['a']")))


def test_a_scene_that_many_pairs_begin_with_is_proven_and_stored_once(tmp_path: Path) -> None:
    pairs = [
        edit(LIST, "item", "an item", ("n.a", "n['a']")),
        edit(LIST, "comment", "a comment", ("n.a }}", "n.a }}{# #}")),
    ]
    subjects = command.stored(pairs, tmp_path, portable=False, beside_jinja2=True)
    assert [(subject.pair, subject.side) for subject in list(subjects.values())[::2]] == [
        *(("item", "before"), ("item", "after"), ("comment", "after"))
    ]
    assert [subject.engine for subject in subjects.values()] == ["blendtpl", "jinja2"] * 3
    assert len({subject.stored for subject in subjects.values()}) == 6


def row(name: str, ratio: float, reason: str | None = None) -> Row:
    excused = None if reason is None else Excused(2.0, reason)
    return Row(
        name, f"what is edited in {name}", {"blendtpl": 100.0, "jinja2": 800.0}, {"blendtpl": 100 * ratio}, excused
    )


ROWS = (row("level", 1.0), row("steep", 3.0), row("known", 2.5, "why"), row("mended", 1.1, "why"))


def test_the_dearest_edit_comes_first_beside_jinja2() -> None:
    head, *lines = table(ROWS, 1.25)
    assert [line.split()[0] for line in lines] == ["3.00", "2.50", "1.10", "1.00"]
    assert lines[0].split() == ["3.00", "100", "300", "8.0", "-", "steep", "(NOT", "NAMED)"]
    assert lines[1].endswith("known  (named)")
    assert head.split() == ["after/before", "before", "after", "Jinja2/before", "/after", "edit"]


def test_what_is_over_the_limit_is_told_unless_it_is_named_and_so_is_a_name_that_is_not_needed() -> None:
    summary, *told = verdict(ROWS, 1.25)
    assert summary.startswith("4 edits, 2 over 1.25 times, 1 of them named; geometric mean 1.69, the dearest 3.00")
    assert told == [
        "not named: `steep` costs 3.00 times as much: what is edited in steep",
        "no longer needed: `mended` costs 1.10 times as much, 2.00 when it was named; take it out of exceptions.toml",
    ]
    assert list(verdict(ROWS, 1.25, figures=False))[1:] == told[:1]
    assert [each.name for each in missing(ROWS, 1.25)] == ["steep"]
    assert missing(ROWS, 3.0) == []


@pytest.fixture
def costs(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """What a render of the second side takes by the name of the pair, where it is not 100; nothing is counted."""
    found: dict[str, float] = {}

    def count(kind: str, subjects: Sequence[Subject], *others: object) -> Mapping[Subject, float]:
        assert all(Path(subject.stored).exists() for subject in subjects)
        return {subject: found.get(subject.pair, 100.0) if subject.side == "after" else 100.0 for subject in subjects}

    monkeypatch.setattr(command, "count", count)
    monkeypatch.setattr(command, "counter", lambda wanted: CALLGRIND)
    monkeypatch.setattr(exceptions, "read", lambda names: {DEAR: Excused(2.0, "why")})
    return found


def test_the_gate_fails_for_a_cliff_that_is_not_named(
    costs: dict[str, float], capsys: pytest.CaptureFixture[str]
) -> None:
    costs |= {CHEAP: 130.0, DEAR: 500.0}
    assert command.main(["--only", CHEAP, DEAR]) == 1
    assert f"not named: `{CHEAP}` costs 1.30 times" in capsys.readouterr().out
    assert command.main(["--only", CHEAP, DEAR, "--limit", "1.3"]) == 0
    assert command.main(["--only", DEAR]) == 0
    assert "1 edits, 1 over 1.25 times, 1 of them named" in capsys.readouterr().out


def test_the_gate_prints_no_table_and_leaves_jinja2_out(
    costs: dict[str, float], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--only", DEAR, "--gate"]) == 0
    unit, summary, told = capsys.readouterr().out.splitlines()
    assert unit.startswith("instructions of the processor")
    assert summary.startswith("1 edits, 0 over")
    assert told.startswith(f"no longer needed: `{DEAR}` costs 1.00 times as much, 2.00 when")


def test_all_of_it_is_written_as_data(costs: dict[str, float], tmp_path: Path) -> None:
    costs[DEAR] = 212.345678
    assert command.main(["--only", CHEAP, DEAR, "--json", str(tmp_path / "a.json")]) == 0
    data = json.loads((tmp_path / "a.json").read_text())
    dear, cheap = data["edits"]
    assert (dear["name"], dear["ratio"], dear["reason"]) == (DEAR, 2.1235, "why")
    assert (cheap["name"], cheap["ratio"], cheap["reason"]) == (CHEAP, 1.0, None)
    assert dear["after"] == {"blendtpl": 212.345678, "jinja2": 212.345678}
    assert data["counter"] == CALLGRIND


def test_a_pattern_that_nothing_has_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--only", "nothing like it"])
    assert "no edit has `nothing like it` in its name" in capsys.readouterr().err
    assert {pair.name for pair in command.chosen(["a*s? sandbox", "loop.l"])} >= {"loop.length", "loop.last"}
    assert command.chosen([]) == list(PAIRS)


def test_the_exceptions_are_pairs_each_once_with_a_reason_and_a_figure_over_the_limit() -> None:
    excused = exceptions.read(frozenset(pair.name for pair in PAIRS))
    assert all(each.ratio > LIMIT * NEAR and len(each.reason) > 20 for each in excused.values())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("['a reason']\nother = 2", "there is no pair `other`"),
        ("['a reason']\nknown = 2\n['another']\nknown = 2", "`known` is there twice"),
        ("['a reason']\nknown = 'much'", "`known` has 'much' for a figure"),
        ("known = 2", "`known` is no table of pairs under a reason"),
        ("[' ']\nknown = 2", "is no table of pairs under a reason"),
        ("[", "exceptions.toml: "),
    ],
)
def test_exceptions_that_mean_nothing_are_told(text: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "exceptions.toml"
    file.write_text(text)
    with pytest.raises(ExceptionsError, match=told):
        exceptions.read(frozenset({"known"}), file)


def test_where_nothing_can_count_it_is_said_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "version_info", (3, 11, 0))
    assert command.main(["--only", CHEAP]) == 1
    told = "python -m bench.cliffs: error: instructions cannot be counted here: install valgrind"
    assert capsys.readouterr().err.startswith(told)
    with pytest.raises(CountingError, match=r"^instructions cannot be counted here: use Python 3.12 or later$"):
        counting.counter(EVENTS)
    monkeypatch.setattr(sys, "version_info", (3, 12, 0))
    assert counting.counter() == EVENTS
    with pytest.raises(CountingError, match="install valgrind"):
        counting.counter(CALLGRIND)


@pytest.fixture
def valgrind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A valgrind that only runs what it is given; a test says what it does before."""
    script = tmp_path / "bin" / "valgrind"
    script.parent.mkdir()
    script.write_text('#!/bin/sh\nwhile [ "${1#-}" != "$1" ]; do shift; done\nexec "$@"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")
    return script


def test_a_process_that_dies_or_counts_nothing_is_told(valgrind: Path, tmp_path: Path) -> None:
    assert counting.counter() == CALLGRIND
    there, _ = command.stored([_pair(CHEAP)], tmp_path, portable=False, beside_jinja2=False).values()
    gone = Subject(CHEAP, "before", "blendtpl", str(tmp_path / "gone.blend"))
    for folder, subject, told in (("a", gone, "ended with 1:\n(.|\n)*gone.blend"), ("b", there, "^0 counts came of 1")):
        (tmp_path / folder).mkdir()
        with pytest.raises(CountingError, match=told):
            counting.count(CALLGRIND, [subject], Rounds(), 2, tmp_path / folder)


def test_a_count_is_what_ran_between_two_dumps(valgrind: Path, tmp_path: Path) -> None:
    numbered = (
        "for n in 1 2 10 3 4 5 6 7 8 9; do printf 'totals: 0\\nsummary: 7\\ntotals: %s00 9\\n' $n > \"$file.$n\"; done"
    )
    file = 'for part; do case $part in --callgrind-out-file=*) file="${part#*=}";; esac; done'
    valgrind.write_text(f"#!/bin/sh\n{file}\n{numbered}\n")
    subjects = [Subject(CHEAP, side, engine, "") for side in ("before", "after") for engine in ("blendtpl", "jinja2")]
    rounds = Rounds({"blendtpl": 1, "jinja2": 1}, {"blendtpl": 4, "jinja2": 1})
    costs = counting.count(CALLGRIND, [*subjects, Subject("another", "before", "blendtpl", "")], rounds, 1, tmp_path)
    assert list(costs.values()) == [200 / 4, 400 / 4, 600 / 4, 800, 1000]


def _pair(name: str) -> Pair:
    (pair,) = (pair for pair in PAIRS if pair.name == name)
    return pair


def _counted(kind: str, tmp_path: Path) -> list[float]:
    """Return what renders of a page take by blendtpl and by Jinja2, and of the page with a comment in it."""
    subjects = command.stored([_pair(CHEAP)], tmp_path, portable=kind == EVENTS, beside_jinja2=True)
    costs = counting.count(kind, list(subjects.values()), Rounds(), 1, tmp_path)
    return [costs[subject] for subject in subjects.values()]


@pytest.mark.slow
@pytest.mark.skipif(CALLGRIND not in counting.available(), reason="needs valgrind")
def test_a_comment_costs_no_instruction_and_jinja2_more_of_them(tmp_path: Path) -> None:
    before, jinja2_before, after, jinja2_after = _counted(CALLGRIND, tmp_path)
    assert before == pytest.approx(after, rel=0.01)
    assert jinja2_before == pytest.approx(jinja2_after, rel=0.05)
    assert 50_000 < before < jinja2_before / 3


@pytest.mark.skipif(EVENTS not in counting.available(), reason="needs Python 3.12")
def test_a_comment_costs_no_bytecode(tmp_path: Path) -> None:
    before, jinja2_before, after, _ = _counted(EVENTS, tmp_path)
    assert before == after
    assert before < jinja2_before
