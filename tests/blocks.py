"""Documents that run: the code blocks of a Markdown file, in order, in a folder of their own.

Enters: a Markdown file and the current folder. Leaves: what the blocks print. Sybil finds the blocks and keeps the
namespace that those of Python share. What each kind of block means stands in `_RUN`, at the end; a block of another
kind is an error, so that no page can have one that nothing looks at. Whatever cannot be run where the tests are (an
image that is built, a benchmark of minutes, a drawing) says so in the page: ``<!-- skip: next "the reason" -->``.
"""

import doctest
import json
import os
import re
import subprocess
import sys
import textwrap
import tomllib
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from types import MappingProxyType
from unittest import SkipTest

from sybil import Document, Example, Region
from sybil.parsers.markdown import SkipParser
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer

import blendtpl
from blendtpl.compiler.config import find_config
from testkit import ROOT

_INFO = re.compile(r"(?P<language>\w*)(?: title=\"(?P<title>[^\"]+)\")?(?P<rest>[^\n]*)\n")
_PROMPT = "$ "


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a document: its language, the file that it is, if it is one, and the number of its first line."""

    document: str
    language: str
    title: str
    text: str
    line: int


def blocks_of(page: Path) -> list[Block]:
    """Return the blocks of a page, those that are not run with them."""
    document = Document.parse(str(page), _Blocks(lambda block, namespace: None))
    return [example.parsed for example in document.examples()]


def run_shell(text: str, folder: Path, **environment: str) -> str:
    """Run commands in a shell that finds this Python and this blendtpl first; return what they printed."""
    scripts, package = Path(sys.executable).parent, Path(blendtpl.__file__).parents[1]
    given = {
        **os.environ,
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": f"{package}{os.pathsep}{ROOT}",  # `bench` stands beside `tests`; behind what is installed
        "PYTHONDONTWRITEBYTECODE": "1",  # files of one length that change within a second would not be seen to change
        "BLENDTPL_NO_PROGRESS": "1",  # which is there or not by how busy the machine is
        **environment,
    }
    shown = subprocess.run(["bash", "-euc", text], cwd=folder, env=given, capture_output=True, text=True, check=False)
    assert shown.returncode == 0, text + shown.stdout + shown.stderr
    return shown.stdout


def run_in_order(blocks: Iterable[Block], folder: Path) -> str:
    """Run some blocks in a folder, which is the current one; return what they printed."""
    shown, namespace = StringIO(), dict[str, object]()
    with _printed_into(shown):
        for block in blocks:
            _run(block, namespace, folder, shown)
    return shown.getvalue()


def run_page(page: Path, folder: Path) -> str:
    """Run all blocks of a page in a folder, which is the current one, but for those that the page says are not run;
    return what they printed.
    """
    shown = StringIO()
    parser = _Blocks(lambda block, namespace: _run(block, namespace, folder, shown))
    document = Document.parse(str(page), SkipParser(), parser)
    with _printed_into(shown):
        for example in document.examples():
            try:
                example.evaluate()
            except SkipTest:
                continue
    return shown.getvalue()


class _Blocks:
    """A parser of Sybil's: every fenced block of a page, whatever its language is."""

    def __init__(self, run: Callable[[Block, dict[str, object]], None]) -> None:
        self._run = run

    def __call__(self, document: Document) -> Iterator[Region]:
        for region in RawFencedCodeBlockLexer(_INFO)(document):
            language, title, rest = (region.lexemes[name] or "" for name in ("language", "title", "rest"))
            line = document.text.count("\n", 0, region.start) + 2
            place = f"{Path(document.path).name}:{line - 1}"
            assert language, f"{place}: a block that has no language"
            assert not rest, f"{place}: what is `{rest}`?"
            region.parsed = Block(Path(document.path).name, language, title, _inside(document, region), line)
            region.evaluator = self._evaluate
            yield region

    def _evaluate(self, example: Example) -> None:
        self._run(example.parsed, example.namespace)


def _inside(document: Document, region: Region) -> str:
    """Return the text between the fences, less their indent; Sybil takes away whatever its lines have in common."""
    _, *lines, _ = document.text[region.start : region.end].splitlines(keepends=True)
    text = "".join(lines)
    return textwrap.dedent(text) if document.text[region.start].isspace() else text


@contextmanager
def _printed_into(shown: StringIO) -> Iterator[None]:
    with redirect_stdout(shown), warnings.catch_warnings():
        warnings.simplefilter("default")
        yield


def _run(block: Block, namespace: dict[str, object], folder: Path, shown: StringIO) -> None:
    if block.title:
        path = folder / block.title
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
    else:
        place = f"{block.document}:{block.line}"
        assert block.language in _RUN, f"{place}: nothing runs or reads a block of `{block.language}`"
        _RUN[block.language](block, namespace, folder, shown)


def _python(block: Block, namespace: dict[str, object], folder: Path, shown: StringIO) -> None:
    exec(compile("\n" * (block.line - 1) + block.text, block.document, "exec"), namespace)


def _sh(block: Block, namespace: dict[str, object], folder: Path, shown: StringIO) -> None:
    print(run_shell(block.text, folder), end="")


def _console(block: Block, namespace: dict[str, object], folder: Path, shown: StringIO) -> None:
    """Run each command behind a prompt; it prints what stands below it, where ``...`` stands for anything."""
    said, *commands = re.split(rf"^{re.escape(_PROMPT)}", block.text, flags=re.MULTILINE)
    assert not said, f"{block.document}:{block.line}: begin with a command behind `{_PROMPT}`"
    for each in commands:
        command, _, wanted = each.partition("\n")
        found = run_shell(f"({command}) 2>&1 || true", folder)
        same = doctest.OutputChecker().check_output(wanted, found, doctest.ELLIPSIS)
        if not same:  # no `assert`: pytest indents what one of several lines says, or does not, as it was imported
            raise AssertionError(f"{block.document}:{block.line}: `{command}` prints\n{found}")


def _text(block: Block, namespace: dict[str, object], folder: Path, shown: StringIO) -> None:
    assert block.text in shown.getvalue(), f"{block.document}:{block.line}: it is not printed before"


def _toml(block: Block, namespace: dict[str, object], folder: Path, shown: StringIO) -> None:
    """Read it as the settings of a project, where it has such."""
    if "blendtpl" in tomllib.loads(block.text).get("tool", {}):
        project = folder / f"settings-{block.line}"
        project.mkdir()
        (project / "pyproject.toml").write_text(block.text, encoding="utf-8")
        find_config(project)


def _json(block: Block, namespace: dict[str, object], folder: Path, shown: StringIO) -> None:
    json.loads(block.text)


def _jinja(block: Block, namespace: dict[str, object], folder: Path, shown: StringIO) -> None:
    """Compile it; a template that is rendered has a title, and so is a file."""
    blendtpl.Environment().from_string(block.text)


_Kind = Callable[[Block, dict[str, object], Path, StringIO], None]
_RUN: Mapping[str, _Kind] = MappingProxyType(
    {
        "python": _python,
        "sh": _sh,
        "console": _console,
        "text": _text,
        "toml": _toml,
        "json": _json,
        "jinja": _jinja,
    }
)
