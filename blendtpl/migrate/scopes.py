"""Scopes: which names the code of a module binds, reads and deletes, and where a name is at home.

Enters: the places of names in each module, function, class and comprehension. Leaves: whose variable a name is, by
Python's own rules. Nothing here knows in what order code runs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst


@dataclass(slots=True, eq=False)
class Scope:
    """What one piece of code does to names. `stores`, `reads` and `deletes` hold each place, in the order of the text;
    those in `bare` bind nothing. `declared` are its `global` and `nonlocal` names; `own` are its variables, with each
    place that binds one, in whatever scope; `origins` the modules that names are imported from. `unknown` is one that
    everything is imported of.
    """

    node: cst.CSTNode
    parent: "Scope | None"
    stores: list[tuple[str, cst.CSTNode]] = field(default_factory=list)
    reads: list[tuple[str, cst.Name]] = field(default_factory=list)
    deletes: list[tuple[str, cst.CSTNode]] = field(default_factory=list)
    declared: dict[str, str] = field(default_factory=dict)
    inner: "list[Scope]" = field(default_factory=list)
    bare: set[cst.CSTNode] = field(default_factory=set)
    own: dict[str, list[cst.CSTNode]] = field(default_factory=dict)
    origins: dict[cst.ImportAlias, str] = field(default_factory=dict)
    unknown: str = ""

    @property
    def module(self) -> "Scope":
        """The scope of the whole module."""
        return self if self.parent is None else self.parent.module

    @property
    def is_class(self) -> bool:
        """Whether it is the body of a class."""
        return isinstance(self.node, cst.ClassDef)

    @property
    def is_list(self) -> bool:
        """Whether it is a comprehension that runs where it stands."""
        return isinstance(self.node, (cst.ListComp, cst.SetComp, cst.DictComp))

    def all(self) -> "Iterator[Scope]":
        """Yield it and all scopes in it."""
        yield self
        for scope in self.inner:
            yield from scope.all()

    def home(self, name: str) -> "Scope | None":
        """Return the scope whose variable a name is here; `None` for a built-in one, or one that nobody binds."""
        at: Scope | None = self
        while at is not None:
            if at is self or not at.is_class:
                if at.declared.get(name) == "global":
                    return at.module if name in at.module.own else None
                if name in at.own:
                    return at
            at = at.parent
        return None

    def uses(self, name: str) -> "list[tuple[Scope, cst.Name]]":
        """Return every place that reads a name of this scope, with the scope that it stands in."""
        return [
            (scope, node)
            for scope in self.all()
            for read, node in scope.reads
            if read == name and scope.home(name) is self
        ]

    def holds(self, name: str, home: "Scope") -> bool:
        """Return whether it, or a scope in it, names a variable of a scope around it, so that its frame has it."""
        return any(
            scope.home(name) is home
            for scope in self.all()
            for mentioned, _ in (*scope.reads, *scope.stores)
            if mentioned == name
        )

    def _target(self, name: str) -> "Scope":
        """Return the scope whose variable a name becomes that is stored here."""
        kind = self.declared.get(name)
        if kind is None:
            return self
        at = self.parent
        while kind == "nonlocal" and at is not None and at.parent is not None:
            if not at.is_class and name not in at.declared and any(stored == name for stored, _ in at.stores):
                return at
            at = at.parent
        return self.module

    @property
    def imported(self) -> frozenset[str]:
        """The names that are imported in it, or in a scope in it."""
        own = (item for scope in self.all() for item in scope.own.items())
        return frozenset(
            name for name, bindings in own if any(isinstance(binding, cst.ImportAlias) for binding in bindings)
        )

    def settle(self) -> None:
        """Give each name that is stored here, or in a scope in here, to the scope that it belongs to."""
        for scope in self.all():
            for name, node in scope.stores:
                scope._target(name).own.setdefault(name, []).append(node)


@dataclass(frozen=True, slots=True)
class Scopes:
    """The scopes of a module: `module` is the outermost, `of` has the one of each name, attribute and call."""

    module: Scope
    of: dict[cst.CSTNode, Scope]
