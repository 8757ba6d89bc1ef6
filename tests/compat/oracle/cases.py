"""The cases: each a text file that has the old files, the templates in their place, and what was printed.

Enters: a file of `tests/compat/oracle/cases`. Leaves: a `Case`, or the file with other outputs in it.

It begins with a sentence about what PHP does. Lines ``requests: 2`` and ``differs: REASON`` may follow: how often both
halves run, and why the shim is not to print what PHP prints. Then come sections, each under a line ``--- NAME``:
``main.php`` and ``main.py`` are the two halves; ``.php``, ``.phtml`` and ``.inc`` are files that the first includes,
everything else is a template of the second, under the same path. ``recorded`` is what PHP printed, ``ours`` what the
shim prints where it differs. A section's text ends where the next line of ``---`` begins; ``newline=no`` says that its
last line has no newline. Outputs carry the exit status and the number of warnings of missing files if they are not 0.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "cases"

_HEADER = re.compile(r"^--- (\S+)((?: \w+=\S+)*)\n", re.MULTILINE)
_OUTPUTS = ("recorded", "ours")
_PROPERTIES = ("requests", "differs")
_OLD = (".php", ".phtml", ".inc")


@dataclass(frozen=True, slots=True)
class Output:
    """What a half printed, its exit status, and how often it warned that a file is missing."""

    text: str
    status: int = 0
    warnings: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `differs` is the reason for which the outputs are not the same, or empty."""

    name: str
    title: str
    requests: int
    differs: str
    sections: Mapping[str, str]
    recorded: Output | None
    ours: Output | None

    @property
    def old_files(self) -> Mapping[str, str]:
        """The old files by path."""
        return {name: text for name, text in self.sections.items() if name.endswith(_OLD)}

    @property
    def python(self) -> str:
        """The steps through the shim."""
        return self.sections["main.py"]

    @property
    def templates(self) -> Mapping[str, str]:
        """The templates by path."""
        return {name: text for name, text in self.sections.items() if not name.endswith((*_OLD, ".py"))}


def every_case(folder: Path = FOLDER) -> list[Case]:
    """Return all cases, in order of their names."""
    return [read(path, folder) for path in sorted(folder.rglob("*.txt"))]


def read(path: Path, folder: Path = FOLDER) -> Case:
    """Return the case of a file in a folder. Raises `ValueError`, with its name and what is wrong, when it is none."""
    name = path.relative_to(folder).with_suffix("").as_posix()
    head, *found = _split(path.read_bytes().decode("utf-8"))
    title, properties = _head(name, head[2])
    sections = {section: text for section, _, text in found if section not in _OUTPUTS}
    outputs = {section: _output(attributes, text) for section, attributes, text in found if section in _OUTPUTS}
    if len(sections) + len(outputs) < len(found):
        raise ValueError(f"{name}: two sections have one name")
    if missing := {"main.php", "main.py"} - sections.keys():
        raise ValueError(f"{name}: there is no section {' and none '.join(sorted(missing))}")
    requests, differs = int(properties.get("requests", "1")), properties.get("differs", "")
    return Case(name, title, requests, differs, sections, outputs.get("recorded"), outputs.get("ours"))


def write(path: Path, recorded: Output, ours: Output | None) -> None:
    """Put outputs into a file in place of those that it has."""
    text = path.read_bytes().decode("utf-8")
    end = min((match.start() for match in _HEADER.finditer(text) if match[1] in _OUTPUTS), default=len(text))
    pieces = [text[:end], _section("recorded", recorded), _section("ours", ours) if ours else ""]
    path.write_bytes("".join(pieces).encode("utf-8"))


def _split(text: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """Yield the name, the attributes and the text of what stands before the first section, and of each section."""
    headers = list(_HEADER.finditer(text))
    starts = [*(match.start() for match in headers), len(text)]
    yield "", {}, text[: starts[0]]
    for match, end in zip(headers, starts[1:], strict=True):
        attributes = dict(pair.split("=", 1) for pair in match[2].split())
        body = text[match.end() : end]
        yield match[1], attributes, body.removesuffix("\n") if attributes.get("newline") == "no" else body


def _head(name: str, text: str) -> tuple[str, dict[str, str]]:
    title, *lines = text.splitlines() or [""]
    properties = dict(line.partition(": ")[::2] for line in lines)
    if not title or not properties.keys() <= set(_PROPERTIES):
        raise ValueError(f"{name}: it begins with a sentence, and then {_PROPERTIES} alone, but not with {text!r}")
    return title, properties


def _output(attributes: Mapping[str, str], text: str) -> Output:
    return Output(text, int(attributes.get("exit", "0")), int(attributes.get("warnings", "0")))


def _section(name: str, output: Output) -> str:
    attributes = {"exit": output.status, "warnings": output.warnings}
    told = [name, *(f"{key}={value}" for key, value in attributes.items() if value)]
    newline = not output.text or output.text.endswith("\n")
    return f"--- {' '.join(told if newline else [*told, 'newline=no'])}\n{output.text}" + ("" if newline else "\n")
