"""Rebinding: code of a live environment that sees another filter or test of a name when Jinja2's code would.

Enters: what code was bound to when its template was loaded. Leaves: its functions, in place of each one that asks first
whether the environment still has those filters and tests. Jinja2's code takes them anew when a template, or a block,
begins to run; what that has made by then, such as a macro, keeps those that it began with. So what runs is left as it
is, and what begins is a function of the same code, bound anew, with globals of its own.
"""

from collections.abc import Callable, Iterable, Mapping
from operator import is_
from typing import Any

import jinja2

from blendtpl.bundle import abi

Space = dict[str, Any]
_State = tuple[tuple[Any, ...], tuple[Any, ...], Mapping[str, Any]]


def _used(bound: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of filters and of tests that code is bound to: see `blendtpl.runtime.namespace.BINDERS`."""
    names: dict[str, set[str]] = {"filter": set(), "test": set()}
    for kind, *words in bound:
        if kind in names:
            names[kind].add(words[0])
        elif kind == "exact":
            names[words[0]].add(words[1])
        elif kind == "choice":
            names["filter"].add(words[0])
            names["test"].update(words[1:])
        elif kind in {"mapped", "application"}:
            names["filter"].update(("map", *words))
    return tuple(sorted(names["filter"])), tuple(sorted(names["test"]))


class Rebinding:
    """The functions of one template's code that somebody may call from outside, by their names."""

    __slots__ = ("_environment", "_filters", "_make", "_names", "_state", "_tests")

    def __init__(
        self,
        environment: jinja2.Environment,
        bound: Iterable[tuple[str, ...]],
        names: Iterable[str],
        make: Callable[[], Space],
    ) -> None:
        """`make` returns new globals of the code, bound to what the environment has then."""
        self._environment, self._make, self._names = environment, make, tuple(names)
        self._filters, self._tests = _used(bound)
        self._state: _State = (), (), {}

    def _kept(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        filters, tests = self._environment.filters, self._environment.tests
        return tuple([filters.get(name) for name in self._filters]), tuple([tests.get(name) for name in self._tests])

    def first(self) -> Space:
        """Return the globals of the code, in which these functions ask."""
        kept = self._kept()
        space = self._make()
        if self._filters or self._tests:
            self._state = *kept, {name: space[name] for name in self._names}
            space.update({name: self._asking(name) for name in self._names})
        return space

    def _asking(self, name: str) -> Callable[..., Any]:
        current = self._current

        def begin(*arguments: Any) -> Any:
            return current()[name](*arguments)

        return begin

    def _current(self) -> Mapping[str, Any]:
        filters, tests, functions = self._state
        environment = self._environment
        if all(map(is_, map(environment.filters.get, self._filters), filters)) and (
            not tests or all(map(is_, map(environment.tests.get, self._tests), tests))
        ):
            return functions
        kept = self._kept()
        space = self._make()
        asking = next(iter(functions.values())).__globals__
        functions = {name: space[name] for name in self._names}
        # blocks know each other, and what overrides them, by the functions that ask
        space.update({name: asking[name] for name in (*self._names, abi.SELF)})
        self._state = *kept, functions
        return functions
