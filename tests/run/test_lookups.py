"""Attributes and items are asked for as often as Jinja2 asks, in that order, and what that answers is what is found."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from testkit.oracle import outcome
from tests.run import lookups
from tests.run.lookups import ENVIRONMENTS, LOG, VALUES, given
from tests.run.mutating import Side, sides

ADDRESS = re.compile(r"0x[0-9a-f]+")
Found = tuple[tuple[str, ...], list[str]]


def found(render: Callable[[str, Any], str], name: str, value: str) -> Found:
    variables = given(value)
    LOG.clear()
    done = outcome(lambda: render(name, variables))
    return tuple(ADDRESS.sub("0x", part) for part in done), LOG.copy()


def parts(names: list[str], number: int) -> list[tuple[str, str]]:
    """Return one in so many of all templates with all values."""
    return [(name, value) for name in names for value in VALUES][::number]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_values_are_asked_as_jinja2_asks_them(environment: str) -> None:
    templates = lookups.templates()
    chosen = dict(list(templates.items())[list(ENVIRONMENTS).index(environment) :: 4])
    jinja, *others = sides(chosen, ENVIRONMENTS[environment])
    table = parts(list(chosen), 3)
    expected = [found(jinja.render, *each) for each in table]
    different = []

    def check(side: Side) -> None:
        with side.around():
            for each, wanted in zip(table, expected, strict=True):
                got = found(side.render, *each)
                if got != wanted:
                    different.append(f"{side.name} {each} {chosen[each[0]]}:\n  {wanted}\n  {got}")

    for side in others:
        check(side)
    assert len(table) > 500
    assert not different, f"{len(different)}\n" + "\n".join(different[:5])
