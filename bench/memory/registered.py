"""What there is to measure: subjects, which render, and workloads, which are rendered. Each registers itself.

A subject is a function with ``@subject(name, group)`` on it: it is given a part of a workload and a desk, prepares
whatever it keeps, and returns what renders; it raises `Unsupported` with the reason when it cannot. A workload is a
function with ``@workload(name, group)`` on it, which returns its parts. Their docstrings stand in the report.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bench.peers import Unsupported
from bench.workloads.workload import Context, Sources, Workload
from blendtpl import default_environment
from testkit.oracle import MakeEnvironment

__all__ = [
    "Context",
    "Desk",
    "Family",
    "Kind",
    "Part",
    "Prepare",
    "Render",
    "Sources",
    "Subject",
    "Unsupported",
    "Work",
]

Render = Callable[[Context], object]


class Family(StrEnum):
    """What kind of subject one is."""

    OURS = "blendtpl"
    OLD = "old ways"
    PEERS = "peers used well"
    PHP = "PHP include"


class Kind(StrEnum):
    """What kind of workload one is."""

    ALERT = "alert e-mail"
    PAGES = "other mails and pages"
    CONSTRUCTS = "constructs"
    ERRORS = "errors"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class Part:
    """A set of templates, one of which is rendered. `page` has them in other languages, where there are such."""

    sources: Sources
    entry: str
    variables: Callable[[], Context]
    make: MakeEnvironment = default_environment
    page: Workload | None = None
    endless: bool = False  # it recurses without end, which is to come soon


@dataclass(frozen=True, slots=True)
class Desk:
    """What a subject may use: a folder of its own, and where to say what it needs the harness to know.

    `at_end` takes what is to be called when all is done. `watch` takes the number of the process that renders, where it
    is another one, and a function that says how many bytes that has in use.
    """

    folder: Path
    at_end: Callable[[Callable[[], object]], None]
    watch: Callable[[int, Callable[[], int]], None]


Prepare = Callable[[Part, Desk], Render]


@dataclass(frozen=True, slots=True)
class Subject:
    """One way to render."""

    name: str
    family: Family
    prepare: Prepare
    kinds: frozenset[Kind] | None = None  # of workloads that the default run has it render; its family's when left out

    @property
    def description(self) -> str:
        """What it does, in a sentence or two."""
        return " ".join((self.prepare.__doc__ or "").split())


@dataclass(frozen=True, slots=True)
class Work:
    """One thing to render again and again; where it has many parts, they take turns."""

    name: str
    kind: Kind
    parts: Callable[[], Sequence[Part]]


SUBJECTS: dict[str, Subject] = {}
WORKLOADS: dict[str, Work] = {}


def subject(name: str, family: Family, *kinds: Kind) -> Callable[[Prepare], Prepare]:
    """Register the function under this as a subject; `kinds` are all that the default run has it render, if given."""

    def register(prepare: Prepare) -> Prepare:
        SUBJECTS[name] = Subject(name, family, prepare, frozenset(kinds) or None)
        return prepare

    return register


def workload(name: str, kind: Kind) -> Callable[[Callable[[], Sequence[Part]]], Callable[[], Sequence[Part]]]:
    """Register the function under this as a workload."""

    def register(parts: Callable[[], Sequence[Part]]) -> Callable[[], Sequence[Part]]:
        WORKLOADS[name] = Work(name, kind, parts)
        return parts

    return register
