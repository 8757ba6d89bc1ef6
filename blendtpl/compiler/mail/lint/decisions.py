"""Decisions: which way each condition goes that depends on variables, so that in the end every branch has been taken.

A variant of a message is one way through all of its conditions. What is asked twice in one has one answer, and
answers don't contradict each other where that can be told: a page with `{% if x %}` twice is with both, or with none.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

Site = tuple[str, int, int]  # template, line, and which condition there

LIMIT = 64  # variants of a message; what they don't reach is not looked at
_EQUALS = " == "


@dataclass(slots=True)
class Coverage:
    """Which branches have been taken, and which answers lead to those that have not."""

    taken: set[tuple[Site, bool]] = field(default_factory=set)
    waiting: dict[tuple[Site, bool], dict[str, bool]] = field(default_factory=dict)


@dataclass(slots=True)
class Decisions:
    """The answers of one variant."""

    coverage: Coverage
    answers: dict[str, bool]

    def decide(self, name: str, site: Site) -> bool:
        """Return whether what has that name is true in this variant."""
        free = name not in self.answers and self._implied(name) is None
        answer = self._answer(name, site)
        taken = self.coverage.taken
        taken.add((site, answer))
        other = (site, not answer)
        if free and other not in taken and other not in self.coverage.waiting:
            self.coverage.waiting[other] = {**self.answers, name: not answer}
        self.answers[name] = answer
        return answer

    def _answer(self, name: str, site: Site) -> bool:
        if name in self.answers:
            return self.answers[name]
        implied = self._implied(name)
        if implied is not None:
            return implied
        # what is there is looked at first: most branches are in a message that has everything
        taken = self.coverage.taken
        return (site, True) not in taken or (site, False) in taken

    def _implied(self, name: str) -> bool | None:
        """Return the answer that follows from those that were given."""
        for suffix, answer in ((" is none", False), (" is defined", True)):
            if name.endswith(suffix) and self.answers.get(name.removesuffix(suffix)):
                return answer
        if self.answers.get(f"{name} is none") or self.answers.get(f"{name} is defined") is False:
            return False
        if _EQUALS in name:
            left = name.partition(_EQUALS)[0] + _EQUALS
            if any(answer and given.startswith(left) for given, answer in self.answers.items()):
                return False
        return None


def variants(render: Callable[[Decisions], T]) -> Iterator[T]:
    """Yield what `render` makes of each variant, until every branch was taken."""
    coverage, seeds = Coverage(), [dict[str, bool]()]
    for _ in range(LIMIT):
        if not seeds:
            return
        yield render(Decisions(coverage, seeds.pop()))
        while coverage.waiting and not seeds:
            branch, seed = coverage.waiting.popitem()
            if branch not in coverage.taken:
                seeds.append(seed)
