"""Documents that run: the code blocks of a Markdown file, in order, in a folder of their own.

Enters: a Markdown file and the current folder. Leaves: what the blocks print. Blocks of Python share one namespace,
blocks of `sh` are run as a person would who has nothing but a shell, and those with ``title="PATH"`` are files. What a
block of `text` says is to have been printed by a block before it.
"""

import os
import re
import subprocess
import sys
import warnings
from collections.abc import Iterable
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import blendtpl

_BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a document: its language, the file that it is, if it is one, and the number of its first line."""

    document: str
    language: str
    title: str
    text: str
    line: int


def blocks_of(document: Path) -> list[Block]:
    """Return the blocks of a document."""
    text = document.read_text(encoding="utf-8")
    assert text.count("\n```") + text.startswith("```") == 2 * len(_BLOCK.findall(text)), "a block that has no language"
    return [
        Block(document.name, found[1], found[2] or "", found[3], text.count("\n", 0, found.start()) + 2)
        for found in _BLOCK.finditer(text)
    ]


def run_shell(text: str, folder: Path, **environment: str) -> str:
    """Run commands in a shell that finds this Python and this blendtpl first; return what they printed."""
    scripts, package = Path(sys.executable).parent, Path(blendtpl.__file__).parents[1]
    given = {
        **os.environ,
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(package),
        "PYTHONDONTWRITEBYTECODE": "1",  # files of one length that change within a second would not be seen to change
        **environment,
    }
    shown = subprocess.run(["bash", "-euc", text], cwd=folder, env=given, capture_output=True, text=True, check=False)
    assert shown.returncode == 0, text + shown.stdout + shown.stderr
    return shown.stdout


def run_in_order(blocks: Iterable[Block], folder: Path) -> str:
    """Run the blocks in a folder, which is the current one; return what they printed."""
    space: dict[str, object] = {}
    shown = StringIO()
    with redirect_stdout(shown), warnings.catch_warnings():
        warnings.simplefilter("default")
        for block in blocks:
            if block.title:
                path = folder / block.title
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text, encoding="utf-8")
            elif block.language == "python":
                exec(compile("\n" * (block.line - 1) + block.text, block.document, "exec"), space)
            elif block.language == "sh":
                print(run_shell(block.text, folder), end="")
            elif block.language == "text":
                assert block.text in shown.getvalue(), f"{block.document}:{block.line}: it is not printed before"
    return shown.getvalue()
