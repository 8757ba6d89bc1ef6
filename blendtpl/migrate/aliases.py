"""Aliases: names of modules that stand for methods of the shim, across all files.

Enters: the syntax trees of all files. Leaves: for each file the names that are methods, by assignment or by import,
each with the reason when that is not sure: it is when a name is bound once, at the top level, and never set from
elsewhere. Modules are found by the ends of their paths, since nobody knows where Python will look for them.
"""

import ast
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from blendtpl.migrate.bindings import Bindings, bindings_of

METHODS = frozenset({"include", "include_once", "require", "require_once", "fetch"})  # of the shim, that render
NAMED = METHODS | {"capture", "request", "report"}

_Names = Mapping[str, "Alias"]


@dataclass(frozen=True, slots=True)
class Alias:
    """A method of the shim; `problem` says why it may be something else."""

    method: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Aliases:
    """The names of each file, by its absolute path; `paths` are all files by the last part of their modules."""

    files: Mapping[str, _Names] = field(default_factory=dict)
    paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def here(self, file: str) -> _Names:
        """Return the names of the module that is a file."""
        return self.files.get(file, {})

    def of(self, qualified: str, file: str) -> Alias | None:
        """Return the method that a full name means, as it is imported in a file."""
        origin, name = _split(qualified)
        candidates = [self.here(path).get(name) for path in _candidates(origin, file, self.paths)]
        return _agreed(candidates, origin)

    def within(self, module: str, file: str) -> _Names:
        """Return the names of the modules that a full name may mean, as it is imported in a file."""
        names: dict[str, Alias] = {}
        for path in _candidates(module, file, self.paths):
            names.update(self.here(path))
        return names

    @property
    def names(self) -> frozenset[str]:
        """All names that are methods which render, or open a buffer."""
        methods = METHODS | {"capture"}
        return frozenset(
            name for names in self.files.values() for name, alias in names.items() if alias.method in methods
        )


def aliases_of(files: Iterable[tuple[str, ast.Module]], shim: str) -> Aliases:
    """Return the names in these files, each given as it is shown, with its tree."""
    bindings = {os.path.abspath(shown): bindings_of(shown, tree) for shown, tree in files}  # noqa: PTH100  # links stay
    paths: dict[str, list[str]] = defaultdict(list)
    for path in bindings:
        paths[_parts(path)[-1]].append(path)
    search = _Search(shim, bindings, {last: tuple(same_name) for last, same_name in paths.items()})
    return Aliases({path: names for path in bindings if (names := search.names(path))}, search.paths)


def _parts(path: str) -> tuple[str, ...]:
    parts = PurePath(path).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def _split(qualified: str) -> tuple[str, str]:
    """Return the module of a full name, whose dots in front belong to it, and the name in it."""
    bare = qualified.lstrip(".")
    dots = qualified[: len(qualified) - len(bare)]
    origin, _, name = bare.rpartition(".")
    return dots + origin, name


def _candidates(origin: str, file: str, paths: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the files that a module may be, which is imported in a file."""
    bare = origin.lstrip(".")
    parts = tuple(bare.split(".")) if bare else ()
    if level := len(origin) - len(bare):
        parts = (*PurePath(file).parts[:-level], *parts)
    if not parts:
        return []
    matching = [path for path in paths.get(parts[-1], ()) if _parts(path)[-len(parts) :] == parts]
    beside = [path for path in matching if PurePath(path).parent == PurePath(file).parent]
    return beside if len(parts) == 1 and len(beside) == 1 else matching


def _agreed(candidates: list[Alias | None], origin: str) -> Alias | None:
    """Return what all modules say that may be meant."""
    some = [alias for alias in candidates if alias is not None]
    if not some:
        return None
    first = next((alias for alias in some if alias.problem), some[0])
    if len(some) < len(candidates) or any(alias.method != first.method for alias in some):
        return replace(first, problem=f"`{origin}` may be another module")
    return first


class _Search:
    """Follows names from file to file; remembers what it has found."""

    def __init__(self, shim: str, bindings: Mapping[str, Bindings], paths: Mapping[str, tuple[str, ...]]) -> None:
        self.paths = paths
        self._shim = shim
        self._bindings = bindings
        self._resolved: dict[tuple[str, str], Alias | None] = {}
        self._sets: dict[str, str] = {}
        for module in bindings.values():
            for name, line in module.sets.items():
                self._sets.setdefault(name, f"{module.shown}:{line}")

    def names(self, path: str) -> dict[str, Alias]:
        """Return the names of a file that are methods."""
        here = self._bindings[path]
        names = {*here.values, *here.origins}
        if here.star:
            for other in _candidates(here.star, path, self.paths):
                names |= {name for name in self._bindings[other].bound if name not in here.bound}
        return {name: alias for name in sorted(names) if (alias := self.name(path, name)) is not None}

    def name(self, path: str, name: str) -> Alias | None:
        """Return the method that a name of a module is."""
        key = path, name
        if key not in self._resolved:
            self._resolved[key] = None  # while it is looked for: modules may import each other
            self._resolved[key] = self._name(path, name)
        return self._resolved[key]

    def _name(self, path: str, name: str) -> Alias | None:
        here = self._bindings[path]
        candidates: list[Alias | None] = []
        candidates += [self._expression(path, value) for value in here.values.get(name, ())]
        if name in here.origins:
            candidates.append(self._imported(path, here.origins[name]))
        if name not in here.bound and here.star:
            candidates.append(self._imported(path, f"{here.star}.{name}"))
        alias = next((candidate for candidate in candidates if candidate is not None), None)
        if alias is None or alias.problem:
            return alias
        return replace(alias, problem=self._problem(name, here))

    def _problem(self, name: str, here: Bindings) -> str:
        """Return why a name that is bound to a method may be bound to something else."""
        if here.star:
            return f"`from {here.star} import *` may bind any name here"
        if len(here.bound[name]) > 1:
            return f"`{name}` is bound more than once in {here.shown}"
        if name in here.branches:
            return f"`{name}` is bound in a branch of {here.shown}"
        if name in self._sets:
            return f"`{name}` may be set at {self._sets[name]}"
        return f"`{name}` may be set at {here.shown}:{here.any}" if here.any else ""

    def _imported(self, path: str, qualified: str) -> Alias | None:
        origin, name = _split(qualified)
        return _agreed([self.name(other, name) for other in _candidates(origin, path, self.paths)], origin)

    def _expression(self, path: str, node: ast.expr) -> Alias | None:
        here = self._bindings[path]
        if isinstance(node, ast.Name):
            return self.name(path, node.id)
        if not isinstance(node, ast.Attribute):
            return None
        if node.attr in NAMED and (base := self._shim_in(node.value, here)) is not None:
            return Alias(node.attr, base)
        qualified = here.qualified(node)
        return self._imported(path, qualified) if qualified else None

    def _shim_in(self, node: ast.expr, here: Bindings) -> str | None:
        """Return `None` for what is not called as the shim is, or why it may be another object, or an empty string."""
        if isinstance(node, ast.Attribute) and node.attr == self._shim:
            return "" if here.qualified(node) else f"`{ast.unparse(node)}` may be another object"
        if not isinstance(node, ast.Name):
            return None
        if node.id != self._shim and here.origins.get(node.id, "").rpartition(".")[2] != self._shim:
            return None
        bound = here.bound.get(node.id, [])
        imported = sum(isinstance(binding, (ast.Import, ast.ImportFrom)) for binding in bound)
        if not bound or imported + here.shims.get(node.id, 0) < len(bound):
            return f"`{node.id}` is a variable that may be another object"
        return ""
