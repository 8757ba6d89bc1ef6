"""Decisions: which way each condition goes that depends on variables, so that in the end every branch has been taken.

A variant of a message is one way through all of its conditions. What is asked twice in one has one answer, and
answers don't contradict each other where that can be told: a page with `{% if x %}` twice is with both, or with none.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

Site = tuple[str, int, int, int]  # template, line, which condition there, and which of several in it

LIMIT = 64  # variants of a message; what they don't reach is not looked at
_EQUALS = " == "


@dataclass(slots=True)
class Coverage:
    """Which branches have been taken, which answers may lead to those that have not, and for which they were tried."""

    taken: set[tuple[Site, bool]] = field(default_factory=set)
    waiting: dict[tuple[Site, bool], dict[str, bool]] = field(default_factory=dict)
    tried: set[tuple[Site, bool]] = field(default_factory=set)

    def has_waiting(self) -> bool:
        """Return whether there is a branch that may be reached."""
        self.waiting = {branch: seed for branch, seed in self.waiting.items() if branch not in self.taken}
        return bool(self.waiting)

    def next_seed(self) -> dict[str, bool]:
        """Return answers that may lead to a branch which has not been taken."""
        branch, seed = self.waiting.popitem()
        self.tried.add(branch)
        return seed


@dataclass(slots=True)
class Decisions:
    """The answers of one variant."""

    coverage: Coverage
    answers: dict[str, bool]

    def decide(self, name: str, site: Site) -> bool:
        """Return whether what has that name is true in this variant."""
        against = self._against(name)
        answer = self._answer(name, site, against)
        self.coverage.taken.add((site, answer))
        other = (site, not answer)
        if not any(other in branches for branches in (self.coverage.taken, self.coverage.waiting, self.coverage.tried)):
            others = {question: reply for question, reply in self.answers.items() if question not in against}
            self.coverage.waiting[other] = {**others, name: not answer}
        self.answers[name] = answer
        return answer

    def _answer(self, name: str, site: Site, against: dict[str, bool]) -> bool:
        if name in self.answers:
            return self.answers[name]
        if against:
            return next(iter(against.values()))
        # what is there is looked at first: most branches are in a message that has everything
        taken = self.coverage.taken
        return (site, True) not in taken or (site, False) in taken

    def _against(self, name: str) -> dict[str, bool]:
        """Return the answers that were given from which one follows, with that."""
        implied = {}
        for suffix, answer in ((" is none", False), (" is defined", True)):
            base = name.removesuffix(suffix)
            if name.endswith(suffix) and self.answers.get(base):
                implied[base] = answer
        for suffix, reply in ((" is none", True), (" is defined", False)):
            if self.answers.get(name + suffix) is reply:
                implied[name + suffix] = False
        compared, equals, _ = name.partition(_EQUALS)
        if equals:
            implied |= {
                question: False
                for question, reply in self.answers.items()
                if reply and question.startswith(compared + equals)
            }
        implied.pop(name, None)
        return implied


def variants(render: Callable[[Decisions], T]) -> Iterator[T]:
    """Yield what `render` makes of each variant, until every branch was taken."""
    coverage, covered = Coverage(), -1
    for number in range(LIMIT):
        if number and not coverage.has_waiting():
            return
        # what free answers don't reach any more lies behind those that led to the branch beside it
        seed = coverage.next_seed() if len(coverage.taken) == covered else {}
        covered = len(coverage.taken)
        yield render(Decisions(coverage, seed))
