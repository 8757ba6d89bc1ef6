"""A short run of the fuzzer, the same cases each time; the long one is ``python -m tests.fuzz``."""

import warnings
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from blendtpl.compiler.passes import pipeline
from tests.fuzz.cases import Case, Difference, Options, differences
from tests.fuzz.grammar import cases, changing_loops

SHORT = settings(
    max_examples=250,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)


@SHORT
@given(cases())
def test_blendtpl_does_what_jinja2_does(case: Case) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python's own, about odd code such as the calling of a literal
        found = differences(case)
    assert not found, "\n".join(map(str, (case, *found)))


@settings(SHORT, max_examples=30)
@given(cases(passes=True))
def test_blendtpl_does_what_jinja2_does_whatever_passes_are_left_out(case: Case) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = differences(case)
    assert not found, "\n".join(map(str, (case, *found)))


@settings(SHORT, max_examples=60)
@given(cases(waits=True))
def test_blendtpl_does_what_jinja2_does_where_templates_wait(case: Case) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is never awaited
        found = differences(case)
    assert not found, "\n".join(map(str, (case, *found)))


def test_a_case_without_a_pass_is_compiled_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case("planted", {"main.html": "{% for x in 'ab' %}{{ loop.index }}{% endfor %}"})
    wrong = dict.fromkeys(pipeline.PASSES, lambda function, around: 1 / 0)
    monkeypatch.setattr(pipeline, "PASSES", wrong)
    assert [found.side for found in differences(case)] == ["compile"]
    assert differences(replace(case, options=Options(without=tuple(wrong)))) == []


def test_the_fuzzer_finds_what_is_planted(monkeypatch: pytest.MonkeyPatch) -> None:
    from blendtpl.runtime import helpers

    case = Case("planted", {"main.html": "{{ a }}"}, ({"a": "'<b>'"},))
    assert differences(case) == []

    for name in ("escape_str", "escape_any"):
        monkeypatch.setitem(helpers.NAMES, name, lambda text: text)

    expected, found = ("text", "&lt;b&gt;"), ("text", "<b>")
    sides = ("Environment", "bundle", "stream")
    assert differences(case) == [Difference(f"{side}, context 0", expected, found) for side in sides]


def test_the_fuzzer_finds_a_list_that_is_not_asked_as_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    from blendtpl.runtime import helpers

    found: list[Difference] = []

    @settings(max_examples=100, derandomize=True, database=None, deadline=None, phases=(Phase.generate,))
    @given(changing_loops())
    def check(case: Case) -> None:
        if not found:
            found.extend(differences(case))

    monkeypatch.setitem(helpers.NAMES, "ahead", lambda items: helpers.ahead(tuple(items)))
    monkeypatch.setitem(helpers.NAMES, "counting", lambda items, undefined, looks: None)
    check()
    assert found


def test_a_case_prints_as_the_code_that_makes_it() -> None:
    case = Case("t", {"main.html": "{{ a }}"}, ({"a": "gen(1)"}, {}), Options(escape="off", trim=True))

    assert eval(f"[{case}]", {"Case": Case, "Options": Options}) == [case]
