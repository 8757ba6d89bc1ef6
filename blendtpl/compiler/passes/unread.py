"""Unread: what is kept up to date for nobody.

What a round of a loop, or a block, sets is in a dict for functions that ask for the context. Where nothing is called
that could ask, there need be none.
"""

from blendtpl.compiler.ir.base import Body, Statement, below
from blendtpl.compiler.ir.functions import Function
from blendtpl.compiler.ir.rewrite import Rewriter, replaced
from blendtpl.compiler.ir.statements import Loop, ScopeVariables, SetScopeVariable
from blendtpl.compiler.ir.values import Call, Translate


def without_unread(function: Function) -> Function:
    """Return a function without the dicts that nothing in it hands on."""
    kept = False
    read: set[str] = set()
    for node in below(function):
        if isinstance(node, (Call, Translate)):
            read.update(node.scopes)
        elif isinstance(node, (ScopeVariables, SetScopeVariable)) or (isinstance(node, Loop) and node.sets):
            kept = True
    return _Unread(frozenset(read)).parts(function) if kept else function


class _Unread(Rewriter):
    def __init__(self, read: frozenset[str]) -> None:
        self.read = read

    def statement(self, statement: Statement) -> Body:
        """Leave out what sets what nothing reads."""
        if isinstance(statement, (ScopeVariables, SetScopeVariable)) and statement.name not in self.read:
            return ()
        statement = self.parts(statement)
        if isinstance(statement, Loop) and statement.sets and "_loop_vars" not in self.read:
            return (replaced(statement, {"sets": False}),)
        return (statement,)
