"""The example of moving over: its bridge, migrated as it is, prints the same e-mails."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from testkit import ROOT
from tests.compiling.support import run

LEGACY = ROOT / "examples" / "legacy"
OPTIONS = (
    "--registry=includes:registry",
    "--environment=includes:environment",
    "--templates=../templates",
    "--root=templates",
    "--alias=email/=emails/",
    "--alias=.inc=.txt",
    "--alias=.inc=.html",
)
TOLD = """\
note: walker.py:17: `include`: `count` will not be in its scope any more, should a template for \
`templates/email/offer_text.inc` be made that needs it
left: walker.py:13: `include`: it is not called here
left: walker.py:14: `require`: `emails/settings.txt` sets `sender`, `site` in its scope, which may be read afterwards
left: walker.py:19: `capture`: it holds more than what the shim prints there
left: walker.py:20: `include`: it prints into a capture that stays: it holds more than what the shim prints there
left: walker.py:22: `include`: it prints into a capture that stays: it holds more than what the shim prints there
left: walker.py:23: `include`: the bundle has no template for `templates/email/offer_text.inc`; \
did you mean `emails/footer_text.txt`?
left: walker.py:24: `include`: it prints into a capture that stays: it holds more than what the shim prints there
left: walker.py:26: `capture`: it holds more than what the shim prints there
left: walker.py:28: `include_once`: what is included once has to be known for the whole request
left: walker.py:29: `include`: it prints into a capture that stays: it holds more than what the shim prints there
left: walker.py:30: `include`: it prints into a capture that stays: it holds more than what the shim prints there
1 call rewritten in 1 file, 11 left; 2 files looked at
"""


@pytest.fixture
def bridge(tmp_path: Path) -> Path:
    """Copy the example; return the folder of its bridge."""
    shutil.copytree(LEGACY, tmp_path / "legacy", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "legacy" / "bridge"


def migrate(mode: str, folder: Path) -> "subprocess.CompletedProcess[bytes]":
    environ = {"PYTHONPATH": os.pathsep.join((str(folder), str(ROOT))), "PYTHONWARNINGS": "ignore"}
    return run("migrate", mode, *OPTIONS, "includes.py", "walker.py", cwd=folder, environ=environ)


def told(done: "subprocess.CompletedProcess[bytes]") -> str:
    """Return what the command says, without what the bridge logs when it ends."""
    lines = done.stderr.decode().splitlines(keepends=True)
    return "".join(line for line in lines if line.startswith(("note: ", "left: ")) or "looked at" in line)


def mails(folder: Path) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-B", "-W", "ignore", str(folder / "walker.py")]
    return subprocess.run(command, env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=False)


def test_the_migrated_bridge_prints_the_same_mail(bridge: Path) -> None:
    before = mails(bridge)
    assert (before.returncode, before.stdout.count(b"Subject: ")) == (0, 2)
    written = migrate("--write", bridge)
    assert told(written) == TOLD
    assert (bridge / "walker.py").read_bytes() != (LEGACY / "bridge/walker.py").read_bytes()
    assert (bridge / "includes.py").read_bytes() == (LEGACY / "bridge/includes.py").read_bytes()
    after = mails(bridge)
    assert (after.returncode, after.stdout) == (0, before.stdout)


@pytest.mark.slow
def test_a_second_time_nothing_of_the_bridge_changes(bridge: Path) -> None:
    migrate("--write", bridge)
    walker = (bridge / "walker.py").read_bytes()
    assert "0 calls rewritten in 0 files, 11 left" in told(migrate("--write", bridge))
    assert (bridge / "walker.py").read_bytes() == walker
