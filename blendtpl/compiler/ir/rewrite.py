"""Rewriting: a node like another, but for some of what is below it.

What a pass does not change stays the same object, so that a pass which finds nothing costs a walk.
"""

from operator import is_
from typing import Any, TypeVar

from blendtpl.compiler.ir.base import CHILDREN, FIELDS, Body, Node, Statement, Value

Kind = TypeVar("Kind", bound=Node)

_KEPT = object()


class Rewriter:
    """A walk that may put other values and statements in place of those that it meets: what is overridden says which.

    `value` and `statement` are given what stands there, with what is below it as it was.
    """

    def value(self, value: Value) -> Value:
        """Return what stands in place of a value."""
        return self.parts(value)

    def statement(self, statement: Statement) -> Body:
        """Return what stands in place of a statement: any number of them."""
        return (self.parts(statement),)

    def body(self, body: Body) -> Body:
        """Return what stands in place of statements."""
        rewritten: list[Statement] = []
        same = True
        for statement in body:
            instead = self.statement(statement)
            same = same and len(instead) == 1 and instead[0] is statement
            rewritten += instead
        return body if same else tuple(rewritten)

    def parts(self, node: Kind) -> Kind:
        """Return a node with what stands in place of what is directly below it."""
        changes: dict[str, Any] = {}
        for field in CHILDREN[node.__class__]:
            old = getattr(node, field)
            if old is not None and old != () and (new := self._field(old)) is not old:
                changes[field] = new
        return replaced(node, changes) if changes else node

    def _field(self, old: Any) -> Any:
        """Return what stands in place of what a field holds. There are more of these than of anything else."""
        if old.__class__ is tuple:
            if old and isinstance(old[0], Statement):
                return self.body(old)
            new = [self._field(part) for part in old]
            return old if all(map(is_, new, old)) else tuple(new)
        if isinstance(old, Value):
            return self.value(old)
        if isinstance(old, Statement):
            instead = self.statement(old)
            if len(instead) != 1:
                raise TypeError(f"one statement is wanted in place of {old!r}")
            return instead[0]
        return self.parts(old) if isinstance(old, Node) else old


def replaced(node: Kind, changes: dict[str, Any]) -> Kind:
    """Return a node with other fields: itself, when they are no others."""
    fields = [(getattr(node, field), changes.get(field, _KEPT)) for field in FIELDS[node.__class__]]
    if all(new is _KEPT or new is old for old, new in fields):
        return node
    return type(node)(*[old if new is _KEPT else new for old, new in fields])
