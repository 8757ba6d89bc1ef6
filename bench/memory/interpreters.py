"""Interpreters of their own, in which things are measured.

Enters: a module and its arguments. Leaves: a process in a session of its own, so that an interrupt from the keyboard
reaches the parent alone, which ends it and what it has forked; and how it died, in words.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import IO

from testkit import ROOT

HASH_SEED = "0"  # so that two runs do the same


class DiedError(Exception):
    """A process ended that should not have. The message says which one and why."""


def start(module: str, *arguments: str, stderr: int | IO[bytes]) -> "subprocess.Popen[bytes]":
    """Start an interpreter that runs a module; its standard input and output are pipes."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": HASH_SEED},
        start_new_session=True,
    )


def end(process: "subprocess.Popen[bytes]") -> None:
    """Ask a process that was started, and what it has forked, to end."""
    if not hasattr(os, "killpg"):
        process.terminate()
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)  # the leader of its session


def death(status: int, complaint: bytes) -> str:
    """Return how a process ended, by its exit status, with the last line that it said of it."""
    how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
    lines = [line.strip() for line in complaint.decode(errors="replace").splitlines() if line.strip()]
    return f"{how}: {lines[-1]}" if lines else how
