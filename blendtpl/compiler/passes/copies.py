"""Copies: a variable that is only another name for what is there.

Each scope of a template has its own variables for the names that it reads, and so has each template that stands in
place of an include. Where nothing is set to one of them, and what it was set to stays as it is, that stands for it.
"""

from blendtpl.compiler.ir.base import Body, Node, Statement, Value, below
from blendtpl.compiler.ir.functions import Function
from blendtpl.compiler.ir.rewrite import Rewriter, replaced
from blendtpl.compiler.ir.statements import Define, Loop, Scoped, ToVariable
from blendtpl.compiler.ir.values import Given, MakeBody, MakeCaller, Missing, Variable

Bind = tuple[tuple[str, Value], ...]


def without_copies(function: Function) -> Function:
    """Return a function in which what is only copied has one name."""
    if not any(isinstance(node, (Loop, Scoped)) and node.bind for node in below(function)):
        return function
    return _Copies(frozenset(_seen_inside(function)), {}).parts(function)


def _set_inside(scope: Loop | Scoped) -> set[str]:
    """Return the variables that anything in a scope sets, once it has been entered."""
    inside = (*scope.body, *(scope.otherwise if isinstance(scope, Loop) else ()))
    return {node.name for node in below(inside) if isinstance(node, ToVariable)}


def _seen_inside(function: Function) -> set[str]:
    """Return the variables that functions which are made in a function see: these may look when all has gone on."""
    names: set[str] = set()
    for node in below(function):
        if isinstance(node, (Define, MakeBody, MakeCaller)) or (isinstance(node, Loop) and node.recursive):
            names |= {part.name for part in below(node) if isinstance(part, Variable)}
            names |= {name for part in (node, *below(node)) for name, _ in _bound(part)}
    return names


def _bound(node: Node) -> Bind:
    return node.bind if isinstance(node, (Loop, Scoped, Function)) else ()


class _Copies(Rewriter):
    def __init__(self, seen: frozenset[str], copies: dict[str, Value]) -> None:
        self.seen, self.copies = seen, copies

    def value(self, value: Value) -> Value:
        """Put what is copied in place of the copy."""
        if isinstance(value, Variable):
            original = self.copies.get(value.name)
            return value if original is None else replaced(original, {"line": value.line})
        return self.parts(value)

    def statement(self, statement: Statement) -> Body:
        """Look at what a scope binds first."""
        if not isinstance(statement, (Loop, Scoped)) or not statement.bind:
            return (self.parts(statement),)
        items = {"items": self.value(statement.items)} if isinstance(statement, Loop) else {}
        outer, self.copies = self.copies, dict(self.copies)
        bound, fixed = [], self.seen | _set_inside(statement)
        for name, value in statement.bind:
            moved = self.value(value)
            self.copies.pop(name, None)
            if _is_copy(name, moved, fixed):
                self.copies[name] = moved
            else:
                bound.append((name, moved))
        inside = self.parts(replaced(statement, {"bind": tuple(bound), **items}))
        self.copies = outer
        return (inside,)


def _is_copy(name: str, value: Value, fixed: frozenset[str]) -> bool:
    if name in fixed:
        return False
    return isinstance(value, (Given, Missing)) or (isinstance(value, Variable) and value.name not in fixed)
