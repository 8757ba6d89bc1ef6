"""The workloads that nothing was made for: all render what Jinja2 does, and a command tells the times."""

import pytest

from bench.foreign import WORKLOADS, Workload, __main__, ways
from bench.peers import Unsupported, normal


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
def test_a_bundle_and_a_live_environment_render_a_foreign_workload_as_jinja2_does(workload: Workload) -> None:
    reference = ways.jinja2(workload)()
    assert len(reference) > 1000  # it is no page that fell apart
    assert ways.bundle(workload)() == reference
    assert ways.portable(workload)() == reference
    assert ways.live(workload)() == reference


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
@pytest.mark.parametrize("name", sorted(ways.WAYS.keys() - ways.EXACT))
def test_a_peer_renders_the_text_of_a_foreign_workload_or_says_why_not(name: str, workload: Workload) -> None:
    try:
        render = ways.WAYS[name](workload)
    except Unsupported as reason:
        pytest.skip(str(reason))
    assert normal(render()) == normal(ways.jinja2(workload)())


def test_the_reason_is_told_why_a_peer_cannot_do_the_same() -> None:
    (workload,) = [found for found in WORKLOADS if "sandbox" in found.name]
    with pytest.raises(Unsupported, match="wheezy has no sandbox"):
        ways.wheezy(workload)


def test_no_two_foreign_workloads_have_the_same_name() -> None:
    assert len({workload.name for workload in WORKLOADS}) == len(WORKLOADS) >= 12


def test_the_command_has_a_row_for_each_workload_that_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["filtered", "sandbox", "--rounds", "1"]) == 0
    _, _, head, _, *rows = capsys.readouterr().out.splitlines()
    assert [cell.strip() for cell in head.split("|")[2:3]] == ["bundle: jinja2"]
    assert [row.split("|")[1].strip() for row in rows] == [
        *("filtered loops", "user's template in a sandbox", "geometric mean", "lowest")
    ]


def test_a_live_environment_that_renders_something_else_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = {**ways.WAYS, "live": lambda workload: lambda: f"{ways.jinja2(workload)()} "}
    monkeypatch.setattr(__main__, "WAYS", changed)
    with pytest.raises(SystemExit, match="filtered loops, live: the text is not Jinja2's"):
        __main__.main(["filtered", "--rounds", "1"])


def test_words_that_no_foreign_workload_has_in_its_name_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        __main__.main(["nothing_like_it"])
    assert "no workload has `nothing_like_it` in its name" in capsys.readouterr().err
