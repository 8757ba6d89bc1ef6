"""Metered trees: what counts for a budget, put into the tree of a template.

Enters: the tree of a template, and its environment. Leaves: the same tree, or, where the environment has a budget, one
that calls the functions of `blendtpl.runtime.metering` where something is to be counted. Operators, calls, filters and
what is printed are counted by the environment itself, and need nothing in the tree.
"""

from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from blendtpl.bundle.budget import budget_of

_FUNCTIONS = "blendtpl.runtime.metering"
COUNT_OUTPUT = "budget output"  # a filter whose name no template can write


def metered(tree: nodes.Template, environment: jinja2.Environment) -> nodes.Template:
    """Return the tree of a template with what counts for the budget of its environment, if that has one."""
    if budget_of(environment) is None:
        return tree
    counted: nodes.Template = _Metering().visit(tree)
    return counted.set_environment(environment)  # type: ignore[return-value]


def _call(function: str, line: int, *arguments: nodes.Expr) -> nodes.Call:
    imported = nodes.ImportedName(f"{_FUNCTIONS}.{function}", lineno=line)
    return nodes.Call(imported, list(arguments), [], None, None, lineno=line)


def _run(function: str, line: int, *arguments: nodes.Expr) -> nodes.ExprStmt:
    return nodes.ExprStmt(_call(function, line, *arguments), lineno=line)


def _measured(node: nodes.Expr) -> nodes.Expr:
    """Return what measures a value before something goes through all of it."""
    return node if isinstance(node, (nodes.Const, nodes.Slice)) else _call("measured", node.lineno, node)


class _Metering(NodeTransformer):
    def visit_Template(self, node: nodes.Template) -> nodes.Template:  # noqa: N802
        self.generic_visit(node)
        node.body = [_run("enter", node.lineno), *node.body, _run("leave", node.lineno)]
        return node

    def visit_Block(self, node: nodes.Block) -> nodes.Block:  # noqa: N802
        self.generic_visit(node)
        if not node.required:
            node.body = [_run("enter", node.lineno), *node.body, _run("leave", node.lineno)]
        return node

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802
        self.generic_visit(node)
        if node.test is None:
            node.body.insert(0, _run("turn", node.lineno))
        else:  # of what it leaves out too
            node.test = nodes.And(_call("turn", node.lineno), node.test, lineno=node.lineno)
        return node

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.AssignBlock:  # noqa: N802
        self.generic_visit(node)
        node.body = [_run("hold", node.lineno), *node.body, _run("release", node.lineno)]
        return node

    def visit_FilterBlock(self, node: nodes.FilterBlock) -> nodes.FilterBlock:  # noqa: N802
        self.generic_visit(node)
        node.filter = nodes.Filter(node.filter, COUNT_OUTPUT, [], [], None, None, lineno=node.lineno)
        node.body = [_run("hold", node.lineno), *node.body, _run("release", node.lineno)]
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Expr:  # noqa: N802
        self.generic_visit(node)
        callee = node.node
        if isinstance(callee, nodes.Getattr) and isinstance(callee.node, nodes.Name) and callee.node.name == "self":
            # a call of a block may be none in what is compiled
            return _call("held_back", node.lineno, _call("so_far", node.lineno), node)
        return node

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.CallBlock:  # noqa: N802
        call = node.call
        self.generic_visit(node)
        node.call = call
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Expr:  # noqa: N802
        self.generic_visit(node)
        if all(isinstance(part, nodes.Const) for part in node.nodes):
            return node  # it is no longer than the template
        node.nodes = [_measured(part) for part in node.nodes]
        return _call("made", node.lineno, node)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Compare:  # noqa: N802
        self.generic_visit(node)
        node.expr = _measured(node.expr)
        for operand in node.ops:
            operand.expr = _measured(operand.expr)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Getitem:  # noqa: N802
        self.generic_visit(node)
        node.arg = _measured(node.arg)
        return node

    def visit_Dict(self, node: nodes.Dict) -> nodes.Dict:  # noqa: N802
        self.generic_visit(node)
        for pair in node.items:
            pair.key = _measured(pair.key)
        return node

    def generic_visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        # the name of an assignment stays what it is
        return node if isinstance(node, (nodes.NSRef, nodes.Name)) else super().generic_visit(node, *args, **kwargs)
