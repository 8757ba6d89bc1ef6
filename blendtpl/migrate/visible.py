"""Visible: which variable a template got under a name when it was given the variables around a call.

Enters: a name, and a call that passes no scope. Leaves: whether the name is bound there, so that ``name=name`` passes the
same value; or why that is not sure. The rules are those of frames, which is what the shim and `exec` look at: the local
variables over the global ones, of a function around only what the function inside uses.
"""

import keyword
from dataclasses import dataclass

import libcst as cst

from blendtpl.migrate.constants import Code
from blendtpl.migrate.flow import State, state_at
from blendtpl.migrate.scopes import Scope


class Hidden(Exception):  # noqa: N818  # a reason, which is told
    """It is not sure what a name means."""


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
        raise Hidden(f"`{name}` has another name inside of a class")
    source, unseen = _source(name, view)
    home = view.scope.home(name)
    if source is None:
        if unseen:
            raise Hidden(f"`{name}` is a variable of a function around it, which it did not see: pass it yourself")
        return False
    if home is not source:
        raise Hidden(f"`{name}` is another variable there than the template got")
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
                raise Hidden(f"`{name}` may not be bound yet in the function around it")
            unseen = True
        elif name in frame.declared and _is_sure(name, frame, view.node, view.code):
            return frame.module, unseen
        frame = frame.parent if view.through and frame.is_list else None
    module = view.scope.module
    if name not in module.own:
        return None, unseen
    if frame is module:
        return (module if _is_sure(name, module, view.node, view.code) else None), unseen
    # a function is called when its module has run
    if not _is_sure(name, module, None, view.code):
        raise Hidden(f"`{name}` is a global variable that only functions set")
    return module, unseen


def _is_sure(name: str, scope: Scope, node: cst.CSTNode | None, code: Code) -> bool:
    """Return whether a scope's name is bound when it gets to a node; raises `Hidden` when it is on some ways only."""
    state: State | None = state_at(scope, node, code.parents)
    if state is None:
        raise Hidden("it is never reached" if node is not None else "its module never ends")
    if name in state.sure:
        return True
    if name in state.some:
        raise Hidden(f"`{name}` is bound on some of the ways to it only")
    return False


def _in_class(scope: Scope) -> bool:
    return scope.is_class or (scope.parent is not None and _in_class(scope.parent))
