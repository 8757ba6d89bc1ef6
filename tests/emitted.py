"""Snapshots of what the compiler makes of templates: ``python -m tests.emitted [--update] [NAME ...]``.

Each file of `tests/cases/emit` has templates, and the Python that `blendtpl explain` shows for one of them today, each
of `tests/cases/ir` its intermediate form, as it was lowered and behind passes; somebody has read them. Without
``--update`` the differences are printed, and there is an exit of 1 when there are any; with it they are written into
the files, to be read again before they are committed. NAME is that of a file, with or without its folder and `.txt`.
"""

import argparse
import ast
import difflib
import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import blendtpl
from blendtpl.cli.explain import emitted_python, intermediate_form
from blendtpl.compiler.frontend.reader import Source
from blendtpl.compiler.ir.statements import Template
from blendtpl.compiler.ir.text import as_text
from blendtpl.compiler.passes.pipeline import PASSES
from testkit.cases import NAMES
from testkit.oracle import MakeEnvironment
from testkit.sections import Section, SectionFault, environment_of, read_sections, templates_of

FOLDERS = tuple(Path(__file__).parent / "cases" / folder for folder in ("emit", "ir"))
_KINDS = {"options": (), "python": ("portable",), "lowered": (), "after": tuple(PASSES)}
# how f-strings are written differs from version to version, what they are read as does not: what the oldest writes all
# others read as the same
OLDEST = (3, 11)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One section of a file that the compiler makes: what stands there, and what it makes now."""

    path: Path
    section: Section
    now: str

    @property
    def name(self) -> str:
        """What it is called among all others."""
        of = "".join(f" {word}" for word in (self.section.what, self.section.form, self.section.label) if word)
        return f"{self.path.stem}{of}"

    def same(self) -> bool:
        """Return whether both are the same Python, whichever version of Python has written either."""
        return bool(self.section.text) and self._respelt(self.section.text) == self._respelt(self.now)

    def diff(self) -> str:
        """Return what is different now, as `diff -u` shows it."""
        before, now = (self._respelt(text).splitlines() for text in (self.section.text, self.now))
        return "\n".join(difflib.unified_diff(before, now, str(self.path), "emitted now", lineterm=""))

    def _respelt(self, text: str) -> str:
        """Return Python as this version of Python writes it."""
        return _respelt(text) if self.section.what == "python" else text


def _respelt(text: str) -> str:
    try:
        return ast.unparse(ast.parse(text))
    except SyntaxError:  # somebody has edited it, or merged it with another
        return text


def template_set(path: Path) -> tuple[dict[str, str], MakeEnvironment, list[Section]]:
    """Return the templates of a file, what makes their environment, and its sections."""
    _, sections = read_sections(path, _KINDS)
    options = [environment_of(section, NAMES) for section in sections if section.what == "options"]
    if len(options) > 1:
        raise SectionFault(1, "code is emitted for one environment")
    return templates_of(sections, _KINDS), options[0] if options else blendtpl.default_environment, sections


def snapshots(path: Path) -> Iterator[Snapshot]:
    """Yield the snapshots of a file."""
    texts, make, sections = template_set(path)
    found = [section for section in sections if section.what in _KINDS.keys() - {"options"}]
    if not found:
        raise SectionFault(1, "no section `python` or `lowered`, which `python -m tests.emitted --update` would fill")
    for section in found:
        name = section.label or "main.html"
        if name not in texts:
            raise SectionFault(section.line, f"no template `{name}`")
        yield Snapshot(path, section, _now(texts, name, make, section))


def _now(texts: Mapping[str, str], name: str, make: MakeEnvironment, section: Section) -> str:
    if section.what == "python":
        return emitted_now(texts, name, make, portable=section.form is not None)
    if section.what == "after" and section.form is None:
        raise SectionFault(section.line, f"`after` which pass, as in `--- after ({next(iter(PASSES))})`")
    return as_text(intermediate_now(texts, name, make, section.form))


def intermediate_now(texts: Mapping[str, str], name: str, make: MakeEnvironment, last: str | None) -> Template:
    """Return the intermediate form of a template of a set, behind the last of the passes that are to run."""
    passes = list(PASSES)
    without = passes if last is None else passes[passes.index(last) + 1 :]
    return intermediate_form(_sources(texts), name, make(), without, speedups=True)


def emitted_now(texts: Mapping[str, str], name: str, make: MakeEnvironment, *, portable: bool) -> str:
    """Return what is emitted for a template of a set."""
    return emitted_python(_sources(texts), name, make(), speedups=not portable)


def _sources(texts: Mapping[str, str]) -> dict[str, Source]:
    return {name: Source(name, text, hashlib.sha256(text.encode()).hexdigest()) for name, text in texts.items()}


def paths() -> list[Path]:
    """Return the files of all snapshots."""
    return sorted(path for folder in FOLDERS for path in folder.iterdir() if not path.name.startswith("."))


def update(path: Path) -> bool:
    """Write what is emitted now into a file, where it is not the same; return whether that was so."""
    found = list(snapshots(path))
    if all(snapshot.same() for snapshot in found):
        return False
    lines = path.read_bytes().decode("utf-8").removesuffix("\n").split("\n")
    for snapshot in reversed(found):
        start = snapshot.section.line
        # a section without any text has no line, or an empty one
        end = next((n for n in range(start, len(lines)) if lines[n].startswith("---")), len(lines))
        lines[start:end] = snapshot.now.split("\n")
    path.write_bytes(("\n".join(lines) + "\n").encode())
    return True


def main(arguments: list[str] | None = None) -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.emitted", description=__doc__)
    asked.add_argument("--update", action="store_true", help="write what is emitted now into the files")
    asked.add_argument("names", nargs="*", metavar="NAME")
    given = asked.parse_args(arguments)
    if given.update and sys.version_info[:2] != OLDEST:
        print(f"snapshots are written by Python {'.'.join(map(str, OLDEST))}, whose text all others can read")
        return 1
    wanted = {Path(name).stem for name in given.names}
    found = [path for path in paths() if not wanted or path.stem in wanted]
    if not found or len(found) < len(wanted):
        print(f"no such file in {' or '.join(map(str, FOLDERS))}")
        return 1
    return _updated(found) if given.update else _compared(found)


def _updated(found: Iterable[Path]) -> int:
    for path in found:
        if update(path):
            print(f"updated {path.name}: read what has changed")
    return 0


def _compared(found: Iterable[Path]) -> int:
    different = [snapshot for path in found for snapshot in snapshots(path) if not snapshot.same()]
    for snapshot in different:
        print(snapshot.diff())
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
