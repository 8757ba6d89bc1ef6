"""Processes that a test has started, found by a mark in their environment."""

from pathlib import Path


def marked(mark: str) -> dict[int, str]:
    """Return the processes that run and have that text in their environment, each with its command."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and mark.encode() in (entry / "environ").read_bytes():
                found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
        except OSError:  # it is gone, or another user's
            continue
    return found
