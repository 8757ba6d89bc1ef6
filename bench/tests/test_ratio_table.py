"""Tables of peers: what they compare, how they count kinds, and what is no figure."""

from typing import Any

import pytest

from bench import peer_table, table
from bench.peers import Peer
from bench.ratio_table import Column, Row, lines, mean

OURS_AND_A = Column("a", "ours", "a")
OURS_AND_B = Column("b", "ours", "b")


def test_each_kind_counts_once_in_the_mean() -> None:
    rows = [
        Row("x", "one", {"ours": 1.0, "a": 2.0}),
        Row("y", "one", {"ours": 1.0, "a": 8.0}),
        Row("z", "two", {"ours": 1.0, "a": 1.0}),
    ]
    assert mean(rows, OURS_AND_A) == pytest.approx(2.0)


def test_who_cannot_do_a_row_has_a_dash_and_is_in_the_mean_of_the_others() -> None:
    rows = [Row("x", "x", {"ours": 2.0, "a": 4.0}), Row("y", "y", {"ours": 1.0, "a": 3.0, "b": 5.0})]
    assert list(lines(rows, [OURS_AND_A, OURS_AND_B, Column("c", "ours", "c")])) == [
        "|  | a | b |",
        "| --- | ---: | ---: |",
        "| x | 2.00 | - |",
        "| y | 3.00 | 5.00 |",
        "| geometric mean | 2.45 | 5.00 |",
        "| lowest | 2.00 | 5.00 |",
    ]


def test_the_table_of_peers_has_each_one_that_is_installed(capsys: pytest.CaptureFixture[str]) -> None:
    table.main(["--peers", "static", "--rounds", "1"])
    head, _, row, *_ = capsys.readouterr().out.splitlines()
    assert [cell.strip() for cell in head.split("|")[2:5]] == ["portable", "by hand", "jinja2"]
    assert row.startswith("| static page | ")
    assert row.count("|") == head.count("|")


def test_words_that_no_workload_has_in_its_name_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        table.main(["--peers", "nothing_like_it"])
    assert "no workload has `nothing_like_it` in its name" in capsys.readouterr().err


def test_a_text_that_is_not_jinja2s_is_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    def other(workload: Any, desk: Any) -> Any:
        return lambda: "something else"

    monkeypatch.setattr(peer_table, "TURNS", (*peer_table.TURNS, Peer("other", other)))
    with pytest.raises(SystemExit, match="static page, other: the text is not Jinja2's"):
        table.main(["--peers", "static", "--rounds", "1"])


@pytest.mark.parametrize(("exact", "differs"), [(True, True), (False, False)])
def test_blank_space_and_entities_matter_for_those_that_promise_bytes(exact: bool, differs: bool) -> None:
    if differs:
        with pytest.raises(SystemExit):
            peer_table.same_text("x", "<p>&#x27; </p>", "<p>&#39;</p>", exact=exact)
    else:
        peer_table.same_text("x", "<p>&#x27; </p>", "<p>&#39;</p>", exact=exact)
