"""The loop variable: what a template asks of a `loop` that is no more than counters.

Enters: the counters of a loop and what is asked. Leaves: Python expressions.
"""

import ast

from jinja2 import nodes

from blendtpl.compiler.codegen.generator import Emitter
from blendtpl.compiler.codegen.pyast import attribute, call, const, either, is_, item, name
from blendtpl.compiler.codegen.scope import Loop, Scope


def counter(emitter: Emitter, loop: Loop, attr: str) -> ast.expr:
    """Return the value of a counter; `index` and `index0` are integers (P1)."""
    number, one = name(loop.number), const(1)
    if attr == "index":
        return number
    if attr == "index0":
        return ast.BinOp(number, ast.Sub(), one)
    if attr == "first":
        return ast.Compare(number, [ast.Eq()], [one])
    if attr in {"depth", "depth0"}:
        deeper = 1 if attr == "depth" else 0
        if loop.descent is None:
            return const(deeper)
        return ast.BinOp(name(loop.descent.depth), ast.Add(), const(deeper))
    size, is_plain = call("len", name(loop.items)), is_(name(loop.ahead), None)
    if attr == "last":
        plain = ast.Compare(number, [ast.Eq()], [size])
        return emitter.code.materialise(either(is_plain, plain, attribute(name(loop.ahead), attr)))
    length = emitter.code.materialise(either(is_plain, size, attribute(name(loop.ahead), "length")))
    if attr == "length":
        return length
    remaining = ast.BinOp(length, ast.Sub(), number)
    return remaining if attr == "revindex0" else ast.BinOp(remaining, ast.Add(), one)


DESCENT = "()"  # what a body asks of its loop when it prints ``loop(...)``


def descended_into(node: nodes.Node) -> nodes.Expr | None:
    """Return what ``loop(...)`` is called with, when a node is that, with one argument."""
    if not (isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name == "loop"):
        return None
    return node.args[0] if len(node.args) == 1 and not (node.kwargs or node.dyn_args or node.dyn_kwargs) else None


def cycle(emitter: Emitter, loop: Loop, values: list[ast.expr]) -> ast.expr:
    """Return which of the values it is the turn of."""
    index = ast.BinOp(ast.BinOp(name(loop.number), ast.Sub(), const(1)), ast.Mod(), const(len(values)))
    return item(ast.Tuple(values, ast.Load()), index)


def is_cycle(node: nodes.Call) -> bool:
    """Return whether a call is ``loop.cycle(...)``, with arguments by their places."""
    return (
        isinstance(node.node, nodes.Getattr)
        and node.node.attr == "cycle"
        and isinstance(node.node.node, nodes.Name)
        and node.node.node.name == "loop"
        and bool(node.args)
        and not (node.kwargs or node.dyn_args or node.dyn_kwargs)
    )


def cycled(emitter: Emitter, node: nodes.Call, scope: Scope) -> Loop | None:
    """Return the counters when a node is ``loop.cycle(...)`` of a loop that has no more than counters."""
    called = node.node
    if not isinstance(called, nodes.Getattr) or called.attr != "cycle":
        return None
    return counted(emitter, called.node, scope)


def counted(emitter: Emitter, node: nodes.Expr, scope: Scope) -> Loop | None:
    """Return the counters when a node is the `loop` of a loop that has no more than counters."""
    if not isinstance(node, nodes.Name) or node.name != "loop":
        return None
    return emitter.loops.get(scope.symbols.find_ref("loop") or "")
