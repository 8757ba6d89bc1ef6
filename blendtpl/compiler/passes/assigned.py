"""Assigned: variables that are surely set where they are read.

A name that a template sets is read as one that may be missing, because in another turn, or behind a condition, it may
be. Where a statement before has surely set it, it is what that has set it to; and what nothing reads before it is set
need not be made missing first.
"""

from blendtpl.compiler.ir.base import Body, Statement, Value
from blendtpl.compiler.ir.functions import Function
from blendtpl.compiler.ir.rewrite import Kind, Rewriter, replaced
from blendtpl.compiler.ir.statements import (
    Default,
    Define,
    Extended,
    If,
    Loop,
    Scoped,
    Set,
    Target,
    ToParts,
    ToVariable,
    Unextended,
)
from blendtpl.compiler.ir.values import (
    Checked,
    Choose,
    Given,
    Is,
    MakeBody,
    MakeCaller,
    Missing,
    Resolved,
    Text,
    Variable,
)


def read_as_set(function: Function) -> Function:
    """Return a function that asks of no variable whether it is missing which is surely set by then."""
    # an argument with a default is there from where that is looked at
    late = {statement.variable for statement in function.body if isinstance(statement, Default)}
    walk = _Assigned(set(function.parameters) - late)
    walked = walk.parts(function)
    return walked if walk.bound_missing <= walk.missed else _Unmissed(frozenset(walk.missed)).parts(walked)


def names_of(target: Target) -> set[str]:
    """Return the variables that an assignment sets."""
    match target:
        case ToVariable(name=name):
            return {name}
        case ToParts(items=items):
            return set().union(*map(names_of, items))
    return set()


class _Assigned(Rewriter):
    """A walk in the order in which statements run: `surely` are the variables that are set by then, `missed` those that
    are read anywhere before they surely are, `bound_missing` those that a scope makes missing.
    """

    def __init__(self, surely: set[str]) -> None:
        self.surely, self.missed, self.bound_missing = surely, set[str](), set[str]()

    def value(self, value: Value) -> Value:
        match value:
            case Checked(source=Variable(name=name)) if name in self.surely:
                return replaced(value.source, {"line": value.line})
            case Variable(name=name):
                if name not in self.surely:
                    self.missed.add(name)
                return value
            case Choose(test=Is(value=Variable(name=name), what="missing"), no=no) if name in self.surely:
                return self.value(no)
            case Text():
                return self._aside(value)
            case MakeBody() | MakeCaller():
                return self._later(value)
        return self.parts(value)

    def statement(self, statement: Statement) -> Body:
        match statement:
            case Set(target=target):
                value = self.value(statement.value)
                target = self.parts(target)
                if self._may_be_missing(value):
                    self.surely -= names_of(target)
                else:
                    self.surely |= names_of(target)
                return (replaced(statement, {"value": value, "target": target}),)
            case Default(variable=variable):
                rewritten = self._aside(statement)
                self.surely.add(variable)
                return (rewritten,)
            case If():
                return (self._choice(statement),)
            case Loop():
                return (self._loop(statement),)
            case Scoped(bind=bound):
                kept = self._bind(bound)
                return (replaced(statement, {"bind": kept, "body": self.body(statement.body)}),)
            case Define():
                return (self._later(statement),)
            case Unextended() | Extended():
                return (self._aside(statement),)
        return (self.parts(statement),)

    def _may_be_missing(self, value: Value) -> bool:
        """Return whether what is set to a value is missing: what copies a variable is as missing as that, and so is an
        argument that a call in whose place its macro stands has left out.
        """
        match value:
            case Variable(name=name):
                return name not in self.surely
            case Choose(yes=yes, no=no):
                return self._may_be_missing(yes) or self._may_be_missing(no)
        return isinstance(value, (Given, Missing, Resolved))

    def _bind(self, bound: tuple[tuple[str, Value], ...]) -> tuple[tuple[str, Value], ...]:
        kept = []
        for name, value in bound:
            moved = self.value(value)
            if isinstance(moved, Missing):
                self.bound_missing.add(name)
            if self._may_be_missing(moved):
                self.surely.discard(name)
            else:
                self.surely.add(name)
            kept.append((name, moved))
        return tuple(kept)

    def _choice(self, statement: If) -> If:
        before = set(self.surely)
        branches, ends = [], []
        for number, (test, body) in enumerate(statement.branches):
            self.surely = set(before)
            moved = self.value(test)
            if not number:
                before = set(self.surely)
            branches.append((moved, self.body(body)))
            ends.append(self.surely)
        self.surely = set(before)
        otherwise = self.body(statement.otherwise)
        self.surely = self.surely.intersection(*ends)
        return If(statement.line, tuple(branches), otherwise)

    def _loop(self, loop: Loop) -> Loop:
        items = self.value(loop.items)
        before = set(self.surely)
        # a recursive loop is a function, which is called again when all has gone on
        self.surely = set() if loop.recursive else set(before)
        test = loop.test
        if test is not None:
            bound = self._bind(test.bind)
            self.surely |= names_of(test.target)
            test = replaced(test, {"bind": bound, "value": self.value(test.value)})
        self.surely |= names_of(loop.target)
        if loop.variable is not None:
            self.surely.add(loop.variable)
        bound = self._bind(loop.bind)
        body = self.body(loop.body)
        self.surely = set() if loop.recursive else set(before)
        otherwise = self.body(loop.otherwise)
        self.surely = before
        return replaced(loop, {"items": items, "test": test, "bind": bound, "body": body, "otherwise": otherwise})

    def _aside(self, node: Kind) -> Kind:
        """Look at what may not run, or not here."""
        before = set(self.surely)
        moved = self.parts(node)
        self.surely = before
        return moved

    def _later(self, node: Kind) -> Kind:
        """Look at a function that is made here, and may run at any time."""
        before, self.surely = self.surely, set()
        moved = self.parts(node)
        self.surely = before
        return moved


class _Unmissed(Rewriter):
    """A walk that takes away what is made missing and never read as that."""

    def __init__(self, missed: frozenset[str]) -> None:
        self.missed = missed

    def statement(self, statement: Statement) -> Body:
        """Look at what a scope binds."""
        statement = self.parts(statement)
        if isinstance(statement, (Loop, Scoped)) and statement.bind:
            kept = tuple(
                (name, value) for name, value in statement.bind if name in self.missed or not isinstance(value, Missing)
            )
            if len(kept) < len(statement.bind):
                return (replaced(statement, {"bind": kept}),)
        return (statement,)
