"""Generated messages arrive, at each reader."""

import pytest

from tests.mail.arrival import main, run


def test_generated_messages_arrive() -> None:
    assert run(400, seed=7) == (400, "")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_many_generated_messages_arrive(seed: int) -> None:
    assert run(2000, seed) == (2000, "")


def test_the_command_says_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--count", "30"]) == 0
    assert capsys.readouterr().out == "30 messages arrived\n"


def test_what_does_not_arrive_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blendtpl.mail.writer.folded_text", lambda name, value: f"{name}: {value[:9]}?")
    assert main(["--count", "30"]) == 1
    assert capsys.readouterr().out.startswith("number 0 of seed 1: ")
