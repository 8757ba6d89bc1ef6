"""A short run of the fuzzer, the same cases each time; the long one is ``python -m tests.fuzz``."""

import warnings

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzz.cases import Case, Difference, Options, differences
from tests.fuzz.grammar import cases, changing_loops


@settings(
    max_examples=250,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)
@given(cases())
def test_blendtpl_does_what_jinja2_does(case: Case) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python's own, about odd code such as the calling of a literal
        found = differences(case)
    assert not found, "\n".join(map(str, (case, *found)))


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
