"""Budgets: how much a template of an environment may take before its render is stopped.

Enters: limits. Leaves: a frozen record of them, which an environment has as its `budget`, and the error of one that is
used up. Nothing is counted here.
"""

from dataclasses import dataclass, fields
from math import isfinite

import jinja2

from blendtpl.errors import ConfigError, RenderError, shown_chain
from blendtpl.printable import one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much one render of a template that somebody else wrote may take; `None` is no limit.

    - `output`: bytes of text in UTF-8 that are written. What a macro, `caller()`, `super()` or a ``{% set %}`` block
      holds back counts while that runs, and afterwards where it is printed.
    - `turns`: rounds of loops, and elements that filters and methods go through, in all.
    - `seconds`: of wall time from the beginning of the render, or of a stream from its first piece. It is asked at each
      round, call, filter and operator: none of them is interrupted, and what each is given is bounded by `length`.
    - `depth`: calls, includes and blocks in each other, recursive loops too.
    - `length`: characters, bytes or elements, with all in them, of a value that an operator, a filter or a method
      makes, or that is printed, compared or made into text; of a whole number, its bits.

    Raises `ConfigError` for a limit that is no positive number, or no whole one where it counts.
    """

    output: int | None = 1_000_000
    turns: int | None = 100_000
    seconds: float | None = 5.0
    depth: int | None = 50
    length: int | None = 1_000_000

    def __post_init__(self) -> None:
        for field in fields(self):
            limit = getattr(self, field.name)
            kinds = (int, float) if field.name == "seconds" else (int,)
            if limit is None:
                continue
            if isinstance(limit, bool) or not isinstance(limit, kinds) or not (isfinite(limit) and limit > 0):
                kind = "number" if field.name == "seconds" else "whole number"
                raise ConfigError(f"`{field.name}` of a budget is a positive {kind}, or `None` for no limit: {limit!r}")


class BudgetError(RenderError):
    """A template took more than its environment's `blendtpl.Budget` allows, and its render was stopped.

    `budget` is the name of what it used up, such as ``"turns"``, and `limit` how much that was; `name` and `line` say
    where in the templates, `chain` through which others (innermost first, as ``name:line``).
    """

    name: str = ""
    line: int = 0
    chain: tuple[str, ...] = ()

    def __init__(self, budget: str, limit: float) -> None:
        super().__init__(budget, limit)
        self.budget, self.limit = budget, limit

    def _text(self) -> str:
        place = f"{one_line(self.name)}:{self.line}: " if self.name else ""
        chain = f" ({shown_chain(self.chain)})" if self.chain else ""
        return f"{place}the template exceeds its budget: {_BUDGETS[self.budget].format(self.limit)}{chain}"


_BUDGETS = {
    "output": "more than {:,} bytes of output (`output`)",
    "turns": "more than {:,} rounds of loops (`turns`)",
    "seconds": "more than {:,} seconds (`seconds`)",
    "depth": "more than {:,} calls, includes and blocks in each other (`depth`)",
    "length": "a value of more than {:,} characters, elements or bits (`length`)",
}


def budget_of(environment: jinja2.Environment) -> Budget | None:
    """Return the budget of an environment, if it has one."""
    budget = getattr(environment, "budget", None)
    return budget if isinstance(budget, Budget) else None
