"""Flow: which names are bound when code gets to a place, on every way there or on some.

Enters: a scope, and a node in it. Leaves: the names that are surely bound there, and those that may be. A loop may
run any number of times, a `try` may be left at any statement, and a `with` lets exceptions pass.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from blendtpl.migrate.scopes import Scope

Parents = Mapping[cst.CSTNode, cst.CSTNode]

_LEAVES = (cst.Return, cst.Raise, cst.Break, cst.Continue)
_SUPPRESSING = ("suppress", "ExitStack", "raises", "assertRaises")  # context managers that may swallow an exception


@dataclass(frozen=True, slots=True)
class State:
    """What is bound: `sure` on every way, `some` on at least one way."""

    sure: frozenset[str]
    some: frozenset[str]


class _Reached(Exception):  # noqa: N818  # what was looked for, not a mistake
    def __init__(self, state: State | None) -> None:
        self.state = state


def ancestors(node: cst.CSTNode, parents: Parents) -> Iterable[cst.CSTNode]:
    """Yield what a node stands in, the innermost first."""
    while (parent := parents.get(node)) is not None:
        yield parent
        node = parent


def state_at(scope: Scope, node: cst.CSTNode | None, parents: Parents) -> State | None:
    """Return what of the names that a scope stores is bound when it gets to a node, or to its end.

    `None` when it never gets there.
    """
    start = State(frozenset(), frozenset())
    target = frozenset() if node is None else frozenset((node, *ancestors(node, parents)))
    flow = _Flow(scope, target, parents)
    body = scope.node
    try:
        if isinstance(body, (cst.FunctionDef, cst.Lambda)):
            start = flow.store(start, [body.params])
        if isinstance(body, (cst.Module, cst.FunctionDef, cst.ClassDef)):
            end = flow.statements(body.body if isinstance(body, cst.Module) else body.body.body, start)
            return end if node is None else None
    except _Reached as reached:
        return reached.state
    return start if isinstance(body, cst.Lambda) else flow.comprehension(body)


class _Flow:
    """Runs over statements with what is bound before each; raises `_Reached` at the one that is looked for."""

    def __init__(self, scope: Scope, target: frozenset[cst.CSTNode], parents: Parents) -> None:
        self._target, self._parents = target, parents
        bound = ((name, node) for name, node in scope.stores if node not in scope.bare)
        self._stores = [(name, node, frozenset((node, *ancestors(node, parents)))) for name, node in bound]
        self._deleted = {node for _, node in scope.deletes}
        self._scope = scope

    def comprehension(self, node: cst.CSTNode) -> State:
        """Return what is bound in a comprehension: its variables are, where its values are made."""
        names = frozenset(name for name, _ in self._scope.stores)
        values = [getattr(node, part, None) for part in ("elt", "key", "value")]
        inside = any(value in self._target for value in values if value is not None)
        return State(names if inside else frozenset(), names)

    def store(self, state: State, parts: Iterable[cst.CSTNode | None]) -> State:
        """Return the state after these parts of a statement have run."""
        inside = {part for part in parts if part is not None}
        sure, some = set(state.sure), set(state.some)
        for name, node, around in self._stores:
            if around.isdisjoint(inside):
                continue
            some.add(name)
            if node in self._deleted:
                sure.discard(name)
            elif not self._conditional(node, inside):
                sure.add(name)
        return State(frozenset(sure), frozenset(some))

    def _conditional(self, node: cst.CSTNode, inside: set[cst.CSTNode]) -> bool:
        """Return whether a `:=` stands where an expression may not come to it."""
        child = node
        for parent in ancestors(node, self._parents):
            if child in inside:
                return False
            if isinstance(parent, cst.BooleanOperation):
                if child is parent.right:
                    return True
            elif isinstance(parent, cst.IfExp):
                if child is not parent.test:
                    return True
            elif isinstance(parent, cst.Comparison):
                if child in parent.comparisons[1:]:
                    return True
            elif isinstance(parent, (cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp, cst.Assert)):
                return True
            child = parent
        return False

    def _anywhere(self, state: State, part: cst.CSTNode | None) -> State:
        """Return the state after some of a part has run, any number of times."""
        names = {name for name, _, around in self._stores if part in around}
        deleted = {name for name, node, around in self._stores if part in around and node in self._deleted}
        handled = {name for name, node, around in self._stores if part in around and self._ends_unbound(node)}
        return State(state.sure - deleted - handled, state.some | names)

    def statements(self, body: Sequence[cst.CSTNode], state: State | None) -> State | None:
        """Return the state behind these statements."""
        for statement in body:
            if statement in self._target and state is None:
                raise _Reached(None)
            if state is not None:
                state = self._statement(statement, state)
        return state

    def suite(self, body: cst.BaseSuite, state: State | None) -> State | None:
        """Return the state behind the body of a statement."""
        return self.statements(body.body, state)

    def _statement(self, node: cst.CSTNode, state: State) -> State | None:
        match node:
            case cst.SimpleStatementLine():
                return self.statements(node.body, state)
            case cst.If():
                return self._if(node, state)
            case cst.For():
                self._header(node, state, [node.body, node.orelse])
                return self._loop(node, self.store(state, [node.iter]), [node.target])
            case cst.While():
                self._header(node, self._anywhere(state, node), [node.body, node.orelse])
                return self._loop(node, state, [node.test])
            case cst.Try() | cst.TryStar():
                return self._try(node, state)
            case cst.With():
                self._header(node, state, [node.body])
                after = self.suite(node.body, self.store(state, node.items))
                return _merged([after, self._anywhere(state, node)]) if _suppresses(node) else after
            case cst.Match():
                return self._match(node, state)
        if node in self._target:
            # of what the statement itself binds, nobody says in what order
            walrus = {
                name
                for name, stored, around in self._stores
                if node in around and isinstance(self._parents.get(stored), cst.NamedExpr)
            }
            raise _Reached(State(state.sure, state.some | walrus))
        state = self.store(state, [node])
        return None if isinstance(node, _LEAVES) else state

    def _ends_unbound(self, node: cst.CSTNode) -> bool:
        """Return whether a name is that of an exception, which Python deletes behind the handler."""
        around = self._parents.get(node)
        return isinstance(around, cst.AsName) and isinstance(self._parents.get(around), cst.ExceptHandler)

    def _header(self, node: cst.CSTNode, state: State, bodies: Sequence[cst.CSTNode | None]) -> None:
        """Raise when what is looked for stands in a statement, and not in any of the bodies of it."""
        if node in self._target and not any(body in self._target for body in bodies if body is not None):
            inside = {
                name
                for name, _, around in self._stores
                if node in around and not any(body in around for body in bodies if body is not None)
            }
            raise _Reached(State(state.sure, state.some | inside))

    def _if(self, node: cst.If, state: State) -> State | None:
        self._header(node, state, [node.body, node.orelse])
        state = self.store(state, [node.test])
        return _merged([self.suite(node.body, state), self._else(node.orelse, state)])

    def _else(self, node: cst.If | cst.Else | None, state: State | None) -> State | None:
        if node is None or state is None:
            return state
        return self._if(node, state) if isinstance(node, cst.If) else self.suite(node.body, state)

    def _loop(self, node: cst.For | cst.While, state: State, header: Sequence[cst.CSTNode]) -> State | None:
        again = self._anywhere(state, node)
        self.suite(node.body, self.store(again, header))
        after = again if isinstance(node, cst.For) else self.store(again, header)
        return _merged([again, self._else(node.orelse, after)])

    def _try(self, node: cst.Try | cst.TryStar, state: State) -> State | None:
        broken = self._anywhere(state, node.body)
        ends = [self._else(node.orelse, self.suite(node.body, state))]
        for handler in node.handlers:
            self._header(handler, broken, [handler.body])
            caught = self.store(broken, [handler.type, handler.name])
            after = self.suite(handler.body, caught)
            name = handler.name.name.value if handler.name and isinstance(handler.name.name, cst.Name) else ""
            ends.append(after and State(after.sure - {name}, after.some))
        after = _merged(ends)
        if node.finalbody is None:
            return after
        anyhow = self._anywhere(self._anywhere(state, node.body), node)
        self.suite(node.finalbody.body, anyhow)
        return self.suite(node.finalbody.body, after)

    def _match(self, node: cst.Match, state: State) -> State | None:
        self._header(node, state, node.cases)
        state = self.store(state, [node.subject])
        ends: list[State | None] = []
        for case in node.cases:
            self._header(case, self._anywhere(state, case.pattern), [case.body])
            ends.append(self.suite(case.body, self.store(state, [case.pattern, case.guard])))
            state = self._anywhere(state, case.pattern)  # a pattern may bind names before it fails
            if case.guard is None and isinstance(case.pattern, cst.MatchAs) and case.pattern.pattern is None:
                return _merged(ends)
        return _merged([*ends, state])


def _merged(states: Iterable[State | None]) -> State | None:
    """Return what holds where several ways meet; those that end before do not count."""
    reached = [state for state in states if state is not None]
    if not reached:
        return None
    sure = frozenset.intersection(*(state.sure for state in reached))
    return State(sure, frozenset().union(*(state.some for state in reached)))


def _suppresses(node: cst.With) -> bool:
    words = {name.value for item in node.items for name in _names(item.item)}
    return not words.isdisjoint(_SUPPRESSING)


def _names(node: cst.CSTNode) -> Iterable[cst.Name]:
    if isinstance(node, cst.Name):
        yield node
    for child in node.children:
        yield from _names(child)
