"""Bindings: what the names of a template may stand for, as far as the flattened text depends on it.

Enters: statements of Jinja2's tree. Leaves: for each name all that it may be: a module, a macro, a value. A name that
the template, or one around it, may bind in two ways has both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from jinja2 import nodes


@dataclass(frozen=True, slots=True)
class Module:
    """A template that is imported; `None` where its name is not constant."""

    template: str | None
    with_context: bool


@dataclass(frozen=True, slots=True)
class Member:
    """What a template that is imported has by a name."""

    template: str | None
    name: str
    with_context: bool


@dataclass(frozen=True, slots=True, eq=False)
class MacroBinding:
    """A macro, and the template that has it."""

    node: nodes.Macro
    template: str


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """A value: that of an expression, or `None` for one of which nothing is known."""

    expression: nodes.Expr | None


Binding = Module | Member | MacroBinding | Value


@dataclass(slots=True)
class Scope:
    """Names of one scope, and the scope around it."""

    around: Scope | None = None
    names: dict[str, list[Binding]] = field(default_factory=dict)

    def bind(self, template: str, body: Iterable[nodes.Node], join: object) -> Scope:
        """Add what the statements of a body bind."""
        for name, binding in _bound(template, body, join):
            alternatives = self.names.setdefault(name, [])
            if binding not in alternatives:
                alternatives.append(binding)
        return self

    def find(self, name: str) -> tuple[list[Binding], Scope]:
        """Return all that a name may be, nothing for a name of the context, and the scope that says so."""
        scope = self
        while name not in scope.names and scope.around is not None:
            scope = scope.around
        return scope.names.get(name, []), scope


def unknown(scope: Scope, targets: Iterable[nodes.Node]) -> Scope:
    """Return a scope within another in which names have values of which nothing is known."""
    inner = Scope(scope)
    for target in targets:
        for name in (target, *target.find_all(nodes.Name)):
            if isinstance(name, nodes.Name):
                inner.names[name.name] = [Value(None)]
    return inner


def constant_name(node: nodes.Expr, template: str, join: object) -> str | None:
    """Return the name of the template that an expression means, if that is constant."""
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        return str(join(node.value, template))  # type: ignore[operator]
    return None


def _bound(template: str, body: Iterable[nodes.Node], join: object) -> Iterator[tuple[str, Binding]]:
    for node in body:
        if isinstance(node, nodes.Macro):
            yield node.name, MacroBinding(node, template)
        elif isinstance(node, nodes.Import):
            yield node.target, Module(constant_name(node.template, template, join), node.with_context)
        elif isinstance(node, nodes.FromImport):
            source = constant_name(node.template, template, join)
            for alias in node.names:
                name, bound = alias if isinstance(alias, tuple) else (alias, alias)
                yield bound, Member(source, name, node.with_context)
        elif isinstance(node, nodes.Assign) and isinstance(node.target, nodes.Name):
            yield node.target.name, Value(node.node if isinstance(node.node, nodes.Expr) else None)
        elif isinstance(node, (nodes.Assign, nodes.AssignBlock)):
            for part in (node.target, *node.target.find_all(nodes.Name)):
                if isinstance(part, nodes.Name):
                    yield part.name, Value(None)
        elif isinstance(node, nodes.If):
            yield from _bound(template, [*node.body, *node.elif_, *node.else_], join)
