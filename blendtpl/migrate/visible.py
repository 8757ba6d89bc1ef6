"""Visible: which variable a template got under a name when it was given the variables around a call.

Enters: a name, and a call that passes no scope. Leaves: whether the name is bound there, so that ``name=name`` passes
the same value; or why that is not sure. The rules are those of frames, which the shim and `exec` look at: the local
variables over the global ones, and of a function around only what the function inside uses.
"""

import keyword
from dataclasses import dataclass

import libcst as cst
from libcst import matchers

from blendtpl.migrate.constants import Code
from blendtpl.migrate.flow import State, ancestors, state_at
from blendtpl.migrate.scopes import Scope


class Hidden(Exception):  # noqa: N818  # a reason, which is told
    """It is not sure what a name means; the text goes on where the name ends."""


@dataclass(frozen=True, slots=True)
class View:
    """A call, and the code that it stands in. `through`: whether comprehensions are looked through."""

    node: cst.Call
    scope: Scope
    code: Code
    through: bool


def is_bound(name: str, view: View) -> bool:
    """Return whether a name is bound where a call stands. Raises `Hidden` when that cannot be said."""
    if not name.isidentifier() or keyword.iskeyword(name):
        return False
    if name.startswith("__") and not name.endswith("__") and _in_class(view.scope):
        raise Hidden("which has another name inside of a class")
    source, unseen = _source(name, view)
    home = view.scope.home(name)
    if source is None:
        if unseen:
            raise Hidden("which is a variable of a function around it that it did not see: pass it yourself")
        return False
    if home is not source:
        raise Hidden("which is another variable there than the one that it got")
    return True


def _source(name: str, view: View) -> tuple[Scope | None, bool]:
    """Return the scope that the template got a name from, and whether there is one that it could not see."""
    unseen = False
    frame: Scope | None = view.scope
    while frame is not None and frame.parent is not None:
        home = frame.home(name)
        if home is frame:
            if _is_sure(name, frame, view.node, view.code):
                return frame, unseen
        elif home is not None and home.parent is not None:
            if frame.holds(name, home):
                if _is_sure(name, home, frame.node, view.code):
                    return home, unseen
                raise Hidden("which may not be bound yet in the function around it")
            unseen = True
        elif name in frame.declared and _is_sure(name, frame, view.node, view.code):
            return frame.module, unseen
        frame = frame.parent if view.through and frame.is_list else None
    module = view.scope.module
    if name not in module.own:
        return None, unseen
    if _runs_in_place(view.scope):
        return (module if _is_sure(name, module, view.node, view.code) else None), unseen
    # a function is called when its module has run
    if not _is_sure(name, module, None, view.code):
        raise Hidden("which is a global variable that only functions set")
    if _may_be_early(name, module, view):
        raise Hidden("which is set in its module behind code that may call this before")
    return module, unseen


def _is_sure(name: str, scope: Scope, node: cst.CSTNode | None, code: Code) -> bool:
    """Return whether a scope's name is bound when it gets to a node; raises `Hidden` when it is on some ways only."""
    state: State | None = state_at(scope, node, code.parents)
    if state is None:
        raise Hidden("and it is never reached" if node is not None else "and its module never ends")
    elsewhere = [binding for binding in scope.own.get(name, ()) if (name, binding) not in scope.stores]
    deleted = {deletion for inner in scope.all() for _, deletion in inner.deletes}
    if name in state.sure and deleted.isdisjoint(elsewhere):
        return True
    if elsewhere:
        raise Hidden("which functions in there set or delete, too")
    if name in state.some:
        raise Hidden("which is bound on some of the ways to it only")
    return False


def _may_be_early(name: str, module: Scope, view: View) -> bool:
    """Return whether a function may be called by its module's own code before that has set a name."""
    assert isinstance(module.node, cst.Module)  # noqa: S101  # the outermost scope
    around = {view.node, *ancestors(view.node, view.code.parents)}
    body = list(module.node.body)
    start = next(number for number, statement in enumerate(body) if statement in around)
    for statement in body[start:]:
        state = state_at(module, statement, view.code.parents)
        if state is not None and name in state.sure:
            return False
        if any(_runs_in_place(view.code.scopes.of[call]) for call in _calls(statement)):
            return True
    return False


def _runs_in_place(scope: Scope) -> bool:
    """Return whether code runs when its module comes to it, and not when somebody calls it."""
    if isinstance(scope.node, (cst.FunctionDef, cst.Lambda)):
        return False
    return scope.parent is None or _runs_in_place(scope.parent)


def _calls(node: cst.CSTNode) -> list[cst.Call]:
    return [call for call in matchers.findall(node, matchers.Call()) if isinstance(call, cst.Call)]


def _in_class(scope: Scope) -> bool:
    return scope.is_class or (scope.parent is not None and _in_class(scope.parent))
