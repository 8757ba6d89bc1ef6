"""The example of moving over: three real walkers, old, on the bridge and new, which print the same e-mails."""

import email
import email.policy
import re
import subprocess
import sys
from pathlib import Path

import pytest

import blendtpl
from testkit import ROOT

LEGACY = ROOT / "examples" / "legacy"
STEPS = ("old", "bridge", "new")

# the walkers find what these tests test, whatever is installed
IMPORTED = str(Path(blendtpl.__file__).parents[1])


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, "subprocess.CompletedProcess[bytes]"]:
    """What each walker printed, run in a folder that has nothing of it."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    return {step: run(step, elsewhere) for step in STEPS}


def run(step: str, folder: Path) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-B", str(LEGACY / step / "walker.py")]
    return subprocess.run(command, cwd=folder, env={"PYTHONPATH": IMPORTED}, capture_output=True, check=False)


@pytest.mark.parametrize("step", STEPS)
def test_each_prints_the_same_bytes(step: str, shown: dict[str, "subprocess.CompletedProcess[bytes]"]) -> None:
    assert shown[step].returncode == 0, shown[step].stderr.decode()
    assert shown[step].stdout == shown["old"].stdout


def test_what_they_print_are_e_mails(shown: dict[str, "subprocess.CompletedProcess[bytes]"]) -> None:
    texts = re.split(rb"(?m)^(?=From: )", shown["new"].stdout)[1:]
    mails = [email.message_from_bytes(text, policy=email.policy.default) for text in texts]
    assert [mail["To"] for mail in mails] == ["Ada <ada@example.org>", "Edsger <edsger@example.org>"]
    assert mails[0]["Subject"] == "3 changes on Night train <Vienna & Rome>"
    for mail in mails:
        assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert shown["new"].stdout.count(b"<style>") == 2


@pytest.mark.parametrize("step", STEPS)
def test_a_broken_alert_is_told_and_nothing_of_it_printed(
    step: str, shown: dict[str, "subprocess.CompletedProcess[bytes]"]
) -> None:
    assert b"no e-mail to grace@example.org: " in shown[step].stderr
    assert b"Half a watch" not in shown[step].stdout


def test_no_call_site_changes_on_the_bridge() -> None:
    assert (LEGACY / "bridge/walker.py").read_bytes() == (LEGACY / "old/walker.py").read_bytes()


def test_the_bridge_tells_every_call_site_that_is_left(
    shown: dict[str, "subprocess.CompletedProcess[bytes]"],
) -> None:
    told = shown["bridge"].stderr.decode()
    lines = (LEGACY / "bridge/walker.py").read_text(encoding="utf-8").splitlines()
    sites = [number for number, line in enumerate(lines, 1) if re.match(r" +(include|include_once|require)\(", line)]
    assert len(sites) == 9
    for site in sites:
        assert re.search(rf"walker\.py:{site}: (Deprecation|Include)Warning: ", told)
        assert re.search(rf"^ +\d+ .* \S*walker\.py:{site}$", told, re.MULTILINE)
    assert "call `registry.render('emails/watch_html.html', watch=watch)`" in told.replace('"', "'")


def test_nothing_is_left_of_includes_in_the_end(shown: dict[str, "subprocess.CompletedProcess[bytes]"]) -> None:
    assert shown["new"].stderr.count(b"\n") == 1
    assert "compat" not in (LEGACY / "new/walker.py").read_text(encoding="utf-8")
    assert not (LEGACY / "new/includes.py").exists()


def test_its_readme_runs_all_three() -> None:
    text = (LEGACY / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    assert block.split() == [word for step in STEPS for word in ("python", f"examples/legacy/{step}/walker.py")]
