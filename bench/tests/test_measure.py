"""How rounds are taken in turn."""

import pytest

from bench import measure


def test_another_begins_each_round_and_a_call_before_each_turn_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(measure, "processor_time", lambda render, calls: float(render() or 0.5))
    renders = {name: lambda name=name: calls.append(name) for name in "abc"}
    assert measure.best_rounds(renders, 2) == {"a": 0.5, "b": 0.5, "c": 0.5}
    assert "".join(calls) == "aabbcc" + "bbccaa"


def test_the_best_round_of_each_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.5, 0.25, 0.75])
    monkeypatch.setattr(measure, "processor_time", lambda render, calls: next(times))
    assert measure.best_rounds({"a": lambda: None}, 3) == {"a": 0.25}
