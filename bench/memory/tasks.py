"""What is run: which subject with which workload, how often, and with the collector on or off.

Enters: parts of names, and whether it is the long run. Leaves: the tasks, the quick ones last.

By default every subject renders the alert e-mail, with the collector off and on; blendtpl, the peers and PHP the other
mails and pages; blendtpl and Jinja2 every construct and error, one by one, and the mixed workload. Subjects and
workloads that are both named are run with each other, whatever they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.memory.arguments import chosen
from bench.memory.registered import Family, Kind, Subject, Work
from bench.memory.subjects import SUBJECTS
from bench.memory.workloads import WORKLOADS

RENDERS = {Kind.ALERT: 20_000, Kind.PAGES: 5_000, Kind.CONSTRUCTS: 2_000, Kind.ERRORS: 2_000, Kind.MIXED: 50_000}
LONG = {
    Kind.ALERT: 1_000_000,
    Kind.PAGES: 100_000,
    Kind.CONSTRUCTS: 100_000,
    Kind.ERRORS: 100_000,
    Kind.MIXED: 1_000_000,
}
_SECONDS = {Kind.ALERT: 2.5, Kind.PAGES: 1.0, Kind.CONSTRUCTS: 0.4, Kind.ERRORS: 0.4, Kind.MIXED: 5.0}
_SAMPLES = {Kind.ALERT: 60, Kind.PAGES: 40, Kind.CONSTRUCTS: 25, Kind.ERRORS: 25, Kind.MIXED: 100}

_BY_CONSTRUCT = ("blendtpl bundle", "blendtpl.Environment", "Jinja2")
_BOTH = frozenset({Kind.ALERT, Kind.MIXED})  # with the collector off, and on


@dataclass(frozen=True, slots=True)
class Task:
    """A subject and a workload by name. After `seconds`, where there are any, it ends with fewer renders."""

    subject: str
    workload: str
    collector: bool
    renders: int
    samples: int
    seconds: float

    @property
    def title(self) -> str:
        """What a person reads while it runs."""
        return f"{self.subject}: {self.workload}{', collector on' if self.collector else ''}"


def plan(
    subjects: Sequence[str] = (), workloads: Sequence[str] = (), renders: int | None = None, long: bool = False
) -> list[Task]:
    """Return the tasks of all subjects and workloads that have one of the parts of names in theirs.

    Raises `LookupError` for a part that is in no name.
    """
    everything = bool(subjects and workloads)
    works = [WORKLOADS[name] for name in chosen("workload", WORKLOADS, workloads)]
    tasks = [
        _task(subject, work, collector, renders, long)
        for subject in (SUBJECTS[name] for name in chosen("subject", SUBJECTS, subjects))
        for work in works
        if everything or _usual(subject, work)
        for collector in ((False, True) if _has_both(subject, work, everything) else (False,))
    ]
    return sorted(tasks, key=lambda task: (-task.renders, -task.seconds))


def _task(subject: Subject, work: Work, collector: bool, renders: int | None, long: bool) -> Task:
    """Return a task; the long run is blendtpl's, because what grows would need more memory than there is."""
    long = long and subject.family is Family.OURS
    count = renders or (LONG if long else RENDERS)[work.kind]
    seconds = 0.0 if long or renders else _SECONDS[work.kind]
    samples = _SAMPLES[work.kind] * (2 if long else 1)
    return Task(subject.name, work.name, collector, count, min(samples, count), seconds)


def _usual(subject: Subject, work: Work) -> bool:
    """Return whether the default run has a subject render a workload."""
    if subject.kinds is not None:
        return work.kind in subject.kinds
    match work.kind:
        case Kind.ALERT:
            return True
        case Kind.PAGES:
            return subject.family is not Family.OLD
        case Kind.MIXED:
            return subject.family is Family.OURS or subject.name == "Jinja2"
        case Kind.CONSTRUCTS | Kind.ERRORS:
            return subject.name in _BY_CONSTRUCT


def _has_both(subject: Subject, work: Work, everything: bool) -> bool:
    return subject.family is not Family.PHP and (everything or work.kind in _BOTH)
