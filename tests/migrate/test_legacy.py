"""The example of moving over: its bridge, migrated as it is, prints the same e-mails."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.compiling.support import ROOT, run

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
LEFT = """\
"""


@pytest.fixture
def bridge(tmp_path: Path) -> Path:
    """Copy the example; return the folder of its bridge."""
    shutil.copytree(LEGACY, tmp_path / "legacy", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "legacy" / "bridge"


def migrate(mode: str, folder: Path) -> "subprocess.CompletedProcess[bytes]":
    environ = {"PYTHONPATH": os.pathsep.join((str(folder), str(ROOT))), "PYTHONWARNINGS": "ignore"}
    return run("migrate", mode, *OPTIONS, "includes.py", "walker.py", cwd=folder, environ=environ)


def mails(folder: Path) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-B", "-W", "ignore", str(folder / "walker.py")]
    return subprocess.run(command, env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=False)


def test_the_migrated_bridge_prints_the_same_mail(bridge: Path) -> None:
    before = mails(bridge)
    assert (before.returncode, before.stdout.count(b"Subject: ")) == (0, 2)
    written = migrate("--write", bridge)
    assert written.returncode == 1, written.stderr
    assert (bridge / "walker.py").read_bytes() != (LEGACY / "bridge/walker.py").read_bytes()
    assert (bridge / "includes.py").read_bytes() == (LEGACY / "bridge/includes.py").read_bytes()
    after = mails(bridge)
    assert (after.returncode, after.stdout) == (0, before.stdout)
