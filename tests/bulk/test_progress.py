"""Progress of bulk: how many rows there are in a second, and how long the rest takes."""

import pytest

from blendtpl.cli.progress import Ticker


def test_it_tells_the_rate_of_this_run_and_the_time_that_is_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("BLENDTPL_NO_PROGRESS", raising=False)
    now = 100.0
    monkeypatch.setattr("blendtpl.cli.progress.time.monotonic", lambda: now)
    with Ticker("rows", rate=True) as ticker:
        ticker.tick("rendering", 100, 1000, before=100)  # nobody wants to know within the first second
        now = 102.0
        ticker.tick("rendering", 300, 1000, before=100)
        now = 104.0
        ticker.tick("rendering (7 rejected)", 1000, 1000, before=100)
    assert capsys.readouterr().err.splitlines() == [
        "rendering: 300 of 1000 rows (100 rows/s, 0:00:07 left)",
        "rendering (7 rejected): 1000 of 1000 rows (225 rows/s, 0:00:00 left)",
    ]
